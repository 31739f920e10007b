"""Watch: who wants to know what goes on before one vendor. Nothing depends on it, and it must not raise."""

from __future__ import annotations

from typing import Protocol


class Watch(Protocol):
    """Is told of every change, with locks held: it must be quick."""

    def entered(self, change: int) -> None:
        """So many exchanges more, or fewer, are at the vendor."""

    def queued(self, change: int) -> None:
        """So many exchanges more, or fewer, wait for a place there."""

    def waited(self, seconds: float) -> None:
        """One that had to wait has a place, or has given up."""

    def turned(self, old: str, new: str) -> None:
        """The breaker's state; `old` is "" when it is new."""


class Unwatched:
    """Nobody wants to know."""

    def entered(self, change: int) -> None:
        """See `Watch`."""

    def queued(self, change: int) -> None:
        """See `Watch`."""

    def waited(self, seconds: float) -> None:
        """See `Watch`."""

    def turned(self, old: str, new: str) -> None:
        """See `Watch`."""


def unwatched(vendor: str) -> Watch:
    """Nobody, for every vendor."""
    return Unwatched()
