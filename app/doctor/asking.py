"""How the doctor asks: by exchanges as clients have them, but without retries, stand-ins or lessons of earlier days."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from app.exchange.account import Account
from app.exchange.call import Caller
from app.exchange.counting import counted, counters
from app.exchange.exchange import Exchange
from app.exchange.means import Means
from app.exchange.patience import Patience
from app.ids import new_id
from app.memory.memory import Memory
from app.resilience.policy import Policy
from app.resilience.traffic import Traffic
from app.rialto import Rialto
from app.upstream.upstream import Upstream
from translators.core.errors import RialtoError, TimedOut
from translators.core.vendor import Json, Route

#: Seconds: for one question, and for the list of models; all questions to a vendor get `FACTOR` times the first.
SECONDS, LIST_SECONDS, FACTOR = 60.0, 10.0, 3.0
CONNECT_SECONDS = 5.0
USER_AGENT = "claude-cli/2.1.329 (external, cli)"


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks for one vendor until `end`, on the clock of `time.monotonic`."""

    rialto: Rialto
    means: Means
    seconds: float
    end: float

    @property
    def left(self) -> float:
        """Seconds for the next question. Raises `TimedOut` when none are left."""
        left = min(self.seconds, self.end - time.monotonic())
        if left <= 0:
            raise TimedOut("there was no time left to ask")
        return left

    def message(self, route: Route, **body: Any) -> Json:
        """The whole answer. Raises RialtoError."""
        return self._exchange(route, body).whole()

    def events(self, route: Route, **body: Any) -> list[Json]:
        """The events of a streamed answer. Raises RialtoError, also for an error event."""
        stream = self._exchange(route, {**body, "stream": True}).stream()
        found = list(events_of(b"".join(stream)))
        for event in found:
            if event["type"] == "error":
                raise RialtoError(str(event["error"]["message"]))
        return found

    def count(self, route: Route, **body: Any) -> int | None:
        """The input tokens by the vendor's own counter; None when it has none. Raises RialtoError."""
        message = {"model": route.alias, **body}
        route = route.carrying({**message, "stream": False})
        counter = next(counters(route, self.means.memory), None)
        if counter is None:
            return None
        return int(counted(counter, message, route, self.means.upstream, self._caller())["input_tokens"])

    def estimate(self, route: Route, **body: Any) -> int:
        """The input tokens as Rialto estimates them."""
        return self.means.memory.calibration.estimate({"model": route.alias, **body}, route).tokens

    def _exchange(self, route: Route, body: Json) -> Exchange:
        message = {"model": route.alias, "max_tokens": 256, **body}
        account = Account(path="/test-connection", request_id=new_id("req_"), kind="test", wished=route)
        account.asked(message)
        self.rialto.books.begin(account)
        means = replace(self.means, patience=Patience(self.left, self.left))
        return Exchange(message, (route,), means, self._caller(), account)

    def _caller(self) -> Caller:
        return Caller(gone=lambda: False, via=self.rialto.instance, user_agent=USER_AGENT)


def asker(rialto: Rialto, seconds: float = SECONDS) -> Asker:
    """What asks one vendor, with nothing learnt and nothing kept."""
    settings = rialto.settings
    upstream = Upstream(min(CONNECT_SECONDS, settings.connect_timeout), seconds, settings.custom_headers)
    means = replace(
        rialto.means,
        upstream=upstream,
        memory=Memory(None, upstream),
        traffic=Traffic(Policy(0.0), {}, seconds),
    )
    return Asker(rialto, means, seconds, time.monotonic() + FACTOR * seconds)


def events_of(body: bytes) -> Iterator[Json]:
    """The events in the bytes of a stream."""
    for line in body.decode().splitlines():
        if line.startswith("data:"):
            yield json.loads(line.removeprefix("data:"))
