"""The vendor of the chaos run, a process of its own: `python -m tests.chaos.vendor SEED ROWS LATE PATIENCE`.

It prints its port. Which exchange a request belongs to stands in the conversation, `[chaos 17]`; which try it is, it
counts. `GET /testimony` tells what was done for whom and what the connections are at. One that begins like TLS gets
none. Times are `time.monotonic()`, which all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import socket
import struct
import sys
import time
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from tests.chaos.faults import performance
from tests.chaos.plans import Stage
from tests.chaos.scenes import End, Performance, head
from tests.scenarios.wires import WIRES

MARK = re.compile(rb"\[chaos (\d+)\]")
TLS_HELLO = b"\x16"
#: Bytes of a request's head.
LIMIT = 1 << 20
#: Seconds for which every third connection waits for its next request.
IDLE = 0.3
#: A moment for what was sent to arrive before a reset overtakes it, in seconds.
FLIGHT = 0.02


class PeerLeft(Exception):
    """The other side has closed."""


class Connection:
    """One connection: what comes in, what goes out, and the next byte of the peer, which is always waited for."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.next = asyncio.ensure_future(reader.read(1))

    async def request(self, patience: float | None) -> tuple[str, bytes]:
        """(path, body) of the next request. Raises `PeerLeft`, also when it takes longer than so many seconds; a path
        "" is no HTTP.
        """
        done, _ = await asyncio.wait([self.next], timeout=patience)
        if not done:
            raise PeerLeft
        first = self.next.result()
        if first in (b"", TLS_HELLO):
            if not first:
                raise PeerLeft
            return "", b""
        top = first + await self.reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"content-length: (\d+)", top, re.IGNORECASE)
        body = await self.reader.readexactly(int(found[1])) if found else b""
        self.next = asyncio.ensure_future(self.reader.read(1))
        return top.split(b" ", 2)[1].decode(), body

    async def send(self, data: bytes) -> None:
        """Sends bytes. Raises `PeerLeft`."""
        if self.next.done():
            raise PeerLeft
        self.writer.write(data)
        await self.writer.drain()

    async def wait(self, seconds: float | None) -> None:
        """Says nothing for a while, or for ever. Raises `PeerLeft`."""
        done, _ = await asyncio.wait([self.next], timeout=seconds)
        if done:
            raise PeerLeft

    async def close(self, reset: bool = False) -> None:
        """Ends the connection."""
        self.next.cancel()
        if reset:
            await asyncio.sleep(FLIGHT)
            raw: socket.socket = self.writer.get_extra_info("socket")
            with suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.writer.transport.abort()
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


class Vendor:
    """Plays the acts of a stage and remembers what it did."""

    def __init__(self, stage: Stage, patience: float) -> None:
        self.patience = patience
        self.stage = stage
        self.wires = stage.row_names()
        self.tries: dict[int, list[dict[str, Any]]] = {}
        self.states: dict[int, str] = {}
        self.numbers = itertools.count()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        number = next(self.numbers)
        connection = Connection(reader, writer)
        end = End.KEEP
        try:
            while end is End.KEEP:
                self.states[number] = "idle"
                path, body = await connection.request(IDLE if number % 3 == 2 else None)
                self.states[number] = "busy"
                end = await self.answer(path, body, connection, number)
        except (PeerLeft, OSError, asyncio.IncompleteReadError):
            pass
        self.states[number] = "closed"
        await connection.close(reset=end is End.RESET)

    async def answer(self, path: str, body: bytes, connection: Connection, number: int) -> End:
        """Answers one request and says how it ends."""
        if not path:
            return (End.RESET, End.CLOSE)[number % 2]
        if path == "/testimony":
            told = json.dumps({"tries": self.tries, "states": list(self.states.values())}).encode()
            await connection.send(head(200, content_length=str(len(told)), connection="close") + told)
            return End.CLOSE
        mark = MARK.search(body)
        if mark is None:
            await connection.send(head(404, content_length="0"))
            return End.KEEP
        return await self.play(int(mark[1]), path, body, connection)

    async def play(self, number: int, path: str, body: bytes, connection: Connection) -> End:
        """Plays the act of a request."""
        wire = self.wires[path.split("/")[1]]
        request: Any = SimpleNamespace(path=path, json=json.loads(body))
        streaming = WIRES[wire].wants_stream(request)
        tries = self.tries.setdefault(number, [])
        entry: dict[str, Any] = {"wire": wire, "streaming": streaming, "began": time.monotonic(), "ended": None}
        act = self.stage.plan(number).act(len(tries))
        tries.append(entry)
        try:
            return await perform(performance(act, wire, streaming, self.patience), connection)
        finally:
            entry["ended"] = time.monotonic()


async def perform(plan: Performance, connection: Connection) -> End:
    """Sends the steps and says how it ends. Raises `PeerLeft` when nobody listens any more."""
    for step in plan.steps:
        if isinstance(step, float):
            await connection.wait(step)
        elif step:
            await connection.send(step)
    if plan.end is End.HANG:
        await connection.wait(None)
    return plan.end


async def main(vendor: Vendor) -> None:
    """Serves until the process is ended."""
    server = await asyncio.start_server(vendor.serve, "127.0.0.1", 0, limit=LIMIT, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    seed, rows, late, patience = sys.argv[1:]
    asyncio.run(main(Vendor(Stage(int(seed), int(rows), late == "late"), float(patience))))
