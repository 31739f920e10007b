"""Watchers: who wants to know of every exchange besides the files. What one of them gets wrong changes no exchange."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from app.exchange.account import Account

log = logging.getLogger("rialto")

Record = dict[str, Any]


class Watcher(Protocol):
    """Is told of each exchange when it begins and when its line has been written."""

    def began(self, account: Account) -> None:
        """A request came; not much is known of it yet."""

    def settled(self, account: Account, entry: Record) -> None:
        """It has ended; `entry` is its usage record."""

    def found(self, entry: Record) -> None:
        """The record of one whose worker was killed, now or under an earlier server."""

    def close(self) -> None:
        """The process ends."""


class Watchers:
    """Tells all of them."""

    def __init__(self, watchers: Sequence[Watcher] = ()) -> None:
        self._watchers = watchers
        self._failed = set[str]()

    def began(self, account: Account) -> None:
        """See `Watcher`."""
        for watcher in self._watchers:
            self._tell(watcher.began, account)

    def settled(self, account: Account, entry: Record) -> None:
        """See `Watcher`."""
        for watcher in self._watchers:
            self._tell(watcher.settled, account, entry)

    def found(self, entry: Record) -> None:
        """See `Watcher`."""
        for watcher in self._watchers:
            self._tell(watcher.found, entry)

    def close(self) -> None:
        """See `Watcher`."""
        for watcher in self._watchers:
            self._tell(watcher.close)

    def _tell(self, what: Callable[..., None], *words: Any) -> None:
        """Says once how it failed."""
        try:
            what(*words)
        except Exception:
            if what.__qualname__ not in self._failed:
                log.exception("%s failed", what.__qualname__)
            self._failed.add(what.__qualname__)
