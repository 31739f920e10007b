"""The models that vendors list themselves, such as those that a local server has pulled, for GET /v1/models.

The servers are asked in the background and never waited for longer than a blink, so that the list of models is there at
once even when nothing listens at an address.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from app.catalog.catalog import Catalog
from app.catalog.targets import addressed
from app.upstream.framing import parsed
from app.upstream.upstream import Upstream
from translators.core.errors import RialtoError
from translators.core.vendor import Listing, Route

#: Seconds to wait for the first answers; afterwards the last ones are shown while new ones are on their way.
BLINK = 0.05
#: Seconds that a server may take for a connection, and for each part of its answer.
TIMEOUT = 1.0
#: Seconds after which a server is asked again.
FRESH = 30.0

Start = Callable[[Callable[[], None]], None]
Clock = Callable[[], float]


def in_background(work: Callable[[], None]) -> None:
    """Runs the work in a thread that nobody waits for."""
    threading.Thread(target=work, daemon=True).start()


class OwnModels:
    """The models of the configured vendors that have a `Listing`. Without such vendors the network is left alone."""

    def __init__(
        self,
        catalog: Catalog,
        upstream: Upstream,
        *,
        start: Start = in_background,
        clock: Clock = time.monotonic,
    ) -> None:
        self._clock = clock
        self._lists = {
            target.vendor.name: OwnList(
                catalog.resolve(f"{target.vendor.name}/any"), target.vendor.listing, upstream, start, clock
            )
            for target in catalog.configured
            if target.vendor.listing
        }

    def models(self) -> dict[str, tuple[str, ...]]:
        """Vendor -> its models, for those that are known now."""
        for found in self._lists.values():
            found.ask()
        end = self._clock() + BLINK
        names = {vendor: found.names(end - self._clock()) for vendor, found in self._lists.items()}
        return {vendor: known for vendor, known in names.items() if known is not None}


class OwnList:
    """The list of one vendor."""

    def __init__(self, route: Route, listing: Listing, upstream: Upstream, start: Start, clock: Clock) -> None:
        self._route = route
        self._listing = listing
        self._upstream = upstream
        self._start = start
        self._clock = clock
        self._lock = threading.Lock()
        self._asked: float | None = None
        self._answered = threading.Event()
        self._names: tuple[str, ...] | None = None

    def ask(self) -> None:
        """Asks the vendor, unless its answer is fresh or on its way."""
        with self._lock:
            now = self._clock()
            if self._asked is not None and now - self._asked < FRESH:
                return
            self._asked = now
        self._start(self._refresh)

    def names(self, seconds: float) -> tuple[str, ...] | None:
        """The models of the last answer, None while they are not known; the first answer is waited for."""
        self._answered.wait(max(seconds, 0.0))
        return self._names

    def _refresh(self) -> None:
        try:
            self._names = self._fetched()
        except RialtoError:
            self._names = None
        finally:
            self._answered.set()

    def _fetched(self) -> tuple[str, ...] | None:
        url = addressed(self._listing.url(self._route.base_url), self._route)
        reply = self._upstream.fetch(self._route, url, TIMEOUT)
        try:
            listing: Any = parsed(reply.body()) if reply.status == 200 else None
        finally:
            reply.close()
        return None if listing is None else self._listing.names(listing)
