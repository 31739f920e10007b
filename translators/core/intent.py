"""What the client wants of the model's reasoning, read from `thinking`, `max_tokens` and `output_config.effort`, of
the request and of its system messages.

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
    wished = wished_effort(message)
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


def wished_effort(message: Mapping[str, Any]) -> Any:
    """The effort of the next answer: that of the request, or the last one that a system message of the conversation has
    set. Behind words of the user it holds at once, elsewhere from the user's next words on; results of tools are none
    (https://platform.claude.com/docs/build-with-claude/effort-per-message, read 2026-11-21).
    """
    effort, waiting, asked = (message.get("output_config") or {}).get("effort"), None, False
    for turn in message.get("messages") or ():
        match turn.get("role"):
            case "assistant":
                asked = False
            case "user" if asked or is_asking(turn):
                effort, waiting, asked = waiting or effort, None, True
            case "system" if level := effort_set(turn):
                effort, waiting = (level, None) if asked else (effort, level)
    return effort


def effort_set(turn: Mapping[str, Any]) -> str:
    """The effort that a system message sets, "" for none."""
    config = turn.get("output_config")
    effort = config.get("effort") if isinstance(config, Mapping) else None
    return effort if isinstance(effort, str) else ""


def is_asking(turn: Mapping[str, Any]) -> bool:
    """A user's message that holds more than results of tools."""
    content = turn.get("content")
    return not isinstance(content, list) or any(block.get("type") != "tool_result" for block in content)


def within(budget: int | None, limit: int | None) -> int | None:
    """The budget, less than all tokens of the answer."""
    return min(budget, max(1, limit - 1)) if budget and limit else budget


def level_of(budget: int | None) -> Level | None:
    """The effort level that a token budget stands for."""
    if budget is None:
        return None
    return next((level for limit, level in BUDGETS if budget <= limit), "max")
