"""KA: silence. Its seconds are counted by a clock of the tests' own, which goes on whenever nothing has come."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

import app.exchange.exchange
import app.exchange.patience
import app.exchange.pump
from app import create_app
from app.settings.settings import Settings
from tests.scenarios.answers import Json, answer, thought, words
from tests.scenarios.over import over
from tests.scenarios.rig import REPAIRED, Rig, environment, user
from tests.scenarios.wires import WIRES, Wire
from tests.support.scripted_server import ScriptedServer
from translators.core.errors import TimedOut

#: Real seconds of a look; each counts as one of the clock's.
LOOK = 0.001
EVERY_15_SECONDS = 15.0


class Clock:
    """Seconds that pass while nothing comes."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of exchanges and of their patience."""
    made = Clock()
    look = app.exchange.pump.Pump.next

    def counted(pump: Any, timeout: float) -> Any:
        try:
            return look(pump, LOOK)
        except app.exchange.pump.Silence:
            made.now += 1.0
            raise

    monkeypatch.setattr(app.exchange.pump.Pump, "next", counted)
    for module in (app.exchange.exchange, app.exchange.patience):
        monkeypatch.setattr(module, "time", made)
    return made


class Listener:
    """Reads a stream and knows when each event came; opens the vendor's gate after so many seconds."""

    def __init__(self, rig: Rig, clock: Clock, silence: float) -> None:
        self.rig = rig
        self.clock = clock
        self.silence = silence
        self.gate = threading.Event()
        self.events: list[tuple[float, Json]] = []

    def listen(self, pieces: list[Any], **fields: Any) -> None:
        """Takes the whole answer, whose pieces hold the gate."""
        self.rig.play(self.rig.wire.streamed(pieces))
        opened = self._opener()
        try:
            body = {"model": self.rig.wire.model, "max_tokens": 99, "stream": True, "messages": [user("hi")], **fields}
            reply = self.rig.client.post("/v1/messages", json=body, buffered=False)
            assert reply.status_code == 200, reply.text
            for part in reply.iter_encoded():
                self.events += [(self.clock.now, event) for event in parsed(part)]
        finally:
            self.gate.set()
            opened.join()

    def _opener(self) -> threading.Thread:
        def wait() -> None:
            tick = threading.Event()
            while not self.gate.is_set():
                if self.clock.now >= self.silence:
                    self.gate.set()
                tick.wait(LOOK)

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        return thread

    @property
    def kinds(self) -> list[str]:
        """The types of the events."""
        return [event["type"] for _, event in self.events]

    def longest_silence(self) -> float:
        """Seconds between two events, the start counted as one."""
        moments = [0.0, *(moment for moment, _ in self.events)]
        return max(later - earlier for earlier, later in zip(moments, moments[1:], strict=False))

    def longest_without_a_real_event(self) -> float:
        """The same without pings, which older clients do not count."""
        moments = [0.0, *(moment for moment, event in self.events if event["type"] != "ping")]
        return max(later - earlier for earlier, later in zip(moments, moments[1:], strict=False))


def parsed(frames: bytes) -> Iterator[Json]:
    """The events of some frames."""
    return (json.loads(line[5:]) for line in frames.split(b"\n") if line.startswith(b"data:"))


TOLD = answer(thought("hm"), words("Hel", "lo."))


def gated(wire: Wire, gate: threading.Event, place: str) -> list[Any]:
    """The answer, held back before its first byte or in the middle of its text."""
    pieces: list[Any] = wire.stream(TOLD)
    middle = next(index for index, piece in enumerate(pieces) if b"Hel" in piece)
    return [gate, *pieces] if place == "before the first byte" else [*pieces[: middle + 1], gate, *pieces[middle + 1 :]]


PLACES = ("before the first byte", "inside a block")


@pytest.mark.parametrize("place", PLACES)
@over()
def test_ka_1_a_ping_every_15_seconds(rig: Rig, clock: Clock, place: str) -> None:
    listener = Listener(rig, clock, 25.0)
    listener.listen(gated(rig.wire, listener.gate, place))
    assert "ping" in listener.kinds
    assert listener.longest_silence() <= EVERY_15_SECONDS
    assert listener.kinds[-1] == "message_stop"
    assert "".join(event.get("delta", {}).get("text", "") for _, event in listener.events) == "Hello."


@pytest.mark.parametrize("place", PLACES)
@over()
def test_ka_2_200_seconds_of_silence(rig: Rig, clock: Clock, place: str) -> None:
    """Some event every 15 seconds, and every 60 one that older clients take for life."""
    listener = Listener(rig, clock, 200.0)
    listener.listen(gated(rig.wire, listener.gate, place))
    assert clock.now >= 200
    assert listener.longest_silence() <= EVERY_15_SECONDS
    verbatim = rig.wire.name == "passthrough" and place == PLACES[0]
    assert verbatim or listener.longest_without_a_real_event() <= 60
    assert listener.kinds[-1] == "message_stop"


@over()
def test_ka_3_a_vendor_that_never_speaks(rig: Rig, clock: Clock) -> None:
    """After 300 seconds the pings end in an error."""
    listener = Listener(rig, clock, 1000.0)
    listener.listen(gated(rig.wire, listener.gate, PLACES[0]))
    assert listener.kinds[-1] == "error"
    assert listener.events[-1][1]["error"]["type"] == "timeout_error"
    assert "ping" in listener.kinds
    assert 300 <= listener.events[-1][0] <= 320


@over()
def test_ka_3_a_whole_answer_that_never_comes(rig: Rig, clock: Clock) -> None:
    gate = threading.Event()
    rig.play(rig.wire.streamed([gate]))
    body = {"model": rig.wire.model, "max_tokens": 99, "messages": [user("hi")]}
    told: list[bytes] = []
    with pytest.raises(TimedOut):
        told.extend(rig.client.post("/v1/messages", json=body, buffered=False).iter_encoded())
    gate.set()
    assert json.loads(b"".join(told))["error"]["type"] == "timeout_error"


@pytest.fixture(scope="module")
def hasty(vendor_server: ScriptedServer) -> dict[str, Flask]:
    """Rialto whose vendors may pause for a moment only."""
    given = environment(vendor_server.url) | {"IDLE_TIMEOUT": "0.8", "FIRST_BYTE_TIMEOUT": "0.8"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.settings.settings.STATE_DIR", None)
        plain = create_app(Settings.load(given))
        repaired = create_app(Settings.load(given | REPAIRED))
    return dict.fromkeys(WIRES, plain) | {"repaired": repaired}


@over()
def test_ka_3_a_vendor_that_falls_silent(rig: Rig, hasty: dict[str, Flask]) -> None:
    gate = threading.Event()
    rig.client = hasty[rig.wire.name].test_client()
    try:
        outcome = rig.chunks(*gated(rig.wire, gate, PLACES[1]))
    finally:
        gate.set()
    assert outcome.end["type"] == "error"
    assert outcome.error["type"] == "timeout_error"
    assert "message_stop" not in outcome.text


@over()
def test_ka_4_nothing_on_the_way_may_buffer(rig: Rig) -> None:
    outcome = rig.says(TOLD)
    assert outcome.headers["x-accel-buffering"] == "no"
    assert "no-cache" in outcome.headers["cache-control"]
    assert "content-length" not in outcome.headers


@over()
def test_ka_4_a_long_whole_answer_shows_life(rig: Rig, clock: Clock) -> None:
    """White space before the JSON keeps proxies on the way from giving up after a minute or two."""
    gate = threading.Event()
    rig.vendor.play(lambda request: held(rig, gate, request))
    body = {"model": rig.wire.model, "max_tokens": 99, "messages": [user("hi")]}
    came: list[tuple[float, bytes]] = []
    watcher = threading.Thread(target=lambda: opened(clock, gate, 100.0), daemon=True)
    watcher.start()
    reply = rig.client.post("/v1/messages", json=body, buffered=False)
    came = [(clock.now, part) for part in reply.iter_encoded()]
    watcher.join()
    assert came[0][0] < 60
    assert came[0][1].strip() == b""
    assert json.loads(b"".join(part for _, part in came))["content"]


def held(rig: Rig, gate: threading.Event, request: Any) -> Any:
    """The whole answer behind a gate."""
    plain = rig.in_form(TOLD, request)
    plain.pieces = [gate, *plain.pieces]
    plain.framing = "chunked"
    return plain


def opened(clock: Clock, gate: threading.Event, moment: float) -> None:
    """Opens the gate at that moment."""
    tick = threading.Event()
    while clock.now < moment:
        tick.wait(LOOK)
    gate.set()
