"""What the workers of one Rialto share and what survives a restart: small JSON values in tables, some with an expiry.

A look-up reads this process's copy. A thread of its own writes what has changed and reads what others have written, at
most once a second, so a request never waits for a disk or a network. A change is a function of the old value; it
is applied to the copy at once and to the shared value within a second, in one transaction with all other changes.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

#: Seconds for which changes are gathered before they are written, and from one writing to the next.
GATHER, PAUSE = 0.05, 1.0
#: Seconds after which a look-up asks for what others have written.
FRESH = 3.0
#: Seconds after which a place that failed is tried again.
RETRY = 30.0
#: Changes that wait for a place that does not answer; the oldest are given up.
MOST_PENDING = 10_000

Key = tuple[str, str]
"""Table and key."""
Change = Callable[[Any], Any]
"""Old value (None when there is none) -> new value (None deletes). Pure; it may run several times."""

log = logging.getLogger("rialto")


@dataclass(frozen=True, slots=True)
class Row:
    """A JSON value and when it is gone, in seconds since 1970; None is never."""

    value: Any
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A change that has not been written yet, and the expiry of its result."""

    key: Key
    change: Change
    until: float | None

    def result(self, old: Row | None, now: float) -> Row | None:
        """The row that the change makes of another."""
        value = self.change(old.value if is_alive(old, now) and old else None)
        return None if value is None else Row(value, self.until)


class StoreFailure(Exception):
    """The place cannot be reached, read or written. The message says why, for the log: it may name an address, but no
    secret. `told` is what a client may know.
    """

    def __init__(self, reason: str, told: str = "") -> None:
        super().__init__(reason)
        self.told = told or reason


class Place(Protocol):
    """Where rows are kept. Everything here may block, and raises `StoreFailure`."""

    title: str

    def commit(self, changes: Iterable[Pending], now: float) -> None:
        """Applies the changes in order, in one transaction with what they are applied to."""

    def rows(self) -> Mapping[Key, Row] | None:
        """All rows; None when nobody has changed them since the last call."""

    def close(self) -> None:
        """Lets go of files and connections."""


class Store:
    """This process's copy of the rows, and the changes on their way to the place. Without one it is memory only."""

    def __init__(self, place: Place | None = None, clock: Callable[[], float] = time.time) -> None:
        self._place = place
        self._clock = clock
        self._lock = threading.Lock()
        self._busy = threading.Lock()
        self._rows: dict[Key, Row] = {}
        self._pending: list[Pending] = []
        self._wanted = threading.Event()
        self._synced = float("-inf")
        self._failed: float | None = None
        self._process = 0
        self._closed = False

    @classmethod
    def copy_of(cls, place: Place) -> Store:
        """The rows of a place as they are now, in memory; none when it fails."""
        store = cls()
        try:
            store._rows = dict(place.rows() or {})
        except StoreFailure as failure:
            log.debug("%s: %s", place.title, failure)
        place.close()
        return store

    def read(self, table: str, key: str) -> Any:
        """The value, or None. Not to be changed in place."""
        self._look()
        row = self._rows.get((table, key))
        return row.value if row and is_alive(row, self._clock()) else None

    def table(self, table: str) -> dict[str, Any]:
        """All keys and values of a table."""
        self._look()
        now = self._clock()
        with self._lock:
            return {key: row.value for (owner, key), row in self._rows.items() if owner == table and is_alive(row, now)}

    def write(self, table: str, key: str, value: Any, seconds: float | None = None) -> None:
        """Sets a value, for some seconds or for ever; None deletes it."""
        self.update(table, key, lambda old: value, seconds)

    def update(self, table: str, key: str, change: Change, seconds: float | None = None) -> Any:
        """Changes a value by a function of the old one, in all workers as if one after the other. Returns what this
        worker sees then; the others' latest changes may be missing from that.
        """
        self._look()
        now = self._clock()
        pending = Pending((table, key), change, None if seconds is None else now + seconds)
        with self._lock:
            seen = self._apply(pending, now)
            if self._place is not None:
                self._pending = [*self._pending[-MOST_PENDING + 1 :], pending]
        self._wanted.set()
        return seen

    def start(self) -> None:
        """Reads what is known, and starts this process's thread. Look-ups do it too, in a forked process for one."""
        with self._lock:
            if self._process == os.getpid() or self._place is None:
                return
            self._process = os.getpid()
        self.sync()
        atexit.register(self.close)
        threading.Thread(target=self._run, name="store", daemon=True).start()

    def sync(self) -> None:
        """Writes what has changed and reads what others have written, now. A place that fails is left alone for a
        while.
        """
        with self._busy:
            if self._place is None or (self._failed is not None and self._clock() - self._failed < RETRY):
                return
            try:
                self._commit(self._place)
                self._refresh(self._place)
                self._failed = None
            except StoreFailure as failure:
                self._fail(self._place, failure)
            except Exception:
                log.exception("unexpected failure of the store")
            self._synced = self._clock()

    def close(self) -> None:
        """Writes what is left and lets go of the place."""
        self._closed = True
        self._wanted.set()
        atexit.unregister(self.close)
        self.sync()
        with self._busy:
            if self._place is not None:
                self._place.close()

    def _commit(self, place: Place) -> None:
        with self._lock:
            changes, self._pending = self._pending, []
        try:
            if changes:
                place.commit(changes, self._clock())
        except StoreFailure:
            with self._lock:
                self._pending = [*changes, *self._pending]
            raise

    def _refresh(self, place: Place) -> None:
        rows = place.rows()
        if rows is None:
            return
        with self._lock:
            self._rows = dict(rows)
            for pending in self._pending:
                self._apply(pending, self._clock())

    def _apply(self, pending: Pending, now: float) -> Any:
        row = pending.result(self._rows.get(pending.key), now)
        if row is None:
            self._rows.pop(pending.key, None)
        else:
            self._rows[pending.key] = row
        return row.value if row else None

    def _fail(self, place: Place, failure: StoreFailure) -> None:
        if self._failed is None:
            log.warning("%s: %s; what is learnt is kept in this process's memory only", place.title, failure)
        self._failed = self._clock()

    def _look(self) -> None:
        """Asks for a fresh copy when this one is old; the first one of a process is waited for."""
        if self._process != os.getpid():
            self.start()
        elif self._clock() - self._synced > FRESH:
            self._wanted.set()

    def _run(self) -> None:
        while not self._closed:
            self._wanted.wait()
            time.sleep(GATHER)
            self._wanted.clear()
            self.sync()
            time.sleep(PAUSE)


def is_alive(row: Row | None, now: float) -> bool:
    """There is a row, and it has not expired."""
    return row is not None and (row.until is None or row.until > now)
