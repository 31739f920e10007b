"""The client of the benchmark: prepared bytes over kept connections, and when the answer's bytes came."""

from __future__ import annotations

import json
import re
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

SENT = re.compile(rb"sent=(\d{20});")
TIMEOUT = 60.0


class Failed(Exception):
    """The answer was not a success, or not whole."""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of one request: until the first byte of content, and until its end."""

    first: float
    total: float


def message(host: str, path: str, body: Any, key: str) -> bytes:
    """A whole HTTP request."""
    data = json.dumps(body, separators=(",", ":")).encode()
    lines = [
        f"POST {path} HTTP/1.1",
        f"host: {host}",
        "content-type: application/json",
        "anthropic-version: 2023-06-01",
        "user-agent: claude-cli/2.1.197 (external, sdk-cli)",
        "accept-encoding: identity",
        f"x-api-key: {key}",
        f"authorization: Bearer {key}",
        f"content-length: {len(data)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + data


class Connection:
    """One kept connection to a server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.sock: socket.socket | None = None

    def ask(self, asked: bytes, marks: tuple[bytes, ...]) -> Times:
        """Sends a request and reads its answer, which must have all marks. Raises `Failed`."""
        sock = self.sock or socket.create_connection(("127.0.0.1", self.port), TIMEOUT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        began = time.perf_counter()
        sock.sendall(asked)
        answer, first = bytearray(), 0.0
        while not ended(answer):
            piece = sock.recv(262_144)
            if not piece:
                self.close()
                break
            first = first or (time.perf_counter() - began if len(answer) + len(piece) > 0 else 0.0)
            answer += piece
        total = time.perf_counter() - began
        if not answer.startswith(b"HTTP/1.1 200") or any(mark not in answer for mark in marks):
            raise Failed(bytes(answer[:500]).decode(errors="replace"))
        if b"\r\nconnection: close" in answer.lower()[:1000]:
            self.close()
        return Times(first, total)

    def close(self) -> None:
        """Lets go."""
        if self.sock is not None:
            self.sock.close()
        self.sock = None


def ended(answer: bytearray) -> bool:
    """The answer is whole by its framing."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    length = re.search(rb"\r\ncontent-length: *(\d+)", bytes(answer[: end + 2]), re.IGNORECASE)
    if length:
        return len(answer) >= end + 4 + int(length[1])
    return answer.endswith(b"\r\n0\r\n\r\n")


def ask_often(
    port: int, asked: bytes, marks: tuple[bytes, ...], count: int, clients: int = 1, seconds: float = TIMEOUT
) -> list[Times]:
    """The times of `count` requests, fewer when `seconds` are over, by clients that have a connection each."""
    end = time.monotonic() + seconds
    numbers, found, failures = iter(range(count)), list[Times](), list[Exception]()
    lock = threading.Lock()

    def client() -> None:
        connection = Connection(port)
        try:
            while True:
                with lock:
                    if next(numbers, None) is None or failures or (found and time.monotonic() > end):
                        return
                found.append(connection.ask(asked, marks))
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return found


@dataclass
class Slow:
    """What became of many slow streams: how many were complete, and how late each chunk came, in seconds."""

    complete: int = 0
    late: list[float] = field(default_factory=list)


def stream_slowly(port: int, asked: bytes, streams: int, spread: float, seconds: float, found: Slow) -> Iterator[None]:
    """Opens streams over `spread` seconds and listens to all of them; yields every second."""
    selector = selectors.DefaultSelector()
    tails: dict[socket.socket, bytes] = {}
    began = looked = time.monotonic()
    opened = 0
    while time.monotonic() - began < seconds and (opened < streams or tails):
        while opened < streams and time.monotonic() - began >= opened * spread / streams:
            sock = socket.create_connection(("127.0.0.1", port), TIMEOUT)
            sock.sendall(asked)
            sock.setblocking(False)
            selector.register(sock, selectors.EVENT_READ)
            tails[sock] = b""
            opened += 1
        for key, _ in selector.select(0.005):
            hear(key.fileobj, tails, selector, found)  # type: ignore[arg-type]
        if time.monotonic() - looked >= 1.0:
            looked = time.monotonic()
            yield
    for sock in tails:
        sock.close()


def hear(sock: socket.socket, tails: dict[socket.socket, bytes], selector: selectors.BaseSelector, found: Slow) -> None:
    """Reads what one stream has."""
    piece, now = sock.recv(65536), time.monotonic_ns()
    data = tails[sock] + piece
    marks = list(SENT.finditer(data))
    found.late += [(now - int(mark[1])) / 1e9 for mark in marks]
    tails[sock] = data[marks[-1].end() if marks else 0 :][-200:]
    if piece and not data.endswith(b"\r\n0\r\n\r\n"):
        return
    found.complete += b"message_stop" in data or b"[DONE]" in data
    selector.unregister(sock)
    del tails[sock]
    sock.close()
