"""Answers to be judged: right ones on every wire, and what a test changes in them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.vendor_check.answer import Answer
from app.vendor_check.sources import of_case, of_folder
from tests.conformance.kit import FIXTURES
from tests.conformance.targets import route, targets

Json = dict[str, Any]

USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
TOOLS = ("Read", "Glob")
STREAM = {"content-type": "text/event-stream"}
DONE = b"data: [DONE]\n\n"
WHOLE = {"content-type": "application/json"}
QUESTION = [{"role": "user", "content": "Say hello."}]


def recorded(case: str) -> list[Answer]:
    """The answers of a case of the fixtures, `vendor/case`."""
    vendor, _, name = case.partition("/")
    return list(of_case(FIXTURES / vendor / name, targets()[vendor]))


def folder_of(vendor: str) -> list[Answer]:
    """All recorded answers of a vendor."""
    return list(of_folder(Path(FIXTURES / vendor), targets()[vendor]))


def events(*values: Any, name: bool = False, end: bytes = b"") -> bytes:
    """Server-sent events; `name` puts the type of each before it."""
    lines = [(f"event: {value['type']}\n" if name else "") + f"data: {json.dumps(value)}\n\n" for value in values]
    return "".join(lines).encode() + end


def answer(
    vendor: str, data: bytes, stream: bool = True, body: Mapping[str, Any] | None = None, **facts: Any
) -> Answer:
    """An answer of a vendor to a request with the usual tools."""
    tools = [{"name": name, "input_schema": {"type": "object"}} for name in TOOLS]
    message = {"model": "claude-x", "max_tokens": 99, "messages": QUESTION, "tools": tools, "stream": stream}
    where = route(vendor, **facts.pop("route", {}))
    asked = {"model": where.model, "tools": [{"type": "function", "function": tool} for tool in tools], **(body or {})}
    known = {"headers": STREAM if stream else WHOLE, "headers_known": True, **facts}
    place = f"{vendor}/made-up"
    return Answer(place=place, route=where.carrying(message), body=asked, message=message, data=data, **known)


def call(index: Any = 0, id: Any = "call_1", name: Any = "Read", arguments: Any = '{"path":"a"}') -> Json:
    """A tool call of Chat Completions; None leaves a field out."""
    inner = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    outer = {key: value for key, value in (("index", index), ("id", id)) if value is not None}
    return {**outer, "type": "function", "function": inner}


def calls(*each: Json) -> Json:
    """A delta of calls."""
    return {"tool_calls": list(each)}


def chat(
    *deltas: Json,
    reason: Any = "",
    usage: Any = USAGE,
    model: str = "",
    done: bytes = DONE,
    **facts: Any,
) -> Answer:
    """A streamed answer of Chat Completions. `reason` "" is the right one, None leaves it out."""
    right = "tool_calls" if any("tool_calls" in delta for delta in deltas) else "stop"
    head = {"id": "c1", "object": "chat.completion.chunk", "model": model or route("deepseek").model}
    first: Sequence[Json] = [{"role": "assistant", "content": ""}, *deltas]
    chunks = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in first]
    if reason is not None:
        chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": reason or right}]})
    if usage is not None:
        chunks.append({**head, "choices": [], "usage": usage})
    body = {"stream_options": {"include_usage": True}, **facts.pop("body", {})}
    return answer("deepseek", events(*chunks, end=done), body=body, **facts)


def whole(message: Json | None = None, reason: Any = "stop", **facts: Any) -> Answer:
    """A whole answer of Chat Completions."""
    said = {"role": "assistant", "content": "Hello."} if message is None else message
    choice = {"index": 0, "message": said, "finish_reason": reason}
    body = {"id": "c1", "model": route("deepseek").model, "choices": [choice], "usage": USAGE}
    return answer("deepseek", json.dumps(body).encode(), stream=False, **facts)


def refusal(status: int, told: Any, vendor: str = "deepseek", **facts: Any) -> Answer:
    """An HTTP error; a text is sent as it is."""
    data = told.encode() if isinstance(told, str) else json.dumps(told).encode()
    return answer(vendor, data, stream=False, status=status, **facts)


def error(message: str, **more: Any) -> Json:
    """An error as OpenAI tells one."""
    return {"error": {"message": message, "type": "invalid_request_error", "code": None, **more}}


def messages(*values: Json, name: bool = True, **facts: Any) -> Answer:
    """A streamed answer of a server that speaks Messages."""
    return answer("anthropic_endpoints", events(*values, name=name), **facts)


def message_events(index: int = 0) -> list[Json]:
    """The events of a short message."""
    start = {"role": "assistant", "model": "small-model", "content": [], "usage": {"input_tokens": 9}}
    return [
        {"type": "message_start", "message": {"type": "message", **start}},
        {"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": "Hello."}},
        {"type": "content_block_stop", "index": index},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}},
        {"type": "message_stop"},
    ]


def gemini(*parts: Json, **facts: Any) -> Answer:
    """A streamed answer of Gemini."""
    usage = {"promptTokenCount": 9, "candidatesTokenCount": 4, "totalTokenCount": 13}
    candidate = {"content": {"role": "model", "parts": list(parts)}, "finishReason": "STOP", "index": 0}
    chunk = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": route("gemini").model}
    return answer("gemini", events(chunk, end=facts.pop("end", b"")), **facts)


def changed(found: Answer, **facts: Any) -> Answer:
    """The answer with other facts."""
    return replace(found, **facts)
