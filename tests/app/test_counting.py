"""count_tokens: the vendor's counter where it has one, the estimate wherever that fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

import app.counting
from app import create_app
from app.settings import Settings
from tests.support.scripted_server import CUT, Answer, ScriptedServer, json_answer
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
    monkeypatch.setattr(app.counting, "TIMEOUT", (0.05, 0.05))
    gate = threading.Event()
    vendor.play([Answer([gate])])
    assert count(rialto) == ESTIMATE
    gate.set()


def test_vendors_without_a_counter_are_not_asked(rialto: Flask, vendor: ScriptedServer) -> None:
    assert count(rialto, model="demo") == ESTIMATE
    assert not vendor.requests
