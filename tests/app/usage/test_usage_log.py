"""One line for every exchange, in process, against a scripted vendor: how it ended, what it cost, who asked."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import app.exchange.exchange
from app import create_app
from app.settings.settings import Settings
from tests.support.scripted_server import CUT, Answer, ScriptedServer, json_answer, sse_answer, sse_piece
from tests.support.usage_lines import Line, error_lines, usage_lines
from translators.core.errors import RialtoError

MODEL = "deepseek/deepseek-v4-pro"
WORD = {"choices": [{"index": 0, "delta": {"content": "word"}}]}
END = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
COUNTS = {
    "prompt_tokens": 1000,
    "completion_tokens": 50,
    "prompt_tokens_details": {"cached_tokens": 600},
    "completion_tokens_details": {"reasoning_tokens": 30},
}
SPENT = {"choices": [], "usage": COUNTS}
ANSWER = {"choices": [{"index": 0, "message": {"content": "word"}, "finish_reason": "stop"}], "usage": COUNTS}
#: Monday morning in Beijing.
PEAK = datetime(2026, 11, 23, 2, tzinfo=UTC)
KEY = "bridge-key-1"
BUSY = json_answer({"error": {"message": "slow down, friend"}}, 429)
DOWN = json_answer({"error": {"message": "oops"}}, 500)


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def rialto(vendor: ScriptedServer, tmp_path: Path) -> Flask:
    environment = {
        "BRIDGE_LOG_DIR": str(tmp_path),
        "BRIDGE_API_KEY": KEY,
        "DEEPSEEK_BASE_URL": f"{vendor.url}/deepseek",
        "DEEPSEEK_API_KEY": "deepseek-upstream-key",
        "KIMI_BASE_URL": f"{vendor.url}/kimi/v1",
        "KIMI_API_KEY": "kimi-upstream-key",
        "ANTHROPIC_API_BASE": f"{vendor.url}/anthropic",
        "ANTHROPIC_API_KEY": "anthropic-upstream-key",
        "FALLBACK_MODELS": "kimi/kimi-k2.6",
    }
    app = create_app(Settings.load(environment))
    app.extensions["rialto"].catalog.now = lambda: PEAK
    return app


@pytest.fixture
def ask(rialto: Flask, tmp_path: Path) -> Callable[..., Line]:
    """Sends a request, reads all of the answer, and returns its line."""

    def ask(path: str = "/v1/messages", headers: dict[str, str] | None = None, **fields: Any) -> Line:
        message = {"model": MODEL, "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}], **fields}
        answer = rialto.test_client().post(path, json=message, headers={"x-api-key": KEY, **(headers or {})})
        assert answer.data is not None
        (line,) = [line for line in usage_lines(tmp_path) if line["request_id"] == answer.headers["request-id"]]
        return line

    return ask


def of(line: Line, *names: str) -> tuple[Any, ...]:
    return tuple(line[name] for name in names)


ENDING = ("status", "error_type", "stop_reason")
TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "estimated")


@pytest.mark.parametrize(
    ("stream", "answer"),
    [(True, sse_answer([WORD, END, SPENT])), (False, json_answer(ANSWER))],
    ids=["stream", "whole"],
)
def test_an_answer(stream: bool, answer: Answer, vendor: ScriptedServer, ask: Callable[..., Line]) -> None:
    vendor.play([answer])
    headers = {"x-claude-code-session-id": "session-1", "x-claude-code-agent-id": "agent-1"}
    tools = [{"name": "f", "input_schema": {"type": "object"}}]
    line = ask(stream=stream, headers=headers, tools=tools)
    assert of(line, *ENDING) == (200, None, "end_turn")
    assert of(line, *TOKENS) == (400, 50, 600, 0, 30, False)
    assert line["cost_usd"] == pytest.approx((400 * 1.32 + 600 * 0.044 + 50 * 3.96) / 1_000_000, abs=1e-12)
    assert of(line, "alias", "vendor", "model", "protocol") == (MODEL, "deepseek", "deepseek-v4-pro", "openai_chat")
    assert of(line, "session_id", "agent_id", "kind") == ("session-1", "agent-1", "subagent")
    assert of(line, "stream", "tools_offered", "tools_called", "cache_hit_rate") == (stream, 1, 0, 0.6)
    assert (line["first_token_ms"] is not None) == stream
    assert line["upstream_ms"] <= line["latency_ms"]


def test_an_answer_without_counts_is_estimated(vendor: ScriptedServer, ask: Callable[..., Line]) -> None:
    vendor.play([sse_answer([WORD, END])])
    line = ask(stream=True)
    assert line["estimated"] is True and line["input_tokens"] > 0 and line["output_tokens"] > 0
    assert line["cost_usd"] > 0 and line["cache_hit_rate"] is None


def test_the_session_of_metadata(vendor: ScriptedServer, ask: Callable[..., Line]) -> None:
    vendor.play([json_answer(ANSWER)])
    assert ask(metadata={"user_id": json.dumps({"session_id": "inside"})})["session_id"] == "inside"


UUID = "0b0d3f1e-2c4a-4f7b-9c1d-5e6f708192a3"


@pytest.mark.parametrize(
    ("user_id", "session"),
    [
        (f"user_{'ab' * 32}_account_{UUID[::-1]}_session_{UUID}", UUID),
        (f"user_{'ab' * 32}_account__session_{UUID}", UUID),
        (f"user_{'ab' * 32}_account__session_", None),
        (f"user_{'ab' * 32}_account__session_{UUID}_and_more", None),
        (f"somebody_session_{UUID}", None),
        ("user_" + "_account__session_" * 10, None),
    ],
    ids=["of an account", "of a key", "no session", "more behind it", "another form", "many marks"],
)
def test_the_session_of_an_older_client(
    vendor: ScriptedServer, ask: Callable[..., Line], user_id: str, session: str | None
) -> None:
    vendor.play([json_answer(ANSWER)])
    assert ask(metadata={"user_id": user_id})["session_id"] == session


REFUSALS: dict[str, tuple[dict[str, Any], tuple[Any, ...]]] = {
    "no key": ({"headers": {"x-api-key": ""}}, (401, "authentication_error", None, None, None)),
    "a wrong key": ({"headers": {"x-api-key": "wrong-key-1"}}, (401, "authentication_error", None, None, None)),
    "a bad body": ({"max_tokens": "many"}, (400, "invalid_request_error", None, None, None)),
    "an unknown model": ({"model": "nobody/knows"}, (404, "not_found_error", "nobody/knows", None, "other")),
    "a vendor without key": ({"model": "zai/glm-5.3"}, (401, "authentication_error", "zai/glm-5.3", None, "other")),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal(refusal: str, ask: Callable[..., Line], tmp_path: Path) -> None:
    fields, expected = REFUSALS[refusal]
    line = ask(**fields)
    assert of(line, "status", "error_type", "alias", "vendor", "kind") == expected
    assert of(line, *TOKENS, "cost_usd", "upstream_ms") == (None,) * 8
    (error,) = error_lines(tmp_path)
    assert of(error, "request_id", "by_vendor") == (line["request_id"], False)
    assert "wrong-key-1" not in error["message"]


def test_a_warm_up_asks_no_vendor(ask: Callable[..., Line]) -> None:
    line = ask(max_tokens=0)
    assert of(line, "status", "vendor", "upstream_ms", "kind") == (200, "deepseek", None, "probe")


@pytest.mark.parametrize("stream", [True, False])
def test_a_limit_of_the_vendor(stream: bool, vendor: ScriptedServer, ask: Callable[..., Line], tmp_path: Path) -> None:
    vendor.play([BUSY, BUSY])
    line = ask(stream=stream)
    assert of(line, *ENDING) == (429, "rate_limit_error", None)
    assert of(line, *TOKENS, "cost_usd") == (None,) * 7
    (error,) = error_lines(tmp_path)
    assert error["message"] == "DeepSeek: slow down, friend"
    assert of(error, "status", "by_vendor", "request_id") == (429, True, line["request_id"])


def test_a_break_in_a_stream(vendor: ScriptedServer, ask: Callable[..., Line], tmp_path: Path) -> None:
    vendor.play([sse_answer([WORD, WORD, CUT])])
    line = ask(stream=True)
    assert of(line, *ENDING) == (200, "api_error", None)
    assert line["estimated"] is True and line["output_tokens"] > 0 and line["cost_usd"] > 0
    assert "broke" in error_lines(tmp_path)[0]["message"]


def test_a_break_in_a_whole_answer(vendor: ScriptedServer, ask: Callable[..., Line]) -> None:
    vendor.play([Answer([b'{"choices"', CUT], headers={"content-type": "application/json"}, framing="chunked")] * 2)
    assert of(ask(), *ENDING, "output_tokens") == (502, "api_error", None, None)


def test_a_failure_behind_blanks(
    rialto: Flask, vendor: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.exchange.exchange, "BLANK_EVERY", 0.0)
    gate = threading.Event()
    vendor.play([Answer([gate, CUT], headers={"content-type": "application/json"})])
    message = {"model": MODEL, "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]}
    answer = rialto.test_client().post("/v1/messages", json=message, headers={"x-api-key": KEY}, buffered=False)
    assert answer.status_code == 200
    gate.set()
    with pytest.raises(RialtoError):
        list(answer.iter_encoded())
    (line,) = usage_lines(tmp_path)
    assert of(line, *ENDING) == (200, "api_error", None)


@pytest.mark.retries
def test_tries_and_other_vendors_are_counted(vendor: ScriptedServer, ask: Callable[..., Line]) -> None:
    vendor.play([DOWN, DOWN, sse_answer([WORD, END])])
    line = ask(stream=True)
    assert of(line, *ENDING, "retries", "fallbacks") == (200, None, "end_turn", 1, 1)
    assert of(line, "vendor", "model") == ("kimi", "kimi-k2.6")


def test_a_defect_is_an_exchange_too(
    vendor: ScriptedServer, ask: Callable[..., Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(*_: Any) -> None:
        raise LookupError("a defect")

    for stream in (True, False):
        vendor.play([sse_answer([WORD, END]) if stream else json_answer(ANSWER)])
        with monkeypatch.context() as patch:
            patch.setattr("translators.core.stream.MessageStream.feed", defect)
            assert of(ask(stream=stream), *ENDING) == (500, "api_error", None)
    with monkeypatch.context() as patch:
        patch.setattr(sys.modules["app.api.messages"], "clamped", defect)
        assert of(ask(), *ENDING) == (500, "api_error", None)


def passing(*events: dict[str, Any]) -> Answer:
    """Anthropic's own events."""
    pieces = [b"event: " + event["type"].encode() + b"\n" + sse_piece(event) for event in events]
    return Answer(pieces, headers={"content-type": "text/event-stream"})


OPENING = {
    "type": "message_start",
    "message": {
        **{"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": []},
        "usage": {"input_tokens": 30, "cache_read_input_tokens": 60, "cache_creation_input_tokens": 10},
    },
}
BLOCK = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
TEXT = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "word " * 40}}
CLOSING = [
    {"type": "content_block_stop", "index": 0},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use", "stop_sequence": None},
        "usage": {"output_tokens": 77},
    },
    {"type": "message_stop"},
]
CALL = {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "t", "name": "f"}}


def test_events_that_are_handed_on_are_counted(vendor: ScriptedServer, ask: Callable[..., Line]) -> None:
    vendor.play([passing(OPENING, BLOCK, TEXT, CALL, *CLOSING)])
    line = ask(stream=True, model="anthropic/claude-sonnet-5")
    assert of(line, *ENDING, "tools_called") == (200, None, "tool_use", 1)
    assert of(line, *TOKENS, "cache_hit_rate") == (30, 77, 60, 10, 0, False, 0.6)


def test_a_message_that_is_handed_on_is_counted(vendor: ScriptedServer, ask: Callable[..., Line]) -> None:
    usage = {**OPENING["message"]["usage"], "output_tokens": 5}
    whole = {
        **OPENING["message"],
        "content": [{"type": "text", "text": "w"}],
        "stop_reason": "end_turn",
        "usage": usage,
    }
    vendor.play([json_answer(whole)])
    line = ask(model="anthropic/claude-sonnet-5")
    assert of(line, *ENDING, *TOKENS) == (200, None, "end_turn", 30, 5, 60, 10, 0, False)


def test_a_break_in_events_that_are_handed_on(vendor: ScriptedServer, ask: Callable[..., Line]) -> None:
    broken = passing(OPENING, BLOCK, TEXT)
    vendor.play([broken])
    line = ask(stream=True, model="anthropic/claude-sonnet-5")
    assert of(line, *ENDING, "input_tokens", "estimated") == (200, "api_error", None, 30, True)
    assert line["output_tokens"] > 10


def test_what_is_no_exchange_has_no_line(rialto: Flask, vendor: ScriptedServer, tmp_path: Path) -> None:
    client: FlaskClient = rialto.test_client()
    message = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}]}
    answers = [
        client.post("/v1/messages/count_tokens", json=message, headers={"x-api-key": KEY}),
        client.post("/v1/messages/count_tokens", json=message),
        client.get("/v1/models", headers={"x-api-key": KEY}),
        client.get("/health"),
        client.get("/v1/messages"),
        client.options("/v1/messages"),
        client.head("/v1/messages"),
        client.post("/v1/complete", json={}),
    ]
    assert [answer.status_code for answer in answers] == [200, 401, 200, 200, 405, 401, 200, 404]
    assert usage_lines(tmp_path) == []


def test_the_question_of_the_connection_test_is_one(rialto: Flask, vendor: ScriptedServer, tmp_path: Path) -> None:
    vendor.play([json_answer(ANSWER), json_answer({"error": {"message": "no such key"}}, 401)])
    for _ in range(2):
        rialto.test_client().get(f"/test-connection?model={MODEL}", headers={"x-api-key": KEY})
    lines = usage_lines(tmp_path)
    assert [of(line, "kind", "status", "vendor") for line in lines] == [
        ("test", 200, "deepseek"),
        ("test", 401, "deepseek"),
    ]


@pytest.mark.retries
def test_a_repeated_try_does_not_tell_the_conversation(
    vendor: ScriptedServer, ask: Callable[..., Line], caplog: pytest.LogCaptureFixture
) -> None:
    private = "the answer to everything is under the doormat"
    echo = json_answer({"error": {"message": f"crashed over {private}"}}, 500)
    vendor.play([echo, echo, json_answer(ANSWER)])
    with caplog.at_level("INFO", "rialto"):
        assert ask(messages=[{"role": "user", "content": private}])["status"] == 200
    assert caplog.text.count("crashed over [prompt]") == 2 and "doormat" not in caplog.text


def test_nothing_private_is_in_any_log(
    vendor: ScriptedServer, ask: Callable[..., Line], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    private = "the answer to everything is under the doormat"
    echo = f"bad key deepseek-upstream-key for client-key-77 in {private!r}"
    vendor.play([json_answer({"error": {"message": echo}}, 400)])
    asked = [{"role": "user", "content": private}]
    headers = {"authorization": "Bearer client-key-77"}
    with caplog.at_level("INFO", "rialto"):
        ask(messages=asked, headers=headers, system="system words that nobody else may see")
    (error,) = error_lines(tmp_path)
    assert error["message"] == "DeepSeek: bad key [key] for [key] in '[prompt]'"
    written = "".join(path.read_text() for path in tmp_path.glob("*.jsonl")) + caplog.text
    for secret in ("doormat", "nobody else", KEY, "client-key-77", "upstream-key", "earer"):
        assert secret not in written, secret
