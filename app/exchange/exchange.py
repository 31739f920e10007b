"""One request's trip: try, read, stream, account. The straight line that joins the translators and the upstream.

An exchange works on plain values; nothing here touches the web framework. The vendor's status and first words are
awaited before anything is answered, so that its errors are HTTP errors; after `COMMIT_AFTER` seconds of silence the
answer starts anyway and stays alive by pings. Until the first words another try, or another vendor, may follow.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, cast

from app.api import sse
from app.exchange.account import STOPPED, Account, opened
from app.exchange.asking import Asking
from app.exchange.call import Call, Caller, fed
from app.exchange.client import ClientGone
from app.exchange.means import Means
from app.exchange.patience import Clock, Quiet
from app.exchange.pump import Finished, Pump, Silence
from app.resilience.attempts import Attempts, speaks
from app.search.call import shown
from app.search.loop import Loop
from app.upstream.upstream import Line
from translators.core import tokens
from translators.core.errors import RialtoError
from translators.core.message import Event
from translators.core.vendor import AnswerStream, Json, Route

#: Seconds of silence after which a stream starts without knowing the vendor's status.
COMMIT_AFTER = 10.0
#: Seconds between two blanks before a whole answer; until the first one a failure is an HTTP error.
BLANK_EVERY = 30.0
BLANK = b" "
#: Seconds between two looks at the client.
TICK = 0.25

log = logging.getLogger("rialto")


class Exchange:
    """The trip of one validated Messages body along its routes, the wished one first and its fallbacks behind it."""

    def __init__(
        self, message: Json, routes: Sequence[Route], means: Means, caller: Caller, account: Account | None = None
    ) -> None:
        self.message = message
        self.account = account or opened(message)
        self._routes = routes = [routes[0], *(route for route in routes[1:] if fits(message, route, means))]
        self._line = Line()
        asking = Asking(means, caller, self._line, self.account)
        self._tape = means.capture.tape(message, routes, caller, self.account) if means.capture else None
        self._means = means = self._tape.means(means) if self._tape else means
        self._new_id = self._tape.new_id() if self._tape else means.new_id
        self._quiet = self._tape.quiet() if self._tape else Quiet()
        self._items = 0
        self._caller = caller
        self._call: Call | None = None
        self._answer: AnswerStream | None = None
        self._opening: list[Event] = []
        self._opened = False
        self._loop = Loop(message, routes, means, caller, self._line, asking)
        self._pump = self._pumped(self._loop.run)

    def whole(self) -> Json:
        """The complete message. Raises a `RialtoError` for everything else."""
        ticks = self._whole()
        while True:
            try:
                next(ticks)
            except StopIteration as end:
                return cast(Json, end.value)

    @property
    def limits(self) -> Mapping[str, str]:
        """The headers that tell what is left of the vendor account's limits, as far as they are known by now."""
        return self._call.limits if self._call else {}

    def body(self) -> Iterator[bytes]:
        """The complete message as JSON, behind a blank for every while that it takes: proxies end connections on which
        nothing moves. The first `next` raises the vendor's errors; behind a blank an error is told in the body, which
        is broken off then, so that nobody takes it for a message.
        """
        ticks, began = self._whole(), time.monotonic()
        blank = began
        try:
            while True:
                next(ticks)
                if self._is_blank_due(blank):
                    blank = time.monotonic()
                    self.account.committed = True
                    yield self._says(BLANK)
        except StopIteration as end:
            yield sse.dumps(end.value)
        except RialtoError as error:
            if blank > began:
                yield sse.dumps({**error.told(), "request_id": self.account.request_id})
            raise
        finally:
            ticks.close()

    def _whole(self) -> Generator[None, None, Json]:
        """Returns the complete message; yields now and then while it waits."""
        events: list[Event] = []
        try:
            for deltas in self._heard():
                if deltas is None:
                    events = list(self._opening)
                else:
                    events.extend(chain.from_iterable(fed(self._stream, deltas)))
                yield
            events += self._stream.close()
            if self._stream.error:
                raise self._stream.error
            message = self._stream.whole(events)
            if self._tape:
                self._tape.says(self._items, sse.dumps(message))
            return message
        except RialtoError as error:
            self.account.failed(error)
            raise
        except (ClientGone, GeneratorExit):
            self.account.left()
            raise
        except Exception as error:
            self.account.failed(unexpected(error))
            raise
        except BaseException:  # the worker stops
            self.account.lost(STOPPED)
            raise
        finally:
            self.account.told(events)
            self._end()

    def stream(self) -> Iterator[bytes]:
        """The frames of the answer. The first `next` waits for the vendor and raises its errors; later ones become an
        error event.
        """
        committed = False
        try:
            for events in self._events():
                if error := self._stream.error:
                    self.account.failed(error, 200 if committed else None)
                    if not committed:
                        raise error
                committed = True
                self.account.told(events)
                yield self._says(sse.encode(events))
        except (ClientGone, GeneratorExit):
            self.account.left()
            raise
        except RialtoError as error:
            self.account.failed(error)
            raise
        except Exception as error:
            log.exception("unexpected failure in a stream")
            failure = unexpected(error)
            self.account.failed(failure, 200 if committed else None)
            if not committed:
                raise failure from error
            yield self._says(sse.encode(self._stream.fail(failure)))
        except BaseException:  # the worker stops
            self.account.lost(STOPPED)
            raise
        finally:
            self._end()

    def _events(self) -> Iterator[list[Event]]:
        """Lists of events; the first holds what opens the answer."""
        held, started, began = list[Any](), False, time.monotonic()
        try:
            for deltas in self._heard():
                if deltas is None:
                    held.clear()
                    continue
                held += deltas
                if not started and not any(map(speaks, deltas)) and not self._is_late(began):
                    continue
                started = True
                deltas, held = held, []
                for made in fed(self._stream, deltas):
                    if events := self._first(made) or self._quiet.sign(self._stream):
                        self._quiet.heard()
                        yield events
        except RialtoError as error:
            if not started:
                raise
            yield self._stream.fail(error)
            return
        events = list(chain.from_iterable(fed(self._stream, held)))
        yield self._first(events + self._stream.close())

    def _heard(self) -> Iterator[list[Any] | None]:
        """What the vendor says: None when a try begins, and an empty list for every tick without a word."""
        clock = Clock(self._means.patience, self._line)
        self.account.running = True
        self._pump.start()
        looked = time.monotonic()
        while True:
            clock.check()
            if time.monotonic() - looked >= TICK:
                looked = time.monotonic()
                if self._caller.gone():
                    raise ClientGone
            try:
                item = self._pump.next(TICK)
            except Silence:
                yield []
            except Finished:
                self.account.heard()
                if not self._repeats():
                    return
            else:
                waiting = self._pump.waiting() if self._opened else ()
                yield from self._said([item, *waiting], clock)

    def _said(self, items: list[Call | list[Any]], clock: Clock) -> Iterator[list[Any] | None]:
        """What has come by now, joined: one piece for the client costs less than many. The first words go at once."""
        deltas: list[Any] | None = None
        for item in items:
            if not isinstance(item, Call):
                clock.heard(item)
                deltas = [] if deltas is None else deltas
                deltas += item
                self._items += 1
                continue
            if deltas is not None:
                yield deltas
            deltas = None
            self._items += 1
            clock.asked(item.route.vendor.title)
            if not item.goes_on:
                self._turn(item)
                yield None
            elif item.continues:
                self.account.continued(item.route, item.continues)
        if deltas is not None:
            yield deltas

    def _turn(self, call: Call) -> None:
        """A try begins; its answer takes the place of the one before."""
        self._call = call
        self._answer = call.stream(self._new_id)
        self._opening = self._answer.start()
        self.account.tried(call.route, call.estimate.tokens)

    def _repeats(self) -> bool:
        """Asks the vendor once more where its answer is of no use and nothing of it has been shown."""
        call = self._call
        if call is None or self._answer is None or not self._answer.again():
            return False
        call.goes_on = True
        again = Attempts([call.route], lambda route: call, self._means.traffic, self._line)
        self._pump = self._pumped(again.run)
        self._pump.start()
        self.account.retries += 1
        return True

    @property
    def _stream(self) -> AnswerStream:
        """What builds the events: of the running try, or of the wished route before the first one."""
        if self._answer is None:
            self._answer = self._loop.called(self._routes[0]).stream(self._new_id)
            self._opening = self._answer.start()
        return self._answer

    def _pumped(self, work: Callable[[], Iterator[Call | list[Any]]]) -> Pump[Call | list[Any]]:
        return Pump(work, self._line.cut)

    def _is_late(self, began: float) -> bool:
        """A stream that has said nothing yet must begin now."""
        return time.monotonic() - began >= COMMIT_AFTER

    def _is_blank_due(self, last: float) -> bool:
        return time.monotonic() - last >= BLANK_EVERY

    def _says(self, data: bytes) -> bytes:
        """What goes to the client, noted where exchanges are captured."""
        return self._tape.says(self._items, data) if self._tape else data

    def _first(self, events: list[Event]) -> list[Event]:
        """The events behind those that open the answer, which all tries have in common."""
        events, self._opening = [*self._opening, *events], []
        if self._opened:
            return [event for event in events if event["type"] != "message_start"]
        self._opened = any(event["type"] == "message_start" for event in events)
        return events

    def _end(self) -> None:
        """Lets the vendor go and closes the account; once, whoever ends first."""
        self._pump.stop()
        if self.account.ended is not None:
            return
        self.account.end()
        self.account.reported = self._answer.usage if self._answer is not None else None
        if self._call is not None and self._answer is not None and self.account.error is None:
            self._call.reported(self._answer.usage)
        self._means.settle(self.account)
        if self._tape and self._means.capture:
            self._tape.items = self._items
            self._means.capture.keep(self._tape)


def unexpected(error: Exception) -> RialtoError:
    """A defect of Rialto, for the client."""
    return RialtoError(f"Rialto failed unexpectedly ({type(error).__name__}); its log has the details")


def fits(message: Json, route: Route, means: Means) -> bool:
    """Whether a fallback's window holds the request; its overflow would make the client compact for nothing. What is
    too large as it came may fit as the model is to see it.
    """
    if not route.context_window or tokens.estimate_request(message) < route.context_window:
        return True
    fitted = means.fitting.countable(message, route, means.media) if means.fitting else message
    return tokens.estimate_request(shown(fitted, route)) < route.context_window
