"""Attempts: the tries of one exchange, until a vendor speaks.

Only before a vendor's first word can a try be repeated: nothing has been shown, and nothing is paid for twice. An error
that heals is tried again at the same vendor, with another key or after a pause; what other vendors may do better goes
down the chain. Where all fail, the client gets the first vendor's error: the fallbacks are its stand-ins.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

from app.exchange.patience import no_word
from app.resilience.lanes import Full
from app.resilience.policy import TRIES, is_outage, moves, rest
from app.resilience.traffic import Traffic
from app.upstream.upstream import Line
from translators.core.continuation import CUT
from translators.core.deltas import ORDINARY, Opaque, Stop, Text, Thinking, ToolCall, Usage
from translators.core.errors import Broke, Empty, Overloaded, RateLimited, RialtoError, TimedOut, Unreachable
from translators.core.vendor import Route

log = logging.getLogger("rialto")

#: Tries at a vendor that is down, while another one waits in the chain.
OUTAGE_TRIES = 2
#: Events that open or end an answer and say nothing.
WORDLESS = frozenset({"message_start", "ping", "message_delta", "message_stop", CUT})


class Call(Protocol):
    """One try along a route."""

    def deltas(self, line: Line) -> Iterator[list[Any]]:
        """What the vendor says."""


Try = TypeVar("Try", bound=Call)


class Attempts(Generic[Try]):
    """Makes `called(route)` and listens to it, as often as it takes. `routes` is the chain, the wished one first;
    `for_log` takes out of a vendor's words what the log may not hold. `before` is called with each route before a place
    at its vendor is taken.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        called: Callable[[Route], Try],
        traffic: Traffic,
        line: Line,
        for_log: Callable[[str], str] = str,
        before: Callable[[Route], None] = lambda route: None,
    ) -> None:
        self._first = routes[0]
        self._for_log = for_log
        self._routes = traffic.ordered(routes)
        self._called = called
        self._before = before
        self._traffic = traffic
        self._line = line
        self._began = time.monotonic()
        self._spoken = False
        self._empties = 0

    def run(self) -> Iterator[Try | list[Any]]:
        """The deltas of the try that succeeds, behind each try that began. Raises the wished vendor's error when
        none does.
        """
        failure: RialtoError | None = None
        for route in self._routes:
            try:
                yield from self._at(route, last=route is self._routes[-1])
                return
            except RialtoError as error:
                if self._spoken:
                    raise
                failure = failure or error
                if not moves(error) and failure is error:
                    raise
                log.warning("%s", self._for_log(error.message))
        if failure is not None:
            raise failure

    def _at(self, route: Route, last: bool) -> Iterator[Try | list[Any]]:
        """The tries at one vendor, fewer when it is not the last of the chain. Raises the error of the last one."""
        tried = 0
        while True:
            tried += 1
            try:
                yield from self._once(route)
                return
            except RialtoError as error:
                if self._spoken or self._line.cut_off:
                    raise
                self._empties += isinstance(error, Empty)
                pause = self._pause(route, error, tried, last)
                if pause is None:
                    raise
                log.info("%s; trying again in %.1f s", self._for_log(error.message), pause)
                self._line.wait(threading.Event(), pause)
                if self._line.cut_off:
                    raise

    def _once(self, route: Route) -> Iterator[Try | list[Any]]:
        """One try, in its lane, with one key."""
        traffic = self._traffic
        self._before(route)
        try:
            with traffic.place(route, self._line) as taken:
                if taken:
                    yield from self._asked(self._admitted(route))
        except Full:
            raise Overloaded(f"{route.vendor.title}: too many requests wait for it", retry_after=10) from None

    def _admitted(self, route: Route) -> Route:
        """The route with the key to use. Raises while all of several keys rest, or the vendor is down."""
        if len(route.keys) > 1:
            key = self._traffic.keys.pick(route.keys, route.session)
            if key is None:
                wait = self._traffic.keys.wait(route.keys)
                raise RateLimited(f"{route.vendor.title}: every key has reached its limit", retry_after=wait)
            route = replace(route, key=key)
        self._traffic.admit(route)
        return route

    def _asked(self, route: Route) -> Iterator[Try | list[Any]]:
        """The vendor's answer; tells all others how it went."""
        told = False
        self._line.renew()
        try:
            call = self._called(route)
            yield call
            for deltas in self._heard(call, route):
                if self._spoken and not told:
                    told = True
                    self._traffic.worked(route, self._first)
                yield deltas
        except RialtoError as error:
            failure = TimedOut(no_word(route.vendor.title)) if self._line.expired else error
            if not told and not self._line.cut_off:
                told = True
                self._traffic.failed(route, failure)
            raise failure from None
        finally:
            if not told:
                self._traffic.breaker(route).left()

    def _heard(self, call: Try, route: Route) -> Iterator[list[Any]]:
        """The deltas. Raises `Empty` for the first answer that holds nothing; Anthropic itself may mean it."""
        ended = False
        for deltas in call.deltas(self._line):
            if not self._spoken:
                self._spoken = any(map(speaks, deltas))
                ended = ended or any(map(ends, deltas))
            yield deltas
        if ended and not (self._spoken or self._empties or route.profile.genuine):
            raise Empty(f"{route.vendor.title}: the answer was empty", should_retry=False)

    def _pause(self, route: Route, error: RialtoError, tried: int, last: bool) -> float | None:
        """Seconds until the next try at this vendor, None when it has had enough of them. What a genuine Anthropic says
        is the client's to act upon: it knows these errors and has pauses of its own for them.
        """
        if isinstance(error, Empty) and self._empties > 1:
            return None
        if rest(error) and len(route.keys) > 1 and not self._traffic.keys.wait(route.keys):
            return 0.0 if tried < TRIES + len(route.keys) else None
        if route.profile.genuine and not isinstance(error, Unreachable | TimedOut | Broke):
            return None
        if not last and is_outage(error) and tried >= OUTAGE_TRIES:
            return None
        return self._traffic.policy.pause(error, tried, time.monotonic() - self._began)


def speaks(delta: Any) -> bool:
    """The vendor has begun to answer. Counts, vendor state, blanks and the end alone may still turn into an HTTP
    error.
    """
    match delta:
        case Text(text) | Thinking(text):
            return bool(text.strip())
        case Usage() | Opaque() | Stop():
            return False
        case {"type": "message", "content": content}:
            return bool(content)
        case {"type": kind}:
            return kind not in WORDLESS
        case _:
            return True


def ends(delta: Any) -> bool:
    """The vendor ends the answer as one that is complete."""
    if isinstance(delta, Text | Thinking | ToolCall):
        return False
    match delta:
        case Stop(reason) | {"type": "message", "stop_reason": str(reason)}:
            return reason in ORDINARY
        case {"type": "message_delta", "delta": {"stop_reason": str(reason)}}:
            return reason in ORDINARY
        case _:
            return False
