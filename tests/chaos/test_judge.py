"""The judge of the chaos run notices what must not be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.api import sse
from tests.chaos.clients import Outcome
from tests.chaos.judge import SECRET, Judge
from tests.chaos.plans import Act, Manner, Plan
from tests.scenarios.answers import Answer, words
from tests.support.streams import stream
from translators.core.deltas import Stop, Text
from translators.core.errors import Broke

ID = "req_1"
SAID = "Answer 0.0: yes"
LINE = {"request_id": ID, "status": 200, "error_type": None}
TRY = {"wire": "chat", "streaming": True, "began": 0.9, "ended": 1.0}


def plan(fault: str = "good", streams: bool = True) -> Plan:
    return Plan(0, "chaos-chat-0/m", (Act(fault, Answer((words(SAID),)), 1),), Manner("reads", streams))


def events(text: str, error: str = "", stop: bool = True) -> bytes:
    """What a client gets of a text, whole or with an error at its end."""
    made = stream()
    found = made.start() + made.feed(Text(text))
    if error:
        return sse.encode(found + made.fail(Broke(error)))
    return sse.encode(found + (made.feed(Stop("end_turn")) + made.close() if stop else []))


def refusal(message: str = "chaos", **more: Any) -> bytes:
    error = {"type": "api_error", "message": message}
    return json.dumps({"type": "error", "error": error, "request_id": ID, **more}).encode()


def outcome(body: bytes, **fields: Any) -> Outcome:
    known: dict[str, Any] = {
        "end": "answered",
        "status": 200,
        "headers": {"request-id": ID},
        "sent": True,
        "ended": 1.0,
    }
    return Outcome(0, body=body, **{**known, **fields})


def complaints(
    seen: Outcome, fault: str = "good", tries: Any = (TRY,), lines: Any = (LINE,), streams: bool = True
) -> str:
    judge = Judge({"0": list(tries)}, {"chaos-0": list(lines)}, patience=1.0)
    return "; ".join(judge.complaints(plan(fault, streams), seen)[1])


FAILED = {**LINE, "error_type": "api_error"}
REFUSED = {**FAILED, "status": 502}


def test_what_is_right_is_right() -> None:
    assert complaints(outcome(events(SAID))) == ""
    assert complaints(outcome(events("Answer 0.0", error="cut")), "unfinished", lines=[FAILED]) == ""
    assert complaints(outcome(refusal(), status=502), "html", lines=[REFUSED]) == ""
    assert complaints(outcome(b"", end="left"), "silent_before_head") == ""
    late = refusal("FIRST_BYTE_TIMEOUT sets the limit")
    assert complaints(outcome(late, status=502), tries=[{**TRY, "began": 0.4}], lines=[REFUSED]) == ""


@pytest.mark.parametrize(
    ("words", "seen", "more"),
    [
        ("no end", outcome(b"", end="stuck"), {}),
        ("ended before the answer", outcome(b"", end="broken"), {}),
        ("last answer was not", outcome(events("Answer 0.0")), {}),
        ("last answer was not", outcome(events(SAID)), {"fault": "unfinished"}),
        ("last answer was not", outcome(events(SAID)), {"tries": []}),
        ("last answer was not", outcome(events(SAID)), {"tries": [TRY, TRY], "fault": "length"}),
        ("the stream ends", outcome(events(SAID, stop=False)), {}),
        ("did not say", outcome(events("Nobody", error="cut")), {"fault": "unfinished", "lines": [FAILED]}),
        ("was good", outcome(events(SAID, error="cut")), {"lines": [FAILED]}),
        ("was good", outcome(refusal(), status=502), {"lines": [REFUSED]}),
        ("was good", outcome(refusal("TOTAL_TIMEOUT sets the limit"), status=502), {"lines": [REFUSED]}),
        ("nobody was asked", outcome(refusal(), status=502), {"lines": [REFUSED], "tries": []}),
        ("inside an error", outcome(refusal(SAID), status=502), {"fault": "html", "lines": [REFUSED]}),
        ("no error envelope", outcome(b"<html>", status=502), {"fault": "html", "lines": [REFUSED]}),
        ("no error envelope", outcome(refusal(request_id="x"), status=502), {"fault": "html", "lines": [REFUSED]}),
        ("a key is in", outcome(refusal(SECRET), status=502), {"fault": "html", "lines": [REFUSED]}),
        ("0 usage lines", outcome(events(SAID)), {"lines": []}),
        ("2 usage lines", outcome(events(SAID)), {"lines": [LINE, LINE]}),
        ("2 usage lines", outcome(b"", end="left", sent=False), {"lines": [LINE, LINE]}),
        ("the usage line says", outcome(events(SAID)), {"lines": [{**LINE, "request_id": "req_2"}]}),
        ("has error_type", outcome(events(SAID)), {"lines": [FAILED]}),
        ("still waits", outcome(events(SAID)), {"tries": [{**TRY, "ended": None}]}),
        ("let go 19.0 s after", outcome(events(SAID)), {"tries": [{**TRY, "ended": 20.0}]}),
    ],
)
def test_what_is_wrong_is_noticed(words: str, seen: Outcome, more: dict[str, Any]) -> None:
    assert words in complaints(seen, **more)


def test_a_whole_message_is_read_too() -> None:
    def message(text: str, stop: str = "end_turn") -> Outcome:
        return outcome(json.dumps({"content": [{"type": "text", "text": text}], "stop_reason": stop}).encode())

    tries = [{**TRY, "streaming": False}]
    assert complaints(message(SAID), tries=tries, streams=False) == ""
    assert "was not" in complaints(message("Answer"), tries=tries, streams=False)
    assert "was not" in complaints(message(SAID, "max_tokens"), tries=tries, streams=False)
