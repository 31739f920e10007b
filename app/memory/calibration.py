"""Token counts, calibrated for every model by what its vendor has reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.memory.learned import place
from app.memory.store import Store
from translators.core.calibration import FRESH, calibrated, observed
from translators.core.context_edits import edited
from translators.core.deltas import Usage
from translators.core.tokens import Size, measure
from translators.core.vendor import Route

TABLE = "calibration"
#: Seconds for which a model that nobody asks is remembered.
QUARTER = 90 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a request's input will probably count. `place` names the model, `size` is what was measured."""

    place: str
    size: Size
    tokens: int


class Calibration:
    """Estimates, and the reports that make them better."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def estimate(self, message: Mapping[str, Any], route: Route) -> Estimate:
        """The estimate of a request's input."""
        meant = message if route.profile.genuine else edited(message).message
        where, size = place(route), measure(meant)
        return Estimate(where, size, max(1, calibrated(self._store.read(TABLE, where) or FRESH, size)))

    def learn(self, estimate: Estimate, usage: Usage | None) -> None:
        """Takes note of what the vendor has reported for a request; None is nothing."""
        if usage is not None:
            self.counted(estimate, usage.input + usage.cache_read + usage.cache_write)

    def counted(self, estimate: Estimate, tokens: int) -> None:
        """Takes note of the true count of a request."""
        if observed(FRESH, estimate.size, tokens) is not FRESH:
            self._store.update(
                TABLE, estimate.place, lambda old: list(observed(old or FRESH, estimate.size, tokens)), QUARTER
            )
