"""Breaker: a vendor that is down is not asked by everybody again and again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from app.resilience.watch import Unwatched, Watch

#: Failures in a row that open the breaker, and the seconds until one exchange may try again.
FAILURES = 5
OPEN_SECONDS = 15.0


class Breaker:
    """Closed while the vendor works; open after failures in a row; half open while one exchange probes it.

    Who was admitted says afterwards how it went: `worked`, `broke`, or `left` when it cannot tell. `words` are those of
    the last failure.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, watch: Watch | None = None) -> None:
        self._clock = clock
        self._watch = watch or Unwatched()
        self._lock = threading.Lock()
        self._failures = 0
        self._opened: float | None = None
        self._probing = False
        self._told = ""
        self.words = ""
        self._tell()

    @property
    def state(self) -> str:
        """`closed`, `open` or `half_open`."""
        if self._opened is None:
            return "closed"
        return "half_open" if self._probing or self._remaining() <= 0 else "open"

    def wait(self) -> float:
        """Seconds until a try may begin; 0 when it may now."""
        if self._opened is None:
            return 0.0
        return max(self._remaining(), 1.0 if self._probing else 0.0, 0.0)

    def admit(self) -> bool:
        """Whether a try may begin now. An open breaker lets one through when its time is over."""
        with self._lock:
            if self._opened is None:
                return True
            if self._probing or self._remaining() > 0:
                return False
            self._probing = True
            self._tell()
            return True

    def worked(self) -> None:
        """The vendor answered."""
        with self._lock:
            self._failures, self._opened, self._probing = 0, None, False
            self._tell()

    def broke(self, words: str) -> None:
        """The vendor failed; `words` say how."""
        with self._lock:
            self.words = words
            self._failures += 1
            if self._probing or self._failures >= FAILURES:
                self._opened, self._probing = self._clock(), False
                self._tell()

    def left(self) -> None:
        """The try ended without telling anything about the vendor."""
        with self._lock:
            self._probing = False
            self._tell()

    def _remaining(self) -> float:
        return 0.0 if self._opened is None else self._opened + OPEN_SECONDS - self._clock()

    def _tell(self) -> None:
        """Half open is told when a probe begins, not when it might."""
        state = "closed" if self._opened is None else "half_open" if self._probing else "open"
        if state != self._told:
            self._watch.turned(self._told, state)
            self._told = state
