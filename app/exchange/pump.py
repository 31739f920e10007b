"""Pump: work that blocks, in a thread of its own, so that the request can look around while it waits.

Under gevent the thread is a greenlet. The request takes what the work yields, and between two items may send a sign of
life or notice that its client is gone.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")

#: Items that may wait for a slow client before the work is held up.
BACKLOG = 256
#: Items behind each of which whoever waits is let in, so that the first words are not held up by what follows them.
FIRST = 4


class Silence(Exception):
    """Nothing came in time."""


class Finished(Exception):
    """The work is done."""


class Pump(Generic[Item]):
    """Runs `work` and hands out its items. `cancel` must make a blocked `work` end."""

    def __init__(self, work: Callable[[], Iterator[Item]], cancel: Callable[[], None]) -> None:
        self._work = work
        self._cancel = cancel
        self._items: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue(BACKLOG)
        self._stopped = threading.Event()
        self._ahead: BaseException | None = None
        """What ended the work, met while its last items were taken."""

    def start(self) -> None:
        """Begins the work."""
        threading.Thread(target=self._run, name="rialto-pump", daemon=True).start()

    def next(self, timeout: float) -> Item:
        """The next item within `timeout` seconds. Raises `Silence`, `Finished` or whatever the work raised."""
        if self._ahead is not None:
            raise self._ahead
        try:
            item, error = self._items.get(timeout=timeout)
        except queue.Empty:
            raise Silence from None
        if error is not None:
            raise error
        assert item is not None
        return item

    def waiting(self) -> list[Item]:
        """The items that have come too. Nothing is waited for; what the work raised is left to `next`."""
        found: list[Item] = []
        while self._ahead is None:
            try:
                item, self._ahead = self._items.get_nowait()
            except queue.Empty:
                break
            if item is not None:
                found.append(item)
        return found

    def stop(self) -> None:
        """Ends the work, whatever it waits for."""
        self._stopped.set()
        self._cancel()

    def _run(self) -> None:
        try:
            for number, item in enumerate(self._work()):
                if not self._put(item, None):
                    return
                if number < FIRST:
                    time.sleep(0)
            self._put(None, Finished())
        except Exception as error:
            self._put(None, error)

    def _put(self, item: Item | None, error: BaseException | None) -> bool:
        while not self._stopped.is_set():
            try:
                self._items.put((item, error), timeout=1.0)
                return True
            except queue.Full:
                continue
        return False
