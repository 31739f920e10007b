"""Words of a client or a vendor that try to become headers, paths or lines of their own."""

from __future__ import annotations

import http.client
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.settings.settings import Settings
from tests.scenarios.rig import environment
from tests.support.rialto_server import RialtoServer, vendor_environment
from tests.support.scripted_server import Answer, ScriptedServer, json_answer

EVIL = "a\r\nX-Evil: 1\r\n\r\nGET /evil HTTP/1.1\r\n"
REFUSED = json_answer({"error": {"message": "no"}}, 400)


@pytest.fixture(scope="module")
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer(lambda request: REFUSED) as server:
        yield server


@pytest.fixture
def client(vendor: ScriptedServer, tmp_path: Path) -> FlaskClient:
    """Rialto with all vendors at the scripted server."""
    vendor.play(lambda request: REFUSED)
    return create_app(Settings.load(environment(vendor.url) | {"BRIDGE_LOG_DIR": str(tmp_path)})).test_client()


def post(client: FlaskClient, model: str, path: str = "", **fields: Any) -> Any:
    body = {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], **fields}
    return client.post(f"{path}/v1/messages", json=body)


MODELS = ("kimi/m", "openrouter/m", "xai/m", "openai/gpt-5.5", "azure/m", "gemini/m", "ollama/m", "anthropic/m")


@pytest.mark.parametrize("model", MODELS)
def test_a_session_is_no_header(client: FlaskClient, vendor: ScriptedServer, model: str) -> None:
    for user in (json.dumps({"session_id": EVIL}), EVIL):
        assert post(client, model, metadata={"user_id": user}).status_code == 400
    assert {request.path for request in vendor.requests} == {vendor.requests[0].path}
    assert not any("x-evil" in request.headers for request in vendor.requests)
    assert all("evil" not in str(request.headers).lower() for request in vendor.requests)


@pytest.mark.parametrize("user", ["[" * 200_000, "[1]", '"s"', "7", '{"session_id": 7}', "{"])
def test_a_user_that_names_no_session_is_no_failure(client: FlaskClient, vendor: ScriptedServer, user: str) -> None:
    assert post(client, "openrouter/m", metadata={"user_id": user}).status_code == 400
    assert "session_id" not in vendor.requests[-1].json


@pytest.mark.parametrize("vendor_name", ["gemini", "azure", "openai", "ollama", "groq"])
@pytest.mark.parametrize(
    "name", ["../../evil", "..", "models/../../evil", ".", "a/./b", "..\\evil", EVIL, "a\x00b", "a\u202eb", "a:../b"]
)
def test_a_models_name_leads_to_no_other_place(
    client: FlaskClient, vendor: ScriptedServer, vendor_name: str, name: str
) -> None:
    """With the vendor's key it could reach what else the vendor has at its address."""
    for model, path in ((f"{vendor_name}/{name}", ""), (f"{vendor_name}:{name}", "")):
        reply = post(client, model, path)
        assert (reply.status_code, reply.get_json()["error"]["type"]) == (404, "not_found_error")
    assert vendor.requests == []


def test_nor_does_one_in_the_path(client: FlaskClient, vendor: ScriptedServer) -> None:
    for path in ("/gemini:..%2f..%2fevil", "/gemini:%2e%2e/x", "/gemini:a%0d%0ab"):
        assert post(client, "m", path).status_code == 404
    assert vendor.requests == []


@pytest.mark.parametrize("name", ["m?key=1", "m#x", "m%2f..%2fevil", "m&a=b", "m;x"])
def test_signs_of_an_address_are_quoted(client: FlaskClient, vendor: ScriptedServer, name: str) -> None:
    post(client, f"gemini/{name}")
    (request,) = vendor.requests
    place = request.path.removeprefix("/gemini/v1beta/models/").removesuffix(":generateContent")
    assert place != request.path
    assert not set("/?#&;") & set(place)


@pytest.mark.parametrize("stream", [True, False])
def test_no_header_of_a_vendor_reaches_the_client(client: FlaskClient, vendor: ScriptedServer, stream: bool) -> None:
    sent = {"set-cookie": "a=b", "x-evil": "1", "retry-after": "7", "location": "https://evil.example"}
    vendor.play(lambda request: Answer([b'{"error": {"message": "wait"}}'], 429, sent))
    reply = post(client, "groq/m", stream=stream)
    names = {name.lower() for name, _ in reply.headers}
    assert names == {"content-type", "content-length", "request-id", "retry-after"}
    assert reply.headers["retry-after"] == "7"


@pytest.mark.parametrize("value", ["7, x", "nan", "1e999", "-5", "soon", "7\t7"])
def test_an_odd_retry_after_does_not_travel_on(client: FlaskClient, vendor: ScriptedServer, value: str) -> None:
    vendor.play(lambda request: Answer([b"{}"], 429, {"retry-after": value}))
    assert "retry-after" not in post(client, "groq/m").headers


def test_what_steers_a_terminal_reaches_neither_client_nor_log(
    client: FlaskClient, vendor: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    said = "broken\r\n2026-11-21 ERROR rialto: forged\x1b[2J"
    vendor.play(lambda request: json_answer({"error": {"message": said}}, 500))
    with caplog.at_level(logging.DEBUG):
        told = post(client, "groq/m").get_json()["error"]["message"]
    assert "\x1b" not in told and "\r" not in told and "broken" in told
    assert "\x1b" not in caplog.text


@pytest.mark.e2e
@pytest.mark.parametrize("kind", ["gevent", "gthread"])
def test_a_request_with_two_ends_is_refused(tmp_path: Path, kind: str) -> None:
    """Lengths that contradict each other, and headers with line breaks, would let one request hide in another."""
    with (
        ScriptedServer(lambda request: REFUSED) as vendor,
        RialtoServer(tmp_path, kind, **vendor_environment(vendor.url, "groq")) as server,
    ):
        for headers in (
            [("content-length", "5"), ("transfer-encoding", "chunked")],
            [("content-length", "5"), ("content-length", "6")],
            [("transfer-encoding", "xchunked")],
            [("content-length", "+5")],
        ):
            assert status_of(server.port, headers) in (400, 501)
        assert vendor.requests == []


def status_of(port: int, headers: list[tuple[str, str]]) -> int:
    """What a raw request is answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.putrequest("POST", "/v1/messages")
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(b"0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n")
        return connection.getresponse().status
    finally:
        connection.close()
