"""Limits of models out of the vendors' own lists, for models of which `conf/models.toml` knows none.

A vendor is asked in the background, when one of its models is looked up and its last answer is old; nobody waits for
it. The store keeps the answer.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import astuple, replace
from typing import Any

from app.api import sse
from app.catalog.own_models import in_background
from app.catalog.targets import addressed
from app.memory.learned import address, place
from app.memory.store import Store
from app.upstream.framing import parsed
from app.upstream.upstream import Line, Reply, Upstream
from translators.core.errors import RialtoError
from translators.core.limits import EVERY_MODEL, UNKNOWN, Limits, Look, limits_for
from translators.core.vendor import Route

TABLE = "limits"
#: Seconds after which an answer is old, after which a vendor that did not answer is asked again, and for which an
#: answer is kept.
FRESH, RETRY, KEPT = 3600.0, 600.0, 30 * 24 * 3600.0
#: Seconds to connect, and between two bytes of the answer.
TIMEOUT = 3.0

log = logging.getLogger("rialto")


class LearntLimits:
    """What vendors say of their models. Without an `upstream` nobody is asked."""

    def __init__(
        self,
        store: Store,
        upstream: Upstream | None,
        start: Callable[[Callable[[], None]], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._upstream = upstream
        self._start = start or in_background
        self._clock = clock
        self._lock = threading.Lock()
        self._asked: dict[str, float] = {}
        self._awaited: dict[str, float] = {}
        """Row -> when a vendor was asked for it, in the background and not."""

    def known(self, route: Route) -> Route:
        """The route with limits that it lacks. A window that only a setting names is cut to the model's own."""
        if not looks_of(route) or (route.context_window and route.max_output and not route.vendor.window):
            return route
        found = self._limits(route)
        if self._is_due(route, self._asked):
            self._start(lambda: self._ask(route))
        window = found.context_window
        if route.vendor.window and window and route.context_window:
            window = min(window, route.context_window)
        else:
            window = route.context_window or window
        most = route.max_output or found.max_output
        if (window, most) == (route.context_window, route.max_output):
            return route
        return replace(route, context_window=window, max_output=most)

    def server(self, route: Route) -> str:
        """What runs behind an address, as its own list says; "" when it does not. The first answer is waited for."""
        if self._row(route) is None and self._is_due(route, self._awaited):
            self._ask(route)
        return self._limits(route).server

    def awaited(self, route: Route) -> Route:
        """The same as `known`, where the vendor's first answer is waited for."""
        if self._row(route) is None and self._is_due(route, self._awaited):
            self._ask(route)
        return self.known(route)

    def look(self, look: Look, route: Route) -> Mapping[str, Limits]:
        """What one place says now; nothing when it cannot be asked or says something else."""
        return {} if self._upstream is None else self._answer(look, route, self._upstream)

    def _limits(self, route: Route) -> Limits:
        models: Mapping[str, Any] = (self._row(route) or {}).get("models", {})
        names = models if len(models) <= 2 else models.keys() & {route.model, EVERY_MODEL}
        return limits_for(route.model, {name: Limits(*models[name]) for name in names})

    def _row(self, route: Route) -> Any:
        return self._store.read(TABLE, key_of(route))

    def _is_due(self, route: Route, asked: dict[str, float]) -> bool:
        """Whether the vendor is to be asked now; says so once."""
        key, now, row = key_of(route), self._clock(), self._row(route)
        if self._upstream is None or (row and now - row["at"] < FRESH):
            return False
        with self._lock:
            if now - asked.get(key, 0.0) < RETRY:
                return False
            asked[key] = now
        return True

    def _ask(self, route: Route) -> None:
        if self._upstream is None:
            return
        found: dict[str, Limits] = {}
        for look in looks_of(route):
            if limits_for(route.model, found).context_window:
                break
            for name, limits in self._answer(look, route, self._upstream).items():
                found[name] = found.get(name, UNKNOWN).over(limits)
        if found:
            models = {name: astuple(limits) for name, limits in found.items()}
            self._store.write(TABLE, key_of(route), {"at": self._clock(), "models": models}, KEPT)

    def _answer(self, look: Look, route: Route, upstream: Upstream) -> Mapping[str, Limits]:
        """What one place says; nothing when it cannot be asked or says something else."""
        try:
            reply = sent(look, route, upstream)
            try:
                return look.read(parsed(reply.body()), route.model) if reply.status == 200 else {}
            finally:
                reply.close()
        except (RialtoError, KeyError, TypeError, ValueError, AttributeError) as error:
            log.debug("%s does not list its limits (%s: %s)", route.vendor.title, type(error).__name__, error)
            return {}


def sent(look: Look, route: Route, upstream: Upstream) -> Reply:
    """The vendor's answer to one look. Raises a `RialtoError` when it cannot be reached."""
    url, body = addressed(look.url(route.base_url), route), look.body(route.model)
    if body is None:
        return upstream.fetch(route, url, TIMEOUT)
    headers = {"content-type": "application/json", **(route.vendor.auth(route.key) if route.key else {})}
    return upstream.send(route, url, headers, sse.dumps(body), Line(), (TIMEOUT, TIMEOUT))


def looks_of(route: Route) -> tuple[Look, ...]:
    """Where the vendor tells its limits: a place of its own, or that of its wire."""
    vendor = route.vendor
    return vendor.protocol.looks if vendor.looks is None else vendor.looks


def key_of(route: Route) -> str:
    """The row of a vendor's list, or of one model where models are asked for one by one."""
    alone = any(look.body(route.model) is not None for look in looks_of(route))
    return place(route) if alone else address(route)
