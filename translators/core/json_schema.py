"""Tool schemas in the dialects that vendors take.

`plain`: JSON Schema whose root is an object with properties and whose arrays have items (OpenAI, non-strict: "object
schema missing properties", "array schema missing items"). `closed`: the same without references (hosts that know no
`$defs`). `moonshot`: MFJS, see `core/schema_moonshot.py`. `google` and `openapi`: see `core/schema_google.py`.
`ollama`: see `core/schema_ollama.py`. A dialect is one line in `DIALECTS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from translators.core import schema_google, schema_moonshot, schema_ollama
from translators.core.schema_parts import Rule, Schema, Walk, object_root, without

_DEFINITIONS = ("$defs", "definitions", "$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor")


@dataclass(frozen=True, slots=True)
class Dialect:
    """`rule` rewrites each schema of the tree from the root down; with `inline` it meets no references."""

    rule: Rule
    inline: bool = False


def _plain(schema: Schema) -> Schema:
    kind = schema.get("type")
    array = kind == "array" or (isinstance(kind, list) and "array" in kind)
    return {**schema, "items": {}} if array and "items" not in schema and "prefixItems" not in schema else schema


def _undefined(schema: Schema) -> Schema:
    return without(schema, _DEFINITIONS)


DIALECTS: Mapping[str, Dialect] = {
    "plain": Dialect(_plain),
    "closed": Dialect(_plain, inline=True),
    "moonshot": Dialect(schema_moonshot.rule, inline=True),
    "google": Dialect(schema_google.google, inline=True),
    "openapi": Dialect(schema_google.openapi, inline=True),
    "ollama": Dialect(schema_ollama.rule, inline=True),
}


def clean(schema: Mapping[str, Any] | None, dialect: str = "plain") -> Schema:
    """The schema as the vendor takes it: always an object with properties. Names of properties are never touched."""
    chosen = DIALECTS[dialect]
    source: Schema = without(schema, ("$schema",)) if isinstance(schema, Mapping) else {}
    if chosen.inline:
        source = Walk(source, _undefined, inline=True).whole(source)
    return {"type": "object", "properties": {}} | Walk(source, chosen.rule).whole(object_root(source))
