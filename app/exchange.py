"""One request's trip: translate, send, read, stream. The straight line that joins the translators and the upstream.

An exchange works on plain values; nothing here touches the web framework. The vendor's status and first words are
awaited before anything is answered, so that its errors are HTTP errors; after `COMMIT_AFTER` seconds of silence the
answer starts anyway and stays alive by pings.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app import sse
from app.client import ClientGone
from app.framing import objects, parsed
from app.loops import VIA
from app.patience import Patience, Quiet
from app.pump import Finished, Pump, Silence
from app.targets import CLIENT_KEY, endpoint
from app.upstream import Line, Reply, Upstream
from translators.core.answer import message_stream
from translators.core.deltas import Opaque, Stop, Usage
from translators.core.errors import Broke, Fault, RialtoError, Unauthorized
from translators.core.message import Event
from translators.core.refusals import refusal, words_of
from translators.core.spare_fields import fitted, without_refused
from translators.core.vendor import Json, Route

#: Seconds of silence after which a stream starts without knowing the vendor's status.
COMMIT_AFTER = 10.0
#: Seconds between two looks at the client.
TICK = 0.25

USER_AGENT = "rialto"

log = logging.getLogger("rialto")


@dataclass(frozen=True, slots=True)
class Caller:
    """What an exchange must know of the client. `via` names the Rialtos that its request has passed."""

    gone: Callable[[], bool]
    via: str
    user_agent: str = USER_AGENT
    headers: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict)
    """The headers with the client's own key for the vendor, for routes that want it."""


class Exchange:
    """The trip of one validated Messages body along its route."""

    def __init__(self, message: Json, route: Route, upstream: Upstream, caller: Caller, patience: Patience) -> None:
        self.route = route = route.carrying(message)
        self.message = message if route.vendor.protocol.verbatim else {**message, "stream": route.stream}
        self._upstream = upstream
        self._caller = caller
        self._patience = patience
        self._line = Line()
        self._pump: Pump[list[Any]] | None = None
        self._stream = (route.vendor.protocol.stream or message_stream)(self.message, route, new_id)

    def whole(self) -> Json:
        """The complete message. Raises a `RialtoError` for everything else."""
        events = self._stream.start()
        try:
            for deltas in self._deltas():
                events += [event for delta in deltas for event in self._stream.feed(delta)]
            events += self._stream.close()
        finally:
            self._end()
        if self._stream.error:
            raise self._stream.error
        return self._stream.whole(events)

    def stream(self) -> Iterator[bytes]:
        """The frames of the answer. The first `next` waits for the vendor and raises its errors; later ones become an
        error event.
        """
        committed = False
        try:
            for events in self._events():
                if not committed and self._stream.error:
                    raise self._stream.error
                committed = True
                yield sse.encode(events)
        except (RialtoError, ClientGone, GeneratorExit):
            raise
        except Exception as error:
            log.exception("unexpected failure in a stream")
            failure = RialtoError(f"Rialto failed unexpectedly ({type(error).__name__}); its log has the details")
            if not committed:
                raise failure from error
            yield sse.encode(self._stream.fail(failure))
        finally:
            self._end()

    def _events(self) -> Iterator[list[Event]]:
        """Lists of events; the first holds `message_start`."""
        stream, held, started, began, quiet = self._stream, list[Any](), False, time.monotonic(), Quiet()
        try:
            for deltas in self._deltas():
                held += deltas
                if (
                    not started
                    and not any(says_something(delta) for delta in held)
                    and time.monotonic() - began < COMMIT_AFTER
                ):
                    continue
                events = [] if started else stream.start()
                started = True
                events += [event for delta in held for event in stream.feed(delta)]
                held.clear()
                if events := events or quiet.sign(stream):
                    quiet.heard()
                    yield events
        except RialtoError as error:
            if not started:
                raise
            yield stream.fail(error)
            return
        head = [] if started else stream.start()
        yield head + [event for delta in held for event in stream.feed(delta)] + stream.close()

    def _deltas(self) -> Iterator[list[Any]]:
        """What the vendor says, and an empty list for every tick without a word."""
        self._pump = pump = Pump(self._work, self._line.cut)
        began = looked = time.monotonic()
        spoken = False
        while True:
            now = time.monotonic()
            self._patience.check(self.route.vendor.title, now - began, spoken)
            if now - looked >= TICK:
                looked = now
                if self._caller.gone():
                    raise ClientGone
            try:
                deltas = pump.next(TICK)
                spoken = spoken or bool(deltas)
                yield deltas
            except Silence:
                yield []
            except Finished:
                return
            except Fault as fault:
                raise refusal(self.route, 200, fault.body, {}) from None

    def _work(self) -> Iterator[list[Any]]:
        """Sends the request and decodes the answer; runs in the pump's thread."""
        title = self.route.vendor.title
        reply = self._accepted()
        try:
            for value in self._values(reply):
                yield list(value)
            reply.drain()
        except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
            raise Broke(f"{title}: the answer has an unknown form ({type(error).__name__}: {error})") from error
        finally:
            reply.close()

    def _accepted(self) -> Reply:
        """The vendor's answer with status 200. A refusal that names a spare field is tried once more without it."""
        body = self.route.vendor.protocol.request(self.message, self.route)
        reply = self._post(body)
        if reply.status == 200:
            return reply
        refused = self._refused(reply)
        if lesser := self._lesser(body, reply.status, refused):
            without = ", ".join(name for name in body if lesser.get(name) != body[name])
            log.info("%s refused %s; trying without", self.route.vendor.title, without)
            reply = self._post(lesser)
            if reply.status == 200:
                return reply
            refused = self._refused(reply)
        raise refusal(self.route, reply.status, refused, reply.headers)

    def _lesser(self, body: Json, status: int, refused: Any) -> Json | None:
        """A body for a second try. A genuine Anthropic's refusal is the client's to see: it adapts by itself."""
        if self.route.profile.genuine:
            return None
        lesser = without_refused(body, status, words_of(refused))
        return lesser or fitted(body, refusal(self.route, status, refused, {}))

    def _post(self, body: Json) -> Reply:
        return self._upstream.send(
            self.route, endpoint(self.route), headers(self.route, self._caller), sse.dumps(body), self._line
        )

    @staticmethod
    def _refused(reply: Reply) -> Any:
        try:
            return parsed(reply.body())
        finally:
            reply.close()

    def _values(self, reply: Reply) -> Iterator[Iterator[Any]]:
        """The deltas of each object of the answer, whatever form the vendor chose for it."""
        vendor, protocol = self.route.vendor, self.route.vendor.protocol
        for whole, value in objects(reply.pieces(), protocol.framing):
            yield (protocol.whole if whole else protocol.chunk)(vendor.read(value))

    def _end(self) -> None:
        if self._pump is not None:
            self._pump.stop()


def headers(route: Route, caller: Caller) -> dict[str, str]:
    """The headers of a request to a vendor."""
    found = {
        "content-type": "application/json",
        "accept-encoding": "identity" if route.stream else "gzip, deflate",
        "user-agent": caller.user_agent if route.vendor.forwards_user_agent else USER_AGENT,
        VIA: caller.via,
    }
    found |= route.vendor.protocol.headers(caller.headers, route)
    return found | dict(route.vendor.headers) | credentials(route, caller)


def credentials(route: Route, caller: Caller) -> dict[str, str]:
    """The vendor's key, or the client's own where the settings say so. Raises `Unauthorized` without either."""
    forwards = route.extra.get(CLIENT_KEY)
    if forwards and caller.credentials:
        return dict(caller.credentials)
    if forwards and not route.key:
        raise Unauthorized(
            f"No key for {route.vendor.title}: send your own beside BRIDGE_API_KEY (x-api-key and Bearer may "
            f"differ), or set {route.vendor.key_variable}",
            should_retry=False,
        )
    return dict(route.vendor.auth(route.key)) if route.key else {}


def says_something(delta: Any) -> bool:
    """The vendor has begun to answer. Counts, vendor state and the end alone may still turn into an HTTP error."""
    return not isinstance(delta, Usage | Opaque | Stop)


def new_id(prefix: str) -> str:
    """A fresh id, unique over all conversations."""
    return prefix + uuid.uuid4().hex[:24]
