"""The books: a usage line for each exchange, an error line for each that failed, a line in the application log.

Nothing here raises: an exchange is not worth less because it cannot be written down.
"""

from __future__ import annotations

import atexit
import logging
import weakref
from datetime import datetime
from pathlib import Path
from typing import Any

from app.api.sse import dumps
from app.exchange.account import KILLED, STOPPED, Account
from app.logs.application import log_exchange
from app.logs.file import LineFile
from app.logs.redaction import Redaction
from app.usage.errors import failure
from app.usage.record import ID, moment, record
from app.usage.running import SLOT, Record, Running
from app.usage.watching import Watchers

log = logging.getLogger("rialto")

USAGE, ERRORS, RUNNING = "usage.jsonl", "errors.jsonl", "running"


class Books:
    """The files in a folder. `most` is the size of a file in bytes, `kept` how many full ones stay; `watchers` are told
    what is written.
    """

    def __init__(
        self, folder: Path, most: int, kept: int, redaction: Redaction, watchers: Watchers | None = None
    ) -> None:
        self._usage = LineFile(folder / USAGE, most, kept)
        self._errors = LineFile(folder / ERRORS, most, kept)
        self._running = Running(folder / RUNNING)
        self.redaction = redaction
        self._watchers = watchers or Watchers()
        self._open: dict[str, Account] = {}
        OPEN.add(self)

    def begin(self, account: Account) -> None:
        """Notes an exchange that runs; once more when more is known of it."""
        try:
            if account.request_id not in self._open:
                self._watchers.began(account)
            self._open[account.request_id] = account
            account.slot = self._running.note(account.slot, noted(known(account)))
        except Exception:
            log.exception("an exchange could not be noted")

    def settle(self, account: Account) -> None:
        """Writes what an exchange came to."""
        try:
            if self._open.pop(account.request_id, None) is None:
                self._watchers.began(account)
            entry = record(account)
            self._usage.append(line(entry))
            self._watchers.settled(account, entry)
            self._running.strike(account.slot)
            account.slot = None
            if account.error is not None:
                self._errors.append(line(failure(account, account.error, self.redaction)))
            log_exchange(account)
        except Exception:
            log.exception("an exchange could not be written down")
        account.message = None

    def recover(self) -> None:
        """Writes the lines of exchanges whose worker was killed."""
        try:
            self._running.recover(self._save)
        except Exception:
            log.exception("the exchanges of killed workers could not be written down")

    def close(self) -> None:
        """The process ends: what still runs is cut off with it."""
        for account in list(self._open.values()):
            if account.ended is None:
                account.lost(STOPPED)
                account.end()
                self.settle(account)
        self._watchers.close()
        self._running.close()

    def _save(self, found: list[Record]) -> None:
        """Writes what a killed worker left. The kill may have come between an exchange's line and the crossing out."""
        sound = [entry for entry in found if began(entry)]
        ended = self._usage.holds(map(mark, sound), min(map(began, sound), default=0.0) - 1)
        lost = [entry for entry in sound if mark(entry) not in ended]
        for entry in lost:
            entry = {**record(Account()), **entry, "status": "lost", "error_type": KILLED}
            self._usage.append(line(entry))
            self._watchers.found(entry)
        if lost:
            log.warning("%d exchanges were cut off when a worker was killed", len(lost))


#: The books of this process, as long as somebody has them.
OPEN: weakref.WeakSet[Books] = weakref.WeakSet()


@atexit.register
def close_all() -> None:
    """The process ends in an orderly way."""
    for books in list(OPEN):
        books.close()


def line(entry: dict[str, Any]) -> bytes:
    """A record as a line."""
    return dumps(entry) + b"\n"


def known(account: Account) -> dict[str, Any]:
    """The record of an exchange that runs; before its request is understood, what tells it from others and who asks."""
    if account.alias:
        return record(account)
    who = {"session_id": account.session[:ID] or None, "agent_id": account.agent[:ID] or None}
    return {"time": moment(account.began), "request_id": account.request_id, **who}


def noted(entry: dict[str, Any]) -> bytes:
    """A record for a slot of the running exchanges; of one that is too long what tells it from others."""
    data = dumps(entry)
    return data if len(data) < SLOT else dumps({name: entry[name] for name in ("time", "request_id")})


def began(entry: Record) -> float:
    """When an exchange began, in seconds since 1970; 0 for what is no record."""
    try:
        return datetime.fromisoformat(entry["time"]).timestamp() if entry["request_id"] else 0.0
    except (KeyError, TypeError, ValueError):
        return 0.0


def mark(entry: Record) -> bytes:
    """What only this exchange's line holds."""
    return b'"request_id":' + dumps(entry["request_id"])
