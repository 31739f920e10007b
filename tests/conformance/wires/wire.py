"""A wire as the laws see it: `Wire` reads bodies and answers of one protocol into words that all protocols share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from translators.core.vendor import Route

Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """A call of the history."""

    id: str
    name: str
    arguments: Any


@dataclass(frozen=True)
class Result:
    """What a call gave. `name` is None on wires that do not repeat the name of the call."""

    id: str
    text: str
    name: str | None = None


@dataclass(frozen=True)
class Turn:
    """One entry of the conversation. `memory` is what of the model's reasoning is on it: (where, what) in the wire's
    own form.
    """

    role: Literal["user", "assistant", "system"]
    text: str = ""
    calls: tuple[Call, ...] = ()
    results: tuple[Result, ...] = ()
    memory: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Wire:
    """How the kit reads and judges one protocol.

    Functions of a body: `typed` validates it by the official SDK's types, `rules` by what the documentation says
    beyond them; both raise AssertionError. `turns` and `tools` read it.
    """

    conversation: str
    """Field of the body that holds the turns."""
    typed: Callable[[Json, Route], None]
    rules: Callable[[Json, Route], None]
    turns: Callable[[Json, Route], list[Turn]]
    tools: Callable[[Json], Iterable[str]]
    """Names of the declared tools."""

    names: Callable[[Route], str]
    """Pattern of a legal tool name."""
    ids: Callable[[Route], str] = lambda route: "(?s).+"
    """Pattern of a legal call id."""
    own: Callable[[Route], frozenset[str]] = lambda route: frozenset()
    """Keys and words of Anthropic's that this wire has too."""
    free: frozenset[str]
    """Keys whose values are the client's: schemas, arguments."""

    demanded: Callable[[list[Json], Json, Route], tuple[tuple[str, Any], ...]]
    """(the vendor's objects, the client's message, route) -> the `memory` that the next turn must bring back."""
    usages: Callable[[list[Json]], Iterator[Json]]
    """Counts in the objects of an answer, in the names of Chat Completions; the last ones are final."""
    ended: Callable[[Json], bool]
    """An object of an answer is its end."""
    spoken: Callable[[str, bool], bytes]
    """An answer of a few words, streamed or whole."""

    verbatim: Callable[[Route], bool] = lambda route: False
    """The client's body goes out as it is."""
    drops: Callable[[Route], Mapping[str, str]] = lambda route: route.vendor.protocol.drops
    """Field of a Messages request -> why it does not travel."""
