"""What the running server answers to bad input, and what it refuses at its start."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.messages import Json, Reply, ask, send
from tests.support.rialto_server import RialtoServer, vendor_environment
from tests.support.scripted_server import Request, ScriptedServer
from tests.support.vendor_bytes import WIRES, Turn

pytestmark = pytest.mark.e2e
DEEPSEEK = WIRES["deepseek"]
KEY = "client-key"
LIMIT = 32 * 1024 * 1024


@pytest.fixture(scope="module")
def locked(vendor_server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RialtoServer]:
    """A server that asks for a client key and has one vendor."""
    environment = vendor_environment(vendor_server.url, "deepseek")
    with RialtoServer(tmp_path_factory.mktemp("locked"), BRIDGE_API_KEY=KEY, **environment) as server:
        yield server


@dataclass(frozen=True)
class Bad:
    """A request that must be refused, and how. `words` must all be in the message."""

    name: str
    status: int
    type: str
    words: tuple[str, ...]
    body: bytes | Json | None = field(default_factory=lambda: ask(model=DEEPSEEK.public_model))
    method: str = "POST"
    path: str = "/v1/messages"
    key: str = KEY


def without(name: str) -> Json:
    """A request that lacks one field."""
    return {key: value for key, value in ask(model=DEEPSEEK.public_model).items() if key != name}


def changed(**fields: Any) -> Json:
    """A request with other fields."""
    return ask(**{"model": DEEPSEEK.public_model, **fields})


INVALID = "invalid_request_error"
BAD_INPUT = (
    Bad("broken JSON", 400, INVALID, ("JSON",), b'{"model": "deepseek/deepseek-v4-pro", "messages": ['),
    Bad("JSON that is no object", 400, INVALID, ("object",), b'["hello"]'),
    Bad("empty body", 400, INVALID, (), b""),
    Bad("no model", 400, INVALID, ("model",), without("model")),
    Bad("no messages", 400, INVALID, ("messages",), without("messages")),
    Bad("no max_tokens", 400, INVALID, ("max_tokens",), without("max_tokens")),
    Bad("max_tokens as a word", 400, INVALID, ("max_tokens",), changed(max_tokens="many")),
    Bad("empty messages", 400, INVALID, ("messages",), changed(messages=[])),
    Bad("messages as a text", 400, INVALID, ("messages",), changed(messages="hi")),
    Bad("unknown role", 400, INVALID, ("messages", "role"), changed(messages=[{"role": "robot", "content": "hi"}])),
    Bad("no content", 400, INVALID, ("messages", "content"), changed(messages=[{"role": "user"}])),
    Bad("unknown vendor", 404, "not_found_error", ("model: nosuch/model",), changed(model="nosuch/model")),
    Bad("vendor without its key", 401, "authentication_error", ("KIMI_API_KEY",), changed(model="kimi/kimi-k2.6")),
    Bad("body over the limit", 413, "request_too_large", ("MAX_BODY_MB",), b'{"x": "' + b"x" * LIMIT + b'"}'),
    Bad("wrong method", 405, INVALID, ("GET",), None, "GET"),
    Bad("unknown path", 404, "not_found_error", ("/v1/no/such/path",), path="/v1/no/such/path"),
    Bad("wrong client key", 401, "authentication_error", (), key="wrong-key"),
    Bad("no client key", 401, "authentication_error", ("x-api-key",), key=""),
    Bad("unknown model in the list", 404, "not_found_error", ("nosuch",), None, "GET", "/v1/models/nosuch"),
)


@pytest.mark.parametrize("bad", BAD_INPUT, ids=lambda bad: bad.name)
def test_bad_input_gets_the_envelope(bad: Bad, locked: RialtoServer, vendor: ScriptedServer) -> None:
    reply = send(locked.port, bad.method, bad.path, bad.body, {"x-api-key": bad.key} if bad.key else {})
    message = refused(reply, bad.status, bad.type)
    assert [word for word in bad.words if word not in message] == [], message
    assert "upstream-key" not in message
    assert vendor.requests == [], "nothing of it may reach the vendor"


def refused(reply: Reply, status: int, kind: str) -> str:
    """The message of an error, its envelope checked."""
    assert reply.status == status, reply.body
    assert reply.headers["content-type"].startswith("application/json")
    assert set(reply.json) == {"type", "error", "request_id"}
    assert reply.json["type"] == "error"
    assert reply.json["error"]["type"] == kind
    assert set(reply.json["error"]) == {"type", "message"}
    assert reply.json["request_id"] == reply.headers["request-id"]
    assert reply.json["request_id"].startswith("req_")
    message = reply.json["error"]["message"]
    assert isinstance(message, str) and message.strip()
    return message


def test_refused_streams_are_plain_errors(locked: RialtoServer, vendor: ScriptedServer) -> None:
    reply = send(locked.port, "POST", "/v1/messages", changed(messages=[], stream=True), {"x-api-key": KEY})
    refused(reply, 400, INVALID)


def test_wrong_method_names_the_right_one(locked: RialtoServer) -> None:
    assert "POST" in send(locked.port, "GET", "/v1/messages", None, {"x-api-key": KEY}).headers["allow"]


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": KEY},
        {"authorization": f"Bearer {KEY}"},
        {"x-api-key": "other", "authorization": f"Bearer {KEY}"},
        {"x-api-key": KEY, "authorization": "Bearer other"},
    ],
    ids=["x-api-key", "bearer", "both, bearer right", "both, x-api-key right"],
)
def test_either_header_carries_the_key(locked: RialtoServer, vendor: ScriptedServer, headers: dict[str, str]) -> None:
    vendor.play(plain)
    reply = send(locked.port, "POST", "/v1/messages", changed(), headers)
    assert (reply.status, reply.json["content"]) == (200, [{"type": "text", "text": "Hello."}])
    assert reply.headers["request-id"].startswith("req_")
    assert vendor.requests[0].headers["authorization"] == "Bearer deepseek-upstream-key"
    assert KEY not in str(vendor.requests[0].headers)


def plain(request: Request) -> Any:
    return DEEPSEEK.answer(Turn("Hello."), 0, request)


@pytest.mark.parametrize(
    "path",
    ["/v1/messages?beta=true", "/v1/v1/messages", "/deepseek:deepseek-v4-pro/v1/messages"],
    ids=["query", "doubled version", "model in the path"],
)
def test_tolerated_paths(locked: RialtoServer, vendor: ScriptedServer, path: str) -> None:
    vendor.play(plain)
    reply = send(locked.port, "POST", path, changed(), {"x-api-key": KEY})
    assert reply.status == 200, reply.body
    assert reply.json["model"] == DEEPSEEK.public_model


@pytest.mark.parametrize("path", ["/", "/v1/messages", "/api/hello", "/anything/at/all"])
def test_head_is_fine_anywhere_without_a_key(locked: RialtoServer, path: str) -> None:
    reply = send(locked.port, "HEAD", path)
    assert (reply.status, reply.body) == (200, b"")


@pytest.mark.parametrize("kind", ["gevent", "unbound"])
def test_the_network_is_not_served_without_a_key(kind: str, tmp_path: Path) -> None:
    server = RialtoServer(tmp_path, kind, host="0.0.0.0", HOST="0.0.0.0")
    server.environment["PORT"] = str(server.port)
    try:
        server.launch()
        status = server.wait_for_end()
    finally:
        server.stop()
    assert status not in (None, 0), server.log
    assert "BRIDGE_API_KEY" in server.log
    assert "0.0.0.0" in server.log
    assert "Traceback" not in server.log


def test_the_network_is_served_with_a_key(tmp_path: Path) -> None:
    server = RialtoServer(tmp_path, "unbound", HOST="0.0.0.0", BRIDGE_API_KEY=KEY)
    server.environment["PORT"] = str(server.port)
    with server:
        assert send(server.port, "POST", "/v1/messages", ask()).status == 401
        assert send(server.port, "POST", "/v1/messages", ask(), {"x-api-key": KEY}).status == 200


def test_mistakes_in_settings_are_reported_together(tmp_path: Path) -> None:
    server = RialtoServer(tmp_path, "unbound", PORT="no-number", MODEL_MAP_JSON="{broken", DEEPSEEK_BASE_URL="no url")
    try:
        server.launch()
        status = server.wait_for_end()
    finally:
        server.stop()
    assert status not in (None, 0), server.log
    assert [name for name in ("PORT", "MODEL_MAP_JSON", "DEEPSEEK_BASE_URL") if name not in server.log] == []
    assert "Traceback" not in server.log


def test_start_tells_what_is_reached_and_how_to_connect(locked: RialtoServer) -> None:
    assert "ANTHROPIC_BASE_URL" in locked.log
    for word in ("deepseek", "opus", "sonnet", "haiku"):
        assert word in locked.log.lower()
    assert "upstream-key" not in locked.log


def test_ctrl_c_ends_it_in_good_order(tmp_path: Path) -> None:
    with RialtoServer(tmp_path) as server:
        server.stop(signal.SIGINT)
    assert server.ended() == 0
    assert "Traceback" not in server.log
