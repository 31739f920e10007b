"""Tool schemas in the dialects that vendors take.

`plain`: JSON Schema whose root is an object with properties and whose arrays have items (OpenAI, non-strict: "object
schema missing properties", "array schema missing items"). `closed`: the same without references (hosts that know no
`$defs`). `moonshot`: MFJS, see `core/schema_moonshot.py`. A dialect is one line in `DIALECTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from translators.core import schema_moonshot
from translators.core.schema_parts import Rule, Schema, Walk, object_root, without

_DOCUMENT = ("$schema", "$id", "$comment")
_DEFINITIONS = ("$defs", "definitions", "$anchor", "$dynamicAnchor", "$recursiveAnchor", *_DOCUMENT)


@dataclass(frozen=True, slots=True)
class Dialect:
    """`rule` rewrites each schema of the tree from the root down, `root` has the last word on the whole."""

    rule: Rule
    inline: bool = False
    root: Callable[[Schema], Schema] = lambda schema: schema


def _plain(schema: Schema) -> Schema:
    kind = schema.get("type")
    array = kind == "array" or (isinstance(kind, list) and "array" in kind)
    return {**schema, "items": {}} if array and "items" not in schema and "prefixItems" not in schema else schema


def _closed(schema: Schema) -> Schema:
    return _plain(without(schema, _DEFINITIONS))


DIALECTS: Mapping[str, Dialect] = {
    "plain": Dialect(_plain),
    "closed": Dialect(_closed, inline=True),
    "moonshot": Dialect(schema_moonshot.rule, inline=True, root=schema_moonshot.root),
}


def clean(schema: Mapping[str, Any] | None, dialect: str = "plain") -> Schema:
    """The schema as the vendor takes it: always an object with properties. Names of properties are never touched."""
    chosen = DIALECTS[dialect]
    source = without(schema, ("$schema",)) if isinstance(schema, Mapping) else {}
    found: Schema = Walk(source, chosen.rule, chosen.inline).visit(object_root(source))
    return chosen.root(found)
