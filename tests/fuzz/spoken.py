"""How each vendor puts an answer on its wire: streamed, and in one piece.

The shapes are the vendors'; sources are named in `tests/support/native_wires.py` and `tests/support/vendor_bytes.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.fuzz.answers import Answer, Item

Json = dict[str, Any]


@dataclass(frozen=True)
class Wire:
    """How a vendor says it. `frames` ends with what says that the answer is complete, `behind` may follow it."""

    frames: Callable[[Answer], list[bytes]]
    whole: Callable[[Answer], Json]
    behind: bytes = b""

    def stream(self, answer: Answer) -> bytes:
        """The streamed bytes."""
        return b"".join(self.frames(answer)) + self.behind

    def needed(self, answer: Answer) -> int:
        """The bytes without which the answer is not complete."""
        return len(b"".join(self.frames(answer)).rstrip())


def dumped(value: Any) -> bytes:
    """JSON bytes, in UTF-8 where that can hold them."""
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value).encode()


def event(value: Json) -> bytes:
    """One event, named by its type when it has one."""
    name = f"event: {value['type']}\n".encode() if "type" in value else b""
    return name + b"data: " + dumped(value) + b"\n\n"


def bare(value: Any) -> bytes:
    """An event whose data may be anything."""
    return b"data: " + dumped(value) + b"\n\n"


def line(value: Any) -> bytes:
    """One JSON line."""
    return dumped(value) + b"\n"


# -- Chat Completions

USAGE: Json = {"prompt_tokens": 90, "completion_tokens": 9, "total_tokens": 99}


def chat_reason(answer: Answer) -> str:
    """Why it ends."""
    return "length" if answer.cut else "tool_calls" if answer.calls_made else "stop"


def chat_deltas(answer: Answer) -> Iterator[Json]:
    """What the chunks say."""
    index = 0
    for item in answer.items:
        if item.kind == "call":
            head = {"index": index, "id": item.id, "type": "function", "function": {"name": item.name, "arguments": ""}}
            yield {"tool_calls": [head]}
            for piece in item.pieces:
                yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
            index += 1
        for piece in item.pieces if item.kind != "call" else ():
            yield {"content" if item.kind == "text" else "reasoning_content": piece}


def chat_frames(answer: Answer) -> list[bytes]:
    """Chunks, the last with the reason and the counts."""
    said = [event({"choices": [{"index": 0, "delta": delta}]}) for delta in chat_deltas(answer)]
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": chat_reason(answer)}], "usage": USAGE}
    return [*said, event(end)]


def chat_whole(answer: Answer) -> Json:
    """The completion."""
    made = [
        {"id": item.id, "type": "function", "function": {"name": item.name, "arguments": item.whole}}
        for item in answer.items
        if item.kind == "call"
    ]
    message = {"role": "assistant", "content": answer.text("text"), "reasoning_content": answer.text("thinking")}
    choice = {"index": 0, "message": {**message, "tool_calls": made}, "finish_reason": chat_reason(answer)}
    return {"choices": [choice], "usage": USAGE}


# -- Responses

COUNTS: Json = {"input_tokens": 90, "output_tokens": 9, "total_tokens": 99}


def response_item(item: Item, index: int) -> Json:
    """A finished item."""
    match item.kind:
        case "text":
            part = {"type": "output_text", "text": item.whole, "annotations": []}
            return {"id": f"msg_{index}", "type": "message", "role": "assistant", "content": [part]}
        case "thinking":
            summary = [{"type": "summary_text", "text": item.whole}]
            return {"id": f"rs_{index}", "type": "reasoning", "summary": summary, "encrypted_content": "gAAA"}
        case _:
            head = {"id": f"fc_{index}", "type": "function_call", "call_id": item.id, "name": item.name}
            return {**head, "arguments": item.whole}


KINDS = {
    "text": "response.output_text.delta",
    "thinking": "response.reasoning_summary_text.delta",
    "call": "response.function_call_arguments.delta",
}
EMPTY: dict[str, Json] = {"text": {"content": []}, "thinking": {"summary": []}, "call": {"arguments": ""}}


def response_whole(answer: Answer) -> Json:
    """The response."""
    output = [response_item(item, index) for index, item in enumerate(answer.items)]
    cut = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    end = cut if answer.cut else {"status": "completed"}
    return {"id": "resp_1", "object": "response", "error": None, **end, "output": output, "usage": COUNTS}


def response_frames(answer: Answer) -> list[bytes]:
    """Events."""
    done = response_whole(answer)
    made = [event({"type": "response.created", "response": {**done, "status": "in_progress", "output": []}})]
    for index, item in enumerate(answer.items):
        place: Json = {"output_index": index}
        finished = done["output"][index]
        made.append(event({"type": "response.output_item.added", **place, "item": {**finished, **EMPTY[item.kind]}}))
        part = {"summary_index": 0} if item.kind == "thinking" else {"content_index": 0}
        made += [event({"type": KINDS[item.kind], **place, **part, "delta": piece}) for piece in item.pieces]
        made.append(event({"type": "response.output_item.done", **place, "item": finished}))
    kind = "response.incomplete" if answer.cut else "response.completed"
    return [*made, event({"type": kind, "response": done})]


# -- Gemini

GEMINI_USAGE: Json = {"promptTokenCount": 90, "candidatesTokenCount": 5, "thoughtsTokenCount": 4}


def gemini_parts(item: Item) -> Iterator[Json]:
    """The parts of an item; a call comes whole."""
    if item.kind == "call":
        yield {"functionCall": {"id": item.id, "name": item.name, "args": loaded(item)}, "thoughtSignature": "AbC="}
        return
    for piece in item.pieces:
        yield {"text": piece, **({"thought": True} if item.kind == "thinking" else {})}


def loaded(item: Item) -> Any:
    """The arguments as a value; what is no JSON as it is."""
    try:
        return json.loads(item.whole)
    except ValueError:
        return item.whole


def gemini_chunk(parts: list[Json], **candidate: Any) -> Json:
    """One object of a stream."""
    made = {"content": {"parts": parts, "role": "model"}, "index": 0, **candidate}
    return {"candidates": [made], "usageMetadata": GEMINI_USAGE}


def gemini_reason(answer: Answer) -> str:
    """Why it ends."""
    return "MAX_TOKENS" if answer.cut else "STOP"


def gemini_frames(answer: Answer) -> list[bytes]:
    """A chunk for each part, and the end."""
    said = [event(gemini_chunk([part])) for item in answer.items for part in gemini_parts(item)]
    return [*said, event(gemini_chunk([{"text": ""}], finishReason=gemini_reason(answer)))]


def gemini_whole(answer: Answer) -> Json:
    """All parts at once."""
    return gemini_chunk(
        [part for item in answer.items for part in gemini_parts(item)], finishReason=gemini_reason(answer)
    )


# -- Ollama


def ollama_said(item: Item) -> Iterator[Json]:
    """What the lines of an item say."""
    if item.kind == "call":
        yield {"tool_calls": [{"id": item.id, "function": {"name": item.name, "arguments": loaded(item)}}]}
        return
    for piece in item.pieces:
        yield {"content": piece} if item.kind == "text" else {"content": "", "thinking": piece}


def ollama_line(said: Json, **more: Any) -> Json:
    """One object."""
    return {"model": "m", "message": {"role": "assistant", "content": "", **said}, "done": False, **more}


def ollama_end(said: Json, answer: Answer) -> Json:
    """The last object."""
    counts = {"prompt_eval_count": 90, "eval_count": 9}
    return ollama_line(said, **counts, done=True, done_reason="length" if answer.cut else "stop")


def ollama_frames(answer: Answer) -> list[bytes]:
    """Lines."""
    said = [line(ollama_line(one)) for item in answer.items for one in ollama_said(item)]
    return [*said, line(ollama_end({}, answer))]


def ollama_whole(answer: Answer) -> Json:
    """One object with everything."""
    made = [
        one for item in answer.items if item.kind == "call" for said in ollama_said(item) for one in said["tool_calls"]
    ]
    said = {"content": answer.text("text"), "thinking": answer.text("thinking"), "tool_calls": made}
    return ollama_end(said, answer)


# -- Anthropic


def anthropic_block(item: Item) -> tuple[Json, list[Json]]:
    """A block as it opens, and its deltas."""
    match item.kind:
        case "text":
            return {"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in item.pieces]
        case "thinking":
            said = [{"type": "thinking_delta", "thinking": piece} for piece in item.pieces]
            sealed = {"type": "signature_delta", "signature": "EqQBCkYIBRgCIkBh"}
            return {"type": "thinking", "thinking": "", "signature": ""}, [*said, sealed]
        case _:
            opening = {"type": "tool_use", "id": item.id, "name": item.name, "input": {}}
            return opening, [{"type": "input_json_delta", "partial_json": piece} for piece in item.pieces]


def anthropic_filled(item: Item) -> Json:
    """A finished block."""
    match item.kind:
        case "text":
            return {"type": "text", "text": item.whole}
        case "thinking":
            return {"type": "thinking", "thinking": item.whole, "signature": "EqQBCkYIBRgCIkBh"}
        case _:
            return {"type": "tool_use", "id": item.id, "name": item.name, "input": loaded(item)}


def anthropic_whole(answer: Answer) -> Json:
    """The message."""
    content = [anthropic_filled(item) for item in answer.items]
    reason = "max_tokens" if answer.cut else "tool_use" if answer.calls_made else "end_turn"
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content}
    usage = {"input_tokens": 90, "output_tokens": 9}
    return {**head, "stop_reason": reason, "stop_sequence": None, "usage": usage}


def anthropic_frames(answer: Answer) -> list[bytes]:
    """Events."""
    whole = anthropic_whole(answer)
    made = [event({"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}})]
    for index, item in enumerate(answer.items):
        opening, deltas = anthropic_block(item)
        made.append(event({"type": "content_block_start", "index": index, "content_block": opening}))
        made += [event({"type": "content_block_delta", "index": index, "delta": delta}) for delta in deltas]
        made.append(event({"type": "content_block_stop", "index": index}))
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    made.append(event({"type": "message_delta", "delta": delta, "usage": whole["usage"]}))
    return [*made, event({"type": "message_stop"})]


ANSWER_WIRES: dict[str, Wire] = {
    "openai_chat": Wire(chat_frames, chat_whole, b"data: [DONE]\n\n"),
    "openai_responses": Wire(response_frames, response_whole),
    "gemini": Wire(gemini_frames, gemini_whole),
    "ollama_chat": Wire(ollama_frames, ollama_whole),
    "anthropic_messages": Wire(anthropic_frames, anthropic_whole),
}
