"""Characters that a vendor cut in two: halves of a surrogate pair at the end of one delta and the start of the next.

JavaScript servers that slice UTF-16 text send them as `\\ud83d` and `\\ude42`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from translators.core.deltas import Delta, Text, Thinking, Usage

SAID = (Text, Thinking)


class Halves:
    """A filter of deltas: a first half waits for its second; a half that stays alone becomes U+FFFD."""

    def __init__(self) -> None:
        self._held: Text | Thinking | None = None

    def feed(self, delta: Delta) -> Iterable[Delta]:
        """What becomes of one delta."""
        if isinstance(delta, Usage) or (self._held is None and not is_cut(delta)):
            return (delta,)
        held, self._held = self._held, None
        if held is None or type(held) is not type(delta):
            return iter((*([mended(held)] if held else ()), *self._start(delta)))
        assert isinstance(delta, Text | Thinking)
        return self._start(replace(delta, text=held.text + delta.text))

    def close(self) -> Iterator[Delta]:
        """A half without its other half."""
        held, self._held = self._held, None
        return iter((mended(held),) if held else ())

    def _start(self, delta: Delta) -> Iterator[Delta]:
        if not isinstance(delta, Text | Thinking):
            return iter((delta,))
        text = delta.text
        if "\ud800" <= text[-1:] <= "\udbff":
            text, self._held = text[:-1], replace(delta, text=text[-1])
        return iter((mended(replace(delta, text=text)),) if text else ())


def is_cut(delta: Delta) -> bool:
    """Text that holds a half of a character."""
    if not isinstance(delta, SAID) or delta.text.isascii():
        return False
    return any("\ud800" <= character <= "\udfff" for character in delta.text)


def mended(delta: Text | Thinking) -> Text | Thinking:
    """The delta with its pairs joined and lone halves replaced."""
    whole = delta.text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return replace(delta, text=whole)
