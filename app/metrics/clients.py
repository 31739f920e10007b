"""What clients have used of their budgets, and which Rialto this is. All processes know that; it is read when asked."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.clients.budgets import Budgets
from app.clients.rows import Client
from app.startup import VERSION

UNITS = {"usd": "USD", "tokens": "Tokens"}


class Standing(Collector):
    """`budgets` are those of `clients`."""

    def __init__(self, budgets: Budgets, clients: Collection[Client]) -> None:
        self._budgets = budgets
        self._clients = clients

    def collect(self) -> Iterator[Metric]:
        """The families."""
        yield build()
        yield from self._spent()

    def _spent(self) -> Iterator[Metric]:
        labels = ("client", "period")
        for unit, word in UNITS.items():
            spent = GaugeMetricFamily(f"rialto_client_spent_{unit}", f"{word} used in this period", labels=labels)
            limit = GaugeMetricFamily(f"rialto_client_budget_{unit}", f"{word} that the period allows", labels=labels)
            for row in self._budgets.standing(self._clients, unit):
                spent.add_metric(row[:2], row[2])
                limit.add_metric(row[:2], row[3])
            yield spent
            yield limit


def build() -> Metric:
    """Which Rialto this is."""
    info = GaugeMetricFamily("rialto_build_info", "1; the label says what runs", labels=("version",))
    info.add_metric((VERSION,), 1)
    return info
