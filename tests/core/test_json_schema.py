"""Tool schemas: what each dialect promises, whatever comes in."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translators.core.json_schema import DIALECTS, clean
from translators.core.schema_parts import ALONE, LISTED, NAMED

KINDS = ["string", "integer", "number", "boolean", "null", "array", "object"]
NODE = {
    "type": "object",
    "properties": {"value": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}},
    "required": ["value"],
}


def nodes(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Every schema inside a schema."""
    if not isinstance(schema, Mapping):
        return
    yield schema
    for key, value in schema.items():
        if key in LISTED and isinstance(value, list):
            inner = value
        elif key in NAMED and isinstance(value, Mapping):
            inner = list(value.values())
        else:
            inner = [value] if key in ALONE else []
        for item in inner:
            yield from nodes(item)


def prop(schema: Any, dialect: str, **root: Any) -> Any:
    """What becomes of a single property."""
    return clean({"type": "object", "properties": {"p": schema}, **root}, dialect)["properties"]["p"]


leaves = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.floats(allow_nan=False), st.text(max_size=4))
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3), max_leaves=4)
references = st.sampled_from(
    ["#", "#/$defs/A", "#/$defs/B", "#/properties/a", "#/gone", "https://example.invalid/x", 5]
)


def level(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.one_of(st.lists(inner, max_size=3), values)
    named = st.one_of(st.dictionaries(st.sampled_from(["a", "b", "type", "items", "$ref"]), inner, max_size=3), values)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.one_of(st.sampled_from(KINDS), st.lists(st.sampled_from(KINDS), max_size=3), values),
            "properties": named,
            "$defs": st.dictionaries(st.sampled_from(["A", "B"]), inner, max_size=2),
            "required": st.one_of(st.lists(st.sampled_from(["a", "b", "c"]), max_size=3), values),
            "items": st.one_of(inner, several),
            "additionalProperties": inner,
            "anyOf": several,
            "oneOf": several,
            "allOf": several,
            "enum": values,
            "const": values,
            "$ref": references,
            "description": leaves,
            "minLength": leaves,
        },
    )


schemas = st.recursive(st.one_of(st.booleans(), st.just({}), leaves), level, max_leaves=12)
roots = level(schemas)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "schema", [None, {}, {"type": "object"}, {"type": "object", "properties": None}, {"type": "string"}]
)
def test_a_tool_without_parameters_is_an_object_with_properties(dialect: str, schema: Any) -> None:
    assert clean(schema, dialect) == {"type": "object", "properties": {}}


@pytest.mark.parametrize("dialect", DIALECTS)
@settings(max_examples=120, deadline=None)
@given(schema=roots)
def test_any_schema_becomes_an_object_and_the_input_stays(dialect: str, schema: dict[str, Any]) -> None:
    before = copy.deepcopy(schema)
    found = clean(schema, dialect)
    assert schema == before
    assert found["type"] == "object"
    assert isinstance(found["properties"], dict)
    assert not {"$schema", "anyOf", "oneOf", "allOf", "enum", "not"} & set(found)
    assert found == clean(schema, dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_property_names_that_look_like_keywords_stay(dialect: str) -> None:
    inner = {
        name: {"type": "string"} for name in ("type", "items", "required", "$ref", "anyOf", "$schema", "enum", "not")
    }
    schema = {"type": "object", "properties": {**inner, "properties": {"type": "object", "properties": dict(inner)}}}
    found = clean({**schema, "required": list(inner)}, dialect)
    assert set(found["properties"]) == {*inner, "properties"}
    assert found["properties"]["properties"]["properties"] == inner
    assert found["required"] == list(inner)


def test_plain_keeps_what_openai_ignores() -> None:
    schema = {
        "type": "object",
        "properties": {"when": {"type": "string", "format": "date-time"}, "r": {"$ref": "#/$defs/R"}},
        "required": ["when"],
        "additionalProperties": False,
        "$defs": {"R": {"type": "object", "propertyNames": {"type": "string"}}},
    }
    assert clean({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}) == schema


@pytest.mark.parametrize("kind", ["array", ["array", "null"]])
def test_arrays_get_items(kind: Any) -> None:
    assert prop({"type": kind}, "plain")["items"] == {}
    assert prop({"type": "object", "properties": {"x": {"type": kind}}}, "plain")["properties"]["x"]["items"] == {}
    assert prop({"type": kind, "items": None}, "plain")["items"] == {}
    assert "items" not in prop({"type": kind, "prefixItems": [{}]}, "plain")


def test_null_values_survive_where_they_mean_something() -> None:
    assert prop({"default": None, "const": None, "enum": None}, "plain") == {"default": None, "const": None}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("combiner", ["anyOf", "oneOf"])
def test_alternatives_at_the_root_become_one_object(dialect: str, combiner: str) -> None:
    first = {"properties": {"kind": {"const": "a"}, "n": {"type": "integer"}}, "required": ["kind", "n"]}
    second = {"type": "object", "properties": {"kind": {"const": "b"}, "n": {"type": "string"}}, "required": ["kind"]}
    found = clean({combiner: [first, second, {"type": "string"}], "properties": {"own": {"type": "null"}}}, dialect)
    assert found["properties"]["kind"]["enum"] == ["a", "b"]
    assert found["properties"]["n"] == {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    assert found["properties"]["own"] == {"type": "null"}
    assert found["required"] == ["kind"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_parts_at_the_root_are_merged_through_references(dialect: str) -> None:
    base = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    more = {"properties": {"b": {"type": "string"}}, "required": ["b"]}
    found = clean({"allOf": [{"$ref": "#/$defs/Base"}, more], "$defs": {"Base": base}}, dialect)
    assert set(found["properties"]) == {"a", "b"}
    assert found["required"] == ["b", "a"] or found["required"] == ["a", "b"]


def test_a_reference_at_the_root_is_followed() -> None:
    found = clean({"$ref": "#/$defs/Node", "$defs": {"Node": NODE}})
    assert found["type"] == "object"
    assert found["properties"] == NODE["properties"]
    assert found["$defs"] == {"Node": NODE}


@pytest.mark.parametrize("dialect", ["closed", "moonshot"])
@settings(max_examples=120, deadline=None)
@given(schema=roots)
def test_closed_dialects_have_no_references(dialect: str, schema: dict[str, Any]) -> None:
    for node in nodes(clean(schema, dialect)):
        assert not {"$ref", "$defs", "definitions"} & set(node)


def test_recursion_ends_in_a_plain_object() -> None:
    found = prop({"$ref": "#/$defs/Node"}, "closed", **{"$defs": {"Node": NODE}})
    assert found["properties"]["next"] == {"anyOf": [{"type": "object"}, {"type": "null"}]}
    assert found["required"] == ["value"]


def test_words_beside_a_reference_win() -> None:
    definitions = {"$defs": {"a/b": {"type": "string", "description": "theirs"}}}
    assert prop({"$ref": "#/$defs/a~1b", "description": "ours"}, "closed", **definitions) == {
        "type": "string",
        "description": "ours",
    }


def test_references_that_double_at_every_step_stay_small() -> None:
    definitions = {
        f"d{n}": {"type": "object", "properties": {side: {"$ref": f"#/$defs/d{n + 1}"} for side in "lr"}}
        for n in range(40)
    }
    found = prop({"$ref": "#/$defs/d0"}, "closed", **{"$defs": definitions})
    assert sum(1 for _ in nodes(found)) < 100_000


def test_endless_nesting_is_cut() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(5000):
        schema = {"type": "array", "items": schema}
    for dialect in DIALECTS:
        assert prop(schema, dialect)["type"] == "array"


def problems(schema: dict[str, Any]) -> Iterator[str]:
    """What Moonshot's validator would refuse."""
    for node in nodes(schema):
        kind = node.get("type")
        if "anyOf" in node:
            if set(node) - {"anyOf", "description", "title", "default", "examples"}:
                yield f"beside anyOf: {sorted(node)}"
        elif kind not in KINDS:
            yield f"type {kind!r}"
        if "enum" in node:
            types = {"number" if isinstance(value, int | float) else type(value).__name__ for value in node["enum"]}
            if (
                len(types) != 1
                or not types <= {"number", "str"}
                or any(isinstance(value, bool) for value in node["enum"])
            ):
                yield f"enum {node['enum']}"
        if any(not isinstance(item, Mapping) for item in node.get("properties", {}).values()):
            yield "a property that is no object"
        if not set(node.get("required", ())) <= set(node.get("properties", ())):
            yield "required names an unknown property"
        if "items" in node and not (isinstance(node["items"], Mapping) and node["items"]):
            yield f"items {node['items']}"


@settings(max_examples=250, deadline=None)
@given(schema=roots)
def test_moonshot_refuses_nothing(schema: dict[str, Any]) -> None:
    assert list(problems(clean(schema, "moonshot"))) == []


@pytest.mark.parametrize(
    ("given_schema", "wanted"),
    [
        ({"enum": ["a", "b"]}, {"type": "string", "enum": ["a", "b"]}),
        ({"enum": [1, 2]}, {"type": "integer", "enum": [1, 2]}),
        ({"enum": [1, 2.5]}, {"type": "number", "enum": [1, 2.5]}),
        ({"enum": ["a", 1], "description": "d"}, {"type": "string", "description": "d"}),
        ({"type": "string", "enum": ["a", 1]}, {"type": "string", "enum": ["a"]}),
        ({"enum": ["a", None]}, {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}),
        ({"const": "x"}, {"type": "string", "enum": ["x"]}),
        ({"const": True}, {"type": "boolean"}),
        ({}, {"type": "string"}),
        (True, {"type": "string"}),
        ({"properties": {}}, {"type": "object", "properties": {}}),
        ({"items": {"type": "string"}}, {"type": "array", "items": {"type": "string"}}),
        ({"minimum": 1}, {"type": "number", "minimum": 1}),
        ({"type": "array", "items": {}}, {"type": "array"}),
        (
            {"type": "array", "items": [{"type": "string"}, {}]},
            {"type": "array", "prefixItems": [{"type": "string"}] * 2},
        ),
        ({"type": "object", "additionalProperties": {}}, {"type": "object", "additionalProperties": True}),
        ({"allOf": [{"type": "string"}, {"minLength": 1}]}, {"type": "string", "minLength": 1}),
        (
            {"type": ["string", "null"], "minLength": 1, "description": "d"},
            {"description": "d", "anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}]},
        ),
        (
            {"type": "string", "anyOf": [{"minLength": 1}, {"maxLength": 9}, {"type": "integer"}]},
            {"anyOf": [{"type": "string", "minLength": 1}, {"type": "string", "maxLength": 9}]},
        ),
        (
            {"oneOf": [{"type": "string"}, {"const": 3}]},
            {"anyOf": [{"type": "string"}, {"type": "integer", "enum": [3]}]},
        ),
        (
            {"type": "object", "properties": {"x": {"type": "string"}}, "anyOf": [{"required": ["x"]}]},
            {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]},
        ),
        ({"type": "object", "required": ["gone"], "if": {}, "then": {}}, {"type": "object"}),
        ({"$ref": "#/$defs/T", "description": "d"}, {"type": "integer", "description": "d"}),
    ],
)
def test_moonshot_form(given_schema: Any, wanted: Any) -> None:
    assert prop(given_schema, "moonshot", **{"$defs": {"T": {"type": "integer", "description": "theirs"}}}) == wanted


def test_alternatives_of_alternatives_lie_side_by_side() -> None:
    inner = {"description": "d", "oneOf": [{"type": ["integer", "null"]}, {"anyOf": [{"type": "boolean"}]}]}
    made = clean({"type": "object", "properties": {"a": {"anyOf": [{"type": "string"}, inner]}}}, "moonshot")
    options = made["properties"]["a"]["anyOf"]
    assert [option["type"] for option in options] == ["string", "integer", "null", "boolean"]
    assert not any("anyOf" in option for option in options)


def test_notes_keep_their_order() -> None:
    notes = {"title": "t", "examples": [], "description": "d", "default": 1}
    for order in (list(notes), list(reversed(notes))):
        schema = {name: notes[name] for name in order}
        made = clean({"properties": {"a": {**schema, "type": ["string", "integer"]}}}, "moonshot")
        assert [name for name in made["properties"]["a"] if name in notes] == order
