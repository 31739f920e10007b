"""Kimi, https://platform.kimi.ai/docs and, for the subscription, https://www.kimi.com/code/docs (read 2026-11-21).

The default address is Kimi Code's, the subscription. Its keys do not work on the open platform
(KIMI_BASE_URL=https://api.moonshot.ai/v1) and the other way round.

* Which switch a model has: K2.5 and K2.6 `thinking.type` and nothing beside it (a budget is a 400); K2.7-code thinks
  always and takes no switch; kimi-k3 has only `reasoning_effort` low, high, max; Kimi Code's models take
  `thinking.effort` (MoonshotAI/kimi-code).
* Sampling is fixed; 128 tools; 5 stop sequences of 32 bytes; `max_completion_tokens`; no images by address.
* While thinking, a turn with calls needs a `reasoning_content` that is not empty, 400 otherwise, and an empty
  `content` must be left out. K2.7 and K3 want the reasoning of every turn ("preserved thinking").
* tool_choice required and named are refused while K2.x thinks; K3 takes auto, none and required
  (UKGovernmentBEIS/inspect_ai#5152). Tool names: 3 to 64 characters, a letter or "_" first; schemas: Moonshot's subset.
* `partial` on a last assistant message goes on with it (docs/guide/use-partial-mode-feature-of-kimi-api).
* The open platform searches by `$web_search`, without thinking (docs/guide/use-web-search); it tells no pages.
* The open platform counts tokens of `messages` alone, without tools (docs/api/estimate); Rialto's estimate has both.
* Errors: an exhausted plan is a 403 or a 429 that does not heal; Kimi Code answers 403 to clients it does not know.
"""

from __future__ import annotations

from typing import Any, Literal

from translators.core.errors import RateLimited, Rejected, RialtoError
from translators.core.intent import Intent, Level
from translators.core.local import KeyDesk
from translators.core.refusals import words_of
from translators.core.vendor import AUTO_OR_NONE, Json, Profile, Route, Switch, Vendor, refine
from translators.protocols.openai_chat import OPENAI_CHAT
from translators.protocols.openai_chat.builtin import builtin_search, read_builtin, with_builtin

EFFORT: dict[Level, str] = {"low": "low", "medium": "high", "high": "high", "xhigh": "max", "max": "max"}
MAX_STOP_BYTES = 32


def type_only(intent: Intent) -> Json:
    """`thinking.type` without levels."""
    if intent.on is None:
        return {}
    return {"thinking": {"type": "enabled" if intent.on else "disabled"}}


def type_and_effort(intent: Intent) -> Json:
    """Kimi Code's `thinking` object."""
    if intent.silent or intent.on is False:
        return type_only(intent)
    effort = {"effort": EFFORT[intent.level]} if intent.level else {}
    return {"thinking": {"type": "enabled", **effort}}


def effort_only(intent: Intent) -> Json:
    """The open platform's K3 has no `thinking`."""
    level = least(intent).level
    return {"reasoning_effort": EFFORT[level]} if level else {}


def least(intent: Intent) -> Intent:
    """K3 cannot be switched off: the lowest level instead."""
    return Intent(True, "low") if intent.on is False else intent


#: Model prefix -> its switch; the first that fits.
SWITCHES: tuple[tuple[str, Switch], ...] = (
    ("kimi-k3", effort_only),
    ("k3", lambda intent: type_and_effort(least(intent))),
    ("kimi-for-coding", type_and_effort),
    ("kimi-k2.5", type_only),
    ("kimi-k2.6", type_only),
    *((name, lambda intent: {}) for name in ("kimi-k2", "moonshot-")),
)
ALWAYS_THINKING = ("kimi-k2.7", "kimi-k2-thinking")
K3, PARTIAL = ("kimi-k3", "k3"), ("kimi-k2", "moonshot-")


def thinking(intent: Intent, route: Route) -> Json:
    """The body fields of the model's own switch."""
    name = route.model.lower()
    switch = next((switch for prefix, switch in SWITCHES if name.startswith(prefix)), type_only)
    return switch(intent)


def shape(body: Json, route: Route) -> Json:
    """The body without stop sequences that are too long; those are left to Rialto. Its search wants no thinking."""
    body = with_builtin(body, off=thinking(Intent(False), route))
    stops = [stop for stop in body.get("stop", ()) if len(stop.encode("utf-8", "replace")) <= MAX_STOP_BYTES]
    return {name: stops if name == "stop" else value for name, value in body.items() if name != "stop" or stops}


def error(status: int, body: Any) -> RialtoError | None:
    """The plan's limits and Kimi Code's gate."""
    words = words_of(body).message
    if status in (402, 403, 429) and "usage limit" in words.lower():
        return RateLimited(words, should_retry=False)
    if status == 403 and "coding agents" in words.lower():
        hint = "a key of the open platform needs KIMI_BASE_URL=https://api.moonshot.ai/v1"
        return Rejected(f"{words} ({hint})", status=403, should_retry=False)
    return None


def model_profile(model: str, profile: Profile) -> Profile:
    """Tool choices and sight by family."""
    name = model.lower()
    if name.startswith(K3):
        return refine(profile, tool_choices=AUTO_OR_NONE | {"required"})
    choices = AUTO_OR_NONE if name.startswith(ALWAYS_THINKING) else profile.tool_choices
    blind = name.startswith(("kimi-k2-", "moonshot-")) and "vision" not in name
    way: Literal["", "partial"] = "partial" if name.startswith(PARTIAL) and not name.startswith(ALWAYS_THINKING) else ""
    return refine(profile, tool_choices=choices, tool_choices_thinking=AUTO_OR_NONE, images=not blind, prefill=way)


VENDOR = Vendor(
    name="kimi",
    title="Kimi",
    protocol=OPENAI_CHAT,
    base_url="https://api.kimi.com/coding/v1",
    documentation="https://platform.kimi.ai/docs",
    forwards_user_agent=True,
    key_variable="KIMI_API_KEY",
    desk=KeyDesk("https://www.kimi.com/code/console", ("sk-kimi-",), ("https://api.moonshot.ai/v1",)),
    models=("kimi-for-coding", "k3", "kimi-k2.6", "kimi-k2.7-code", "kimi-k3"),
    families=("kimi-", "moonshot-"),
    profile=Profile(
        token_field="max_completion_tokens",
        sampling=frozenset(),
        max_stops=5,
        links=frozenset(),
        empty_content="omit",
        reasoning_field="reasoning_content",
        reasoning_placeholder=".",
        max_tools=128,
        tool_name_min=3,
        tool_name_letter_first=True,
        parallel_tool_calls=False,
        schema="moonshot",
        structured="json_object",
        cache_key_field="prompt_cache_key",
        drops={
            **dict.fromkeys(("temperature", "top_p"), "the models have a fixed one"),
            **dict.fromkeys(("output_config.effort", "thinking.budget_tokens"), "K2.x has no levels; others get one"),
            "thinking.type": "K2.7 thinks always",
        },
    ),
    thinking=thinking,
    shape=shape,
    read=read_builtin,
    error=error,
    model_profile=model_profile,
    search=lambda message, route: None if "kimi.com" in route.base_url else builtin_search(message),
)
