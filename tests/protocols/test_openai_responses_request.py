"""A Messages request as a Responses body, judged by the official SDK's types."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from openai.types.responses import input_token_count_params, response_create_params
from pydantic import TypeAdapter

from tests.conformance.oracle import exhausted, unknown
from tests.conformance.request_laws import acceptable
from tests.protocols.responses_bodies import READ, body, target
from translators.core.thinking import Signature, sign
from translators.core.vendor import Json, refine
from translators.openai import VENDOR
from translators.protocols.openai_responses import OPENAI_RESPONSES
from translators.protocols.openai_responses.request import count_url

WHOLE: TypeAdapter[Any] = TypeAdapter(response_create_params.ResponseCreateParamsNonStreaming)
COUNTED: TypeAdapter[Any] = TypeAdapter(input_token_count_params.InputTokenCountParams)
SCHEMA: Json = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
ADAPTIVE: Json = {"type": "adaptive"}


def fits(types: TypeAdapter[Any], found: Json) -> None:
    """The SDK's types take the body and know all of it."""
    assert not list(unknown(found, exhausted(types.validate_python(found))))


def test_reasoning_of_another_model_stays_behind() -> None:
    item = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "gAAAA", "content": None}
    for model, kept in (("gpt-5.6", [{**item}]), ("gpt-5.5", [])):
        signature = sign(Signature("openai", model, "", (("reasoning", item),)))
        thinking = {"type": "thinking", "thinking": "", "signature": signature}
        said = [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": [thinking, {"type": "text", "text": "b"}]},
        ]
        back = [found for found in body(messages=said)["input"] if found.get("type") == "reasoning"]
        assert back == [{name: value for name, value in found.items() if value is not None} for found in kept]


def test_long_call_ids_are_shortened_alike() -> None:
    long = "toolu_" + "x" * 80
    call = {"type": "tool_use", "id": long, "name": "Read", "input": {}}
    result = {"type": "tool_result", "tool_use_id": long, "content": "r"}
    said = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    _, made, output = body(messages=said)["input"]
    assert made["call_id"] == output["call_id"] and len(made["call_id"]) <= 64


@pytest.mark.parametrize(
    ("fields", "reasoning", "included"),
    [
        ({}, None, False),
        ({"tools": [READ]}, None, True),
        ({"thinking": ADAPTIVE}, {"summary": "auto"}, True),
        ({"thinking": {"type": "disabled"}, "tools": [READ]}, {"effort": "none"}, False),
        ({"output_config": {"effort": "low"}}, {"effort": "low"}, False),
        ({"thinking": ADAPTIVE, "output_config": {"effort": "max"}}, {"effort": "max", "summary": "auto"}, True),
    ],
)
def test_reasoning(fields: Json, reasoning: Json | None, included: bool) -> None:
    found = body(**fields)
    assert found.get("reasoning") == reasoning
    assert found.get("include", []) == (["reasoning.encrypted_content"] if included else [])


@pytest.mark.parametrize(
    ("choice", "fields"),
    [
        (None, {}),
        ({"type": "auto"}, {"tool_choice": "auto"}),
        ({"type": "any"}, {"tool_choice": "required"}),
        ({"type": "none"}, {"tool_choice": "none"}),
        ({"type": "tool", "name": "Read"}, {"tool_choice": {"type": "function", "name": "Read"}}),
        ({"type": "auto", "disable_parallel_tool_use": True}, {"tool_choice": "auto", "parallel_tool_calls": False}),
    ],
)
def test_tool_choice(choice: Json | None, fields: Json) -> None:
    found = body(tools=[READ], tool_choice=choice)
    assert {name: found[name] for name in ("tool_choice", "parallel_tool_calls") if name in found} == fields


def test_tools_are_flat_and_not_strict() -> None:
    (tool,) = body(tools=[READ])["tools"]
    assert tool == {
        "type": "function",
        "name": "Read",
        "description": "Sample.",
        "parameters": {"type": "object", "properties": {}},
        "strict": False,
    }


@pytest.mark.parametrize(("wished", "limit", "sent"), [(1, None, 16), (200, None, 200), (9000, 4000, 4000)])
def test_output_limit(wished: int, limit: int | None, sent: int) -> None:
    found = body(where=target(max_output=limit), max_tokens=wished)
    assert found["max_output_tokens"] == sent
    assert not {"max_tokens", "max_completion_tokens", "stop"} & set(found)


def test_form_of_the_answer() -> None:
    found = body(output_config={"format": {"type": "json_schema", "schema": SCHEMA}})
    assert found["text"]["format"]["schema"] == SCHEMA
    acceptable(found, target())


def test_system_messages_inside() -> None:
    said = [{"role": "user", "content": "a"}, {"role": "system", "content": "Be brief."}]
    where = target()
    developer = replace(where, profile=refine(where.profile, system_inside="developer"))
    assert body(messages=said, where=developer)["input"][-1] == {
        "role": "developer",
        "content": [{"type": "input_text", "text": "Be brief."}],
    }
    (one,) = body(messages=said)["input"]
    assert "<system-reminder>" in one["content"][-1]["text"]


def test_images_for_a_model_that_cannot_see_become_words() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    where = target()
    blind = replace(where, profile=refine(where.profile, images=False))
    (one,) = body(messages=[{"role": "user", "content": [image]}], where=blind)["input"]
    assert [part["type"] for part in one["content"]] == ["input_text"]


def test_the_counter_gets_what_the_model_would() -> None:
    count = OPENAI_RESPONSES.count
    assert count
    message: Json = {"model": "m", "messages": [{"role": "user", "content": "a"}], "system": "s", "tools": [READ]}
    asked = count.request(message, target())
    fits(COUNTED, asked)
    assert asked["input"] == body(messages=message["messages"])["input"]
    assert (asked["instructions"], asked["tools"][0]["name"]) == ("s", "Read")
    assert not {"stream", "store", "include", "max_output_tokens"} & set(asked)
    assert count.url("https://api.openai.com/v1", target()) == "https://api.openai.com/v1/responses/input_tokens"
    assert count.read({"object": "response.input_tokens", "input_tokens": 31}) == 31


def test_the_counter_keeps_the_query() -> None:
    where = replace(target(), vendor=replace(VENDOR, url=lambda base, route: f"{base}/responses?api-version=v1"))
    assert count_url("http://h", where) == "http://h/responses/input_tokens?api-version=v1"


def test_web_search_tool() -> None:
    place = {"type": "approximate", "city": "Bonn", "country": "DE", "region": None}
    tool = {"type": "web_search_20250305", "name": "web_search", "allowed_domains": ["a.org"], "user_location": place}
    made = body(tools=[{**tool, "max_uses": 3}])
    assert made["tools"] == [
        {
            "type": "web_search",
            "filters": {"allowed_domains": ["a.org"]},
            "user_location": {"type": "approximate", "city": "Bonn", "country": "DE"},
        }
    ]
    assert made["max_tool_calls"] == 3
    assert "web_search_call.action.sources" in made["include"]
    fits(WHOLE, made)
