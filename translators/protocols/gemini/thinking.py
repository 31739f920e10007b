"""How each family of Gemini models is told to think.

Source: https://ai.google.dev/gemini-api/docs/thinking (read 2026-11-21). A level and a budget together are a 400.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from translators.core.intent import Intent, Level
from translators.core.vendor import Json, Route

VERSION = re.compile(r"gemini-(\d+(?:\.\d+)?)")
NEWEST = 99.0
"""The version of a name without one, such as gemini-flash-latest."""
BUDGETS: dict[Level, int] = {"low": 1024, "medium": 8192, "high": 24_576, "xhigh": 32_768, "max": 32_768}


@dataclass(frozen=True, slots=True)
class Family:
    """How the models of one family are told to think: `levels` from the least to the highest, or a range of budgets."""

    levels: tuple[str, ...] = ()
    budgets: tuple[int, int] | None = None
    """The least budget that is not off, and the highest."""
    can_be_off: bool = True


def version(model: str) -> float:
    """The generation of a model."""
    found = VERSION.search(model)
    return float(found[1]) if found else NEWEST if "gemini" in model else 0.0


def family(model: str) -> Family:
    """The family of a model."""
    name, number, pro = model.lower(), version(model.lower()), "pro" in model.lower()
    if number < 2.5:
        return Family()
    if number < 3:
        lite = 512 if "lite" in name else 1
        return Family(budgets=(128, 32_768) if pro else (lite, 24_576), can_be_off=not pro)
    if name.endswith("gemini-3-pro-preview"):
        return Family(("low", "high"))
    least = () if pro or number >= 3.7 else ("minimal",)
    return Family((*least, "low", "medium", "high", *(("xhigh",) if "hydrogen" in name else ())))


def thinking(intent: Intent, route: Route) -> Json:
    """`thinkingConfig`, a field of the generation config."""
    known = family(route.model)
    if not (known.levels or known.budgets):
        return {}
    config: Json = {"includeThoughts": True} if intent.on else {}
    config |= level(intent, known.levels) if known.levels else budget(intent, known)
    return {"thinkingConfig": config} if config else {}


def level(intent: Intent, levels: tuple[str, ...]) -> Json:
    """The level, the least one for off."""
    if intent.on is False:
        return {"thinkingLevel": levels[0]}
    if not intent.level:
        return {}
    return {"thinkingLevel": intent.level if intent.level in levels else levels[-1]}


def budget(intent: Intent, known: Family) -> Json:
    """The budget; one that the client names is brought into the range."""
    least, most = known.budgets or (0, 0)
    if intent.on is False:
        return {"thinkingBudget": 0 if known.can_be_off else least}
    wished = intent.budget or (BUDGETS[intent.level] if intent.level else 0)
    if not wished:
        return {"thinkingBudget": -1} if intent.on else {}
    return {"thinkingBudget": min(max(wished, least), most)}
