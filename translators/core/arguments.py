"""Incremental tool arguments: pieces of what a model wrote -> pieces of one JSON object.

Law: all returned strings joined are one JSON object whenever the input is one or can be repaired to one; its values
are the model's, nothing is invented. Hopeless input passes unchanged, so that the client can tell the model. String
values of top-level properties are sent as they arrive, other values when they are complete. A comma goes out only with
the property behind it, so that a trailing one can be dropped. What stops being a prefix of JSON is held back whole and
repaired at the end (`core/lenient.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from translators.core.lenient import BODIES, SPACE, escaped, object_text, repair, spelled, strict, value_text

__all__ = ["Arguments", "object_text", "repair"]

_KEY = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\.)*+"[ \t\r\n]*:')
_KEY_BEGINNING = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\.)*+(?:\\|"[ \t\r\n]*)?\Z')
_HALF = re.compile(r"(?<!\\)(?:\\\\)*(\\u[dD][89abAB][0-9a-fA-F]{2})\Z")
_NESTED = re.compile(r'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+(["{}\[\]])?', re.DOTALL)
_SCALAR = re.compile(r"[-+.\w]+")
_HALVES = re.compile(r"\\u[dD][89a-fA-F]")
#: Keys and scalars longer than this are left to the repair at the end; they would be scanned again with every piece.
_LONGEST = 512


class Arguments:
    """The arguments of one call. `schema` is the tool's input schema.

    With a schema, optional top-level properties that are null without permission are left out, and those it forbids.
    """

    def __init__(self, schema: Mapping[str, Any] | None = None) -> None:
        self._schema = schema or {}
        self._pieces: list[str] = []
        self._text = ""
        self._at = 0
        self._passed = 0
        self._step: Callable[[], bool] = self._opening
        self._out: list[str] = []
        self._told = 0
        self._names: list[str] = []
        self._name = ""
        self._key = ""
        self._wanted = True
        self._left_out = False
        self._quote = ""
        self._string: list[str] | None = None
        self._held: list[str] = []
        self._depth = 0

    @property
    def complete(self) -> bool:
        """A whole object has arrived; what follows belongs to no argument."""
        return self._step in (self._ended, self._empty)

    def feed(self, piece: str) -> str:
        """Takes the next piece; returns the JSON text that may be sent now."""
        if self._step == self._ended:
            return ""
        piece = spelled(piece)
        self._pieces.append(piece)
        if self._step == self._broken:
            return ""
        self._passed += self._at
        self._text = self._text[self._at :] + piece
        self._at = 0
        while self._step():
            pass
        return self._taken()

    def close(self, complete: bool = True) -> str:
        """The rest. `complete` is False when the vendor cut the answer: then nothing is added that did not arrive."""
        if self._step == self._ended:
            return ""
        raw = "".join(self._pieces)
        self._pieces, self._step = [], self._ended
        if not raw.strip():
            return "{}" if complete else ""
        found = repair(raw, cut=not complete)
        rest = None if found is None else self._continued(found)
        return raw[self._told :] if rest is None else rest

    # The steps. Each reads one thing at the current place and tells whether to go on.

    def _opening(self) -> bool:
        if not self._skip_space():
            return False
        if self._text[self._at] != "{":
            return self._break()
        self._at += 1
        return self._go(self._property)

    def _property(self) -> bool:
        if not self._skip_space():
            return False
        if self._text[self._at] == "}":
            return self._finish()
        match = _KEY.match(self._text, self._at)
        if match:
            return self._named(match)
        return self._wait() if _KEY_BEGINNING.match(self._text, self._at) else self._break()

    def _named(self, match: re.Match[str]) -> bool:
        self._key = match[0][:-1].rstrip()
        try:
            self._name = strict(self._key)
        except ValueError:
            return self._break()
        self._at = match.end()
        self._wanted = allows(self._schema, self._name)
        return self._go(self._value)

    def _value(self) -> bool:
        if not self._skip_space():
            return False
        character = self._text[self._at]
        if character == '"':
            return self._begin_string()
        if character in "{[":
            self._held, self._depth = [], 0
            return self._go(self._nested)
        return self._go(self._scalar)

    def _begin_string(self) -> bool:
        self._at += 1
        if self._wanted:
            self._send_name()
            self._string = []
            self._send('"')
        else:
            self._left_out = True
        return self._go(self._inside)

    def _inside(self) -> bool:
        body = BODIES['"'].match(self._text, self._at)
        assert body is not None
        text, end = body[0], body.end()
        finished = self._text[end : end + 1] == '"'
        if not finished and text[-6:-4] == "\\u" and (half := _HALF.search(text)):
            text, end = text[: half.start(1)], end - 6
        self._at = end
        if text and self._string is not None:
            text = escaped(text)
            self._string.append(text)
            self._send(text)
        if not finished:
            return False
        self._at += 1
        self._quote = '"' if self._wanted else ""
        return self._go(self._behind)

    def _behind(self) -> bool:
        if not self._skip_space():
            return False
        character = self._text[self._at]
        if character not in ",}":
            return self._break()
        if self._quote:
            self._send(self._quote)
            self._quote, self._string = "", None
        if character == "}":
            return self._finish()
        self._at += 1
        return self._go(self._property)

    def _nested(self) -> bool:
        match = _NESTED.match(self._text, self._at)
        assert match is not None
        self._hold(match.end())
        bracket = match[1]
        if bracket is None:
            return False
        if bracket == '"':
            return self._go(self._nested_string)
        self._depth += 1 if bracket in "{[" else -1
        return self._depth > 0 or self._settle("".join(self._held))

    def _nested_string(self) -> bool:
        body = BODIES['"'].match(self._text, self._at)
        assert body is not None
        self._hold(body.end())
        if self._text[self._at : self._at + 1] != '"':
            return False
        self._hold(self._at + 1)
        return self._go(self._nested)

    def _scalar(self) -> bool:
        match = _SCALAR.match(self._text, self._at)
        if match is None:
            return self._break()
        if match.end() == len(self._text):
            return self._wait()
        self._at = match.end()
        return self._settle(match[0])

    def _settle(self, raw: str) -> bool:
        try:
            value = strict(raw)
        except ValueError:
            return self._break()
        if self._wanted and keeps(self._schema, self._name, value):
            self._send_name()
            self._send(value_text(value) if _HALVES.search(raw) else raw)
        else:
            self._left_out = True
        return self._go(self._behind)

    def _finish(self) -> bool:
        self._at += 1
        if not self._names and not self._left_out:
            return self._go(self._empty)
        return self._end("}" if self._names else "{}")

    def _empty(self) -> bool:
        if not self._skip_space():
            return False
        return self._go(self._opening) if self._text[self._at] == "{" else self._end("{}")

    def _end(self, text: str) -> bool:
        self._send(text)
        self._step, self._pieces, self._text, self._at = self._ended, [], "", 0
        return False

    def _ended(self) -> bool:
        return False

    def _broken(self) -> bool:
        return False

    # What the steps share.

    def _go(self, step: Callable[[], bool]) -> bool:
        self._step = step
        return True

    def _break(self) -> bool:
        self._step = self._broken
        return False

    def _wait(self) -> bool:
        return False if len(self._text) - self._at < _LONGEST else self._break()

    def _skip_space(self) -> bool:
        space = SPACE.match(self._text, self._at)
        assert space is not None
        self._at = space.end()
        return self._at < len(self._text)

    def _hold(self, end: int) -> None:
        self._held.append(self._text[self._at : end])
        self._at = end

    def _send(self, text: str) -> None:
        self._out.append(text)
        self._told = self._passed + self._at

    def _send_name(self) -> None:
        self._send(f"{',' if self._names else '{'}{self._key}:")
        self._names.append(self._name)

    def _taken(self) -> str:
        text, self._out = "".join(self._out), []
        return text

    def _continued(self, found: Mapping[str, Any]) -> str | None:
        """What joins the text already sent with the repaired object; None when they disagree."""
        items = [item for item in found.items() if keeps(self._schema, *item)]
        sent = len(self._names)
        if [name for name, _ in items[:sent]] != self._names:
            return None
        parts = [f"{value_text(name)}:{value_text(value)}" for name, value in items[sent:]]
        ending = "" if self._string is None else self._string_ending(items[sent - 1][1])
        if ending is None:
            return None
        if not sent:
            return "{" + ",".join(parts) + "}"
        return ",".join([ending, *parts]) + "}"

    def _string_ending(self, value: Any) -> str | None:
        begun = strict(f'"{"".join(self._string or ())}"')
        if not isinstance(value, str) or not value.startswith(begun):
            return None
        return value_text(value[len(begun) :])[1:]


def allows(schema: Mapping[str, Any], name: str) -> bool:
    """Whether the tool knows the property or takes any."""
    if schema.get("additionalProperties") is not False or any(key in schema for key in _OPEN_ENDED):
        return True
    return name in (schema.get("properties") or ())


def keeps(schema: Mapping[str, Any], name: str, value: Any) -> bool:
    """Whether the tool takes the property with this value; only nulls are judged by value."""
    if not allows(schema, name):
        return False
    if value is not None or name in (schema.get("required") or ()):
        return True
    return takes_null((schema.get("properties") or {}).get(name, True), schema)


def takes_null(rule: Any, schema: Mapping[str, Any], depth: int = 8) -> bool:
    """Whether a property's schema allows null. What cannot be told counts as allowed."""
    if not isinstance(rule, Mapping) or rule.get("nullable") is True or not depth:
        return True
    verdicts = [test(rule[key]) for key, test in _NULL_TESTS.items() if rule.get(key) is not None]
    for key, combined in _COMBINERS.items():
        branches = rule.get(key)
        if isinstance(branches, list) and branches:
            verdicts.append(combined([takes_null(branch, schema, depth - 1) for branch in branches]))
    if "$ref" in rule:
        verdicts.append(takes_null(_target(rule["$ref"], schema), schema, depth - 1))
    return all(verdicts)


def _target(reference: Any, schema: Mapping[str, Any]) -> Any:
    place, _, name = str(reference).removeprefix("#/").rpartition("/")
    return (schema.get(place) or {}).get(name, True) if place in ("$defs", "definitions") else True


_OPEN_ENDED = ("patternProperties", "anyOf", "oneOf", "allOf", "$ref")
_NULL_TESTS: Mapping[str, Callable[[Any], bool]] = {
    "type": lambda kind: "null" in ([kind] if isinstance(kind, str) else kind),
    "enum": lambda values: None in values,
    "const": lambda value: value is None,
}
_COMBINERS: Mapping[str, Callable[[list[bool]], bool]] = {"anyOf": any, "oneOf": any, "allOf": all}
