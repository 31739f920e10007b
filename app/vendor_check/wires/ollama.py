"""Ollama's chat (https://docs.ollama.com/api/chat, read 2026-11-21)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.vendor_check.frames import Frame
from app.vendor_check.said import Fragment, Said

COUNTS = {"input": "prompt_eval_count", "output": "eval_count"}


def read(frames: Sequence[Frame]) -> Iterator[Said]:
    """What the frames say."""
    for frame in frames:
        found = frame.object
        if found.get("error"):
            yield Said(frame.at, "error", found)
        if isinstance(found.get("model"), str):
            yield Said(frame.at, "model", found["model"])
        said = found.get("message")
        if isinstance(said, dict):
            yield Said(frame.at, "role", said.get("role"), "message")
            for kind, name in (("thinking", "thinking"), ("text", "content")):
                if isinstance(said.get(name), str) and said[name]:
                    yield Said(frame.at, "thinking" if kind == "thinking" else "text", said[name], name)
            for place, call in enumerate(said.get("tool_calls") or ()):
                function = call.get("function") or {}
                facts = Fragment((frame.at, place), None, function.get("name"), function.get("arguments"))
                yield Said(frame.at, "call", facts, "tool_calls")
        if found.get("done") is True:
            if isinstance(found.get("done_reason"), str):
                yield Said(frame.at, "stop", found["done_reason"], "done_reason")
            if "eval_count" in found or "prompt_eval_count" in found:
                yield Said(frame.at, "usage", found, "eval_count")
