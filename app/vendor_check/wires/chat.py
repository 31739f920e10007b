"""Chat Completions (https://platform.openai.com/docs/api-reference/chat, read 2026-11-21)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.vendor_check.frames import Frame
from app.vendor_check.said import Fragment, Said

COUNTS = {"input": "prompt_tokens", "output": "completion_tokens", "total": "total_tokens"}
#: Fields in which vendors say what the model thinks.
REASONING = ("reasoning_content", "reasoning", "thinking", "thought", "reasoning_text")
#: Fields by which a body without choices is known as an error.
ERRORS = ("error", "errors", "base_resp", "detail", "msg", "code", "status_code", "message")


def read(frames: Sequence[Frame]) -> Iterator[Said]:
    """What the frames say."""
    for frame in frames:
        found = frame.object
        choices = found.get("choices") or ()
        if found.get("error") or frame.event == "error" or (not choices and has_failed(found)):
            yield Said(frame.at, "error", found)
        if isinstance(found.get("model"), str):
            yield Said(frame.at, "model", found["model"])
        if choices and isinstance(choices[0], dict):
            yield from of_choice(frame.at, choices[0])
        yield from usage(frame.at, found)


def has_failed(found: Mapping[str, Any]) -> bool:
    """A body without an answer, in an envelope of the vendor's own."""
    return not found.get("usage") and any(found.get(name) for name in ERRORS)


def of_choice(at: int, choice: Mapping[str, Any]) -> Iterator[Said]:
    """What the first choice says."""
    for form in ("delta", "message"):
        said = choice.get(form)
        if isinstance(said, dict):
            yield Said(at, "role", said.get("role"), form)
            yield from of_message(at, said)
    if "finish_reason" in choice and choice["finish_reason"] is not None:
        yield Said(at, "stop", choice["finish_reason"], "finish_reason")


def of_message(at: int, said: Mapping[str, Any]) -> Iterator[Said]:
    """Text, thinking and calls."""
    for name in REASONING:
        if isinstance(said.get(name), str) and said[name]:
            yield Said(at, "thinking", said[name], name)
    for part in parts(said.get("content")):
        yield Said(at, "text", part, "content")
    if isinstance(said.get("refusal"), str) and said["refusal"]:
        yield Said(at, "text", said["refusal"], "refusal")
    for call in said.get("tool_calls") or ():
        function = (call.get("function") or {}) if isinstance(call, dict) else {}
        if isinstance(call, dict):
            facts = (call.get("index"), call.get("id"), function.get("name"), function.get("arguments"))
            yield Said(at, "call", Fragment(*facts), "tool_calls")


def parts(content: Any) -> Iterator[str]:
    """The texts of a content, which some vendors send as a list."""
    for part in content if isinstance(content, list) else [content]:
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str) and text:
            yield text


def usage(at: int, found: Mapping[str, Any]) -> Iterator[Said]:
    """The counts, wherever they stand."""
    first = (found.get("choices") or [{}])[0]
    inner = first.get("usage") if isinstance(first, dict) else None
    for place, value in (("usage", found.get("usage")), ("choices[0].usage", inner)):
        if isinstance(value, dict):
            yield Said(at, "usage", value, place)
    for name, value in found.items():
        if name != "usage" and isinstance(value, dict) and isinstance(value.get("usage"), dict):
            yield Said(at, "usage", value["usage"], f"{name}.usage")


def is_error(body: Any) -> bool:
    """The body is an error as OpenAI tells one: {"error": {"message", "type", "code"}}."""
    error = body.get("error") if isinstance(body, dict) else None
    return isinstance(error, dict) and isinstance(error.get("message"), str)
