"""Scripted vendors for the doctor: right in everything but what a test changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.scripted_server import Answer, Request, json_answer, sse_answer

MODELS = ("deepseek-v4-pro", "deepseek-v4-flash")
KEY = "the-right-key"
Json = dict[str, Any]


@dataclass
class Vendor:
    """A Chat Completions server that is right in everything but what a test changes. It lives below `path`."""

    path: str = "/v1"
    key: str = KEY
    models: tuple[str, ...] = MODELS
    window: int | None = None
    owner: str = "scripted"
    calls_tools: bool = True
    refusals: list[tuple[Callable[[Json], bool], int, str]] = field(default_factory=list)
    """(which requests, status, words)."""

    def __call__(self, request: Request) -> Answer:
        if not request.path.startswith(f"{self.path}/"):
            return Answer([b"<html><title>404 Not Found</title></html>"], 404, {"content-type": "text/html"}, "length")
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return error("Authentication Fails: no such api key", 401)
        rest = request.path.removeprefix(self.path)
        if rest == "/models":
            return json_answer({"object": "list", "data": [self.row(name) for name in self.models]})
        if rest != "/chat/completions":
            return error("Not Found", 404)
        return self.answered(request.json)

    def row(self, name: str) -> Json:
        limits = {"max_model_len": self.window} if self.window else {}
        return {"id": name, "object": "model", "owned_by": self.owner, **limits}

    def answered(self, body: Json) -> Answer:
        for fits, status, words in self.refusals:
            if fits(body):
                return error(words, status)
        if body["model"] not in self.models:
            return error(f"The model `{body['model']}` does not exist", 404)
        if body.get("tools") and self.calls_tools:
            call = {"name": "report_number", "arguments": '{"number": 7}'}
            return message(body, tool_calls=[{"index": 0, "id": "call_1", "type": "function", "function": call}])
        return message(body, content="ok", reasoning_content="so it is")


def error(words: str, status: int) -> Answer:
    return json_answer({"error": {"message": words, "type": "scripted"}}, status)


def message(body: Json, **said: Any) -> Answer:
    """One answer, streamed or whole."""
    said = {"role": "assistant", "content": None, **said}
    reason = "tool_calls" if "tool_calls" in said else "stop"
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    head = {"id": "1", "created": 1, "model": body["model"], "usage": usage}
    if not body.get("stream"):
        return json_answer({**head, "choices": [{"index": 0, "message": said, "finish_reason": reason}]})
    chunk = {**head, "choices": [{"index": 0, "delta": said, "finish_reason": reason}]}
    return sse_answer([chunk, b"data: [DONE]\n\n"])


def ollama(request: Request, pulled: tuple[str, ...], loaded: int = 65_536) -> Answer:
    """An Ollama whose models were made for 131,072 tokens."""
    match request.path:
        case "/api/tags":
            return json_answer({"models": [{"name": name, "details": {"family": "qwen3"}} for name in pulled]})
        case "/api/show":
            facts = {"general.architecture": "qwen3", "qwen3.context_length": 131_072}
            return json_answer({"model_info": facts})
        case "/api/ps":
            return json_answer({"models": [{"name": name, "context_length": loaded} for name in pulled]})
    body = request.json
    if body["model"] not in pulled:
        return json_answer({"error": f"model '{body['model']}' not found"}, 404)
    said: Json = {"role": "assistant", "content": "ok"}
    if body.get("tools"):
        said = {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"function": {"name": "report_number", "arguments": {"number": 7}}}],
        }
    line = {
        "model": body["model"],
        "message": said,
        "done": True,
        "done_reason": "stop",
        "eval_count": 2,
        "prompt_eval_count": 9,
    }
    return Answer([json.dumps(line).encode() + b"\n"], 200, {"content-type": "application/x-ndjson"}, "length")
