"""Counting the tokens of a request: by the vendor's own counter where it has one, else by a calibrated estimate."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

from app.api import sse
from app.catalog.targets import addressed
from app.exchange.call import Caller, headers
from app.memory.learned import place
from app.memory.memory import Memory
from app.search.call import shown
from app.upstream.framing import parsed
from app.upstream.upstream import Line, Upstream
from translators.core.context_edits import edited
from translators.core.errors import Broke, RialtoError
from translators.core.vendor import Count, Json, Route

#: Seconds to connect, and between two bytes of the answer. Clients count often and wait for it.
TIMEOUT = (3.0, 3.0)
#: Statuses of a server that has no such counter, and for how many seconds it is not asked again.
NO_COUNTER, DAY = (404, 405, 501), 24 * 3600.0
TABLE = "no counter"

log = logging.getLogger("rialto")


class NoCounter(Broke):
    """The server knows no such path."""


def count_answer(message: Json, route: Route, upstream: Upstream, caller: Caller, memory: Memory) -> Json:
    """The answer to a request for a count: of the context as its edits leave it, and as it was before them."""
    edits = edited({} if route.profile.genuine else message)
    found = input_tokens(shown(message, route), route, upstream, caller, memory)
    if edits.applied is None:
        return found
    return {**found, "context_management": {"original_input_tokens": found["input_tokens"] + edits.cleared_tokens}}


def input_tokens(message: Json, route: Route, upstream: Upstream, caller: Caller, memory: Memory) -> Json:
    """The input tokens of a validated Messages body, and what else the vendor's own answer says that a client knows. A
    counter that fails is not worth an error.
    """
    estimate = memory.calibration.estimate(message, route)
    route = counting(route.carrying({**message, "stream": False}))
    for count in counters(route, memory):
        key = f"{place(route)} {count.url('', route)}"
        if memory.store.read(TABLE, key):
            continue
        try:
            found = counted(count, message, route, upstream, caller)
        except NoCounter:
            memory.store.write(TABLE, key, True, DAY)
        except (RialtoError, KeyError, TypeError, ValueError, AttributeError) as error:
            log.info("%s did not count, estimating (%s: %s)", route.vendor.title, type(error).__name__, error)
            break
        else:
            memory.calibration.counted(estimate, found["input_tokens"])
            return found
    return {"input_tokens": estimate.tokens}


def counting(route: Route) -> Route:
    """The route on the wire whose counter is asked."""
    return replace(route, vendor=replace(route.vendor, protocol=route.vendor.counts_by(route)))


def counters(route: Route, memory: Memory) -> Iterator[Count]:
    """The counter of the route's wire, else those of the server that its address turns out to be."""
    if route.vendor.protocol.count is not None:
        yield route.vendor.protocol.count
    elif route.vendor.counters:
        yield from route.vendor.counters.get(memory.limits.server(route), ())


def counted(count: Count, message: Json, route: Route, upstream: Upstream, caller: Caller) -> Json:
    """The vendor's answer. Raises a `RialtoError` when it cannot be reached or refuses, ValueError and the like for an
    answer of another form.
    """
    url = addressed(count.url(route.base_url, route), route)
    body = sse.dumps(count.request(message, route))
    reply = upstream.send(route, url, headers(route, caller), body, Line(), TIMEOUT)
    try:
        if reply.status != 200:
            raise (NoCounter if reply.status in NO_COUNTER else Broke)(f"HTTP {reply.status}")
        answer = parsed(reply.body())
        return {"input_tokens": count.read(answer), **count.more(answer)}
    finally:
        reply.close()
