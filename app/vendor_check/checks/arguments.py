"""Arguments of tool calls: what JSON they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from app.vendor_check.answer import Answer
from app.vendor_check.check import Check, Evidence
from app.vendor_check.frames import UNREAD, value_of
from app.vendor_check.said import Call
from app.vendor_check.wires.names import CHAT, GEMINI, OLLAMA, RESPONSES

TEXTS = (CHAT, RESPONSES)
CUT = frozenset({"length", "max_tokens", "MAX_TOKENS", "incomplete"})


def judged(answer: Answer) -> Iterator[tuple[Call, Any]]:
    """Calls with written arguments and the value of these; what was cut at a limit is left out."""
    stop = answer.stop
    if stop is None or stop.value in CUT:
        return
    for call in answer.calls:
        if call.written.strip():
            yield call, value_of(call.written.encode("utf-8", "replace"))


def no_json(answer: Answer) -> Iterator[Evidence]:
    """Arguments that are no JSON."""
    for call, value in judged(answer):
        if value is UNREAD and not joined(call.written):
            yield Evidence(call.at, f"arguments of {call.name!r}: {call.written[:120]}")


def several_values(answer: Answer) -> Iterator[Evidence]:
    """Several JSON values behind each other."""
    for call, value in judged(answer):
        if value is UNREAD and joined(call.written):
            yield Evidence(call.at, f"arguments of {call.name!r}: {call.written[:120]}")


def joined(text: str) -> bool:
    """The text begins with a complete JSON object and goes on."""
    try:
        value, end = json.JSONDecoder().raw_decode(text.lstrip())
    except ValueError:
        return False
    return isinstance(value, dict) and bool(text.lstrip()[end:].strip())


def twice_encoded(answer: Answer) -> Iterator[Evidence]:
    """Arguments that are a JSON text with JSON in it."""
    for call, value in judged(answer):
        if isinstance(value, str):
            yield Evidence(call.at, f"arguments of {call.name!r} are the text {value[:80]!r}")


def no_object(answer: Answer) -> Iterator[Evidence]:
    """Arguments that are a list, a number or null."""
    for call, value in judged(answer):
        if value is not UNREAD and not isinstance(value, dict | str):
            yield Evidence(call.at, f"arguments of {call.name!r} are {json.dumps(value)[:80]}")
    for call in answer.calls:
        if any(not isinstance(value, dict) for value in call.values):
            yield Evidence(call.at, f"arguments of {call.name!r} are no object")


def objects(answer: Answer) -> Iterator[Evidence]:
    """Arguments as an object where the wire has a text."""
    for call in answer.calls:
        if call.values:
            yield Evidence(call.at, f"arguments of {call.name!r} are an object")


def texts(answer: Answer) -> Iterator[Evidence]:
    """Arguments as a text where the wire has an object."""
    for call in answer.calls:
        if call.written:
            yield Evidence(call.at, f"arguments of {call.name!r} are a text")


def nothing(answer: Answer) -> Iterator[Evidence]:
    """No arguments at all."""
    if answer.stop is None or answer.stop.value in CUT:
        return
    for call in answer.calls:
        if not call.written.strip() and not call.values:
            yield Evidence(call.at, f"the call of {call.name!r} has no arguments")


CHECKS = (
    Check(
        name="arguments are no JSON",
        scenario="TC-10",
        says="The arguments of a call are no JSON.",
        expects="Arguments are a JSON object written as text.",
        repair="repaired",
        remedy="what can only mean one thing is repaired, else the client gets them as they are",
        find=no_json,
    ),
    Check(
        name="several values as arguments",
        scenario="TC-10",
        says="The arguments hold one JSON value behind another.",
        expects="The arguments of a call are one JSON object.",
        repair="repaired",
        remedy="the first object counts",
        find=several_values,
    ),
    Check(
        name="arguments encoded twice",
        scenario="TC-10",
        says="The arguments are a JSON text that holds JSON.",
        expects="Arguments are encoded once.",
        repair="repaired",
        remedy="the inner object is taken",
        find=twice_encoded,
    ),
    Check(
        name="arguments are no object",
        scenario="TC-10",
        says="The arguments are a list or another value that is no object.",
        expects="Arguments are an object of named values.",
        repair="repaired",
        remedy="a list of one object is that object, anything else reaches the client as it is",
        find=no_object,
    ),
    Check(
        name="arguments as an object",
        scenario="TC-7",
        says="Arguments come as an object.",
        expects="On this wire they are JSON written as text; clients join texts.",
        repair="repaired",
        remedy="the object is written as text",
        find=objects,
        wires=TEXTS,
    ),
    Check(
        name="arguments as text",
        scenario="TC-7",
        says="Arguments come as text.",
        expects="On this wire they are a JSON object.",
        repair="repaired",
        remedy="the text is parsed",
        find=texts,
        wires=(GEMINI, OLLAMA),
    ),
    Check(
        name="no arguments",
        scenario="TC-6",
        says="A call without parameters has empty arguments.",
        expects="No parameters are written as {}; clients that parse the empty text fail.",
        repair="repaired",
        remedy="they become {}",
        find=nothing,
        wires=TEXTS,
    ),
)
