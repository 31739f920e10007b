"""Anthropic Messages (https://platform.claude.com/docs/en/api/messages, read 2026-11-21)."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from app.vendor_check.frames import Frame
from app.vendor_check.said import Fragment, Said

COUNTS = {"input": "input_tokens", "output": "output_tokens"}
STOPS = frozenset(
    [
        "end_turn",
        "max_tokens",
        "stop_sequence",
        "tool_use",
        "pause_turn",
        "refusal",
        "model_context_window_exceeded",
        "compaction",
    ]
)
DELTAS = {"text_delta": ("text", "text"), "thinking_delta": ("thinking", "thinking")}


def read(frames: Sequence[Frame]) -> Iterator[Said]:
    """What the frames say."""
    calls: set[Any] = set()
    for frame in frames:
        found, kind = frame.object, frame.object.get("type")
        if kind == "error" or frame.event == "error" or (found.get("error") and kind is None):
            yield Said(frame.at, "error", found)
        elif kind == "message":
            yield from of_message(frame.at, found)
        elif kind == "message_start" and isinstance(found.get("message"), dict):
            yield from of_message(frame.at, found["message"])
        elif kind == "content_block_start":
            yield Said(frame.at, "block", found.get("index"), "start")
            calls |= {found.get("index")} if (found.get("content_block") or {}).get("type") == "tool_use" else set()
            yield from of_block(frame.at, found.get("content_block") or {}, found.get("index"), started=True)
        elif kind == "content_block_delta":
            yield Said(frame.at, "block", found.get("index"), "delta")
            yield from of_delta(frame.at, found, calls)
        elif kind == "message_delta":
            yield from of_end(frame.at, {**found, **(found.get("delta") or {})})


def of_message(at: int, message: Mapping[str, Any]) -> Iterator[Said]:
    """A message, whole or at its beginning."""
    yield Said(at, "role", message.get("role"), "message")
    if isinstance(message.get("model"), str):
        yield Said(at, "model", message["model"])
    for place, block in enumerate(message.get("content") or ()):
        yield from of_block(at, block, place, started=False)
    yield from of_end(at, message)


def of_end(at: int, found: Mapping[str, Any]) -> Iterator[Said]:
    """Stop reason and counts."""
    if found.get("stop_reason") is not None:
        yield Said(at, "stop", found["stop_reason"], "stop_reason")
    if isinstance(found.get("usage"), dict):
        yield Said(at, "usage", found["usage"], "usage")


def of_block(at: int, block: Mapping[str, Any], slot: Any, started: bool) -> Iterator[Said]:
    """A block, whole or at its beginning."""
    for kind in ("text", "thinking"):
        if isinstance(block.get(kind), str) and block[kind]:
            yield Said(at, "text" if kind == "text" else "thinking", block[kind], kind)
    if block.get("type") == "tool_use":
        given = None if started and not block.get("input") else block.get("input")
        yield Said(at, "call", Fragment(slot, block.get("id"), block.get("name"), given), "tool_use")


def of_delta(at: int, found: Mapping[str, Any], calls: Container[Any]) -> Iterator[Said]:
    """A piece of a block; `calls` are the indexes of the client's calls: what the server calls itself is left out."""
    delta = found.get("delta") or {}
    if delta.get("type") == "input_json_delta" and found.get("index") in calls:
        yield Said(at, "call", Fragment(found.get("index"), arguments=delta.get("partial_json")), "partial_json")
    elif delta.get("type") in DELTAS:
        kind, name = DELTAS[delta["type"]]
        yield Said(at, "text" if kind == "text" else "thinking", str(delta.get(name, "")), name)


def is_error(body: Any) -> bool:
    """The body is an error as Anthropic tells one: {"type": "error", "error": {"type", "message"}}."""
    error = body.get("error") if isinstance(body, dict) else None
    return isinstance(error, dict) and {"type", "message"} <= set(error) and body.get("type") == "error"
