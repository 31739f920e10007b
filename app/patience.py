"""Time: how long a vendor may take, and how long a client may hear nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass

from translators.core.errors import TimedOut
from translators.core.message import Event
from translators.core.vendor import AnswerStream

#: Seconds between two signs of life, and how many pings pass before one that also resets older clients.
PING_EVERY = 10.0
PULSE_EVERY = 5


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: how long a vendor may be silent before its first word, and how long the whole answer may take."""

    first_word: float
    total: float

    def check(self, title: str, waited: float, spoken: bool) -> None:
        """Raises `TimedOut` when it is over."""
        if not spoken and waited > self.first_word:
            raise TimedOut(f"{title}: no word within {self.first_word:g} seconds (FIRST_BYTE_TIMEOUT sets the limit)")
        if waited > self.total:
            raise TimedOut(f"{title}: the answer takes over {self.total:g} seconds (TOTAL_TIMEOUT sets the limit)")


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
