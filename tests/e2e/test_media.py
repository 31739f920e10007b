"""Addresses and PDFs through the running server, on each kind of worker: fetching needs threads and sockets, reading a
process.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.media_samples import document, encoded, linked, pdf, png
from tests.support.messages import Json, Reply, ask, send
from tests.support.rialto_server import RialtoServer, vendor_environment
from tests.support.scripted_server import Answer, Request, ScriptedServer
from tests.support.vendor_bytes import WIRES, Turn

pytestmark = pytest.mark.e2e
KIMI = WIRES["kimi"]
PICTURE, PAPER = png(), pdf("Words of the first page")


@pytest.fixture(scope="module", params=["gevent", "gthread", "waitress"])
def open_rialto(
    request: pytest.FixtureRequest, vendor_server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RialtoServer]:
    """A server that may open its own network."""
    environment = vendor_environment(vendor_server.url, "kimi") | {"URL_FETCH": "private"}
    with RialtoServer(tmp_path_factory.mktemp("open"), request.param, **environment) as server:
        yield server


def answer(request: Request) -> Answer:
    """The vendor, and a web server beside it."""
    if request.method == "POST":
        return KIMI.answer(Turn("Seen."), 1, request)
    return Answer([PICTURE], headers={"content-type": "image/png"}, framing="length")


def asked(server: RialtoServer, *content: Json, path: str = "/v1/messages", **fields: Any) -> Reply:
    message = ask(model="kimi/kimi-k2.6", messages=[{"role": "user", "content": list(content)}], **fields)
    return send(server.port, "POST", path, message)


@pytest.mark.parametrize("stream", [False, True])
def test_a_picture_and_a_pdf_arrive(open_rialto: RialtoServer, vendor: ScriptedServer, stream: bool) -> None:
    vendor.play(answer)
    reply = asked(open_rialto, linked("image", f"{vendor.url}/a.png"), document(PAPER), stream=stream)
    assert reply.status == 200, reply.body
    assert b'"end_turn"' in reply.body
    body = json.dumps(vendor.bodies[0])
    assert f"data:image/png;base64,{encoded(PICTURE)}" in body
    assert "Words of the first page" in body


def test_a_bad_address_is_the_clients_fault(open_rialto: RialtoServer, vendor: ScriptedServer) -> None:
    vendor.play(answer)
    reply = asked(open_rialto, linked("image", "http://169.254.169.254/latest/meta-data/"))
    assert reply.status == 400
    assert reply.json["error"]["type"] == "invalid_request_error"
    assert "169.254.169.254 is a cloud's metadata service" in reply.json["error"]["message"]
    assert vendor.requests == []


def test_the_own_network_is_shut_by_default(
    vendor_server: ScriptedServer, vendor: ScriptedServer, tmp_path: Path
) -> None:
    vendor.play(answer)
    port = vendor.server.server_port
    forms = ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "127.1"]
    with RialtoServer(tmp_path, **vendor_environment(vendor_server.url, "kimi")) as server:
        for host in forms:
            reply = asked(server, linked("image", f"http://{host}:{port}/trap/a.png"))
            assert (reply.status, vendor.requests) == (400, []), host
            reply = asked(
                server, linked("document", f"http://{host}:{port}/trap/a.pdf"), path="/v1/messages/count_tokens"
            )
            assert (reply.status, vendor.requests) == (200, []), host
