"""A vendor on loopback that holds hundreds of streams open until a test says go."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
#: Seconds that a held stream waits.
PATIENCE = 60.0
USAGE = {"prompt_tokens": 90, "completion_tokens": 10}
#: Characters from which a question counts as many tokens.
LONG, LONG_TOKENS = 1000, 2000
#: A rule says no: (status, retry-after) for a key and a body; None lets the request pass.
Rule = Callable[[str, Json], tuple[int, str, str] | None]


def content(request: Json) -> str:
    """The last words of a request."""
    words = request["messages"][-1]["content"]
    return words if isinstance(words, str) else words[-1]["text"]


class Vendor(ThreadingHTTPServer):
    """Answers Chat Completions. A stream whose question is `hold` says one word, waits for `go` and ends; `mute` waits
    before the first one. `asked` are (key, body) of all requests.
    """

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.go = threading.Event()
        self.rule: Rule = lambda key, body: None
        self.asked: list[tuple[str, Json]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Vendor:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Peers that leave are what this is about."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Vendor

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        key = self.headers.get("authorization", "").removeprefix("Bearer ")
        self.server.asked.append((key, body))
        if refusal := self.server.rule(key, body):
            status, words, wait = refusal
            self.whole({"error": {"message": words}}, status, {"retry-after": wait} if wait else {})
        elif body.get("stream"):
            self.stream(content(body))
        else:
            choice = {"index": 0, "message": {"content": "word"}, "finish_reason": "stop"}
            long = {"prompt_tokens": LONG_TOKENS} if len(content(body)) > LONG else {}
            self.whole({"choices": [choice], "usage": {**USAGE, **long}})

    def whole(self, body: Json, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        fields = {"content-type": "application/json", "content-length": str(len(data)), **(headers or {})}
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def stream(self, question: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        if question == "mute":
            self.server.go.wait(PATIENCE)
        self.say({"delta": {"content": "one"}, "finish_reason": None})
        if question == "hold":
            self.server.go.wait(PATIENCE)
        self.say({"delta": {"content": " two"}, "finish_reason": None})
        self.say({"delta": {}, "finish_reason": "stop"}, usage=USAGE)
        self.wfile.write(b"data: [DONE]\n\n")

    def say(self, choice: Json, **more: Any) -> None:
        self.wfile.write(b"data: " + json.dumps({"choices": [{"index": 0, **choice}], **more}).encode() + b"\n\n")
