"""count_tokens: the vendor's counter where it has one, the estimate wherever that fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

import app.exchange.counting
import translators.openai
from app import create_app
from app.settings.settings import Settings
from tests.support.scripted_server import CUT, Answer, Request, ScriptedServer, json_answer
from translators.core.tokens import estimate_request

MESSAGE: dict[str, Any] = {"model": "gemini/gemini-3.8-flash", "messages": [{"role": "user", "content": "hi " * 400}]}
ESTIMATE = estimate_request(MESSAGE)


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def rialto(vendor: ScriptedServer) -> Flask:
    environment = {"GEMINI_BASE_URL": f"{vendor.url}/v1beta?tenant=7", "GOOGLE_API_KEY": "vendor-key"}
    return create_app(Settings.load(environment))


def count(rialto: Flask, **fields: Any) -> Any:
    answer = rialto.test_client().post("/v1/messages/count_tokens", json=MESSAGE | fields)
    assert answer.status_code == 200
    return answer.json and answer.json["input_tokens"]


def test_the_vendor_counts(rialto: Flask, vendor: ScriptedServer) -> None:
    vendor.play([json_answer({"totalTokens": 31})])
    assert count(rialto, system="s") == 31
    asked = vendor.requests[0]
    assert asked.path == "/v1beta/models/gemini-3.8-flash:countTokens?tenant=7"
    assert asked.headers["x-goog-api-key"] == "vendor-key"
    assert vendor.bodies[0]["generateContentRequest"]["systemInstruction"] == {"parts": [{"text": "s"}]}


@pytest.mark.parametrize(
    "step",
    [
        json_answer({"error": {"code": 429, "message": "slow down"}}, 429),
        json_answer({"error": {"code": 404, "message": "no such method"}}, 404),
        json_answer({"tokens": 31}),
        json_answer([31]),
        json_answer("31"),
        Answer([CUT]),
    ],
    ids=["429", "404", "other form", "a list", "a text", "a break"],
)
def test_a_counter_that_fails(rialto: Flask, vendor: ScriptedServer, step: Any) -> None:
    vendor.play([step])
    assert count(rialto) == ESTIMATE


def test_a_counter_that_is_silent(rialto: Flask, vendor: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.exchange.counting, "TIMEOUT", (0.05, 0.05))
    gate = threading.Event()
    vendor.play([Answer([gate])])
    assert count(rialto) == ESTIMATE
    gate.set()


def test_vendors_without_a_counter_are_not_asked(rialto: Flask, vendor: ScriptedServer) -> None:
    assert count(rialto, model="demo") == ESTIMATE
    assert not vendor.requests


LIST = {"llamacpp": {"meta": {"n_ctx": 8192}}, "vllm": {"max_model_len": 8192}}
#: Server -> its counters: path, answer with 31 tokens.
COUNTERS = {
    "llamacpp": [("/v1/chat/completions/input_tokens", {"input_tokens": 31}), ("/v1/messages/count_tokens", None)],
    "vllm": [("/tokenize", {"count": 31, "max_model_len": 8192, "tokens": []}), ("/v1/messages/count_tokens", None)],
}
TOOL = {"name": "Read", "input_schema": {"type": "object", "properties": {}}}


def server(owner: str, missing: tuple[str, ...] = ()) -> Callable[[Request], Answer]:
    """A local server that says who it is and has its counters but for the missing ones."""
    answers: dict[str, Any] = {path: answer or {"input_tokens": 31} for path, answer in COUNTERS.get(owner, [])}
    answers["/v1/models"] = {"data": [{"id": "smol", "owned_by": owner, **LIST.get(owner, {})}]}

    def play(request: Request) -> Answer:
        path = request.path
        return json_answer({}, 404) if path in missing or path not in answers else json_answer(answers[path])

    return play


@pytest.fixture
def local(vendor: ScriptedServer) -> Flask:
    return create_app(Settings.load({"PROVIDER_BASE_URL": f"{vendor.url}/v1"}))


def paths(vendor: ScriptedServer) -> list[str]:
    return [request.path for request in vendor.requests]


@pytest.mark.parametrize("owner", COUNTERS)
def test_a_local_server_counts_when_it_can(local: Flask, vendor: ScriptedServer, owner: str) -> None:
    vendor.play(server(owner))
    counts = [count(local, model="openai_compatible/smol", system="s", tools=[TOOL]) for _ in range(2)]
    best = COUNTERS[owner][0][0]
    assert counts == [31, 31] and paths(vendor) == ["/v1/models", best, best]
    asked = vendor.bodies[-1]
    assert asked["model"] == "smol" and asked["tools"][0]["function"]["name"] == "Read"
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]
    assert not asked.get("stream")


@pytest.mark.parametrize("owner", COUNTERS)
def test_a_counter_that_the_server_does_not_have_is_not_asked_again(
    local: Flask, vendor: ScriptedServer, owner: str
) -> None:
    (best, _), (second, _) = COUNTERS[owner]
    vendor.play(server(owner, missing=(best,)))
    assert [count(local, model="openai_compatible/smol") for _ in range(2)] == [31, 31]
    assert paths(vendor) == ["/v1/models", best, second, second]


def test_a_server_that_lost_its_counters(local: Flask, vendor: ScriptedServer) -> None:
    everything = tuple(path for path, _ in COUNTERS["vllm"])
    vendor.play(server("vllm", missing=everything))
    assert [count(local, model="openai_compatible/smol") for _ in range(2)] == [ESTIMATE, ESTIMATE]
    assert paths(vendor) == ["/v1/models", *everything]


@pytest.mark.parametrize("owner", ["somebody", ""])
def test_an_unknown_server_is_asked_who_it_is_once(local: Flask, vendor: ScriptedServer, owner: str) -> None:
    vendor.play(server(owner))
    assert [count(local, model="openai_compatible/smol") for _ in range(2)] == [ESTIMATE, ESTIMATE]
    assert paths(vendor).count("/v1/models") == 1
    assert all(request.method == "GET" for request in vendor.requests)


def test_a_server_that_does_not_say_who_it_is(local: Flask, vendor: ScriptedServer) -> None:
    vendor.play(lambda request: json_answer({}, 404))
    assert [count(local, model="openai_compatible/smol") for _ in range(3)] == [ESTIMATE] * 3
    assert len(vendor.requests) == 3 and all(request.method == "GET" for request in vendor.requests)


OPENAI_TOOL = {"model": "openai/gpt-5.2", "system": "s", "tools": [TOOL]}


def openai(vendor: ScriptedServer, api: str = "auto") -> Flask:
    return create_app(
        Settings.load({"OPENAI_BASE_URL": f"{vendor.url}/v1", "OPENAI_API_KEY": "vendor-key", "OPENAI_API": api})
    )


@pytest.mark.parametrize("api", ["auto", "chat"])
def test_openai_counts_what_goes_by_chat_completions_too(
    vendor: ScriptedServer, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    monkeypatch.setattr(translators.openai, "OWN_HOST", "127.0.0.1")
    vendor.play([json_answer({"object": "response.input_tokens", "input_tokens": 31})])
    assert count(openai(vendor, api), **OPENAI_TOOL) == 31
    assert vendor.requests[0].path == "/v1/responses/input_tokens"
    asked = vendor.bodies[0]
    assert (asked["model"], asked["instructions"], asked["tools"][0]["name"]) == ("gpt-5.2", "s", "Read")


def test_another_server_behind_openais_name_is_not_asked(vendor: ScriptedServer) -> None:
    assert count(openai(vendor), **OPENAI_TOOL) == estimate_request(MESSAGE | OPENAI_TOOL)
    assert not vendor.requests


def test_anthropic_sees_what_its_counter_takes_alone(vendor: ScriptedServer) -> None:
    """It refuses any other field."""
    counted = {
        "system": "s",
        "tools": [TOOL],
        "tool_choice": {"type": "auto"},
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": "low"},
        "cache_control": {"type": "ephemeral"},
        "context_management": {"edits": []},
    }
    others = {"max_tokens": 5, "stream": True, "temperature": 1, "stop_sequences": ["a"], "metadata": {}, "unknown": 1}
    rialto = create_app(Settings.load({"ANTHROPIC_API_BASE": vendor.url, "ANTHROPIC_API_KEY": "vendor-key"}))
    vendor.play([json_answer({"input_tokens": 31})])
    assert count(rialto, model="anthropic/claude-x", **counted, **others) == 31
    assert vendor.bodies == [{"model": "claude-x", "messages": MESSAGE["messages"], **counted}]
