"""Stop sequences that the vendor does not know, applied to its answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from translators.core.deltas import Delta, Stop, Text, Usage


class StopSequences:
    """A filter of deltas: ends the answer where the first of the sequences is complete, wherever deltas are split.

    After the match only Usage passes. `matched` is the sequence, None as long as there is none.
    """

    def __init__(self, sequences: Iterable[str] = ()) -> None:
        self.matched: str | None = None
        self._sequences = tuple(dict.fromkeys(filter(None, sequences)))
        self._held = ""
        self._beginnings = {word[:size] for word in self._sequences for size in range(1, len(word))}
        self._reach = max(map(len, self._sequences), default=1) - 1
        self._first = re.compile("|".join(sorted({re.escape(word[0]) for word in self._sequences})) or r"(?!)")

    def feed(self, delta: Delta) -> Iterable[Delta]:
        """What becomes of one delta."""
        if isinstance(delta, Usage) or not (self._sequences or isinstance(delta, Stop)):
            return (delta,)
        if self.matched is not None:
            return iter(())
        if isinstance(delta, Text):
            return iter(self._searched(self._held + delta.text))
        return self._released(self._named(delta) if isinstance(delta, Stop) else delta)

    def close(self) -> Iterator[Delta]:
        """The text that might have become a stop sequence."""
        held, self._held = self._held, ""
        return iter((Text(held),) if held else ())

    def _released(self, delta: Delta) -> Iterator[Delta]:
        return iter((*self.close(), delta))

    def _named(self, stop: Stop) -> Stop:
        """A stop of the vendor's own, with the sequence that the client knows."""
        if stop.reason != "stop_sequence" or stop.sequence in self._sequences:
            return stop
        if stop.sequence is not None or not self._sequences:
            return replace(stop, reason="end_turn", sequence=None)
        return replace(stop, sequence=self._sequences[0]) if len(self._sequences) == 1 else stop

    def _searched(self, text: str) -> tuple[Delta, ...]:
        place = self._place(text)
        if place is None:
            kept = self._undecided(text)
            text, self._held = text[:kept], text[kept:]
            return (Text(text),) if text else ()
        start, self.matched = place
        self._held = ""
        stop = Stop("stop_sequence", self.matched)
        return (Text(text[:start]), stop) if start else (stop,)

    def _place(self, text: str) -> tuple[int, str] | None:
        """(start, sequence) of the match that is complete first, the longest of those that end together."""
        found = [(start + len(word), start, word) for word in self._sequences if (start := text.find(word)) >= 0]
        return min(found)[1:] if found else None

    def _undecided(self, text: str) -> int:
        """Where the last piece starts that may become a sequence."""
        for match in self._first.finditer(text, max(0, len(text) - self._reach)):
            if text[match.start() :] in self._beginnings:
                return match.start()
        return len(text)
