"""Keys: which of a vendor's keys an exchange uses.

Which keys rest is kept in the store, so all workers know it, and all machines that share one; a look-up reads this
process's copy. The store never sees a key, only its hash. Clocks of several machines must agree.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from app.memory.store import Change, Store

TABLE = "rests"
#: Seconds for which the order of the keys' last limits is remembered.
DAY = 24 * 3600.0
#: Sessions whose key is remembered.
SESSIONS = 10_000


class KeyRing:
    """Keys that were limited rest until the vendor's reset. A session stays on its key while it can, because vendors'
    prompt caches belong to a key; others take the key whose last limit is longest ago. `clock` is that of all who
    share the store.
    """

    def __init__(self, clock: Callable[[], float] = time.time, store: Store | None = None) -> None:
        self._clock = clock
        self._store = store or Store()
        self._lock = threading.Lock()
        self._homes: OrderedDict[str, str] = OrderedDict()

    def pick(self, keys: Sequence[str], session: str) -> str | None:
        """The key to use now, None while all of them rest."""
        rows = {key: self._row(key) for key in keys}
        free = [key for key, (_, until) in rows.items() if until <= self._clock()]
        if not free:
            return None
        with self._lock:
            home = self._homes.get(session, "") if session else ""
            key = home if home in free else min(free, key=lambda key: (rows[key][0], lot(session, key)))
            if session:
                self._remember(session, key)
            return key

    def wait(self, keys: Sequence[str]) -> float:
        """Seconds until one of the keys is free."""
        return max(0.0, min((self._row(key)[1] - self._clock() for key in keys), default=0.0))

    def cool(self, key: str, seconds: float) -> None:
        """Lets a key rest."""
        now = self._clock()
        self._store.update(TABLE, mark(key), later(now, now + seconds), max(DAY, seconds))

    def _row(self, key: str) -> Sequence[float]:
        """When the key was limited last, and until when it rests."""
        row: Sequence[float] = self._store.read(TABLE, mark(key)) or (0.0, 0.0)
        return row

    def _remember(self, session: str, key: str) -> None:
        self._homes[session] = key
        self._homes.move_to_end(session)
        if len(self._homes) > SESSIONS:
            self._homes.popitem(last=False)


def lot(session: str, key: str) -> bytes:
    """An order of the keys that differs from session to session and is the same in every worker."""
    return hashlib.blake2b(f"{session}\0{key}".encode(), digest_size=8).digest()


def later(limited: float, until: float) -> Change:
    """The change of a key's row: of two limits the longer rest holds, whichever machine's word comes first."""

    def change(old: Any) -> Any:
        before, rested = old or (0.0, 0.0)
        return [max(before, limited), max(rested, until)]

    return change


def mark(key: str) -> str:
    """What the store knows a key by."""
    return hashlib.blake2b(key.encode(), digest_size=16, person=b"rialto rests").hexdigest()
