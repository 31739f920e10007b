"""A strategy for tool schemas: JSON Schema as generators write it, with references, recursion and odd names."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.fuzz.words import KEYS, NUMBERS, TEXTS, VALUES

Json = dict[str, Any]

KINDS = ("string", "integer", "number", "boolean", "null", "array", "object")
TYPES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(KINDS), st.lists(st.sampled_from(KINDS), min_size=1, max_size=3, unique=True)
)
REFERENCES = st.sampled_from(
    (
        *("#/$defs/a", "#/$defs/b", "#/definitions/a", "#", "#/", "#/properties/a", "#/properties/a/items"),
        *("#/$defs/none", "https://example.com/schema.json", "other.json#/a", "#a", "#/$defs/~0~1", ""),
    )
)
#: Keywords beside a type, with values of the right form.
NOTES: dict[str, st.SearchStrategy[Any]] = {
    "type": TYPES,
    "description": TEXTS,
    "title": TEXTS,
    "default": VALUES,
    "examples": st.lists(VALUES, max_size=2),
    "enum": st.lists(st.one_of(TEXTS, st.none(), st.integers(0, 5), st.booleans()), max_size=4),
    "const": VALUES,
    "format": st.sampled_from(("date-time", "uri", "int32", "enum", "email", "binary")),
    "pattern": st.sampled_from(("^a+$", "\\d{3}", "(?<=x)y", "")),
    "minLength": st.integers(0, 3),
    "maxItems": st.integers(0, 9),
    "minimum": NUMBERS,
    "exclusiveMinimum": NUMBERS,
    "uniqueItems": st.booleans(),
    "nullable": st.booleans(),
    "readOnly": st.booleans(),
    "deprecated": st.booleans(),
    "$comment": TEXTS,
    "x-order": st.integers(0, 9),
}
LEAVES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(({"type": "string"}, {"type": "integer"}, {}, True, {"type": ["string", "null"]}, {"type": None})),
    st.fixed_dictionaries({}, optional=NOTES),
    st.builds(lambda kind, notes: {**notes, "type": kind}, TYPES, st.fixed_dictionaries({}, optional=NOTES)),
    st.builds(lambda reference, notes: {"$ref": reference, **notes}, REFERENCES, st.sampled_from(({}, {"title": "t"}))),
)


def compound(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Schemas that hold schemas."""
    several = st.lists(inner, min_size=1, max_size=3)
    parts: dict[str, st.SearchStrategy[Any]] = {
        "type": TYPES,
        "items": st.one_of(inner, several),
        "prefixItems": several,
        "additionalProperties": st.one_of(st.booleans(), inner),
        "patternProperties": st.dictionaries(st.sampled_from(("^a", ".*")), inner, max_size=1),
        "propertyNames": inner,
        "not": inner,
        "if": inner,
        "then": inner,
        "dependentSchemas": st.dictionaries(KEYS, inner, max_size=1),
        "anyOf": several,
        "oneOf": several,
        "allOf": several,
        "description": TEXTS,
    }
    return st.one_of(
        objects(inner),
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(lambda key, branches: {key: branches}, st.sampled_from(("anyOf", "oneOf", "allOf")), several),
        st.fixed_dictionaries({}, optional=parts),
    )


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> Json:
    """An object with properties, some of them required, perhaps one that nobody knows."""
    made: Json = {"type": "object", "properties": draw(st.dictionaries(KEYS, inner, max_size=3))}
    if draw(st.booleans()):
        known = [*made["properties"], "unknown"]
        made["required"] = draw(st.lists(st.sampled_from(known), unique=True, max_size=3))
    if draw(st.booleans()):
        made["additionalProperties"] = draw(st.one_of(st.booleans(), inner))
    return made


SCHEMAS = st.recursive(LEAVES, compound, max_leaves=5)


@st.composite
def roots(draw: st.DrawFn) -> Json:
    """The schema of a tool: an object as a rule, with definitions that may contain themselves."""
    made: Json = draw(st.one_of(objects(SCHEMAS), objects(SCHEMAS), SCHEMAS.filter(lambda one: isinstance(one, dict))))
    made = dict(made)
    if draw(st.booleans()):
        made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    if draw(st.booleans()):
        place = draw(st.sampled_from(("$defs", "definitions")))
        made[place] = draw(st.dictionaries(st.sampled_from(("a", "b", "~/")), SCHEMAS, max_size=2))
    return made
