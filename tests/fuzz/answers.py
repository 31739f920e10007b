"""Strategies for what a model says: words, reasoning and calls in any order, in pieces."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from hypothesis import strategies as st

from tests.fuzz.words import NAMES, OBJECTS, TEXTS

Json = dict[str, Any]
TOOLS = ("Read", "Bash", "mcp__files__read_file")


@dataclass(frozen=True)
class Item:
    """One thing that the model says, in pieces; those of a call are its arguments as JSON text."""

    kind: Literal["text", "thinking", "call"]
    pieces: tuple[str, ...]
    name: str = ""
    id: str = ""

    @property
    def whole(self) -> str:
        """All pieces."""
        return "".join(self.pieces)


@dataclass(frozen=True)
class Answer:
    """All that the model says. `cut`: it ran into the output limit."""

    items: tuple[Item, ...]
    cut: bool = False

    def text(self, kind: str) -> str:
        """All words of one kind."""
        return "".join(item.whole for item in self.items if item.kind == kind)

    @property
    def calls(self) -> list[tuple[str, Any]]:
        """(name, input) of the calls."""
        return [(item.name, json.loads(item.whole)) for item in self.items if item.kind == "call"]

    @property
    def calls_made(self) -> bool:
        """It calls tools."""
        return any(item.kind == "call" for item in self.items)


PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cn"), exclude_characters="<"), max_size=12)
PLAIN_OBJECTS = st.dictionaries(PLAIN, st.one_of(PLAIN, st.integers(-9, 9), st.booleans(), st.lists(PLAIN)), max_size=3)


@st.composite
def split(draw: st.DrawFn, text: str) -> tuple[str, ...]:
    """The text in pieces."""
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
    return tuple(text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True))


@st.composite
def calls(draw: st.DrawFn, number: int, plain: bool) -> Item:
    """One call."""
    arguments = json.dumps(draw(PLAIN_OBJECTS if plain else OBJECTS), ensure_ascii=draw(st.booleans()))
    if not plain and not draw(st.integers(0, 5)):
        arguments = draw(st.sampled_from(("", "{", '{"a": ', "null", "[1]", '{"a": 1}}', "{'a': True}", "text")))
    name = draw(st.sampled_from(TOOLS) if plain else st.one_of(st.sampled_from(TOOLS), NAMES, st.just("")))
    identifier = draw(st.sampled_from((f"call_{number}", f"call_{number}", "call_0", "")))
    return Item("call", draw(split(arguments)), name, f"call_{number}" if plain else identifier)


@st.composite
def answers(draw: st.DrawFn, plain: bool = True) -> Answer:
    """An answer; a plain one says something, and nothing of it is odd."""
    texts = PLAIN if plain else TEXTS
    items: list[Item] = []
    for number in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(("thinking", "text", "call")))
        items.append(draw(calls(number, plain)) if kind == "call" else Item(kind, draw(split(draw(texts)))))
    if plain:
        items.append(Item("text", ("The", " end.")))
    return Answer(tuple(items), draw(st.booleans()))
