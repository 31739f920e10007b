"""SC: the schemas of tools."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.conformance.kit import shapes
from tests.conformance.request_laws import acceptable
from tests.scenarios.answers import Call, Json, answer
from tests.scenarios.over import over
from tests.scenarios.rig import Rig, tool
from tests.scenarios.wires import TRANSLATED


def taken(rig: Rig, body: Json, model: str = "") -> None:
    """The vendor takes the body: its SDK's types and its own rules hold."""
    route = rig.client.application.extensions["rialto"].catalog.resolve(model or rig.wire.model)
    acceptable(body, route.carrying({"tools": [{"name": "Read"}]}))


RICH_TEXT = {"$ref": "#/$defs/richText"}
#: A tool like the largest ones that come by MCP: references into itself, unions, patterns, a property with a bad name.
PAGE: Json = {
    "name": "mcp__notes__create_page",
    "description": "Creates a page.",
    "input_schema": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "properties": {
                "type": "object",
                "description": "Values of the page's properties.",
                "additionalProperties": {"type": "string"},
                "propertyNames": {"pattern": "^[a-z]+$"},
                "patternProperties": {"^x-": {"type": "string"}},
            },
            "parent": {
                "anyOf": [
                    {"type": "object", "properties": {"type": {"const": "page_id"}, "id": {"type": "string"}}},
                    {"type": "object", "properties": {"type": {"const": "workspace"}}, "required": ["type"]},
                ]
            },
            "children": {"type": "array", "items": RICH_TEXT, "minItems": 1, "uniqueItems": True},
            "count": {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 100, "multipleOf": 5},
            "required": {"type": ["boolean", "null"], "default": None},
            "type": {"enum": ["page", "database"]},
            "url": {"type": "string", "format": "uri", "pattern": "^https"},
        },
        "required": ["parent", "properties"],
        "additionalProperties": False,
        "$defs": {
            "richText": {
                "type": "object",
                "properties": {"text": {"type": "string"}, "children": {"type": "array", "items": RICH_TEXT}},
                "required": ["text"],
            }
        },
    },
}
NAMES = set(PAGE["input_schema"]["properties"])


def client_tools() -> list[Json]:
    """Every tool that the client is known to send, once."""
    found: dict[str, Json] = {}
    for shape in shapes().values():
        for made in shape.get("tools") or ():
            if made.get("input_schema"):
                found.setdefault(made["name"], made)
    return [copy.deepcopy(made) for made in found.values()]


@over(*TRANSLATED)
def test_sc_1_all_tools_of_the_client_and_a_difficult_one(rig: Rig) -> None:
    """Every vendor accepts them, Gemini first of all, and no property loses its name."""
    tools = [*client_tools(), PAGE]
    assert len(tools) > 20
    body = rig.body(tools=tools)
    taken(rig, body)
    offered = rig.wire.tools(body)
    assert set(offered) == {made["name"] for made in tools}
    for made in tools:
        wanted = set(made["input_schema"].get("properties") or {})
        assert set(offered[made["name"]].get("properties") or {}) == wanted, made["name"]
    assert set(offered[PAGE["name"]]["properties"]) == NAMES


#: `parametersJsonSchema` takes ordinary JSON Schema without these.
REFUSED = ("$ref", "const")


@over("gemini")
def test_sc_1_what_gemini_refuses_is_gone(rig: Rig) -> None:
    """A reference is replaced by what it refers to, however deep, and a constant by the list of its one value."""
    schema = rig.wire.tools(rig.body(tools=[PAGE]))[PAGE["name"]]
    found = set(keywords(schema))
    assert [name for name in REFUSED if name in found] == []
    assert schema["properties"]["children"]["items"]["properties"]["text"] == {"type": "string"}
    assert schema["properties"]["parent"]["anyOf"][0]["properties"]["type"]["enum"] == ["page_id"]


def keywords(schema: Any) -> list[str]:
    """The keywords of a schema; names of properties are none."""
    if isinstance(schema, list):
        return [word for item in schema for word in keywords(item)]
    if not isinstance(schema, dict):
        return []
    found = list(schema)
    for key, value in schema.items():
        below = list(value.values()) if key in ("properties", "$defs") and isinstance(value, dict) else value
        found += [] if key in ("enum", "required", "default", "const") else keywords(below)
    return found


MOONSHOT: dict[str, Json] = {
    "untyped property": {"type": "object", "properties": {"a": {"description": "Anything."}}},
    "type beside anyOf": {
        "type": "object",
        "properties": {"a": {"type": "string", "anyOf": [{"type": "string"}, {"type": "null"}]}},
    },
    "reference with neighbours": {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/x", "description": "An x."}},
        "$defs": {"x": {"type": "string"}},
    },
    "union at the root": {
        "anyOf": [
            {"type": "object", "properties": {"a": {"type": "string"}}},
            {"type": "object", "properties": {"b": {"type": "integer"}}},
        ]
    },
    "enum without type": {"type": "object", "properties": {"a": {"enum": ["x", "y"]}}},
    "list of types": {"type": "object", "properties": {"a": {"type": ["string", "null"]}}},
    "items without type": {"type": "object", "properties": {"a": {"type": "array", "items": {}}}},
    "no type at all": {"properties": {"a": {"type": "string"}}},
    "a difficult one": PAGE["input_schema"],
}


@pytest.mark.parametrize("form", MOONSHOT)
@over("chat")
def test_sc_2_moonshots_subset(rig: Rig, form: str) -> None:
    body = rig.body(model="kimi/kimi-k2.6", tools=[{"name": "Look", "input_schema": MOONSHOT[form]}])
    taken(rig, body, "kimi/kimi-k2.6")
    schema = rig.wire.tools(body)["Look"]
    assert schema["type"] == "object"
    assert "anyOf" not in schema
    wanted = MOONSHOT[form].get("properties") or {"a": None, "b": None}
    assert set(schema["properties"]) == set(wanted)
    for name, given in schema["properties"].items():
        assert "type" in given or "anyOf" in given or list(given) == ["$ref"], name
        assert not ("type" in given and "anyOf" in given), name


BARE: dict[str, Json] = {
    "object": {"type": "object"},
    "array inside": {"type": "object", "properties": {"list": {"type": "array"}}},
    "array of arrays": {"type": "object", "properties": {"rows": {"type": "array", "items": {"type": "array"}}}},
}


@pytest.mark.parametrize("form", BARE)
@over("chat", "responses")
def test_sc_3_nothing_is_left_unsaid(rig: Rig, form: str) -> None:
    schema = rig.wire.tools(rig.body(tools=[{"name": "Look", "input_schema": BARE[form]}]))["Look"]
    for found in nodes(schema):
        if found.get("type") == "object":
            assert isinstance(found["properties"], dict)
        if found.get("type") == "array":
            assert isinstance(found["items"], dict)


def nodes(schema: Json) -> list[Json]:
    """A schema and all schemas in it."""
    inner = [*(schema.get("properties") or {}).values(), *([schema["items"]] if "items" in schema else [])]
    return [schema, *(found for part in inner for found in nodes(part))]


EMPTY: dict[str, Any] = {
    "null": {"input_schema": None},
    "absent": {},
    "empty": {"input_schema": {}},
    "no properties": {"input_schema": {"type": "object"}},
    "null properties": {"input_schema": {"type": "object", "properties": None}},
}


@pytest.mark.parametrize("form", EMPTY)
@over(*TRANSLATED)
def test_sc_4_tools_without_parameters(rig: Rig, form: str) -> None:
    tools = [{"name": "Ping", "description": "Pings.", **EMPTY[form]}, tool("Read")]
    body = rig.body(tools=tools)
    taken(rig, body)
    assert list(rig.wire.tools(body)) == ["Ping", "Read"]
    assert not (rig.wire.tools(body)["Ping"].get("properties") or {})
    for stream in (True, False):
        assert rig.says(answer(Call("Ping")), stream, tools=tools).brief == [("Ping", {})]


def test_sc_1_the_client_tools_are_real() -> None:
    """The recorded requests hold the tools that people use most."""
    assert {"Bash", "Edit", "Read", "Write"} <= {made["name"] for made in client_tools()}
