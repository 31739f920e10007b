"""A real llama.cpp server with a small model behind Rialto, by Chat Completions and by its Anthropic endpoint.

The model's words differ from run to run, so nothing here depends on them.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.real.conftest import MODELS
from tests.support.grammar import blocks, complaints
from tests.support.llama_server import LlamaServer
from tests.support.messages import Reply, ask, send
from tests.support.rialto_server import RialtoServer

Event = dict[str, Any]
pytestmark = pytest.mark.real
#: Seconds a client waits for the next byte.
PATIENCE = 60.0
#: The tokens of the server's window, see `start_llama_server.sh`.
WINDOW = 8192
#: Protocol -> how an answer ends at a stop sequence: this server's Chat Completions do not tell it from any other end.
STOPPED = {"openai_chat": "end_turn", "anthropic_messages": "stop_sequence"}
COUNTING = "Count from 1 to 1000, one number a line."
TOO_LONG = re.compile(r"prompt is too long: (\d+) tokens > (\d+) maximum")
WEATHER = {
    "name": "weather",
    "description": "The weather of a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@contextmanager
def streaming(rialto: RialtoServer, body: Event) -> Iterator[Iterator[Event]]:
    """The events of one request, as they arrive; leaving it closes the connection."""
    connection = http.client.HTTPConnection("127.0.0.1", rialto.port, timeout=PATIENCE)
    headers = {"content-type": "application/json", "anthropic-version": "2023-06-01"}
    connection.request("POST", "/v1/messages", json.dumps({**body, "stream": True}), headers)
    response = connection.getresponse()
    try:
        assert response.status == 200, response.read()
        yield (json.loads(line[5:]) for line in response if line.startswith(b"data:"))
    finally:
        response.close()
        connection.close()


def streamed(rialto: RialtoServer, text: str, **fields: Any) -> list[Event]:
    """All events of one answer, which keep the grammar."""
    with streaming(rialto, ask(text, temperature=0, **fields)) as stream:
        events = list(stream)
    assert complaints(events) == []
    return events


def whole(rialto: RialtoServer, text: str, **fields: Any) -> Reply:
    """One answer that is not streamed."""
    return send(rialto.port, "POST", "/v1/messages", ask(text, temperature=0, **fields))


def ending(events: list[Event]) -> Event:
    """The last `message_delta`."""
    return next(event for event in reversed(events) if event["type"] == "message_delta")


def told(rialto: RialtoServer, text: str, **fields: Any) -> Event:
    """The message that a stream tells."""
    events = streamed(rialto, text, **fields)
    end = ending(events)
    return {"content": list(blocks(events)), "usage": end["usage"], **end["delta"]}


def whole_message(rialto: RialtoServer, text: str, **fields: Any) -> Event:
    """The message of an answer that is not streamed."""
    reply = whole(rialto, text, **fields)
    assert reply.status == 200, reply.body
    message: Event = reply.json
    return message


def words(events: list[Event]) -> str:
    """The text of the answer."""
    return "".join(block["text"] for block in blocks(events) if block["type"] == "text")


def test_an_answer_is_streamed(rialto: RialtoServer, model: str) -> None:
    events = streamed(rialto, "Tell me about the sea.", model=model, max_tokens=40)
    assert [event["type"] for event in events].count("content_block_delta") > 1
    assert words(events).strip()
    assert ending(events)["delta"]["stop_reason"] in {"end_turn", "max_tokens"}
    usage = ending(events)["usage"]
    assert usage["input_tokens"] + (usage.get("cache_read_input_tokens") or 0) > 0
    assert 0 < usage["output_tokens"] <= 40


def test_an_answer_comes_whole(rialto: RialtoServer, model: str) -> None:
    message = whole_message(rialto, "Tell me about the sea.", model=model, max_tokens=40)
    assert (message["type"], message["role"], message["model"]) == ("message", "assistant", model)
    assert [block["type"] for block in message["content"]] == ["text"]
    assert message["stop_reason"] in {"end_turn", "max_tokens"}
    assert 0 < message["usage"]["output_tokens"] <= 40


def test_a_call_that_is_demanded_comes_and_takes_its_result(rialto: RialtoServer, model: str) -> None:
    question = "Call the function weather for the city Paris."
    tools = {"tools": [WEATHER], "model": model}
    events = streamed(rialto, question, tool_choice={"type": "any"}, **tools)
    assert ending(events)["delta"]["stop_reason"] == "tool_use"
    built = [{**block, "input": json.loads(block["input"] or "{}")} for block in called(events)]
    assert built and all(call["name"] == "weather" and isinstance(call["input"]["city"], str) for call in built)
    results = [{"type": "tool_result", "tool_use_id": call["id"], "content": "18 degrees, dry"} for call in built]
    turns = [
        {"role": "user", "content": question},
        {"role": "assistant", "content": built},
        {"role": "user", "content": results},
    ]
    assert ending(streamed(rialto, "", **tools, messages=turns))["delta"]["stop_reason"]


def called(events: list[Event]) -> list[Event]:
    """The calls of the answer."""
    return [block for block in blocks(events) if block["type"] == "tool_use"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("protocol", sorted(MODELS))
def test_a_stop_sequence_ends_the_answer(rialto: RialtoServer, protocol: str, stream: bool) -> None:
    stops = ["\n", " ", "2"]
    answer = told if stream else whole_message
    message = answer(rialto, COUNTING, model=MODELS[protocol], max_tokens=200, stop_sequences=stops)
    assert not any(stop in block["text"] for block in message["content"] for stop in stops)
    assert message["usage"]["output_tokens"] < 200
    assert message["stop_reason"] == STOPPED[protocol]
    assert message["stop_sequence"] in (stops if message["stop_reason"] == "stop_sequence" else [None])


def test_the_token_limit_ends_the_answer(rialto: RialtoServer, model: str) -> None:
    end = ending(streamed(rialto, COUNTING, model=model, max_tokens=5))
    assert end["delta"] == {"stop_reason": "max_tokens", "stop_sequence": None}
    assert end["usage"]["output_tokens"] == 5


@pytest.mark.parametrize("stream", [True, False])
def test_a_prompt_beyond_the_window_is_refused_with_the_numbers(rialto: RialtoServer, model: str, stream: bool) -> None:
    reply = whole(rialto, "lorem " * 3 * WINDOW, model=model, stream=stream)
    assert (reply.status, reply.json["error"]["type"]) == (400, "invalid_request_error"), reply.body
    found = TOO_LONG.fullmatch(reply.json["error"]["message"])
    assert found, reply.json
    assert int(found[1]) > int(found[2]) == WINDOW


def test_a_client_that_leaves_sets_the_server_free(rialto: RialtoServer, llama: LlamaServer, model: str) -> None:
    before = llama.cancelled
    with streaming(rialto, ask(COUNTING, model=model, max_tokens=WINDOW, temperature=0)) as stream:
        next(event for event in stream if event["type"] == "content_block_delta")
        assert llama.busy
    assert llama.wait_until(lambda: not llama.busy)
    assert llama.wait_until(lambda: llama.cancelled == before + 1), "the answer ran to its end"
    assert whole(rialto, "Hello", model=model, max_tokens=4).status == 200
