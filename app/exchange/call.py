"""One send of a message along one route: the request, a second one where the vendor refuses a spare field, and the
deltas of the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.api import sse
from app.catalog.targets import CLIENT_KEY, endpoint
from app.exchange.loops import VIA
from app.exchange.means import Means
from app.memory.calibration import Estimate
from app.memory.learned import body_of, second_try
from app.upstream.framing import objects, parsed
from app.upstream.upstream import Line, Reply
from translators.core.answer import message_stream
from translators.core.deltas import Usage, joined
from translators.core.errors import Broke, Fault, PromptTooLong, RialtoError, Unauthorized
from translators.core.message import Event
from translators.core.refusals import refusal
from translators.core.spare_fields import IMAGES, informed
from translators.core.vendor import AnswerStream, Json, Route

#: How often one request is sent, each time without what the vendor has refused.
REFUSALS = 3

#: An estimate so many times the window is over it for certain. A vendor that tells it is asked all the same, because
#: its numbers are exact and the client compacts by them.
FAR_BEYOND = 1.5

USER_AGENT = "rialto"
#: How the headers begin in which Anthropic tells what is left of an account's limits
#: (https://platform.claude.com/docs/en/api/rate-limits, read 2026-11-21).
LIMITS = "anthropic-ratelimit-"


def anyone(route: Route) -> bool:
    """Every model may be asked."""
    return True


Describe = Callable[[Json, Route], Json]
"""(message, route of a model that cannot see) -> the message with descriptions in the place of images."""


def as_it_is(message: Json, route: Route) -> Json:
    """The message without a change: the translators leave notes."""
    return message


@dataclass(frozen=True, slots=True)
class Caller:
    """What an exchange must know of the client. `via` names the Rialtos that its request has passed."""

    gone: Callable[[], bool]
    via: str
    user_agent: str = USER_AGENT
    headers: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict)
    """The headers with the client's own key for the vendor, for routes that want it."""
    trace: Mapping[str, str] = field(default_factory=dict)
    """The headers that join the vendor's work to a distributed trace."""
    may_ask: Callable[[Route], bool] = anyone
    """Whether Rialto may put a question of its own to a model for this client."""


class Call:
    """A validated Messages body on its way along one route."""

    goes_on: bool = False
    """It continues an answer that has begun."""
    continues: int = 0
    """How often this answer, which broke off, has been gone on with."""
    describe: Describe = staticmethod(as_it_is)
    """What the message becomes when the model turns out to be blind."""

    def __init__(self, message: Json, route: Route, means: Means, caller: Caller) -> None:
        self.limits: Mapping[str, str] = {}
        self.estimate: Estimate = means.memory.calibration.estimate(message, route)
        self.route = route = route.carrying(message, self.estimate.tokens)
        self.message = message if route.vendor.protocol.verbatim else {**message, "stream": route.stream}
        self._means = means
        self._learned = means.memory.learned
        self._caller = caller

    def stream(self, new_id: Callable[[str], str]) -> AnswerStream:
        """What builds the client's events of the answer."""
        return (self.route.vendor.protocol.stream or message_stream)(self.message, self.route, new_id)

    def reported(self, usage: Usage | None) -> None:
        """Takes note of the vendor's counts."""
        self._means.memory.calibration.learn(self.estimate, usage)

    def deltas(self, line: Line) -> Iterator[list[Any]]:
        """Sends the request and decodes the answer. Raises a `RialtoError` for everything but an answer."""
        title, window = self.route.vendor.title, self.route.context_window
        if window and self.estimate.tokens > FAR_BEYOND * window and not self.route.profile.tells_overflow:
            raise PromptTooLong(self.estimate.tokens, window)
        self.message = self._means.media.resolved(self.message, self.route)
        reply = self._accepted(line)
        try:
            yield from self._decoded(reply)
            reply.drain()
        except Fault as fault:
            raise self._refusal(200, fault.body, {}) from None
        except Broke as error:
            error.message = f"{title}: {error.message.removeprefix(f'{title}: ')}"
            raise
        except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
            raise Broke(f"{title}: the answer has an unknown form ({type(error).__name__}: {error})") from error
        finally:
            reply.close()

    def _accepted(self, line: Line) -> Reply:
        """The vendor's answer with status 200. A refusal that names a spare field is tried once more without it, and
        what that teaches is remembered.
        """
        known = self._learned.lessons(self.route)
        body, lessons = body_of(self.message, self.route, known), dict[str, Any]()
        for left in reversed(range(REFUSALS)):
            reply = self._post(body, line)
            if reply.status == 200:
                self._learned.remember(self.route, lessons)
                self.limits = limits(self.route, reply.headers)
                return reply
            refused = self._refused(reply)
            again = second_try(self.message, self.route, body, {**known, **lessons}, reply.status, refused)
            if again is None or not left:
                break
            body, lessons = again[0], {**lessons, **again[1]}
            if IMAGES in again[1]:
                self.message = self.describe(self.message, informed(self.route, again[1]))
                body = body_of(self.message, self.route, {**known, **lessons})
        raise self._refusal(reply.status, refused, reply.headers)

    def _refusal(self, status: int, body: Any, headers: Mapping[str, str]) -> RialtoError:
        error = refusal(self.route, status, body, headers)
        error.limits = limits(self.route, headers)
        error.message = self._means.redact(error.message)
        if error.details:
            error.details = parsed(self._means.redact(sse.dumps(error.details).decode()).encode())
        return error

    def _post(self, body: Json, line: Line) -> Reply:
        return self._means.upstream.send(
            self.route, endpoint(self.route), headers(self.route, self._caller), sse.dumps(body), line
        )

    @staticmethod
    def _refused(reply: Reply) -> Any:
        try:
            return parsed(reply.body())
        finally:
            reply.close()

    def _decoded(self, reply: Reply) -> Iterator[list[Any]]:
        """The deltas of the answer, whatever form the vendor chose for it; those that have come at once together."""
        read, protocol = self.route.vendor.read, self.route.vendor.protocol
        for whole, values in objects(reply.pieces(), protocol.framing):
            decode, found = protocol.whole if whole else protocol.chunk, list[Any]()
            try:
                for value in values:
                    found += list(decode(read(value)))
            except Exception:
                if found:
                    yield joined(found)
                raise
            yield joined(found)


def fed(stream: AnswerStream, deltas: Iterable[Any]) -> Iterator[list[Event]]:
    """The events of deltas that have come at once. Raises what one of them raises, behind the events before it."""
    events: list[Event] = []
    try:
        for delta in deltas:
            events += stream.feed(delta)
    except Exception:
        if events:
            yield events
        raise
    yield events


def limits(route: Route, headers: Mapping[str, str]) -> dict[str, str]:
    """What Anthropic itself says of the account's limits; clients show it, and steer by it."""
    genuine = route.profile.genuine
    return {name: value for name, value in headers.items() if genuine and name.startswith(LIMITS)}


def headers(route: Route, caller: Caller) -> dict[str, str]:
    """The headers of a request to a vendor."""
    found = {
        "content-type": "application/json",
        "accept-encoding": "identity" if route.stream else "gzip, deflate",
        "user-agent": caller.user_agent if route.vendor.forwards_user_agent else USER_AGENT,
        VIA: caller.via,
    }
    found |= {**route.vendor.protocol.headers(caller.headers, route), **caller.trace}
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
