"""A bounded cache: the oldest values go when those that are kept weigh too much."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Bounded(Generic[Value]):
    """Values by key, `most` in weight altogether, in units of the caller's choice. For any thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._values: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, key: Hashable) -> Value | None:
        """The value, which becomes the youngest; None when there is none."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def write(self, key: Hashable, value: Value, weight: int) -> None:
        """Keeps a value, unless it alone weighs too much."""
        with self._lock:
            self._forget(key)
            if weight > self._most:
                return
            self._values[key] = value, weight
            self._weight += weight
            while self._weight > self._most:
                self._forget(next(iter(self._values)))

    def _forget(self, key: Hashable) -> None:
        if key in self._values:
            self._weight -= self._values.pop(key)[1]
