"""MFJS, the subset of JSON Schema that Moonshot takes for tools.

Source: https://github.com/MoonshotAI/walle (docs/mfjs-spec.md, docs/walle.md; read 2026-11-21) and the refusals users
report. Every schema has a type; none stands beside `anyOf`, where nothing but notes may stand; one type per schema;
enum values have one type; `required` names known properties; schemas are never booleans; `items` is one schema and not
empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from translators.core.schema_parts import NOTES, Schema, joined, members, names, only, without

_UNKNOWN = frozenset(
    [
        "$id",
        "$comment",
        "$anchor",
        "$dynamicAnchor",
        "$recursiveAnchor",
        "$defs",
        "definitions",
        "allOf",
        "oneOf",
        "const",
        "if",
        "then",
        "else",
        "not",
        "dependentSchemas",
        "dependentRequired",
        "dependencies",
    ]
)
#: Python type -> JSON type, in the order in which they are tried: a bool is an int, too.
_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"), (str, "string"), (int, "integer"), (float, "number"), (list, "array"), (dict, "object"),
)  # fmt: skip
#: Keyword -> the type it belongs to.
_OWNERS: Mapping[str, str] = {
    **dict.fromkeys(["properties", "required", "additionalProperties", "patternProperties", "propertyNames"], "object"),
    **dict.fromkeys(["minProperties", "maxProperties", "unevaluatedProperties"], "object"),
    **dict.fromkeys(
        ["items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains", "minContains", "maxContains"],
        "array",
    ),
    **dict.fromkeys(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"], "number"),
    **dict.fromkeys(["minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType"], "string"),
}
_KINDS = frozenset([name for _, name in _TYPES] + ["null"])
_LISTABLE = frozenset(("string", "integer", "number"))
_FITTING = {"number": ("number", "integer")}


def rule(schema: Schema) -> Schema:
    """One schema in MFJS. Those inside it are brought to objects here and get their own turn later."""
    made = _branched(_single(_merged(schema)))
    return _described(made if "anyOf" in made else _typed(made))


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
    kinds = _declared(schema)
    if len(kinds) == 1:
        return {**schema, "type": kinds[0]}
    if not kinds or "anyOf" in schema:
        return without(schema, ("type",))
    notes = only(schema, NOTES)
    return {**notes, "anyOf": [_of_kind(without(schema, NOTES), kind) for kind in kinds]}


def _declared(schema: Schema) -> list[str]:
    """The legal types that a schema names, or those of an enum of one type and null."""
    found = schema.get("type")
    kinds = [
        kind for kind in (found if isinstance(found, list) else [found]) if isinstance(kind, str) and kind in _KINDS
    ]
    if not kinds and len(values := _kinds(schema.get("enum"))) == 2 and "null" in values:
        kinds = values
    return list(dict.fromkeys(kinds))


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
    branches = [leaf for branch in _schemas(schema.get("anyOf")) for leaf in _leaves(branch)]
    notes, shared = only(schema, NOTES), without(schema, {*NOTES, "anyOf"})
    kind = shared.get("type")
    made = [joined(shared, branch) for branch in branches if kind is None or _agrees(branch, kind)]
    if len(made) > 1:
        return {**notes, "anyOf": made}
    return _branched(_single(_merged({**notes, **made[0]}))) if made else {**notes, **shared}


def _leaves(branch: Schema) -> list[Schema]:
    """The alternatives inside an alternative, which would have no type of its own; without some, itself."""
    made = _single(_merged(branch))
    inner, outer = _schemas(made.get("anyOf")), without(made, ("anyOf",))
    return [leaf for one in inner for leaf in _leaves(joined(outer, one))] if inner else [branch]


def _agrees(branch: Schema, kind: str) -> bool:
    """Whether a branch leaves room for the type."""
    kinds = _declared(branch)
    return not kinds or kind in kinds or _owner(kind) in map(_owner, kinds)


def _typed(schema: Schema) -> Schema:
    """A type for a schema that names none, and an enum that Moonshot takes or none at all."""
    made, values = without(schema, ("enum",)), schema.get("enum")
    kinds = _kinds(values)
    mixed = False
    if "type" not in made:
        made["type"] = _shared_kind(kinds) or _guessed(made)
        mixed = not _shared_kind(kinds)
    fitting = _FITTING.get(made["type"], (made["type"],))
    kept = [value for value in values if _kind(value) in fitting] if isinstance(values, list) and not mixed else []
    return {**made, "enum": kept} if kept and made["type"] in _LISTABLE else made


def _shared_kind(kinds: list[str]) -> str:
    """The one type of enum values, or "" when they differ."""
    if kinds and set(kinds) <= {"integer", "number"}:
        return "integer" if kinds == ["integer"] else "number"
    return kinds[0] if len(kinds) == 1 else ""


def _guessed(schema: Schema) -> str:
    """The type that the other keywords belong to; a string when nothing tells."""
    return next((_OWNERS[key] for key in schema if key in _OWNERS), "string")


def _described(schema: Schema) -> Schema:
    """The keywords of objects and arrays in the form that Moonshot takes."""
    made = {key: _FORMS[key](value) if key in _FORMS else value for key, value in schema.items()}
    if isinstance(made.get("items"), list):
        made["prefixItems"] = [_object(item) for item in made.pop("items")]
    needed = [name for name in names(made) if name in members(made)]
    made = without(made, [key for key in ("items", "required") if not made.get(key)])
    return {**made, "required": needed} if needed else without(made, ("required",))


def _object(schema: Any) -> Mapping[str, Any]:
    """A schema that is no boolean."""
    return schema if isinstance(schema, Mapping) else {}


def _properties(found: Any) -> Mapping[str, Any]:
    return {name: _object(schema) for name, schema in _object(found).items()}


def _rest(found: Any) -> Any:
    """`additionalProperties`: only a schema that says something is one."""
    return found if isinstance(found, bool) or (isinstance(found, Mapping) and without(found, NOTES)) else True


_FORMS: Mapping[str, Callable[[Any], Any]] = {
    "properties": _properties,
    "additionalProperties": _rest,
    "items": lambda found: found if isinstance(found, list) else _object(found),
}


def _schemas(found: Any) -> list[Schema]:
    return [dict(_object(item)) for item in found] if isinstance(found, list) else []


def _kinds(values: Any) -> list[str]:
    """The types of enum values in order of appearance."""
    return list(dict.fromkeys(map(_kind, values))) if isinstance(values, list) else []


def _kind(value: Any) -> str:
    return next((name for python, name in _TYPES if isinstance(value, python)), "null")
