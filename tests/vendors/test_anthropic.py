"""Anthropic through the running application: keys, headers, errors, token limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.settings.settings import Settings
from tests.support.scripted_server import Answer, ScriptedServer, json_answer, sse_answer

MODEL = "anthropic/claude-opus-5"
MESSAGE = {
    "id": "msg_real",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-5",
    "content": [{"type": "text", "text": "word"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def rialto(vendor: ScriptedServer, **environment: str) -> FlaskClient:
    return create_app(Settings.load({"ANTHROPIC_API_BASE": vendor.url, **environment})).test_client()


@pytest.fixture
def client(vendor: ScriptedServer) -> FlaskClient:
    return rialto(vendor, ANTHROPIC_API_KEY="vendor-key", BRIDGE_API_KEY="bridge", MIN_TOKENS_LIMIT="5")


BRIDGE = {"x-api-key": "bridge"}


def body(**fields: Any) -> dict[str, Any]:
    return {"model": MODEL, "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}], **fields}


def refused(status: int, kind: str, message: str, **fields: Any) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message, **fields}, "request_id": "req_real"}


def test_body_headers_and_address(client: FlaskClient, vendor: ScriptedServer) -> None:
    vendor.play([json_answer(MESSAGE)])
    headers = {**BRIDGE, "anthropic-version": "2026-10-21", "anthropic-beta": "a,b", "user-agent": "client/1"}
    answer = client.post("/v1/messages", json=body(future=[1]), headers=headers)
    assert answer.json == {**MESSAGE, "model": MODEL}
    seen = vendor.requests[0]
    assert (seen.path, seen.json) == ("/v1/messages", {**body(future=[1]), "model": "claude-opus-5"})
    names = ("x-api-key", "anthropic-version", "anthropic-beta", "user-agent")
    assert [seen.headers.get(name) for name in names] == ["vendor-key", "2026-10-21", "a,b", "client/1"]
    assert "bridge" not in str(seen.headers)


def test_a_cache_is_warmed_by_the_vendor(client: FlaskClient, vendor: ScriptedServer) -> None:
    vendor.play([json_answer({**MESSAGE, "content": []})])
    client.post("/v1/messages", json=body(max_tokens=0), headers=BRIDGE)
    assert vendor.bodies[0]["max_tokens"] == 0


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (402, "billing_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (409, "conflict_error"),
        (422, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (503, "api_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
        (418, "teapot_error"),
    ],
)
def test_errors_keep_what_they_say(client: FlaskClient, vendor: ScriptedServer, status: int, kind: str) -> None:
    told = refused(status, kind, "Exactly this: temperature is not supported", details={"error_code": "c"})
    vendor.play([json_answer(told, status, retry_after="9", x_should_retry="false")])
    answer = client.post("/v1/messages", json=body(temperature=0.5), headers=BRIDGE)
    error = answer.json["error"] if answer.json else {}
    assert (answer.status_code, error["type"], error["details"]) == (status, kind, {"error_code": "c"})
    assert error["message"].startswith(told["error"]["message"])
    assert (error["message"] == told["error"]["message"]) == (status < 500)
    assert ("req_real" in error["message"]) == (status >= 500)
    assert (answer.headers["retry-after"], answer.headers["x-should-retry"]) == ("9", "false")
    assert len(vendor.requests) == 1


LIMITS = {"anthropic-ratelimit-unified-status": "allowed", "anthropic-ratelimit-requests-remaining": "9"}
PLAIN = {"choices": [{"message": {"content": "word"}, "finish_reason": "stop"}]}
START = {**MESSAGE, "content": [], "stop_reason": None}
EVENTS = [
    {"type": "message_start", "message": START},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "word"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
    {"type": "message_stop"},
]


def limited(answer: Answer) -> Answer:
    """The answer with what its sender says of limits, and of itself."""
    return replace(answer, headers={**answer.headers, **LIMITS, "anthropic-organization-id": "org", "x-other": "1"})


def limits_in(answer: Any) -> dict[str, str]:
    assert "anthropic-organization-id" not in answer.headers and "x-other" not in answer.headers
    return {name.lower(): value for name, value in answer.headers.items() if "ratelimit" in name.lower()}


@pytest.mark.parametrize(
    ("said", "stream", "status"),
    [
        (json_answer(MESSAGE), False, 200),
        (sse_answer(EVENTS), True, 200),
        (json_answer(refused(429, "rate_limit_error", "later"), 429, x_should_retry="false"), False, 429),
        (json_answer(refused(429, "rate_limit_error", "later"), 429, x_should_retry="false"), True, 429),
    ],
    ids=["whole", "streamed", "refused", "refused before a stream"],
)
def test_what_is_left_of_its_limits(
    client: FlaskClient, vendor: ScriptedServer, said: Answer, stream: bool, status: int
) -> None:
    vendor.play([limited(said)])
    answer = client.post("/v1/messages", json=body(stream=stream), headers=BRIDGE)
    assert answer.status_code == status and limits_in(answer) == LIMITS


def test_limits_are_told_of_the_try_that_answers(vendor: ScriptedServer) -> None:
    client = rialto(vendor, ANTHROPIC_API_KEY="one,two")
    busy = json_answer(refused(429, "rate_limit_error", "later"), 429, anthropic_ratelimit_requests_remaining="0")
    vendor.play([busy, limited(json_answer(MESSAGE))])
    assert limits_in(client.post("/v1/messages", json=body())) == LIMITS


def test_limits_of_others_are_not_told_as_anthropics(vendor: ScriptedServer) -> None:
    client = create_app(Settings.load({"GROQ_BASE_URL": vendor.url, "GROQ_API_KEY": "k"})).test_client()
    vendor.play([limited(json_answer(PLAIN))])
    answer = client.post("/v1/messages", json=body(model="groq/m"))
    assert answer.status_code == 200 and limits_in(answer) == {}


def test_a_wrong_key_names_its_variable(client: FlaskClient, vendor: ScriptedServer) -> None:
    vendor.play([json_answer(refused(401, "authentication_error", "invalid x-api-key"), 401)])
    answer = client.post("/v1/messages", json=body(), headers=BRIDGE)
    assert answer.status_code == 401
    assert "ANTHROPIC_API_KEY" in answer.text and "vendor-key" not in answer.text


@pytest.mark.parametrize(
    ("status", "headers", "settings", "advice"),
    [
        (401, {}, {}, "false"),
        (402, {}, {}, "false"),
        (403, {}, {}, "false"),
        (401, {"x_should_retry": "true"}, {}, "true"),
        (401, {}, {"ANTHROPIC_FORWARD_CLIENT_KEY": "1"}, None),
        (500, {}, {}, None),
    ],
)
def test_what_no_repetition_heals_is_not_repeated(
    vendor: ScriptedServer, status: int, headers: dict[str, str], settings: dict[str, str], advice: str | None
) -> None:
    """Claude Code repeats a 401 ten times; only a key of its own can it renew in between."""
    vendor.play([json_answer(refused(status, "some_error", "no"), status, **headers)])
    client = rialto(vendor, **settings, BRIDGE_API_KEY="bridge", ANTHROPIC_API_KEY="vendor-key")
    answer = client.post("/v1/messages", json=body(), headers={**BRIDGE, "authorization": "Bearer own"})
    assert (answer.status_code, answer.headers.get("x-should-retry")) == (status, advice)


def test_a_page_that_is_not_anthropics(client: FlaskClient, vendor: ScriptedServer) -> None:
    vendor.play([json_answer("nobody is here", 404)])
    answer = client.post("/v1/messages", json=body(), headers=BRIDGE)
    assert answer.status_code == 502 and vendor.url in answer.text


FORWARD = {"ANTHROPIC_FORWARD_CLIENT_KEY": "1"}
OWN = "sk-own"


@pytest.mark.parametrize(
    ("headers", "key", "bearer"),
    [
        ({"authorization": "Bearer bridge", "x-api-key": OWN}, OWN, None),
        ({"x-api-key": "bridge", "authorization": f"Bearer {OWN}"}, None, f"Bearer {OWN}"),
        ({"x-api-key": "bridge"}, "vendor-key", None),
        ({"x-api-key": "bridge", "authorization": "Bearer bridge"}, "vendor-key", None),
    ],
)
def test_the_clients_own_key(vendor: ScriptedServer, headers: dict[str, str], key: str, bearer: str) -> None:
    vendor.play([json_answer(MESSAGE)])
    client = rialto(vendor, **FORWARD, BRIDGE_API_KEY="bridge", ANTHROPIC_API_KEY="vendor-key")
    assert client.post("/v1/messages", json=body(), headers=headers).status_code == 200
    seen = vendor.requests[0].headers
    assert (seen.get("x-api-key"), seen.get("authorization")) == (key, bearer)


def test_without_any_key_nobody_is_called(vendor: ScriptedServer) -> None:
    vendor.play([])
    client = rialto(vendor, **FORWARD, BRIDGE_API_KEY="bridge")
    answer = client.post("/v1/messages", json=body(), headers=BRIDGE)
    assert answer.status_code == 401 and "ANTHROPIC_API_KEY" in answer.text
    assert not vendor.requests


def test_the_clients_key_is_not_forwarded_unasked(vendor: ScriptedServer) -> None:
    vendor.play([json_answer(MESSAGE)])
    client = rialto(vendor, ANTHROPIC_API_KEY="vendor-key")
    client.post("/v1/messages", json=body(), headers={"x-api-key": OWN, "authorization": f"Bearer {OWN}"})
    assert OWN not in str(vendor.requests[0].headers)


def test_a_claude_name_stays_what_it_is(vendor: ScriptedServer) -> None:
    vendor.play([json_answer(MESSAGE)])
    client = rialto(vendor, ANTHROPIC_API_KEY="vendor-key", PREFERRED_PROVIDER="anthropic")
    client.post("/v1/messages", json=body(model="claude-haiku-4-5[1m]"))
    assert vendor.bodies[0]["model"] == "claude-haiku-4-5"


def test_the_switch_is_checked() -> None:
    with pytest.raises(Exception, match="ANTHROPIC_FORWARD_CLIENT_KEY"):
        Settings.load({"ANTHROPIC_FORWARD_CLIENT_KEY": "perhaps"})
