"""Time: how long a vendor may take, and how long a client may hear nothing."""

from __future__ import annotations

import time
from collections.abc import Sized
from dataclasses import dataclass

from app.upstream.upstream import Line
from translators.core.errors import TimedOut
from translators.core.message import Event
from translators.core.vendor import AnswerStream

#: Seconds between two signs of life, and how many pings pass before one that also resets older clients.
PING_EVERY = 10.0
PULSE_EVERY = 5
#: Seconds that a try which was cut off gets to end by itself.
GRACE = 5.0


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: how long a vendor may be silent before its first word, and how long the whole answer may take."""

    first_word: float
    total: float


class Clock:
    """The time that one exchange takes. A silent try is cut off, so that another one may follow."""

    def __init__(self, patience: Patience, line: Line) -> None:
        self._patience = patience
        self._line = line
        self._began = time.monotonic()
        self._asked: float | None = None
        self._title = "Rialto"

    def asked(self, title: str) -> None:
        """A try has begun."""
        self._asked = time.monotonic()
        self._title = title

    def heard(self, deltas: Sized) -> None:
        """The vendor has spoken."""
        if deltas:
            self._asked = None

    def check(self) -> None:
        """Cuts a try off that waits too long for its first word. Raises `TimedOut` when all is over."""
        now = time.monotonic()
        if now - self._began > self._patience.total:
            raise TimedOut(
                f"{self._title}: the answer takes over {self._patience.total:g} seconds (TOTAL_TIMEOUT sets the limit)"
            )
        waited = 0.0 if self._asked is None else now - self._asked
        if waited > self._patience.first_word + GRACE:
            raise TimedOut(no_word(self._title))
        if waited > self._patience.first_word:
            self._line.expire()


def no_word(title: str) -> str:
    """Says that the vendor was silent."""
    return f"{title}: no word in time (FIRST_BYTE_TIMEOUT sets the limit)"


class Quiet:
    """Counts the silence towards the client and says when a sign of life is due."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._pings = 0

    def heard(self) -> None:
        """Something was sent."""
        self._last = time.monotonic()

    def sign(self, stream: AnswerStream) -> list[Event]:
        """A ping when it is time, every few of them with a pulse."""
        if time.monotonic() - self._last < PING_EVERY:
            return []
        self._pings += 1
        return [{"type": "ping"}, stream.pulse()] if self._pings % PULSE_EVERY == 0 else [{"type": "ping"}]
