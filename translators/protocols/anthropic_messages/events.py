"""Reads a vendor's events and whole messages; a whole message can be told as events."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from translators.core.errors import Fault
from translators.core.vendor import Json
from translators.core.writer import DELTAS


def chunk(event: Json) -> Iterator[Json]:
    """The event itself. Raises `Fault` for an error, in Anthropic's form or another."""
    if event_type(event) == "message":
        yield from whole(event)
        return
    if event.get("type") == "error" or (event.get("error") and "type" not in event):
        raise Fault(event)
    yield checked(event)


def whole(message: Json) -> Iterator[Json]:
    """The message itself. Raises `Fault` for an error in its place."""
    if event_type(message) == "error" or message.get("error"):
        raise Fault(message)
    content = message.get("content")
    if event_type(message) != "message" or not (isinstance(content, list) and all(map(is_block, content))):
        raise ValueError("no message")
    yield message


def event_type(event: Mapping[str, Any]) -> str:
    """The type, "" when there is none."""
    kind = event.get("type")
    return str(kind) if is_named(kind) else ""


def is_named(value: Any) -> bool:
    """The value is a type's name."""
    return isinstance(value, str) and bool(value)


def is_object(value: Any) -> bool:
    """The value is a JSON object."""
    return isinstance(value, dict)


def is_block(value: Any) -> bool:
    """The value is an object that says its type."""
    return is_object(value) and bool(event_type(value))


#: Event type -> its object, and what that must be.
PARTS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "message_start": ("message", is_object),
    "content_block_start": ("content_block", is_block),
    "content_block_delta": ("delta", is_object),
    "message_delta": ("delta", is_object),
}


def checked(event: Json) -> Json:
    """The event, when it has the parts that every reader needs; else a `ValueError`."""
    part, fits = PARTS.get(event_type(event), ("type", is_named))
    if not fits(event.get(part)):
        raise ValueError(f"an event without {part}")
    return event


#: What is known at the end only.
ENDING = ("stop_reason", "stop_sequence", "stop_details")


def told(message: Json) -> Iterator[Json]:
    """A whole message as the events that stream it."""
    ending = {"stop_reason": None, "stop_sequence": None, **{key: message[key] for key in ENDING if key in message}}
    opening = {**message, "content": [], **dict.fromkeys(ending)}
    yield {"type": "message_start", "message": opening}
    for index, block in enumerate(message["content"]):
        yield from told_block(index, block)
    yield {"type": "message_delta", "delta": ending, "usage": message.get("usage") or {}}
    yield {"type": "message_stop"}


def told_block(index: int, block: Json) -> Iterator[Json]:
    """One block: opened empty, filled, stopped. Blocks without deltas open complete."""
    yield {"type": "content_block_start", "index": index, "content_block": emptied(block)}
    for delta in filling(block):
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def emptied(block: Json) -> Json:
    """The block as it opens."""
    match event_type(block):
        case "text":
            return {**block, "text": ""}
        case "thinking":
            return {**block, "thinking": "", "signature": ""}
        case "tool_use" | "server_tool_use":
            return {**block, "input": {}}
        case _:
            return block


def filling(block: Json) -> Iterator[Json]:
    """The deltas of a block."""
    match event_type(block):
        case "text" | "thinking" as kind:
            name, key = DELTAS[kind]
            yield {"type": name, key: block.get(key) or ""}
        case "tool_use" | "server_tool_use":
            yield {"type": "input_json_delta", "partial_json": json.dumps(block.get("input") or {}, ensure_ascii=False)}
    if event_type(block) == "thinking":
        yield {"type": "signature_delta", "signature": block.get("signature") or ""}
