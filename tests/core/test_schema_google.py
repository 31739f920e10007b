"""The dialects for Gemini: nothing it refuses, and no property lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from translators.core.json_schema import clean

Json = dict[str, Any]

TRICKY: Json = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "$defs": {"size": {"type": "integer", "exclusiveMinimum": 0}},
    "properties": {
        "properties": {"type": "object", "propertyNames": {"pattern": "x"}, "patternProperties": {"a": {}}},
        "const": {"const": "k"},
        "enum": {"type": "string", "enum": ["", "a"]},
        "number": {"type": "integer", "enum": [1, 2]},
        "size": {"$ref": "#/$defs/size", "description": "How big."},
        "either": {"oneOf": [{"type": "string", "format": "uri"}, {"type": "number"}]},
        "maybe": {"type": ["string", "null"]},
        "union": {"type": ["string", "integer"]},
        "list": {"type": "array"},
        "anything": True,
        "both": {"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}}, {"required": ["a", "b"]}]},
        "nothing": {"type": "null"},
        "optional": {"enum": ["x", None]},
    },
    "required": ["size", "gone"],
}
OPENAPI = {
    *("type", "format", "title", "description", "nullable", "enum", "items", "properties", "required", "anyOf"),
    *("minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength", "pattern"),
    *("minimum", "maximum"),
}


def schemas(schema: Any) -> Iterator[Json]:
    """Every schema inside a schema."""
    if not isinstance(schema, dict):
        raise AssertionError(f"{schema!r} is no schema")
    yield schema
    for item in (schema.get("properties") or {}).values():
        yield from schemas(item)
    for item in schema.get("anyOf") or ():
        yield from schemas(item)
    if "items" in schema:
        yield from schemas(schema["items"])


@pytest.mark.parametrize("dialect", ["google", "openapi"])
def test_every_property_stays(dialect: str) -> None:
    assert set(clean(TRICKY, dialect)["properties"]) == set(TRICKY["properties"])


def test_openapi_holds_known_keywords_only() -> None:
    for schema in schemas(clean(TRICKY, "openapi")):
        assert schema.keys() <= OPENAPI
        assert isinstance(schema.get("type"), str) != ("anyOf" in schema), schema
        assert all(isinstance(value, str) and value for value in schema.get("enum", ()))
        assert set(schema.get("required", ())) <= set(schema.get("properties", ()))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("const", {"type": "string", "enum": ["k"]}),
        ("enum", {"type": "string", "enum": ["a"]}),
        ("number", {"type": "integer", "description": "One of: 1, 2."}),
        ("maybe", {"type": "string", "nullable": True}),
        ("nothing", {"type": "null"}),
        ("optional", {"type": "string", "nullable": True, "enum": ["x"]}),
        ("union", {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ("either", {"anyOf": [{"type": "string"}, {"type": "number"}]}),
        ("both", {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}),
    ],
)
def test_openapi(name: str, expected: Json) -> None:
    assert clean(TRICKY, "openapi")["properties"][name] == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("const", {"enum": ["k"]}),
        ("size", {"type": "integer", "exclusiveMinimum": 0, "description": "How big."}),
        ("maybe", {"type": ["string", "null"]}),
        ("union", {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ("number", {"type": "integer", "enum": [1, 2]}),
        ("anything", True),
    ],
)
def test_google(name: str, expected: Any) -> None:
    assert clean(TRICKY, "google")["properties"][name] == expected


def test_google_has_no_references() -> None:
    loop: Json = {"type": "object", "properties": {"next": {"$ref": "#"}}}
    for schema in (TRICKY, loop):
        text = str(clean(schema, "google"))
        assert "$ref" not in text and "$defs" not in text and "$schema" not in text


def test_empty_enums_say_nothing() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "enum": []}}}
    for dialect in ("google", "openapi"):
        assert clean(schema, dialect)["properties"]["a"] == {"type": "string"}
