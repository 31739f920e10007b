"""The pump: items in order, silence noticed, failures handed on, and work that ends when nobody wants it any more."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from app.exchange import pump
from app.exchange.pump import Finished, Pump, Silence

#: Seconds that nothing in these tests should need; only a defect waits so long.
PATIENCE = 10.0


class Work:
    """Yields items, then waits until it is cancelled or released."""

    def __init__(self, *items: int) -> None:
        self.items = items
        self.released = threading.Event()
        self.cancelled = threading.Event()
        self.closed = threading.Event()
        self.taken = 0

    def run(self) -> Iterator[int]:
        """The work."""
        try:
            for item in self.items:
                self.taken += 1
                yield item
            self.released.wait(PATIENCE)
        finally:
            self.closed.set()

    def cancel(self) -> None:
        """What ends the wait."""
        self.cancelled.set()
        self.released.set()


@pytest.fixture
def work() -> Iterator[Work]:
    """Work that is over when the test is."""
    made = Work(1, 2, 3)
    yield made
    made.cancel()
    assert made.closed.wait(PATIENCE)


def started(work: Work) -> Pump[int]:
    """The pump, at work."""
    pump = Pump(work.run, work.cancel)
    pump.start()
    return pump


def test_items_come_in_order_and_then_the_end(work: Work) -> None:
    work.released.set()
    pumped = started(work)
    assert [pumped.next(PATIENCE) for _ in range(3)] == [1, 2, 3]
    with pytest.raises(Finished):
        pumped.next(PATIENCE)


def test_silence_is_noticed_and_ends(work: Work) -> None:
    pumped = started(work)
    assert [pumped.next(PATIENCE) for _ in range(3)] == [1, 2, 3]
    with pytest.raises(Silence):
        pumped.next(0)
    work.released.set()
    with pytest.raises(Finished):
        pumped.next(PATIENCE)


def failing() -> Iterator[int]:
    """One item, then a failure."""
    yield 1
    raise KeyError("boom")


def test_a_failure_comes_behind_the_items() -> None:
    pumped = Pump(failing, lambda: None)
    pumped.start()
    assert pumped.next(PATIENCE) == 1
    with pytest.raises(KeyError, match="boom"):
        pumped.next(PATIENCE)


def test_stop_cancels_the_work(work: Work) -> None:
    pumped = started(work)
    assert pumped.next(PATIENCE) == 1
    pumped.stop()
    assert work.cancelled.is_set()
    assert work.closed.wait(PATIENCE)


def test_stop_ends_work_that_waits_for_a_slow_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "BACKLOG", 2)
    work = Work(*range(10))
    pumped = started(work)
    pumped.stop()
    assert work.closed.wait(PATIENCE)
    assert work.taken < 10


def test_a_slow_client_holds_the_work_up_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "BACKLOG", 2)
    work = Work(*range(10))
    work.released.set()
    pumped = started(work)
    first = pumped.next(PATIENCE)
    assert work.taken <= 5
    assert [first, *(pumped.next(PATIENCE) for _ in range(9))] == list(range(10))


def test_stop_may_come_twice_and_after_the_end(work: Work) -> None:
    work.released.set()
    pumped = started(work)
    for _ in range(3):
        pumped.next(PATIENCE)
    with pytest.raises(Finished):
        pumped.next(PATIENCE)
    pumped.stop()
    pumped.stop()
    assert work.cancelled.is_set()
