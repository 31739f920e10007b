"""OpenAI Responses (https://platform.openai.com/docs/api-reference/responses, read 2026-11-21)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.vendor_check.frames import Frame
from app.vendor_check.said import Fragment, Said

COUNTS = {"input": "input_tokens", "output": "output_tokens", "total": "total_tokens"}
ENDS = frozenset({"response.completed", "response.incomplete", "response.failed", "error"})
TEXTS = {"response.output_text.delta": "text", "response.refusal.delta": "text"}
THOUGHTS = ("response.reasoning_summary_text.delta", "response.reasoning_text.delta")


def read(frames: Sequence[Frame]) -> Iterator[Said]:
    """What the frames say."""
    for frame in frames:
        found, kind = frame.object, str(frame.object.get("type", ""))
        if found.get("object") == "response":
            yield from finished(frame.at, found, whole=True)
        elif kind in ENDS - {"error"} and isinstance(found.get("response"), dict):
            yield from finished(frame.at, found["response"], whole=False)
        elif kind == "error" or (found.get("error") and not kind.startswith("response.")):
            yield Said(frame.at, "error", found)
        elif kind.startswith("response."):
            yield from of_event(frame.at, kind, found)


def of_event(at: int, kind: str, found: Mapping[str, Any]) -> Iterator[Said]:
    """What an event says on the way."""
    slot = found.get("output_index")
    if kind in TEXTS:
        yield Said(at, "text", str(found.get("delta", "")), "delta")
    elif kind in THOUGHTS:
        yield Said(at, "thinking", str(found.get("delta", "")), "delta")
    elif kind == "response.output_item.added" and (found.get("item") or {}).get("type") == "function_call":
        item = found["item"]
        yield Said(at, "call", Fragment(slot, item.get("call_id"), item.get("name")), "item")
    elif kind == "response.function_call_arguments.delta":
        yield Said(at, "call", Fragment(slot, arguments=found.get("delta")), "delta")


def finished(at: int, answer: Mapping[str, Any], whole: bool) -> Iterator[Said]:
    """What the whole answer says; behind a stream the items have been said."""
    for item in (answer.get("output") or ()) if whole else ():
        yield from of_item(at, item)
    if isinstance(answer.get("model"), str):
        yield Said(at, "model", answer["model"])
    if answer.get("status") == "failed" or answer.get("error"):
        yield Said(at, "error", answer)
    elif isinstance(answer.get("status"), str):
        yield Said(at, "stop", answer["status"], "status")
    if isinstance(answer.get("usage"), dict):
        yield Said(at, "usage", answer["usage"], "usage")


def of_item(at: int, item: Mapping[str, Any]) -> Iterator[Said]:
    """An item of a whole answer."""
    if item.get("type") == "function_call":
        yield Said(at, "call", Fragment(item.get("id"), item.get("call_id"), item.get("name"), item.get("arguments")))
    thinks = item.get("type") == "reasoning"
    for part in [*(item.get("content") or ()), *(item.get("summary") or ())]:
        text = part.get("text") or part.get("refusal")
        if isinstance(text, str) and text:
            yield Said(at, "thinking" if thinks else "text", text)
