"""Lanes: how many exchanges may be at one vendor at once. The rest wait their turn instead of failing."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.resilience.watch import Unwatched, Watch
from app.upstream.upstream import Line

#: Seconds after a vendor's last refusal for which its narrower limit is kept.
NARROW_SECONDS = 60.0


class Full(Exception):
    """No place came free in time."""


class Lane:
    """A fair queue: waiting sessions are served in turn, one exchange each, so that a burst of one delays no other.

    `limit` is the configured number of places, None for no limit. A vendor that refuses for its rate narrows the lane
    for a while; each success widens it a little.
    """

    def __init__(
        self, limit: int | None = None, clock: Callable[[], float] = time.monotonic, watch: Watch | None = None
    ) -> None:
        self.active = 0
        self._limit = limit
        self._clock = clock
        self._watch = watch or Unwatched()
        self._lock = threading.Lock()
        self._queues: OrderedDict[str, deque[threading.Event]] = OrderedDict()
        self._later: deque[threading.Event] = deque()
        """What has time, and goes when nobody else waits."""
        self._narrow = 0.0
        self._narrowed = 0.0

    @property
    def waiting(self) -> int:
        """Exchanges in the queue."""
        with self._lock:
            return sum(len(queue) for queue in self._queues.values()) + len(self._later)

    @contextmanager
    def place(self, session: str, line: Line, timeout: float, has_time: bool = False) -> Iterator[bool]:
        """A place at the vendor for the time of the block; False when the exchange was cut off while it waited. One
        that `has_time` lets all others go first.

        Raises `Full` after `timeout` seconds.
        """
        taken = self._enter(session, line, timeout, has_time)
        try:
            yield taken
        finally:
            if taken:
                self._leave()

    def narrow(self) -> None:
        """The vendor refused for its rate: fewer at once."""
        with self._lock:
            self._narrow = max(1.0, min(self._narrow or self.active, self.active) - 1.0)
            self._narrowed = self._clock()

    def widen(self) -> None:
        """The vendor answered: a little more at once."""
        with self._lock:
            if self._narrow:
                self._narrow += 1 / self._narrow

    def _enter(self, session: str, line: Line, timeout: float, has_time: bool) -> bool:
        with self._lock:
            if not self._queues and not (has_time and self._later) and self._has_room():
                self._move(1)
                return True
            turn = threading.Event()
            (self._later if has_time else self._queues.setdefault(session, deque())).append(turn)
            self._watch.queued(1)
        began = time.monotonic()
        line.wait(turn, timeout)
        with self._lock:
            self._watch.waited(time.monotonic() - began)
            queued = turn in self._queues.get(session, ()) or turn in self._later
            if queued:
                self._forget(session, turn)
        if queued and not line.cut_off:
            raise Full
        if not queued and line.cut_off:
            self._leave()
        return not line.cut_off

    def _leave(self) -> None:
        with self._lock:
            self._move(-1)
            while (self._queues or self._later) and self._has_room():
                self._move(1)
                self._next().set()

    def _move(self, change: int) -> None:
        self.active += change
        self._watch.entered(change)

    def _next(self) -> threading.Event:
        """The turn of the session that has waited longest since its last one."""
        self._watch.queued(-1)
        if not self._queues:
            return self._later.popleft()
        session, queue = self._queues.popitem(last=False)
        turn = queue.popleft()
        if queue:
            self._queues[session] = queue
        return turn

    def _forget(self, session: str, turn: threading.Event) -> None:
        self._watch.queued(-1)
        if turn in self._later:
            self._later.remove(turn)
            return
        self._queues[session].remove(turn)
        if not self._queues[session]:
            del self._queues[session]

    def _has_room(self) -> bool:
        if self._narrow and self._clock() - self._narrowed > NARROW_SECONDS:
            self._narrow = 0.0
        limits = [limit for limit in (self._limit, int(self._narrow)) if limit]
        return not limits or self.active < min(limits)
