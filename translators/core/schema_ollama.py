"""Tool schemas as Ollama keeps them.

Its `api.ToolProperty` (https://github.com/ollama/ollama/blob/main/api/types.go, read 2026-11-21) has type, anyOf,
items, description, enum, properties and required. Everything else is dropped there without a word, `$ref` too, and a
schema that is a boolean cannot be read at all. So what the dropped words say is put into those that stay.
"""

from __future__ import annotations

from typing import Any

from translators.core.schema_parts import Schema, joined, members, names, only, without

KEPT = ("type", "anyOf", "items", "description", "enum", "properties", "required")


def rule(schema: Schema) -> Schema:
    """One schema of a document without references."""
    made = dict(schema)
    for part in _objects(made.get("allOf")):
        made = joined(part, made)
    if "const" in made:
        made.setdefault("enum", [made["const"]])
    made["anyOf"] = [_readable(item) for item in made.get("anyOf") or made.get("oneOf") or ()]
    made["required"] = names(made)
    if "properties" in made:
        made["properties"] = {name: _readable(item) for name, item in members(made).items()}
    empty = [key for key in ("anyOf", "required") if not made[key]]
    return only(without(made, empty), KEPT)


def _readable(schema: Any) -> Schema:
    return schema if isinstance(schema, dict) else {}


def _objects(branches: Any) -> list[Schema]:
    return [branch for branch in branches if isinstance(branch, dict)] if isinstance(branches, list) else []
