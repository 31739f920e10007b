"""Whether a value matches a client's schema."""

from __future__ import annotations

from typing import Any

import pytest

from app.exchange.conformity import mismatch

OBJECT = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}}},
    "required": ["title"],
    "additionalProperties": False,
    "$defs": {"tag": {"enum": ["a", "b"]}},
}
SLOW = {"pattern": "^(a+)+$"}

CASES: dict[str, tuple[Any, Any, str]] = {
    "a match": ({"title": "x", "tags": ["a"]}, OBJECT, ""),
    "nothing": ({}, OBJECT, "$ fails required"),
    "a wrong type": ({"title": 5}, OBJECT, "$.title fails type"),
    "too much": ({"title": "x", "more": 1}, OBJECT, "$ fails additionalProperties"),
    "inside": ({"title": "x", "tags": ["a", "c"]}, OBJECT, "$.tags[1] fails enum"),
    "no object": ([], OBJECT, "$ fails type"),
    "true is no number": (True, {"type": "integer"}, "$ fails type"),
    "alternatives": (5, {"anyOf": [{"type": "string"}, {"type": "null"}]}, "$ fails anyOf"),
    "no schema": (5, None, ""),
    "a schema without end": (5, {"$ref": "#"}, ""),
    "a schema elsewhere": (5, {"$ref": "http://127.0.0.1:9/schema.json"}, ""),
    "a schema that is none": (5, {"type": "strin"}, ""),
    "a slow pattern": ("a" * 40 + "!", SLOW, ""),
    "names by a slow pattern": (
        {"a" * 40 + "!": 1},
        {"patternProperties": {"^(a+)+$": {}}, "additionalProperties": False},
        "",
    ),
}


@pytest.mark.parametrize(("value", "schema", "problem"), CASES.values(), ids=CASES.keys())
def test_mismatch(value: Any, schema: Any, problem: str) -> None:
    assert mismatch(value, schema) == problem


def test_the_value_is_not_told() -> None:
    assert "secret" not in mismatch({"title": ["secret"]}, OBJECT)
