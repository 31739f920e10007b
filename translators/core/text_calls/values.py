"""Parameter values that a model wrote as bare text, given the types that the tool's schema asks for.

A text that cannot be read as the type stays a text: the client tells the model what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from translators.core.lenient import repair, strict
from translators.core.schema_parts import References

_DEPTH = 8
_WORDS: dict[str, bool | None] = {"True": True, "False": False, "None": None}
_KINDS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "null": lambda value: value is None,
}


def typed(text: str, name: str, schema: Mapping[str, Any], string: bool | None = None) -> Any:
    """The value of the property `name` of a tool's `schema`. `string`: what the model says of it, None for nothing.

    A string stays a string, whatever it looks like; only where it may also be an object, an array or null, and looks
    like one, it is that.
    """
    rule = (schema.get("properties") or {}).get(name)
    kinds = frozenset(kinds_of(rule, References(schema)))
    if string and (not kinds or "string" in kinds):
        return text
    try:
        value = parsed(text.strip())
    except ValueError:
        return text
    if not kinds:
        return value
    if "string" in kinds and string is None and not isinstance(value, dict | list | None):
        return text
    return matching(value, kinds, text)


def matching(value: Any, kinds: frozenset[str], text: str) -> Any:
    """The value if the schema takes it, a float without fraction as an integer; else the text."""
    if any(_KINDS[kind](value) for kind in kinds):
        return value
    if "integer" in kinds and isinstance(value, float) and value.is_integer():
        return int(value)
    return text


def parsed(text: str) -> Any:
    """The JSON value, also one that is nearly JSON. Raises ValueError."""
    if text in _WORDS:
        return _WORDS[text]
    try:
        return strict(text)
    except ValueError:
        found = repair(f'{{"value":{text}}}', cut=True) if text[:1] in ("{", "[") else None
        if not found:
            raise
        return found["value"]


def kinds_of(rule: Any, references: References, depth: int = _DEPTH) -> Iterator[str]:
    """The JSON types that a schema allows; none when it does not say."""
    if not isinstance(rule, Mapping) or not depth:
        return
    given = rule.get("type")
    yield from (kind for kind in (given if isinstance(given, list) else [given]) if kind in _KINDS)
    if rule.get("nullable") is True:
        yield "null"
    if given is None:
        yield from implied(rule)
    for branch in [references.target(rule.get("$ref")), *branches(rule)]:
        yield from kinds_of(branch, references, depth - 1)


def implied(rule: Mapping[str, Any]) -> Iterator[str]:
    """The types that a schema without `type` shows by its values."""
    values = [*(rule.get("enum") or ()), *([rule["const"]] if "const" in rule else ())]
    yield from (kind for kind, test in _KINDS.items() if any(test(value) for value in values))
    if "properties" in rule:
        yield "object"
    if "items" in rule:
        yield "array"


def branches(rule: Mapping[str, Any]) -> Iterator[Any]:
    """The schemas of which one or all must hold."""
    for key in ("anyOf", "oneOf", "allOf"):
        yield from rule.get(key) or ()
