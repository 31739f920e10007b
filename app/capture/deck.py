"""Deck: the answers of everything that an exchange asks besides the vendor, in their order.

While an exchange is recorded, each question is answered by whom it is for, and the answer is noted. While it is played
the notes answer, so that nothing depends on the clock, on chance, on other exchanges, on files or on the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from app.ids import new_id
from app.resilience.lanes import Full
from translators.core.errors import RialtoError

T = TypeVar("T")
#: Characters of an id behind its prefix.
ID = 24


class Unheard(Exception):
    """The exchange asks for more than the capture holds: it was cut off there, or now goes another way."""


class Deck:
    """Notes answers, and failures among them."""

    playing = False

    def __init__(self) -> None:
        self.answers: dict[str, list[Any]] = {}

    def ask(self, name: str, real: Callable[[], T]) -> T:
        """The answer to a question of this name. It must be a JSON value. Raises what was raised."""
        notes = self.answers.setdefault(name, [])
        try:
            found = real()
        except (RialtoError, Full) as error:
            notes.append({"error": told(error)})
            raise
        notes.append({"is": found})
        return found

    def ids(self, name: str) -> Callable[[str], str]:
        """What makes fresh ids for one part of the exchange."""
        return lambda prefix: prefix + self.ask(name, lambda: new_id(""))


class PlayedDeck(Deck):
    """Answers with the notes of a capture."""

    playing = True

    def __init__(self, answers: Mapping[str, list[Any]]) -> None:
        super().__init__()
        self._notes = {name: iter(notes) for name, notes in answers.items()}
        self._further = 0

    def ask(self, name: str, real: Callable[[], T]) -> T:
        """The next note. Raises the error that it holds, or `Unheard`."""
        note = self._next(name)
        if "error" in note:
            raise raised(note["error"])
        found: T = note["is"]
        return found

    def ids(self, name: str) -> Callable[[str], str]:
        """The ids of the capture, and behind them some that nobody takes for others."""

        def played(prefix: str) -> str:
            try:
                return prefix + str(self._next(name)["is"])
            except Unheard:
                self._further += 1
                return f"{prefix}further{self._further:0{ID - 7}d}"

        return played

    def _next(self, name: str) -> Mapping[str, Any]:
        notes: Iterator[Mapping[str, Any]] = self._notes.get(name, iter(()))
        try:
            return next(notes)
        except StopIteration:
            raise Unheard(f"nothing more was noted of {name!r}") from None


def told(error: Exception) -> dict[str, Any]:
    """An error as JSON."""
    fields = ("message", "status", "retry_after", "should_retry", "details")
    return {"kind": type(error).__name__, **{name: getattr(error, name, None) for name in fields}}


def raised(told: Mapping[str, Any]) -> Exception:
    """The error that was told."""
    if told["kind"] == Full.__name__:
        return Full()
    kind = next((found for found in kinds(RialtoError) if found.__name__ == told["kind"]), RialtoError)
    error = kind.__new__(kind)
    RialtoError.__init__(
        error,
        told["message"],
        status=told["status"],
        retry_after=told["retry_after"],
        should_retry=told["should_retry"],
    )
    error.details = told["details"]
    return error


def kinds(kind: type[RialtoError]) -> Iterator[type[RialtoError]]:
    """A kind of error and all that are of it."""
    yield kind
    for further in kind.__subclasses__():
        yield from kinds(further)
