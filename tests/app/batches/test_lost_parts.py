"""A Redis server that may evict keys loses a part of a batch: that batch is gone then, and no other one is held up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from app.batches.batch import Batch, Item, Result
from app.batches.store_redis import RedisBatches, key
from tests.support.redis_server import redis_server

DONE = Result("succeeded", b"{}")


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with redis_server(tmp_path) as address:
        yield address


def added(store: RedisBatches, id: str) -> None:
    store.add(Batch(id=id, client="team", created=time.time()), [Item(f"id-{at}", b"{}") for at in range(3)])


@pytest.mark.parametrize("part", ["", ":items", ":due"])
@pytest.mark.parametrize("settles", [True, False])
def test_a_lost_part_ends_its_batch_alone(url: str, part: str, settles: bool) -> None:
    store = RedisBatches(url)
    added(store, "msgbatch_1")
    added(store, "msgbatch_2")
    lease = store.claim()
    assert lease is not None and lease.batch.id == "msgbatch_1"
    redis.Redis.from_url(url).delete(key("msgbatch_1", part))
    if settles:
        store.finish(lease, DONE)
    while other := store.claim():
        assert other.batch.id == "msgbatch_2"
        store.finish(other, DONE)
    store.cancel("msgbatch_1")
    store.sweep()
    found = store.find("team", "msgbatch_2")
    assert found is not None and found.counts == {"succeeded": 3}
    if settles or part != ":due":
        assert store.find("team", "msgbatch_1") is None
        assert redis.Redis.from_url(url).keys("rialto:batch:msgbatch_1*") == []
