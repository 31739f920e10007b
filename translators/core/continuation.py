"""Going on with an answer that broke off within its text: what the model is asked for, and how the parts are joined.

A vendor that goes on with a last assistant message by a flag or by itself (`core/prefill.py`) is trusted when what it
says does not look like a repetition. Any other is asked to write the last words once more, and what comes behind them
is the rest: those words stand only once in the text, so they can be found in one place only. An answer that must match
a schema is asked for again and has to begin with what was told. Where nothing proves the seam there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol, runtime_checkable

from translators.core import tokens
from translators.core.counts import added
from translators.core.deltas import Usage
from translators.core.errors import RialtoError
from translators.core.intent import intent
from translators.core.message import Event
from translators.core.prefill import native, prefill
from translators.core.search_rounds import Rounds
from translators.core.structured import wanted_schema

Way = Literal["flag", "words", "again"]

#: Characters of the last words, at least and at most.
LEAST, MOST = 20, 2_000
#: What an answer that goes on without the last words may begin with, and nothing of it be missing.
CLOSING = frozenset(",.;)")
GO_ON = (
    "Your last message was cut off. It ends with the words between <end> and </end>:\n<end>{}</end>\n"
    "Write these words once more, exactly as they are, and go on from there until the answer is complete. "
    "Write nothing before them: no introduction, no apology, no tags."
)
#: Types of events between a call and the joined answer: the seam is found; a call broke off, with its `counts`.
SEAM, CUT = "seam", "cut"


class Unsure(RialtoError):
    """How the second part joins the first cannot be proved."""

    status = 502


@runtime_checkable
class Breakable(Protocol):
    """What builds the events of an answer that can be gone on with."""

    @property
    def in_text(self) -> bool:
        """Neither an end nor a call has come."""

    def counts(self) -> Usage:
        """The tokens so far."""


def last_words(text: str) -> str:
    """The shortest end of the text that begins with a word, is not too short and stands nowhere else in it; all of a
    short text; "" when there is none.
    """
    text = text.lstrip()
    if len(text) <= LEAST:
        return text
    for start in range(len(text) - LEAST, max(-1, len(text) - MOST), -1):
        if begins_word(text, start) and text.find(text[start:]) == start:
            return text[start:]
    return ""


def begins_word(text: str, start: int) -> bool:
    """A word, or a letter of a script without spaces, begins there."""
    return not text[start].isspace() and (not start or text[start - 1].isspace() or not text[start].isascii())


def way_of(message: Mapping[str, Any], told: str, prefilled: str, careful: bool) -> Way:
    """How the vendor whose profile says `prefilled` is asked. The `careful` way is the one with a proof. A flag is of
    no use behind white space, which vendors cut off.
    """
    if wanted_schema(message) is not None:
        return "again"
    begun = with_told(message, told)
    if careful or told != told.rstrip() or not native(without_thinking(begun), prefilled):
        return "words"
    return "flag"


def asking(message: Mapping[str, Any], told: str, way: Way, left: int) -> dict[str, Any]:
    """The request for the rest of an answer of which `told` was told and that may have `left` tokens more."""
    if way == "again":
        return dict(message)
    begun = without_thinking(with_told(message, told))
    words = last_words(prefill(begun)) if way == "words" else ""
    turns = [{"role": "user", "content": GO_ON.format(words)}] if words else []
    limit = left + tokens.estimate(words)
    return {**begun, "messages": [*begun["messages"], *turns], "max_tokens": limit}


def with_told(message: Mapping[str, Any], told: str) -> dict[str, Any]:
    """The conversation with what was told of the answer, behind what the client itself has written of it."""
    *before, last = message["messages"]
    if last.get("role") != "assistant":
        return {**message, "messages": [*before, last, {"role": "assistant", "content": told}]}
    content = last["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
    if blocks and blocks[-1].get("type") == "text":
        told = f"{blocks.pop()['text']}{told}"
    blocks.append({"type": "text", "text": told})
    return {**message, "messages": [*before, {**last, "content": blocks}]}


def without_thinking(message: dict[str, Any]) -> dict[str, Any]:
    """The request without the wish for reasoning: it is over when the text has begun."""
    return {**message, "thinking": {"type": "disabled"}} if intent(message).on else message


def overlap(said: str, text: str) -> int:
    """Characters of the longest end of `said` with which `text` begins, by the prefix function of Knuth, Morris and
    Pratt.
    """
    text, said = text[: len(said)], said[-len(text) :] if text else ""
    borders, size = [0] * len(text), 0
    for place in range(1, len(text)):
        while size and text[place] != text[size]:
            size = borders[size - 1]
        size += text[place] == text[size]
        borders[place] = size
    size = 0
    for letter in said:
        while size and (size == len(text) or letter != text[size]):
            size = borders[size - 1]
        size += size < len(text) and letter == text[size]
    return size


class Seam:
    """Finds where the rest of an answer begins. `said` is what there is of it, the client's own words included."""

    def __init__(self, said: str, way: Way) -> None:
        self.found = False
        self._said = said if way == "flag" else said.lstrip()
        self._way = way
        self._least = len(self._said if way == "again" else last_words(self._said))
        self._held = ""
        self._looked = 0

    def feed(self, text: str) -> str:
        """What of the text goes to the client now. Raises `Unsure`."""
        if self.found:
            return text
        self._held += text
        return "" if self._is_open() else self.close()

    def close(self) -> str:
        """The rest of what was held back. Raises `Unsure`."""
        held, self._held = self._held, ""
        if not self.found:
            rest = self._after(held)
            if rest is None:
                raise Unsure("The answer was gone on with, but nothing shows where", should_retry=False)
            self.found, held = True, rest
        return held

    def _is_open(self) -> bool:
        """What has come may still become a repetition."""
        if self._way == "flag":
            return self._held in self._said and not self._repeats()
        bare = self._held.lstrip()
        return self._held in self._said or bare in self._said

    def _repeats(self) -> bool:
        """The text ends with what has come up to some letter that is new; `overlap` would look at all of it again for
        every piece.
        """
        begin, self._looked = self._looked, len(self._held)
        sizes = (size for size in range(begin + 1, len(self._held) + 1) if self._held[size - 1] == self._said[-1])
        return any(self._said.endswith(self._held[:size]) for size in sizes)

    def _after(self, held: str) -> str | None:
        """What is new in it, None when nobody can tell."""
        again = overlap(self._said, held)
        if self._way == "flag":
            return held if held and not again else None
        bare = held.lstrip()
        repeated = overlap(self._said, bare)
        if self._least and repeated >= self._least:
            return bare[repeated:]
        alone = self._way == "words" and not again and not repeated
        return held if alone and self._joins(held) else None

    def _joins(self, held: str) -> bool:
        """Models leave out white space at their beginning, nothing else; one that begins with a space goes on. But some
        servers put a space before every answer: a capital letter or a mark behind it may begin another text.
        """
        if not held.strip() or self._said[-1:].isspace():
            return False
        return held[0] in CLOSING or (held[0] == " " and held[1:2].isalnum() and not held[1].isupper())


class Joint:
    """The events of a call that goes on, as a continuation of the text block that is still open. Reasoning before the
    text is left out. A call, or the end, before any text proves nothing: blanks are no text.
    """

    def __init__(self, seam: Seam) -> None:
        self._seam = seam
        self._cites: list[Event] = []
        self._kind = ""

    @property
    def found(self) -> bool:
        """The rest of the answer has begun."""
        return self._seam.found

    def feed(self, event: Event) -> list[Event]:
        """What becomes of one event. Raises `Unsure`."""
        if self.found:
            return [event]
        match event["type"]:
            case "content_block_start":
                self._kind = event["content_block"]["type"]
                return [] if self._kind in ("text", "thinking") else self._closed()
            case "content_block_delta" | "content_block_stop" if self._kind == "thinking":
                return []
            case "content_block_delta" if event["delta"]["type"] == "text_delta":
                text = self._seam.feed(event["delta"]["text"])
                return self._joined(text) if self.found else []
            case "content_block_delta":
                self._cites.append(event)
            case "content_block_stop":
                return [*self._closed(), event]
            case "message_delta" if event["delta"].get("stop_reason"):
                return self._closed()
        return []

    def _closed(self) -> list[Event]:
        return self._joined(self._seam.close())

    def _joined(self, text: str) -> list[Event]:
        delta = {"type": "text_delta", "text": text}
        new = [{"type": "content_block_delta", "delta": delta}] if text else []
        return [{"type": SEAM}, *new, *self._cites]


class Joined(Rounds):
    """The answer made of a call that broke off and those that went on with it. Its counts are the sum of all."""

    def feed(self, event: Event) -> list[Event]:
        """What becomes of one event of a call."""
        if event["type"] == CUT:
            self._counts = added(self._counts, event["counts"])
            self.usage = added(self.usage, event["counts"])
            return []
        return super().feed(event)

    def _citations(self, at_end: bool) -> list[Event]:
        """None but the vendor's own."""
        return []


def is_in_code(text: str) -> bool:
    """The text ends inside of a fenced block."""
    return text.count("```") % 2 == 1
