"""Story: what the client of one exchange has been told, so that an answer which breaks off within its text can be gone
on with, by the same vendor or by the next one of the chain. `ContinuedCall` makes the calls.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any, cast

from app.exchange.call import Call, Caller, fed
from app.exchange.means import Means
from app.resilience.policy import heals
from app.upstream.upstream import Line
from translators.core import tokens
from translators.core.continuation import (
    CUT,
    Breakable,
    Joined,
    Joint,
    Seam,
    Unsure,
    Way,
    asking,
    is_in_code,
    last_words,
    way_of,
    with_told,
)
from translators.core.deltas import Usage
from translators.core.errors import Broke, RialtoError
from translators.core.message import Event
from translators.core.prefill import prefill
from translators.core.search_rounds import ROUND
from translators.core.vendor import AnswerStream, Json, Route

#: How often one answer is gone on with.
MOST_CONTINUATIONS = 2
#: Stands for what was heard and does not show yet.
WORDLESS: Event = {"type": "ping"}


class Story:
    """The blocks that one exchange has told, and how often it has gone on."""

    def __init__(self, message: Json) -> None:
        self.continuations = 0
        self.cause: RialtoError | None = None
        """Why the answer broke off, as long as nothing has gone on with it."""
        self._message = message
        self._kinds: list[str] = []
        self._pieces: list[str] = []
        self._thoughts: list[str] = []
        self._is_open = self._careful = False

    @property
    def has_begun(self) -> bool:
        """Something was told."""
        return bool(self._kinds)

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._pieces)

    def told(self, events: list[Event]) -> None:
        """Takes note of events on their way to the client."""
        for event in events:
            match event["type"]:
                case "content_block_start":
                    self._kinds.append(event["content_block"]["type"])
                    self._is_open = True
                case "content_block_delta":
                    self._pieces.append(event["delta"].get("text") or "")
                    self._thoughts.append(event["delta"].get("thinking") or "")
                case "content_block_stop":
                    self._is_open = False
                case "seam":
                    self.cause = None

    def way(self, message: Json, route: Route) -> Way:
        """How a route is asked to go on."""
        return way_of(message, self.text, route.profile.prefill, self._careful)

    def request(self, message: Json, way: Way) -> Json:
        """The request for the rest."""
        return asking(message, self.text, way, self._left())

    def seam(self, message: Json, way: Way) -> Seam:
        """What finds where the rest begins."""
        return Seam(self.text if way == "again" else prefill(with_told(message, self.text)), way)

    def broke(self, error: RialtoError) -> bool:
        """A call has broken off; true when the answer can be gone on with."""
        can = heals(error) and self.continuations < MOST_CONTINUATIONS and self._is_within_text() and self._left() > 0
        if can:
            self.cause = error
        return can

    def goes_on(self, error: RialtoError) -> bool:
        """Whether there is another call after this error."""
        unsure = isinstance(error, Unsure) and not self._careful and self.continuations < MOST_CONTINUATIONS
        if self.cause is None or not (unsure or error is self.cause):
            return False
        self._careful = self._careful or unsure
        self.continuations += 1
        return True

    def _is_within_text(self) -> bool:
        """The text is the only one, and nothing but reasoning stands before it."""
        *before, kind = self._kinds or [""]
        return self._is_open and kind == "text" and set(before) <= {"thinking"} and bool(last_words(self.text))

    def _left(self) -> int:
        said = tokens.estimate(self.text) + tokens.estimate("".join(self._thoughts))
        return int(self._message["max_tokens"]) - said


class ContinuedCall(Call):
    """A call of an answer that is gone on with when it breaks off, or the one that does so. What it says are events."""

    def __init__(self, story: Story, message: Json, route: Route, means: Means, caller: Caller) -> None:
        self._story = story
        self.continues = story.continuations
        self.goes_on = bool(self.continues)
        self._joint: Joint | None = None
        self._heard = False
        if self.goes_on:
            way = story.way(message, route)
            self._joint = Joint(story.seam(message, way))
            message = story.request(message, way)
        super().__init__(message, route, means, caller)

    def stream(self, new_id: Callable[[str], str]) -> AnswerStream:
        """What joins this call and those that go on with it."""
        return Joined(super().stream(new_id).start(), self.route.vendor.title)

    def reported(self, usage: Usage | None) -> None:
        """Nothing: these are the counts of all calls together."""

    def deltas(self, line: Line) -> Iterator[list[Any]]:
        """The events. Raises a `RialtoError` for everything but an answer."""
        stream = super().stream(self._means.new_id)
        yield self._told(stream.start())
        try:
            yield from self._events(stream, line)
        except Unsure:
            yield self._cut(stream)
            raise
        except RialtoError as error:
            if self._has_begun and not (is_in_text(stream) and self._story.broke(error)):
                yield self._told(stream.fail(error)[:-1])
            yield self._cut(stream)
            raise
        made = stream.close()
        if stream.error:
            yield self._told(made[:-1])
            raise stream.error
        super().reported(stream.usage)
        yield [*self._told(made), {"type": ROUND, "reported": stream.usage}]

    def _events(self, stream: AnswerStream, line: Line) -> Iterator[list[Event]]:
        """The events while the vendor speaks. Raises `Broke` where it ends within a text."""
        asks = True
        while asks:
            with closing(cast(Generator[list[Any]], super().deltas(line))) as heard:
                for deltas in heard:
                    self._heard = True
                    for made in fed(stream, deltas):
                        yield self._told(made) or [WORDLESS]
            asks = stream.again()
        if is_in_text(stream):
            raise Broke(f"{self.route.vendor.title}: the answer ended before it was complete")

    @property
    def _has_begun(self) -> bool:
        """What this call says reaches the client."""
        return self._joint is None or self._joint.found

    def _told(self, events: list[Event]) -> list[Event]:
        """What reaches the client."""
        if self._joint is not None:
            events = [made for event in events for made in self._joint.feed(event)]
            if any(is_call(event) for event in events) and is_in_code(self._story.text):
                raise Broke("A call inside of a block of code: nobody can tell what is meant", should_retry=False)
        self._story.told(events)
        return events

    def _cut(self, stream: AnswerStream) -> list[Event]:
        """What the call has cost, when it has said anything in an answer that has begun."""
        costs = self._heard and self._story.has_begun
        return [{"type": CUT, "counts": stream.counts()}] if costs and isinstance(stream, Breakable) else []


def is_continued(route: Route) -> bool:
    """Answers along the route are gone on with. Anthropic's own events pass as they are."""
    return route.continues and not route.profile.genuine


def is_in_text(stream: AnswerStream) -> bool:
    """Neither an end nor a call has come."""
    return isinstance(stream, Breakable) and stream.in_text


def is_call(event: Event) -> bool:
    """A call of a tool begins."""
    return bool(event["type"] == "content_block_start" and event["content_block"]["type"] == "tool_use")
