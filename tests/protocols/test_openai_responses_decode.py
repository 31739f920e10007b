"""Responses events as a message: what one event alone cannot tell is put together from several."""

from __future__ import annotations

import json

import pytest

from tests.protocols.responses_bodies import READ, answer, call, done, said, summary
from translators.core.deltas import Stop, Usage
from translators.core.errors import Fault
from translators.core.vendor import Json
from translators.protocols.openai_responses.decode import chunk, whole

GLOB: Json = {**READ, "name": "Glob"}
TOOLS: Json = {"tools": [READ, GLOB]}


def wrapper(*uses: Json) -> str:
    return json.dumps({"tool_uses": list(uses)})


def uses(message: Json) -> list[tuple[str, Json]]:
    return [(block["name"], block["input"]) for block in message["content"] if block["type"] == "tool_use"]


def test_paragraphs_of_two_items_are_apart() -> None:
    message = answer(summary("A"), summary("B"), summary("C", 1), summary("D", 0, 1), said("Hi", 2), done())
    assert [block.get("thinking") or block["text"] for block in message["content"]] == ["AB\n\nC\n\nD", "Hi"]


def test_reasoning_after_text_begins_without_a_gap() -> None:
    message = answer(summary("A"), said("Hi", 1), summary("B", 0, 2), said("Ho", 3), done())
    assert [block.get("thinking") or block["text"] for block in message["content"]] == ["A", "Hi", "B", "Ho"]


def test_arguments_are_not_sent_twice() -> None:
    added = {"type": "response.output_item.added", "output_index": 0, "item": {"type": "function_call", "name": "Read"}}
    delta = {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": '{"a":1}'}
    assert uses(answer(added, delta, call(0, "Read", '{"a":1}'), done(), **TOOLS)) == [("Read", {"a": 1})]


@pytest.mark.parametrize("arguments", ["", "{}"])
def test_a_call_without_arguments(arguments: str) -> None:
    added = {"type": "response.output_item.added", "output_index": 0, "item": {"type": "function_call", "name": "Read"}}
    assert uses(answer(added, call(0, "Read", arguments), done(), **TOOLS)) == [("Read", {})]


@pytest.mark.parametrize("name", ["multi_tool_use.parallel", "parallel"])
def test_wrapped_calls(name: str) -> None:
    inner = wrapper({"recipient_name": "functions.Read", "parameters": {"a": 1}}, {"recipient_name": "Glob"})
    assert uses(answer(call(0, name, inner), done(), **TOOLS)) == [("Read", {"a": 1}), ("Glob", {})]


def test_a_tool_of_the_client_that_is_called_parallel() -> None:
    tool = {**READ, "name": "parallel"}
    assert uses(answer(call(0, "parallel", '{"tool_uses":[]}'), done(), tools=[tool])) == [
        ("parallel", {"tool_uses": []})
    ]


@pytest.mark.parametrize("arguments", ["[1]", "{", '{"tool_uses":[{"no":1}]}', '{"tool_uses":[]}'])
def test_a_wrapper_that_cannot_be_read_stays_a_call(arguments: str) -> None:
    assert [name for name, _ in uses(answer(call(0, "parallel", arguments), done(), **TOOLS))] == ["parallel"]


def test_a_call_and_a_wrapper_side_by_side() -> None:
    inner = wrapper({"recipient_name": "functions.Glob", "parameters": {"b": 2}})
    message = answer(call(0, "Read", '{"a":1}'), call(1, "parallel", inner), done(), **TOOLS)
    assert uses(message) == [("Read", {"a": 1}), ("Glob", {"b": 2})]
    assert message["stop_reason"] == "tool_use"


@pytest.mark.parametrize(
    ("details", "reason"),
    [({"reason": "max_output_tokens"}, "max_tokens"), ({"reason": "content_filter"}, "refusal"), (None, "max_tokens")],
)
def test_incomplete(details: Json | None, reason: str) -> None:
    response = {"status": "incomplete", "incomplete_details": details}
    assert list(chunk({"type": "response.incomplete", "response": response})) == [Stop(reason)]
    assert list(whole({**response, "output": []})) == [Stop(reason)]


@pytest.mark.parametrize(
    ("counts", "usage"),
    [
        ({"input_tokens": 10, "output_tokens": 2}, Usage(10, 2)),
        (
            {
                "input_tokens": 900,
                "input_tokens_details": {"cached_tokens": 700, "cache_write_tokens": 100},
                "output_tokens": 60,
                "output_tokens_details": {"reasoning_tokens": 32},
            },
            Usage(100, 60, 700, 100, 32),
        ),
        ({"input_tokens": 5, "input_tokens_details": {"cached_tokens": 9}, "output_tokens": 1}, Usage(5, 1, 9)),
    ],
)
def test_usage(counts: Json, usage: Usage) -> None:
    assert next(iter(chunk(done(usage=counts)))) == usage


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"type": "error", "error": {"message": "m", "code": "c"}}, {"message": "m", "code": "c"}),
        ({"type": "error", "sequence_number": 1, "message": "m", "code": "c"}, {"message": "m", "code": "c"}),
        ({"error": {"message": "m"}}, {"message": "m"}),
        ({"type": "response.failed", "response": {"error": {"message": "m"}}}, {"message": "m"}),
    ],
)
def test_errors(event: Json, words: Json) -> None:
    with pytest.raises(Fault) as caught:
        list(chunk(event))
    assert caught.value.body == {"error": words}


@pytest.mark.parametrize(
    "found", [{"error": {"message": "m"}, "output": []}, {"object": "response"}, {"status": "failed", "output": None}]
)
def test_a_whole_answer_that_is_none(found: Json) -> None:
    with pytest.raises(Fault):
        list(whole(found))


def test_an_answer_still_under_way_is_no_answer() -> None:
    assert list(whole({"status": "in_progress", "output": []})) == []


def test_unknown_events_say_nothing() -> None:
    assert list(chunk({"type": "response.web_search_call.searching", "output_index": 0})) == []
    assert list(chunk({"type": "keepalive"})) == []
