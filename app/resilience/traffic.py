"""Traffic: what all exchanges of this process know together about the vendors' state.

Breakers, lanes and homes are each process's own: a breaker tells whether the vendor can be reached from here, and one
machine with a broken network must not close it for the others. Which keys rest is true everywhere, so it is shared.
"""

from __future__ import annotations

import copy
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager

from app.catalog.catalog import route_name
from app.resilience.breaker import FAILURES, Breaker
from app.resilience.keys import SESSIONS, KeyRing
from app.resilience.lanes import Lane
from app.resilience.policy import Policy, Resting, is_outage, rest
from app.resilience.watch import Watch, unwatched
from app.upstream.upstream import Line
from translators.core.errors import Overloaded, RateLimited, RialtoError
from translators.core.vendor import Route

#: Seconds that a session stays with the vendor that last answered it; about the life of the vendors' prompt caches.
HOME_SECONDS = 300.0


class Traffic:
    """One breaker and one lane for each address of a vendor, the keys, and the homes of the sessions.

    `limits` are the places of each vendor by name, under "" those of the others. `queue_timeout` is the seconds an
    exchange may wait for a place. `watch` gives a vendor's watch. `keys` know which keys rest; without them only this
    process does.
    """

    def __init__(
        self,
        policy: Policy,
        limits: Mapping[str, int] | None = None,
        queue_timeout: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
        watch: Callable[[str], Watch] = unwatched,
        keys: KeyRing | None = None,
    ) -> None:
        self.policy = policy
        self.queue_timeout = queue_timeout
        self.keys = keys or KeyRing(clock)
        self._has_time = False
        self._limits = limits or {}
        self._clock = clock
        self._watch = watch
        self._lock = threading.Lock()
        self._breakers: dict[tuple[str, str], Breaker] = {}
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._homes: OrderedDict[tuple[str, str, str], tuple[str, float]] = OrderedDict()

    def breaker(self, route: Route) -> Breaker:
        """The breaker of a route's vendor."""
        place = place_of(route)
        with self._lock:
            if place not in self._breakers:
                self._breakers[place] = Breaker(self._clock, self._watch(route.vendor.name))
            return self._breakers[place]

    def lane(self, route: Route) -> Lane:
        """The queue before a route's vendor."""
        place = place_of(route)
        with self._lock:
            if place not in self._lanes:
                limit = self._limits.get(route.vendor.name, self._limits.get(""))
                self._lanes[place] = Lane(limit, self._clock, self._watch(route.vendor.name))
            return self._lanes[place]

    def behind(self) -> Traffic:
        """The same traffic, for exchanges that let all others go first."""
        other = copy.copy(self)
        other._has_time = True
        return other

    def place(self, route: Route, line: Line) -> AbstractContextManager[bool]:
        """A place in the lane of a route. Raises what `Lane.place` raises."""
        return self.lane(route).place(route.session, line, self.queue_timeout, self._has_time)

    def ordered(self, routes: Sequence[Route]) -> list[Route]:
        """A chain of routes in the order of trying: first where the session is at home, last those that rest."""
        if len(routes) < 2:
            return list(routes)
        home = self._home(routes[0])
        return sorted(routes, key=lambda route: (not self._is_open(route), route_name(route) != home))

    def admit(self, route: Route) -> None:
        """Raises `Resting` while the vendor is down and nobody probes it."""
        breaker = self.breaker(route)
        if not breaker.admit():
            wait = max(1.0, breaker.wait())
            raise Resting(
                f"{breaker.words} (failed {FAILURES} times in a row; asked again in {wait:.0f} s)", retry_after=wait
            )

    def worked(self, route: Route, first: Route) -> None:
        """A vendor has begun to answer an exchange whose chain begins with `first`."""
        self.breaker(route).worked()
        self.lane(route).widen()
        if route.session:
            with self._lock:
                conversation = conversation_of(first)
                self._homes[conversation] = (route_name(route), self._clock())
                self._homes.move_to_end(conversation)
                if len(self._homes) > SESSIONS:
                    self._homes.popitem(last=False)

    def failed(self, route: Route, error: RialtoError) -> None:
        """A vendor has failed before its first word."""
        breaker = self.breaker(route)
        if is_outage(error):
            breaker.broke(error.message)
        else:
            breaker.left()
        if isinstance(error, RateLimited | Overloaded) and error.should_retry is not False:
            self.lane(route).narrow()
        if seconds := rest(error):
            self.keys.cool(route.key, seconds)

    def states(self) -> dict[tuple[str, str], tuple[str, int, int]]:
        """(vendor, address) -> its breaker's state, exchanges at the vendor, exchanges in its queue."""
        with self._lock:
            places = set(self._breakers) | set(self._lanes)
        return {place: self._state(place) for place in sorted(places)}

    def _state(self, place: tuple[str, str]) -> tuple[str, int, int]:
        breaker, lane = self._breakers.get(place), self._lanes.get(place)
        return (breaker.state if breaker else "closed", lane.active if lane else 0, lane.waiting if lane else 0)

    def _is_open(self, route: Route) -> bool:
        return self.breaker(route).wait() <= 0 and self.keys.wait(route.keys) <= 0

    def _home(self, first: Route) -> str:
        name, since = self._homes.get(conversation_of(first), ("", 0.0))
        return name if first.session and self._clock() - since < HOME_SECONDS else route_name(first)


def conversation_of(first: Route) -> tuple[str, str, str]:
    """A session's conversation with one model, which may be another one than its name means."""
    return (first.session, first.alias, route_name(first))


def place_of(route: Route) -> tuple[str, str]:
    """What fails and fills up together: a vendor at one address."""
    return (route.vendor.name, route.base_url)
