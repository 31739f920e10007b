"""Tool-call assembly: fragments in any order -> calls one after the other.

Vendors send fragments without an index, with the same index for two calls, with the id or the name repeated on each
fragment or late, or several calls interleaved. A fragment belongs to the call of its index, unless it brings a new id
and a name; without an index to the call of its id, else to the newest one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from translators.core.arguments import Arguments
from translators.core.deltas import ToolCall


@dataclass(slots=True)
class Call:
    """One call under assembly. `ready` is JSON text that has not been sent yet."""

    index: int | None
    id: str
    arguments: Arguments
    name: str = ""
    opaque: str = ""
    ready: str = ""
    begun: bool = False
    whole: bool = False
    sent: bool = False
    """Its block has been opened."""

    def add(self, fragment: ToolCall) -> None:
        """Takes the fragment's name, state and arguments."""
        if fragment.name and fragment.name != self.name and not self.begun:
            self.name += fragment.name
        self.opaque = self.opaque or fragment.opaque
        if isinstance(fragment.arguments, Mapping):
            self.ready += self.arguments.feed(json.dumps(dict(fragment.arguments), ensure_ascii=False))
            self.begun = self.whole = True
        elif fragment.arguments:
            self.begun = True
            self.ready += self.arguments.feed(fragment.arguments)

    def take(self) -> str:
        """The JSON text that may be sent now."""
        text, self.ready = self.ready, ""
        return text

    @property
    def complete(self) -> bool:
        """The arguments are a finished object; nothing more can belong to this call."""
        return self.whole or self.arguments.complete


class Calls:
    """The calls of one answer. The first unfinished one is live; the others wait their turn."""

    def __init__(self, arguments: Callable[[str], Arguments]) -> None:
        self._arguments = arguments
        self._queue: list[Call] = []
        self._by_index: dict[int, Call] = {}
        self._newest: Call | None = None

    def __bool__(self) -> bool:
        return bool(self._queue)

    @property
    def live(self) -> Call | None:
        """The call whose block is open or opens next."""
        return self._queue[0] if self._queue else None

    @property
    def crowded(self) -> bool:
        """Another call waits behind the live one."""
        return len(self._queue) > 1

    def pending(self) -> list[Call]:
        """The unfinished calls in order."""
        return list(self._queue)

    def add(self, fragment: ToolCall) -> None:
        """Gives the fragment to its call, or starts a new one."""
        call = self._owner(fragment) or self._start(fragment)
        call.add(fragment)
        self._newest = call

    def finish(self) -> None:
        """The live call is done; late fragments of it are lost on purpose: a finished object takes none."""
        self._queue.pop(0)

    def drain(self) -> Iterator[Call]:
        """All unfinished calls, each finished as it is handed out."""
        while self._queue:
            yield self._queue.pop(0)

    def _owner(self, fragment: ToolCall) -> Call | None:
        known = self._newest
        if fragment.index is not None:
            known = self._by_index.get(fragment.index)
        elif fragment.id:
            known = next((call for call in self._queue if call.id == fragment.id), None)
            if known is None and not fragment.name:
                known = self._newest
        if known is None or self._is_new(known, fragment):
            return None
        return known

    @staticmethod
    def _is_new(known: Call, fragment: ToolCall) -> bool:
        if not fragment.name:
            return False
        if fragment.id and known.id and fragment.id != known.id:
            return True
        return known.complete and not (fragment.id and fragment.id == known.id)

    def _start(self, fragment: ToolCall) -> Call:
        call = Call(fragment.index, fragment.id, self._arguments(fragment.name))
        if fragment.index is not None:
            self._by_index[fragment.index] = call
        self._queue.append(call)
        return call


def schemas(tools: Any) -> dict[str, Mapping[str, Any]]:
    """Input schemas by tool name."""
    return {str(tool.get("name")): tool.get("input_schema") or {} for tool in tools or ()}
