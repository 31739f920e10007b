"""Runner: works on whatever items are due, a few at once, in threads of this process.

Every worker process has one; the store divides the work. One thread looks for work, renews the leases of what runs
and sweeps; every item has a thread of its own.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable

from app.batches.batch import Lease, Result
from app.batches.execution import Pause
from app.batches.store import BatchStore
from app.memory.store import StoreFailure

#: Seconds between two looks for work, two renewals, two sweeps, and after which a store that failed is tried again.
LOOK, RENEW, SWEEP, RETRY = 1.0, 4.0, 5.0, 10.0

Run = Callable[[Lease, Callable[[], bool]], Result | Pause]

log = logging.getLogger("rialto")


class Runner:
    """`run` answers an item and gives up when its second argument says so; `most` are the items that run at once.
    `is_stopping` is whether the server ends.
    """

    def __init__(self, store: BatchStore, run: Run, most: int, is_stopping: Callable[[], bool]) -> None:
        self._store = store
        self._run = run
        self._most = most
        self._is_stopping = is_stopping
        self._lock = threading.Lock()
        self._running: dict[str, Lease] = {}
        self._wanted = threading.Event()
        self._process = 0
        self._closed = self._failed = False
        self._renewed = self._swept = 0.0

    def start(self) -> None:
        """Starts this process's thread, once; in a forked process again."""
        with self._lock:
            if self._process == os.getpid() or not self._most:
                return
            self._process = os.getpid()
        atexit.register(self.close)
        threading.Thread(target=self._watch, name="batches", daemon=True).start()

    def wake(self) -> None:
        """There may be work."""
        self.start()
        self._wanted.set()

    def close(self) -> None:
        """Gives back what runs, so that another process need not wait for the leases to end."""
        self._closed = True
        self._wanted.set()
        atexit.unregister(self.close)
        for lease in list(self._running.values()):
            try:
                self._store.give_back(lease, 0, counted=False, hold=False)
            except StoreFailure:
                return

    def _is_over(self) -> bool:
        return self._closed or self._is_stopping()

    def _watch(self) -> None:
        while not self._closed:
            pause = LOOK
            try:
                self._look()
                self._failed = False
            except StoreFailure as failure:
                if not self._failed:
                    log.warning("batches wait: their store cannot be used (%s)", failure)
                self._failed, pause = True, RETRY
            except Exception:
                log.exception("unexpected failure of the batches")
                pause = RETRY
            self._wanted.wait(pause)
            self._wanted.clear()

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._renewed > RENEW:
            self._renewed = now
            self._store.renew(list(self._running.values()))
        if now - self._swept > SWEEP:
            self._swept = now
            self._store.sweep()
        while len(self._running) < self._most and not self._is_over():
            lease = self._store.claim()
            if lease is None:
                return
            self._running[lease.token] = lease
            try:
                threading.Thread(target=self._work, args=(lease,), name="batch-item", daemon=True).start()
            except RuntimeError:  # no thread to be had: its lease must not be renewed for ever
                del self._running[lease.token]
                raise

    def _work(self, lease: Lease) -> None:
        try:
            self._settle(lease, self._outcome(lease))
        except StoreFailure as failure:
            log.warning("an item of %s is run again: its result cannot be kept (%s)", lease.batch.id, failure)
        finally:
            self._running.pop(lease.token, None)
            self._wanted.set()

    def _outcome(self, lease: Lease) -> Result | Pause:
        try:
            return self._run(lease, self._is_over)
        except Exception:
            log.exception("unexpected failure in an item of %s", lease.batch.id)
            return Pause(RETRY, counted=True)

    def _settle(self, lease: Lease, outcome: Result | Pause) -> None:
        if isinstance(outcome, Pause):
            self._store.give_back(lease, outcome.seconds, counted=outcome.counted, hold=outcome.hold)
        elif not self._store.finish(lease, outcome):
            log.warning(
                "a result in %s came too late: the item is another's by now, or the batch is gone", lease.batch.id
            )
