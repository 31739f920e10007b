"""What /metrics says of breakers and queues."""

from __future__ import annotations

import threading

import pytest

from app.clients.budgets import Budgets
from app.memory.store import Store
from app.metrics.metrics import Metrics
from app.metrics.models import Models
from app.metrics.page import Standing
from app.resilience.breaker import FAILURES, OPEN_SECONDS, Breaker
from app.resilience.lanes import Full, Lane
from app.upstream.upstream import Line
from tests.support.metric_numbers import Numbers

VENDOR = "vllm"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(Models(()), None)


def numbers(metrics: Metrics) -> Numbers:
    return Numbers(metrics.text(Standing(Budgets(Store()), ())).decode())


def states(metrics: Metrics) -> dict[str, float]:
    told = numbers(metrics)
    return {state: told.sum("rialto_breakers", state=state) for state in ("closed", "half_open", "open")}


def test_a_breaker_is_in_one_state(metrics: Metrics) -> None:
    now = [0.0]
    breaker = Breaker(lambda: now[0], metrics.vendors.watch(VENDOR))
    assert states(metrics) == {"closed": 1, "half_open": 0, "open": 0}
    for _ in range(FAILURES):
        breaker.broke("down")
    assert states(metrics) == {"closed": 0, "half_open": 0, "open": 1}
    now[0] = OPEN_SECONDS
    assert breaker.admit()
    assert states(metrics) == {"closed": 0, "half_open": 1, "open": 0}
    breaker.broke("down")
    now[0] = 2 * OPEN_SECONDS
    assert breaker.admit()
    breaker.worked()
    assert states(metrics) == {"closed": 1, "half_open": 0, "open": 0}
    assert numbers(metrics).sum("rialto_breaker_openings_total", vendor=VENDOR) == 2


def test_a_probe_that_tells_nothing_leaves_it_open(metrics: Metrics) -> None:
    now = [0.0]
    breaker = Breaker(lambda: now[0], metrics.vendors.watch(VENDOR))
    for _ in range(FAILURES):
        breaker.broke("down")
    now[0] = OPEN_SECONDS
    assert breaker.admit()
    breaker.left()
    assert states(metrics) == {"closed": 0, "half_open": 0, "open": 1}


def test_a_queue(metrics: Metrics) -> None:
    lane = Lane(1, watch=metrics.vendors.watch(VENDOR))
    waiting, done = threading.Event(), threading.Event()

    class Told(Line):
        def wait(self, event: threading.Event, timeout: float) -> None:
            waiting.set()
            super().wait(event, timeout)

    def guest() -> None:
        with lane.place("b", Told(), 10):
            done.set()

    with lane.place("a", Line(), 10):
        thread = threading.Thread(target=guest)
        thread.start()
        assert waiting.wait(10)
        told = numbers(metrics)
        assert told.sum("rialto_vendor_exchanges", vendor=VENDOR) == 1
        assert told.sum("rialto_queue_length", vendor=VENDOR) == 1
    thread.join(10)
    told = numbers(metrics)
    assert done.is_set()
    assert told.sum("rialto_vendor_exchanges") == 0
    assert told.sum("rialto_queue_length") == 0
    assert told.sum("rialto_queue_wait_seconds_count", vendor=VENDOR) == 1


def test_a_wait_in_vain(metrics: Metrics) -> None:
    lane = Lane(1, watch=metrics.vendors.watch(VENDOR))
    with lane.place("a", Line(), 10), pytest.raises(Full), lane.place("b", Line(), 0.001):
        raise AssertionError("there was no place")
    told = numbers(metrics)
    assert told.sum("rialto_queue_length") == told.sum("rialto_vendor_exchanges") == 0
    assert told.sum("rialto_queue_wait_seconds_count") == 1


def test_a_defect_reaches_nobody(metrics: Metrics, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = metrics.vendors.watch(VENDOR)

    def defect(amount: float) -> None:
        raise OSError("no room")

    monkeypatch.setattr(watch._entered, "inc", defect)
    lane = Lane(1, watch=watch)
    with lane.place("a", Line(), 10) as taken:
        assert taken
    assert lane.active == 0
