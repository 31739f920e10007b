"""Where batches are kept, for all workers that share the work: leases of single items, results that are written once.

A worker claims an item for `LEASE` seconds and renews the lease while it works. A worker that dies renews nothing, and
the item is claimed again: it may be asked twice, but only the holder of the lease can write its result, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.batches.batch import Batch, Item, Lease, Result

#: Seconds of a lease; it is renewed much more often.
LEASE = 15.0
#: Items that are written at once, their bytes, and results that are read at once.
MANY, WEIGHT, RESULTS = 500, 4 * 2**20, 50


class UnknownCursor(Exception):
    """The page of a list should begin at a batch that is not there."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted: behind `after`, or before `before`."""

    limit: int = 20
    after: str = ""
    before: str = ""


class BatchStore(Protocol):
    """Everything here may block, and raises `StoreFailure`."""

    def add(self, batch: Batch, items: Iterable[Item]) -> Batch:
        """Keeps a batch and returns it with its total. Nothing of it stays when `items` raises."""

    def find(self, client: str, id: str) -> Batch | None:
        """A batch of this client."""

    def page(self, client: str, page: Page) -> tuple[Sequence[Batch], bool]:
        """The client's batches, the youngest first, and whether there are more. Raises `UnknownCursor`."""

    def cancel(self, id: str) -> None:
        """Begins nothing more of a batch; what runs may end."""

    def delete(self, id: str) -> None:
        """Forgets a batch and its results."""

    def results(self, id: str) -> Iterator[bytes]:
        """The lines of the results."""

    def size(self) -> int:
        """Bytes of all batches, as they came."""

    def claim(self) -> Lease | None:
        """An item to run, by turns of the batches; None when none is due."""

    def renew(self, leases: Sequence[Lease]) -> None:
        """Prolongs leases that still hold."""

    def finish(self, lease: Lease, result: Result) -> bool:
        """Writes a result; False when the lease is another's by now."""

    def give_back(self, lease: Lease, seconds: float, *, counted: bool, hold: bool) -> None:
        """Lets the item wait for some seconds. `counted` is whether this was a try, `hold` whether its whole batch
        waits with it.
        """

    def sweep(self) -> None:
        """Ends what was cancelled, has expired or is done, and forgets old results."""

    def close(self) -> None:
        """Lets go of files and connections."""


def piles(items: Iterable[Item]) -> Iterator[list[Item]]:
    """The items in lists, none of them much larger than `WEIGHT`."""
    pile, weight = list[Item](), 0
    for item in items:
        pile.append(item)
        weight += len(item.params)
        if weight > WEIGHT or len(pile) >= MANY:
            yield pile
            pile, weight = [], 0
    if pile:
        yield pile
