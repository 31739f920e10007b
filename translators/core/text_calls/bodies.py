"""Reads the inside of written calls: JSON, or tags around each parameter."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from translators.core.lenient import Unreadable, nearly, repair
from translators.core.text_calls.tools import Tools, Written
from translators.core.text_calls.values import typed

_BETWEEN = re.compile(r"[\s,;]*")
_SURPLUS = re.compile(r"[\s}\]]*")


def json_calls(text: str, closed: bool, tools: Tools) -> list[Written] | None:
    """The calls of one or more JSON objects or arrays, or None when one of them is no call of an offered tool.

    `closed`: the model marked the end, so that brackets which are missing before it may be added.
    """
    values = [item for value in json_values(text, closed) for item in (value if isinstance(value, list) else [value])]
    calls = [call for value in values if (call := json_call(value, tools)) is not None]
    return calls if calls and len(calls) == len(values) else None


def json_values(text: str, closed: bool) -> list[Any]:
    """All values that follow each other; none when something else stands between them."""
    try:
        return list(values(text, closed))
    except ValueError:
        return []


def values(text: str, closed: bool) -> Iterator[Any]:
    """The values, which may be nearly JSON, with surplus closing brackets at the end. Raises ValueError."""
    at = start(text, 0)
    while at < len(text):
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            value, at = nearly(text, at, cut=not closed)
        yield value
        at = len(text) if _SURPLUS.fullmatch(text, at) else start(text, at)


def start(text: str, at: int) -> int:
    """Where the next value begins."""
    between = _BETWEEN.match(text, at)
    assert between is not None
    return between.end()


def _refuse(word: str) -> Any:
    raise Unreadable(word)


_DECODER = json.JSONDecoder(strict=False, parse_constant=_refuse)


def json_call(value: Any, tools: Tools) -> Written | None:
    """`{"name": .., "arguments": {..}}`, also with `parameters`, inside `function`, or with the arguments as a text."""
    if not isinstance(value, Mapping):
        return None
    inner = value.get("function")
    entry = inner if isinstance(inner, Mapping) else value
    name = tools.named(str(entry.get("name") or ""))
    return named_call(name, next((entry[key] for key in ("arguments", "parameters") if key in entry), {}))


def named_call(name: str, arguments: Any) -> Written | None:
    """The call, None without a tool or without an object of arguments."""
    if isinstance(arguments, str):
        arguments = repair(arguments, cut=True)
    return Written(name, arguments) if name and isinstance(arguments, Mapping) else None


@dataclass(frozen=True, slots=True)
class Tags:
    """How a dialect writes a call as tags, by patterns that match one behind the other.

    `head` has the group `name`, `parameter` has `key`, `value` and perhaps `text`, which says that the value is a
    text. `wrapped`: the value stands on lines of its own, "both" when that needs a line break on either side.
    """

    head: re.Pattern[str]
    parameter: re.Pattern[str]
    end: re.Pattern[str]
    wrapped: str = ""

    def calls(self, text: str, tools: Tools) -> list[Written] | None:
        """The calls that the text is made of, or None when it is something else."""
        found: list[Written] = []
        at = 0
        while at < len(text):
            call, at = self._call(text, at, tools)
            if call is None:
                return None
            found.append(call)
        return found or None

    def _call(self, text: str, at: int, tools: Tools) -> tuple[Written | None, int]:
        head = self.head.match(text, at)
        name = tools.named(head["name"]) if head else ""
        if head is None or not name:
            return None, at
        at, arguments = head.end(), {}
        while parameter := self.parameter.match(text, at):
            at = parameter.end()
            key = parameter["key"].strip()
            arguments[key] = typed(self._value(parameter), key, tools.schema(name), is_text(parameter))
        if end := self.end.match(text, at):
            return Written(name, arguments), end.end()
        return self._json(text, at, name) if not arguments else (None, at)

    def _json(self, text: str, at: int, name: str) -> tuple[Written | None, int]:
        """One JSON object in place of the parameters, as Llama 3 writes it."""
        try:
            value, at = _DECODER.raw_decode(text, start(text, at))
        except (ValueError, RecursionError):
            return None, at
        end = self.end.match(text, at)
        return (named_call(name, value), end.end()) if end else (None, at)

    def _value(self, parameter: re.Match[str]) -> str:
        value = parameter["value"]
        if self.wrapped == "both" and not (value.startswith("\n") and value.endswith("\n") and len(value) > 1):
            return value
        return value.removeprefix("\n").removesuffix("\n") if self.wrapped else value


def is_text(parameter: re.Match[str]) -> bool | None:
    """What the model says of the value's type, None when it says nothing."""
    said = parameter.groupdict().get("text")
    return None if said is None else said in ("true", "string")
