"""Replay: runs a captured exchange again, with vendors' bytes and everything else that it asked out of the capture."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from app.capture.asked import asked
from app.capture.deck import PlayedDeck, Unheard, raised
from app.capture.record import bytes_of
from app.capture.routes import Unplayable, route_of
from app.capture.tape import refused
from app.exchange.account import CLIENT_GONE, opened
from app.exchange.call import Call, Caller
from app.exchange.client import ClientGone
from app.exchange.exchange import BLANK, Exchange
from app.exchange.means import Means
from app.exchange.patience import Patience, Quiet
from app.exchange.pump import Finished, Pump, Silence
from app.logs.redaction import KEY
from app.media import Media
from app.media.links import links_for
from app.memory.memory import Memory
from app.resilience.policy import Policy
from app.resilience.traffic import Traffic
from app.upstream.upstream import Line, Reply, Upstream
from translators.core.errors import RialtoError
from translators.core.message import Event
from translators.core.vendor import AnswerStream, Json, Route

Item = TypeVar("Item")
#: Stands where somebody would be asked who is not.
NOBODY = object()


@dataclass(slots=True)
class Request:
    """A request that would have gone to a vendor."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Outcome:
    """What came of an exchange: requests to vendors, the bytes for the client, and an error that was not among them.
    `unheard` says what was asked for that the capture does not hold; `more` is set when that is another request.
    """

    requests: list[Request] = field(default_factory=list)
    sent: bytes = b""
    refusal: bytes | None = None
    unheard: str = ""
    more: bool = False


def replayed(entry: Mapping[str, Any]) -> Outcome:
    """Plays a record. Raises `Unplayable` for one that cannot be."""
    if entry.get("unplayable") or not entry["routes"]:
        raise Unplayable(entry.get("unplayable") or "no route was taken")
    outcome = Outcome()
    exchange = PlayedExchange(entry, outcome)
    try:
        for data in exchange.stream() if entry["stream"] else exchange.wholly():
            outcome.sent += data
    except RialtoError as error:
        outcome.refusal = refused(error, exchange.account.request_id)
    except ClientGone:
        pass
    return exchange.heard(outcome)


class PlayedExchange(Exchange):
    """An exchange without a clock, a thread and a network."""

    def __init__(self, entry: Mapping[str, Any], outcome: Outcome) -> None:
        answer, client = entry["answer"], entry["request"]
        self.left = answer["status"] in (CLIENT_GONE, "lost")
        self._heard_of = sum(len(bytes_of(piece["data"])) for piece in answer["sent"])
        self._refusal = answer["error"]
        self._signs = Signs(entry)
        self._outcome = outcome
        message = dict(client["body"])
        deck = PlayedDeck(entry["notes"])
        means = replace(asked(nothing(entry), deck), upstream=PlayedUpstream(entry["tries"], outcome))
        account = opened(message, request_id=entry["request_id"], session=entry["session_id"])
        super().__init__(message, [route_of(told) for told in entry["routes"]], means, caller_of(client), account)
        self._new_id = deck.ids("answer ids")
        self._quiet = self._signs

    def heard(self, outcome: Outcome) -> Outcome:
        """As much of the answer as a client has heard that left before its end."""
        return replace(outcome, sent=outcome.sent[: self._heard_of], refusal=None) if self.left else outcome

    def wholly(self) -> Iterator[bytes]:
        """The blanks and the message; an error behind a blank is no part of it."""
        for data in self.body():
            if not self.account.error:
                yield data

    def _pumped(self, work: Callable[[], Iterator[Call | list[Any]]]) -> Pump[Call | list[Any]]:
        return Inline(work, self._next)

    def _next(self, work: Iterator[Any]) -> Any:
        """The next item; silence where there was some, and where the capture ends what ended the exchange."""
        if self._signs.due(self._items):
            raise Silence
        try:
            return next(work)
        except StopIteration:
            raise Finished from None
        except Unheard as reason:
            raise self._ended(str(reason)) from None

    def _ended(self, unheard: str) -> Exception:
        self._outcome.unheard = unheard
        return raised(self._refusal) if self._refusal and not self.left else ClientGone()

    def _is_late(self, began: float) -> bool:
        return self._signs.began(self._items)

    def _is_blank_due(self, last: float) -> bool:
        return self._signs.blank(self._items)


class Signs(Quiet):
    """When the client heard something that is no word of the vendor's: by the number of items that had come by then."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        super().__init__()
        sent = entry["answer"]["sent"]
        self._first = sent[0]["items"] if sent and entry["stream"] else math.inf
        self._begun = False
        self._signs = [(piece["items"], piece["sign"]) for piece in sent if piece.get("sign")]
        self._blanks = [] if entry["stream"] else [piece["items"] for piece in sent if piece["data"] == BLANK.decode()]
        self._items = 0

    def due(self, items: int) -> bool:
        """There is something to say before the next item."""
        self._items = items
        late = not self._begun and items == self._first
        self._begun = self._begun or late
        signs = [at for at, _ in self._signs] + self._blanks
        return late or any(at <= items for at in signs)

    def began(self, items: int) -> bool:
        """The stream had begun by then."""
        return items >= self._first

    def blank(self, items: int) -> bool:
        """A blank was sent then."""
        if self._blanks and self._blanks[0] <= items:
            self._blanks.pop(0)
            return True
        return False

    def sign(self, stream: AnswerStream) -> list[Event]:
        """The sign of life that was sent then."""
        if not self._signs or self._signs[0][0] > self._items:
            return []
        _, events = self._signs.pop(0)
        return [{"type": "ping"}, stream.pulse()][:events]


class Inline(Pump[Item], Generic[Item]):
    """A pump that works when it is asked."""

    def __init__(self, work: Callable[[], Iterator[Item]], next_of: Callable[[Iterator[Item]], Item]) -> None:
        super().__init__(work, lambda: None)
        self._iterator = work()
        self._next_of = next_of

    def start(self) -> None:
        """Nothing is to be started."""

    def next(self, timeout: float) -> Item:
        """The next item."""
        return self._next_of(self._iterator)

    def waiting(self) -> list[Item]:
        """Nothing comes ahead of time."""
        return []

    def stop(self) -> None:
        """Ends the work."""
        with suppress(Unheard, RialtoError, ValueError):
            self._iterator.close()  # type: ignore[attr-defined]


class PlayedUpstream(Upstream):
    """Answers each request with the next captured answer."""

    def __init__(self, tries: list[Json], outcome: Outcome) -> None:
        self._tries = iter(tries)
        self._outcome = outcome

    def send(
        self,
        route: Route,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        line: Line,
        timeout: tuple[float, float] | None = None,
    ) -> Reply:
        """The captured answer. Raises the captured failure, or `Unheard` behind the last answer."""
        one = next(self._tries, None)
        if one is None:
            self._outcome.more = True
            raise Unheard("a vendor is asked once more")
        self._outcome.requests.append(Request(url, headers, body))
        if one["status"] is None:
            raise failure(one, line)
        return PlayedReply(one, line)


class PlayedReply(Reply):
    """A captured answer."""

    def __init__(self, one: Mapping[str, Any], line: Line) -> None:
        self.status, self.headers = one["status"], dict(one["answer_headers"])
        self._one, self._line = one, line

    def pieces(self) -> Iterator[bytes]:
        """The bytes, cut as they arrived."""
        for _, piece in self._one["pieces"]:
            yield bytes_of(piece)
        if self._one["end"] != "end":
            raise failure(self._one, self._line)

    def drain(self) -> None:
        """Nothing is left."""

    def close(self) -> None:
        """There is no connection."""


def failure(one: Mapping[str, Any], line: Line) -> Exception:
    """What the wire ended with."""
    if one["end"] == "open":
        return Unheard("the capture of an answer ends before the answer does")
    line.expired = one["end"]["expired"]
    return raised(one["end"]["error"])


def nothing(entry: Mapping[str, Any]) -> Means:
    """Means that reach nobody and know nothing."""
    upstream: Any = None
    fitting: Any = NOBODY if "fitting" in entry["notes"] else None
    patience = Patience(math.inf, math.inf)
    return Means(upstream, patience, Memory(), Traffic(Policy(0.0)), Media(links_for("off")), fitting=fitting)


def caller_of(client: Mapping[str, Any]) -> Caller:
    """The client, who waits for ever."""
    return Caller(
        gone=lambda: False,
        via=client["via"],
        user_agent=client["user_agent"],
        headers=client["headers"],
        credentials={name: f"Bearer {KEY}" if name == "authorization" else KEY for name in client["credentials"]},
        trace=client["trace"],
    )
