"""Batches in an SQLite file, for all workers of one machine.

The file is written ahead (WAL), so that what was answered survives the death of the process; whatever is read and then
written happens in one immediate transaction.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from app.batches import sql
from app.batches.batch import KEPT, LIFE, Batch, Item, Lease, Result, line, packed, unpacked
from app.batches.store import LEASE, RESULTS, Page, UnknownCursor, piles
from app.memory.store import StoreFailure
from app.memory.store_sqlite import beside_greenlets, reason

T = TypeVar("T")
Rows = list[Any]

FILE = "batches.sqlite"
#: Seconds to wait for another worker's transaction.
LOCK_TIMEOUT = 10.0
OWNER_ONLY = 0o600


class SqliteBatches:
    """A file in a folder, made with the first batch; without a folder it is this process's memory."""

    def __init__(self, folder: Path | None, clock: Callable[[], float] = time.time) -> None:
        self._file = folder / FILE if folder else None
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._process = 0

    # -- for clients

    def add(self, batch: Batch, items: Iterable[Item]) -> Batch:
        number = self._work(lambda base: base.execute(sql.ADD, (batch.id, batch.client, batch.created)).lastrowid)
        total = 0
        try:
            for pile in piles(items):
                rows = [(number, total + at, item.custom_id, item.params) for at, item in enumerate(pile)]
                self._work(lambda base, rows=rows: base.executemany(sql.ADD_ITEM, rows))  # type: ignore[misc]
                total += len(pile)
            size = self._work(lambda base: base.execute(sql.SIZE_OF, (number,)).fetchone()[0])
            batch = replace(batch, total=total, size=size)
            self._work(lambda base: base.execute(sql.OPEN, (json.dumps(packed(batch)), size, number)))
        except BaseException:
            self._work(lambda base: forget(base, batch.id))
            raise
        return batch

    def find(self, client: str, id: str) -> Batch | None:
        if not self._is_begun:
            return None
        row = self._work(lambda base: base.execute(sql.FIND, (client, id)).fetchone())
        return batch_of(row) if row else None

    def page(self, client: str, page: Page) -> tuple[Sequence[Batch], bool]:
        cursor = page.after or page.before
        if not self._is_begun and not cursor:
            return (), False
        rows = self._work(lambda base: listed(base, client, page))
        found = [batch_of(row) for row in rows[: page.limit]]
        return found[::-1] if page.before else found, len(rows) > page.limit

    def cancel(self, id: str) -> None:
        self._work(lambda base: base.execute(sql.CANCEL, (self._clock(), id)))
        self.sweep()

    def delete(self, id: str) -> None:
        self._work(lambda base: forget(base, id))

    def results(self, id: str) -> Iterator[bytes]:
        place = -1
        while rows := self._rows(sql.RESULTS, (id, place, RESULTS)):
            place = rows[-1][0]
            yield b"".join(line(custom_id, Result(outcome, body or b"")) for _, custom_id, outcome, body in rows)

    def size(self) -> int:
        return int(self._rows(sql.SIZE, ())[0][0]) if self._is_begun else 0

    # -- for workers

    def claim(self) -> Lease | None:
        if not self._is_begun or not self._rows(sql.DUE, self._due()):
            return None
        return self._work(lambda base: claimed(base, self._due()))

    def renew(self, leases: Sequence[Lease]) -> None:
        until = self._clock() + LEASE
        rows = [(until, lease.batch.id, lease.place, lease.token) for lease in leases]
        self._work(lambda base: base.executemany(sql.RENEW, rows))

    def finish(self, lease: Lease, result: Result) -> bool:
        row = (result.outcome, result.body, lease.batch.id, lease.place, lease.token)

        def work(base: sqlite3.Connection) -> bool:
            written = base.execute(sql.FINISH, row).rowcount == 1
            if written:
                end(base, lease.batch.id, self._clock())
            return written

        return self._work(work)

    def give_back(self, lease: Lease, seconds: float, *, counted: bool, hold: bool) -> None:
        due = self._clock() + seconds
        row = (due, int(not counted), lease.batch.id, lease.place, lease.token)

        def work(base: sqlite3.Connection) -> None:
            if base.execute(sql.GIVE_BACK, row).rowcount and hold:
                base.execute(sql.HOLD, (due, lease.batch.id))

        self._work(work)

    def sweep(self) -> None:
        now = self._clock()
        if not self._is_begun or not self._rows(sql.STALE, stale(now)):
            return
        self._work(lambda base: swept(base, now))

    def close(self) -> None:
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

    # -- the file

    @property
    def _is_begun(self) -> bool:
        """There has been a batch; without one nothing is opened."""
        return self._connection is not None or (self._file is not None and self._file.exists())

    def _due(self) -> dict[str, float]:
        now = self._clock()
        return {"now": now, "born": now - LIFE, "until": now + LEASE}

    def _rows(self, query: str, values: Any) -> Rows:
        return self._work(lambda base: base.execute(query, values).fetchall(), writes=False)

    def _work(self, work: Callable[[sqlite3.Connection], T], writes: bool = True) -> T:
        """Does the work in one transaction."""

        def safely() -> T:
            base = self._opened()
            if not writes:
                return work(base)
            with transaction(base):
                return work(base)

        with self._lock:
            try:
                return beside_greenlets(safely)
            except (sqlite3.Error, OSError) as error:
                raise StoreFailure(reason(error)) from error

    def _opened(self) -> sqlite3.Connection:
        """The connection; a forked process makes its own."""
        if self._connection is None or self._process != os.getpid():
            self._connection, self._process = opened(self._file), os.getpid()
        return self._connection


@contextmanager
def transaction(base: sqlite3.Connection) -> Iterator[None]:
    """Nobody else writes between what is read and what is written inside."""
    base.execute("BEGIN IMMEDIATE")
    try:
        yield
        base.execute("COMMIT")
    except BaseException:
        if base.in_transaction:  # a full disk has rolled it back
            base.execute("ROLLBACK")
        raise


def opened(file: Path | None) -> sqlite3.Connection:
    """A connection to the file, which only its owner can read."""
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, OWNER_ONLY))
    base = sqlite3.connect(file or ":memory:", timeout=LOCK_TIMEOUT, isolation_level=None, check_same_thread=False)
    base.execute("PRAGMA journal_mode = WAL")
    base.execute("PRAGMA synchronous = NORMAL")
    for statement in sql.SCHEMA:
        base.execute(statement)
    return base


def listed(base: sqlite3.Connection, client: str, page: Page) -> Rows:
    """The rows of a page, nearest to the cursor first, and one more when there is one."""
    cursor = page.after or page.before
    place = base.execute(sql.PLACE, (client, cursor)).fetchone() if cursor else None
    if cursor and place is None:
        raise UnknownCursor
    query = sql.BEFORE if page.before else sql.AFTER
    return base.execute(query, (client, place[0] if place else sql.LAST, page.limit + 1)).fetchall()


def claimed(base: sqlite3.Connection, due: dict[str, float]) -> Lease | None:
    """The lease of the item that is due, of the batch that has waited longest for its turn."""
    found = base.execute(sql.DUE, due).fetchone()
    if found is None:
        return None
    values = {**due, "number": found[0], "token": uuid4().hex}
    base.execute(sql.SERVE, values)
    place, custom_id, params, tries = base.execute(sql.CLAIM, values).fetchone()
    batch = batch_of(found[1:])
    return Lease(batch=batch, place=place, item=Item(custom_id, params), token=values["token"], tries=tries)


def swept(base: sqlite3.Connection, now: float) -> None:
    """Gives up what waits in batches that were cancelled or have expired, and forgets what is old."""
    for number, id, cancelled in base.execute(sql.OVER, (now - LIFE,)).fetchall():
        base.execute(sql.GIVE_UP, ("expired" if cancelled is None else "canceled", number, now))
        end(base, id, now)
    for number, _ in base.execute(sql.OLD, (now - KEPT,)).fetchall():
        base.execute(sql.ARCHIVE, (now, number))
        base.execute(sql.FORGET_ITEMS, (number,))
    for (id,) in base.execute(sql.UNFINISHED, (now - LIFE,)).fetchall():
        forget(base, id)


def stale(now: float) -> dict[str, float]:
    """What the look for work of `swept` needs to know."""
    return {"now": now, "born": now - LIFE, "kept": now - KEPT}


def end(base: sqlite3.Connection, id: str, now: float) -> None:
    """Ends a batch of which nothing is left to do."""
    number = base.execute(sql.NUMBER, (id,)).fetchone()[0]
    if base.execute(sql.LEFT, (number,)).fetchone() is None:
        counts = dict(base.execute(sql.COUNTS, (number,)).fetchall())
        base.execute(sql.END, (now, json.dumps(counts), number))


def forget(base: sqlite3.Connection, id: str) -> None:
    """Deletes a batch and its items."""
    for (number,) in base.execute(sql.NUMBER, (id,)).fetchall():
        base.execute(sql.FORGET_ITEMS, (number,))
        base.execute(sql.FORGET, (number,))


def batch_of(row: Sequence[Any]) -> Batch:
    """A batch out of `sql.COLUMNS`."""
    fixed, cancelled, ended, archived, counts = row
    state = {"cancelled": cancelled, "ended": ended, "archived": archived, "counts": json.loads(counts or "{}")}
    return unpacked(json.loads(fixed) | state)
