"""What a frame says, in no wire's words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["text", "thinking", "call", "stop", "usage", "model", "role", "error", "block"]


@dataclass(frozen=True, slots=True)
class Said:
    """One thing at frame `at`. `value` is a text, the usage object, the model's name, the error, a `Fragment`;
    `place` the field in which it stood.
    """

    at: int
    kind: Kind
    value: Any
    place: str = ""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of a call; None for what the part does not hold."""

    slot: Any = None
    id: Any = None
    name: Any = None
    arguments: Any = None


@dataclass(slots=True)
class Call:
    """A call made of its fragments. `values` are arguments that were no text."""

    at: int
    slot: Any
    ids: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    written: str = ""
    values: list[Any] = field(default_factory=list)
    unnamed: bool = False
    """Arguments came before the name."""

    @property
    def name(self) -> str:
        """The name, "" when there was none."""
        return next((name for name in self.names if name), "")

    def takes(self, fragment: Fragment) -> None:
        """Adds a part."""
        if isinstance(fragment.id, str) and fragment.id:
            self.ids.append(fragment.id)
        if isinstance(fragment.name, str):
            self.names.append(fragment.name)
        if isinstance(fragment.arguments, str):
            self.unnamed = self.unnamed or bool(fragment.arguments and not self.name)
            self.written += fragment.arguments
        elif fragment.arguments is not None:
            self.values.append(fragment.arguments)


def calls_of(said: Iterable[Said]) -> Sequence[Call]:
    """The calls. A new id or, without ids, a second name begins another one, also under an index that is in use."""
    calls: list[Call] = []
    for one in said:
        if one.kind == "call":
            fragment: Fragment = one.value
            current = next((call for call in reversed(calls) if same(call, fragment)), None)
            if current is None:
                current = Call(one.at, fragment.slot)
                calls.append(current)
            current.takes(fragment)
    return calls


def same(call: Call, fragment: Fragment) -> bool:
    """The fragment goes on with the call."""
    if fragment.slot is not None and call.slot != fragment.slot:
        return False
    if fragment.id and call.ids:
        return bool(fragment.id in call.ids)
    return not (fragment.name and call.name and not fragment.id and (call.written or call.values))
