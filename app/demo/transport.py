"""The demo vendor: a transport adapter for `demo://` that answers Chat Completions requests inside the process.

What the last user message may hold:

* `demo:tool NAME {json}` calls that tool with those arguments, if it is offered; several such lines make several calls.
* `demo:error STATUS` refuses with that HTTP status, 400 to 599.
* `demo:slow` pauses between the pieces of a streamed answer.
* `demo:break` ends a streamed answer in the middle, as a vendor does that breaks.

Anything else is answered with a text that says what this is and which variables reach a real model. After the result
of a tool the demo says what it got.
"""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse

from app.demo.answers import Answer, answer, refusal

Json = dict[str, Any]

PAUSE_SECONDS = 0.3
WORDS_A_PIECE = 4


class DemoAdapter(BaseAdapter):
    """Answers what is sent to `demo://`, streamed or whole."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """The answer to a Chat Completions request; its body is unread."""
        body = json.loads(request.body or b"{}")
        if refused := refusal(body):
            return respond(request, refused.status, "application/json", iter([encoded(refused.body)]))
        said = answer(body)
        if body.get("stream"):
            return respond(request, 200, "text/event-stream", events(body, said))
        return respond(request, 200, "application/json", iter([encoded(whole(body, said))]))

    def close(self) -> None:
        """Nothing is held."""


class Pieces(io.RawIOBase):
    """A body whose every read gives the next piece."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._rest = self._rest or next(self._pieces, b"")
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def respond(
    request: requests.PreparedRequest, status: int, content_type: str, pieces: Iterator[bytes]
) -> requests.Response:
    """A requests answer whose `raw` gives the pieces one by one."""
    headers = {"content-type": content_type, "x-demo": "rialto"}
    response = requests.Response()
    response.status_code = status
    response.headers = CaseInsensitiveDict(headers)
    response.raw = HTTPResponse(
        body=io.BufferedReader(Pieces(pieces)), headers=headers, status=status, preload_content=False
    )
    response.url = request.url or ""
    response.request = request
    return response


def events(body: Json, said: Answer) -> Iterator[bytes]:
    """The streamed answer as server-sent events."""
    for number, data in enumerate(chunks(body, said)):
        if said.broken and number > 3:
            return
        if said.slow and number:
            time.sleep(PAUSE_SECONDS)
        yield b"data: " + encoded(data) + b"\n\n"
    yield b"data: [DONE]\n\n"


def chunks(body: Json, said: Answer) -> Iterator[Json]:
    """The streamed answer as objects: reasoning, text, calls, the end, the usage."""
    yield chunk(body, {"role": "assistant", "content": ""})
    for piece in pieces(said.reasoning):
        yield chunk(body, {"reasoning_content": piece})
    for piece in pieces(said.text):
        yield chunk(body, {"content": piece})
    for index, call in enumerate(said.calls):
        yield chunk(body, {"tool_calls": [{"index": index, **tool_call(call, index, "")}]})
        for piece in re.findall(r"(?s).{1,24}", call.arguments):
            yield chunk(body, {"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield chunk(body, {}, said.finish)
    if (body.get("stream_options") or {}).get("include_usage"):
        yield {**chunk(body, {}), "choices": [], "usage": usage(body, said)}


def chunk(body: Mapping[str, Any], delta: Json, finish: str | None = None) -> Json:
    """One streamed object."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {**head(body, "chat.completion.chunk"), "choices": [choice]}


def whole(body: Mapping[str, Any], said: Answer) -> Json:
    """The complete answer as one object."""
    message: Json = {"role": "assistant", "content": said.text or None}
    if said.reasoning:
        message["reasoning_content"] = said.reasoning
    if said.calls:
        message["tool_calls"] = [tool_call(call, index, call.arguments) for index, call in enumerate(said.calls)]
    choice = {"index": 0, "message": message, "finish_reason": said.finish}
    return {**head(body, "chat.completion"), "choices": [choice], "usage": usage(body, said)}


def head(body: Mapping[str, Any], kind: str) -> Json:
    """What every object of an answer begins with."""
    return {"id": "chatcmpl-demo", "object": kind, "created": int(time.time()), "model": body.get("model")}


def tool_call(call: Any, index: int, arguments: str) -> Json:
    """A call as the wire has it."""
    return {"id": f"call_{index}", "type": "function", "function": {"name": call.name, "arguments": arguments}}


def usage(body: Mapping[str, Any], said: Answer) -> Json:
    """Token counts: four characters of the request are one, and every word of the answer."""
    prompt = len(json.dumps([body.get("messages"), body.get("tools")])) // 4
    thought = len(said.reasoning.split())
    spoken = thought + len(said.text.split()) + sum(len(call.arguments) // 4 + 1 for call in said.calls)
    details = {"reasoning_tokens": thought}
    return {
        "prompt_tokens": prompt,
        "completion_tokens": spoken,
        "total_tokens": prompt + spoken,
        "completion_tokens_details": details,
    }


def pieces(text: str) -> list[str]:
    """The text in pieces of a few words."""
    words = re.findall(r"\s*\S+\s*", text)
    return ["".join(words[start : start + WORDS_A_PIECE]) for start in range(0, len(words), WORDS_A_PIECE)]


def encoded(data: Any) -> bytes:
    """JSON bytes."""
    return json.dumps(data, ensure_ascii=False).encode()
