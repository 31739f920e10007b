"""What a model says, in no vendor's words: `Answer` of `Words`, `Thought` and `Call`. A wire makes bytes of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]
Ending = Literal["end", "length", "filter", "odd", ""]


@dataclass(frozen=True)
class Words:
    """Visible text, sent in these pieces."""

    pieces: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.pieces)


@dataclass(frozen=True)
class Thought:
    """Reasoning, sent in these pieces."""

    pieces: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.pieces)


@dataclass(frozen=True)
class Call:
    """A tool call; its arguments are JSON text, sent in these pieces where the wire has pieces of calls."""

    name: str
    pieces: tuple[str, ...] = ("{}",)
    id: str = "call_1"

    @property
    def arguments(self) -> str:
        """The JSON text."""
        return "".join(self.pieces)

    @property
    def input(self) -> Json:
        """The parsed arguments; {} while they are unfinished."""
        try:
            found: Json = json.loads(self.arguments)
        except ValueError:
            return {}
        return found


Part = Words | Thought | Call


@dataclass(frozen=True)
class Counts:
    """Tokens: `prompt` holds the cached ones, `output` the reasoning."""

    prompt: int = 1000
    cached: int = 0
    output: int = 20
    thought: int = 0


@dataclass(frozen=True)
class Answer:
    """One answer. `ending` "" breaks off before the vendor's own end; "odd" is a reason that nobody knows."""

    parts: tuple[Part, ...] = ()
    ending: Ending = "end"
    counts: Counts | None = Counts()

    @property
    def calls(self) -> list[Call]:
        """The calls in it."""
        return [part for part in self.parts if isinstance(part, Call)]


def words(*pieces: str) -> Words:
    """Text in pieces."""
    return Words(pieces)


def thought(*pieces: str) -> Thought:
    """Reasoning in pieces."""
    return Thought(pieces)


def answer(*parts: Part | str, **more: Any) -> Answer:
    """An answer; a plain string is text in one piece."""
    return Answer(tuple(words(part) if isinstance(part, str) else part for part in parts), **more)
