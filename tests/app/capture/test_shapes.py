"""Captures without contents: nothing that was said is in them, and they play to the same kinds of events."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from app.capture.difference import answer_of, verdict
from app.capture.filler import Filler
from app.capture.replay import replayed
from app.capture.shapes import unread
from tests.conformance import kit
from tests.support.captures import captured
from translators.core.thinking import Signature, read, sign

#: Where the form of the answer hangs on words: links that were found make the blocks.
WORDS_DECIDE = {("openrouter/web_search", False)}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("case", kit.cases(), ids=str)
def test_shapes_play_to_the_same_kinds_of_events(case: kit.Case, stream: bool) -> None:
    entry = captured(case, kit.lines(case.answer), stream, shapes=True)
    found = verdict(entry, replayed(entry))
    assert bool(found.lines) == ((str(case), stream) in WORDS_DECIDE), "\n".join(found.lines)


def test_a_shape_that_changed_is_shown() -> None:
    case = next(case for case in kit.cases() if str(case) == "deepseek/thinking_text_calls")
    entry = captured(case, [case.answer], True, shapes=True)
    entry["answer"]["sent"] = entry["answer"]["sent"][:-1]
    assert verdict(entry, replayed(entry)).lines
    entry = captured(case, [case.answer], True, shapes=True)
    del entry["tries"][0]["body"]["max_tokens"]
    assert verdict(entry, replayed(entry)).lines


def event(**delta: Any) -> bytes:
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta}]}).encode() + b"\n\n"


def test_nothing_that_was_said_is_left() -> None:
    """The word stands wherever something may be said, in the answer in two pieces."""
    word = "Zanzibar"
    used = {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {"path": word, "name": word, "type": word}}
    image = {"type": "base64", "media_type": "image/png", "data": word}
    result = [{"type": "text", "text": word}, {"type": "image", "source": image}]
    thought = sign(Signature("deepseek", "deepseek-v4-pro", word, (("reasoning", word),)))
    schema = {"type": "object", "properties": {"path": {"type": "string", "description": word, "enum": [word]}}}
    case = next(case for case in kit.cases() if str(case) == "deepseek/thinking_text_calls")
    message = {
        "model": "m",
        "max_tokens": 9,
        "system": [{"type": "text", "text": word}],
        "metadata": {"user_id": json.dumps({"account": word})},
        "tools": [{"name": "Read", "description": word, "input_schema": schema}],
        "messages": [
            {"role": "user", "content": word},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": word, "signature": thought}, used]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": result}]},
        ],
    }
    call = {"index": 0, "id": "c", "function": {"name": "Read", "arguments": '{"path": "Zanz'}}
    more = {"index": 0, "function": {"arguments": 'ibar"}'}}
    answer = [event(reasoning_content="Zan"), event(reasoning_content="zibar"), event(content="is Zanz")]
    answer += [event(content="ibar"), event(tool_calls=[call]), event(tool_calls=[more])]
    answer += [b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}\n\n', b"data: [DONE]\n\n"]
    entry = captured(case.asking(message), answer, True, shapes=True)
    sent = answer_of(entry).decode()
    assert verdict(entry, replayed(entry)).lines == () and "tool_use" in sent and "Xxxxxxxx" in json.dumps(entry)
    signatures = [read(found) for found in re.findall(r"rialto1\.[\w=-]+", json.dumps(entry["request"]))]
    assert [signature and signature.text for signature in signatures] == ["Xxxxxxxx"]
    assert not re.search(r"(?i)zan|zibar", json.dumps(entry))


def test_filler_has_the_size_and_the_form_of_what_it_stands_for() -> None:
    text = 'Read café 東京 42.5e3 {"path": "/etc/passwd", "deep": true} <tool_call>{"name": "Read"} \\n \\u00e9'
    filled = Filler(["Read", "path"]).text(text)
    assert filled == (
        'Xxxx xxxß 口口 11.1e1 {"path": "/xxx/xxxxxx", "xxxx": true} <tool_call>{"name": "Read"} \\n \\u0078'
    )
    assert (len(filled), len(filled.encode())) == (len(text), len(text.encode()))


def test_words_that_are_spread_over_events() -> None:
    def part(piece: str) -> str:
        return "data: " + json.dumps({"type": "x", "arguments": piece}) + "\n\n"

    data = "".join(map(part, ['{"pa', 'th": "/ho', 'me/é"', ', "on": tr', "ue}"])).encode()
    filled = unread(data, Filler(["path"]))
    pieces = "".join(json.loads(line[6:])["arguments"] for line in filled.decode().splitlines() if line)
    assert pieces == '{"path": "/xxxx/ß", "xx": true}' and len(filled) == len(data)


@pytest.mark.parametrize("end", range(0, 400, 7))
def test_answers_that_are_cut_off(end: int) -> None:
    data = (
        'event: error\ndata: {"a": [{"text": "Secret \\"words\\" \\u00e9"}, "More Secret"], "n": 1}\n\n' * 5
    ).encode()
    filled = unread(data[:end], Filler())
    assert len(filled) == end and b"Secret" not in filled and b"words" not in filled


def test_what_is_no_json() -> None:
    page = b"<html><title>Secret page</title>\xff</html>"
    said = Filler(said="this is what the user has said about Secret page things")
    assert unread(page, said) == page, "an error's words decide over its kind"
    assert unread(b'{"error":{"message":"bad: this is what the user has said"}}', said) == (
        b'{"error":{"message":"bad: xxxx xx xxxx xxx xxxx xxx xxxx"}}'
    )


def test_signatures_are_made_anew() -> None:
    case = next(case for case in kit.cases() if str(case) == "gemini/second_turn")
    entry = captured(case, [case.answer], True, shapes=True)
    blocks: list[Any] = [block for turn in entry["request"]["body"]["messages"] for block in turn["content"]]
    signatures = [read(block["signature"]) for block in blocks if isinstance(block, dict) and "signature" in block]
    assert signatures and all(signature and signature.vendor == "gemini" for signature in signatures)
