"""Finds marks in a stream of Markdown, and leaves alone what stands in its code: fences and inline code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

_TOKEN = re.compile(r"\n|`+|~+|[^\n`~]+")
_LINE_START = re.compile(r"[ \t>*+\-\d.)]*")
_SYNTAX = re.compile(r"[\n`~]")
_FENCE = 3
#: Characters that are read at once; what is behind a mark is copied, so that long texts go in slices.
_SLICE = 4096


class Code:
    """Follows Markdown, piece by piece, and knows whether its end is inside code.

    Inline code ends with its line at the latest, so that a lone backtick does not last. A fence is three or more
    backticks or tildes that begin a line; it ends with a line that begins with as many.
    """

    def __init__(self) -> None:
        self._fence = ""
        self._opening = False
        self._inline = 0
        self._run = ""
        self._begins = self._run_begins = True

    def feed(self, text: str) -> None:
        """Reads on."""
        if not (self._run or self._begins or _SYNTAX.search(text)):
            return
        for token in _TOKEN.findall(text):
            if self._run and token[0] == self._run[0]:
                self._run += token
                continue
            self._settle(token[0])
            if token[0] in "`~":
                self._run, self._run_begins = token, self._begins
                self._begins = False
            elif token == "\n":
                self._begins, self._opening, self._inline = True, False, 0
            else:
                self._begins = self._begins and _LINE_START.fullmatch(token) is not None

    @property
    def inside(self) -> bool:
        """The next character belongs to code, unless it is a backtick."""
        return bool(self._fence or self._inline)

    def _settle(self, following: str) -> None:
        """Takes a run of backticks or tildes for what it is, now that it has ended."""
        run, self._run = self._run, ""
        if not run:
            return
        if self._opening and run[0] == "`" == self._fence[0]:
            self._inline, self._fence, self._opening = len(self._fence), "", False
        if self._fence:
            if self._run_begins and run.startswith(self._fence) and not following.isalnum():
                self._fence = ""
        elif self._inline:
            if run == "`" * self._inline:
                self._inline = 0
        elif self._run_begins and len(run) >= _FENCE:
            self._fence, self._opening = run, following != "\n"
        elif run[0] == "`":
            self._inline = len(run)


class Scanner:
    """Splits a stream of text at the first of the `marks`. With `markdown`, marks inside code are text."""

    def __init__(self, marks: Iterable[str], markdown: bool = True) -> None:
        self._code = Code() if markdown else None
        self._held = ""
        self._whole, self._first, self._beginnings, self._reach = patterns(tuple(marks))

    def passes(self, text: str) -> bool:
        """Whether all of the text is plain, and if so reads it: `split` would return it whole and hold nothing back."""
        if self._held or not 0 < len(text) <= _SLICE or self._first.search(text):
            return False
        self._read(text, 0, len(text))
        return True

    def split(self, text: str) -> tuple[str, str, str]:
        """(text before the mark, the mark or "", what follows it). What may become a mark is held back."""
        text, self._held = self._held + text, ""
        at = 0
        for match in self._first.finditer(text):
            start = match.start()
            at = self._read(text, at, start + 1)
            if self._code is not None and self._code.inside:
                continue
            if whole := self._whole.match(text, start):
                return text[:start], whole[0], text[whole.end() :]
            if len(text) - start <= self._reach and text[start:] in self._beginnings:
                self._held = text[start:]
                return text[:start], "", ""
        self._read(text, at, len(text))
        return text, "", ""

    @property
    def holds(self) -> bool:
        """Something is held back."""
        return bool(self._held)

    def flush(self) -> str:
        """What was held back."""
        text, self._held = self._held, ""
        return text

    def _read(self, text: str, start: int, end: int) -> int:
        if self._code is not None:
            self._code.feed(text[start:end])
        return end


@cache
def patterns(marks: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str], frozenset[str], int]:
    """What finds the marks: whole ones, their first characters, their beginnings; and how long a beginning may be."""
    whole = re.compile("|".join(map(re.escape, marks)))
    first = re.compile("|".join(sorted({re.escape(mark[0]) for mark in marks})))
    beginnings = frozenset(mark[:size] for mark in marks for size in range(1, len(mark)))
    return whole, first, beginnings, max(map(len, marks)) - 1


def slices(text: str) -> Iterator[str]:
    """The text in pieces, the last one first."""
    return (text[at : at + _SLICE] for at in range((len(text) - 1) // _SLICE * _SLICE, -1, -_SLICE))
