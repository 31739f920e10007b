"""Where batches are kept: leases, results that are written once, ends, lists; in a file, in memory, in Redis."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.batches import sql, store_sqlite
from app.batches.batch import KEPT, LIFE, Batch, Item, Lease, Result
from app.batches.store import LEASE, BatchStore, Page, UnknownCursor
from app.batches.store_redis import RedisBatches
from app.batches.store_sqlite import FILE, SqliteBatches, opened
from app.memory.store import StoreFailure
from tests.support.redis_server import redis_server
from translators.core.errors import InvalidRequest

NOON = 1_795_000_000.0
DONE = Result("succeeded", b'{"id":"msg_1"}')


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


Open = Callable[[], BatchStore]


@pytest.fixture(params=["file", "redis"])
def opener(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Open]:
    """Opens the same place once more, as another worker would."""
    if request.param == "file":
        yield lambda: SqliteBatches(tmp_path, clock)
        return
    with redis_server(tmp_path) as url:
        yield lambda: RedisBatches(url, clock)


@pytest.fixture
def store(opener: Open) -> BatchStore:
    return opener()


def batch(id: str = "msgbatch_1", client: str = "team", **fields: Any) -> Batch:
    return Batch(id=id, client=client, created=NOON, **fields)


def items(count: int) -> list[Item]:
    return [Item(f"id-{number}", b'{"model":"m%d"}' % number) for number in range(count)]


def results(store: BatchStore, id: str = "msgbatch_1") -> dict[str, Any]:
    lines = b"".join(store.results(id)).splitlines()
    found = {row["custom_id"]: row["result"] for row in map(json.loads, lines)}
    assert len(found) == len(lines)
    return found


def claimed(store: BatchStore) -> Lease:
    lease = store.claim()
    assert lease is not None
    return lease


def test_a_batch_is_what_was_added(store: BatchStore, opener: Open) -> None:
    made = batch(target="/groq:m", headers={"anthropic-beta": "a,b"})
    store.add(made, items(3))
    found = opener().find("team", "msgbatch_1")
    assert found is not None
    assert (found.total, found.size, found.target, found.headers) == (3, 42, "/groq:m", {"anthropic-beta": "a,b"})
    assert (found.status, found.cancelled, found.ended, found.archived) == ("in_progress", None, None, None)


def test_others_do_not_see_it(store: BatchStore) -> None:
    store.add(batch(), items(1))
    assert store.find("other", "msgbatch_1") is None
    assert list(store.page("other", Page())[0]) == []
    with pytest.raises(UnknownCursor):
        store.page("other", Page(after="msgbatch_1"))


def test_nothing_stays_of_a_batch_that_breaks_off(store: BatchStore) -> None:
    def broken() -> Iterable[Item]:
        yield from items(700)
        raise InvalidRequest("no")

    with pytest.raises(InvalidRequest):
        store.add(batch(), broken())
    assert store.find("team", "msgbatch_1") is None
    assert store.claim() is None
    store.add(batch(), items(1))
    assert claimed(store).item.custom_id == "id-0"


def test_every_item_is_claimed_once(store: BatchStore, opener: Open) -> None:
    store.add(batch(), items(5))
    other = opener()
    leases = [claimed(each) for each in (store, other, store, other, store)]
    assert sorted(lease.item.custom_id for lease in leases) == [f"id-{number}" for number in range(5)]
    assert [lease.item.params for lease in leases if lease.place == 3] == [b'{"model":"m3"}']
    assert store.claim() is None and other.claim() is None


def test_results_are_there_when_all_items_have_one(store: BatchStore, clock: Clock) -> None:
    store.add(batch(), items(2))
    first, second = claimed(store), claimed(store)
    assert store.finish(second, Result("errored", b'{"type":"error"}'))
    assert (found := store.find("team", "msgbatch_1")) and found.status == "in_progress"
    clock.now += 5
    assert store.finish(first, DONE)
    found = store.find("team", "msgbatch_1")
    assert found is not None
    assert (found.status, found.ended) == ("ended", NOON + 5)
    assert found.counts == {"succeeded": 1, "errored": 1}
    assert results(store) == {
        "id-0": {"type": "succeeded", "message": {"id": "msg_1"}},
        "id-1": {"type": "errored", "error": {"type": "error"}},
    }


def test_only_the_holder_of_the_lease_writes_the_result(store: BatchStore, opener: Open, clock: Clock) -> None:
    store.add(batch(), items(1))
    dead = claimed(store)
    clock.now += LEASE - 1
    assert store.claim() is None
    clock.now += 1
    alive = claimed(opener())
    assert (alive.item, alive.tries) == (dead.item, 2)
    assert not store.finish(dead, Result("errored", b"{}"))
    store.give_back(dead, 0, counted=True, hold=False)
    assert store.claim() is None
    assert store.finish(alive, DONE)
    assert not store.finish(alive, Result("errored", b"{}"))
    assert results(store) == {"id-0": {"type": "succeeded", "message": {"id": "msg_1"}}}


def test_a_lease_that_is_renewed_holds(store: BatchStore, clock: Clock) -> None:
    store.add(batch(), items(1))
    lease = claimed(store)
    clock.now += LEASE - 1
    store.renew([lease])
    clock.now += LEASE - 1
    assert store.claim() is None
    assert store.finish(lease, DONE)
    store.renew([lease])
    store.renew([])
    assert store.claim() is None


def test_what_is_given_back_waits(store: BatchStore, clock: Clock) -> None:
    store.add(batch(), items(2))
    lease = claimed(store)
    store.give_back(lease, 30, counted=True, hold=False)
    assert claimed(store).item.custom_id == "id-1"
    assert store.claim() is None
    clock.now += 30
    again = {lease.item.custom_id: lease.tries for lease in (claimed(store), claimed(store))}
    assert again == {"id-0": 2, "id-1": 2}


def test_a_try_that_does_not_count(store: BatchStore) -> None:
    store.add(batch(), items(1))
    store.give_back(claimed(store), 0, counted=False, hold=False)
    assert claimed(store).tries == 1


def test_a_batch_on_hold_waits_as_a_whole(store: BatchStore, clock: Clock) -> None:
    store.add(batch(), items(2))
    store.add(batch("msgbatch_2"), items(1))
    while (lease := claimed(store)).batch.id != "msgbatch_1":
        pass
    store.give_back(lease, 10, counted=False, hold=True)
    rest = [lease.batch.id for lease in iter(store.claim, None)]
    assert "msgbatch_1" not in rest
    clock.now += 10
    assert claimed(store).batch.id == "msgbatch_1"


def test_batches_take_turns(store: BatchStore, clock: Clock) -> None:
    store.add(batch("msgbatch_1"), items(9))
    store.add(batch("msgbatch_2"), items(9))
    taken = []
    for _ in range(6):
        clock.now += 0.1
        taken.append(claimed(store).batch.id)
    assert taken == ["msgbatch_1", "msgbatch_2"] * 3


def test_what_has_not_begun_is_cancelled(store: BatchStore, clock: Clock) -> None:
    store.add(batch(), items(3))
    running = claimed(store)
    clock.now += 1
    store.cancel("msgbatch_1")
    found = store.find("team", "msgbatch_1")
    assert found is not None and (found.status, found.cancelled) == ("canceling", NOON + 1)
    assert store.claim() is None
    assert store.finish(running, DONE)
    found = store.find("team", "msgbatch_1")
    assert found is not None and found.status == "ended"
    assert found.counts == {"succeeded": 1, "canceled": 2}
    assert results(store)["id-2"] == {"type": "canceled"}
    clock.now += 1
    store.cancel("msgbatch_1")
    assert (again := store.find("team", "msgbatch_1")) and again.cancelled == NOON + 1


def test_a_batch_of_which_nothing_runs_is_cancelled_at_once(store: BatchStore) -> None:
    store.add(batch(), items(2))
    store.cancel("msgbatch_1")
    assert (found := store.find("team", "msgbatch_1")) and found.status == "ended"
    assert found.counts == {"canceled": 2}


def test_a_running_item_of_a_cancelled_batch_whose_worker_dies(store: BatchStore, clock: Clock) -> None:
    store.add(batch(), items(1))
    claimed(store)
    store.cancel("msgbatch_1")
    clock.now += LEASE
    store.sweep()
    assert (found := store.find("team", "msgbatch_1")) and found.counts == {"canceled": 1}


def test_what_has_not_begun_in_a_day_expires(store: BatchStore, clock: Clock) -> None:
    store.add(batch(), items(3))
    running = claimed(store)
    clock.now += LIFE
    store.renew([running])
    assert store.claim() is None
    store.sweep()
    assert (found := store.find("team", "msgbatch_1")) and found.status == "in_progress"
    assert store.finish(running, DONE)
    assert (found := store.find("team", "msgbatch_1")) and found.counts == {"succeeded": 1, "expired": 2}
    assert results(store)["id-1"] == {"type": "expired"}


def test_results_are_forgotten_after_29_days(store: BatchStore, clock: Clock) -> None:
    store.add(batch(), items(1))
    store.finish(claimed(store), DONE)
    clock.now += KEPT - 1
    store.sweep()
    assert len(results(store)) == 1 and store.size() > 0
    clock.now += 1
    store.sweep()
    found = store.find("team", "msgbatch_1")
    assert found is not None and (found.status, found.archived) == ("ended", NOON + KEPT)
    assert results(store) == {} and store.size() == 0


def test_a_batch_is_deleted_with_all_of_it(store: BatchStore) -> None:
    store.add(batch(), items(2))
    store.cancel("msgbatch_1")
    store.delete("msgbatch_1")
    store.delete("msgbatch_1")
    assert store.find("team", "msgbatch_1") is None
    assert results(store) == {} and store.size() == 0
    assert list(store.page("team", Page())[0]) == []


def test_pages(store: BatchStore) -> None:
    for number in range(5):
        store.add(batch(f"msgbatch_{number}"), items(1))

    def ids(**page: Any) -> tuple[str, bool]:
        found, more = store.page("team", Page(**page))
        return "".join(batch.id[-1] for batch in found), more

    assert ids() == ("43210", False)
    assert ids(limit=2) == ("43", True)
    assert ids(limit=2, after="msgbatch_3") == ("21", True)
    assert ids(limit=2, after="msgbatch_1") == ("0", False)
    assert ids(limit=2, before="msgbatch_1") == ("32", True)
    assert ids(limit=9, before="msgbatch_1") == ("432", False)
    with pytest.raises(UnknownCursor):
        ids(before="msgbatch_9")


def test_many_items_and_results(store: BatchStore) -> None:
    store.add(batch(), items(1203))
    while lease := store.claim():
        store.finish(lease, Result("succeeded", lease.item.params))
    found = results(store)
    assert len(found) == 1203
    assert found["id-1202"]["message"] == {"model": "m1202"}


def test_without_a_folder_it_is_this_processs_memory(clock: Clock) -> None:
    store = SqliteBatches(None, clock)
    assert (store.find("team", "x"), store.claim(), store.size()) == (None, None, 0)
    store.add(batch(), items(1))
    assert store.finish(claimed(store), DONE)
    assert len(results(store)) == 1


def test_nothing_is_made_before_the_first_batch(tmp_path: Path, clock: Clock) -> None:
    store = SqliteBatches(tmp_path / "state", clock)
    assert store.claim() is None
    store.sweep()
    assert (store.page("team", Page()), store.size(), list(tmp_path.iterdir())) == (((), False), 0, [])
    store.add(batch(), items(1))
    assert (tmp_path / "state" / FILE).stat().st_mode & 0o777 == 0o600


def test_a_claim_does_not_sort_all_that_waits(tmp_path: Path, clock: Clock) -> None:
    SqliteBatches(tmp_path, clock).add(batch(), items(1))
    with closing(sqlite3.connect(tmp_path / FILE)) as base:
        values = {"number": 1, "now": NOON, "until": NOON, "token": "t"}
        plan = base.execute(f"EXPLAIN QUERY PLAN {sql.CLAIM}", values).fetchall()
    assert plan and not [step for *_, step in plan if "TEMP B-TREE" in step]


def test_a_full_disk_is_called_so_and_costs_nothing_else(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def narrow(file: Path | None) -> sqlite3.Connection:
        base = opened(file)
        base.execute("PRAGMA max_page_count = 40")
        return base

    monkeypatch.setattr(store_sqlite, "opened", narrow)
    store = SqliteBatches(tmp_path, clock)
    store.add(batch(), items(1))
    with pytest.raises(StoreFailure, match="full"):
        store.add(batch("msgbatch_2"), [Item(f"id-{number}", b" " * 1000) for number in range(1000)])
    assert store.find("team", "msgbatch_2") is None
    assert store.finish(claimed(store), DONE)
