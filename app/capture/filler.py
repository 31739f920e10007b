"""Filler: what stands for words that nobody is to read: as many characters and bytes, the same punctuation and JSON.

What decides over the form of an answer stays: names of tools and of their fields where they stand in quotes or in
marks, `true`, `false` and `null`, and the marks in which models write calls and reasoning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from app.logs.redaction import LEAST_ECHO, PIECE, echo

#: Words that stay wherever they stand, and those that stay in quotes or marks.
LITERALS = frozenset({"true", "false", "null", "http", "https"})
MARKS = (
    "think thinking thought reasoning tool tools tool_call tool_calls tool_name call calls begin end sep "
    "section argument function functions function_call function_calls function_name parameter parameters "
    "invoke name arguments args input arg_key arg_value channel message start return final analysis "
    "commentary constrain json python_tag DSML id type TOOL_CALL TOOL_CALLS TOOL_REQUEST END_TOOL_REQUEST "
    "ARGS CALL_ID im_start im_end eot_id eom_id assistant tool_response tool_code tool_uses "
    "recipient_name query url action action_input kwargs tool_sep string redacted_reasoning properties"
)
TOKEN = r"\\(?:u[0-9a-fA-F]{4}|.)|\w+"
NUMBER = re.compile(r"\d+(?:[eE]\d+)?")
BEFORE = frozenset('"<>/|=[｜▁.:')
#: Bytes in UTF-8 -> a letter of that size.
WIDE = {2: "ß", 3: "口", 4: "𝐱"}


class Filler:
    """Makes filler of texts. `kept` are names that stay in quotes and marks, `whole` are texts that stay wherever they
    stand; `said` is the conversation, whose repetitions in an error's words go.
    """

    def __init__(self, kept: Iterable[str] = (), whole: Iterable[str] = (), said: str = "") -> None:
        self._whole = frozenset(filter(None, whole))
        first = "".join(f"{re.escape(text)}|" for text in sorted(self._whole, key=len, reverse=True))
        self._tokens = re.compile(first + TOKEN, re.DOTALL)
        self._kept = {*MARKS.split(), *kept}
        self._parts = {part for name in self._kept for part in re.findall(r"\w+", name)}
        self._said = said

    def text(self, text: str) -> str:
        """As many characters and bytes that say nothing."""
        return self._tokens.sub(self._token, text)

    def error(self, text: str) -> str:
        """The words of an error, which decide over its kind, without what they repeat of the conversation."""
        made, place = "", 0
        for start, end in echoes(text, self._said):
            made += text[place:start] + self.text(text[start:end])
            place = end
        return made + text[place:]

    def _token(self, found: re.Match[str]) -> str:
        word, start = found.group(), found.start()
        if word in self._whole:
            return word
        if word[0] == "\\":
            return "\\u0078" if len(word) == 6 else word
        if word in LITERALS or (word in self._parts and (found.string[start - 1 : start] or " ") in BEFORE):
            return word
        if NUMBER.fullmatch(word):
            return re.sub(r"\d", "1", word)
        return "".join(map(letter, word))


def letter(character: str) -> str:
    """A letter or digit of the same kind and size."""
    if character.isascii():
        return character if character == "_" else "1" if character.isdigit() else "X" if character.isupper() else "x"
    return WIDE[len(character.encode("utf-8", "surrogatepass"))]


def echoes(text: str, said: str) -> Iterator[tuple[int, int]]:
    """The places of a text that repeat the conversation."""
    place = 0
    for begin in range(0, max(0, len(text) - PIECE + 1), PIECE):
        if begin >= place and text[begin : begin + PIECE] in said:
            start, end = echo(text, begin, said, place)
            if end - start >= LEAST_ECHO:
                yield start, end
                place = end


def property_names(schemas: Any) -> Iterator[str]:
    """The names of the fields in schemas, however deep they stand."""
    inner = schemas.values() if isinstance(schemas, dict) else schemas if isinstance(schemas, list) else ()
    if isinstance(schemas, dict) and isinstance(schemas.get("properties"), dict):
        yield from schemas["properties"]
    for value in inner:
        yield from property_names(value)
