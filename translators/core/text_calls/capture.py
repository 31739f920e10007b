"""Collects what may be a written call until it is one, or cannot be one any more."""

from __future__ import annotations

import re
from functools import cache
from typing import Protocol

from translators.core.text_calls.dialects import Dialect
from translators.core.text_calls.tools import Tools, Written

#: How many closings may stand inside a call's own values before it is given up; each of them costs a reading.
ATTEMPTS = 200
#: Characters after which it must be clear that a call begins.
HEAD = 1000

_BRACKET = re.compile(r"[\"\\{}\[\]]")


class Ends(Protocol):
    """Tells where the call may end."""

    def feed(self, piece: str) -> list[int]:
        """The possible ends in the piece, counted from the first piece's beginning."""


@cache
def either(words: tuple[str, ...]) -> re.Pattern[str]:
    """A pattern for one of the words."""
    return re.compile("|".join(map(re.escape, words)))


class Closings:
    """Ends behind one of the words."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._pattern = either(words)
        self._reach = max(map(len, words)) - 1
        self._tail = ""
        self._read = 0

    def feed(self, piece: str) -> list[int]:
        """The ends in the piece."""
        window, base = self._tail + piece, self._read - len(self._tail)
        self._tail = window[-self._reach :]
        ends = [base + match.end() for match in self._pattern.finditer(window)]
        before, self._read = self._read, self._read + len(piece)
        return [end for end in ends if end > before]


class Brackets:
    """Ends where every bracket is closed."""

    def __init__(self) -> None:
        self._depth = 0
        self._quoted = self._escaped = False
        self._read = 0

    def feed(self, piece: str) -> list[int]:
        """The ends in the piece."""
        ends = [self._read + at + 1 for at in self._closed(piece)]
        self._read += len(piece)
        return ends

    def _closed(self, piece: str) -> list[int]:
        found: list[int] = []
        at = 1 if self._escaped else 0
        self._escaped = self._escaped and not piece
        while match := _BRACKET.search(piece, at):
            at = match.end()
            if match[0] == "\\":
                self._escaped = at == len(piece)
                at += 1
            elif match[0] == '"':
                self._quoted = not self._quoted
            elif not self._quoted:
                self._depth += 1 if match[0] in "{[" else -1
                found += [match.start()] if self._depth == 0 else []
        return found


class Capture:
    """The text behind a mark. `refused`: no call begins or ends here, what was collected is text. `attempts` counts
    the readings in vain.
    """

    def __init__(self, mark: str, dialect: Dialect, tools: Tools) -> None:
        self.mark = mark
        self.dialect = dialect
        self.refused = False
        self._tools = tools
        self._pieces = [mark]
        self._ends: Ends = Closings(dialect.closings) if dialect.closings else Brackets()
        self._open: list[int] = []
        self.attempts = 0
        self._begun = False

    @property
    def text(self) -> str:
        """Everything collected, with the mark."""
        return "".join(self._pieces)

    def feed(self, piece: str) -> tuple[list[Written], str] | None:
        """The calls and the text behind them, None while there are none."""
        self._pieces.append(piece)
        self._open += self._ends.feed(piece)
        if not self._begun:
            text = self.text
            verdict = self.dialect.begins(text, self._tools)
            self._begun, self.refused = verdict is True, verdict is False or (verdict is None and len(text) > HEAD)
        return self._read() if self._begun and self._open else None

    def finish(self) -> list[Written] | None:
        """The calls at the model's own end of the answer, which may stand for the closing."""
        return self.dialect.read(self.text.rstrip(), False, self._tools) if self._begun else None

    def _read(self) -> tuple[list[Written], str] | None:
        text, size = self.text, len(self.mark)
        ends, self._open = self._open, []
        for end in ends:
            if calls := self.dialect.read(text[: size + end], True, self._tools):
                return calls, text[size + end :]
        self.attempts += len(ends)
        self.refused = self.attempts > ATTEMPTS
        return None
