"""Streaming is real: the vendor sends its next piece only after the client has confirmed the one before.

Were an event held back, client and vendor would wait for each other until a deadline ends the test.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.messages import ask
from tests.support.rialto_server import RialtoServer, vendor_environment
from tests.support.scripted_server import CUT, Answer, Request, ScriptedServer, sse_answer, sse_piece
from tests.support.vendor_bytes import WIRES, Turn

Event = dict[str, Any]
DEEPSEEK = WIRES["deepseek"]
pytestmark = pytest.mark.e2e
#: Seconds a client waits for the next byte.
PATIENCE = 10.0

FRAMINGS: dict[str, dict[str, Any]] = {
    "chunked": {"framing": "chunked"},
    "close-delimited": {"framing": "close"},
    "gzip": {"framing": "chunked", "gzip": True},
    "gzip, close-delimited": {"framing": "close", "gzip": True},
}


@pytest.fixture(scope="module", params=["gevent", "gthread", "waitress"])
def server(
    request: pytest.FixtureRequest, vendor_server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RialtoServer]:
    """Rialto under each kind of server."""
    folder = tmp_path_factory.mktemp(request.param)
    with RialtoServer(folder, request.param, **vendor_environment(vendor_server.url, "deepseek")) as running:
        yield running


@contextmanager
def streaming(server: RialtoServer, **fields: Any) -> Iterator[Iterator[Event]]:
    """The events of one request, as they arrive."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    body = ask(model=DEEPSEEK.public_model, stream=True, thinking={"type": "enabled", "budget_tokens": 1024}, **fields)
    headers = {"content-type": "application/json", "anthropic-version": "2023-06-01"}
    connection.request("POST", "/v1/messages", json.dumps({**body, "max_tokens": 2000}), headers)
    response = connection.getresponse()
    try:
        assert response.status == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        yield events(response)
    finally:
        response.close()
        connection.close()


def events(response: http.client.HTTPResponse) -> Iterator[Event]:
    """The data of every event."""
    while line := response.readline():
        if line.startswith(b"data:"):
            yield json.loads(line[5:])


def delta_text(event: Event) -> str:
    delta = event.get("delta", {})
    return delta.get("text") or delta.get("thinking") or ""


def content(chunk: Any) -> str:
    """What the client will see of a vendor's chunk."""
    delta = chunk["choices"][0]["delta"] if isinstance(chunk, dict) else {}
    return delta.get("content") or delta.get("reasoning_content") or ""


def gated(turn: Turn) -> tuple[list[Any], list[tuple[str, threading.Event]]]:
    """The turn's chunks with a gate after every visible one; and what opens each gate."""
    pieces: list[Any] = []
    gates: list[tuple[str, threading.Event]] = []
    for chunk in DEEPSEEK.stream(turn, 0):
        pieces.append(chunk)
        if text := content(chunk):
            gates.append((text, threading.Event()))
            pieces.append(gates[-1][1])
    return pieces, gates


@pytest.mark.parametrize("framing", FRAMINGS)
def test_each_event_arrives_before_the_next_chunk_is_sent(
    server: RialtoServer, vendor: ScriptedServer, framing: str
) -> None:
    pieces, gates = gated(Turn("alpha bravo", thinking="weigh this"))
    assert len(gates) == 4
    vendor.play([sse_answer(pieces, **FRAMINGS[framing])])
    with streaming(server) as stream:
        for expected, gate in gates:
            assert next(text for text in map(delta_text, stream) if text) == expected
            gate.set()
        assert [event["type"] for event in stream][-2:] == ["message_delta", "message_stop"]
    assert not vendor.requests[0].stalled


def test_streams_run_side_by_side(server: RialtoServer, vendor: ScriptedServer) -> None:
    scripts = [gated(Turn("alpha bravo")) for _ in range(4)]
    vendor.play([sse_answer(pieces) for pieces, _ in scripts])
    with ExitStack() as stack:
        streams = [stack.enter_context(streaming(server)) for _ in scripts]
        for step in range(2):
            for (_, gates), stream in zip(scripts, streams, strict=True):
                assert next(text for text in map(delta_text, stream) if text) == gates[step][0]
            for _, gates in scripts:
                gates[step][1].set()
        assert [list(stream)[-1]["type"] for stream in streams] == ["message_stop"] * 4


def endless(request: Request) -> Answer:
    """A vendor that talks without end."""
    word = next(chunk for chunk in DEEPSEEK.stream(Turn("more"), 0) if content(chunk))

    def pieces() -> Iterator[Any]:
        while not request.peer_closed.wait(0.01):
            yield sse_piece(word)

    return Answer(pieces(), headers={"content-type": "text/event-stream"})


def silent(request: Request) -> Answer:
    """A vendor that says one thing and then nothing."""
    pieces, _ = gated(Turn("more"))
    return sse_answer(pieces)


@pytest.mark.parametrize("script", [endless, silent])
def test_a_client_that_leaves_ends_the_vendors_call(
    server: RialtoServer, vendor: ScriptedServer, script: Callable[[Request], Answer]
) -> None:
    vendor.play(script)
    with streaming(server) as stream:
        assert next(text for text in map(delta_text, stream) if text)
    assert vendor.wait_for(1)[0].peer_closed.wait(PATIENCE), "Rialto went on reading for nobody"


@pytest.mark.parametrize("ending", ["cut", "clean end"])
def test_a_vendor_that_breaks_off_ends_in_an_error_event(
    server: RialtoServer, vendor: ScriptedServer, ending: str
) -> None:
    pieces = list(DEEPSEEK.stream(Turn("alpha bravo"), 0))[:3]
    vendor.play([sse_answer([*pieces, *([CUT] if ending == "cut" else [])])])
    with streaming(server) as stream:
        seen = list(stream)
    assert seen[-1]["type"] == "error", seen[-1]
    assert seen[-1]["error"]["type"] in {"api_error", "overloaded_error"}
    assert "message_delta" not in [event["type"] for event in seen]


def opened_late(gate: threading.Event) -> Callable[[Request], Answer]:
    def script(request: Request) -> Answer:
        return sse_answer([gate, *DEEPSEEK.stream(Turn("late"), 0)])

    return script


def test_a_gate_that_stays_shut_fails_the_test(vendor: ScriptedServer, tmp_path: Path) -> None:
    """The method itself: a held-back piece is noticed."""
    gate = threading.Event()
    vendor.play(opened_late(gate))
    connection = http.client.HTTPConnection(vendor.url.removeprefix("http://"), timeout=0.3)
    connection.request("POST", "/chat/completions", "{}")
    response = connection.getresponse()
    with pytest.raises(TimeoutError):
        response.read(1)
    response.close()
    connection.close()
