"""A break on purpose: `Break` says which law must notice which damage. A damage's docstring says what goes wrong."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

from tests.conformance.kit import FIXTURES, Case, Json
from translators.core import history
from translators.core.thinking import Signature

Damage = Callable[[Any], Any]


@dataclass(frozen=True)
class Break:
    """`law(case)` passes as the code is; with `owner.name` replaced by `damage(original)` it raises AssertionError.

    A law that is not about a case has "" for it.
    """

    law: Callable[..., None]
    case: str
    owner: Any
    name: str
    damage: Damage

    def check(self) -> None:
        """The law on its case."""
        self.law(*([self.found] if self.case else []))

    @property
    def found(self) -> Case:
        """The case."""
        vendor, _, folder = self.case.partition("/")
        return Case(vendor, FIXTURES / vendor / folder)

    def complaint(self) -> str:
        """What the law says to the damaged code; "" when it notices nothing."""
        with mock.patch.object(self.owner, self.name, self.damage(getattr(self.owner, self.name))):
            try:
                self.check()
            except AssertionError as error:
                return str(error).splitlines()[0] if str(error) else "it fails"
        return ""

    def __str__(self) -> str:
        return f"{self.law.__name__}-{self.case or self.name}"


# -- damage that several wires can have


def unprompted(original: Any) -> Any:
    """The system prompt is lost."""
    return lambda *arguments: []


def deferring(original: Any) -> Any:
    """Tools keep a field of Anthropic's."""
    return lambda *arguments: {**original(*arguments), "defer_loading": True}


def emptying(original: Any) -> Any:
    """The builder empties a field of the request."""

    def built(message: Json, *rest: Any) -> Any:
        message["metadata"].clear()
        return original(message, *rest)

    return built


def nothing(original: Any) -> Any:
    """Reasoning does not come back."""
    return lambda *arguments: {}


def shallow(original: Any) -> Any:
    """Signatures of hidden thinking forget what they hold."""

    def sign(signature: Signature) -> Any:
        return original(replace(signature, text="", opaque=()) if signature.text else signature)

    return sign


def unanswered(original: Any) -> Any:
    """Calls without a result stay without one."""

    def with_results(turn: Any, open_calls: Any) -> Any:
        made = original(turn, open_calls)
        made.results = [result for result in made.results if result["content"] != history.NO_RESULT]
        return made

    return with_results


def counted(original: Any) -> Any:
    """The system prompt holds something new each time."""
    numbers = itertools.count()

    def prompts(*arguments: Any) -> Any:
        return [*original(*arguments), {"type": "text", "text": f"Number {next(numbers)}."}]

    return prompts


def deaf(original: Any) -> Any:
    """The output limit is always the same."""
    return lambda message, *rest: original({**message, "max_tokens": 1000}, *rest)


def doubled(original: Any) -> Any:
    """Ids that were used before are used again."""

    def unique(block: Any, seen: Any, open_calls: Any) -> Any:
        if block.get("type") == "tool_use":
            open_calls.append((block["id"], block["id"]))
        return block

    return unique


def is_text(event: Json) -> bool:
    """The event is a piece of text."""
    return bool(event.get("delta", {}).get("type") == "text_delta")


def lines_of(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Pieces of bytes, each taken for whole lines."""
    return (line for piece in pieces for line in piece.splitlines() if line.startswith(b"data: {"))
