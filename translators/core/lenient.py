"""Reads tool arguments that a model wrote almost as JSON.

Repaired: trailing commas, single quotes, unquoted keys, Python literals, code fences, garbage after the object, a
second object, an object inside a JSON string, raw control characters, unknown escapes, missing closing brackets. An
unfinished string is never closed: nobody knows what was to follow. All scanning is linear.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

SPACE = re.compile(r"[ \t\r\n]*")
#: The inside of a string up to its quote, up to an unfinished escape at the end of the text, or up to that end.
BODIES = {
    '"': re.compile(r'(?:[^"\\]++|\\(?!u[0-9a-fA-F]{0,3}\Z).)*+', re.DOTALL),
    "'": re.compile(r"(?:[^'\\]++|\\(?!u[0-9a-fA-F]{0,3}\Z).)*+", re.DOTALL),
}

_CLEAN = re.compile(
    r'(?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u(?:[0-9a-cA-CefEF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}))*+'
)
_TOKEN = re.compile(
    r'\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|["\x00-\x1f]', re.DOTALL
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONE = re.compile(r"\\u[dD][89a-fA-F]")
_FENCE = re.compile(r"```[\w-]*\s*")
_BARE_KEY = re.compile(r"[A-Za-z_$][\w$-]*")
_SCALAR = re.compile(r"-?\d[\d.eE+-]*|[A-Za-z]+")
_WORDS: dict[str, bool | None] = {
    "true": True, "false": False, "null": None, "True": True, "False": False, "None": None, "undefined": None,
}  # fmt: skip
_DEPTH = 100
_NESTED_STRINGS = 3


class Unreadable(ValueError):
    """The text cannot be read without inventing something."""


def spelled(text: str) -> str:
    """The text with half characters (lone surrogates) written as escapes, so that halves that meet later are a pair."""
    if text.isascii():
        return text
    return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def escaped(body: str) -> str:
    """The inside of a string as legal JSON: control characters and stray backslashes escaped, lone halves replaced."""
    return body if _CLEAN.fullmatch(body) else _TOKEN.sub(_legal, body)


def _legal(match: re.Match[str]) -> str:
    token = match[0]
    if token[0] != "\\":
        return json.dumps(token)[1:-1]
    if token[1] == "u" and len(token) > 2:
        return "\\ufffd" if len(token) == 6 and _LONE.match(token) else token
    if token[1] in '"\\/bfnrt':
        return token
    return "'" if token[1] == "'" else "\\\\" + json.dumps(token[1], ensure_ascii=False)[1:-1]


def object_text(value: Mapping[str, Any]) -> str:
    """An object as compact JSON text."""
    return value_text(dict(value))


def value_text(value: Any) -> str:
    """Any JSON value as compact JSON text that is also legal UTF-8."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def strict(text: str) -> Any:
    """The value of legal JSON. Raises ValueError, also for NaN and for nesting without end."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error


def _refuse(word: str) -> Any:
    raise Unreadable(word)


def repair(text: str, *, cut: bool = False) -> dict[str, Any] | None:
    """The object that the text means, or None when that would be a guess. Nothing and `null` mean {}.

    `cut`: the vendor stopped early; brackets that are missing stay missing, which makes the text unreadable.
    """
    text = spelled(text)
    for _ in range(_NESTED_STRINGS):
        try:
            value = _value(text.strip().removeprefix("\ufeff"), cut)
        except ValueError:
            return None
        if not isinstance(value, str):
            break
        text = value
    if value is None:
        return {}
    return _whole_characters(value, text) if isinstance(value, dict) else None


def nearly(text: str, at: int = 0, *, cut: bool = False) -> tuple[Any, int]:
    """The value that begins at `at`, and where it ends; read as `repair` reads. Raises ValueError."""
    reader = _Reader(text, cut, at)
    return reader.value(), reader.at


def _whole_characters(value: dict[str, Any], text: str) -> dict[str, Any]:
    """The value without half characters, which cannot be sent."""
    return dict(strict(value_text(value))) if _LONE.search(text) else value


def _value(text: str, cut: bool) -> Any:
    if not text or text in ("null", "None"):
        return None
    try:
        return strict(text)
    except ValueError:
        return _Reader(_FENCE.sub("", text, count=1) if text.startswith("```") else text, cut).whole()


class _Reader:
    """A recursive descent over text that is nearly JSON."""

    def __init__(self, text: str, cut: bool, at: int = 0) -> None:
        self.text = text
        self.cut = cut
        self.at = at
        self.depth = 0

    def whole(self) -> Any:
        """The first object, or the string around one; an empty object gives way to one that follows."""
        first = self.peek()
        if first not in ("{", '"', "'"):
            raise Unreadable("no object")
        value = self.value()
        while value == {} and self.peek() == "{":
            value = self.value()
        return value

    def peek(self) -> str:
        """The next character that is no white space, or ""."""
        self.at = SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
        return self.text[self.at : self.at + 1]

    def value(self) -> Any:
        """The value at the current place."""
        first = self.peek()
        if first in BODIES:
            return self.string(first)
        if first in ("{", "["):
            return self.nested(first)
        return self.scalar()

    def nested(self, bracket: str) -> Any:
        """An object or array, whichever opens here."""
        self.depth += 1
        if self.depth > _DEPTH:
            raise Unreadable("nested too deeply")
        self.at += 1
        value = self.members() if bracket == "{" else self.elements()
        self.depth -= 1
        return value

    def members(self) -> dict[str, Any]:
        """The properties up to the closing brace."""
        found: dict[str, Any] = {}
        while not self.closes("}"):
            name = self.key()
            if self.peek() != ":":
                raise Unreadable("no colon")
            self.at += 1
            found[name] = self.value()
            self.separates("}")
        return found

    def elements(self) -> list[Any]:
        """The elements up to the closing bracket."""
        found: list[Any] = []
        while not self.closes("]"):
            found.append(self.value())
            self.separates("]")
        return found

    def closes(self, bracket: str) -> bool:
        """Takes the closing bracket, or accepts that it is missing at the very end."""
        character = self.peek()
        if character == bracket:
            self.at += 1
            return True
        return not character and not self.cut

    def separates(self, bracket: str) -> None:
        """Takes a comma; anything but the closing bracket or the end in its place is unreadable."""
        character = self.peek()
        if character == ",":
            self.at += 1
        elif character not in ("", bracket):
            raise Unreadable("no comma")

    def key(self) -> str:
        """A property name, quoted or bare."""
        first = self.peek()
        if first in BODIES:
            return self.string(first)
        return self.matched(_BARE_KEY)

    def string(self, quote: str) -> str:
        """A string in the given quotes."""
        body = BODIES[quote].match(self.text, self.at + 1)
        if body is None or self.text[body.end() : body.end() + 1] != quote:
            raise Unreadable("unfinished string")
        self.at = body.end() + 1
        value = strict(f'"{escaped(body[0])}"')
        return str(value)

    def scalar(self) -> Any:
        """A number or one of the words that JSON and Python use."""
        word = self.matched(_SCALAR)
        return _WORDS[word] if word in _WORDS else strict(word)

    def matched(self, pattern: re.Pattern[str]) -> str:
        """The text that the pattern matches here."""
        match = pattern.match(self.text, self.at)
        if match is None:
            raise Unreadable("unexpected character")
        self.at = match.end()
        return match[0]
