"""MFJS, the subset of JSON Schema that Moonshot takes for tools.

Source: https://github.com/MoonshotAI/walle (docs/mfjs-spec.md, docs/walle.md; read 2026-11-21) and the refusals users
report. Every schema has a type; none stands beside `anyOf`, where nothing but notes may stand; one type per schema;
enum values have one type; `required` names known properties; schemas are never booleans; `items` is one schema, not empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from translators.core.schema_parts import NOTES, Schema, joined, only, without

_UNKNOWN = frozenset(
    "$id $comment $anchor $dynamicAnchor $recursiveAnchor $defs definitions allOf oneOf const if then else not "
    "dependentSchemas dependentRequired dependencies".split()
)
#: Python type -> JSON type, in the order in which they are tried: a bool is an int, too.
_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"), (str, "string"), (int, "integer"), (float, "number"), (list, "array"), (dict, "object"),
)  # fmt: skip
#: Keyword -> the type it belongs to.
_OWNERS: Mapping[str, str] = {
    **dict.fromkeys("properties required additionalProperties patternProperties propertyNames".split(), "object"),
    **dict.fromkeys("minProperties maxProperties unevaluatedProperties".split(), "object"),
    **dict.fromkeys(
        "items prefixItems minItems maxItems uniqueItems contains minContains maxContains".split(), "array"
    ),
    **dict.fromkeys("minimum maximum exclusiveMinimum exclusiveMaximum multipleOf".split(), "number"),
    **dict.fromkeys("minLength maxLength pattern format contentEncoding contentMediaType".split(), "string"),
}
_LISTABLE = frozenset(("string", "integer", "number"))
_FITTING = {"number": ("number", "integer")}


def rule(schema: Schema) -> Schema:
    """One schema in MFJS; those inside it are given a type here, the rest of their turn comes later."""
    made = _branched(_single(_merged(schema)))
    made = made if "anyOf" in made else _typed(made)
    return _described(made)


def root(schema: Schema) -> Schema:
    """The whole schema: an object, always with properties."""
    return {**schema, "properties": schema.get("properties", {})}


def _merged(schema: Schema) -> Schema:
    """`allOf` merged, `oneOf` taken as `anyOf`, `const` as an enum of one."""
    made = without(schema, _UNKNOWN)
    for part in _schemas(schema.get("allOf")):
        made = joined(_merged(part), made)
    if "oneOf" in schema and "anyOf" not in made:
        made["anyOf"] = schema["oneOf"]
    if "const" in schema and "enum" not in made:
        made["enum"] = [schema["const"]]
    return made


def _single(schema: Schema) -> Schema:
    """Several types, or null among enum values, become branches with one type each."""
    kinds = list(dict.fromkeys(schema["type"])) if isinstance(schema.get("type"), list) else []
    if not kinds:
        kinds = [schema["type"]] if isinstance(schema.get("type"), str) else _nullable_kinds(schema)
    if "anyOf" in schema or not kinds:
        return without(schema, ("type",)) if len(kinds) > 1 else schema
    if len(kinds) == 1:
        return {**schema, "type": kinds[0]}
    notes = only(schema, NOTES)
    return {**notes, "anyOf": [_of_kind(without(schema, NOTES), kind) for kind in kinds]}


def _nullable_kinds(schema: Schema) -> list[str]:
    kinds = _kinds(schema.get("enum"))
    return kinds if len(kinds) == 2 and "null" in kinds else []


def _of_kind(schema: Schema, kind: str) -> Schema:
    """The part of a schema that concerns one type."""
    fitting = _FITTING.get(kind, (kind,))
    made = {key: value for key, value in schema.items() if _OWNERS.get(key, kind) in (*fitting, _owner(kind))}
    if isinstance(made.get("enum"), list):
        made["enum"] = [value for value in made["enum"] if _kind(value) in fitting]
    return {**made, "type": kind}


def _owner(kind: str) -> str:
    return "number" if kind == "integer" else kind


def _branched(schema: Schema) -> Schema:
    """What stands beside `anyOf` moves into its branches; a branch of another type than the parent's is dropped."""
    branches = _schemas(schema.get("anyOf"))
    if not branches:
        return without(schema, ("anyOf",))
    notes = only(schema, NOTES)
    shared = without(schema, {*NOTES, "anyOf"})
    kind = shared.get("type")
    kept = [branch for branch in branches if kind is None or branch.get("type", kind) == kind]
    made = [joined(shared, branch) for branch in kept]
    if not made:
        return {**notes, **shared}
    return {**notes, "anyOf": made} if len(made) > 1 else _single(_merged({**notes, **made[0]}))


def _typed(schema: Schema) -> Schema:
    """A type for a schema that names none, and an enum that Moonshot takes or none at all."""
    kinds = _kinds(schema.get("enum"))
    made = dict(schema)
    if not isinstance(made.get("type"), str):
        made["type"] = kinds[0] if len(kinds) == 1 else _guessed(schema)
    fitting = _FITTING.get(made["type"], (made["type"],))
    if "enum" in made:
        made["enum"] = [value for value in made["enum"] if _kind(value) in fitting] if len(kinds) < 3 else []
        mixed = len(kinds) > 1 and not set(kinds) <= {"integer", "number"}
        if mixed or not made["enum"] or made["type"] not in _LISTABLE:
            del made["enum"]
    return made


def _guessed(schema: Schema) -> str:
    """The type that the other keywords belong to; a string when nothing tells."""
    return next((_OWNERS[key] for key in schema if key in _OWNERS), "string")


def _described(schema: Schema) -> Schema:
    """The keywords of objects and arrays in the form that Moonshot takes."""
    made = dict(schema)
    if isinstance(made.get("properties"), Mapping):
        made["properties"] = {name: _object(item) for name, item in made["properties"].items()}
    if "required" in made:
        known = made.get("properties") or {}
        made["required"] = [name for name in made["required"] if name in known] if _is_list(made["required"]) else []
        if not made["required"]:
            del made["required"]
    if _is_list(made.get("items")):
        made["prefixItems"] = [_object(item) for item in made.pop("items")]
    if "items" in made and not _object(made["items"]):
        del made["items"]
    return made


def _object(schema: Any) -> Mapping[str, Any]:
    return schema if isinstance(schema, Mapping) else {}


def _schemas(found: Any) -> list[Schema]:
    return [dict(_object(item)) for item in found] if isinstance(found, list) else []


def _is_list(found: Any) -> bool:
    return isinstance(found, list)


def _kinds(values: Any) -> list[str]:
    """The types of enum values in order of appearance."""
    return list(dict.fromkeys(map(_kind, values))) if isinstance(values, list) else []


def _kind(value: Any) -> str:
    return next((name for python, name in _TYPES if isinstance(value, python)), "null")
