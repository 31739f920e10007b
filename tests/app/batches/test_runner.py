"""The runner: a few items at once, leases that are renewed, a store that fails, the end of a process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from app.batches import runner as module
from app.batches.batch import Batch, Item, Lease, Result
from app.batches.execution import Pause
from app.batches.runner import Run, Runner
from app.batches.store_sqlite import SqliteBatches
from app.memory.store import StoreFailure

DEADLINE = 10.0
DONE = Result("succeeded", b"{}")


@pytest.fixture
def store() -> SqliteBatches:
    return SqliteBatches(None)


Start = Callable[..., Runner]


@pytest.fixture
def start(store: SqliteBatches, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    monkeypatch.setattr(module, "LOOK", 0.01)
    monkeypatch.setattr(module, "RETRY", 0.01)
    runners: list[Runner] = []

    def started(run: Run, most: int = 4, is_stopping: Callable[[], bool] = lambda: False) -> Runner:
        runners.append(Runner(store, run, most, is_stopping))
        runners[-1].wake()
        return runners[-1]

    yield started
    for runner in runners:
        runner.close()


def add(store: SqliteBatches, count: int) -> None:
    batch = Batch(id="msgbatch_1", client="team", created=time.time())
    store.add(batch, [Item(f"id-{at}", b"{}") for at in range(count)])


def counts(store: SqliteBatches) -> dict[str, int]:
    found = store.find("team", "msgbatch_1")
    return dict(found.counts) if found else {}


def wait(is_right: Callable[[], bool]) -> None:
    """Until something is so."""
    pause = threading.Event()
    for _ in range(1000):
        if is_right():
            return
        pause.wait(DEADLINE / 1000)
    raise AssertionError("it did not come to be")


def test_no_more_at_once_than_allowed(store: SqliteBatches, start: Start) -> None:
    gate, running, most, lock = threading.Event(), 0, 0, threading.Lock()
    full = threading.Event()

    def run(lease: Lease, gone: Callable[[], bool]) -> Result:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        if running == 3:
            full.set()
        gate.wait(DEADLINE)
        with lock:
            running -= 1
        return DONE

    add(store, 9)
    start(run, 3)
    assert full.wait(DEADLINE)
    gate.set()
    wait(lambda: counts(store) == {"succeeded": 9})
    assert most == 3


def test_none_where_none_are_wanted(store: SqliteBatches, start: Start) -> None:
    add(store, 1)
    before = set(threading.enumerate())
    start(lambda lease, gone: DONE, 0)
    assert set(threading.enumerate()) <= before
    assert store.claim() is not None


def test_a_failure_of_ours_is_tried_again(store: SqliteBatches, start: Start, caplog: pytest.LogCaptureFixture) -> None:
    tries = []

    def run(lease: Lease, gone: Callable[[], bool]) -> Result:
        tries.append(lease.tries)
        if len(tries) == 1:
            raise KeyError("bug")
        return DONE

    add(store, 1)
    start(run)
    wait(lambda: counts(store) == {"succeeded": 1})
    assert tries == [1, 2]
    assert "unexpected failure in an item of msgbatch_1" in caplog.text


def test_a_pause_is_kept(store: SqliteBatches, start: Start) -> None:
    tries = []

    def run(lease: Lease, gone: Callable[[], bool]) -> Result | Pause:
        tries.append(lease.tries)
        return Pause(0.01, counted=False) if len(tries) < 3 else DONE

    add(store, 1)
    start(run)
    wait(lambda: counts(store) == {"succeeded": 1})
    assert tries == [1, 1, 1]


def test_leases_of_long_items_are_renewed(store: SqliteBatches, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RENEW", 0.0)
    renewed, gate, usual = threading.Event(), threading.Event(), store.renew

    def renew(leases: list[Lease]) -> None:
        usual(leases)
        if leases:
            renewed.set()

    monkeypatch.setattr(store, "renew", renew)
    add(store, 1)
    start(lambda lease, gone: DONE if gate.wait(DEADLINE) else Pause())
    assert renewed.wait(DEADLINE)
    gate.set()
    wait(lambda: counts(store) == {"succeeded": 1})


def test_a_store_that_is_away_is_tried_again(
    store: SqliteBatches, start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failures, usual = iter([StoreFailure("disk full")] * 3), store.claim

    def claim() -> Lease | None:
        if failure := next(failures, None):
            raise failure
        return usual()

    monkeypatch.setattr(store, "claim", claim)
    add(store, 1)
    start(lambda lease, gone: DONE)
    wait(lambda: counts(store) == {"succeeded": 1})
    assert caplog.text.count("disk full") == 1


def test_the_end_of_a_process_gives_back_what_runs(store: SqliteBatches, start: Start) -> None:
    begun, gate = threading.Event(), threading.Event()

    def run(lease: Lease, gone: Callable[[], bool]) -> Result:
        begun.set()
        gate.wait(DEADLINE)
        return DONE

    add(store, 2)
    runner = start(run, 1)
    assert begun.wait(DEADLINE)
    runner.close()
    again = {lease.item.custom_id: lease.tries for lease in iter(store.claim, None)}
    gate.set()
    assert again == {"id-0": 1, "id-1": 1}


def test_a_server_that_stops_begins_nothing_and_lets_go(store: SqliteBatches, start: Start) -> None:
    stopping, begun = threading.Event(), threading.Semaphore(0)
    given = []

    def run(lease: Lease, gone: Callable[[], bool]) -> Pause:
        begun.release()
        wait(gone)
        given.append(lease.item.custom_id)
        return Pause()

    add(store, 3)
    start(run, 2, stopping.is_set)
    assert begun.acquire(timeout=DEADLINE) and begun.acquire(timeout=DEADLINE)
    stopping.set()
    wait(lambda: len(given) == 2)
    assert sorted(given) == ["id-0", "id-1"]
    wait(lambda: store.claim() is not None)


def test_an_item_that_gets_no_thread_does_not_take_a_place(
    store: SqliteBatches, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    true, failing = threading.Thread.start, [True]

    def begin(thread: threading.Thread) -> None:
        if thread.name == "batch-item" and failing:
            failing.clear()
            raise RuntimeError("can't start new thread")
        true(thread)

    monkeypatch.setattr(threading.Thread, "start", begin)
    add(store, 2)
    start(lambda lease, gone: DONE, most=1)
    wait(lambda: bool(list(store.results("msgbatch_1"))))
    assert failing == []
