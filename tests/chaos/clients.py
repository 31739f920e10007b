"""The clients of the chaos run: plain sockets, so that they can leave at any byte and read as slowly as they like."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.chaos.plans import Plan

Json = dict[str, Any]

TOOL = {
    "name": "Read",
    "description": "Reads a file.",
    "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
}
PIECE = 65536
#: A slow reader takes so many bytes and then rests for so many seconds; behind so many of them it reads on like others,
#: else the largest answers take too long.
SIP, REST, WHILE = 1000, 0.01, 200_000
#: Bytes that wait at a slow reader's for it.
BUFFER = 16_384
#: Seconds for which a client may stop reading before it leaves.
STALL = 1.5


class Left(Exception):
    """The client has gone, as planned."""


@dataclass
class Outcome:
    """What became of an exchange as its client saw it: `answered`, `left`, `stuck` at the deadline, or `broken` when
    the connection ended before the answer did. Times are `time.monotonic()`.
    """

    number: int
    end: str = "stuck"
    status: int = 0
    headers: dict[str, str] | None = None
    body: bytes = b""
    began: float = 0.0
    ended: float = 0.0
    sent: bool = False
    """The whole request went out."""


class Client:
    """One exchange with the server on a port of loopback."""

    def __init__(self, port: int, plan: Plan) -> None:
        self.port = port
        self.plan = plan
        self.outcome = Outcome(plan.number)
        self.received = 0

    async def run(self, deadline: float) -> Outcome:
        """The exchange, within `deadline` seconds."""
        outcome, writer = self.outcome, None
        outcome.began = time.monotonic()
        try:
            async with asyncio.timeout(deadline):
                reader, writer = await self._connected()
                await self._ask(writer)
                await self._leave_early()
                await self._read(reader)
                outcome.end = "answered"
        except TimeoutError:
            outcome.end = "stuck"
        except Left:
            outcome.end = "left"
        except (OSError, asyncio.IncompleteReadError, ValueError, IndexError):
            outcome.end = "broken"
        outcome.ended = time.monotonic()
        if writer is not None:
            close(writer, reset=self.plan.manner.reset)
        return outcome

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        raw = socket.socket()
        raw.setblocking(False)
        if self.plan.manner.reading == "slow":
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", self.port))
        return await asyncio.open_connection(sock=raw, limit=BUFFER)

    async def _ask(self, writer: asyncio.StreamWriter) -> None:
        data, manner = request(self.plan), self.plan.manner
        if manner.reading == "leaves_asking":
            writer.write(data[: 1 + int(manner.after * (len(data) - 2))])
            await writer.drain()
            raise Left
        writer.write(data)
        await writer.drain()
        self.outcome.sent = True

    async def _leave_early(self) -> None:
        """Leaves a while after the request, whether there is an answer by then or not."""
        if self.plan.manner.reading == "leaves_early":
            await asyncio.sleep(self.plan.manner.after)
            raise Left

    async def _read(self, reader: asyncio.StreamReader) -> None:
        top = await reader.readuntil(b"\r\n\r\n")
        lines = top.decode("latin-1").split("\r\n")
        self.outcome.status = int(lines[0].split(" ")[1])
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        self.outcome.headers = headers
        if "content-length" in headers:
            self.outcome.body = await self._exactly(reader, int(headers["content-length"]))
            return
        parts = []
        while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
            parts.append(await self._exactly(reader, size))
            await reader.readexactly(2)
        await reader.readexactly(2)
        self.outcome.body = b"".join(parts)

    async def _exactly(self, reader: asyncio.StreamReader, size: int) -> bytes:
        """So many bytes of the body, in the client's manner."""
        parts: list[bytes] = []
        while size:
            piece = await reader.read(min(size, self._mouthful))
            if not piece:
                raise asyncio.IncompleteReadError(b"", size)
            parts.append(piece)
            size -= len(piece)
            await self._taken(len(piece))
        return b"".join(parts)

    @property
    def _is_slow(self) -> bool:
        return self.plan.manner.reading == "slow" and self.received < WHILE

    @property
    def _mouthful(self) -> int:
        return SIP if self._is_slow else PIECE

    async def _taken(self, size: int) -> None:
        self.received += size
        manner = self.plan.manner
        if manner.reading == "leaves" and self.received > manner.after:
            await asyncio.sleep(STALL if manner.stalls else 0)
            raise Left
        if self._is_slow:
            await asyncio.sleep(REST)


def close(writer: asyncio.StreamWriter, reset: bool) -> None:
    """Closes the connection, by RST if so wished."""
    if reset:
        with suppress(OSError):
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


def session(number: int) -> str:
    """What the usage line of an exchange is found by."""
    return f"chaos-{number}"


def request(plan: Plan) -> bytes:
    """The request of a plan."""
    body = json.dumps(
        {
            "model": plan.model,
            "max_tokens": 4000,
            "stream": plan.manner.stream,
            "thinking": {"type": "enabled", "budget_tokens": 1024},
            "tools": [TOOL],
            "messages": [{"role": "user", "content": f"[chaos {plan.number}] What do you say? {'Filler. ' * 20}"}],
        }
    ).encode()
    lines = (
        "POST /v1/messages HTTP/1.1",
        "host: 127.0.0.1",
        "content-type: application/json",
        f"x-claude-code-session-id: {session(plan.number)}",
        f"content-length: {len(body)}",
        "connection: close",
    )
    return "\r\n".join([*lines, "", ""]).encode() + body
