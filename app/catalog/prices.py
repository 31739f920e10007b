"""Prices that depend on the hour: those of a row hold in its peak hours, a part of them at all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.catalog.routing import Hours
from translators.core.vendor import Route

PEAK = "peak"
"""Key in the prices of a row."""


@dataclass(frozen=True, slots=True)
class Peak:
    """`hours` are those of the full prices; `otherwise` is the part of them that counts outside."""

    hours: Hours
    otherwise: float


@dataclass(frozen=True, slots=True)
class Priced:
    """A route with its full prices, and the same one for other hours."""

    full: Route
    peak: Peak | None = None
    cheap: Route | None = None

    def at(self, moment: datetime) -> Route:
        """The route with the prices of a moment."""
        return self.cheap if self.peak and self.cheap and not self.peak.hours.hold(moment) else self.full


def priced(route: Route, prices: Mapping[str, Any]) -> Priced:
    """A route with the prices of a row, USD per million tokens and perhaps a `Peak`."""
    full = {name: price for name, price in prices.items() if name != PEAK}
    peak: Peak | None = prices.get(PEAK)
    cheap = {name: price * peak.otherwise for name, price in full.items()} if peak else {}
    return Priced(replace(route, prices=full), peak, replace(route, prices=cheap) if peak else None)
