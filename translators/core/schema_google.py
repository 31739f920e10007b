"""The two forms in which Gemini takes schemas.

`google` is for `parametersJsonSchema` and `responseJsonSchema`: JSON Schema without references (nothing may stand
beside `$ref`), with `const` as an enum of one and one type, or one and null, to a schema. `openapi` is for
`parameters`, the subset of OpenAPI 3.0 that older models and gateways know; any other keyword is a 400 "Unknown name".

Source: https://ai.google.dev/gemini-api/docs/function-calling, https://ai.google.dev/api/caching#Schema (read
2026-11-21).
"""

from __future__ import annotations

from typing import Any

from translators.core import schema_moonshot
from translators.core.schema_parts import Schema, members, names, only, without

_DEFINITIONS = ("$schema", "$id", "$defs", "definitions", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$comment")
#: The fields of the `Schema` message that describe and limit values.
_KNOWN = frozenset(
    [
        *("type", "format", "title", "description", "nullable", "enum", "items", "properties", "required", "anyOf"),
        *("minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength", "pattern"),
        *("minimum", "maximum"),
    ]
)
#: Type -> the formats that it may have; any other is a 400.
_FORMATS = {
    "string": frozenset({"enum", "date-time"}),
    "integer": frozenset({"int32", "int64"}),
    "number": frozenset({"float", "double"}),
}


def google(schema: Schema) -> Schema:
    """One schema for `parametersJsonSchema`."""
    made = without(schema, _DEFINITIONS)
    if "const" in made:
        made = {**without(made, ("const",)), "enum": [made["const"]]}
    if made.get("enum") == [] or made.get("enum") == [""]:
        made = without(made, ("enum",))
    kinds = made.get("type")
    if not isinstance(kinds, list) or len([kind for kind in kinds if kind != "null"]) < 2 or "anyOf" in made:
        return made
    return {**without(made, ("type",)), "anyOf": [{"type": kind} for kind in kinds]}


def openapi(schema: Schema) -> Schema:
    """One schema for `parameters`."""
    made = _nullable(schema_moonshot.rule(schema))
    made = _enumerated(only(made, [key for key in made if key in _KNOWN]))
    if made.get("format") not in _FORMATS.get(str(made.get("type")), frozenset()):
        made = without(made, ("format",))
    return _object(made) if made.get("type") == "object" else made


def _nullable(schema: Schema) -> Schema:
    """Null among the alternatives as a flag; a single alternative takes the place of the choice."""
    branches = schema.get("anyOf") or []
    if not any(_is_null(branch) for branch in branches):
        return schema
    rest = [branch for branch in branches if not _is_null(branch)]
    made = {**without(schema, ("anyOf",)), "nullable": True}
    return {**made, **rest[0]} if len(rest) == 1 else {**made, "anyOf": rest}


def _is_null(branch: Schema) -> bool:
    return branch.get("type") == "null"


def _enumerated(schema: Schema) -> Schema:
    """Enums hold texts only, and no empty ones; other values are named in the description."""
    values = schema.get("enum")
    if not isinstance(values, list):
        return schema
    texts = [value for value in values if isinstance(value, str) and value]
    if texts and schema.get("type", "string") == "string":
        return {**schema, "enum": texts}
    return _noted(without(schema, ("enum",)), values)


def _noted(schema: Schema, values: list[Any]) -> Schema:
    """The schema with the values in words."""
    words = ", ".join(str(value) for value in values if value != "")
    note = f"One of: {words}." if words else ""
    return {**schema, "description": " ".join(filter(None, (schema.get("description"), note)))} if note else schema


def _object(schema: Schema) -> Schema:
    """No empty `properties`, and only known names in `required`."""
    known = members(schema)
    needed = [name for name in names(schema) if name in known]
    rest = without(schema, ("properties", "required"))
    return {**rest, **({"properties": known} if known else {}), **({"required": needed} if needed else {})}
