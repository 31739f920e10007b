"""The vocabulary between: what every protocol decodes a vendor's answer into, and `MessageStream` builds events from.

A decoder is a stateless function `chunk -> Iterator[Delta]`. It says what one chunk says and nothing more: order, block
boundaries, ids and stop reasons are the message stream's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

StopReason = Literal[
    "end_turn", "max_tokens", "stop_sequence", "tool_use", "refusal", "pause_turn", "model_context_window_exceeded"
]


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the visible answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """A piece of the model's reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """Vendor state that must come back with the next request (encrypted reasoning, signatures).

    `key` names the kind, `value` is JSON. Fragments of one kind are collected in the order of arrival; the protocol
    that made them merges them when it puts them back. `call` is the vendor's id of the call that the value names.
    """

    key: str
    value: Any
    call: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A fragment of a tool call.

    `index` is the vendor's slot (None when it sends none), `id` and `name` are "" when the fragment lacks them.
    `arguments` is the next piece of the JSON text, or the whole arguments as an object. `opaque` belongs to this call
    alone.
    """

    index: int | None = None
    id: str = ""
    name: str = ""
    arguments: str | Mapping[str, Any] = ""
    opaque: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A complete content block of a server tool. Its ids are the vendor's; the message gets fresh ones."""

    block: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cite:
    """What the text so far rests on, in Anthropic's form."""

    citation: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts as Anthropic counts them: `input` excludes what was read from or written to the cache."""

    input: int
    output: int
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Stop:
    """The vendor's end of the turn. `sequence` is the stop sequence that matched, if the vendor says so.

    One that is not `final` says what the reason will be; the vendor's own end must still come. `explanation` is why the
    vendor refuses, in its words.
    """

    reason: StopReason
    sequence: str | None = None
    final: bool = True
    explanation: str | None = None


Delta = Text | Thinking | Opaque | ToolCall | Block | Cite | Usage | Stop

#: Stop reasons of a turn that the model ended itself.
ORDINARY = frozenset({"end_turn", "tool_use"})


def stronger(old: Stop | None, new: Stop) -> Stop:
    """The stop that counts: a limit is not overruled by an ordinary end that follows it; a refusal or a matched
    sequence is not overruled at all. A refusal that is explained says more than one that is not.
    """
    if old is None or old.reason in ORDINARY:
        return new
    if old.reason == new.reason == "refusal" and old.explanation is None:
        return new
    return old if old.reason in ("refusal", "stop_sequence") or new.reason in ORDINARY else new


def joined(deltas: list[Any]) -> list[Any]:
    """The same deltas; text that follows text, and thinking that follows thinking, as one piece. What is no delta stays
    as it is.
    """
    made: list[Any] = []
    for kind, run in groupby(deltas, type):
        if kind is Text or kind is Thinking:
            made.append(kind("".join([delta.text for delta in run])))
        else:
            made += run
    return made
