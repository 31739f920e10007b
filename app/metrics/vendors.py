"""What goes on before vendors: lanes and breakers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

#: Seconds; QUEUE_TIMEOUT is 300 unless it is set.
WAITS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
STATES = ("closed", "half_open", "open")

log = logging.getLogger("rialto")


class Vendors:
    """Gives each vendor's watch."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        live: dict[str, Any] = {"registry": registry, "multiprocess_mode": "livesum"}
        self.entered = Gauge("rialto_vendor_exchanges", "Exchanges at a vendor", ("vendor",), **live)
        self.queued = Gauge("rialto_queue_length", "Exchanges that wait for a place", ("vendor",), **live)
        self.waited = Histogram(
            "rialto_queue_wait_seconds",
            "Waits for a place at a vendor",
            ("vendor",),
            buckets=WAITS,
            registry=registry,
        )
        self.breakers = Gauge("rialto_breakers", "Breakers of all processes by state", ("vendor", "state"), **live)
        self.openings = Counter("rialto_breaker_openings", "Times a breaker opened", ("vendor",), registry=registry)

    def watch(self, vendor: str) -> VendorWatch:
        """The watch of a vendor, from its first exchange on."""
        return VendorWatch(self, vendor)


class VendorWatch:
    """Takes note of changes. A failure must not reach the exchange that makes them."""

    def __init__(self, all: Vendors, vendor: str) -> None:
        self._entered = all.entered.labels(vendor)
        self._queued = all.queued.labels(vendor)
        self._waited = all.waited.labels(vendor)
        self._openings = all.openings.labels(vendor)
        self._breakers = {state: all.breakers.labels(vendor, state) for state in STATES}
        self._failed = False

    def entered(self, change: int) -> None:
        """See `Watch`."""
        self._note(self._entered.inc, change)

    def queued(self, change: int) -> None:
        """See `Watch`."""
        self._note(self._queued.inc, change)

    def waited(self, seconds: float) -> None:
        """See `Watch`."""
        self._note(self._waited.observe, seconds)

    def turned(self, old: str, new: str) -> None:
        """See `Watch`."""
        if old:
            self._note(self._breakers[old].dec, 1)
        self._note(self._breakers[new].inc, 1)
        if new == "open":
            self._note(self._openings.inc, 1)

    def _note(self, what: Callable[[float], None], amount: float) -> None:
        try:
            what(amount)
        except Exception:
            if not self._failed:
                log.exception("a vendor's metrics failed")
            self._failed = True
