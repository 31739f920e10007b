"""Asks a vendor the probes by the way that every request takes, and keeps the captures of them in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

from app.capture.capture import Capture
from app.capture.record import line_of, record
from app.capture.secrets import Secrets
from app.capture.tape import Tape
from app.doctor.asking import Asker, asker
from app.doctor.plan import chosen_name
from app.rialto import Rialto
from app.upstream.framing import loads
from app.vendor_check.answer import Answer
from app.vendor_check.probes import Probe
from app.vendor_check.sources import of_entry
from translators.core.errors import RialtoError, Unauthorized
from translators.core.message import fold
from translators.core.vendor import Json, Route


class Kept:
    """A capture in memory."""

    def __init__(self) -> None:
        self.tapes: list[Tape] = []

    def tape(self, *told: Any) -> Tape:
        """A tape for an exchange that begins."""
        return Tape(*told)

    def keep(self, tape: Tape) -> None:
        """Keeps an exchange that has ended."""
        self.tapes.append(tape)

    def entries(self) -> list[Json]:
        """The exchanges since the last look, as they would be read from a file."""
        tapes, self.tapes = self.tapes, []
        return [loads(line_of(record(tape, Secrets()))) for tape in tapes]


class Interview:
    """Asks one model. `entries` are the captures of each probe by its name."""

    def __init__(self, rialto: Rialto, route: Route, seconds: float) -> None:
        self.entries: dict[str, list[Json]] = {}
        self._kept = Kept()
        self._route = route
        self._calls: Json = {}
        self._seconds = seconds
        self._rialto = rialto

    def ask(self, probe: Probe) -> None:
        """Asks; what fails is in the capture too."""
        body, ask = probe.body(self._calls), self._asker()
        with suppress(RialtoError):
            message = answered(ask, probe.route(self._route), body)
            if any(block["type"] == "tool_use" for block in message["content"]):
                self._calls = message
        self.entries[probe.name] = self._kept.entries()

    def _asker(self) -> Asker:
        found = asker(self._rialto, self._seconds)
        return replace(found, means=replace(found.means, capture=cast(Capture, self._kept)))

    def answers(self) -> list[Answer]:
        """The vendor's answers. Only those of the probes are told, so nobody's words are in them."""
        found: list[Answer] = []
        for name, entries in self.entries.items():
            for entry in entries:
                told = of_entry(entry, "", "", [])
                found += [replace(answer, place=name, probe=name, twin=None) for answer in told]
        return found


def answered(ask: Asker, route: Route, body: Mapping[str, Any]) -> Json:
    """The message that comes of a request. Raises RialtoError."""
    if body.get("stream"):
        return fold(ask.events(route, **body))
    return ask.message(route, **body)


def route_to(rialto: Rialto, vendor: str, model: str) -> Route:
    """The route to a model of a vendor, with its key. Raises NotFound and Unauthorized."""
    target = rialto.catalog.target(vendor)
    if not target.usable:
        raise Unauthorized(f"{target.vendor.title} is not set up: set {target.missing}")
    beginning = f"{target.vendor.name}/"
    name = (model or chosen_name(rialto, target)).removeprefix(beginning)
    route = rialto.catalog.written(beginning + name)
    return replace(route, key=target.key, keys=target.keys[:1])


def interviewed(
    rialto: Rialto, route: Route, probes: Iterable[Probe], seconds: float, tell: Callable[[str], None]
) -> Interview:
    """Asks all probes, one after the other, and tells which one it asks."""
    interview = Interview(rialto, route, seconds)
    for probe in probes:
        tell(probe.name)
        interview.ask(probe)
    return interview
