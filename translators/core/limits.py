"""The limits of models as vendors list them: context window and longest output, in tokens.

Field names of the lists (read 2026-11-21): OpenRouter `context_length`, `top_provider.max_completion_tokens`
(https://openrouter.ai/docs/api/api-reference/models/get-models); Groq `context_window`, `max_completion_tokens`
(https://console.groq.com/docs/api-reference); Mistral `max_context_length` (https://docs.mistral.ai/api); Kimi and
Fireworks `context_length`; vLLM and SGLang `max_model_len`; Gemini `inputTokenLimit`, `outputTokenLimit`
(https://ai.google.dev/api/models); Anthropic `max_input_tokens`, `max_tokens`
(https://platform.claude.com/docs/en/api/models-list); llama.cpp `meta.n_ctx`, older ones only `/props`
(https://github.com/ggml-org/llama.cpp/tree/master/tools/server); LM Studio's own list `loaded_context_length` or
`max_context_length` (https://lmstudio.ai/docs/developer/rest/endpoints).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from translators.core.counts import section, whole_number

#: Where an entry may say it; the first that holds a number. What is served comes before what would be possible.
WINDOWS = (
    *("meta.n_ctx", "loaded_context_length", "top_provider.context_length", "context_length", "context_window"),
    *("max_model_len", "max_context_length", "inputTokenLimit", "max_input_tokens"),
)
OUTPUTS = ("top_provider.max_completion_tokens", "max_completion_tokens", "max_output_tokens", "outputTokenLimit")
#: Only Anthropic's list means a limit by this name; it names the window beside it.
ANTHROPIC_OUTPUT, ANTHROPIC_WINDOW = "max_tokens", "max_input_tokens"
#: The name of limits that hold for whatever model a server has.
EVERY_MODEL = ""
#: Smaller numbers are no limits of a model.
LEAST = 256


@dataclass(frozen=True, slots=True)
class Limits:
    """Tokens, None where unknown. `server` is what the list says of who runs the model, "" when it does not."""

    context_window: int | None = None
    max_output: int | None = None
    server: str = ""

    def over(self, other: Limits) -> Limits:
        """These limits, and the other ones where these are unknown."""
        return Limits(
            self.context_window or other.context_window,
            self.max_output or other.max_output,
            self.server or other.server,
        )


UNKNOWN = Limits()


def limits_for(model: str, known: Mapping[str, Limits]) -> Limits:
    """A model's limits. A list of one answers for every name: local servers ignore the name."""
    named = [limits for name, limits in known.items() if name != EVERY_MODEL]
    own = known.get(model) or (named[0] if len(named) == 1 else UNKNOWN)
    return own.over(known.get(EVERY_MODEL, UNKNOWN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One place where a vendor tells limits: (base address) -> address, (model) -> the body of a POST or None for a
    GET, (parsed answer, model) -> model -> limits.
    """

    url: Callable[[str], str]
    body: Callable[[str], dict[str, Any] | None] = lambda model: None
    read: Callable[[Any, str], Mapping[str, Limits]]


def listed(answer: Any, model: str) -> dict[str, Limits]:
    """The limits in a list of models; its entries under `data` or `models`, or bare."""
    rows = answer if isinstance(answer, list) else section(answer).get("data") or section(answer).get("models")
    entries = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return {name: limits_of(entry) for entry in entries for name in names_of(entry)}


def limits_of(entry: Mapping[str, Any]) -> Limits:
    """The limits of one entry."""
    output = first_limit(entry, OUTPUTS)
    if output is None and first_limit(entry, (ANTHROPIC_WINDOW,)):
        output = first_limit(entry, (ANTHROPIC_OUTPUT,))
    server = entry.get("owned_by")
    return Limits(first_limit(entry, WINDOWS), output, server if isinstance(server, str) else "")


def names_of(entry: Mapping[str, Any]) -> Iterator[str]:
    """What the entry's model is called; Gemini's names have a prefix that is no part of them."""
    aliases = entry.get("aliases")
    for name in (entry.get("id") or entry.get("name"), *(aliases if isinstance(aliases, list) else ())):
        if isinstance(name, str):
            yield name.removeprefix("models/")


def first_limit(entry: Mapping[str, Any], paths: Sequence[str]) -> int | None:
    """The number at the first path that has one."""
    return next((found for path in paths if (found := number_at(entry, path)) >= LEAST), None)


def number_at(entry: Mapping[str, Any], path: str) -> int:
    """The number at a path of dots; 0 for none."""
    value: Any = entry
    for name in path.split("."):
        value = section(value).get(name)
    return whole_number(value)
