"""Tool-call assembly: fragments in any order -> calls one after the other.

Vendors send fragments without an index, with the same index for two calls, with the id or the name repeated on each
fragment or late, or several calls interleaved. A fragment belongs to the call of its index, unless it brings a new id
and a name; without an index to the call of its id, else to the newest one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from translators.core.arguments import Arguments, object_text
from translators.core.deltas import ToolCall


@dataclass(slots=True)
class Call:
    """One call under assembly. `ready` is JSON text that has not been sent yet."""

    read: Callable[[str], Arguments]
    """Makes the reader of the arguments, which depends on the whole name."""
    id: str = ""
    name: str = ""
    opaque: str = ""
    ready: str = ""
    begun: bool = False
    """Some of its arguments have come."""
    sent: bool = False
    """Its block has been opened."""
    _early: list[str] = field(default_factory=list)
    _arguments: Arguments | None = None

    def add(self, fragment: ToolCall) -> None:
        """Takes the fragment's name, state and arguments."""
        if fragment.name != self.name and not (self.name and self.begun):
            self.name += fragment.name
        self.id = self.id or fragment.id
        self.opaque = self.opaque or fragment.opaque
        if text := arguments_text(fragment):
            self.begun = True
            self._early.append(text)
        if self.name and self._early:
            text, self._early = "".join(self._early), []
            self.ready += self.arguments.feed(text)

    def take(self) -> str:
        """The JSON text that may be sent now."""
        text, self.ready = self.ready, ""
        return text

    @property
    def arguments(self) -> Arguments:
        """The reader of the arguments."""
        self._arguments = self._arguments or self.read(self.name)
        return self._arguments

    @property
    def complete(self) -> bool:
        """The arguments are a finished object; nothing more can belong to this call."""
        return self._arguments is not None and self._arguments.complete


def arguments_text(fragment: ToolCall) -> str:
    """A fragment's arguments as JSON text."""
    return object_text(fragment.arguments) if isinstance(fragment.arguments, Mapping) else fragment.arguments


class Calls:
    """The calls of one answer. The first unfinished one is live; the others wait their turn."""

    def __init__(self, arguments: Callable[[str], Arguments]) -> None:
        self._arguments = arguments
        self._queue: list[Call] = []
        self._by_index: dict[int, Call] = {}
        self._by_id: dict[str, Call] = {}
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

    def add(self, fragment: ToolCall) -> Call | None:
        """Gives the fragment to its call, or starts a new one. Returns the call, None when the fragment is empty."""
        call = self._owner(fragment)
        if call is None:
            if not (fragment.id or fragment.name or fragment.arguments):
                return None
            call = self._start(fragment)
        call.add(fragment)
        self._newest = call
        return call

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
        elif fragment.id and (fragment.name or fragment.id in self._by_id):
            known = self._by_id.get(fragment.id)
        return None if known is None or self._is_new(known, fragment) else known

    @staticmethod
    def _is_new(known: Call, fragment: ToolCall) -> bool:
        if not fragment.name:
            return False
        if fragment.id and known.id and fragment.id != known.id:
            return True
        return known.complete and (fragment.name != known.name or arguments_text(fragment).lstrip().startswith("{"))

    def _start(self, fragment: ToolCall) -> Call:
        call = Call(self._arguments)
        if fragment.index is not None:
            self._by_index[fragment.index] = call
        if fragment.id:
            self._by_id[fragment.id] = call
        self._queue.append(call)
        return call


class CallIds:
    """The client's ids of calls. State may name a call by the vendor's id before or after the call itself comes."""

    def __init__(self, fresh: Callable[[], str]) -> None:
        self._fresh = fresh
        self._known: dict[str, str] = {}
        self._used: set[str] = set()

    def of_state(self, theirs: str) -> str:
        """The id of the call that state names, set aside for it if it is still to come."""
        if theirs not in self._known:
            self._known[theirs] = self._fresh()
        return self._known[theirs]

    def of_call(self, theirs: str) -> str:
        """The id of a call that begins; a second one of the same name gets its own."""
        ours = self.of_state(theirs) if theirs else self._fresh()
        ours = self._fresh() if ours in self._used else ours
        self._used.add(ours)
        return ours


def schemas(tools: Any) -> dict[str, Mapping[str, Any]]:
    """Input schemas by tool name."""
    return {str(tool.get("name")): tool.get("input_schema") or {} for tool in tools or ()}
