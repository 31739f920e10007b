"""The demo vendor: Chat Completions bytes over `demo://`, in pieces and whole, and its commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from app.demo import transport as demo
from app.demo.transport import DemoAdapter
from translators import vendors
from translators.core.deltas import Delta, Stop, Text, Thinking, ToolCall, Usage
from translators.core.errors import RateLimited
from translators.core.intent import Intent
from translators.core.refusals import refusal
from translators.core.vendor import Route
from translators.demo import VENDOR

Json = dict[str, Any]

READ = {"type": "function", "function": {"name": "Read", "parameters": {"type": "object"}}}


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.mount("demo://", DemoAdapter())
        yield session


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that the demo asks for; none is made."""
    made: list[float] = []
    monkeypatch.setattr(demo.time, "sleep", made.append)
    return made


def post(session: requests.Session, text: str = "Hello", **fields: Any) -> requests.Response:
    body = {"model": "demo", "messages": [{"role": "user", "content": text}], **fields}
    return session.post("demo://rialto/v1/chat/completions", data=json.dumps(body).encode(), stream=True)


def events(session: requests.Session, text: str = "Hello", **fields: Any) -> list[str]:
    """The data lines of a streamed answer."""
    response = post(session, text, stream=True, **fields)
    pieces = iter(lambda: response.raw.read1(65536, decode_content=True), b"")
    return [piece.decode().removeprefix("data: ").strip() for piece in pieces]


def deltas(session: requests.Session, text: str = "Hello", **fields: Any) -> list[Delta]:
    """What the protocol reads in a streamed answer."""
    streamed = (json.loads(line) for line in events(session, text, **fields) if line != "[DONE]")
    return [delta for chunk in streamed for delta in VENDOR.protocol.chunk(chunk)]


def said(session: requests.Session, text: str = "Hello", **fields: Any) -> str:
    """The text of a whole answer."""
    return str(post(session, text, **fields).json()["choices"][0]["message"]["content"])


def test_every_read_gives_one_event(session: requests.Session) -> None:
    lines = events(session)
    assert len(lines) > 5
    assert lines[-1] == "[DONE]"
    assert [json.loads(line)["object"] for line in lines[:-1]] == ["chat.completion.chunk"] * (len(lines) - 1)


def test_a_small_reader_loses_nothing(session: requests.Session) -> None:
    response = post(session, stream=True)
    small = b"".join(iter(lambda: response.raw.read1(7), b""))
    assert small.count(b"data: ") == len(events(session))
    assert small.endswith(b"data: [DONE]\n\n")


def test_stream_and_whole_say_the_same(session: requests.Session) -> None:
    streamed = deltas(session, reasoning_effort="low", stream_options={"include_usage": True})
    message = post(session, reasoning_effort="low").json()["choices"][0]["message"]
    assert "".join(delta.text for delta in streamed if isinstance(delta, Text)) == message["content"]
    assert "".join(delta.text for delta in streamed if isinstance(delta, Thinking)) == message["reasoning_content"]
    assert [delta for delta in streamed if isinstance(delta, Stop)] == [Stop("end_turn")]
    usage = [delta for delta in streamed if isinstance(delta, Usage)]
    assert len(usage) == 1
    assert usage[0].output > usage[0].reasoning > 0
    assert usage[0].input > 0


def test_it_says_what_it_is_and_what_to_set(session: requests.Session) -> None:
    text = said(session, "How are you?")
    assert "demo of Rialto" in text
    assert "How are you?" in text
    keys = {vendor.key_variable for vendor in vendors().values() if vendor.key_variable and not vendor.keyless}
    assert len(keys) >= 10
    assert all(key in text for key in keys)


def test_reminders_of_the_client_are_not_quoted(session: requests.Session) -> None:
    text = said(session, "<system-reminder>demo:error 500 secret</system-reminder>Hi")
    assert 'You wrote: "Hi".' in text


def test_it_reasons_only_when_asked(session: requests.Session) -> None:
    assert not [delta for delta in deltas(session) if isinstance(delta, Thinking) and delta.text]
    assert "reasoning_content" not in post(session).json()["choices"][0]["message"]


@pytest.mark.parametrize(
    ("intent", "fields"),
    [
        (Intent(), {}),
        (Intent(False), {}),
        (Intent(None, "high"), {}),
        (Intent(True), {"reasoning_effort": "medium"}),
        (Intent(True, "max"), {"reasoning_effort": "max"}),
    ],
)
def test_thinking(intent: Intent, fields: Json) -> None:
    assert VENDOR.thinking(intent, route()) == fields


def test_tool_calls(session: requests.Session) -> None:
    asked = 'go\ndemo:tool Read {"path": "/a", "deep": {"n": [1]}}\ndemo:tool Read {"path": "/b"}'
    calls = [delta for delta in deltas(session, asked, tools=[READ]) if isinstance(delta, ToolCall)]
    joined = ["".join(str(call.arguments) for call in calls if call.index == index) for index in (0, 1)]
    assert [json.loads(text) for text in joined] == [{"path": "/a", "deep": {"n": [1]}}, {"path": "/b"}]
    assert [(call.id, call.name) for call in calls if call.name] == [("call_0", "Read"), ("call_1", "Read")]
    assert len(calls) > 4
    choice = post(session, asked, tools=[READ]).json()["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert [json.loads(call["function"]["arguments"]) for call in choice["message"]["tool_calls"]] == [
        {"path": "/a", "deep": {"n": [1]}},
        {"path": "/b"},
    ]


def test_a_tool_without_arguments(session: requests.Session) -> None:
    message = post(session, "demo:tool Read", tools=[READ]).json()["choices"][0]["message"]
    assert message["tool_calls"][0]["function"]["arguments"] == "{}"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ('demo:tool Bash {"command": "ls"}', "Bash is not offered. Offered are: Read."),
        ("demo:tool Read {broken", "is not a JSON object"),
    ],
)
def test_calls_that_cannot_be_made(session: requests.Session, asked: str, words: str) -> None:
    assert words in said(session, asked, tools=[READ])


def test_results_are_summed_up(session: requests.Session) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "Read", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "demo:tool Read {}"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "forty-two"},
    ]
    choice = post(session, messages=messages, tools=[READ]).json()["choices"][0]
    assert choice["finish_reason"] == "stop"
    assert "got 1 tool result" in choice["message"]["content"]
    assert "forty-two" in choice["message"]["content"]
    later = [*messages, {"role": "assistant", "content": "done"}, {"role": "user", "content": "thanks"}]
    assert "thanks" in said(session, messages=later)


@pytest.mark.parametrize("stream", [True, False])
def test_errors(session: requests.Session, stream: bool) -> None:
    response = post(session, "demo:error 429", stream=stream)
    error = refusal(route(), response.status_code, response.json(), {})
    assert (response.status_code, type(error)) == (429, RateLimited)
    assert "asked to refuse with 429" in error.message


def test_a_broken_stream_has_no_end(session: requests.Session) -> None:
    lines = events(session, "demo:break")
    assert "[DONE]" not in lines
    assert not any(json.loads(line)["choices"][0]["finish_reason"] for line in lines)
    assert [json.loads(line) for line in lines]


def test_a_slow_stream_pauses_between_events(session: requests.Session, pauses: list[float]) -> None:
    lines = events(session, "demo:slow")
    assert pauses == [demo.PAUSE_SECONDS] * (len(lines) - 2)


def test_other_answers_do_not_pause(session: requests.Session, pauses: list[float]) -> None:
    events(session)
    post(session, "demo:slow").json()
    assert pauses == []


def test_events_are_made_when_they_are_read(session: requests.Session, pauses: list[float]) -> None:
    response = post(session, "demo:slow", stream=True)
    response.raw.read1(65536)
    assert pauses == []
    response.raw.read1(65536)
    assert len(pauses) == 1


def test_the_output_limit_holds(session: requests.Session) -> None:
    choice = post(session, max_tokens=3).json()["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("This is the", "length")


def test_a_wanted_schema_is_filled(session: requests.Session) -> None:
    schema = {
        "type": "object",
        "properties": {"title": {"type": "string"}, "n": {"type": "integer"}, "kind": {"enum": ["a", "b"]}},
    }
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    assert json.loads(said(session, response_format=form)) == {"title": "Demo of Rialto", "n": 0, "kind": "a"}


def test_content_parts_are_read(session: requests.Session) -> None:
    parts = [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
    ]
    assert 'You wrote: "look".' in said(session, messages=[{"role": "user", "content": parts}])


def route() -> Route:
    return Route(alias="demo", vendor=VENDOR, model="demo", profile=VENDOR.profile, base_url=VENDOR.base_url)
