"""Plays an answer through the code that serves, and says what the client would have got."""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.doctor.asking import events_of
from app.exchange.call import Caller
from app.exchange.exchange import Exchange
from app.exchange.means import Means
from app.exchange.patience import Patience
from app.media import Media
from app.media.links import links_for
from app.memory.memory import Memory
from app.resilience.policy import Policy
from app.resilience.traffic import Traffic
from app.upstream.upstream import Line, Reply, Upstream
from app.vendor_check.answer import Answer
from translators.core.errors import Broke, RialtoError
from translators.core.message import fold
from translators.core.vendor import Json, Route

log = logging.getLogger("rialto")


@dataclass(frozen=True, slots=True)
class Played:
    """What the client gets: an error of these words, or a message; neither when the answer could not be played."""

    error: str = ""
    message: Json | None = None


class ToldUpstream(Upstream):
    """Answers every request with the same bytes."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def send(
        self,
        route: Route,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        line: Line,
        timeout: tuple[float, float] | None = None,
    ) -> Reply:
        """The answer."""
        return ToldReply(self._answer)


class ToldReply(Reply):
    """An answer from memory."""

    def __init__(self, answer: Answer) -> None:
        self.status, self.headers = answer.status, dict(answer.headers)
        self._answer = answer

    def pieces(self) -> Iterator[bytes]:
        """The bytes. Raises `Broke` where the connection broke."""
        yield self._answer.data
        if self._answer.end:
            raise Broke(self._answer.end)

    def drain(self) -> None:
        """Nothing is left."""

    def close(self) -> None:
        """There is no connection."""


def played(answer: Answer) -> Played:
    """Plays an answer. Raises nothing."""
    patience = Patience(math.inf, math.inf)
    means = Means(ToldUpstream(answer), patience, Memory(), Traffic(Policy(0.0)), Media(links_for("off")))
    caller = Caller(gone=lambda: False, via="vendor-check")
    try:
        exchange = Exchange(copy.deepcopy(answer.message), (answer.route,), means, caller)
        return streamed(exchange) if answer.streamed else whole(exchange)
    except RialtoError as error:
        return Played(error.message)
    except Exception:
        log.exception("an answer could not be played")
        return Played()


def whole(exchange: Exchange) -> Played:
    """Plays a whole answer. Raises RialtoError."""
    return Played(message=exchange.whole())


def streamed(exchange: Exchange) -> Played:
    """Plays a stream, whose error may be an event. Raises RialtoError."""
    events = list(events_of(b"".join(exchange.stream())))
    error = next((str(event["error"]["message"]) for event in events if event["type"] == "error"), "")
    return Played(error) if error else Played(message=fold(events))
