"""The store's rows in an SQLite file, for all workers of one machine.

`PRAGMA data_version` tells for next to nothing whether another connection has written
(https://www.sqlite.org/pragma.html#pragma_data_version, read 2026-11-21). Nothing here is worth a wait for the disk:
after a power cut the last lessons are learnt again, so `synchronous` is off.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from app.memory.store import Key, Pending, Row, StoreFailure

T = TypeVar("T")

FILE = "state.sqlite"
#: The form of the rows; files of another form are begun anew.
VERSION = 1
#: Seconds to wait for another worker's transaction.
LOCK_TIMEOUT = 2.0
#: Workers that start together may find the new file locked; how often and after how many seconds it is tried again.
OPENINGS, PAUSE = 10, 0.05

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS rows (owner TEXT, key TEXT, value TEXT NOT NULL, until REAL, "
    "PRIMARY KEY (owner, key)) WITHOUT ROWID"
)
REPLACE = "INSERT OR REPLACE INTO rows (owner, key, value, until) VALUES (?, ?, ?, ?)"
SELECT = "SELECT value, until FROM rows WHERE owner = ? AND key = ?"
DELETE = "DELETE FROM rows WHERE owner = ? AND key = ?"


class SqlitePlace:
    """A file in a folder; both are made on need."""

    def __init__(self, folder: Path) -> None:
        self.title = str(folder / FILE)
        self._file = folder / FILE
        self._connection: sqlite3.Connection | None = None
        self._process = 0
        self._seen: int | None = None

    def commit(self, changes: Iterable[Pending], now: float) -> None:
        """One immediate transaction: nobody writes between the reading and the writing of a row."""
        self._seen = None
        self._work(lambda connection: write(connection, changes, now))

    def rows(self) -> Mapping[Key, Row] | None:
        """All rows, unless nobody has written since."""
        return self._work(self._changed)

    def close(self) -> None:
        """Closes the file."""
        if self._connection is not None and self._process == os.getpid():
            self._connection.close()
        self._connection, self._seen = None, None

    def _changed(self, connection: sqlite3.Connection) -> Mapping[Key, Row] | None:
        version: int = connection.execute("PRAGMA data_version").fetchone()[0]
        if version == self._seen:
            return None
        found = connection.execute("SELECT owner, key, value, until FROM rows").fetchall()
        self._seen = version
        return {(owner, key): Row(json.loads(value), until) for owner, key, value, until in found}

    def _work(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return beside_greenlets(lambda: work(self._opened()))
        except (sqlite3.Error, OSError, ValueError) as error:
            self.close()
            raise StoreFailure(reason(error)) from error

    def _opened(self) -> sqlite3.Connection:
        """The connection; a forked process makes its own."""
        if self._connection is None or self._process != os.getpid():
            self._seen = None
            self._connection = opened(self._file)
            self._process = os.getpid()
        return self._connection


def write(connection: sqlite3.Connection, changes: Iterable[Pending], now: float) -> None:
    """Applies changes, and forgets what has expired."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("DELETE FROM rows WHERE until <= ?", (now,))
        for pending in changes:
            found = connection.execute(SELECT, pending.key).fetchone()
            row = pending.result(Row(json.loads(found[0]), found[1]) if found else None, now)
            if row is None:
                connection.execute(DELETE, pending.key)
            else:
                connection.execute(REPLACE, (*pending.key, json.dumps(row.value), row.until))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled it back
            connection.execute("ROLLBACK")
        raise


def opened(file: Path) -> sqlite3.Connection:
    """A connection to the file. A file that is damaged is put aside."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.touch(mode=0o600)
    try:
        return connected(file)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        file.replace(file.with_suffix(".damaged"))
        return connected(file)


def connected(file: Path) -> sqlite3.Connection:
    """A connection to a file with our table."""
    connection = sqlite3.connect(file, timeout=LOCK_TIMEOUT, isolation_level=None, check_same_thread=False)
    for left in reversed(range(OPENINGS)):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                connection.execute("DROP TABLE IF EXISTS rows")
                connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute(SCHEMA)
            return connection
        except sqlite3.OperationalError as error:
            if not left or "locked" not in str(error):
                raise
            time.sleep(PAUSE)
    raise AssertionError("unreachable")


def beside_greenlets(work: Callable[[], T]) -> T:
    """Does blocking work without holding up other requests: under gevent in a true thread, elsewhere right here."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey is None or not monkey.is_module_patched("threading"):
        return work()
    from gevent import get_hub, getcurrent

    if getcurrent().parent is None:  # at the start, when there is nobody else; gunicorn forks behind this
        return work()
    done: T = get_hub().threadpool.apply(work)
    return done


def reason(error: Exception) -> str:
    """Why it failed."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
