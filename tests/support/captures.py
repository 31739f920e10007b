"""Exchanges that are captured in this process, and the captures that a running Rialto has written."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from app.capture.capture import Capture
from app.capture.record import line_of, record
from app.capture.secrets import Secrets
from app.capture.shapes import shaped
from app.capture.tape import Tape
from app.exchange.exchange import Exchange
from app.exchange.means import Means
from app.upstream.framing import loads
from tests.conformance import kit
from translators.core.errors import RialtoError
from translators.core.vendor import Route

Json = dict[str, Any]
#: Seconds until a line must have been written.
DEADLINE = 20.0


class Kept:
    """A capture in memory."""

    def __init__(self) -> None:
        self.tapes: list[Tape] = []

    def tape(self, *told: Any) -> Tape:
        return Tape(*told)

    def keep(self, tape: Tape) -> None:
        self.tapes.append(tape)

    def entry(self, *secrets: str, shapes: bool = False) -> Json:
        """The only exchange, as it would be read from its file."""
        (tape,) = self.tapes
        entry = record(tape, Secrets(secrets))
        return cast(Json, loads(line_of(shaped(entry) if shapes else entry)))


def capturing(means: Means) -> tuple[Means, Kept]:
    """The means of an exchange that is captured."""
    kept = Kept()
    return replace(means, capture=cast(Capture, kept)), kept


def run(message: Json, routes: Sequence[Route], means: Means) -> Kept:
    """Runs an exchange to its end, whatever that is."""
    means, kept = capturing(means)
    exchange = Exchange(copy.deepcopy(message), routes, means, kit.CALLER)
    with suppress(RialtoError):
        list(exchange.stream() if message.get("stream") else exchange.body())
    return kept


def captured(case: kit.Case, pieces: kit.Pieces, stream: bool, shapes: bool = False) -> Json:
    """The capture of a recorded case."""
    wire: Any = kit.Wire(kit.Reply(pieces, case.head["status"], case.head["headers"]))
    return run({**case.request, "stream": stream}, (case.route,), kit.means(wire)).entry(shapes=shapes)


def capture_lines(logs: Path) -> list[Json]:
    """Every captured exchange, in whatever file."""
    files = sorted((logs / "debug").glob("*.jsonl*")) if (logs / "debug").exists() else []
    return [json.loads(line) for path in files for line in path.read_bytes().splitlines() if path.suffix != ".lock"]


def captures_where(logs: Path, wanted: Callable[[Json], bool], count: int = 1) -> list[Json]:
    """The captured exchanges that are wanted, as soon as there are `count` of them."""
    end = time.monotonic() + DEADLINE
    while len(found := [line for line in capture_lines(logs) if wanted(line)]) < count:
        if time.monotonic() > end:
            raise AssertionError(f"{len(found)} of {count} captures came within {DEADLINE} s")
        time.sleep(0.02)
    return found
