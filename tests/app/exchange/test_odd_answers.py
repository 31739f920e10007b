"""Answers in odd forms, in process, against a scripted vendor: the client gets the words all the same."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

import app.exchange.client
import app.exchange.exchange
from app import create_app
from app.api.messages import CLIENT_CLOSED
from app.settings.settings import Settings
from tests.support.scripted_server import CUT, Answer, Request, ScriptedServer, json_answer

WORD = {"choices": [{"index": 0, "delta": {"content": "word"}}]}
END = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
DONE = b"data: [DONE]\n\n"


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def client(vendor: ScriptedServer) -> FlaskClient:
    settings = {"OPENAI_BASE_URL": f"{vendor.url}/v1", "OPENAI_API_KEY": "vendor-key"}
    return create_app(Settings.load(settings)).test_client()


def frame(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def ask(client: FlaskClient, **fields: Any) -> Any:
    body = {"model": "openai/test-model", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}], **fields}
    return client.post("/v1/messages", json=body)


def text_of(stream: str) -> str:
    events = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: ")]
    assert events[-1]["type"] == "message_stop", events[-1]
    return "".join(event["delta"].get("text", "") for event in events if event["type"] == "content_block_delta")


SSE = {"content-type": "text/event-stream"}
HALF = b'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n'


@pytest.mark.parametrize(
    ("pieces", "wanted"),
    [
        ([frame(WORD), frame(END), DONE, b"data: {broken\n\n"], "word"),
        ([frame(WORD), frame(END), DONE, CUT], "word"),
        ([frame(WORD), frame(END), b"data: [DONE] \n\n"], "word"),
        ([b"data:\n\n", frame(WORD), b"data: \n\ndata: null\n\n", frame(END), DONE], "word"),
        ([HALF % rb"a\ud83d", HALF % rb"\ude42b", frame(END), DONE], "a🙂b"),
        ([frame({**WORD, "timings": {"speed": float("nan")}}), frame(END), DONE], "word"),
        ([gzip.compress(frame(WORD) + frame(END) + DONE)], "word"),
        ([frame({**WORD, "usage": {"prompt_tokens": 1, "prompt_tokens_details": [5]}}), frame(END), DONE], "word"),
    ],
)
def test_the_words_arrive(client: FlaskClient, vendor: ScriptedServer, pieces: list[Any], wanted: str) -> None:
    vendor.play([Answer(pieces, headers=SSE)])
    assert text_of(ask(client, stream=True).text) == wanted


def test_a_vendor_that_holds_its_connection_open_is_not_waited_for(client: FlaskClient, vendor: ScriptedServer) -> None:
    gate = threading.Event()
    vendor.play([Answer([frame(WORD), frame(END), DONE, gate], headers=SSE)])
    assert text_of(ask(client, stream=True).text) == "word"
    assert not gate.is_set()
    gate.set()


@pytest.mark.parametrize("value", [12345678901234567890123, json.loads("[" * 300 + "]" * 300)])
def test_tool_input_may_hold_anything(client: FlaskClient, vendor: ScriptedServer, value: Any) -> None:
    call = {"id": "a", "type": "function", "function": {"name": "T", "arguments": json.dumps({"x": value})}}
    vendor.play([json_answer({"choices": [{"message": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]})])
    answer = ask(client, tools=[{"name": "T", "input_schema": {"type": "object"}}])
    assert json.loads(answer.text)["content"][0]["input"] == {"x": value}


@pytest.mark.parametrize("usage", [{"prompt_tokens": 0, "completion_tokens": 0}, {"prompt_tokens": 7}])
def test_missing_counts_are_estimated(client: FlaskClient, vendor: ScriptedServer, usage: dict[str, int]) -> None:
    message = {"content": "a word or two"}
    vendor.play([json_answer({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage})])
    answer = ask(client).json
    assert answer["usage"]["output_tokens"] > 0
    assert answer["usage"]["input_tokens"] > 0


def test_a_date_to_wait_for_becomes_seconds(client: FlaskClient, vendor: ScriptedServer) -> None:
    later = formatdate(time.time() + 3600, usegmt=True)
    vendor.play([json_answer({"error": {"message": "slow"}}, 429, retry_after=later)])
    assert ask(client).headers["retry-after"] == "60"


def test_an_output_limit_that_does_not_fit_is_lowered_once(client: FlaskClient, vendor: ScriptedServer) -> None:
    words = (
        "This model's maximum context length is 20000 tokens. However, you requested 26000 tokens (16000 in the "
        "messages, 10000 in the completion). Please reduce the length of the messages or completion."
    )

    def answer(request: Request) -> Answer:
        if request.json["max_tokens"] > 4000:
            return json_answer({"error": {"message": words, "code": "context_length_exceeded"}}, 400)
        return json_answer({"choices": [{"message": {"content": "fits"}, "finish_reason": "stop"}]})

    vendor.play(answer)
    assert ask(client, max_tokens=10000).json["content"][0]["text"] == "fits"
    assert [body["max_tokens"] for body in vendor.bodies] == [10000, 4000]


def test_a_client_that_leaves_a_busy_vendor_is_noticed(
    client: FlaskClient, vendor: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = count(0.0, app.exchange.exchange.TICK)
    monkeypatch.setattr(app.exchange.exchange, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(app.exchange.client, "hung_up", lambda sock: True)
    vendor.play([Answer([*[frame(WORD)] * 100, frame(END), DONE], headers=SSE)])
    body = {"model": "openai/test-model", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    answer = client.post(
        "/v1/messages",
        json=body,
        environ_overrides={"gunicorn.socket": SimpleNamespace(settimeout=lambda seconds: None)},
    )
    assert answer.status_code == CLIENT_CLOSED


@pytest.mark.parametrize("piece", [b"data: {\n\n", b"{not json", b"\xff\xfe\xfd", b'data: {"choices": 7}\n\n', CUT])
def test_an_unreadable_answer_is_an_error_that_names_the_vendor(
    client: FlaskClient, vendor: ScriptedServer, piece: Any
) -> None:
    vendor.play([Answer([piece], headers=SSE)])
    answer = ask(client, stream=True)
    assert answer.status_code == 502
    assert answer.json["error"]["message"].startswith("OpenAI: ")
