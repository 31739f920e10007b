"""Legal aliases for tool names, and the way back.

Vendors limit the length (64), the characters and sometimes the first character of a tool name; names made of a server
and a tool exceed that. An alias depends on its name alone, so that prompts stay the same from turn to turn.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256

_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")
_LETTER = re.compile(r"[A-Za-z_]")
#: What models put around a name: a recipient before it, Harmony control tokens or a call number behind it.
_DRESSED = re.compile(r"(?:.*\bto=)?(?:functions?\.)?(?P<name>.*?)(?::\d+)?", re.DOTALL)
_CONTROL = "<|"
_DIGITS = 8
_SMALLEST = 16


class ToolNames:
    """The tool names of one conversation. `max`, `min` and `letter_first` are the vendor's rules.

    Names that are met later, in the history for instance, are learnt when `short` sees them.
    """

    def __init__(self, names: Iterable[str] = (), max: int = 64, min: int = 1, letter_first: bool = False) -> None:
        if max < _SMALLEST or min > max:
            raise ValueError("no room for an alias")
        self._max, self._min, self._letter_first = max, min, letter_first
        self._aliases: dict[str, str] = {}
        self._originals: dict[str, str] = {}
        self._folded: dict[str, set[str]] = {}
        known = list(dict.fromkeys(names))
        for name in sorted(known, key=self._legal, reverse=True):
            self.short(name)

    def short(self, name: str) -> str:
        """The legal name that the vendor sees; a legal name stays as it is."""
        alias = self._aliases.get(name)
        return alias if alias is not None else self._learn(name)

    def long(self, alias: str) -> str:
        """The original of an alias, or of what a model made of it; the text itself when no tool is meant."""
        found = self._known(alias)
        if found is not None:
            return found
        visible = alias.split(_CONTROL, 1)[0].strip()
        dressed = _DRESSED.fullmatch(visible)
        found = self._known(dressed["name"].strip()) if dressed else None
        return visible or alias if found is None else found

    def _known(self, alias: str) -> str | None:
        if alias in self._originals:
            return self._originals[alias]
        if alias in self._aliases:
            return alias
        alike = self._folded.get(alias.casefold(), ())
        return next(iter(alike)) if len(alike) == 1 else None

    def _learn(self, name: str) -> str:
        alias = name
        attempt = 0
        while not self._legal(alias) or alias in self._originals:
            alias = self._invented(name, attempt)
            attempt += 1
        self._aliases[name] = alias
        self._originals[alias] = name
        for spelling in (name, alias):
            self._folded.setdefault(spelling.casefold(), set()).add(name)
        return alias

    def _legal(self, name: str) -> bool:
        fits = self._min <= len(name) <= self._max and not _FOREIGN.search(name)
        return fits and not (self._letter_first and not _LETTER.match(name))

    def _invented(self, name: str, attempt: int) -> str:
        digits = sha256(f"{name}\0{attempt}".encode("utf-8", "replace")).hexdigest()[:_DIGITS]
        room = self._max - _DIGITS - 1
        readable = _FOREIGN.sub("_", name)
        if not _LETTER.match(readable):
            readable = "t" + readable
        return f"{readable[:room].ljust(self._min - _DIGITS - 1, '_')}_{digits}"
