"""The means of an exchange, each with a deck in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from app.capture.deck import Deck
from app.exchange.means import Means
from app.media import Media
from app.memory.calibration import Estimate
from app.memory.memory import Memory
from app.resilience.traffic import Traffic
from app.search.web import Web
from app.upstream.upstream import Line
from translators.core.errors import RialtoError
from translators.core.search import WebTool
from translators.core.vendor import Json, Route

if TYPE_CHECKING:
    from app.asides.fitting import Fitting
    from app.exchange.asking import Asking


def asked(means: Means, deck: Deck) -> Means:
    """The means with a deck in front of what differs from time to time. The upstream is somebody else's."""
    memory = cast(Memory, AskedMemory(means.memory, deck))
    traffic = cast(Traffic, AskedTraffic(means.traffic, deck))
    media, web = cast(Media, AskedMedia(means.media, deck)), cast(Web, AskedWeb(means.web, deck))
    fitting = cast("Fitting", AskedFitting(means.fitting, deck)) if means.fitting else None
    found = replace(means, memory=memory, traffic=traffic, media=media, web=web, fitting=fitting)
    return replace(found, new_id=deck.ids("round ids"))


class Beside:
    """Stands before `inner` with a deck; what it does not say itself, `inner` says."""

    def __init__(self, inner: Any, deck: Deck) -> None:
        self._inner, self._deck = inner, deck

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class AskedMemory(Beside):
    """Lessons and estimates are noted; what is learnt goes on."""

    def __init__(self, inner: Memory, deck: Deck) -> None:
        super().__init__(inner, deck)
        self.learned = AskedLearned(inner.learned, deck)
        self.calibration = AskedCalibration(inner.calibration, deck)


class AskedLearned(Beside):
    """What vendors' refusals have taught."""

    def lessons(self, route: Route) -> Mapping[str, Any]:
        """What the model does not take."""
        return self._deck.ask("lessons", lambda: self._inner.lessons(route))


class AskedCalibration(Beside):
    """Estimates of tokens."""

    def estimate(self, message: Mapping[str, Any], route: Route) -> Estimate:
        """The estimate of a request's input."""
        found: Estimate = self._inner.estimate(message, route)
        return replace(found, tokens=self._deck.ask("tokens", lambda: found.tokens))


class AskedMedia(Beside):
    """Images and documents, which may have come from anywhere. Null means that the message stays as it is."""

    def resolved(self, message: Json, route: Route) -> Json:
        """The message as the route can take it."""

        def real() -> Json | None:
            found: Json = self._inner.resolved(message, route)
            return None if found is message else found

        return self._deck.ask("media", real) or message


class AskedFitting(Beside):
    """What other models were asked for, to bring a message to what this one can see. Null means that it stays."""

    def message(self, message: Json, route: Route, asking: Asking) -> Json:
        """The message for a route. The questions to other models are exchanges with captures of their own."""

        def real() -> Json | None:
            found: Json = self._inner.message(message, route, asking)
            return None if found is message else found

        return self._deck.ask("fitting", real) or message

    def described(self, message: Json, route: Route, asking: Asking) -> Json:
        """The message for a model that has just refused its images."""

        def real() -> Json | None:
            found: Json = self._inner.described(message, route, asking)
            return None if found is message else found

        return self._deck.ask("fitting", real) or message


class AskedWeb(Beside):
    """Searches and pages."""

    @property
    def conf(self) -> AskedWeb:
        """The settings, as far as an exchange asks for them."""
        return self

    @property
    def first(self) -> str:
        """Who searches where a vendor could too."""
        return str(self._deck.ask("searches first", lambda: self._inner.conf.first))

    @property
    def searches(self) -> bool:
        """Whether there is an engine."""
        return bool(self._deck.ask("searches", lambda: self._inner.searches))

    def limit(self, tool: WebTool) -> int:
        """The uses of a tool in one request."""
        return int(self._deck.ask("searches at most", lambda: self._inner.limit(tool)))

    def result(self, id: str, given: Json, tool: WebTool, seen: Callable[[], str], line: Line) -> Json:
        """The result block of one call."""
        return self._deck.ask("search", lambda: self._inner.result(id, given, tool, seen, line))


class AskedTraffic(Beside):
    """What all exchanges know together; how an exchange went is told on."""

    def __init__(self, inner: Traffic, deck: Deck) -> None:
        super().__init__(inner, deck)
        self.keys = AskedKeys(inner.keys, deck)
        self.policy = AskedPolicy(inner.policy, deck)

    def ordered(self, routes: Sequence[Route]) -> list[Route]:
        """The routes in the order of trying."""
        places = [id(route) for route in routes]
        order = self._deck.ask("order", lambda: [places.index(id(route)) for route in self._inner.ordered(routes)])
        return [routes[place] for place in order]

    def admit(self, route: Route) -> None:
        """Raises while the vendor is down."""
        self._deck.ask("admitted", lambda: self._inner.admit(route))

    @contextmanager
    def place(self, *asked: Any, **further: Any) -> Iterator[bool]:
        """A place at the vendor for the time of the block."""
        held = self._inner.place(*asked, **further)
        taken: bool = self._deck.ask("place", held.__enter__)
        try:
            yield taken
        finally:
            if not self._deck.playing:
                held.__exit__(None, None, None)


class AskedKeys(Beside):
    """Which of a vendor's keys is used, by its number."""

    def pick(self, keys: Sequence[str], session: str) -> str | None:
        """The key to use now."""

        def real() -> int | None:
            key = self._inner.pick(keys, session)
            return None if key is None else list(keys).index(key)

        place = self._deck.ask("key", real)
        return None if place is None else keys[place]

    def wait(self, keys: Sequence[str]) -> float:
        """Seconds until one of the keys is free."""
        return float(self._deck.ask("key wait", lambda: self._inner.wait(keys)))


class AskedPolicy(Beside):
    """Pauses between tries; nobody waits when they are played."""

    def pause(self, error: RialtoError, tried: int, elapsed: float) -> float | None:
        """Seconds until the next try at the same vendor, None when there is to be none."""
        found = self._deck.ask("pause", lambda: self._inner.pause(error, tried, elapsed))
        return 0.0 if found and self._deck.playing else found
