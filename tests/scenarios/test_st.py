"""ST: the streaming translation itself."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest
from backports import zstd

from tests.scenarios.answers import Answer, Call, Counts, Json, answer, thought, words
from tests.scenarios.over import over
from tests.scenarios.rig import Outcome, Rig, anonymous
from tests.scenarios.wires import DONE, TRANSLATED, WIRES, Chat, Gemini, Ollama, frames
from tests.support import scripted_server as server
from tests.support.native_wires import event, line
from tests.support.scripted_server import CUT

HOT = answer(words("a🌶", "ñ"))
SSE_WIRES = ("chat", "responses", "gemini", "repaired", "passthrough")


def cut_at(data: bytes, place: int) -> list[bytes]:
    return [data[:place], data[place:]]


def cut_every(data: bytes, step: int, start: int) -> list[bytes]:
    return [data[:start], *(data[place : place + step] for place in range(start, len(data), step))]


#: Bytes of a piece; prime, so that no piece is as long as a line.
STEP = 53


@over()
def test_st_1_cut_at_every_position(rig: Rig) -> None:
    """Each position is the end of a piece in one of the answers, those inside the emoji among them."""
    data = frames(rig.wire.stream(HOT))
    expected = anonymous(rig.chunks(data).sound)
    assert "".join(event.get("delta", {}).get("text", "") for event in expected) == "a🌶ñ"
    for start in range(1, STEP + 1):
        assert anonymous(rig.chunks(*cut_every(data, STEP, start)).sound) == expected, f"cut from {start} on"
    emoji = data.index("🌶".encode())
    for place in range(emoji - 1, emoji + 6):
        assert anonymous(rig.chunks(*cut_at(data, place)).sound) == expected, f"cut at {place}"


LINES: dict[str, Any] = {
    "CRLF": lambda data: data.replace(b"\n", b"\r\n"),
    "CR": lambda data: data.replace(b"\n", b"\r"),
    "no space": lambda data: data.replace(b"data: ", b"data:").replace(b"event: ", b"event:"),
    "byte-order mark": lambda data: b"\xef\xbb\xbf" + data,
    "no blank line at the end": lambda data: data.rstrip(b"\n"),
}


@pytest.mark.parametrize("form", LINES)
@over(*SSE_WIRES)
def test_st_1_line_forms_byte_by_byte(rig: Rig, form: str) -> None:
    told = answer(thought("h", "m"), words("a🌶", "ñ\\n"), Call("Read", ('{"path":', '"🌶"}')))
    data = LINES[form](frames(rig.wire.stream(told)))
    expected = anonymous(rig.chunks(frames(rig.wire.stream(told))).sound)
    assert anonymous(rig.chunks(data).sound) == expected
    assert anonymous(rig.chunks(*[data[place : place + 1] for place in range(len(data))]).sound) == expected


@pytest.mark.parametrize("form", ["CRLF", "no blank line at the end"])
@over("ollama")
def test_st_1_json_lines_byte_by_byte(rig: Rig, form: str) -> None:
    data = LINES[form](frames(rig.wire.stream(HOT)))
    expected = anonymous(rig.chunks(frames(rig.wire.stream(HOT))).sound)
    assert anonymous(rig.chunks(*[data[place : place + 1] for place in range(len(data))]).sound) == expected


@over()
def test_st_2_comments_between_chunks(rig: Rig) -> None:
    """Ollama's lines know no comments; there the sign of life is an empty line."""
    pieces = rig.wire.stream(HOT)
    expected = anonymous(rig.chunks(*pieces).sound)
    comment = b"\n" if rig.wire.name == "ollama" else b": OPENROUTER PROCESSING\n\n"
    outcome = rig.chunks(comment, *[part for piece in pieces for part in (piece, comment, comment)])
    assert [event for event in anonymous(outcome.sound) if event["type"] != "ping"] == expected
    assert "PROCESSING" not in outcome.text


COUNTS = Counts(900, 0, 7)
LAST: dict[str, list[bytes]] = {
    "chat": [Chat.chunk({"content": "x"}, "stop", usage=Chat.usage(COUNTS)), DONE],
    "chat, then no choices": [Chat.chunk({"content": "x"}, "stop"), Chat.bare([], usage=Chat.usage(COUNTS)), DONE],
    "gemini": [line(Gemini.chunk({"text": "x"}, usage=Gemini.usage(COUNTS), finishReason="STOP"))],
    "gemini, then no candidates": [
        line(Gemini.chunk({"text": "x"}, finishReason="STOP")),
        line({"usageMetadata": Gemini.usage(COUNTS)}),
    ],
    "ollama": [Ollama.line({"content": "x"}, done=True, done_reason="stop", prompt_eval_count=900, eval_count=7)],
}


@over("chat", "gemini", "ollama")
def test_st_3_content_and_usage_in_one_chunk(rig: Rig) -> None:
    for name, pieces in LAST.items():
        if not name.startswith(rig.wire.name):
            continue
        outcome = rig.chunks(*pieces)
        assert outcome.brief == ["x"], name
        assert outcome.delta["delta"]["stop_reason"] == "end_turn"
        usage = outcome.delta["usage"]
        assert (usage["input_tokens"], usage["output_tokens"]) == (900, 7), name


@over()
def test_st_4_reasoning_after_text(rig: Rig) -> None:
    told = answer(words("one"), thought("hm"), Call("Read", ('{"path":"/a"}',)), words("two"))
    outcome = rig.says(told)
    assert [(kind["type"], kind.get("index")) for kind in outcome.sound if "block_s" in kind["type"]] == [
        (kind, index) for index in range(4) for kind in ("content_block_start", "content_block_stop")
    ]
    assert outcome.brief == ["one", ("thinking", "hm"), ("Read", {"path": "/a"}), "two"]


def frames_of(outcome: Outcome) -> list[list[str]]:
    return [frame.split("\n") for frame in outcome.text.split("\n\n")[:-1]]


@over()
def test_st_5_message_start_first_and_both_lines(rig: Rig) -> None:
    outcome = rig.says(answer(thought("hm"), "Hello.", Call("Read")))
    found = frames_of(outcome)
    assert outcome.headers["content-type"].startswith("text/event-stream")
    assert found[0][0] == "event: message_start"
    assert all(len(lines) == 2 and lines[0].startswith("event: ") and lines[1].startswith("data: ") for lines in found)
    assert sum(lines[0] == "event: content_block_stop" for lines in found) >= 3
    assert found[-1][0] == "event: message_stop"


@over("responses", "repaired", "passthrough")
def test_st_5_a_vendor_without_event_lines(rig: Rig) -> None:
    """The names are made again from the data."""
    bare = re.sub(rb"event: [^\n]*\n", b"", frames(rig.wire.stream(HOT)))
    assert b"event:" not in bare
    assert rig.chunks(bare).brief == ["a🌶ñ"]


@over("repaired")
def test_st_5_a_vendor_without_message_start(rig: Rig) -> None:
    outcome = rig.chunks(*rig.wire.stream(HOT)[1:])
    assert outcome.sound[0]["type"] == "message_start"
    assert outcome.brief == ["a🌶ñ"]


@pytest.mark.parametrize("ending", ["clean end", "cut"])
@over()
def test_st_6_no_end_of_the_vendors_own(rig: Rig, ending: str) -> None:
    """Nothing but the error is added: the client asks again when no block was closed, and keeps half an answer else."""
    pieces = rig.wire.stream(answer(words("Hel", "lo."), ending=""))
    outcome = rig.chunks(*pieces, *([CUT] if ending == "cut" else []))
    kinds = [event["type"] for event in outcome.sound]
    assert kinds[-1] == "error"
    assert "content_block_stop" not in kinds
    assert outcome.error["type"] == "api_error"
    assert {"message_delta", "message_stop"}.isdisjoint(kinds)


@over(*TRANSLATED)
def test_st_6_no_end_behind_a_thought(rig: Rig) -> None:
    """A client that has a whole block keeps what it has: so the text is closed too."""
    outcome = rig.chunks(*rig.wire.stream(answer(thought("hm"), words("Hel", "lo."), ending="")))
    kinds = [event["type"] for event in outcome.sound]
    assert kinds[-2:] == ["content_block_stop", "error"]
    assert kinds.count("content_block_stop") == 2


@over(*TRANSLATED)
def test_st_6_no_end_in_a_thought(rig: Rig) -> None:
    """Half a thought is not signed: no vendor takes it back."""
    outcome = rig.chunks(*rig.wire.stream(answer(thought("hm"), ending="")))
    assert [event["type"] for event in outcome.sound][-1] == "error"
    assert {"content_block_stop", "signature_delta"}.isdisjoint(
        event.get("delta", event)["type"] for event in outcome.sound
    )


@pytest.mark.parametrize("ending", ["clean end", "cut"])
@over("chat", "responses", "repaired", "passthrough")
def test_st_6_an_unfinished_call_stays_open(rig: Rig, ending: str) -> None:
    """The client runs every call whose block was closed, so this one must not look complete."""
    pieces = rig.wire.stream(answer(Call("Bash", ('{"command":', '"rm ')), ending=""))
    outcome = rig.chunks(*pieces, *([CUT] if ending == "cut" else []))
    kinds = [event["type"] for event in outcome.events]
    assert kinds[-1] == "error"
    assert "content_block_stop" not in kinds


@over()
def test_st_8_an_error_after_the_first_word(rig: Rig) -> None:
    pieces = rig.wire.stream(answer(words("Hel", "lo."), ending=""))
    outcome = rig.chunks(*pieces, rig.wire.fault("boom"))
    assert outcome.status == 200
    assert outcome.sound[-1]["type"] == "error"
    assert set(outcome.end) >= {"type", "error"}
    assert outcome.error["type"] == "api_error"
    assert "boom" in outcome.error["message"]
    assert "message_stop" not in outcome.text


@over()
def test_st_8_an_error_before_the_first_word(rig: Rig) -> None:
    outcome = rig.chunks(rig.wire.fault("boom"))
    assert outcome.status in (500, 502)
    assert outcome.headers["content-type"].startswith("application/json")
    assert outcome.json["type"] == "error"
    assert outcome.error["type"] == "api_error"
    assert "boom" in outcome.error["message"]


SILENT: dict[str, list[bytes]] = {
    "chat": [Chat.chunk({"role": "assistant", "content": ""})],
    "responses": [WIRES["responses"].stream(answer("x"))[0]],
    "gemini": [line({"usageMetadata": Gemini.usage(Counts())})],
    "ollama": [Ollama.line({})],
    "repaired": [WIRES["repaired"].stream(answer("x"))[0], event({"type": "ping"})],
    "passthrough": [WIRES["passthrough"].stream(answer("x"))[0], event({"type": "ping"})],
}


@over()
def test_st_8_an_error_behind_the_head_of_a_stream(rig: Rig) -> None:
    """What the vendor sends before its first word does not use up the status."""
    outcome = rig.chunks(*SILENT[rig.wire.name], rig.wire.fault("boom"))
    assert outcome.status in (500, 502)
    assert outcome.error["type"] == "api_error"


@over()
def test_st_10_asked_whole_and_streamed(rig: Rig) -> None:
    told = answer(thought("hm"), words("Hel", "lo."), Call("Read", ('{"path":"/a"}',)))
    outcome = rig.says(rig.wire.answered(told, stream=True), stream=False)
    assert outcome.status == 200
    assert outcome.headers["content-type"].startswith("application/json")
    assert outcome.brief == [("thinking", "hm"), "Hello.", ("Read", {"path": "/a"})]
    assert outcome.stop == "tool_use"


@over()
def test_st_10_asked_streamed_and_whole(rig: Rig) -> None:
    told = answer(thought("hm"), words("Hel", "lo."), Call("Read", ('{"path":"/a"}',)))
    outcome = rig.says(rig.wire.answered(told, stream=False), stream=True)
    assert outcome.headers["content-type"].startswith("text/event-stream")
    assert outcome.brief == [("thinking", "hm"), "Hello.", ("Read", {"path": "/a"})]
    assert outcome.stop == "tool_use"


@over(*SSE_WIRES)
def test_st_11_done_stays_behind(rig: Rig) -> None:
    pieces = [piece for piece in rig.wire.stream(HOT) if piece != DONE]
    outcome = rig.chunks(*pieces, DONE)
    assert "[DONE]" not in outcome.text
    assert outcome.sound[-1]["type"] == "message_stop"
    assert outcome.brief == ["a🌶ñ"]


PACKERS = {"gzip": gzip.compress, "zstd": zstd.compress}


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("announced", [True, False], ids=["with header", "without header"])
@pytest.mark.parametrize("form", PACKERS)
@over()
def test_st_12_compressed_answers(rig: Rig, form: str, announced: bool, stream: bool) -> None:
    told = answer(words("a🌶", "ñ"))
    plain = rig.wire.answered(told, stream)
    data = PACKERS[form](frames(plain.pieces))
    headers = {**plain.headers, **({"content-encoding": form} if announced else {})}
    outcome = rig.says(server.Answer(cut_at(data, 11), headers=headers), stream=stream)
    assert outcome.brief == ["a🌶ñ"]
    assert "content-encoding" not in outcome.headers


@over()
def test_st_12_streams_are_asked_for_uncompressed(rig: Rig) -> None:
    rig.says(HOT)
    assert rig.sent.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("field", [{}, {"stream": None}, {"stream": False}], ids=["absent", "null", "false"])
@over()
def test_st_13_stream_is_a_boolean_upstream(rig: Rig, field: Json) -> None:
    rig.play(rig.wire.answered(HOT, stream=False))
    body = {"model": rig.wire.model, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], **field}
    outcome = rig.post("/v1/messages", json.dumps(body).encode())
    assert outcome.headers["content-type"].startswith("application/json")
    assert outcome.brief == ["a🌶ñ"]
    assert rig.sent.json.get("stream", False) is False
    assert not rig.wire.wants_stream(rig.sent)


EMPTY = Answer()


@over(*TRANSLATED)
def test_st_14_an_answer_that_stays_empty_is_an_error(rig: Rig) -> None:
    """The same error streamed and whole."""
    rig.repeat(EMPTY)
    for stream in (False, True):
        outcome = rig.ask(stream)
        assert outcome.status in (502, 529)
        assert outcome.error["type"] in ("api_error", "overloaded_error")
        assert "content" not in outcome.json
        assert outcome.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@over(*TRANSLATED)
def test_st_14_an_empty_answer_is_asked_for_once_more(patient: Rig, stream: bool) -> None:
    patient.play(EMPTY, HOT)
    outcome = patient.ask(stream)
    assert outcome.brief == ["a🌶ñ"]
    assert [request.json for request in patient.vendor.requests[1:]] == [patient.vendor.requests[0].json]


@over(*TRANSLATED)
def test_st_14_and_not_more_often(patient: Rig) -> None:
    """The client is told not to repeat it, and others still reach the vendor."""
    patient.repeat(EMPTY)
    for asked in range(1, 8):
        outcome = patient.ask()
        assert (outcome.status, outcome.headers["x-should-retry"]) == (502, "false")
        assert len(patient.vendor.requests) == 2 * asked


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@over("passthrough")
def test_st_14_anthropic_may_mean_it(patient: Rig, stream: bool) -> None:
    """Behind results of tools Claude sometimes has nothing to add: handed on, asked for once."""
    patient.repeat(EMPTY)
    outcome = patient.ask(stream)
    assert (outcome.blocks, outcome.stop) == ([], "end_turn")
    assert len(patient.vendor.requests) == 1
