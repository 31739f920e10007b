"""A filter for answers that hold calls in the vendor's own form beside those written as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from translators.core.arguments import Arguments
from translators.core.calls import Call, Calls, arguments_text
from translators.core.deltas import Delta, Opaque, Stop, ToolCall, Usage
from translators.core.lenient import repair
from translators.core.text_calls.tools import WRITTEN, Tools

_CONTROL = "<|"

Meaning = tuple[str, Mapping[str, Any] | None]
"""The tool, "" for none, and the arguments, None when they cannot be read."""


class Repeats:
    """A filter of deltas: of two equal calls, one written and one in the vendor's form, only one is made.

    Once a call has been read out of the text, the vendor's own wait for the end of the answer, and so do those whose
    name is made of Harmony's control tokens; such a name becomes that of the only tool that takes the arguments
    (ollama/ollama#11704, read 2026-11-21).
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._own: list[ToolCall] = []
        self._written: list[Meaning] = []
        self._waiting: list[Delta] = []

    def feed(self, delta: Delta) -> Iterable[Delta]:
        """What becomes of one delta."""
        match delta:
            case ToolCall() if is_written(delta):
                return self._passed(delta) if self._is_new(delta) else ()
            case ToolCall():
                self._own.append(delta)
                return self._passed(delta, waits=bool(self._written) or self._is_odd(delta))
            case Usage() | Opaque():
                return (delta,)
            case Stop():
                return (*self._released(), delta)
        return self._passed(delta)

    def close(self) -> Iterator[Delta]:
        """What was held back."""
        return iter(self._released())

    def _passed(self, delta: Delta, waits: bool = False) -> list[Delta]:
        """The delta, behind those that wait."""
        if not (waits or self._waiting):
            return [delta]
        self._waiting.append(delta)
        return []

    def _is_new(self, delta: ToolCall) -> bool:
        assert isinstance(delta.arguments, Mapping)
        meaning = (delta.name, delta.arguments)
        if meaning in self._meanings().values():
            return False
        self._written.append(meaning)
        return True

    def _is_odd(self, delta: ToolCall) -> bool:
        return _CONTROL in delta.name and not self._tools.named(delta.name)

    def _meanings(self) -> dict[int, Meaning]:
        """What the vendor's own calls mean, by the identity of each of their fragments."""
        return {id(piece): self._meaning(call, pieces) for call, pieces in assembled(self._own) for piece in pieces}

    def _meaning(self, call: Call, pieces: Iterable[ToolCall]) -> Meaning:
        arguments = repair("".join(map(arguments_text, pieces)))
        name = self._tools.named(call.name)
        return name or (self._tools.fitting(arguments) if arguments and _CONTROL in call.name else ""), arguments

    def _released(self) -> list[Delta]:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return []
        meanings = self._meanings()
        return [
            renamed(delta, meanings[id(delta)][0]) if isinstance(delta, ToolCall) and id(delta) in meanings else delta
            for delta in waiting
            if meanings.get(id(delta)) not in self._written
        ]


def is_written(call: ToolCall) -> bool:
    """The call was read out of text."""
    return call.id.startswith(WRITTEN)


def assembled(fragments: Iterable[ToolCall]) -> list[tuple[Call, list[ToolCall]]]:
    """The calls, each with its fragments."""
    calls = Calls(lambda name: Arguments())
    found: list[tuple[Call, list[ToolCall]]] = []
    for fragment in fragments:
        call = calls.add(fragment)
        pieces = next((pieces for known, pieces in found if known is call), None)
        if pieces is not None:
            pieces.append(fragment)
        elif call is not None:
            found.append((call, [fragment]))
    return found


def renamed(delta: ToolCall, name: str) -> ToolCall:
    """The fragment with the tool's name in place of control tokens."""
    return replace(delta, name=name) if name and _CONTROL in delta.name else delta
