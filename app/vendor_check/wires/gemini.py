"""Gemini generateContent (https://ai.google.dev/api/generate-content, read 2026-11-21)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.vendor_check.frames import Frame
from app.vendor_check.said import Fragment, Said

COUNTS = {"input": "promptTokenCount", "output": "candidatesTokenCount", "total": "totalTokenCount"}
STOPS = frozenset(
    [
        "STOP",
        "MAX_TOKENS",
        "SAFETY",
        "RECITATION",
        "LANGUAGE",
        "OTHER",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "MALFORMED_FUNCTION_CALL",
        "IMAGE_SAFETY",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "MISSING_THOUGHT_SIGNATURE",
    ]
)


def read(frames: Sequence[Frame]) -> Iterator[Said]:
    """What the frames say."""
    for frame in frames:
        found = frame.object
        if found.get("error"):
            yield Said(frame.at, "error", found)
        if isinstance(found.get("modelVersion"), str):
            yield Said(frame.at, "model", found["modelVersion"])
        blocked = (found.get("promptFeedback") or {}).get("blockReason")
        if blocked:
            yield Said(frame.at, "stop", "SAFETY", "promptFeedback")
        for candidate in (found.get("candidates") or ())[:1]:
            yield from of_candidate(frame.at, candidate)
        if isinstance(found.get("usageMetadata"), dict):
            yield Said(frame.at, "usage", found["usageMetadata"], "usageMetadata")


def of_candidate(at: int, candidate: Mapping[str, Any]) -> Iterator[Said]:
    """What the candidate says."""
    for place, part in enumerate((candidate.get("content") or {}).get("parts") or ()):
        if isinstance(part.get("text"), str) and part["text"]:
            yield Said(at, "thinking" if part.get("thought") else "text", part["text"], "text")
        call = part.get("functionCall")
        if isinstance(call, dict):
            facts = Fragment((at, place), call.get("id"), call.get("name"), call.get("args"))
            yield Said(at, "call", facts, "functionCall")
    if candidate.get("finishReason") is not None:
        yield Said(at, "stop", candidate["finishReason"], "finishReason")


def ends(frame: Frame) -> bool:
    """The frame holds a finish reason, or why there is no answer."""
    return any(one.kind in ("stop", "error") for one in read([frame]))


def is_error(body: Any) -> bool:
    """The body is an error as Google's APIs tell one: {"error": {"code", "message", "status"}}."""
    error = body.get("error") if isinstance(body, dict) else None
    return isinstance(error, dict) and {"code", "message", "status"} <= set(error)
