"""Batches in a Redis server, for workers on several machines. Needs the package `redis`; no cluster.

| key | what it holds |
|---|---|
| `rialto:batches:open`, `:ended` | ids of batches by their turn, by their creation |
| `rialto:batches:of:CLIENT` | ids of a client's batches by their number |
| `rialto:batches:sizes` | id -> bytes |
| `rialto:batch:ID` | the batch: its fixed part as JSON, and its state |
| `...:items`, `:due` | place -> custom id, line feed, params; place -> when it may be run |
| `...:tokens`, `:tries` | place -> its lease; place -> how often it was tried |
| `...:results`, `:counts` | place -> custom id, outcome, body, each on a line; outcome -> items |

Times are those of the Redis server, so that the machines' clocks need not agree.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from uuid import uuid4

import redis

from app.batches import scripts
from app.batches.batch import KEPT, LIFE, Batch, Item, Lease, Result, line, packed, unpacked
from app.batches.store import LEASE, RESULTS, Page, UnknownCursor, piles
from app.memory.store_redis import failure

T = TypeVar("T")

OPEN, ENDED, SIZES = "rialto:batches:open", "rialto:batches:ended", "rialto:batches:sizes"
NUMBERS = "rialto:batches:numbers"
PARTS = ("", ":items", ":due", ":tokens", ":tries", ":results", ":counts")
#: Seconds for a connection and for an answer, and for which the items of a batch are kept that never arrived wholly.
CONNECT_TIMEOUT, TIMEOUT, UNFINISHED = 1.0, 10.0, 3600
#: Items that are given up in one step; a script holds up everybody else.
AT_ONCE = 1000


class RedisBatches:
    """A Redis server. `clock` takes the place of the server's in tests."""

    def __init__(self, url: str, clock: Callable[[], float] | None = None) -> None:
        self._client: Any = redis.Redis.from_url(
            url, socket_connect_timeout=CONNECT_TIMEOUT, socket_timeout=TIMEOUT, decode_responses=False
        )
        self._clock = clock
        self._scripts = {text: self._client.register_script(text) for text in scripts.ALL}

    # -- for clients

    def add(self, batch: Batch, items: Iterable[Item]) -> Batch:
        total = size = 0
        try:
            for pile in piles(items):
                self._work(lambda client, pile=pile, at=total: written(client, batch.id, at, pile))  # type: ignore[misc]
                total += len(pile)
                size += sum(len(item.params) for item in pile)
            batch = replace(batch, total=total, size=size)
            self._work(lambda client: opened(client, batch))
        except BaseException:
            self.delete(batch.id)
            raise
        return batch

    def find(self, client: str, id: str) -> Batch | None:
        return self._work(lambda base: found(base, client, id))

    def page(self, client: str, page: Page) -> tuple[Sequence[Batch], bool]:
        ids = self._work(lambda base: listed(base, client, page))
        batches = [self.find(client, id.decode()) for id in ids[: page.limit]]
        known = [batch for batch in batches if batch]
        return known[::-1] if page.before else known, len(ids) > page.limit

    def cancel(self, id: str) -> None:
        self._run(scripts.CANCEL, id, self._now())
        self.sweep()

    def delete(self, id: str) -> None:
        self._work(lambda client: forgotten(client, id))

    def results(self, id: str) -> Iterator[bytes]:
        total = self._work(lambda client: client.hlen(key(id, ":results")))
        for start in range(0, total, RESULTS):
            places = range(start, min(start + RESULTS, total))
            rows = self._work(lambda client, places=places: client.hmget(key(id, ":results"), *places))  # type: ignore[misc]
            yield b"".join(map(line_of, filter(None, rows)))

    def size(self) -> int:
        return sum(map(int, self._work(lambda client: client.hvals(SIZES))))

    # -- for workers

    def claim(self) -> Lease | None:
        if not self._work(lambda client: client.zcard(OPEN)):
            return None
        now, token = self._now(), uuid4().hex
        row = self._run(scripts.CLAIM, now, now - LIFE, now + LEASE, token)
        if not row:
            return None
        fixed, place, item, tries = row
        custom_id, _, params = item.partition(b"\n")
        batch = unpacked(json.loads(fixed))
        item = Item(custom_id.decode(), params)
        return Lease(batch=batch, place=int(place), item=item, token=token, tries=tries)

    def renew(self, leases: Sequence[Lease]) -> None:
        if leases:
            parts = [part for lease in leases for part in whose(lease)]
            self._run(scripts.RENEW, self._now() + LEASE, *parts)

    def finish(self, lease: Lease, result: Result) -> bool:
        return bool(self._run(scripts.FINISH, *whose(lease), self._now(), result.outcome, result.body))

    def give_back(self, lease: Lease, seconds: float, *, counted: bool, hold: bool) -> None:
        self._run(scripts.GIVE_BACK, *whose(lease), self._now() + seconds, int(not counted), int(hold))

    def sweep(self) -> None:
        if not self._work(lambda client: client.zcard(OPEN) + client.zcard(ENDED)):
            return
        now = self._now()
        while self._run(scripts.GIVE_UP, now, now - LIFE, AT_ONCE) == AT_ONCE:
            pass
        for id in self._work(lambda client: client.zrangebyscore(ENDED, "-inf", now - KEPT)):
            self._work(lambda client, id=id: archived(client, id.decode(), now))  # type: ignore[misc]

    def close(self) -> None:
        self._work(lambda client: client.close())

    # -- the server

    def _now(self) -> float:
        """Seconds since 1970."""
        if self._clock:
            return self._clock()
        seconds, millionths = self._work(lambda client: client.time())
        return int(seconds) + int(millionths) / 1e6

    def _run(self, script: str, *values: Any) -> Any:
        return self._work(lambda _: self._scripts[script](args=values))

    def _work(self, work: Callable[[Any], T]) -> T:
        try:
            return work(self._client)
        except (redis.RedisError, OSError) as error:
            raise failure(error) from None


def key(id: str, part: str = "") -> str:
    """The key of a part of a batch."""
    return f"rialto:batch:{id}{part}"


def whose(lease: Lease) -> tuple[str, int, str]:
    """What a lease is known by."""
    return lease.batch.id, lease.place, lease.token


def written(client: Any, id: str, start: int, pile: Sequence[Item]) -> None:
    """Keeps items that have arrived, for a while."""
    rows = {start + at: b"%b\n%b" % (item.custom_id.encode(), item.params) for at, item in enumerate(pile)}
    with client.pipeline() as pipe:
        pipe.hset(key(id, ":items"), mapping=rows)
        pipe.zadd(key(id, ":due"), dict.fromkeys(rows, 0))
        for part in (":items", ":due"):
            pipe.expire(key(id, part), UNFINISHED)
        pipe.execute()


def opened(client: Any, batch: Batch) -> None:
    """All items are there: the batch begins to be."""
    number = client.incr(NUMBERS)
    with client.pipeline(transaction=True) as pipe:
        for part in (":items", ":due"):
            pipe.persist(key(batch.id, part))
        pipe.hset(key(batch.id), mapping={"fixed": json.dumps(packed(batch)), "created": batch.created})
        pipe.zadd(of(batch.client), {batch.id: number})
        pipe.hset(SIZES, batch.id, batch.size)
        pipe.zadd(OPEN, {batch.id: 0})
        pipe.execute()


def found(client: Any, owner: str, id: str) -> Batch | None:
    """A client's batch."""
    if client.zscore(of(owner), id) is None:
        return None
    state = client.hgetall(key(id))
    return batch_of(state, client.hgetall(key(id, ":counts")) if b"ended" in state else {}) if state else None


def listed(client: Any, owner: str, page: Page) -> list[bytes]:
    """The ids of a page, nearest to the cursor first, and one more when there is one."""
    cursor = page.after or page.before
    place = client.zscore(of(owner), cursor) if cursor else None
    if cursor and place is None:
        raise UnknownCursor
    ids: list[bytes]
    if page.before:
        ids = client.zrangebyscore(of(owner), f"({place}", "+inf", start=0, num=page.limit + 1)
    else:
        ids = client.zrevrangebyscore(of(owner), f"({place}" if cursor else "+inf", "-inf", start=0, num=page.limit + 1)
    return ids


def forgotten(client: Any, id: str) -> None:
    """Deletes a batch."""
    fixed = client.hget(key(id), "fixed")
    with client.pipeline(transaction=True) as pipe:
        pipe.delete(*(key(id, part) for part in PARTS))
        for name in (OPEN, ENDED, *([of(json.loads(fixed)["client"])] if fixed else [])):
            pipe.zrem(name, id)
        pipe.hdel(SIZES, id)
        pipe.execute()


def archived(client: Any, id: str, now: float) -> None:
    """Forgets the results of a batch."""
    with client.pipeline(transaction=True) as pipe:
        pipe.hset(key(id), "archived", now)
        pipe.delete(key(id, ":results"))
        pipe.zrem(ENDED, id)
        pipe.hdel(SIZES, id)
        pipe.execute()


def of(owner: str) -> str:
    """The key of a client's list."""
    return f"rialto:batches:of:{owner}"


def line_of(row: bytes) -> bytes:
    """A line of the results."""
    custom_id, outcome, body = row.split(b"\n", 2)
    return line(custom_id.decode(), Result(outcome.decode(), body))  # type: ignore[arg-type]


def batch_of(row: Mapping[bytes, bytes], counts: Mapping[bytes, bytes]) -> Batch:
    """A batch out of its hash and its counts."""
    state: dict[str, Any] = {
        name: float(row[name.encode()]) for name in ("cancelled", "ended", "archived") if name.encode() in row
    }
    state["counts"] = {name.decode(): int(count) for name, count in counts.items()}
    return unpacked(json.loads(row[b"fixed"]) | state)
