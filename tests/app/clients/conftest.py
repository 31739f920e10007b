"""What the tests of clients share."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from limits.storage import memory


class Clock:
    """Seconds that a test sets; they begin with a minute."""

    def __init__(self, now: float = 1_700_000_000.0 // 60 * 60) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of the counters in this process: a minute does not end in the middle of a test."""
    found = Clock()
    monkeypatch.setattr(memory, "time", SimpleNamespace(time=found))
    return found
