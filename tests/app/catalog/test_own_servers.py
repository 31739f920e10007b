"""Servers of the user's own: rows of `conf/vendors.toml` on every wire format, PROVIDER_*, a vendor that is moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.catalog.catalog import Catalog
from app.catalog.targets import endpoint
from app.settings.settings import Settings, SettingsError
from tests.support.scripted_server import ScriptedServer, json_answer
from translators.core.vendor import Json, Route

OPENAI = "http://moved:1/v1"
MESSAGE: Json = {
    "model": "lab/m-1",
    "max_tokens": 500,
    "thinking": {"type": "adaptive"},
    "output_config": {"effort": "low"},
    "messages": [{"role": "user", "content": "Hi"}],
}
#: Wire format -> the whole answer of a server that speaks it.
ANSWERS: dict[str, Json] = {
    "openai_chat": {"choices": [{"message": {"content": "Fine."}, "finish_reason": "stop"}]},
    "openai_responses": {
        "object": "response",
        "status": "completed",
        "output": [{"type": "message", "content": [{"type": "output_text", "text": "Fine."}]}],
    },
    "gemini": {"candidates": [{"content": {"parts": [{"text": "Fine."}]}, "finishReason": "STOP"}]},
    "ollama_chat": {"message": {"role": "assistant", "content": "Fine."}, "done": True, "done_reason": "stop"},
    "anthropic_messages": {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": "Fine."}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 1},
    },
}


@pytest.fixture
def lab() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def catalog(folder: Path, row: str = "", **environ: str) -> Catalog:
    """The catalog of a folder whose `vendors.toml` holds the row."""
    (folder / "vendors.toml").write_text(row)
    return Catalog.load(Settings.load(environ), folder)


def row(protocol: str, url: str = "http://lab:1/v1", more: str = "") -> str:
    """A server called lab."""
    return f'[lab]\ntitle = "Lab"\nbase_url = "{url}"\nkey_variable = "LAB_KEY"\nprotocol = "{protocol}"\n{more}\n'


def rialto(folder: Path, text: str) -> Flask:
    """The running app with the row, and a key for its server."""
    app = create_app(Settings.load({"LAB_KEY": "key-of-lab"}))
    parts = app.extensions["rialto"]
    app.extensions["rialto"] = replace(parts, catalog=catalog(folder, text, LAB_KEY="key-of-lab"))
    return app


# -- rows

ROWS = [
    ("openai_chat", "/v1/chat/completions", ("authorization", "Bearer key-of-lab"), ("reasoning_effort", "low")),
    ("openai_responses", "/v1/responses", ("authorization", "Bearer key-of-lab"), ("store", False)),
    ("gemini", "/v1/models/gemini-3.8-flash:generateContent", ("x-goog-api-key", "key-of-lab"), None),
    ("ollama_chat", "/api/chat", ("authorization", "Bearer key-of-lab"), ("think", "low")),
    ("anthropic_messages", "/v1/messages", ("authorization", "Bearer key-of-lab"), ("max_tokens", 500)),
]


@pytest.mark.parametrize(("protocol", "path", "credential", "field"), ROWS, ids=[case[0] for case in ROWS])
def test_a_row_of_every_wire_format_answers(
    lab: ScriptedServer, tmp_path: Path, protocol: str, path: str, credential: tuple[str, str], field: Any
) -> None:
    lab.play([json_answer(ANSWERS[protocol])])
    model = "lab/gemini-3.8-flash" if protocol == "gemini" else "lab/m-1"
    client = rialto(tmp_path, row(protocol, f"{lab.url}/v1")).test_client()
    answer = client.post("/v1/messages", json={**MESSAGE, "model": model})
    assert (answer.status_code, answer.json["content"]) == (200, [{"type": "text", "text": "Fine."}]), answer.text
    asked = lab.requests[0]
    assert asked.path == path
    assert asked.headers[credential[0]] == credential[1]
    assert field is None or asked.json[field[0]] == field[1]


def test_a_row_of_gemini_takes_geminis_rules(lab: ScriptedServer, tmp_path: Path) -> None:
    lab.play([json_answer(ANSWERS["gemini"])])
    client = rialto(tmp_path, row("gemini", lab.url)).test_client()
    client.post("/v1/messages", json={**MESSAGE, "model": "lab/gemini-3.8-flash"})
    assert lab.bodies[0]["generationConfig"]["thinkingConfig"] == {"includeThoughts": True, "thinkingLevel": "low"}


REFUSALS = [
    ("gemini", 429, {"error": {"code": 429, "message": "slow down"}}, "Lab: slow down"),
    (
        "gemini",
        400,
        {"error": {"code": 400, "message": "API key not valid."}},
        "Lab: API key not valid. (check LAB_KEY)",
    ),
    ("openai_responses", 401, {"error": {"message": "no"}}, "Lab: no (check LAB_KEY)"),
    ("ollama_chat", 401, {"error": "no"}, "Lab: no (run `ollama signin`, or check LAB_KEY)"),
]


@pytest.mark.parametrize(("protocol", "status", "body", "words"), REFUSALS)
def test_a_refusal_names_the_server_of_the_row(
    lab: ScriptedServer, tmp_path: Path, protocol: str, status: int, body: Json, words: str
) -> None:
    lab.play(lambda request: json_answer(body, status))
    client = rialto(tmp_path, row(protocol, lab.url)).test_client()
    answer = client.post("/v1/messages", json={**MESSAGE, "model": "lab/gemini-3.8-flash"})
    assert answer.json["error"]["message"] == words


def test_a_wire_format_that_nobody_serves_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="must be one of anthropic_messages, gemini, ollama_chat, openai_chat, op"):
        catalog(tmp_path, row("grpc"))


@pytest.mark.parametrize("protocol", ["gemini", "ollama_chat"])
def test_a_switch_for_thinking_is_refused_where_the_wire_has_its_own(tmp_path: Path, protocol: str) -> None:
    with pytest.raises(SettingsError, match=rf"\[lab\] \[thinking\] is unknown to servers of protocol {protocol}"):
        catalog(tmp_path, row(protocol, more='thinking = "template"'))


# -- the switch for thinking


def effort_of(route: Route) -> Json:
    """What tells the server to think."""
    body = route.vendor.protocol.request({**MESSAGE, "stream": False}, route)
    return {name: body[name] for name in ("reasoning_effort", "enable_thinking", "thinking") if name in body}


def test_the_switch_of_a_row(tmp_path: Path) -> None:
    route = catalog(tmp_path, row("openai_chat", more='thinking = "flag"'), LAB_KEY="k").resolve("lab/m")
    assert effort_of(route) == {"enable_thinking": True}


def test_the_switch_of_the_environment() -> None:
    found = Catalog.load(Settings.load({"PROVIDER_BASE_URL": OPENAI, "PROVIDER_THINKING": "object"}))
    assert effort_of(found.resolve("x")) == {"thinking": {"type": "enabled"}}


def test_the_switch_of_a_model_wins(tmp_path: Path) -> None:
    text = row("openai_chat", more='thinking = "flag"') + '[models."lab/m"]\nthinking_switch = "object"\n'
    found = catalog(tmp_path, text, LAB_KEY="k")
    assert effort_of(found.resolve("lab/m")) == {"thinking": {"type": "enabled"}}
    assert effort_of(found.resolve("lab/other")) == {"enable_thinking": True}


# -- a vendor that is moved without a key


def reached(**environ: str) -> tuple[str, str, str]:
    """Vendor, key and full address of openai/x."""
    route = Catalog.load(Settings.load(environ)).resolve("openai/x").carrying(MESSAGE)
    return route.vendor.name, route.key, endpoint(route)


COMPATIBLE = "openai_compatible"


@pytest.mark.parametrize(
    ("environ", "vendor", "key", "url"),
    [
        ({}, COMPATIBLE, "", f"{OPENAI}/chat/completions"),
        ({"OPENAI_API": "auto"}, COMPATIBLE, "", f"{OPENAI}/chat/completions"),
        ({"OPENAI_API": "chat"}, COMPATIBLE, "", f"{OPENAI}/chat/completions"),
        ({"OPENAI_API": "responses"}, COMPATIBLE, "", f"{OPENAI}/responses"),
        ({"OPENAI_API": "responses", "PROVIDER_API_KEY": "p"}, COMPATIBLE, "p", f"{OPENAI}/responses"),
        ({"OPENAI_API": "responses", "OPENAI_API_KEY": "o"}, "openai", "o", f"{OPENAI}/responses"),
        ({"PROVIDER": "openai"}, COMPATIBLE, "", f"{OPENAI}/chat/completions"),
        ({"PROVIDER": "openai", "PROVIDER_API_KEY": "p"}, "openai", "p", f"{OPENAI}/chat/completions"),
    ],
)
def test_openai_moved(environ: dict[str, str], vendor: str, key: str, url: str) -> None:
    assert reached(OPENAI_BASE_URL=OPENAI, **environ) == (vendor, key, url)


def test_openai_moved_by_the_common_variables() -> None:
    moved = {"PROVIDER": "openai", "PROVIDER_BASE_URL": OPENAI}
    assert reached(**moved) == (COMPATIBLE, "", f"{OPENAI}/chat/completions")
    assert reached(**moved, OPENAI_API="responses") == (COMPATIBLE, "", f"{OPENAI}/responses")


def test_the_wire_of_openai_is_not_that_of_another_server() -> None:
    environ = {"PROVIDER_BASE_URL": "http://lab:1/v1", "OPENAI_API": "responses"}
    assert endpoint(Catalog.load(Settings.load(environ)).resolve("x").carrying(MESSAGE)) == (
        "http://lab:1/v1/chat/completions"
    )
    both = Catalog.load(Settings.load({**environ, "OPENAI_BASE_URL": OPENAI})).resolve("x").carrying(MESSAGE)
    assert endpoint(both) == "http://lab:1/v1/chat/completions"
