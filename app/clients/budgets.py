"""What clients have used of their day and month, in tokens and USD. Kept in the store: for all workers, over restarts.

An exchange is counted by its estimate when it begins and by its usage when it ends, in the day and month in which it
began. So a budget is passed by what runs at that moment, and by what other workers began in the second or so before
this one heard of it. An exchange that dies with its process stays counted by its estimate. Days are those of UTC.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from app.clients.rows import Client
from app.memory.store import Store
from translators.core.errors import OverLimit

TABLE = "spent"
DAY = 24 * 3600.0
#: Seconds from which on the client is told to come back by itself; it waits no longer than a minute.
SOON = 60.0


@dataclass(frozen=True, slots=True)
class Period:
    """A day or a month. `limits` begins the names of its limits, `until` is seconds since 1970."""

    limits: str
    name: str
    until: float


@dataclass(frozen=True, slots=True)
class Spending:
    """Tokens and USD; below zero what is given back."""

    tokens: int
    usd: float

    def __sub__(self, other: Spending) -> Spending:
        return Spending(self.tokens - other.tokens, self.usd - other.usd)


class Budgets:
    """The sums of all clients. `clock` is seconds since 1970."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def periods(self) -> tuple[Period, ...]:
        """This day and this month."""
        now = datetime.datetime.fromtimestamp(self._clock(), datetime.UTC)
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        month = day.replace(day=1)
        next_month = (month + datetime.timedelta(days=32)).replace(day=1)
        return (
            Period("daily", f"{day:%Y-%m-%d}", (day + datetime.timedelta(days=1)).timestamp()),
            Period("monthly", f"{month:%Y-%m}", next_month.timestamp()),
        )

    def check(self, client: Client) -> None:
        """Raises `OverLimit` when a budget is used up; by what, and until when."""
        for period in self.periods():
            spent = self.spent(client, period)
            for unit, limit in limits_of(client, period):
                if getattr(spent, unit) >= limit:
                    raise self._over(client, period, unit, limit)

    def spent(self, client: Client, period: Period) -> Spending:
        """What the client has used of a period, as far as this worker has heard."""
        return Spending(*self._store.read(TABLE, row_of(client, period)) or (0, 0.0))

    def standing(self, clients: Iterable[Client], unit: str) -> Iterator[tuple[str, str, float, float]]:
        """(client, "daily" or "monthly", used, limit) for each budget in a unit, `usd` or `tokens`."""
        for client, period in product(clients, self.periods()):
            limit = dict(limits_of(client, period)).get(unit)
            if limit is not None:
                yield client.name, period.limits, getattr(self.spent(client, period), unit), limit

    def add(self, client: Client, amount: Spending, periods: tuple[Period, ...]) -> None:
        """Counts what was used."""
        change = sum_with(amount)
        for period in periods:
            self._store.update(TABLE, row_of(client, period), change, period.until + DAY - self._clock())

    def _over(self, client: Client, period: Period, unit: str, limit: float) -> OverLimit:
        left = period.until - self._clock()
        reset = datetime.datetime.fromtimestamp(period.until, datetime.UTC)
        amount = f"{limit:,.2f} USD" if unit == "usd" else f"{limit:,} tokens"
        message = (
            f"client {client.name} has used up its {period.limits} budget of {amount} ({period.limits}_{unit}); "
            f"it begins anew at {reset:%Y-%m-%d %H:%M} UTC"
        )
        return OverLimit(message, retry_after=left) if left <= SOON else OverLimit(message, should_retry=False)


def limits_of(client: Client, period: Period) -> Iterator[tuple[str, float]]:
    """Unit -> limit, where the client has one."""
    for unit in ("usd", "tokens"):
        limit = getattr(client, f"{period.limits}_{unit}")
        if limit is not None:
            yield unit, limit


def row_of(client: Client, period: Period) -> str:
    """The key of a sum."""
    return f"{client.name} {period.name}"


def sum_with(amount: Spending) -> Callable[[Any], Any]:
    """The change of a sum."""

    def change(old: Any) -> Any:
        tokens, usd = old or (0, 0.0)
        return [tokens + amount.tokens, usd + amount.usd]

    return change
