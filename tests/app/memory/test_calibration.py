"""What vendors report makes the counts of count_tokens and of message_start right, for each model by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.settings.settings import Settings
from tests.support.scripted_server import ScriptedServer, json_answer, sse_answer
from translators.core.tokens import estimate_request

MODEL = "groq/model-one"
TOOL = {"name": "Read", "description": "Reads a file. " * 150, "input_schema": {"type": "object"}}
MESSAGE: dict[str, Any] = {
    "model": MODEL,
    "system": "You write programs. " * 100,
    "tools": [TOOL],
    "messages": [{"role": "user", "content": "Have a look at the next file. " * 100}],
}
RAW = estimate_request(MESSAGE)


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def rialto(vendor: ScriptedServer) -> Flask:
    environment = {"GROQ_BASE_URL": f"{vendor.url}/v1", "GROQ_API_KEY": "key-of-groq"}
    return create_app(Settings.load(environment))


@pytest.fixture
def client(rialto: Flask) -> FlaskClient:
    return rialto.test_client()


def usage(tokens: int, cached: int = 0) -> dict[str, Any]:
    return {"prompt_tokens": tokens, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": cached}}


def whole(client: FlaskClient, vendor: ScriptedServer, report: dict[str, Any]) -> None:
    """A whole answer."""
    choice = {"index": 0, "message": {"content": "word"}, "finish_reason": "stop"}
    vendor.play([json_answer({"choices": [choice], "usage": report})])
    assert client.post("/v1/messages", json={**MESSAGE, "max_tokens": 9}).status_code == 200


def streamed(client: FlaskClient, vendor: ScriptedServer, report: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of a streamed answer."""
    chunks = [
        {"choices": [{"index": 0, "delta": {"content": "word"}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"choices": [], "usage": report},
    ]
    vendor.play([sse_answer(chunks)])
    text = client.post("/v1/messages", json={**MESSAGE, "max_tokens": 9, "stream": True}).text
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


def counted(client: FlaskClient, **fields: Any) -> int:
    answer = client.post("/v1/messages/count_tokens", json={**MESSAGE, **fields})
    assert answer.json
    count: int = answer.json["input_tokens"]
    return count


@pytest.mark.parametrize("ask", [whole, streamed], ids=["whole", "streamed"])
@pytest.mark.parametrize("report", [usage(1_000), usage(1_000, cached=900)], ids=["plain", "cached"])
def test_a_report_calibrates(
    client: FlaskClient, vendor: ScriptedServer, ask: Callable[..., Any], report: dict[str, Any]
) -> None:
    assert counted(client) == RAW > 1_200
    ask(client, vendor, report)
    assert counted(client) == pytest.approx(1_000, rel=0.01)
    assert counted(client, model="groq/model-two") == RAW


def test_the_start_of_a_stream_has_the_estimate_and_its_end_the_truth(
    client: FlaskClient, vendor: ScriptedServer
) -> None:
    whole(client, vendor, usage(1_000))
    events = streamed(client, vendor, usage(1_010))
    assert events[0]["message"]["usage"]["input_tokens"] == pytest.approx(1_000, rel=0.01)
    assert next(event["usage"]["input_tokens"] for event in events if event["type"] == "message_delta") == 1_010


def test_an_answer_without_a_report_changes_nothing(client: FlaskClient, vendor: ScriptedServer) -> None:
    whole(client, vendor, {})
    assert counted(client) == RAW


def test_an_answer_that_breaks_changes_nothing(client: FlaskClient, vendor: ScriptedServer) -> None:
    chunks = [{"choices": [{"index": 0, "delta": {"content": "word"}}], "usage": usage(1_000)}]
    vendor.play([sse_answer(chunks, framing="length")])
    answer = client.post("/v1/messages", json={**MESSAGE, "max_tokens": 9, "stream": True})
    assert "event: error" in answer.text
    assert counted(client) == RAW


def test_a_counter_calibrates_too(vendor: ScriptedServer) -> None:
    environment = {"GEMINI_BASE_URL": f"{vendor.url}/v1beta", "GEMINI_API_KEY": "k"}
    client = create_app(Settings.load(environment)).test_client()
    vendor.play([json_answer({"totalTokens": 1_000}), json_answer({}, 500)])
    counts = [counted(client, model="gemini/gemini-3.8-flash") for _ in range(2)]
    assert counts == [1_000, pytest.approx(1_000, rel=0.01)]
