"""The exchange, in process, against a scripted vendor: HTTP errors, error events, signs of life."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import app.exchange.exchange
import app.exchange.patience
from app import create_app
from app.exchange.loops import VIA
from app.settings.settings import Settings
from app.upstream.upstream import Line
from tests.support.filler_tools import filler_tools
from tests.support.prompts import system_blocks
from tests.support.scripted_server import CUT, Answer, ScriptedServer, json_answer, sse_answer
from translators.core.errors import RialtoError, TimedOut

MODEL = "openai/test-model"
WORD = {"choices": [{"index": 0, "delta": {"content": "word"}}]}
END = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
ANSWER = {"choices": [{"index": 0, "message": {"content": "word"}, "finish_reason": "stop"}]}


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def rialto(vendor: ScriptedServer) -> Flask:
    environment = {
        "OPENAI_BASE_URL": f"{vendor.url}/v1",
        "OPENAI_API_KEY": "vendor-key",
        "MAX_TOKENS_LIMIT": "500",
        "MIN_TOKENS_LIMIT": "20",
        "CUSTOM_HEADER_X_TEAM": "blue",
    }
    return create_app(Settings.load(environment))


@pytest.fixture
def client(rialto: Flask) -> FlaskClient:
    return rialto.test_client()


def body(**fields: Any) -> dict[str, Any]:
    return {"model": MODEL, "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}], **fields}


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


def kinds(text: str) -> list[str]:
    return [event["type"] for event in events(text)]


def test_whole_answer_asks_the_vendor_for_a_whole_one(client: FlaskClient, vendor: ScriptedServer) -> None:
    vendor.play([json_answer(ANSWER)])
    answer = client.post("/v1/messages", json=body())
    assert answer.json and answer.json["content"] == [{"type": "text", "text": "word"}]
    assert vendor.bodies[0]["stream"] is False
    assert vendor.requests[0].headers["x-team"] == "blue"


@pytest.mark.parametrize(("wished", "sent"), [(1, 20), (100, 100), (9000, 500)])
def test_token_limits_of_the_settings(client: FlaskClient, vendor: ScriptedServer, wished: int, sent: int) -> None:
    vendor.play([json_answer(ANSWER)])
    client.post("/v1/messages", json=body(max_tokens=wished))
    assert vendor.bodies[0]["max_tokens"] == sent


def test_a_refusal_is_an_http_error_for_a_stream_too(client: FlaskClient, vendor: ScriptedServer) -> None:
    vendor.play([json_answer({"error": {"message": "no such luck"}}, 429, retry_after="7")])
    answer = client.post("/v1/messages", json=body(stream=True))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.json and "no such luck" in answer.json["error"]["message"]


def test_a_break_after_the_first_word_is_an_error_event(client: FlaskClient, vendor: ScriptedServer) -> None:
    vendor.play([sse_answer([WORD, CUT])])
    answer = client.post("/v1/messages", json=body(stream=True))
    assert answer.status_code == 200
    assert kinds(answer.text)[-1] == "error"
    assert {"content_block_stop", "message_stop"}.isdisjoint(kinds(answer.text))


def test_a_break_before_the_first_word_is_an_http_error(client: FlaskClient, vendor: ScriptedServer) -> None:
    vendor.play([sse_answer([{"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}, CUT])])
    assert client.post("/v1/messages", json=body(stream=True)).status_code == 502


def test_a_silent_vendor_is_bridged_by_pings_and_pulses(
    client: FlaskClient, vendor: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.exchange.exchange, "COMMIT_AFTER", 0.0)
    monkeypatch.setattr(app.exchange.exchange, "TICK", 0.01)
    monkeypatch.setattr(app.exchange.patience, "PING_EVERY", 0.0)
    monkeypatch.setattr(app.exchange.patience, "PULSE_EVERY", 2)
    enough, gate, seen = 6, threading.Event(), []
    vendor.play([sse_answer([gate, WORD, END])])
    answer = client.post("/v1/messages", json=body(stream=True), buffered=False)
    for frames in answer.iter_encoded():
        seen += kinds(frames.decode())
        if seen.count("ping") >= enough:
            gate.set()
    assert seen[0] == "message_start"
    assert seen.count("message_delta") >= enough // 2
    assert seen[-1] == "message_stop"


def test_a_failure_after_the_commitment_is_an_error_event(
    client: FlaskClient, vendor: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.exchange.exchange, "COMMIT_AFTER", 0.0)
    monkeypatch.setattr(app.exchange.exchange, "TICK", 0.01)
    gate = threading.Event()
    vendor.play([sse_answer([gate, {"error": {"message": "gave up", "code": 504}}])])
    answer = client.post("/v1/messages", json=body(stream=True), buffered=False)
    text = ""
    for frames in answer.iter_encoded():
        text += frames.decode()
        gate.set()
    assert kinds(text) == ["message_start", "error"]
    assert "gave up" in text


def test_a_bug_ends_the_stream_with_an_error_event(
    client: FlaskClient, vendor: ScriptedServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def bug(self: Any, delta: Any) -> Any:
        raise RuntimeError("a bug")

    vendor.play([sse_answer([WORD, END])])
    monkeypatch.setattr("translators.core.stream.MessageStream.feed", bug)
    with caplog.at_level(logging.CRITICAL):
        answer = client.post("/v1/messages", json=body(stream=True))
    assert answer.status_code == 500
    assert "a bug" not in answer.text


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/chat/completions", "/api/chat"])
def test_a_request_loop_is_refused(client: FlaskClient, rialto: Flask, path: str) -> None:
    own = rialto.extensions["rialto"].instance
    answer = client.post(path, json=body(), headers={VIA: f"other, {own}"})
    assert answer.status_code == 508
    assert answer.json and "points back" in answer.json["error"]["message"]


def test_the_vendor_learns_which_rialto_asked(client: FlaskClient, vendor: ScriptedServer, rialto: Flask) -> None:
    vendor.play([json_answer(ANSWER)])
    client.post("/v1/messages", json=body(), headers={VIA: "other"})
    assert vendor.requests[0].headers[VIA] == f"other, {rialto.extensions['rialto'].instance}"


def test_an_extra_that_the_vendor_refuses_is_left_out_once(client: FlaskClient, vendor: ScriptedServer) -> None:
    refusal = json_answer({"error": {"message": "Unsupported parameter: 'temperature' is not supported"}}, 400)
    vendor.play([refusal, json_answer(ANSWER)])
    assert client.post("/v1/messages", json=body(temperature=0.5)).status_code == 200
    assert ["temperature" in sent for sent in vendor.bodies] == [True, False]


def test_max_tokens_zero_asks_nobody(client: FlaskClient, vendor: ScriptedServer) -> None:
    answer = client.post("/v1/messages", json=body(max_tokens=0))
    assert answer.json and (answer.json["content"], answer.json["stop_reason"]) == ([], "max_tokens")
    assert vendor.requests == []


@pytest.mark.parametrize("path", ["/proxy/v1/messages", "/v1/v1/messages", "/openai:test-model/v1/messages"])
def test_paths_in_front(client: FlaskClient, vendor: ScriptedServer, path: str) -> None:
    vendor.play([json_answer(ANSWER)])
    answer = client.post(path, json=body())
    assert answer.status_code == 200
    assert answer.json and answer.json["model"] == MODEL


@pytest.mark.parametrize(
    ("waited", "spoken", "cut", "late"),
    [
        (0.5, False, False, False),
        (2, False, True, False),
        (2, True, False, False),
        (7, False, True, True),
        (11, True, False, True),
    ],
)
def test_patience_ends(waited: float, spoken: bool, cut: bool, late: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(app.exchange.patience, "time", SimpleNamespace(monotonic=lambda: now[0]))
    line = Line()
    clock = app.exchange.patience.Clock(app.exchange.patience.Patience(first_word=1, total=10), line)
    clock.asked("Vendor")
    clock.heard(["word"] if spoken else [])
    now[0] += waited
    try:
        clock.check()
    except TimedOut as error:
        assert late
        assert error.message.startswith("Vendor: ")
    else:
        assert not late
        assert line.expired is cut


def test_a_prompt_far_beyond_the_window_is_told_without_asking(vendor: ScriptedServer) -> None:
    environment = {"OLLAMA_HOST": vendor.url, "OLLAMA_NUM_CTX": "100"}
    long = {"role": "user", "content": "word " * 1000}
    answer = (
        create_app(Settings.load(environment))
        .test_client()
        .post("/v1/messages", json={**body(messages=[long]), "model": "ollama/small"})
    )
    assert answer.json
    assert (answer.status_code, vendor.bodies) == (400, [])
    assert re.fullmatch(r"prompt is too long: \d+ tokens > 100 maximum", answer.json["error"]["message"])


def before_a_small_one(vendor: ScriptedServer, window: int, **more: str) -> FlaskClient:
    """Rialto with a model that is down, and a fallback with a window of so many tokens."""
    environment = {
        "OPENAI_BASE_URL": f"{vendor.url}/v1",
        "OPENAI_API_KEY": "vendor-key",
        "OLLAMA_HOST": vendor.url,
        "OLLAMA_NUM_CTX": str(window),
        "FALLBACK_MODELS": "ollama/small",
        **more,
    }
    small = {"message": {"content": "from the small one"}, "done": True, "done_reason": "stop"}
    failure = json_answer({"error": {"message": "down"}}, 500)
    vendor.play(lambda request: json_answer(small) if request.path == "/api/chat" else failure)
    return create_app(Settings.load(environment)).test_client()


@pytest.mark.parametrize(("words", "expected"), [(5, 200), (1000, 500)])
def test_a_fallback_whose_window_is_too_small_is_not_asked(vendor: ScriptedServer, words: int, expected: int) -> None:
    long = {"role": "user", "content": "word " * words}
    answer = before_a_small_one(vendor, 100).post("/v1/messages", json=body(messages=[long]))
    assert answer.status_code == expected, answer.json


LARGE: dict[str, dict[str, Any]] = {
    "as it came": {"system": system_blocks()},
    "a shorter prompt": {"PROMPT_COMPRESSION": "compact", "system": system_blocks()},
    "fewer tools": {"TOOL_SEARCH_OVER": "5", "tools": filler_tools()},
}


@pytest.mark.parametrize(("name", "expected"), list(zip(LARGE, (500, 200, 200), strict=True)), ids=list(LARGE))
def test_a_fallback_is_measured_by_what_its_model_sees(vendor: ScriptedServer, name: str, expected: int) -> None:
    settings = {key: value for key, value in LARGE[name].items() if key.isupper()}
    asked = body(**{key: value for key, value in LARGE[name].items() if key not in settings})
    answer = before_a_small_one(vendor, 5_000, **settings).post("/v1/messages", json=asked)
    assert answer.status_code == expected, answer.json


def test_a_long_whole_answer_comes_behind_blanks(
    client: FlaskClient, vendor: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.exchange.exchange, "BLANK_EVERY", 0.0)
    gate = threading.Event()
    vendor.play([Answer([gate, json.dumps(ANSWER).encode()], headers={"content-type": "application/json"})])
    answer = client.post("/v1/messages", json=body(), buffered=False)
    pieces = answer.iter_encoded()
    assert next(iter(pieces)) == b" "
    gate.set()
    message = json.loads(b"".join(pieces))
    assert (answer.status_code, answer.headers["x-accel-buffering"]) == (200, "no")
    assert message["content"] == [{"type": "text", "text": "word"}]


def test_a_failure_behind_blanks_is_no_clean_end(
    client: FlaskClient, vendor: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.exchange.exchange, "BLANK_EVERY", 0.0)
    gate = threading.Event()
    vendor.play([Answer([gate, CUT], headers={"content-type": "application/json"})])
    pieces = iter(client.post("/v1/messages", json=body(), buffered=False).iter_encoded())
    assert next(pieces) == b" "
    gate.set()
    told = [next(pieces)]
    while told[-1] == b" ":
        told.append(next(pieces))
    assert json.loads(told[-1])["error"]["type"] == "api_error"
    with pytest.raises(RialtoError):
        next(pieces)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("second", "status"), [('{"title": "Tea"}', 200), ("no", 502)])
def test_an_answer_of_another_form_than_asked_for_is_asked_for_once_more(
    vendor: ScriptedServer, stream: bool, second: str, status: int
) -> None:
    environment = {"DEEPSEEK_BASE_URL": vendor.url, "DEEPSEEK_API_KEY": "vendor-key"}
    schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    asked = {
        **body(stream=stream),
        "model": "deepseek/deepseek-v4-pro",
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
    }
    texts = ['{"name": 1}', second, '{"title": "never asked for"}']
    counts = {"prompt_tokens": 10, "completion_tokens": 3}
    vendor.play(
        [
            json_answer(
                {"choices": [{"index": 0, "message": {"content": text}, "finish_reason": "stop"}], "usage": counts}
            )
            for text in texts
        ]
    )
    answer = create_app(Settings.load(environment)).test_client().post("/v1/messages", json=asked)
    told = answer.get_data(as_text=True)
    assert len(vendor.bodies) == 2
    assert "name" not in told
    if status == 200:
        assert answer.status_code == 200
        assert "Tea" in told
    else:
        assert answer.status_code == status or kinds(told)[-1] == "error"
