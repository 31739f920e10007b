"""The names of models that may be labels. Clients send any name, and each label is a series that is kept for good."""

from __future__ import annotations

import threading
from collections.abc import Collection

#: What stands for all other models, and for the lack of a vendor.
UNKNOWN, NONE = "unknown", "none"
#: Models beside the known ones: servers exist that answer to any name.
MOST = 200


class Models:
    """`known` are `vendor/model`; others are let in once their vendor has answered, until there are `MOST`."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = frozenset(known)
        self._answered = set[str]()
        self._lock = threading.Lock()

    def label(self, vendor: str | None, model: str | None, answered: bool) -> str:
        """The label of a model; `answered` is whether this exchange has its answer."""
        if vendor is None or model is None:
            return NONE
        name = f"{vendor}/{model}"
        if name in self._known or name in self._answered:
            return model
        return model if answered and self._let_in(name) else UNKNOWN

    def _let_in(self, name: str) -> bool:
        with self._lock:
            if len(self._answered) >= MOST:
                return False
            self._answered.add(name)
            return True
