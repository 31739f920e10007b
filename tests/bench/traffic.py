"""What goes over the wires in the benchmark: the requests of its workloads and the vendor's answers, all of filler.

W1 a small request, W2 a request of Claude Code with 24 tools, W3 a conversation of 600 turns (`W3x2` of twice as many),
W4 a stream of one chunk a second, W5 a small request that is not streamed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]

RECORDED = Path(__file__).parents[1] / "fixtures" / "requests" / "main_custom_first.json"
#: Bytes of the W2 request; turns and bytes of the W3 one.
W2_BYTES, W3_TURNS, W3_BYTES = 118_000, 600, 1_000_000
CHUNKS = 500
#: Chunks of a W4 stream, one each second.
W4_CHUNKS = 20
WORDS = "The bridge carries what the two sides say and adds nothing of its own to it. "
MODEL = "bench-"
WORKLOADS = ("W1", "W2", "W3", "W3x2", "W4", "W5")


def model(workload: str) -> str:
    """The vendor's model that answers a workload."""
    return MODEL + workload.lower()


def request(workload: str, name: str) -> Json:
    """The Messages request of a workload, for the model of this name."""
    match workload:
        case "W1" | "W4" | "W5":
            small = [{"role": "user", "content": WORDS}]
            return {"model": name, "max_tokens": 1024, "messages": small, "stream": workload != "W5"}
        case "W2":
            return filled(recorded(name), 0, W2_BYTES)
        case "W3" | "W3x2":
            factor = 2 if workload == "W3x2" else 1
            return filled(recorded(name), factor * W3_TURNS, factor * W3_BYTES)
    raise ValueError(workload)


def recorded(name: str) -> Json:
    """A recorded first request of Claude Code: system prompt, 24 tools, one question."""
    body: Json = json.loads(RECORDED.read_text("utf-8"))["body"]
    return {**body, "model": name}


def filled(body: Json, turns: int, size: int) -> Json:
    """The request with `turns` behind its first message, 20 for 0, that bring it to about `size` bytes."""
    pairs = (turns or 20) // 2
    room = max(0, size - len(json.dumps(body)))
    history = [message for number in range(pairs) for message in pair(number, max(200, room // pairs - 300))]
    return {**body, "messages": [*body["messages"], *history]}


def pair(number: int, length: int) -> list[Json]:
    """A call and its result, which has `length` characters."""
    call = {
        "type": "tool_use",
        "id": f"toolu_{number:020}",
        "name": "Read",
        "input": {"file_path": f"/src/{number}.py"},
    }
    lines = "".join(f"{line:6}\t{WORDS}\n" for line in range(length // (len(WORDS) + 8) + 1))
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": lines[:length]}
    return [
        {"role": "assistant", "content": [{"type": "text", "text": f"Now file {number}."}, call]},
        {"role": "user", "content": [result]},
    ]


# -- the vendor's answers


def answer(wire: str, workload: str) -> list[bytes]:
    """The pieces of the vendor's streamed answer as one wire sends them."""
    return list(map(PACKED[wire], SPOKEN[wire](said(workload))))


def said(workload: str) -> Iterator[tuple[str, str]]:
    """(kind, text) of each piece of the answer: 500 of text, or reasoning, text and a call."""
    if workload in ("W1", "W4"):
        yield from (("text", f"word{number} ") for number in range(CHUNKS))
        return
    arguments = json.dumps({"file_path": "/src/a.py", "limit": 10, "offset": 5})
    yield from (("thinking", f"thought{number} ") for number in range(150))
    yield from (("text", f"word{number} ") for number in range(CHUNKS - 150 - len(arguments)))
    yield ("call", "")
    yield from (("arguments", letter) for letter in arguments)


def sse(value: Json) -> bytes:
    """One event."""
    named = f"event: {value['type']}\n" if "type" in value else ""
    return f"{named}data: {compact(value)}\n\n".encode()


def line(value: Json) -> bytes:
    """One line."""
    return compact(value).encode() + b"\n"


def compact(value: Json) -> str:
    """JSON without blanks."""
    return json.dumps(value, separators=(",", ":"))


HEAD = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1_790_000_000, "model": "bench"}
CALL = {"index": 0, "id": "call_bench", "type": "function"}
CHAT_USAGE = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}
CHAT_DELTA: dict[str, Any] = {
    "text": lambda text: {"content": text},
    "thinking": lambda text: {"reasoning_content": text},
    "call": lambda text: {"tool_calls": [{**CALL, "function": {"name": "Read", "arguments": ""}}]},
    "arguments": lambda text: {"tool_calls": [{"index": 0, "function": {"arguments": text}}]},
}


def chat(pieces: Iterator[tuple[str, str]]) -> Iterator[Json | None]:
    """Chat Completions chunks; None is its last word."""
    called = False
    for kind, text in pieces:
        called = called or kind == "call"
        yield {**HEAD, "choices": [{"index": 0, "delta": CHAT_DELTA[kind](text), "finish_reason": None}]}
    yield {**HEAD, "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls" if called else "stop"}]}
    yield {**HEAD, "choices": [], "usage": CHAT_USAGE}
    yield None


def chat_whole() -> bytes:
    """A whole Chat Completions answer."""
    choice = {"index": 0, "message": {"role": "assistant", "content": WORDS}, "finish_reason": "stop"}
    return compact({**HEAD, "object": "chat.completion", "choices": [choice], "usage": CHAT_USAGE}).encode()


def ollama(pieces: Iterator[tuple[str, str]]) -> Iterator[Json]:
    """Lines of Ollama's own API; a call comes whole."""
    names = {"text": "content", "thinking": "thinking"}
    head = {"model": "bench", "created_at": "2026-11-21T00:00:00Z"}
    arguments = ""
    for kind, text in pieces:
        arguments += text if kind == "arguments" else ""
        said = {names[kind]: text} if kind in names else {}
        yield {**head, "message": {"role": "assistant", "content": "", **said}, "done": False}
    if arguments:
        call = {"function": {"name": "Read", "arguments": json.loads(arguments)}}
        yield {**head, "message": {"role": "assistant", "content": "", "tool_calls": [call]}, "done": False}
    counts = {"prompt_eval_count": 1000, "eval_count": 500}
    yield {**head, "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop", **counts}


def gemini(pieces: Iterator[tuple[str, str]]) -> Iterator[Json]:
    """Chunks of Gemini's API; a call comes whole."""
    arguments = ""
    for kind, text in pieces:
        arguments += text if kind == "arguments" else ""
        part: Json = {"text": text, **({"thought": True} if kind == "thinking" else {})}
        yield {"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}]}
    parts = [{"functionCall": {"name": "Read", "args": json.loads(arguments)}}] if arguments else [{"text": ""}]
    counts = {"promptTokenCount": 1000, "candidatesTokenCount": 500, "totalTokenCount": 1500}
    last = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
    yield {"candidates": [last], "usageMetadata": counts}


RESPONSES_ITEM: dict[str, tuple[str, Json]] = {
    "thinking": ("response.reasoning_summary_text.delta", {"type": "reasoning", "summary": []}),
    "text": ("response.output_text.delta", {"type": "message", "role": "assistant", "content": []}),
    "call": (
        "response.function_call_arguments.delta",
        {"type": "function_call", "call_id": "call_bench", "name": "Read", "arguments": ""},
    ),
}


def responses(pieces: Iterator[tuple[str, str]]) -> Iterator[Json]:
    """Events of the Responses API."""
    yield {"type": "response.created", "response": {"id": "resp_bench", "status": "in_progress", "output": []}}
    made: list[Json] = []
    texts: list[str] = []
    for kind, text in pieces:
        event, item = RESPONSES_ITEM["call" if kind == "arguments" else kind]
        if not made or made[-1]["type"] != item["type"]:
            yield from ended(made, texts)
            made.append({"id": f"item_{len(made)}", **item})
            texts.clear()
            yield {"type": "response.output_item.added", "output_index": len(made) - 1, "item": made[-1]}
        texts.append(text)
        where = {"item_id": made[-1]["id"], "output_index": len(made) - 1}
        yield {"type": event, **where, "content_index": 0, "summary_index": 0, "delta": text}
    yield from ended(made, texts)
    usage = {"input_tokens": 1000, "output_tokens": 500, "total_tokens": 1500}
    done = {"id": "resp_bench", "status": "completed", "output": made, "usage": usage}
    yield {"type": "response.completed", "response": done}


def ended(made: list[Json], texts: list[str]) -> Iterator[Json]:
    """The end of the last item."""
    if not made:
        return
    text, item = "".join(texts), made[-1]
    filled = {
        "reasoning": {"summary": [{"type": "summary_text", "text": text}]},
        "message": {"content": [{"type": "output_text", "text": text, "annotations": []}]},
        "function_call": {"arguments": text},
    }[item["type"]]
    made[-1] = {**item, **filled, "status": "completed"}
    yield {"type": "response.output_item.done", "output_index": len(made) - 1, "item": made[-1]}


SPOKEN: dict[str, Any] = {"chat": chat, "ollama": ollama, "gemini": gemini, "responses": responses}
PACKED: dict[str, Any] = {
    "chat": lambda value: b"data: [DONE]\n\n" if value is None else sse(value),
    "ollama": line,
    "gemini": sse,
    "responses": sse,
}
