"""Requests and tokens a minute, counted by the package `limits`: in this process, or in a Redis that all share.

A sliding window of two counters (https://limits.readthedocs.io/en/stable/strategies.html, read 2026-11-21): exact to
the weight of the minute before, the same size for one request and for a million tokens.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from limits.errors import ConfigurationError, StorageError
from limits.storage import MemoryStorage, storage_from_string

from app.settings.variables import SettingsError

T = TypeVar("T")

MINUTE = 60
#: A limit above everything: what has been used is counted, however much it is.
NO_LIMIT = 10**15
#: Seconds for a connection, for an answer, and after which a place that failed is tried again.
CONNECT_TIMEOUT, TIMEOUT, RETRY = 1.0, 2.0, 30.0

log = logging.getLogger("rialto")


class Rates:
    """Counters by name. While the shared place fails, those of this process hold alone."""

    def __init__(self, address: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._shared = shared(address) if address else None
        self._memory: MemoryStorage | None = None
        self._lock = threading.Lock()
        self._clock = clock
        self._failed: float | None = None

    @property
    def _own(self) -> Any:
        """This process's counters; they start a thread, so not before they are needed."""
        with self._lock:
            self._memory = self._memory or MemoryStorage()
            return self._memory

    def take(self, name: str, limit: int, amount: int) -> float:
        """Counts an amount if the limit has room for it, and says 0; else the seconds until it has. An amount over the
        whole limit needs a minute of its own.
        """
        needed = min(amount, limit)

        def work(storage: Any) -> float:
            if storage.acquire_sliding_window_entry(name, limit, MINUTE, needed):
                return 0.0
            return wait(storage.get_sliding_window(name, MINUTE), limit - needed)

        seconds = self._done(work)
        if not seconds and amount > needed:
            self.add(name, amount - needed)
        return seconds

    def add(self, name: str, amount: int) -> None:
        """Counts what was used beyond the amount that was taken, or gives back (< 0) what was not."""
        if amount:
            self._done(lambda storage: storage.acquire_sliding_window_entry(name, NO_LIMIT, MINUTE, amount))

    def _done(self, work: Callable[[Any], T]) -> T:
        if self._shared is None or (self._failed is not None and self._clock() - self._failed < RETRY):
            return work(self._own)
        try:
            done = work(self._shared)
            self._failed = None
            return done
        except StorageError as error:
            if self._failed is None:
                cause = type(error.storage_error).__name__
                log.warning("RATELIMIT_STORAGE_URI: %s; rates are counted in this process only", cause)
            self._failed = self._clock()
            return work(self._own)


def shared(address: str) -> Any:
    """The storage at a Redis address. Raises SettingsError without the package for it."""
    address = address.replace("unix://", "redis+unix://", 1)
    try:
        return storage_from_string(
            address, wrap_exceptions=True, socket_connect_timeout=CONNECT_TIMEOUT, socket_timeout=TIMEOUT
        )
    except ConfigurationError:
        raise SettingsError(["RATELIMIT_STORAGE_URI: needs the package redis: .venv/bin/pip install redis"]) from None
    except ValueError as error:
        raise SettingsError([f"RATELIMIT_STORAGE_URI: {error}"]) from None


def wait(window: tuple[int, float, int, float], room: float) -> float:
    """Seconds until two windows weigh no more than `room`, in whole numbers: the minute before counts less and less,
    then this one.

    `window` is the count and the remaining seconds of the minute before, then of this one, to which a minute is added.
    """
    before, before_ends, now, now_ends = window
    if now <= room:
        return max(0.1, before_ends - (room + 1 - now) * MINUTE / max(before, 1))
    return max(0.1, now_ends - MINUTE * (room + 1) / now)
