"""Pieces of the input schemas that Rialto writes for tools which come without one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Schema = dict[str, Any]


def schema(required: Iterable[str], **properties: Schema) -> Schema:
    """An object schema."""
    return {"type": "object", "properties": properties, "required": list(required)}


def text(description: str) -> Schema:
    """A string property."""
    return {"type": "string", "description": description}


def whole(description: str) -> Schema:
    """A property that is a whole number."""
    return {"type": "integer", "description": description}


def one_of(*values: str) -> Schema:
    """A string property with fixed values."""
    return {"type": "string", "enum": list(values)}


def numbers(count: int) -> Schema:
    """A property with so many whole numbers."""
    return {"type": "array", "items": {"type": "integer"}, "minItems": count, "maxItems": count}
