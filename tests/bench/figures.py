"""The arithmetic of the benchmark: rounds become medians, medians become ratios."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: Figures of a round, and what they are called.
NAMES = {
    "cpu": "CPU ms",
    "first": "first byte ms",
    "total": "total ms",
    "rate": "requests/s",
    "memory": "memory MB",
}


@dataclass(frozen=True, slots=True)
class Round:
    """What one round came to: CPU milliseconds of the process tree for each request, median milliseconds to the first
    byte and to the end, requests a second, resident megabytes of the tree after it.
    """

    cpu: float
    first: float
    total: float
    rate: float
    memory: float


@dataclass(frozen=True, slots=True)
class Figure:
    """The median over the rounds, and half the distance between the best and the worst in percent of it."""

    median: float
    spread: float


def figure(values: Sequence[float]) -> Figure:
    """The figure of some values. Raises ValueError for none."""
    if not values:
        raise ValueError("there are no rounds")
    middle = statistics.median(values)
    return Figure(middle, 100 * (max(values) - min(values)) / 2 / middle if middle else 0.0)


def figures(rounds: Sequence[Round]) -> dict[str, Figure]:
    """Name -> figure over all rounds."""
    return {name: figure([getattr(one, name) for one in rounds]) for name in NAMES}


def ratio(one: Sequence[Round], other: Sequence[Round], name: str = "cpu") -> float:
    """How many times the other's figure this one's is: the median over the rounds, because the two of one round ran
    side by side.
    """
    pairs = zip(one, other, strict=True)
    return statistics.median(getattr(mine, name) / getattr(theirs, name) for mine, theirs in pairs)


def added(one: Sequence[Round], other: Sequence[Round], name: str) -> float:
    """By how much this one's figure is larger, the same way."""
    pairs = zip(one, other, strict=True)
    return statistics.median(getattr(mine, name) - getattr(theirs, name) for mine, theirs in pairs)


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least this share of all do not exceed. Raises ValueError for none."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("there are no values")
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]
