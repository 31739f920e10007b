"""Filters: they rewrite deltas on their way from the decoder into the message stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from translators.core.deltas import Delta


class Filter(Protocol):
    """Rewrites deltas on their way into the stream."""

    def feed(self, delta: Delta) -> Iterable[Delta]:
        """What becomes of one delta."""

    def close(self) -> Iterator[Delta]:
        """What was held back."""


def filtered(delta: Delta, filters: Sequence[Filter]) -> Sequence[Delta]:
    """What the filters make of a delta, each out of what those before it made; nearly always they leave it alone."""
    items: tuple[Delta, ...] = (delta,)
    for step in filters:
        if len(items) == 1:
            items = tuple(step.feed(items[0]))
        else:
            items = tuple([item for one in items for item in step.feed(one)])
    return items


def flushed(filters: Sequence[Filter]) -> list[Delta]:
    """What the filters held back, each heard by those behind it."""
    items: list[Delta] = []
    for step in filters:
        items = [item for one in items for item in step.feed(one)] + list(step.close())
    return items
