"""The values of message batches, and the form in which clients see a batch.

Shapes and limits: https://platform.claude.com/docs/en/api/creating-message-batches (read 2026-11-21), and the types of
the official SDK 2.11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import orjson

from app.usage.record import moment
from translators.core.vendor import Json

#: Seconds until what has not begun is given up, and until results are forgotten, both from the creation on.
LIFE, KEPT = 24 * 3600.0, 29 * 24 * 3600.0
MOST_ITEMS = 100_000

Outcome = Literal["succeeded", "errored", "canceled", "expired"]
OUTCOMES: tuple[Outcome, ...] = ("succeeded", "errored", "canceled", "expired")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Times are seconds since 1970, None when it has not happened. `client` is the name of who made it, `target` the
    path before /v1, `headers` what its requests are sent with. `counts` are those of a batch that has ended; `size` is
    bytes.
    """

    id: str
    client: str
    created: float
    target: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    total: int = 0
    size: int = 0
    cancelled: float | None = None
    ended: float | None = None
    archived: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def expires(self) -> float:
        """When what has not begun is given up."""
        return self.created + LIFE

    @property
    def status(self) -> str:
        """Where its processing is."""
        if self.ended is not None:
            return "ended"
        return "in_progress" if self.cancelled is None else "canceling"


@dataclass(frozen=True, slots=True)
class Item:
    """One request of a batch; `params` is the JSON of its Messages body."""

    custom_id: str
    params: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """An item that one process may run for a while. `token` is what the lease is known by, `tries` counts this one."""

    batch: Batch
    place: int
    item: Item
    token: str
    tries: int


@dataclass(frozen=True, slots=True)
class Result:
    """How an item has ended; `body` is the JSON of the message or of the error, b"" for the others."""

    outcome: Outcome
    body: bytes = b""


#: The field of a result that holds its body.
BODIES: dict[Outcome, bytes] = {"succeeded": b"message", "errored": b"error"}


def line(custom_id: str, result: Result) -> bytes:
    """A line of the results."""
    name = BODIES.get(result.outcome)
    body = b',"%b":%b' % (name, result.body) if name else b""
    return b'{"custom_id":%b,"result":{"type":"%b"%b}}\n' % (orjson.dumps(custom_id), result.outcome.encode(), body)


def shown(batch: Batch, url: str) -> Json:
    """The batch in Anthropic's shape; `url` is the address of its results. Counts stay at zero until it has ended."""
    done = batch.ended is not None
    return {
        "id": batch.id,
        "type": "message_batch",
        "processing_status": batch.status,
        "request_counts": {
            "processing": 0 if done else batch.total,
            **{outcome: batch.counts.get(outcome, 0) for outcome in OUTCOMES},
        },
        "created_at": moment(batch.created),
        "expires_at": moment(batch.expires),
        "ended_at": told(batch.ended),
        "cancel_initiated_at": told(batch.cancelled),
        "archived_at": told(batch.archived),
        "results_url": url if done and batch.archived is None else None,
    }


def told(seconds: float | None) -> str | None:
    """A time for clients."""
    return None if seconds is None else moment(seconds)


FIXED = ("id", "client", "created", "target", "headers", "total", "size")


def packed(batch: Batch) -> Json:
    """What does not change of a batch."""
    return {name: getattr(batch, name) for name in FIXED}


def unpacked(fields: Json) -> Batch:
    """A batch of that, and of its state."""
    return Batch(**fields)
