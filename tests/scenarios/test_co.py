"""CO: many at once, in front of a real server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.answers import answer, words
from tests.scenarios.over import over
from tests.scenarios.rig import REPAIRED, environment, user
from tests.scenarios.test_cn import asked, deltas, held
from tests.scenarios.wires import Wire
from tests.support.messages import send
from tests.support.rialto_server import RialtoServer
from tests.support.scripted_server import Answer, Request, ScriptedServer, json_answer

BURST = 20
PLACES = 4
MANY = 50
TOLD = answer(words("one ", "two "))


def running(vendor: ScriptedServer, folder: Any, **more: str) -> RialtoServer:
    return RialtoServer(folder, **(environment(vendor.url) | more))


@pytest.fixture(scope="module")
def limited(
    vendor_server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, RialtoServer]]:
    """Rialto that knows of four places at each vendor."""
    plain = running(vendor_server, tmp_path_factory.mktemp("limited"), VENDOR_CONCURRENCY=str(PLACES))
    other = running(vendor_server, tmp_path_factory.mktemp("other"), VENDOR_CONCURRENCY=str(PLACES), **REPAIRED)
    with plain, other:
        yield {"plain": plain, "repaired": other}


@pytest.fixture(scope="module")
def free(vendor_server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RialtoServer]:
    """Rialto as it comes."""
    with running(vendor_server, tmp_path_factory.mktemp("free")) as server:
        yield server


class Crowd:
    """A vendor that holds everybody back until the gate opens, and knows how many it had at once."""

    def __init__(self, wire: Wire, most: int = 10**6) -> None:
        self.wire = wire
        self.most = most
        self.gate = threading.Event()
        self.lock = threading.Lock()
        self.active = self.highest = self.refused = 0

    def __call__(self, request: Request) -> Answer:
        if request.method == "GET":
            return json_answer({"error": "no list of models"}, 404)
        with self.lock:
            if self.active >= self.most:
                self.refused += 1
                return self.wire.refusal(429, "too many requests at once", retry_after="1")
            self.active += 1
            self.highest = max(self.highest, self.active)
        return Answer(self.pieces(), headers={"content-type": self.wire.media})

    def pieces(self) -> Iterator[Any]:
        """The answer behind the gate; the place is free when it ends."""
        yield self.gate
        first, *rest = self.wire.stream(TOLD)
        yield first
        with self.lock:
            self.active -= 1
        yield b"".join(rest)


def whole_text(server: RialtoServer, wire: Wire) -> tuple[int, str]:
    """Status and text of one stream."""
    with closing(asked(server, wire)) as connection:
        response = connection.getresponse()
        return response.status, "".join(deltas(response)) if response.status == 200 else response.read().decode()


@over()
def test_co_1_a_burst_waits_its_turn(wire: Wire, limited: dict[str, RialtoServer], vendor: ScriptedServer) -> None:
    """Twenty at once with four places: all finish, the vendor never has more, and short questions do not wait."""
    server = limited.get(wire.name, limited["plain"])
    crowd = Crowd(wire)
    vendor.play(crowd)
    with ThreadPoolExecutor(BURST) as pool:
        answers = [pool.submit(whole_text, server, wire) for _ in range(BURST)]
        try:
            vendor.wait_for(PLACES)
            count = {"model": "openai_compatible/served-model", "messages": [user("hi")]}
            assert send(server.port, "GET", "/v1/models?limit=1000").status == 200
            assert send(server.port, "POST", "/v1/messages/count_tokens", count).status == 200
            assert crowd.highest == PLACES
        finally:
            crowd.gate.set()
        assert [answer.result() for answer in answers] == [(200, "one two ")] * BURST
    assert crowd.highest == PLACES


@over("chat")
def test_co_1_a_limit_that_nobody_knew(wire: Wire, tmp_path: Path, vendor: ScriptedServer) -> None:
    """The vendor refuses the fifth of its guests; the client hears nothing of it."""
    crowd = Crowd(wire, PLACES)
    crowd.gate.set()
    vendor.play(crowd)
    with running(vendor, tmp_path, RETRY_BUDGET="30") as server, ThreadPoolExecutor(BURST) as pool:
        answers = list(pool.map(lambda _: whole_text(server, wire), range(BURST)))
    assert answers == [(200, "one two ")] * BURST


@over("chat", "gemini", "ollama", "passthrough")
def test_co_2_streams_interleave(wire: Wire, free: RialtoServer, vendor: ScriptedServer) -> None:
    """All fifty have their first words before any of them gets its second ones."""
    gate = threading.Event()
    vendor.play(lambda request: held(wire, TOLD, gate, b"one "))
    with ExitStack() as stack:
        connections = [stack.enter_context(closing(asked(free, wire))) for _ in range(MANY)]
        streams = [deltas(connection.getresponse()) for connection in connections]
        try:
            assert [next(stream) for stream in streams] == ["one "] * MANY
        finally:
            gate.set()
        assert ["".join(stream) for stream in streams] == ["two "] * MANY
    assert not any(request.stalled for request in vendor.requests)
