"""POST /api/show: what Ollama knows of one model. Source: https://docs.ollama.com/api/show (read 2026-11-21)."""

from __future__ import annotations

from typing import Any

from translators.core.counts import section, whole_number
from translators.core.limits import Limits
from translators.core.vendor import Json


def asked(model: str) -> Json:
    """The body of the request."""
    return {"model": model}


def shown(answer: Any, model: str) -> dict[str, Limits]:
    """The window that the model was made for: `<architecture>.context_length`."""
    facts = section(section(answer).get("model_info"))
    window = whole_number(facts.get(f"{facts.get('general.architecture')}.context_length"))
    return {model: Limits(context_window=window)} if window else {}
