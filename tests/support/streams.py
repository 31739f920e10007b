"""Runs deltas through a message stream, and says briefly what came out."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from tests.support.grammar import blocks
from translators.core.deltas import Delta
from translators.core.stream import MessageStream
from translators.core.tool_names import ToolNames

Event = dict[str, Any]


def stream(**options: Any) -> MessageStream:
    """A message stream whose ids are counted: msg_1, toolu_2, ..."""
    count = itertools.count(1)
    defaults: dict[str, Any] = {
        "model": "m",
        "new_id": lambda prefix: f"{prefix}{next(count)}",
        "origin": ("acme", "m-1"),
        "title": "Acme",
        "names": ToolNames(),
        "input_tokens": 7,
    }
    return MessageStream(**{**defaults, **options})


def events_of(deltas: Iterable[Delta], **options: Any) -> list[Event]:
    """All events of an answer, from start to close."""
    made = stream(**options)
    events = made.start()
    for delta in deltas:
        events += made.feed(delta)
    return events + made.close()


def content(events: Iterable[Event]) -> list[Any]:
    """Blocks in short: text as itself, ("thinking", text), (tool name, JSON text of its input)."""
    return [brief(block) for block in blocks(events)]


def brief(block: Event) -> Any:
    """One block in short."""
    match block["type"]:
        case "text":
            return block["text"]
        case "thinking":
            return ("thinking", block["thinking"])
        case "tool_use":
            return (block["name"], block["input"])
        case other:
            return other


def ending(events: list[Event]) -> Any:
    """The stop reason, or ("error", message)."""
    last = events[-1]
    if last["type"] == "error":
        return ("error", last["error"]["message"])
    return events[-2]["delta"]["stop_reason"]
