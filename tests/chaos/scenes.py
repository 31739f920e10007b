"""What a fault is made of: the scene it plays in, what it sends, and the bytes of HTTP.

A `Performance` is what a try sends and how it ends. It is `sound` when a client must get the whole message from it, and
`doubtful` when a careful reader may take it or leave it (all was said, but the end of the transport is missing).
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

from tests.scenarios.answers import Answer
from tests.scenarios.wires import Wire

MEGABYTE = 1_000_000
Verdict = Literal["sound", "doubtful", "failed"]


class End(Enum):
    """How a try ends: keep the connection, close it, reset it, or say nothing more until the peer closes."""

    KEEP = auto()
    CLOSE = auto()
    RESET = auto()
    HANG = auto()


@dataclass(frozen=True)
class Performance:
    """`steps` are bytes to send and seconds to wait. `told` is what is said in them; None is all of the act."""

    steps: Sequence[bytes | float]
    end: End
    verdict: Verdict
    told: Answer | None = None


@dataclass(frozen=True)
class Scene:
    """One try on the vendor's stage. `patience` is the seconds after which Rialto gives a silent vendor up."""

    dice: random.Random
    wire: Wire
    told: Answer
    streaming: bool
    patience: float

    @property
    def pieces(self) -> list[bytes]:
        """The answer in the form that was asked for."""
        return self.wire.stream(self.told) if self.streaming else [json.dumps(self.wire.whole(self.told)).encode()]

    @property
    def media(self) -> str:
        """Its content type."""
        return self.wire.media if self.streaming else "application/json"


def head(status: int = 200, media: str = "application/json", **headers: str) -> bytes:
    """A status line and headers; `_` in names stands for `-`."""
    named = {"content-type": media, **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def chunk(data: bytes) -> bytes:
    """One chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST = b"0\r\n\r\n"


def chunked(pieces: Sequence[bytes], media: str, **headers: str) -> list[bytes | float]:
    """Head and chunks, without the last one."""
    return [head(200, media, transfer_encoding="chunked", **headers), *(chunk(piece) for piece in pieces if piece)]


def lengthy(status: int, body: bytes, media: str = "application/json", **headers: str) -> list[bytes | float]:
    """A head with the length, and the body."""
    return [head(status, media, content_length=str(len(body)), **headers), body]


def good(scene: Scene) -> Performance:
    """A plain answer."""
    if not scene.streaming:
        return Performance(lengthy(200, scene.pieces[0]), End.KEEP, "sound", scene.told)
    return Performance([*chunked(scene.pieces, scene.media), LAST], End.KEEP, "sound", scene.told)
