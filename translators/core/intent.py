"""What the client wants of the model's reasoning, read from `thinking`, `output_config.effort` and `max_tokens`.

Source: Anthropic Messages API, "Extended thinking" and "Effort"
(https://platform.claude.com/docs/en/build-with-claude/thinking, read 2026-11-21). `adaptive` has no equal elsewhere: it
means on, with the level of the effort. `between_tools` means off, and so does silence with a very small `max_tokens`:
vendors that think unasked would use it up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

Level = Literal["low", "medium", "high", "xhigh", "max"]

#: Other efforts are left to the vendor, as if none were named.
LEVELS: tuple[Level, ...] = get_args(Level)
#: Tokens below which an answer has no room for reasoning that nobody asked for.
LITTLE = 256
#: Budget in tokens up to which a level is meant.
BUDGETS: tuple[tuple[int, Level], ...] = ((1024, "low"), (8192, "medium"), (24576, "high"), (32768, "xhigh"))


@dataclass(frozen=True, slots=True)
class Intent:
    """`on` is None when the client leaves it to the vendor; `level` is None when it names none."""

    on: bool | None = None
    level: Level | None = None
    budget: int | None = None
    omitted: bool = False
    """The client wants signatures without the thinking text."""

    def off(self) -> Intent:
        """The same wish with thinking switched off."""
        return replace(self, on=False, level=None, budget=None)

    @property
    def silent(self) -> bool:
        """Nothing was asked for."""
        return self.on is None and self.level is None


def intent(message: Mapping[str, Any]) -> Intent:
    """The intent of a Messages request body."""
    thinking = message.get("thinking") or {}
    wished = (message.get("output_config") or {}).get("effort")
    effort = wished if wished in LEVELS else None
    omitted = thinking.get("display") == "omitted"
    limit = message.get("max_tokens")
    match thinking.get("type"):
        case "enabled":
            budget = thinking.get("budget_tokens")
            return Intent(True, effort or level_of(budget), within(budget, limit), omitted)
        case "adaptive":
            return Intent(True, effort, None, omitted)
        case "disabled" | "between_tools":
            return Intent(False)
        case _ if not effort and limit and limit < LITTLE:
            return Intent(False)
        case _:
            return Intent(None, effort, None, omitted)


def within(budget: int | None, limit: int | None) -> int | None:
    """The budget, less than all tokens of the answer."""
    return min(budget, max(1, limit - 1)) if budget and limit else budget


def level_of(budget: int | None) -> Level | None:
    """The effort level that a token budget stands for."""
    if budget is None:
        return None
    return next((level for limit, level in BUDGETS if budget <= limit), "max")
