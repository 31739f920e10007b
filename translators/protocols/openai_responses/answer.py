"""The message stream of a Responses answer: paragraphs of reasoning, calls that end, calls wrapped into one.

gpt-5.4 and others sometimes call `multi_tool_use.parallel` with `{"tool_uses": [{"recipient_name": "functions.Read",
"parameters": {...}}]}`, a tool that nobody offered (vercel/ai, fixture parallel-tool-call-wrapper, read 2026-11-21).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from translators.core.answer import message_stream
from translators.core.deltas import Delta, Opaque, Thinking, ToolCall, Usage
from translators.core.stream import MessageStream
from translators.core.vendor import Route
from translators.protocols.openai_responses.decode import CallEnd, Thought

WRAPPERS = frozenset({"multi_tool_use.parallel", "multi_tool_use_parallel", "functions.parallel", "parallel"})


def stream(message: Mapping[str, Any], route: Route, new_id: Callable[[str], str]) -> MessageStream:
    """The stream that builds the answer's events out of what `decode.py` says."""
    offered = frozenset(str(tool.get("name")) for tool in message.get("tools") or ())
    return message_stream(message, route, new_id, first=(Items(WRAPPERS - offered),))


class Items:
    """A filter: `Thought` and `CallEnd` become plain deltas. `wrappers` are names of calls that hold others."""

    def __init__(self, wrappers: frozenset[str]) -> None:
        self._wrappers = wrappers
        self._wrapped: set[int] = set()
        self._begun: set[int] = set()
        self._argued: set[int] = set()
        self._part: tuple[Any, ...] | None = None

    def feed(self, delta: Any) -> Iterator[Delta]:
        """What becomes of one delta."""
        match delta:
            case Thought():
                return self._paragraph(delta)
            case CallEnd():
                return self._end(delta)
            case ToolCall():
                return self._fragment(delta)
        if not isinstance(delta, Opaque | Usage):
            self._part = None
        return iter((delta,))

    def close(self) -> Iterator[Delta]:
        """Nothing is held back."""
        return iter(())

    def _paragraph(self, thought: Thought) -> Iterator[Delta]:
        """A blank line between two parts that follow each other."""
        if not thought.text:
            return
        apart = self._part is not None and self._part != thought.part
        self._part = thought.part
        yield Thinking(f"\n\n{thought.text}" if apart else thought.text)

    def _fragment(self, call: ToolCall) -> Iterator[Delta]:
        self._part = None
        index = call.index or 0
        if call.name in self._wrappers:
            self._wrapped.add(index)
        if index in self._wrapped:
            return
        self._begun.add(index)
        if call.arguments:
            self._argued.add(index)
        yield call

    def _end(self, call: CallEnd) -> Iterator[Delta]:
        """What of a finished call has not been streamed."""
        self._part = None
        if call.name in self._wrappers and (calls := unwrapped(call)):
            yield from calls
        elif call.arguments and call.index not in self._argued:
            known = call.index in self._begun
            name, made_id = ("", "") if known else (call.name, call.id)
            yield ToolCall(call.index, made_id, name, call.arguments or "{}")


def unwrapped(call: CallEnd) -> list[ToolCall]:
    """The calls inside a wrapper, each on its own; none when it cannot be read."""
    try:
        uses = json.loads(call.arguments)["tool_uses"]
        pairs = [(str(use["recipient_name"]), dict(use.get("parameters") or {})) for use in uses]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []
    return [
        ToolCall(None, f"{call.id}_{place}", name.removeprefix("functions."), parameters)
        for place, (name, parameters) in enumerate(pairs)
    ]
