"""What the local Ollama has pulled, for GET /v1/models.

The server is asked in the background and never waited for longer than a blink, so that the list of models is there at
once even when nothing listens at its address.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from app.catalog import Catalog
from app.framing import parsed
from app.targets import addressed
from app.upstream import Upstream
from translators.core.errors import RialtoError
from translators.core.vendor import Route
from translators.ollama import models_in, models_url

OLLAMA = "ollama"
#: Seconds to wait for the first answer; afterwards the last one is shown while a new one is on its way.
BLINK = 0.05
#: Seconds that the server may take for a connection, and for each part of its answer.
TIMEOUT = 1.0
#: Seconds after which the server is asked again.
FRESH = 30.0


def in_background(work: Callable[[], None]) -> None:
    """Runs the work in a thread that nobody waits for."""
    threading.Thread(target=work, daemon=True).start()


class PulledModels:
    """The models of the configured Ollama. Without one the network is left alone."""

    def __init__(
        self,
        catalog: Catalog,
        upstream: Upstream,
        *,
        start: Callable[[Callable[[], None]], None] = in_background,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        wanted = catalog.targets.get(OLLAMA) in catalog.configured
        self._route = catalog.resolve(f"{OLLAMA}/any") if wanted else None
        self._upstream = upstream
        self._start = start
        self._clock = clock
        self._lock = threading.Lock()
        self._asked: float | None = None
        self._answered = threading.Event()
        self._names: tuple[str, ...] | None = None

    def models(self) -> dict[str, tuple[str, ...]]:
        """Vendor -> its models; empty while they are not known."""
        if self._route is None:
            return {}
        self._ask(self._route)
        self._answered.wait(BLINK)
        return {} if self._names is None else {OLLAMA: self._names}

    def _ask(self, route: Route) -> None:
        with self._lock:
            now = self._clock()
            if self._asked is not None and now - self._asked < FRESH:
                return
            self._asked = now
        self._start(lambda: self._refresh(route))

    def _refresh(self, route: Route) -> None:
        try:
            self._names = self._pulled(route)
        except RialtoError:
            self._names = None
        finally:
            self._answered.set()

    def _pulled(self, route: Route) -> tuple[str, ...] | None:
        reply = self._upstream.fetch(route, addressed(models_url(route.base_url), route), TIMEOUT)
        try:
            listing: Any = parsed(reply.body()) if reply.status == 200 else None
        finally:
            reply.close()
        return None if listing is None else models_in(listing)
