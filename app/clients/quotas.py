"""Quotas: one exchange against its client's limits. It is let in or refused before anything is sent, and counted by its
usage at its end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.clients.budgets import Budgets, Period, Spending
from app.clients.rates import Rates
from app.clients.rows import Client
from app.exchange.account import Account
from app.exchange.means import Means
from app.usage.record import Counts, cost, counts_of
from translators.core import tokens
from translators.core.errors import OverLimit
from translators.core.vendor import Json, Route


@dataclass(frozen=True, slots=True)
class Hold:
    """What an exchange has been counted with so far, and in which periods."""

    client: Client
    amount: Spending
    periods: tuple[Period, ...]


class Quotas:
    """The limits of all clients."""

    def __init__(self, budgets: Budgets, rates: Rates) -> None:
        self.budgets = budgets
        self._rates = rates

    def admitted(self, client: Client, message: Json, route: Route, means: Means) -> Means:
        """The means of an exchange, which settle with its client too. Raises `OverLimit`."""
        if not (client.has_rates or client.has_budget):
            return means
        hold = self.hold(client, message, route)

        def settle(account: Account) -> None:
            try:
                self.settle(replace(hold, amount=Spending(0, 0.0)) if account.parent else hold, account)
            finally:
                means.settle(account)

        return replace(means, settle=settle)

    def hold(self, client: Client, message: Json, route: Route) -> Hold:
        """Counts the estimated input. Raises `OverLimit` that names the limit and says when it has room again."""
        estimate = tokens.estimate_request(message) if client.has_budget or client.tokens_per_minute else 0
        amount = spending(Counts(estimate, 0, 0, 0, 0, True), route)
        self.budgets.check(client)
        self._take(client, {"requests_per_minute": 1, "tokens_per_minute": estimate})
        periods = self.budgets.periods() if client.has_budget else ()
        self.budgets.add(client, amount, periods)
        return Hold(client, amount, periods)

    def settle(self, hold: Hold, account: Account) -> None:
        """Counts what the exchange came to in place of its estimate, which stays when the client left before a word:
        the vendor has read the request.
        """
        counts = counts_of(account)
        if counts is None and account.error is None:
            return
        rest = spending(counts, account.route) - hold.amount
        if hold.client.tokens_per_minute:
            self._rates.add(counter(hold.client, "tokens_per_minute"), rest.tokens)
        self.budgets.add(hold.client, rest, hold.periods)

    def _take(self, client: Client, amounts: Mapping[str, int]) -> None:
        """Counts all amounts that have a limit, or none. A refused request costs nothing: clients repeat them."""
        limits = {name: limit for name in amounts if (limit := getattr(client, name)) is not None}
        taken: list[str] = []
        for name, limit in limits.items():
            if seconds := self._rates.take(counter(client, name), limit, amounts[name]):
                for earlier in taken:
                    self._rates.add(counter(client, earlier), -amounts[earlier])
                raise OverLimit(
                    f"client {client.name} has reached its limit of {limit:,} {name.partition('_')[0]} per minute "
                    f"({name}); there is room again in {math.ceil(seconds)} s",
                    retry_after=seconds,
                )
            taken.append(name)


def spending(counts: Counts | None, route: Route | None) -> Spending:
    """What the tokens came to; a model without prices costs nothing."""
    if counts is None or route is None:
        return Spending(0, 0.0)
    used = counts.input + counts.cache_read + counts.cache_write + counts.output
    return Spending(used, float(cost(counts, route.prices) or 0))


def counter(client: Client, limit: str) -> str:
    """The name of a counter of rates."""
    return f"rialto:{client.name}:{limit}"
