"""The kit's own judgement of bodies: one that is right on its wire is taken, one that a vendor would refuse is not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.kit import FIXTURES, Case, Json
from tests.conformance.request_laws import acceptable

Change = Callable[[Json], Any]
#: A case whose body has an answered round of calls -> what is wrong -> how its body becomes so.
WRONG: dict[str, dict[str, Change]] = {
    "openai/second_turn": {
        "an unknown field": lambda body: body.update(extra=1),
        "a wrong type": lambda body: body.update(max_completion_tokens="many"),
        "something behind the messages": lambda body: body.update(messages=body.pop("messages"), user="u"),
        "a call without a result": lambda body: body["messages"].pop(result(body["messages"])),
        "a result without a call": lambda body: body["messages"].pop(result(body["messages"]) - 1),
        "a name that is refused": lambda body: function(body).update(name="1st tool"),
        "a tool twice": lambda body: body["tools"].append(body["tools"][0]),
        "a field of Anthropic's": lambda body: function(body)["parameters"] and function(body).update(input_schema={}),
        "Rialto's signature": lambda body: body["messages"].append({"role": "user", "content": "rialto1.x"}),
    },
    "openai/responses_second_turn": {
        "an unknown field": lambda body: body.update(max_tokens=1),
        "a wrong type": lambda body: body.update(max_output_tokens="many"),
        "an answer that is stored": lambda body: body.update(store=True),
        "too small a limit": lambda body: body.update(max_output_tokens=15),
        "a strict tool": lambda body: body["tools"][0].update(strict=True, parameters={"type": "object"}),
        "a nested tool": lambda body: body["tools"].append({"type": "function", "function": {"name": "a"}}),
        "a call without a result": lambda body: body["input"].pop(output(body["input"])),
        "a result of another call": lambda body: body["input"][output(body["input"])].update(call_id="other"),
        "an empty result": lambda body: body["input"][output(body["input"])].update(output=""),
        "too long an id": lambda body: [
            item.update(call_id="x" * 65) for item in body["input"] if item.get("type", "").startswith("function_call")
        ],
        "reasoning that leads to nothing": lambda body: body["input"].append(reasoning(encrypted_content="x")),
        "reasoning that is not kept": lambda body: body["input"].insert(0, reasoning()),
        "sampling beside an effort": lambda body: body.update(temperature=1, reasoning={"effort": "high"}),
        "a choice that is no tool": lambda body: body.update(tool_choice={"type": "function", "name": "Other"}),
        "the billing line": lambda body: body.update(instructions="x-anthropic-billing-header: a"),
    },
    "gemini/second_turn": {
        "an unknown field": lambda body: body["generationConfig"].update(max_tokens=1),
        "a wrong type": lambda body: body["generationConfig"].update(maxOutputTokens="many"),
        "no output limit that is legal": lambda body: body["generationConfig"].update(maxOutputTokens=70_000),
        "level and budget": lambda body: body["generationConfig"].update(
            thinkingConfig={"thinkingLevel": "low", "thinkingBudget": 1}
        ),
        "six stop sequences": lambda body: body["generationConfig"].update(stopSequences=list("abcdef")),
        "the model first": lambda body: body["contents"].pop(0),
        "an empty text": lambda body: body["contents"][0]["parts"].append({"text": ""}),
        "no parts": lambda body: body["contents"][0].update(parts=[]),
        "no signature": lambda body: first_call(body).pop("thoughtSignature"),
        "no response": lambda body: body["contents"][2].update(parts=[{"text": "r"}]),
        "a response that is no object": lambda body: response(body).update(response="r"),
        "a nameless response": lambda body: response(body).update(name=""),
        "a name that is refused": lambda body: declaration(body).update(name="1st"),
        "a tool twice": lambda body: body["tools"][0]["functionDeclarations"].append(declaration(body)),
        "a choice that is no tool": lambda body: body.update(
            toolConfig={"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["Other"]}}
        ),
        "a GIF": lambda body: body["contents"][0]["parts"].append(
            {"inlineData": {"mimeType": "image/gif", "data": "R0lG"}}
        ),
        "a field of Anthropic's": lambda body: first_call(body).update(cache_control={"type": "ephemeral"}),
    },
    "ollama/second_turn": {
        "an unknown field": lambda body: body.update(max_tokens=1),
        "a wrong type": lambda body: body["options"].update(num_predict="many"),
        "an option that nobody knows": lambda body: body["options"].update(max_tokens=1),
        "a prompt that may be cut": lambda body: body.update(truncate=True),
        "a level that nobody knows": lambda body: body.update(think="xhigh"),
        "content in parts": lambda body: body["messages"][1].update(content=[{"type": "text", "text": "a"}]),
        "a picture with a prefix": lambda body: body["messages"][1].update(images=["data:image/png;base64,AAAA"]),
        "arguments as text": lambda body: call_of(body)["function"].update(arguments='{"path": "a"}'),
        "a call without a result": lambda body: body["messages"].pop(result(body["messages"])),
        "a result of another tool": lambda body: body["messages"][result(body["messages"])].update(tool_name="Other"),
        "a schema that loses a keyword": lambda body: function(body)["parameters"].update(additionalProperties=False),
        "a format beside tools": lambda body: body.update(format="json"),
        "a system message inside": lambda body: body["messages"].append({"role": "system", "content": "a"}),
    },
    "ollama/anthropic_second_turn": {
        "an unknown field": lambda body: body.update(extra=1),
        "a wrong type": lambda body: body.update(max_tokens="many"),
        "a field of Anthropic's own": lambda body: body.update(metadata={"user_id": "u"}),
        "a tool of a type": lambda body: body["tools"][0].update(type="custom"),
        "an option of a tool": lambda body: body["tools"][0].update(defer_loading=True),
        "a younger mark": lambda body: body["tools"][0].update(cache_control={"type": "ephemeral", "scope": "global"}),
        "a block that few know": lambda body: body["messages"][0]["content"].append(
            {"type": "search_result", "source": "s", "title": "t", "content": []}
        ),
        "a blank text": lambda body: body["messages"][0]["content"].append({"type": "text", "text": " "}),
        "two of a role": lambda body: body["messages"].append(body["messages"][0]),
        "a system message": lambda body: body["messages"].append({"role": "system", "content": "a"}),
        "a result behind text": lambda body: body["messages"][2]["content"].reverse(),
        "a call without a result": lambda body: body["messages"][2]["content"].pop(0),
        "an id that is refused": lambda body: [
            block.update({key: "functions.Read:0"})
            for message in body["messages"]
            for block in message["content"]
            for key in ("id", "tool_use_id")
            if block.get(key) == "toolu_2"
        ],
        "a choice that is no tool": lambda body: body.update(tool_choice={"type": "tool", "name": "Other"}),
    },
    "anthropic/second_turn": {
        "a wrong type": lambda body: body.update(max_tokens="many"),
        "thinking of another vendor": lambda body: body["messages"][1]["content"][0].update(signature="rialto1.x"),
        "a call without a result": lambda body: body["messages"][2]["content"].pop(0),
        "a tool twice": lambda body: body["tools"].append(body["tools"][0]),
        "a name that is refused": lambda body: body["tools"][0].update(name="a tool"),
    },
}
ROWS = [(case, what) for case, changes in WRONG.items() for what in changes]


def result(messages: list[Json]) -> int:
    """The place of the first tool message."""
    return next(place for place, message in enumerate(messages) if message["role"] == "tool")


def output(items: list[Json]) -> int:
    """The place of the first result among Responses items."""
    return next(place for place, item in enumerate(items) if item.get("type") == "function_call_output")


def reasoning(**fields: Any) -> Json:
    """A reasoning item."""
    return {"type": "reasoning", "id": "rs_9", "summary": [], **fields}


def function(body: Json) -> Json:
    """The first function."""
    found: Json = body["tools"][0]["function"]
    return found


def call_of(body: Json) -> Json:
    """The first call of a message."""
    found: Json = next(message for message in body["messages"] if message.get("tool_calls"))["tool_calls"][0]
    return found


def declaration(body: Json) -> Json:
    """Gemini's first function."""
    found: Json = body["tools"][0]["functionDeclarations"][0]
    return found


def first_call(body: Json) -> Json:
    """Gemini's first part with a call."""
    return next(part for turn in body["contents"] for part in turn["parts"] if "functionCall" in part)


def response(body: Json) -> Json:
    """Gemini's first response."""
    parts = [part for turn in body["contents"] for part in turn["parts"]]
    return next(part["functionResponse"] for part in parts if "functionResponse" in part)


@pytest.mark.parametrize(("name", "what"), ROWS, ids=[f"{name}-{what}" for name, what in ROWS])
def test_a_wrong_body_is_noticed(name: str, what: str) -> None:
    vendor, _, folder = name.partition("/")
    case = Case(vendor, FIXTURES / vendor / folder)
    body = copy.deepcopy(case.upstream)
    acceptable(body, case.route)
    WRONG[name][what](body)
    with pytest.raises(AssertionError):
        acceptable(body, case.route)
