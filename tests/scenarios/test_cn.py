"""CN: a client that leaves. Real servers, because only they show the application its client's socket."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import accumulate
from typing import Any

import pytest

from tests.scenarios.answers import Answer, answer, words
from tests.scenarios.over import over
from tests.scenarios.rig import REPAIRED, environment, user
from tests.scenarios.wires import Wire
from tests.support.rialto_server import RialtoServer
from tests.support.scripted_server import ScriptedServer

#: Seconds for what must happen at once.
SOON = 5.0
#: Seconds after which a second try would have come.
PAUSE = 1
#: Seconds in which Rialto looks for its client four times.
LOOKS = 1.0
FIVE = answer(words("one ", "two ", "three ", "four ", "five "))
LIMITS = {"VENDOR_CONCURRENCY": "1", "RETRY_BUDGET": "30"}


@pytest.fixture(scope="module")
def servers(
    vendor_server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, RialtoServer]]:
    """Rialto under gunicorn with one place at each vendor; another one for Ollama's Anthropic endpoint."""
    given = environment(vendor_server.url) | LIMITS
    plain = RialtoServer(tmp_path_factory.mktemp("cancel"), **given)
    repaired = RialtoServer(tmp_path_factory.mktemp("repaired"), **(given | REPAIRED))
    with plain, repaired:
        yield {"plain": plain, "repaired": repaired}


@pytest.fixture
def server(servers: dict[str, RialtoServer], wire: Wire) -> RialtoServer:
    """The server of the wire."""
    return servers.get(wire.name, servers["plain"])


def asked(server: RialtoServer, wire: Wire, stream: bool = True) -> http.client.HTTPConnection:
    """A connection with a request on its way."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    body = {"model": wire.model, "max_tokens": 99, "stream": stream, "messages": [user("hi")]}
    connection.request("POST", "/v1/messages", json.dumps(body), {"content-type": "application/json"})
    return connection


def deltas(response: http.client.HTTPResponse) -> Iterator[str]:
    """The pieces of text."""
    while line := response.readline():
        if line.startswith(b"data:") and (text := json.loads(line[5:]).get("delta", {}).get("text")):
            yield text


def held(wire: Wire, told: Answer, gate: threading.Event, behind: bytes) -> Any:
    """The answer, held back behind the piece with these words."""
    pieces: list[Any] = []
    for piece in wire.stream(told):
        pieces += [piece, gate] if behind in piece and gate not in pieces else [piece]
    assert gate in pieces
    return wire.streamed(pieces)


@over()
def test_cn_1_after_three_pieces(wire: Wire, server: RialtoServer, vendor: ScriptedServer) -> None:
    gate = threading.Event()
    vendor.play([held(wire, FIVE, gate, b"three ")])
    with closing(asked(server, wire)) as connection:
        response = connection.getresponse()
        heard = accumulate(deltas(response))
        assert next(text for text in heard if len(text) >= len("one two three ")) == "one two three "
        response.close()
    assert vendor.wait_for(1)[0].peer_closed.wait(SOON), "the vendor still writes for nobody"
    gate.set()
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@over()
def test_cn_1_before_the_first_byte(wire: Wire, server: RialtoServer, vendor: ScriptedServer, stream: bool) -> None:
    gate = threading.Event()
    vendor.play([wire.streamed([gate, *wire.stream(FIVE)])])
    with closing(asked(server, wire, stream)):
        request = vendor.wait_for(1)[0]
    assert request.peer_closed.wait(SOON)
    gate.set()
    assert len(vendor.requests) == 1


@over("chat")
def test_cn_1_while_it_waits_in_the_queue(wire: Wire, server: RialtoServer, vendor: ScriptedServer) -> None:
    """Its turn never comes, and those behind it do not wait for it."""
    gate = threading.Event()
    answers = iter([held(wire, FIVE, gate, b"one ")])
    vendor.play(lambda request: next(answers, None) or wire.streamed(wire.stream(FIVE)))
    with closing(asked(server, wire)) as first:
        reading = deltas(first.getresponse())
        assert next(reading) == "one "
        with closing(asked(server, wire)):
            pass
        threading.Event().wait(LOOKS)
        gate.set()
        assert "".join(reading) == "two three four five "
    with closing(asked(server, wire)) as third:
        assert "".join(deltas(third.getresponse())) == FIVE.parts[0].text  # type: ignore[union-attr]
    assert len(vendor.requests) == 2


@over("chat", "passthrough")
def test_cn_1_while_a_second_try_is_due(wire: Wire, server: RialtoServer, vendor: ScriptedServer) -> None:
    vendor.play(lambda request: wire.refusal(529, "busy", retry_after=str(PAUSE)))
    with closing(asked(server, wire)):
        vendor.wait_for(1)
    with vendor.changed:
        came = vendor.changed.wait_for(lambda: len(vendor.requests) > 1, PAUSE + 1.5)
    assert not came, "tried again for nobody"
