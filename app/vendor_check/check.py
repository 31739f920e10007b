"""A check: what to look for in an answer, what the contract says of it, and what Rialto makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from app.vendor_check.answer import MISSHAPEN, Answer
from translators.core.vendor import Json

Repair = Literal["repaired", "reported", "lost"]
#: What becomes of a finding -> how it is said.
REPAIRS: dict[Repair, str] = {
    "repaired": "repaired",
    "reported": "reported as an error",
    "lost": "not repairable",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where it was seen: the number of the frame, None when it is about the whole answer."""

    at: int | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`says` is what the vendor does, `expects` what its contract wants, each a sentence. `repair` is what Rialto does
    about it as a rule, `remedy` how. A `note` is no fault: other clients may stumble over it.
    """

    name: str
    scenario: str
    says: str
    expects: str
    repair: Repair
    remedy: str
    find: Callable[[Answer], Iterator[Evidence]]
    mends: Callable[[Answer, Json], bool] | None = None
    """Whether the client's message shows that a finding which is not repairable as a rule was repaired."""
    wires: tuple[str, ...] = ()
    """Only on these wires; on all of them when there is none."""
    note: bool = False

    def evidence(self, answer: Answer) -> list[Evidence]:
        """What is found in an answer."""
        if self.wires and answer.route.vendor.protocol.name not in self.wires:
            return []
        try:
            return list(self.find(answer))
        except MISSHAPEN:
            if answer.is_misshapen:  # which another check says
                return []
            raise
