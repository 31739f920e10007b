"""Keys: which of a vendor's keys an exchange uses."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

#: Sessions whose key is remembered.
SESSIONS = 10_000


class KeyRing:
    """Keys that were limited rest until the vendor's reset. A session stays on its key while it can, because vendors'
    prompt caches belong to a key; others take the key whose last limit is longest ago.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rested: dict[str, float] = {}
        self._limited: dict[str, float] = {}
        self._homes: OrderedDict[str, str] = OrderedDict()

    def pick(self, keys: Sequence[str], session: str) -> str | None:
        """The key to use now, None while all of them rest."""
        with self._lock:
            free = [key for key in keys if self._rest(key) <= 0]
            if not free:
                return None
            home = self._homes.get(session, "") if session else ""
            key = home if home in free else min(free, key=lambda key: (self._limited.get(key, 0.0), lot(session, key)))
            if session:
                self._remember(session, key)
            return key

    def wait(self, keys: Sequence[str]) -> float:
        """Seconds until one of the keys is free."""
        return max(0.0, min((self._rest(key) for key in keys), default=0.0))

    def cool(self, key: str, seconds: float) -> None:
        """Lets a key rest."""
        with self._lock:
            self._limited[key] = self._clock()
            self._rested[key] = self._clock() + seconds

    def _rest(self, key: str) -> float:
        return self._rested.get(key, 0.0) - self._clock() if key in self._rested else 0.0

    def _remember(self, session: str, key: str) -> None:
        self._homes[session] = key
        self._homes.move_to_end(session)
        if len(self._homes) > SESSIONS:
            self._homes.popitem(last=False)


def lot(session: str, key: str) -> bytes:
    """An order of the keys that differs from session to session and is the same in every worker."""
    return hashlib.blake2b(f"{session}\0{key}".encode(), digest_size=8).digest()
