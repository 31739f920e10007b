"""The store's rows in one Redis hash, for workers on several machines. Needs the package `redis`.

Every commit watches the hash and is repeated when another worker came between
(https://redis.io/docs/latest/develop/using-commands/transactions, read 2026-11-21). A counter beside it says whether
anything has changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import redis

from app.memory.store import Key, Pending, Row, StoreFailure, is_alive

ROWS = "rialto:state"
CHANGES = "rialto:state:changes"
#: Between table and key in a field's name.
BREAK = "\x1f"
#: Seconds for a connection, and for an answer.
CONNECT_TIMEOUT, TIMEOUT = 1.0, 2.0


class RedisPlace:
    """A hash on a Redis server."""

    title = "REDIS_URL"

    def __init__(self, url: str, client: Any = None) -> None:
        self._client: Any = client or redis.Redis.from_url(
            url, socket_connect_timeout=CONNECT_TIMEOUT, socket_timeout=TIMEOUT, decode_responses=True
        )
        self._seen: str | None = None
        self._ends: dict[str, float] = {}
        """Field -> when it expires, of the rows as they were read."""

    def commit(self, changes: Iterable[Pending], now: float) -> None:
        """One transaction, together with the removal of rows that have expired."""
        changes = list(changes)
        expired = [name for name, end in self._ends.items() if end <= now]
        touched = list(dict.fromkeys([*expired, *(field(pending.key) for pending in changes)]))

        def work(pipe: Any) -> None:
            rows = {name: row_of(text) for name, text in zip(touched, pipe.hmget(ROWS, touched), strict=True)}
            for pending in changes:
                rows[field(pending.key)] = pending.result(rows[field(pending.key)], now)
            kept = {
                name: json.dumps([row.value, row.until]) for name, row in rows.items() if row and is_alive(row, now)
            }
            pipe.multi()
            if kept:
                pipe.hset(ROWS, mapping=kept)
            if gone := rows.keys() - kept.keys():
                pipe.hdel(ROWS, *gone)
            pipe.incr(CHANGES)

        try:
            self._client.transaction(work, ROWS)
        except (redis.RedisError, OSError) as error:
            raise failure(error) from None

    def rows(self) -> Mapping[Key, Row] | None:
        """All rows, unless nobody has written since."""
        try:
            changes = str(self._client.get(CHANGES))
            if changes == self._seen:
                return None
            rows = {name: row_of(text) for name, text in self._client.hgetall(ROWS).items()}
        except (redis.RedisError, OSError) as error:
            raise failure(error) from None
        self._seen = changes
        self._ends = {name: row.until for name, row in rows.items() if row and row.until is not None}
        return {key_of(name): row for name, row in rows.items() if row}

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()


def field(key: Key) -> str:
    """The hash's field of a row."""
    return BREAK.join(key)


def key_of(name: str) -> Key:
    """The row of a field."""
    table, _, key = name.partition(BREAK)
    return table, key


def row_of(text: str | None) -> Row | None:
    """A row as it is written; None for none."""
    return Row(*json.loads(text)) if text else None


def failure(error: Exception) -> StoreFailure:
    """Why it failed. The package names host and port, which are no client's business, and no password."""
    kind = type(error).__name__
    return StoreFailure(f"{kind}: {error}", told=f"Redis ({RedisPlace.title}) cannot be used ({kind})")
