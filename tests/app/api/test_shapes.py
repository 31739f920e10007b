"""Requests whose nested fields have wrong types: refused with the field's name, whatever the field; odd but legal ones
pass.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.api.schemas import COUNT_REQUEST, MAX_DEPTH, MESSAGE_REQUEST, parse
from translators.core.errors import InvalidRequest


def request(**fields: Any) -> dict[str, Any]:
    return {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], **fields}


def block(content: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [content]}]}


def loaded(body: Any) -> dict[str, Any]:
    return parse(json.dumps(body).encode(), MESSAGE_REQUEST)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"thinking": {"type": "enabled", "budget_tokens": "many"}}, "thinking.budget_tokens"),
    ({"thinking": {"type": []}}, "thinking.type"),
    ({"thinking": "on"}, "thinking"),
    ({"output_config": {"effort": ["high"]}}, "output_config.effort"),
    ({"output_config": {"format": 5}}, "output_config.format"),
    ({"output_config": {"format": {"type": "json_schema", "schema": "x"}}}, "output_config.format.schema"),
    ({"tool_choice": {"type": {}}}, "tool_choice.type"),
    ({"tools": [{"name": 5}]}, "tools.0.name"),
    ({"tools": [{"description": "d"}]}, "tools.0.name: Field required"),
    ({"tools": [{"name": "a", "input_schema": []}]}, "tools.0.input_schema"),
    ({"metadata": "x"}, "metadata"),
    ({"system": [{"type": "text", "text": 5}]}, "system.0.text"),
    (block({"type": "text", "text": 5}), "messages.0.content.0.text"),
    (block({"type": "image", "source": "x"}), "messages.0.content.0.source"),
    (block({"type": "image", "source": {"type": "base64", "data": 5}}), "messages.0.content.0.source.data"),
    (block({"type": "document", "source": {"type": "content", "content": 5}}), "messages.0.content.0.source.content"),
    (block({"type": "document", "source": {"content": ["x"]}}), "messages.0.content.0.source.content.0"),
    (block({"type": "tool_result", "content": 5}), "messages.0.content.0.content"),
    (block({"type": "tool_result", "content": ["x"]}), "messages.0.content.0.content.0"),
    (block({"type": "tool_result", "is_error": "no"}), "messages.0.content.0.is_error"),
    (block({"type": "tool_use", "input": "x"}), "messages.0.content.0.input"),
    (block({"type": "search_result", "content": True}), "messages.0.content.0.content"),
]


@pytest.mark.parametrize(("fields", "named"), BAD)
def test_a_wrong_type_is_refused_by_name(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        loaded(request(**fields))
    assert refused.value.message.startswith(named)


def test_a_count_checks_metadata_too() -> None:
    with pytest.raises(InvalidRequest, match="metadata"):
        parse(json.dumps(request(metadata=5)).encode(), COUNT_REQUEST)


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": [{"type": "mcp_toolset", "mcp_server_name": "x"}]},
        {"tools": [{"name": "a", "input_schema": None, "description": None}]},
        {"thinking": None, "output_config": None, "tool_choice": None, "tools": None, "metadata": None},
        {"output_config": {"effort": "extreme", "later": [1]}},
        block({"type": "later_block", "content": ["x", 5], "source": 5}),
        block({"type": "tool_result", "tool_use_id": "t", "content": None, "is_error": None}),
        block({"type": "search_result", "title": "t", "source": "s", "content": []}),
    ],
)
def test_odd_requests_stay_as_they_are(fields: dict[str, Any]) -> None:
    assert loaded(request(**fields)) == request(**fields)


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 900, 5000, 100_000])
@pytest.mark.parametrize("beside", ["", '"half": "\\ud800", '])
def test_deep_nesting_is_refused(levels: int, beside: str) -> None:
    with pytest.raises(InvalidRequest, match=r"nested too deeply|not valid JSON"):
        parse(f'{{{beside}"foo": {nested(levels)}}}'.encode(), MESSAGE_REQUEST)


def test_reasonable_nesting_is_taken() -> None:
    body = json.dumps(request())[:-1] + f', "foo": {nested(MAX_DEPTH - 5)}}}'
    assert parse(body.encode(), MESSAGE_REQUEST)["model"] == "m"


def test_nan_is_no_json() -> None:
    with pytest.raises(InvalidRequest, match="not valid JSON"):
        parse(b'{"model": "m", "x": NaN}', MESSAGE_REQUEST)
