"""Tape: all that one exchange hears and says, kept until its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from app.api.sse import dumps
from app.capture.asked import asked
from app.capture.deck import Deck, told
from app.exchange.account import Account
from app.exchange.means import Means
from app.exchange.patience import Quiet
from app.upstream.upstream import Line, Reply, Upstream
from translators.core.errors import RialtoError
from translators.core.message import Event
from translators.core.vendor import AnswerStream, Json, Route

if TYPE_CHECKING:
    from app.exchange.call import Caller


@dataclass(slots=True)
class Try:
    """One request to a vendor. Times are milliseconds since the exchange began."""

    at: int
    url: str
    headers: Mapping[str, str]
    body: bytes
    status: int | None = None
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    pieces: list[tuple[int, bytes]] = field(default_factory=list)
    """What came, decompressed and without the framing of HTTP, cut as it arrived."""
    ended: bool = False
    error: Json | None = None
    expired: bool = False
    """It was cut off because the first word did not come in time."""

    def failed(self, error: RialtoError, line: Line) -> None:
        """The wire failed."""
        self.error, self.expired = told(error), line.expired


@dataclass(frozen=True, slots=True)
class Sent:
    """A piece for the client. `items` counts what had been taken from the pump by then; a `sign` is one of life."""

    at: int
    items: int
    data: bytes
    sign: int = 0


class Tape:
    """Records one exchange."""

    def __init__(self, message: Json, routes: Sequence[Route], caller: Caller, account: Account) -> None:
        self.message, self.routes, self.caller, self.account = message, routes, caller, account
        self.deck = Deck()
        self.tries: list[Try] = []
        self.sent: list[Sent] = []
        self.items = 0
        self._sign = 0

    def means(self, means: Means) -> Means:
        """The means, recorded. The exchange itself has ids of its own, because it runs beside its calls."""
        return replace(asked(means, self.deck), upstream=TapedUpstream(means.upstream, self))

    def new_id(self) -> Callable[[str], str]:
        """What makes the ids of the answer."""
        return self.deck.ids("answer ids")

    def quiet(self) -> Quiet:
        """What counts the silence."""
        return TapedQuiet(self)

    def says(self, items: int, data: bytes) -> bytes:
        """Notes what goes to the client, and hands it on."""
        sign, self._sign = self._sign, 0
        self.sent.append(Sent(self.now(), items, data, sign))
        return data

    def signs(self, events: list[Event]) -> None:
        """The next piece is a sign of life."""
        self._sign = len(events)

    def now(self) -> int:
        """Milliseconds since the exchange began."""
        return round(self.account.elapsed() * 1000)

    def tried(self, url: str, headers: Mapping[str, str], body: bytes) -> Try:
        """A request goes to a vendor."""
        self.tries.append(Try(self.now(), url, headers, body))
        return self.tries[-1]

    @property
    def refusal(self) -> bytes | None:
        """The body of an error, where it is not a part of what was sent."""
        error = self.account.error
        if error is None or (self.sent and self.message.get("stream")):
            return None
        return refused(error, self.account.request_id)


def refused(error: RialtoError, request_id: str) -> bytes:
    """An HTTP error's body."""
    return dumps({**error.told(), "request_id": request_id})


class TapedQuiet(Quiet):
    """Tells the tape of signs of life."""

    def __init__(self, tape: Tape) -> None:
        super().__init__()
        self._tape = tape

    def sign(self, stream: AnswerStream) -> list[Event]:
        """A ping when it is time."""
        events = super().sign(stream)
        self._tape.signs(events)
        return events


class TapedUpstream(Upstream):
    """Sends as another one does and notes it."""

    def __init__(self, inner: Upstream, tape: Tape) -> None:
        self._inner = inner
        self._tape = tape

    def send(
        self,
        route: Route,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        line: Line,
        timeout: tuple[float, float] | None = None,
    ) -> Reply:
        """The vendor's answer, which is noted while it is read. Raises what the other one raises."""
        one = self._tape.tried(url, headers, body)
        try:
            reply = self._inner.send(route, url, headers, body, line)
        except RialtoError as error:
            one.failed(error, line)
            raise
        one.status, one.answer_headers = reply.status, reply.headers
        return TapedReply(reply, one, line, self._tape.now)


class TapedReply(Reply):
    """An answer that is noted while it is read."""

    def __init__(self, inner: Reply, one: Try, line: Line, now: Callable[[], int]) -> None:
        self.status, self.headers = inner.status, inner.headers
        self.drain, self.close = inner.drain, inner.close  # type: ignore[method-assign]
        self._inner, self._one, self._line, self._now = inner, one, line, now

    def pieces(self) -> Iterator[bytes]:
        """The bytes as they arrive."""
        try:
            for piece in self._inner.pieces():
                self._one.pieces.append((self._now(), piece))
                yield piece
            self._one.ended = True
        except RialtoError as error:
            self._one.failed(error, self._line)
            raise
