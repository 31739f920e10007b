"""One turn of a model in the wire form of DeepSeek, Kimi and OpenRouter, streamed and whole.

The shapes (fields, their order, null against "", where usage and finish reason sit, comments) are the vendors'; the
content is made up. Sources: the vendors' Chat Completions references, recorded streams of the AI SDK's tests (read
2026-11-21).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.scripted_server import Answer, Request, json_answer, sse_answer

Json = dict[str, Any]
CREATED = 1795161600
SIGNATURE = "EqQBCkYIARgCKkA+made/up=="
DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True)
class Call:
    """A tool call. `id` "" takes the vendor's own style."""

    name: str
    arguments: Json
    id: str = ""


@dataclass(frozen=True)
class Turn:
    """What the model says in one answer."""

    text: str = ""
    thinking: str = ""
    calls: tuple[Call, ...] = ()

    @property
    def finish(self) -> str:
        """The Chat Completions finish reason."""
        return "tool_calls" if self.calls else "stop"


@dataclass(frozen=True)
class Wire:
    """A vendor's side of the wire. `reasoning` reads the reasoning that came back on an assistant message."""

    name: str
    model: str
    stream: Callable[[Turn, int], Iterator[Any]]
    fields: Callable[[str], Json]
    """Reasoning -> what a whole message carries and the next request must bring back."""
    usage: Callable[[], Json]
    call_id: Callable[[Call, int, int], str]

    @property
    def public_model(self) -> str:
        """The name a client asks for."""
        return f"{self.name}/{self.model}"

    def answer(self, turn: Turn, number: int, request: Request, **options: Any) -> Answer:
        """The turn as the request wants it: streamed or whole. `number` counts the turns of the conversation."""
        if request.json.get("stream"):
            return sse_answer(self.stream(turn, number), **options)
        return json_answer(self.whole(turn, number))

    def whole(self, turn: Turn, number: int) -> Json:
        """The complete answer."""
        message: Json = {
            "role": "assistant",
            "content": turn.text,
            **(self.fields(turn.thinking) if turn.thinking else {}),
        }
        if turn.calls:
            message["tool_calls"] = [
                _function(self.call_id(call, place, number), call) for place, call in enumerate(turn.calls)
            ]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": turn.finish}
        head = {"id": f"gen-{number}", "object": "chat.completion", "created": CREATED, "model": self.model}
        return {**head, "choices": [choice], "usage": self.usage()}


def _function(call_id: str, call: Call) -> Json:
    return {"id": call_id, "type": "function", "function": {"name": call.name, "arguments": json.dumps(call.arguments)}}


def halves(text: str) -> tuple[str, ...]:
    """Two pieces, or none."""
    middle = len(text) // 2
    return tuple(piece for piece in (text[:middle], text[middle:]) if piece)


# -- DeepSeek: usage rides on the finish chunk and is null before; unused delta fields are null


def _deepseek_id(call: Call, place: int, number: int) -> str:
    return call.id or f"call_{place:02}_T{number}x"


def _deepseek_usage() -> Json:
    return {
        "prompt_tokens": 339,
        "completion_tokens": 83,
        "total_tokens": 422,
        "prompt_tokens_details": {"cached_tokens": 320},
        "completion_tokens_details": {"reasoning_tokens": 39},
        "prompt_cache_hit_tokens": 320,
        "prompt_cache_miss_tokens": 19,
    }


def _deepseek_chunk(delta: Json, finish: str | None = None, usage: Json | None = None) -> Json:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    head = {"id": "0f3c", "object": "chat.completion.chunk", "created": CREATED, "model": "deepseek-v4-pro"}
    return {**head, "system_fingerprint": "fp_a1", "choices": [choice], "usage": usage}


def deepseek_stream(turn: Turn, number: int) -> Iterator[Any]:
    """The chunks of one turn, pieces of the text and the reasoning in two."""
    yield b": keep-alive\n\n"
    yield _deepseek_chunk({"role": "assistant", "content": None, "reasoning_content": ""})
    for piece in halves(turn.thinking):
        yield _deepseek_chunk({"content": None, "reasoning_content": piece})
    for piece in halves(turn.text):
        yield _deepseek_chunk({"content": piece, "reasoning_content": None})
    for place, call in enumerate(turn.calls):
        start = {"index": place, "id": _deepseek_id(call, place, number), "type": "function"}
        yield _deepseek_chunk({"tool_calls": [{**start, "function": {"name": call.name, "arguments": ""}}]})
        for piece in halves(json.dumps(call.arguments)):
            yield _deepseek_chunk({"tool_calls": [{"index": place, "function": {"arguments": piece}}]})
    yield _deepseek_chunk({"content": "", "reasoning_content": None}, turn.finish, _deepseek_usage())
    yield DONE


# -- Kimi: usage on the finish chunk's choice and again in a chunk without choices; unused delta fields are absent


def _kimi_id(call: Call, place: int, number: int) -> str:
    return call.id or f"{call.name}:{place}"


def _kimi_usage() -> Json:
    details = {"prompt_tokens_details": {"cached_tokens": 768}, "completion_tokens_details": {"reasoning_tokens": 12}}
    return {"prompt_tokens": 910, "completion_tokens": 41, "total_tokens": 951, "cached_tokens": 768, **details}


def _kimi_chunk(*choices: Json, **more: Any) -> Json:
    head = {"id": "chatcmpl-67f1", "object": "chat.completion.chunk", "created": CREATED, "model": "kimi-k2.6"}
    return {**head, "choices": list(choices), **more}


def _kimi_delta(delta: Json, **more: Any) -> Json:
    return _kimi_chunk({"index": 0, "delta": delta, "finish_reason": None}, **more)


def kimi_stream(turn: Turn, number: int) -> Iterator[Any]:
    """The chunks of one turn, pieces of the text and the reasoning in two."""
    yield _kimi_delta({"role": "assistant", "content": ""}, system_fingerprint="fpv0_x")
    for piece in halves(turn.thinking):
        yield _kimi_delta({"reasoning_content": piece})
    for piece in halves(turn.text):
        yield _kimi_delta({"content": piece})
    for place, call in enumerate(turn.calls):
        start = {"index": place, "id": _kimi_id(call, place, number), "type": "function"}
        yield _kimi_delta({"tool_calls": [{**start, "function": {"name": call.name, "arguments": ""}}]})
        for piece in halves(json.dumps(call.arguments)):
            yield _kimi_delta({"tool_calls": [{"index": place, "function": {"arguments": piece}}]})
    short = {key: value for key, value in _kimi_usage().items() if isinstance(value, int)}
    yield _kimi_chunk({"index": 0, "delta": {}, "finish_reason": turn.finish, "usage": short})
    yield _kimi_chunk(usage=_kimi_usage())
    yield DONE


# -- OpenRouter: reasoning twice (text and details), a signature at its end, usage after the finish chunk


def _openrouter_id(call: Call, place: int, number: int) -> str:
    return call.id or f"toolu_{number:02}{place}"


def _openrouter_usage() -> Json:
    return {
        "prompt_tokens": 900,
        "completion_tokens": 40,
        "total_tokens": 940,
        "cost": 0.0021,
        "is_byok": False,
        "prompt_tokens_details": {"cached_tokens": 800, "cache_write_tokens": 60},
        "cost_details": {"upstream_inference_cost": None},
        "completion_tokens_details": {"reasoning_tokens": 11},
    }


def _openrouter_chunk(delta: Json, finish: str | None = None, native: str | None = None, **more: Any) -> Json:
    reasons = {"finish_reason": finish, "native_finish_reason": native, "logprobs": None}
    choice = {"index": 0, "delta": {"role": "assistant", **delta}, **reasons}
    head = {"id": "gen-1763", "provider": "Anthropic", "model": "anthropic/claude-sonnet-5"}
    return {**head, "object": "chat.completion.chunk", "created": CREATED, "choices": [choice], **more}


def _detail(**fields: str) -> Json:
    return {"type": "reasoning.text", **fields, "format": "anthropic-claude-v1", "index": 0}


def openrouter_stream(turn: Turn, number: int) -> Iterator[Any]:
    """The chunks of one turn, pieces of the text and the reasoning in two."""
    yield b": OPENROUTER PROCESSING\n\n"
    for piece in halves(turn.thinking):
        yield _openrouter_chunk({"content": "", "reasoning": piece, "reasoning_details": [_detail(text=piece)]})
    if turn.thinking:
        signed = [_detail(signature=SIGNATURE)]
        yield _openrouter_chunk({"content": "", "reasoning": None, "reasoning_details": signed})
    for piece in halves(turn.text):
        yield _openrouter_chunk({"content": piece})
    for place, call in enumerate(turn.calls):
        start = {"index": place, "id": _openrouter_id(call, place, number), "type": "function"}
        empty = {"name": call.name, "arguments": ""}
        yield _openrouter_chunk({"content": None, "tool_calls": [{**start, "function": empty}]})
        for piece in halves(json.dumps(call.arguments)):
            part = {"index": place, "type": "function", "function": {"arguments": piece}}
            yield _openrouter_chunk({"content": None, "tool_calls": [part]})
    yield _openrouter_chunk({"content": ""}, turn.finish, "tool_use" if turn.calls else "end_turn")
    yield _openrouter_chunk({"content": ""}, usage=_openrouter_usage())
    yield DONE


def _reasoning_content(thinking: str) -> Json:
    return {"reasoning_content": thinking}


def _reasoning_details(thinking: str) -> Json:
    return {"reasoning": thinking, "reasoning_details": [_detail(text=thinking, signature=SIGNATURE)]}


WIRES: dict[str, Wire] = {
    "deepseek": Wire("deepseek", "deepseek-v4-pro", deepseek_stream, _reasoning_content, _deepseek_usage, _deepseek_id),
    "kimi": Wire("kimi", "kimi-k2.6", kimi_stream, _reasoning_content, _kimi_usage, _kimi_id),
    "openrouter": Wire(
        "openrouter",
        "anthropic/claude-sonnet-5",
        openrouter_stream,
        _reasoning_details,
        _openrouter_usage,
        _openrouter_id,
    ),
}
