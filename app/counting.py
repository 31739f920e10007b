"""Counting the tokens of a request: by the vendor's own counter where it has one, else by an estimate."""

from __future__ import annotations

import logging

from app import sse
from app.exchange import Caller, headers
from app.framing import parsed
from app.targets import addressed
from app.upstream import Line, Upstream
from translators.core import tokens
from translators.core.errors import Broke, RialtoError
from translators.core.vendor import Count, Json, Route

#: Seconds to connect, and between two bytes of the answer. Clients count often and wait for it.
TIMEOUT = (3.0, 3.0)

log = logging.getLogger("rialto")


def input_tokens(message: Json, route: Route, upstream: Upstream, caller: Caller) -> int:
    """The input tokens of a validated Messages body. A counter that fails is not worth an error."""
    route = route.carrying({**message, "stream": False})
    count = route.vendor.protocol.count
    if count is not None:
        try:
            return counted(count, message, route, upstream, caller)
        except (RialtoError, KeyError, TypeError, ValueError, AttributeError) as error:
            log.info("%s did not count, estimating (%s: %s)", route.vendor.title, type(error).__name__, error)
    return tokens.estimate_request(message)


def counted(count: Count, message: Json, route: Route, upstream: Upstream, caller: Caller) -> int:
    """The vendor's number. Raises a `RialtoError` when it cannot be reached or refuses, ValueError and the like for an
    answer of another form.
    """
    url = addressed(count.url(route.base_url, route), route)
    body = sse.dumps(count.request(message, route))
    reply = upstream.send(route, url, headers(route, caller), body, Line(), TIMEOUT)
    try:
        if reply.status != 200:
            raise Broke(f"HTTP {reply.status}")
        return count.read(parsed(reply.body()))
    finally:
        reply.close()
