"""Which parameters the families of OpenAI models take; for OpenAI, Azure and gateways to them.

Sources, read 2026-11-21: https://developers.openai.com/api/docs/models and its deployment checklist; the catalogs of
vercel/ai (`@ai-sdk/openai`) and litellm; the error texts 'Function tools with reasoning_effort are not supported for
gpt-5.4 in /v1/chat/completions', "Unsupported parameter: 'max_tokens' is not supported with this model",
"'reasoning_effort' does not support ...".

* Reasoning families take `max_completion_tokens`, no `stop`, and sampling only while the effort is none.
* With tools on Chat Completions, gpt-5.4 and 5.5 take no effort but none; from gpt-5.6 on the effort must be said to be
  none. gpt-6-astra and gpt-6.1-sol have no none and take tools on the Responses API alone.
* Effort max exists on the Responses API only, from gpt-5.6 on; Responses takes any effort beside tools.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from translators.core.intent import Intent, Level
from translators.core.vendor import Json, Profile, refine

SAMPLING = ("temperature", "top_p")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """`least` is the effort that comes nearest to off, `top` the highest."""

    least: Literal["none", "minimal", "low"] = "none"
    top: Literal["high", "xhigh"] = "xhigh"
    tools: Literal["any", "unsaid", "none"] = "any"
    """The effort that may accompany tools: any, left unsaid (or none), or only an explicit none."""
    top_responses: Literal["", "max"] = ""
    """The highest effort on the Responses API, where it is another one."""
    idle: bool = False
    """Does not reason unless asked to."""
    parallel: bool = True


NO_NONE = Family(least="low", top_responses="max")
O_SERIES = Family(least="low", top="high", parallel=False)
NONE_WITH_TOOLS = Family(tools="none", top_responses="max")

#: Model prefix -> family; the first that fits.
FAMILIES: tuple[tuple[str, Family], ...] = (
    ("gpt-6-astra", NO_NONE),
    ("gpt-6.1-sol", NO_NONE),
    ("gpt-6", NONE_WITH_TOOLS),
    ("gpt-5.1", Family(top="high", idle=True)),
    ("gpt-5.2", Family(idle=True)),
    ("gpt-5.3", Family(idle=True)),
    ("gpt-5.4", Family(tools="unsaid", idle=True)),
    ("gpt-5.5", Family(tools="unsaid")),
    ("gpt-5.", NONE_WITH_TOOLS),
    ("gpt-5", Family(least="minimal", top="high")),
    ("o1", O_SERIES),
    ("o3", O_SERIES),
    ("o4", O_SERIES),
)
WITHOUT_REASONING = ("gpt-4", "gpt-3.5", "chatgpt-")
TOP: dict[str, dict[Level, str]] = {
    "high": {"low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"},
    "xhigh": {"low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh", "max": "xhigh"},
    "max": {"low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh", "max": "max"},
}


def family(model: str) -> Family | None:
    """The reasoning family of a model; None for all others."""
    name = model.lower().rsplit("/", 1)[-1]
    if "-chat" in name:
        return None
    return next((family for prefix, family in FAMILIES if name.startswith(prefix)), None)


def is_known(model: str) -> bool:
    """Whether the name is one of OpenAI's own models."""
    return family(model) is not None or without_reasoning(model)


def without_reasoning(model: str) -> bool:
    """Whether the name is one of OpenAI's models that know no `reasoning_effort`."""
    name = model.lower().rsplit("/", 1)[-1]
    return name.startswith(WITHOUT_REASONING) or (name.startswith("gpt-") and "-chat" in name)


def effort(intent: Intent, model: str, responses: bool = False) -> Json:
    """`reasoning_effort` for a model. Unknown models get a wish of low, medium or high and nothing else. On the
    Responses API some models go higher.
    """
    known = family(model)
    if known is None:
        wanted = intent.level if intent.on is not False and not without_reasoning(model) else None
        return {"reasoning_effort": TOP["high"][wanted]} if wanted else {}
    if intent.on is False:
        return {"reasoning_effort": known.least}
    if intent.level:
        top = known.top_responses if responses and known.top_responses else known.top
        return {"reasoning_effort": TOP[top][intent.level]}
    return {"reasoning_effort": "medium"} if intent.on and known.idle else {}


def settle(body: Json, model: str) -> Json:
    """The body with the effort that its tools allow, and sampling only where the model takes it."""
    known = family(model)
    if known is None:
        return body
    settled = dict(body)
    if settled.get("tools"):
        settled = with_tools(settled, known)
    if settled.get("reasoning_effort", "none" if known.idle else "") != "none":
        for name in SAMPLING:
            settled.pop(name, None)
    return settled


def settle_responses(body: Json, model: str) -> Json:
    """The same for a body of the Responses API: models that do not reason know neither `reasoning` nor its place in
    `include`.
    """
    known, settled = family(model), dict(body)
    if known is None:
        for name in ("reasoning", "include") if without_reasoning(model) else ():
            settled.pop(name, None)
    elif settled.get("reasoning", {}).get("effort", "none" if known.idle else "") != "none":
        for name in SAMPLING:
            settled.pop(name, None)
    return settled


def with_tools(body: Json, known: Family) -> Json:
    """The body with an effort that may accompany tools."""
    if known.tools == "any" or body.get("reasoning_effort") == "none":
        return body
    rest = {name: value for name, value in body.items() if name not in ("reasoning_effort", "messages")}
    said: Json = {"reasoning_effort": "none"} if known.tools == "none" else {}
    return {**rest, **said, "messages": body["messages"]}


def adapt(profile: Profile, model: str) -> Profile:
    """The profile of one of OpenAI's models; unknown models keep theirs."""
    if not is_known(model):
        return profile
    known = family(model)
    profile = refine(profile, token_field="max_completion_tokens")
    return refine(profile, max_stops=0, parallel_tool_calls=known.parallel) if known else profile
