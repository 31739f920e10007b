"""The benchmark's vendor, a process of its own: `python -m tests.bench.vendor PORT`.

Everything that it says is made before it is asked. It reads a request to its end, sees by the model's name which
workload it belongs to and by the path which wire it is on, and writes the answer at once, each piece as a chunk of its
own. The chunks of W4 come once a second and say when they were sent.
"""

from __future__ import annotations

import asyncio
import gc
import re
import sys
import time

from tests.bench import traffic

MARK = re.compile(rb"bench-(w[0-9](?:x2)?)")
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
WIRES = {b"/chat/completions": "chat", b"/api/chat": "ollama", b"GenerateContent": "gemini", b"/responses": "responses"}
TYPES = {"ollama": b"application/x-ndjson"}
END = b"0\r\n\r\n"


def head(kind: bytes) -> bytes:
    """The head of a chunked answer."""
    return b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ntransfer-encoding: chunked\r\n\r\n" % kind


def chunk(piece: bytes) -> bytes:
    """A piece as an HTTP chunk."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def streamed(wire: str, workload: str) -> list[bytes]:
    """What is written, in this order."""
    kind = TYPES.get(wire, b"text/event-stream")
    return [head(kind), *map(chunk, traffic.answer(wire, workload)), END]


def plain(body: bytes) -> bytes:
    """A whole answer."""
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


STREAMS = {
    (wire, workload.lower().encode()): streamed(wire, workload)
    for wire in traffic.SPOKEN
    for workload in ("W1", "W2", "W3", "W3x2")
}
WHOLE = plain(traffic.chat_whole())
NOTHING = plain(b'{"object":"list","data":[]}')
SLOW = traffic.sse(
    {**traffic.HEAD, "choices": [{"index": 0, "delta": {"content": "sent=%020d;"}, "finish_reason": None}]}
)


class Vendor(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.transport = asyncio.Transport()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        end = self.received.find(b"\r\n\r\n")
        if end < 0 or not self.is_whole(end):
            return
        asked = bytes(self.received)
        self.received.clear()
        self.answer(asked.partition(b"\r\n")[0], MARK.search(asked))

    def is_whole(self, end: int) -> bool:
        """The body has come too."""
        top = bytes(self.received[: end + 2])
        if CHUNKED.search(top):
            return self.received.endswith(END)
        length = LENGTH.search(top)
        return len(self.received) >= end + 4 + (int(length[1]) if length else 0)

    def answer(self, first: bytes, mark: re.Match[bytes] | None) -> None:
        """Writes what belongs to a request with this first line."""
        workload = mark[1] if mark else b""
        wire = next((wire for path, wire in WIRES.items() if path in first), "chat")
        if first.startswith(b"POST") and workload == b"w5":
            self.transport.write(WHOLE)
        elif first.startswith(b"POST") and workload == b"w4":
            self.transport.write(head(b"text/event-stream"))
            self.drip(traffic.W4_CHUNKS)
        elif first.startswith(b"POST") and workload:
            for piece in STREAMS[wire, workload]:
                self.transport.write(piece)
        else:
            self.transport.write(NOTHING)

    def drip(self, left: int) -> None:
        """A chunk each second; then the end of the answer."""
        if not left:
            for piece in STREAMS["chat", b"w1"][-4:]:
                self.transport.write(piece)
            return
        self.transport.write(chunk(SLOW % time.monotonic_ns()))
        asyncio.get_running_loop().call_later(1.0, self.drip, left - 1)


async def serve(port: int) -> None:
    """Until it is ended."""
    server = await asyncio.get_running_loop().create_server(Vendor, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    gc.freeze()
    asyncio.run(serve(int(sys.argv[1])))
