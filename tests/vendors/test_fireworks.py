"""Fireworks: one switch at a time, families that cannot be off, sight."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.bodies import OFF, TOOLS, WISHES, refused, route, sent, switches
from translators.core.errors import NotFound, RateLimited, Rejected, RialtoError
from translators.core.vendor import Json
from translators.fireworks import VENDOR

PATH = "accounts/fireworks/models/"
KIMI, MINIMAX, GLM, GPT_OSS, QWEN = (
    PATH + name for name in ("kimi-k2p6", "minimax-m2p7", "glm-5p1", "gpt-oss-120b", "qwen3-8b")
)
ON: Json = {"thinking": {"type": "enabled"}}


def level(effort: str) -> Json:
    return {"reasoning_effort": effort}


COLUMNS = (KIMI, MINIMAX, GPT_OSS, GLM, QWEN)
#: Wish -> the fields for each of COLUMNS.
EXPECTED: dict[str, tuple[Json, ...]] = {
    "silent": ({}, {}, {}, {}, {}),
    "off": ({"thinking": OFF}, level("low"), level("low"), level("none"), level("none")),
    "off with effort": ({"thinking": OFF}, level("low"), level("low"), level("none"), level("none")),
    "between tools": ({"thinking": OFF}, level("low"), level("low"), level("none"), level("none")),
    "adaptive": (ON, {}, {}, {}, {}),
    "budget 2000": (level("medium"), level("medium"), level("medium"), level("high"), level("medium")),
    "effort alone": (level("high"), level("high"), level("high"), level("high"), level("high")),
    "low": (level("low"), level("low"), level("low"), level("high"), level("low")),
    "medium": (level("medium"), level("medium"), level("medium"), level("high"), level("medium")),
    "high": (level("high"), level("high"), level("high"), level("high"), level("high")),
    "xhigh": (level("high"), level("high"), level("high"), level("max"), level("high")),
    "max": (level("high"), level("high"), level("high"), level("max"), level("high")),
}


@pytest.mark.parametrize(
    ("wish", "model", "fields"),
    [(wish, m, f) for wish, row in EXPECTED.items() for m, f in zip(COLUMNS, row, strict=True)],
)
def test_thinking(wish: str, model: str, fields: Json) -> None:
    assert switches(VENDOR, model, wish) == fields


@pytest.mark.parametrize("model", COLUMNS)
@pytest.mark.parametrize("wish", WISHES)
def test_never_both_switches(wish: str, model: str) -> None:
    assert len(switches(VENDOR, model, wish)) <= 1


def test_fields() -> None:
    tools = [{**TOOLS[0], "strict": True, "cache_control": {"type": "ephemeral"}}]
    body = sent(VENDOR, KIMI, session="s-1", tools=tools, top_k=500)
    assert (body["model"], body["max_tokens"], body["prompt_cache_key"], body["top_k"]) == (KIMI, 9000, "s-1", 100)
    assert "max_completion_tokens" not in body
    assert "strict" not in body["tools"][0]["function"]
    assert "cache_control" not in body["tools"][0]


def test_schemas_have_no_definitions() -> None:
    part = {"type": "object", "properties": {"path": {"type": "string"}}}
    schema = {"type": "object", "properties": {"file": {"$ref": "#/$defs/File"}}, "$defs": {"File": part}}
    body = sent(VENDOR, KIMI, tools=[{"name": "Read", "input_schema": schema}])
    parameters = body["tools"][0]["function"]["parameters"]
    assert "$defs" not in parameters
    assert parameters["properties"]["file"]["properties"] == part["properties"]


@pytest.mark.parametrize(("model", "sees"), [(KIMI, True), (MINIMAX, False), (GLM, False), (PATH + "minimax-m3", True)])
def test_sight(model: str, sees: bool) -> None:
    assert route(VENDOR, model).profile.images is sees


def said(message: str, code: str) -> Json:
    return {"error": {"message": message, "type": "error", "code": code}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "seen"),
    [
        (400, said("Extra inputs are not permitted, field: 'xyz'", "invalid_request_error"), Rejected, 400),
        (401, said("The API key you provided is invalid", "UNAUTHORIZED"), Rejected, 401),
        (404, said("Model not found, inaccessible, and/or not deployed", "NOT_FOUND"), NotFound, 404),
        (429, said("rate limit exceeded", "RATE_LIMITED"), RateLimited, 429),
    ],
)
def test_errors(status: int, body: Any, kind: type[RialtoError], seen: int) -> None:
    error = refused(VENDOR, KIMI, status, body)
    assert (type(error), error.status) == (kind, seen)


def test_address_and_key() -> None:
    target = route(VENDOR, KIMI)
    assert VENDOR.url(target.base_url, target) == "https://api.fireworks.ai/inference/v1/chat/completions"
    assert VENDOR.auth("k") == {"authorization": "Bearer k"}
