"""Ollama's refusals, `{"error": "words"}` with any status -> the client's errors, with what to do about them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from translators.core.errors import NotFound, Rejected, RialtoError, UpstreamError
from translators.core.refusals import refusal
from translators.core.vendor import Route

NO_MODEL = re.compile(r"model ['\"]?(?P<model>[^'\"\s]+)['\"]? not found", re.IGNORECASE)
NO_TOOLS = re.compile(r"does not support tools", re.IGNORECASE)
NO_MEMORY = re.compile(r"requires more (system )?memory", re.IGNORECASE)


def error(route: Route, status: int, body: Any, headers: Mapping[str, str]) -> RialtoError | None:
    """The error of a refusal that Ollama words in its own way; None for the others."""
    words = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(words, str):
        return None
    if (inner := wrapped(words)) is not None:
        return refusal(route, status, inner, headers)
    said = f"{route.vendor.title}: {words}"
    return next((make(route, said) for pattern, make in REMEDIES if pattern.search(words)), None) or (
        stranger(route, said) if status == 401 else None
    )


def wrapped(words: str) -> Any:
    """The runner's own error object, which some versions hand on as text."""
    try:
        inner = json.loads(words) if words.lstrip().startswith("{") else None
    except ValueError:
        return None
    return inner if isinstance(inner, Mapping) else None


def unknown_model(route: Route, said: str) -> RialtoError:
    """A model that is not there; the client looks for `model: NAME`."""
    return NotFound(f"model: {route.alias} ({said}; to install it, run `ollama pull {route.model}`)")


def toolless(route: Route, said: str) -> RialtoError:
    """A model that cannot call tools, which an agent cannot do without."""
    hint = f"choose a model that lists `tools` in `ollama show {route.model}`"
    return Rejected(f"{said} ({hint})", status=400, should_retry=False)


def too_large(route: Route, said: str) -> RialtoError:
    """The model and its window do not fit into the machine; another try will not help."""
    return UpstreamError(f"{said} (choose a smaller model or window)", status=500, should_retry=False)


def stranger(route: Route, said: str) -> RialtoError:
    """A model in Ollama's cloud without a login."""
    key = route.vendor.key_variable
    return Rejected(f"{said} (run `ollama signin`, or check {key})", status=401, should_retry=False)


REMEDIES: tuple[tuple[re.Pattern[str], Callable[[Route, str], RialtoError]], ...] = (
    (NO_MODEL, unknown_model),
    (NO_TOOLS, toolless),
    (NO_MEMORY, too_large),
)
