"""One turn of a model in the wire form of Gemini, OpenAI Responses, Ollama and Anthropic, streamed and whole.

What a vendor wants back is sealed with the thinking itself: `seal(thinking)` stands for a signature or for encrypted
reasoning, so that a test knows where each of them belongs. The shapes are the vendors'; the content is made up.
Sources: https://ai.google.dev/api/generate-content, https://developers.openai.com/api/reference/responses,
https://docs.ollama.com/api/chat, https://platform.claude.com/docs/en/build-with-claude/streaming (read 2026-11-21).
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.scripted_server import Answer, Request, json_answer
from tests.support.vendor_bytes import CREATED, Call, Json, Turn, Wire, halves

SSE = "text/event-stream"
NDJSON = "application/x-ndjson"


@dataclass(frozen=True)
class NativeWire(Wire):
    """A vendor with an API of its own."""

    message: Callable[[Turn, int], Json]
    """The complete answer."""
    path: str
    """Where the stream is asked for, without the query."""
    media: str = SSE

    def answer(self, turn: Turn, number: int, request: Request, **options: Any) -> Answer:
        """The turn as the request wants it; Gemini says in the address that it streams."""
        if request.json.get("stream") or ":streamGenerateContent" in request.path:
            return Answer(self.stream(turn, number), headers={"content-type": self.media}, **options)
        return json_answer(self.message(turn, number))

    def whole(self, turn: Turn, number: int) -> Json:
        """The complete answer."""
        return self.message(turn, number)


def native_environment(url: str) -> dict[str, str]:
    """What sends all four to `url`. Without OPENAI_API an address that is not OpenAI's own stays on Chat."""
    return {
        "GEMINI_API_KEY": "gemini-upstream-key",
        "GEMINI_BASE_URL": f"{url}/gemini/v1beta",
        "OPENAI_API_KEY": "openai-upstream-key",
        "OPENAI_BASE_URL": f"{url}/openai/v1",
        "OPENAI_API": "responses",
        "OLLAMA_HOST": f"{url}/ollama",
        "ANTHROPIC_API_KEY": "anthropic-upstream-key",
        "ANTHROPIC_API_BASE": f"{url}/anthropic",
    }


def seal(thinking: str) -> str:
    """The vendor's opaque state for this thinking, with the characters that must not be changed on the way."""
    return base64.b64encode(b"\xfb\xff\xfe" + thinking.encode()).decode()


def line(data: Json) -> bytes:
    """One event of data alone."""
    return b"data: " + packed(data) + b"\n\n"


def event(data: Json) -> bytes:
    """One event with its name."""
    return f"event: {data['type']}\n".encode() + line(data)


def packed(data: Json) -> bytes:
    """JSON without spaces."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


# -- Gemini: parts; a signature on the first call of a turn, or on an empty text behind the answer


def _gemini_id(call: Call, place: int, number: int) -> str:
    return call.id or f"g{number}c{place}"


def _gemini_usage() -> Json:
    counts = {"promptTokenCount": 900, "candidatesTokenCount": 20, "thoughtsTokenCount": 11, "totalTokenCount": 931}
    return {**counts, "cachedContentTokenCount": 800}


def _gemini_fields(thinking: str) -> Json:
    return {"thoughtSignature": seal(thinking)}


def _gemini_parts(turn: Turn, number: int) -> Iterator[Json]:
    mark = _gemini_fields(turn.thinking) if turn.thinking else {}
    for piece in halves(turn.thinking):
        yield {"text": piece, "thought": True}
    for piece in halves(turn.text):
        yield {"text": piece}
    for place, call in enumerate(turn.calls):
        made = {"id": _gemini_id(call, place, number), "name": call.name, "args": call.arguments}
        yield {"functionCall": made, **(mark if place == 0 else {})}
    if mark and not turn.calls:
        yield {"text": "", **mark}


def _gemini_chunk(number: int, *parts: Json, **candidate: Any) -> Json:
    content = {"content": {"parts": list(parts), "role": "model"}} if parts else {}
    head = {"modelVersion": "gemini-3.1-pro-preview", "responseId": f"resp{number}"}
    return {"candidates": [{**content, **candidate, "index": 0}], "usageMetadata": _gemini_usage(), **head}


def gemini_stream(turn: Turn, number: int) -> Iterator[bytes]:
    """A chunk for each part, the finish reason on one of its own."""
    for part in _gemini_parts(turn, number):
        yield line(_gemini_chunk(number, part))
    yield line(_gemini_chunk(number, {"text": ""}, finishReason="STOP"))


def gemini_message(turn: Turn, number: int) -> Json:
    """All parts at once."""
    return _gemini_chunk(number, *_gemini_parts(turn, number), finishReason="STOP")


# -- Responses: items; the reasoning is encrypted only in the event that ends its item


def _responses_id(call: Call, place: int, number: int) -> str:
    return call.id or f"call_r{number}n{place}"


def _responses_usage() -> Json:
    details = {"input_tokens_details": {"cached_tokens": 800}, "output_tokens_details": {"reasoning_tokens": 11}}
    return {"input_tokens": 900, "output_tokens": 31, "total_tokens": 931, **details}


def _responses_fields(thinking: str) -> Json:
    summary = [{"type": "summary_text", "text": thinking}]
    number = f"rs_{zlib.crc32(thinking.encode()):08x}"
    return {"reasoning": [{"id": number, "type": "reasoning", "summary": summary, "encrypted_content": seal(thinking)}]}


def _responses_items(turn: Turn, number: int) -> list[Json]:
    items: list[Json] = _responses_fields(turn.thinking)["reasoning"] if turn.thinking else []
    if turn.text:
        part = {"type": "output_text", "text": turn.text, "annotations": []}
        head = {"id": f"msg_{number}", "type": "message", "status": "completed", "role": "assistant"}
        items.append({**head, "content": [part]})
    for place, call in enumerate(turn.calls):
        head = {"id": f"fc_{number}{place}", "type": "function_call", "status": "completed"}
        said = {"call_id": _responses_id(call, place, number), "name": call.name}
        items.append({**head, **said, "arguments": json.dumps(call.arguments)})
    return items


def responses_message(turn: Turn, number: int) -> Json:
    """The response object."""
    head = {"id": f"resp_{number}", "object": "response", "created_at": CREATED, "model": "gpt-5.6"}
    end = {"status": "completed", "error": None, "incomplete_details": None, "usage": _responses_usage()}
    return {**head, **end, "output": _responses_items(turn, number)}


def responses_stream(turn: Turn, number: int) -> Iterator[bytes]:
    """The events of all items between the two of the response."""
    done = responses_message(turn, number)
    opening = {**done, "status": "in_progress", "output": [], "usage": None}
    yield event({"type": "response.created", "response": opening})
    for index, item in enumerate(done["output"]):
        place = {"output_index": index, "item_id": item["id"]}
        yield event({"type": "response.output_item.added", "output_index": index, "item": _responses_opening(item)})
        for kind, delta in _responses_deltas(item):
            yield event({"type": kind, **place, **delta})
        yield event({"type": "response.output_item.done", "output_index": index, "item": item})
    yield event({"type": "response.completed", "response": done})


#: Item type -> its fields before anything was said.
OPENINGS: dict[str, Json] = {
    "reasoning": {"summary": [], "encrypted_content": ""},
    "message": {"content": [], "status": "in_progress"},
    "function_call": {"arguments": "", "status": "in_progress"},
}


def _responses_opening(item: Json) -> Json:
    return {**item, **OPENINGS[item["type"]]}


def _responses_deltas(item: Json) -> Iterator[tuple[str, Json]]:
    match item["type"]:
        case "reasoning":
            for piece in halves(item["summary"][0]["text"]):
                yield "response.reasoning_summary_text.delta", {"summary_index": 0, "delta": piece}
        case "message":
            for piece in halves(item["content"][0]["text"]):
                yield "response.output_text.delta", {"content_index": 0, "delta": piece}
        case _:
            for piece in halves(item["arguments"]):
                yield "response.function_call_arguments.delta", {"delta": piece}
            yield "response.function_call_arguments.done", {"arguments": item["arguments"]}


# -- Ollama: JSON lines; thinking is text and comes back as text, calls come whole, the counts with the last line


def _ollama_id(call: Call, place: int, number: int) -> str:
    return call.id or f"call_o{number}{place}abcde"


def _ollama_usage() -> Json:
    return {"prompt_eval_count": 900, "eval_count": 31}


def _ollama_fields(thinking: str) -> Json:
    return {"thinking": thinking}


def _ollama_calls(turn: Turn, number: int) -> Json:
    made = [
        {
            "id": _ollama_id(call, place, number),
            "function": {"index": place, "name": call.name, "arguments": call.arguments},
        }
        for place, call in enumerate(turn.calls)
    ]
    return {"tool_calls": made} if made else {}


def _ollama_line(said: Json, **more: Any) -> Json:
    message = {"role": "assistant", "content": "", **said}
    return {"model": "qwen3.5:9b", "created_at": "2026-11-21T10:00:00Z", "message": message, "done": False, **more}


def _ollama_end(said: Json) -> Json:
    return _ollama_line(said, done=True, done_reason="stop", total_duration=5_191_566_416, **_ollama_usage())


def ollama_stream(turn: Turn, number: int) -> Iterator[bytes]:
    """Lines of thinking, of text, one of calls, the last one."""
    said = [_ollama_fields(piece) for piece in halves(turn.thinking)]
    said += [{"content": piece} for piece in halves(turn.text)]
    said += [_ollama_calls(turn, number)] if turn.calls else []
    for made in (*map(_ollama_line, said), _ollama_end({})):
        yield packed(made) + b"\n"


def ollama_message(turn: Turn, number: int) -> Json:
    """One last line with everything."""
    thinking = _ollama_fields(turn.thinking) if turn.thinking else {}
    return _ollama_end({"content": turn.text, **thinking, **_ollama_calls(turn, number)})


# -- Anthropic: blocks; a thinking block ends with its signature


def _anthropic_id(call: Call, place: int, number: int) -> str:
    return call.id or f"toolu_01A{number:02}{place}"


def _anthropic_usage() -> Json:
    cache = {"cache_creation_input_tokens": 60, "cache_read_input_tokens": 800}
    return {"input_tokens": 40, **cache, "output_tokens": 31, "service_tier": "standard"}


def _anthropic_fields(thinking: str) -> Json:
    return {"type": "thinking", "thinking": thinking, "signature": seal(thinking)}


def anthropic_message(turn: Turn, number: int) -> Json:
    """The message with its blocks."""
    content: list[Json] = [_anthropic_fields(turn.thinking)] if turn.thinking else []
    content += [{"type": "text", "text": turn.text}] if turn.text else []
    for place, call in enumerate(turn.calls):
        made = {"id": _anthropic_id(call, place, number), "name": call.name, "input": call.arguments}
        content.append({"type": "tool_use", **made})
    head = {"id": f"msg_01{number}", "type": "message", "role": "assistant", "model": "claude-sonnet-5"}
    end = {"stop_reason": "tool_use" if turn.calls else "end_turn", "stop_sequence": None}
    return {**head, "content": content, **end, "usage": _anthropic_usage()}


def anthropic_stream(turn: Turn, number: int) -> Iterator[bytes]:
    """The message's events; a ping among them."""
    message = anthropic_message(turn, number)
    end = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield event({"type": "message_start", "message": {**message, "content": [], "stop_reason": None}})
    yield event({"type": "ping"})
    for index, block in enumerate(message["content"]):
        opening, deltas = _anthropic_block(block)
        yield event({"type": "content_block_start", "index": index, "content_block": opening})
        for delta in deltas:
            yield event({"type": "content_block_delta", "index": index, "delta": delta})
        yield event({"type": "content_block_stop", "index": index})
    yield event({"type": "message_delta", "delta": end, "usage": message["usage"]})
    yield event({"type": "message_stop"})


def _anthropic_block(block: Json) -> tuple[Json, list[Json]]:
    match block["type"]:
        case "thinking":
            said = [{"type": "thinking_delta", "thinking": piece} for piece in halves(block["thinking"])]
            sealed = {"type": "signature_delta", "signature": block["signature"]}
            return {**block, "thinking": "", "signature": ""}, [*said, sealed]
        case "text":
            return {**block, "text": ""}, [{"type": "text_delta", "text": piece} for piece in halves(block["text"])]
        case _:
            given = halves(json.dumps(block["input"]))
            return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in given]


NATIVE_WIRES: dict[str, NativeWire] = {
    wire.name: wire
    for wire in (
        NativeWire(
            *("gemini", "gemini-3.1-pro-preview", gemini_stream, _gemini_fields, _gemini_usage, _gemini_id),
            message=gemini_message,
            path="/gemini/v1beta/models/gemini-3.1-pro-preview:streamGenerateContent",
        ),
        NativeWire(
            *("openai", "gpt-5.6", responses_stream, _responses_fields, _responses_usage, _responses_id),
            message=responses_message,
            path="/openai/v1/responses",
        ),
        NativeWire(
            *("ollama", "qwen3.5:9b", ollama_stream, _ollama_fields, _ollama_usage, _ollama_id),
            message=ollama_message,
            path="/ollama/api/chat",
            media=NDJSON,
        ),
        NativeWire(
            *("anthropic", "claude-sonnet-5", anthropic_stream, _anthropic_fields, _anthropic_usage, _anthropic_id),
            message=anthropic_message,
            path="/anthropic/v1/messages",
        ),
    )
}
