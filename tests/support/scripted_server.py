"""A vendor on loopback that says exactly what a test tells it to, byte by byte.

A script is a list of answers, used one per request, or a function `Request -> Answer`. An answer is a list of pieces:
bytes are sent at once; a `threading.Event` holds the rest back until it is set (so that a test says "go on" when the
client has confirmed what came before); `CUT` closes the connection without ending the framing. Nothing here sleeps to
give somebody time.
"""

from __future__ import annotations

import json
import select
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

#: Seconds a gate may stay shut before the connection is given up.
GATE_DEADLINE = 20.0

CUT = object()
"""Close the connection here."""

Framing = Literal["chunked", "length", "close"]


@dataclass
class Answer:
    """One HTTP answer. `gzip` compresses the body and flushes after every piece."""

    pieces: Iterable[Any] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    framing: Framing = "chunked"
    gzip: bool = False


@dataclass
class Request:
    """One request as it arrived; `at` is `time.monotonic()`. `json` is None when the body is none."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    json: Any
    at: float
    peer_closed: threading.Event = field(default_factory=threading.Event)
    stalled: bool = False
    """A gate was not opened in time."""


Script = list[Answer] | Callable[[Request], Answer]


def sse_answer(chunks: Iterable[Any], **options: Any) -> Answer:
    """A `text/event-stream` answer; a chunk that is a dict becomes one `data:` line."""
    return Answer([sse_piece(chunk) for chunk in chunks], headers={"content-type": "text/event-stream"}, **options)


def sse_piece(chunk: Any) -> Any:
    """The wire form of a dict; anything else unchanged."""
    if not isinstance(chunk, dict):
        return chunk
    return b"data: " + json.dumps(chunk, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


def json_answer(body: Any, status: int = 200, **headers: str) -> Answer:
    """A complete JSON answer."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer([json.dumps(body).encode()], status, {"content-type": "application/json", **names}, "length")


class ScriptedServer:
    """Plays `script` to everyone who asks and keeps what they asked. Use as a context manager."""

    def __init__(self, script: Script | None = None) -> None:
        self.script: Script = script if script is not None else []
        self.requests: list[Request] = []
        self.changed = threading.Condition()
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.owner = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> ScriptedServer:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.server.hang_up()

    def play(self, script: Script) -> None:
        """Take another script and forget the requests so far."""
        with self.changed:
            self.script = script
            self.requests = []

    @property
    def bodies(self) -> list[Any]:
        """The JSON bodies of the POST requests, in order."""
        return [request.json for request in self.requests if request.method == "POST"]

    def wait_for(self, count: int, deadline: float = 10.0) -> list[Request]:
        """The requests, as soon as there are `count` of them."""
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.requests) >= count, deadline):
                raise AssertionError(f"{len(self.requests)} of {count} requests came within {deadline} s")
            return list(self.requests)

    def answer(self, request: Request) -> Answer:
        """Records the request and chooses its answer."""
        with self.changed:
            self.requests.append(request)
            self.changed.notify_all()
            if callable(self.script):
                return self.script(request)
            if self.script:
                return self.script.pop(0)
        return json_answer({"error": {"message": "the script has no further answer", "type": "script_ended"}}, 400)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    owner: ScriptedServer

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.peers = set[socket.socket]()

    def hang_up(self) -> None:
        """Ends the connections that clients keep: the thread of each would hold a test's whole world until the end."""
        for peer in list(self.peers):
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.peers.add(self.connection)

    def finish(self) -> None:
        self.server.peers.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: object) -> None:
        """Silence: pytest shows what failed."""

    def do_POST(self) -> None:
        request = self.read_request()
        try:
            answer = self.server.owner.answer(request)
        except Exception as problem:
            answer = json_answer({"error": {"message": f"the script failed: {problem!r}", "type": "script"}}, 400)
        try:
            self.send_head(answer)
            self.send_pieces(request, answer)
        except OSError:
            request.peer_closed.set()
            self.close_connection = True

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST

    def read_request(self) -> Request:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, self.path, headers, body, _parsed(body), time.monotonic())

    def send_head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.gzip:
            self.send_header("content-encoding", "gzip")
        match answer.framing:
            case "chunked":
                self.send_header("transfer-encoding", "chunked")
            case "length":
                self.send_header("content-length", str(sum(len(piece) for piece in _encoded(answer))))
            case "close":
                self.send_header("connection", "close")
        self.end_headers()

    def send_pieces(self, request: Request, answer: Answer) -> None:
        if self.command == "HEAD":
            return
        for piece in _encoded(answer):
            if piece is CUT or (isinstance(piece, threading.Event) and not self.passes(piece, request)):
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            if isinstance(piece, bytes):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if answer.framing == "chunked" else piece)
                self.wfile.flush()
        if answer.framing == "chunked":
            self.wfile.write(b"0\r\n\r\n")

    def passes(self, gate: threading.Event, request: Request) -> bool:
        """Whether the gate was opened in time and with the peer still there."""
        end = time.monotonic() + GATE_DEADLINE
        while not gate.wait(0.01):
            if _gone(self.connection):
                request.peer_closed.set()
                return False
            if time.monotonic() > end:
                request.stalled = True
                return False
        return True


def _encoded(answer: Answer) -> Iterable[Any]:
    """The pieces as they go over the wire, empty ones left out."""
    if not answer.gzip:
        yield from (piece for piece in answer.pieces if piece != b"")
        return
    packer = zlib.compressobj(wbits=31)
    for piece in answer.pieces:
        yield packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH) if isinstance(piece, bytes) else piece
    yield packer.flush()


def _gone(connection: socket.socket) -> bool:
    """Whether the peer closed its side. Pipelined bytes do not count."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    try:
        return bool(poll.poll(0)) and connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
