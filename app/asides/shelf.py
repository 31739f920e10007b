"""Shelf: texts that took a model's work, by key, in an SQLite file for all workers of one machine.

What was used longest ago goes when the texts weigh too much. A claim lets one worker make a text while the others wait
for it. A file that fails costs a warning; from then on this process's memory is all there is.
"""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

from app.media.cache import Bounded
from app.memory.store_sqlite import LOCK_TIMEOUT, beside_greenlets, reason

T = TypeVar("T")

#: Bytes that each process remembers of it, and seconds after which a use is written down again.
REMEMBERED, AGAIN = 8 * 2**20, 3600.0

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS texts (key TEXT PRIMARY KEY, text TEXT NOT NULL, size INTEGER NOT NULL, "
    "used REAL NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS by_use ON texts (used)",
    "CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, owner TEXT NOT NULL, until REAL NOT NULL) WITHOUT ROWID",
)
READ = "SELECT text FROM texts WHERE key = ?"
USE = "UPDATE texts SET used = ? WHERE key = ?"
KEEP = "INSERT OR IGNORE INTO texts (key, text, size, used) VALUES (?, ?, ?, ?)"
WEIGHT = "SELECT coalesce(sum(size), 0) FROM texts"
OLDEST = "SELECT key, size FROM texts WHERE key != ? ORDER BY used"
DROP = "DELETE FROM texts WHERE key = ?"
EXPIRE = "DELETE FROM claims WHERE until <= ?"
CLAIM = "INSERT OR IGNORE INTO claims (key, owner, until) VALUES (?, ?, ?)"
RELEASE = "DELETE FROM claims WHERE key = ? AND owner = ?"

log = logging.getLogger("rialto")


class Shelf:
    """Texts of `most` bytes altogether in a file of a folder; without one they are in memory only. For any thread."""

    def __init__(self, folder: Path | None, name: str, most: int, clock: Callable[[], float] = time.time) -> None:
        self._file = folder / name if folder else None
        self._most = most
        self._clock = clock
        self._known: Bounded[tuple[str, float]] = Bounded(min(most, REMEMBERED))
        self._token = secrets.token_hex(8)
        self._failed = False

    def read(self, key: str) -> str | None:
        """The text, which becomes the one used last; None when there is none."""
        now = self._clock()
        known = self._known.read(key)
        if known and now - known[1] < AGAIN:
            return known[0]
        text = self._work(lambda rows: used(rows, key, now)) or (known[0] if known else None)
        if text is not None:
            self._remember(key, text)
        return text

    def keep(self, key: str, text: str) -> str:
        """Keeps a text, unless another worker was faster. Returns the one that is kept, for all to use."""
        kept = self._work(lambda rows: put(rows, key, text, self._most, self._clock())) or text
        self._remember(key, kept)
        return kept

    def claim(self, key: str, seconds: float) -> bool:
        """Whether this process may make the text now; for some seconds nobody else may."""
        now = self._clock()
        return self._work(lambda rows: claimed(rows, key, self._owner, now, seconds)) is not False

    @property
    def _owner(self) -> str:
        """This process, and no fork of it."""
        return f"{os.getpid()} {self._token}"

    def release(self, key: str) -> None:
        """Gives a claim back."""
        self._work(lambda rows: rows.execute(RELEASE, (key, self._owner)).rowcount)

    def _remember(self, key: str, text: str) -> None:
        self._known.write(key, (text, self._clock()), len(text.encode()) + len(key))

    def _work(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Does something to the file in one transaction; None when it cannot be used."""
        if self._file is None:
            return None
        try:
            return beside_greenlets(lambda: self._transaction(work))
        except (sqlite3.Error, OSError, ValueError) as error:
            if not self._failed:
                log.warning("%s: %s; what is made is kept in this process's memory only", self._file, reason(error))
            self._failed = True
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
                self._put_aside(self._file)
            return None

    @staticmethod
    def _put_aside(file: Path) -> None:
        """A damaged file; the next one begins anew."""
        with suppress(OSError):
            file.replace(file.with_suffix(".damaged"))

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        assert self._file
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file.touch(mode=0o600)
        with closing(sqlite3.connect(self._file, timeout=LOCK_TIMEOUT, isolation_level=None)) as rows:
            rows.execute("PRAGMA synchronous = OFF")
            rows.execute("BEGIN IMMEDIATE")
            for statement in SCHEMA:
                rows.execute(statement)
            done = work(rows)
            rows.execute("COMMIT")
            return done


def used(rows: sqlite3.Connection, key: str, now: float) -> str | None:
    """The text of a key, whose use is written down."""
    found = rows.execute(READ, (key,)).fetchone()
    if found:
        rows.execute(USE, (now, key))
    return found[0] if found else None


def put(rows: sqlite3.Connection, key: str, text: str, most: int, now: float) -> str:
    """Adds a text and takes away the oldest ones that are too much. Returns what the key has."""
    rows.execute(KEEP, (key, text, len(text.encode()) + len(key), now))
    over = rows.execute(WEIGHT).fetchone()[0] - most
    for oldest, size in rows.execute(OLDEST, (key,)).fetchall() if over > 0 else ():
        if over <= 0:
            break
        rows.execute(DROP, (oldest,))
        over -= size
    kept: str = rows.execute(READ, (key,)).fetchone()[0]
    return kept


def claimed(rows: sqlite3.Connection, key: str, owner: str, now: float, seconds: float) -> bool:
    """Claims a key that nobody holds."""
    rows.execute(EXPIRE, (now,))
    return rows.execute(CLAIM, (key, owner, now + seconds)).rowcount == 1
