"""Thought signatures: from a part into the client's thinking block and back onto the same part."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.vendors.bodies import TOOLS, route, sent
from translators.core.answer import message_stream
from translators.core.lost_reasoning import UNSIGNED
from translators.core.message import fold
from translators.core.thinking import Signature, sign
from translators.core.vendor import Json
from translators.gemini import VENDOR
from translators.protocols.gemini.decode import TEXT_SIGNATURE, chunk

MODEL = "gemini-3.8-flash"
OLDER = "gemini-2.5-flash"
THOUGHT: Json = {"text": "Planning", "thought": True}


def call(name: str, signature: str = "") -> Json:
    part: Json = {"functionCall": {"name": name, "args": {"path": name}}}
    return {**part, "thoughtSignature": signature} if signature else part


def answered(*chunks: list[Json], model: str = MODEL, omitted: bool = False, prefix: str = "") -> list[Json]:
    """The content blocks that the client gets for chunks of parts."""
    numbers = itertools.count()
    thinking = {"type": "adaptive", "display": "omitted" if omitted else "summarized"}
    stream = message_stream(
        {"messages": [], "tools": TOOLS, "thinking": thinking},
        route(VENDOR, model),
        lambda kind: f"{kind}{prefix}{next(numbers)}",
    )
    events = stream.start()
    for parts in chunks:
        data = {"candidates": [{"content": {"parts": parts}}]}
        events += [event for delta in chunk(data) for event in stream.feed(delta)]
    events += [event for delta in chunk({"candidates": [{"finishReason": "STOP"}]}) for event in stream.feed(delta)]
    content: list[Json] = fold(events + stream.close())["content"]
    return content


def history(*contents: list[Json]) -> list[Json]:
    """A conversation of answers, each with results for its calls."""
    messages: list[Json] = [{"role": "user", "content": "go"}]
    for content in contents:
        results = [
            {"type": "tool_result", "tool_use_id": block["id"], "content": "r"}
            for block in content
            if block["type"] == "tool_use"
        ]
        messages += [{"role": "assistant", "content": content}]
        messages += [{"role": "user", "content": results or "go on"}]
    return messages


def parts(messages: list[Json], model: str = MODEL) -> list[list[tuple[str, Any]]]:
    """(function's name or text, signature) of the parts of each model turn."""
    body = sent(VENDOR, model, messages=messages, tools=TOOLS)
    return [
        [(part.get("text") or part["functionCall"]["name"], part.get("thoughtSignature")) for part in turn["parts"]]
        for turn in body["contents"]
        if turn["role"] == "model"
    ]


@pytest.mark.parametrize("omitted", [False, True])
def test_the_first_of_parallel_calls(omitted: bool) -> None:
    content = answered([THOUGHT], [call("Read", "S1"), call("Glob")], omitted=omitted)
    assert parts(history(content)) == [[("Read", "S1"), ("Glob", None)]]


def test_calls_in_several_events() -> None:
    content = answered([call("Read", "S1")], [call("Glob")], [call("Read", "S3")])
    assert parts(history(content)) == [[("Read", "S1"), ("Glob", None), ("Read", "S3")]]


def test_every_step_has_its_own() -> None:
    steps = [answered([call("Read", "S1")]), answered([{"text": "Now."}, call("Glob", "S2")], prefix="second_")]
    assert parts(history(*steps)) == [[("Read", "S1")], [("Now.", None), ("Glob", "S2")]]


@pytest.mark.parametrize(
    "chunks",
    [
        [[THOUGHT], [{"text": "Hi"}], [{"text": " you"}], [{"text": "", "thoughtSignature": "S"}]],
        [[THOUGHT], [{"text": "Hi you", "thoughtSignature": "S"}]],
        [[{"text": "Hi"}], [{"text": " you", "thoughtSignature": "S"}]],
    ],
)
def test_a_text_that_ends_the_turn_goes_without(chunks: list[list[Json]]) -> None:
    assert parts(history(answered(*chunks))) == [[("Hi you", None)]]


def test_text_and_call_keep_theirs() -> None:
    content = answered([{"text": "Hi", "thoughtSignature": "ST"}, call("Read", "SC"), call("Glob")])
    assert parts(history(content)) == [[("Hi", "ST"), ("Read", "SC"), ("Glob", None)]]


def test_a_lost_one_is_replaced_on_the_first_call_of_each_step() -> None:
    content = [block for block in answered([THOUGHT, call("Read", "S"), call("Glob")]) if block["type"] != "thinking"]
    assert parts(history(content)) == [[("Read", UNSIGNED), ("Glob", None)]]


def test_older_models_need_no_replacement() -> None:
    content = [block for block in answered([call("Read", "S")], model=OLDER) if block["type"] != "thinking"]
    assert parts(history(content), OLDER) == [[("Read", None)]]
    assert parts(history(answered([call("Read", "S")], model=OLDER)), OLDER) == [[("Read", "S")]]


def test_another_models_signature_is_not_sent() -> None:
    content = answered([{"text": "Hi", "thoughtSignature": "ST"}, call("Read", "SC")], model="gemini-3.5-flash")
    assert parts(history(content)) == [[("Hi", None), ("Read", UNSIGNED)]]


@pytest.mark.parametrize("state", [None, 5, ["S"], {"a": "S"}])
def test_state_that_is_no_text_stays_behind(state: Any) -> None:
    forged = sign(Signature("gemini", MODEL, "", (("call:a", state), (TEXT_SIGNATURE, state))))
    thinking = {"type": "thinking", "thinking": "", "signature": forged}
    calling = {"type": "tool_use", "id": "a", "name": "Read", "input": {"path": "x"}}
    assert parts(history([{"type": "text", "text": "Hi"}, thinking, calling])) == [[("Hi", None), ("Read", UNSIGNED)]]


def test_thoughts_are_not_sent_back() -> None:
    assert "Planning" not in str(sent(VENDOR, MODEL, messages=history(answered([THOUGHT, {"text": "Hi"}]))))
