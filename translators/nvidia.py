"""NVIDIA NIM on build.nvidia.com, https://docs.api.nvidia.com/nim/reference/llm-apis (read 2026-11-21).

* The reasoning switch belongs to the model: `chat_template_kwargs` with `enable_thinking` (Qwen, Nemotron 3, GLM) or
  `thinking` (DeepSeek up to V3, Kimi), `reasoning_effort` (gpt-oss; DeepSeek-V4 none, high, max; Kimi K3 low, high,
  max beside its switch), a sentence in the system prompt (older Nemotron). Templates ignore words that they do not
  know, so an unknown model gets both (anomalyco/models.dev `providers/nvidia`, Alishahryar1/free-claude-code).
* Strict containers refuse unknown fields: models without reasoning get no switch, `parallel_tool_calls` is never sent.
* `reasoning_budget` limits Nemotron 3: NVIDIA_REASONING_BUDGET, else the client's budget.
* DeepSeek-V4, GLM and Kimi read earlier `reasoning_content`; `content` is "" beside calls. A 429 may be empty.
"""

from __future__ import annotations

import re
from typing import Any

from translators.core.errors import NotFound, RialtoError
from translators.core.intent import Intent, Level
from translators.core.local import KeyDesk
from translators.core.refusals import words_of
from translators.core.variables import OFF, Variable, on_or_off, positive
from translators.core.vendor import Json, Profile, Route, Switch, Vendor, refine
from translators.protocols.openai_chat import OPENAI_CHAT

GPT_OSS: dict[Level, str] = {"low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}
DEEPSEEK: dict[Level, str] = {"low": "high", "medium": "high", "high": "high", "xhigh": "max", "max": "max"}
KIMI: dict[Level, str] = {"low": "low", "medium": "high", "high": "high", "xhigh": "max", "max": "max"}

SPARE = ("output_config.effort", "thinking.budget_tokens")
DROPS = dict.fromkeys(SPARE, "only some models' templates know it, and strict containers refuse what they do not know")
SEES = re.compile(
    r"vision|[-_]vl\b|omni|llama-4|gemma|qwen3\.[5-9]|kimi|minimax-m3|mistral-(small|medium|large)|muse|cosmos"
)
REPLAYS = re.compile(r"deepseek-v4|glm|kimi")
WORDS = re.compile(r"llama-3[._]\d-nemotron")


def template(*names: str, **kept: bool) -> Switch:
    """A switch inside `chat_template_kwargs`; `kept` go along while thinking."""

    def switch(intent: Intent) -> Json:
        if intent.on is None:
            return {}
        return {"chat_template_kwargs": dict.fromkeys(names, intent.on) | (kept if intent.on else {})}

    return switch


def effort(levels: dict[Level, str], off: str) -> Switch:
    """A switch by `reasoning_effort`; `off` is the least of it."""

    def switch(intent: Intent) -> Json:
        level = off if intent.on is False else levels[intent.level] if intent.level else ""
        return {"reasoning_effort": level} if level else {}

    return switch


def both(*switches: Switch) -> Switch:
    """Several switches at once."""
    return lambda intent: {key: value for switch in switches for key, value in switch(intent).items()}


NONE: Switch = lambda intent: {}  # noqa: E731
#: Part of the model's name -> its switch; the first that fits.
SWITCHES: tuple[tuple[str, Switch], ...] = (
    ("gpt-oss", effort(GPT_OSS, off="low")),
    ("deepseek-v4", effort(DEEPSEEK, off="none")),
    ("mistral-medium-3.5", effort(dict.fromkeys(GPT_OSS, "high"), off="none")),
    ("kimi-k3", both(template("thinking"), effort(KIMI, off=""))),
    ("kimi-k2-thinking", NONE),
    ("kimi", template("thinking")),
    ("deepseek", template("thinking")),
    ("glm", template("enable_thinking", clear_thinking=False)),
    *((part, template("enable_thinking")) for part in ("nemotron", "qwen")),
    *((prefix, NONE) for prefix in ("meta/", "mistralai/", "google/", "microsoft/")),
)
ANY = template("enable_thinking", "thinking")


def thinking(intent: Intent, route: Route) -> Json:
    """The fields of the model's own switch, after the operator's settings."""
    name, wish = route.model.lower(), settled(intent, route.extra.get("enable_thinking", ""))
    fields = next((switch for part, switch in SWITCHES if part in name), ANY)(wish)
    budget = route.extra.get("reasoning_budget") or wish.budget
    return {**fields, "reasoning_budget": int(budget)} if budget and wish.on and "nemotron-3" in name else fields


def settled(intent: Intent, setting: str) -> Intent:
    """The wish under NVIDIA_ENABLE_THINKING."""
    if setting.lower() in OFF:
        return intent.off()
    return Intent(True, intent.level) if setting and intent.on is None else intent


def shape(body: Json, route: Route) -> Json:
    """Says the switch in words to the models that read it in the system prompt."""
    if not WORDS.search(route.model.lower()) or "chat_template_kwargs" not in body:
        return body
    rest = dict(body)
    said = f"detailed thinking {'on' if rest.pop('chat_template_kwargs')['enable_thinking'] else 'off'}"
    head, *others = rest["messages"]
    if head["role"] == "system":
        return {**rest, "messages": [{**head, "content": f"{said}\n{head['content']}"}, *others]}
    return {**rest, "messages": [{"role": "system", "content": said}, head, *others]}


def error(status: int, body: Any) -> RialtoError | None:
    """A model that this account cannot call: problem+json, "Function ... Not found for account"."""
    words = words_of(body).message
    return NotFound(words) if status == 404 and words.startswith("Function ") else None


def model_profile(model: str, profile: Profile) -> Profile:
    """Sight and the replay of reasoning."""
    name = model.lower()
    field = "reasoning_content" if REPLAYS.search(name) else ""
    return refine(profile, images=bool(SEES.search(name)), reasoning_field=field)


VENDOR = Vendor(
    name="nvidia",
    title="NVIDIA NIM",
    protocol=OPENAI_CHAT,
    base_url="https://integrate.api.nvidia.com/v1",
    documentation="https://docs.api.nvidia.com/nim/reference/llm-apis",
    key_variable="NVIDIA_API_KEY",
    desk=KeyDesk("https://build.nvidia.com/settings/api-keys", ("nvapi-",)),
    variables=(
        Variable(
            "NVIDIA_REASONING_BUDGET", "Tokens that NVIDIA's models may think.", form=positive, extra="reasoning_budget"
        ),
        Variable(
            "NVIDIA_ENABLE_THINKING",
            "0 switches the thinking of NVIDIA's models off always, 1 on where the client says nothing.",
            form=on_or_off,
            extra="enable_thinking",
        ),
    ),
    models=(
        *("nvidia/nemotron-3-super-120b-a12b", "deepseek-ai/deepseek-v4-pro"),
        *("moonshotai/kimi-k3", "qwen/qwen3.5-397b-a17b"),
    ),
    families=("nvidia/", "meta/"),
    profile=Profile(empty_content="empty", parallel_tool_calls=False, structured="prompt", drops=DROPS),
    thinking=thinking,
    shape=shape,
    error=error,
    model_profile=model_profile,
)
