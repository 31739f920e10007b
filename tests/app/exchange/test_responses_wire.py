"""OpenAI's two wires in the running app: which one a model takes, the second try, the counter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.catalog.catalog import Catalog
from app.settings.settings import ROOT, Settings, SettingsError
from tests.protocols.responses_bodies import READ, call, done, said
from tests.support.scripted_server import Answer, ScriptedServer, json_answer, sse_answer
from translators.core.thinking import Signature, sign
from translators.core.vendor import Json

TOOLS: Json = {"tools": [READ]}
KEYS = {"OPENAI_API_KEY": "key-of-openai", "XAI_API_KEY": "key-of-xai"}
AZURE = {"AZURE_API_KEY": "key-of-azure", "AZURE_API_BASE": "https://res.openai.azure.com"}
REFUSED: Json = {
    "error": {"message": "The encrypted content could not be verified.", "code": "invalid_encrypted_content"}
}


def wire(model: str, message: Json, folder: Path = ROOT / "conf", **environ: str) -> str:
    """The protocol of one request."""
    route = Catalog.load(Settings.load(KEYS | AZURE | environ), folder).resolve(model)
    return route.carrying(message).vendor.protocol.name.removeprefix("openai_")


@pytest.mark.parametrize(
    ("model", "tools", "plain"),
    [
        ("gpt-4.1", "chat", "chat"),
        ("chatgpt-4o-latest", "chat", "chat"),
        ("gpt-5", "responses", "responses"),
        ("gpt-5-mini", "responses", "responses"),
        ("gpt-5.2", "responses", "responses"),
        ("gpt-5.4-mini", "responses", "responses"),
        ("gpt-5.5", "responses", "responses"),
        ("gpt-5.6-sol", "responses", "responses"),
        ("gpt-5-search-api", "chat", "chat"),
        ("o3", "responses", "responses"),
        ("o4-mini", "responses", "responses"),
        ("gpt-6-luna", "responses", "responses"),
        ("gpt-6.1-sol", "responses", "responses"),
        ("gpt-5.3-codex", "responses", "responses"),
        ("azure/gpt-5.6", "responses", "responses"),
        ("azure/gpt-4.1", "chat", "chat"),
        ("azure/my-deployment", "chat", "chat"),
    ],
)
def test_the_table(model: str, tools: str, plain: str) -> None:
    name = model if "/" in model else f"openai/{model}"
    assert (wire(name, TOOLS), wire(name, {})) == (tools, plain)


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({"OPENAI_API": "chat"}, "chat"),
        ({"OPENAI_API": "auto"}, "responses"),
        ({"OPENAI_API": "Responses"}, "responses"),
        ({"OPENAI_BASE_URL": "https://eu.api.openai.com/v1"}, "responses"),
        ({"OPENAI_BASE_URL": "http://localhost:8000/v1"}, "chat"),
        ({"OPENAI_BASE_URL": "https://api.openai.com.example/v1"}, "chat"),
        ({"OPENAI_BASE_URL": "http://localhost:8000/v1", "OPENAI_API": "responses"}, "responses"),
    ],
)
def test_setting_and_address(environ: dict[str, str], found: str) -> None:
    assert wire("openai/gpt-5.6", TOOLS, **environ) == found


@pytest.mark.parametrize(
    ("environ", "found", "searching"),
    [
        ({}, "responses", "responses"),
        ({"XAI_API": "chat"}, "chat", "chat"),
        ({"XAI_BASE_URL": "https://us-east-1.api.x.ai/v1"}, "responses", "responses"),
        ({"XAI_BASE_URL": "http://localhost:8000/v1"}, "chat", "responses"),
        ({"XAI_BASE_URL": "http://localhost:8000/v1", "XAI_API": "Responses"}, "responses", "responses"),
        ({"OPENAI_API": "chat"}, "responses", "responses"),
    ],
)
def test_xai(environ: dict[str, str], found: str, searching: str) -> None:
    web: Json = {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}
    assert (wire("xai/grok-4.7", TOOLS, **environ), wire("xai/grok-4.7", web, **environ)) == (found, searching)


def test_xai_by_a_row(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text('[responses]\n"grok-4.3" = "never"\n')
    assert (wire("xai/grok-4.3", {}, tmp_path), wire("xai/grok-4.7", {}, tmp_path)) == ("chat", "responses")


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({"AZURE_BASE_MODEL": "gpt-5.5"}, "responses"),
        ({"AZURE_BASE_MODEL": "gpt-5.5", "AZURE_API_VERSION": "v1"}, "responses"),
        ({"AZURE_BASE_MODEL": "gpt-5.5", "AZURE_API_VERSION": "2024-10-21"}, "chat"),
        ({"AZURE_BASE_MODEL": "gpt-5.5", "AZURE_API_BASE": "http://localhost:8000"}, "chat"),
        ({"OPENAI_API": "responses"}, "responses"),
        ({"OPENAI_API": "responses", "AZURE_API_VERSION": "2024-10-21"}, "chat"),
    ],
)
def test_azure(environ: dict[str, str], found: str) -> None:
    assert wire("azure/my-deployment", TOOLS, **environ) == found


def test_own_rows(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text('[responses]\n"gpt-5" = "always"\n"gpt-5.6" = "never"\n')
    assert (wire("openai/gpt-5-mini", {}, tmp_path), wire("openai/gpt-5.6", TOOLS, tmp_path)) == ("responses", "chat")
    (tmp_path / "models.toml").write_text('[responses]\n"gpt-5" = "sometimes"\n')
    with pytest.raises(SettingsError, match="gpt-5"):
        wire("openai/gpt-5", {}, tmp_path)


def test_an_unknown_wire_is_a_mistake() -> None:
    with pytest.raises(SettingsError, match="OPENAI_API: must be one of auto, chat, responses"):
        Settings.load({"OPENAI_API": "completions"})


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def rialto(vendor: ScriptedServer) -> Flask:
    return create_app(Settings.load({**KEYS, "OPENAI_BASE_URL": f"{vendor.url}/v1", "OPENAI_API": "responses"}))


def ask(rialto: Flask, path: str = "/v1/messages", **fields: Any) -> Any:
    message = {"model": "openai/gpt-5.6", "max_tokens": 500, "messages": [{"role": "user", "content": "Hi"}], **fields}
    return rialto.test_client().post(path, json=message)


def test_a_streamed_turn(rialto: Flask, vendor: ScriptedServer) -> None:
    usage = {"input_tokens": 9, "output_tokens": 4}
    vendor.play([sse_answer([said("I look."), call(1, "Read", '{"path":"a"}'), done(usage=usage)])])
    text = ask(rialto, stream=True, **TOOLS).text
    assert vendor.requests[0].path == "/v1/responses"
    assert vendor.bodies[0]["store"] is False
    assert '"stop_reason":"tool_use"' in text and text.rstrip().endswith('data: {"type":"message_stop"}')


def history(vendor: str = "openai", model: str = "gpt-5.6") -> list[Json]:
    item = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "gAAAA"}
    thinking = {
        "type": "thinking",
        "thinking": "",
        "signature": sign(Signature(vendor, model, "", (("reasoning", item),))),
    }
    return [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [thinking, {"type": "text", "text": "b"}]},
        {"role": "user", "content": "c"},
    ]


def whole(text: str) -> Answer:
    """A whole answer."""
    content = [{"type": "output_text", "text": text}]
    return json_answer(
        {"object": "response", "status": "completed", "output": [{"type": "message", "content": content}]}
    )


def test_refused_reasoning_is_left_out_of_a_second_try(rialto: Flask, vendor: ScriptedServer) -> None:
    vendor.play([json_answer(REFUSED, 400), whole("Fine.")])
    answer = ask(rialto, messages=history())
    assert answer.json["content"] == [{"type": "text", "text": "Fine."}]
    kinds = [[item.get("type", item.get("role")) for item in body["input"]] for body in vendor.bodies]
    assert kinds == [["user", "reasoning", "assistant", "user"], ["user", "assistant", "user"]]


@pytest.mark.parametrize(
    "words",
    [
        "Could not decrypt the provided encrypted_content. Ensure the value is the unmodified one.",
        "Could not decode the compaction blob. Ensure it is unmodified from the compact response.",
    ],
)
def test_reasoning_that_xai_cannot_read_is_left_out_as_well(words: str, vendor: ScriptedServer) -> None:
    vendor.play([json_answer({"code": "invalid-argument", "error": words}, 400), whole("Fine.")])
    app = create_app(Settings.load({**KEYS, "XAI_BASE_URL": f"{vendor.url}/v1", "XAI_API": "responses"}))
    answer = ask(app, model="xai/grok-4.7", messages=history("xai", "grok-4.7"))
    assert answer.json["content"] == [{"type": "text", "text": "Fine."}]
    assert [len(body["input"]) for body in vendor.bodies] == [4, 3]


def test_xai_has_no_counter(vendor: ScriptedServer) -> None:
    app = create_app(Settings.load({**KEYS, "XAI_BASE_URL": f"{vendor.url}/v1", "XAI_API": "responses"}))
    assert ask(app, "/v1/messages/count_tokens", model="xai/grok-4.7").json["input_tokens"] > 0
    assert vendor.requests == []


def test_a_second_refusal_is_told(rialto: Flask, vendor: ScriptedServer) -> None:
    vendor.play([json_answer(REFUSED, 400), json_answer({"error": {"message": "No."}}, 400)])
    answer = ask(rialto, messages=history())
    assert (answer.status_code, answer.json["error"]["message"]) == (400, "OpenAI: No.")


def test_the_vendor_counts(rialto: Flask, vendor: ScriptedServer) -> None:
    vendor.play([json_answer({"object": "response.input_tokens", "input_tokens": 31})])
    answer = ask(rialto, "/v1/messages/count_tokens")
    assert answer.json == {"input_tokens": 31}
    assert vendor.requests[0].path == "/v1/responses/input_tokens"
    assert json.loads(vendor.requests[0].body)["model"] == "gpt-5.6"
