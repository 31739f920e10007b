"""Fireworks AI, https://docs.fireworks.ai/api-reference/post-chatcompletions (read 2026-11-21).

* `thinking` and `reasoning_effort` together are a validation error; unknown top-level fields are a 400 "Extra inputs
  are not permitted".
* Kimi takes the `thinking` object or the efforts low, medium, high; MiniMax M2.x thinks always and takes only low,
  medium, high (none and booleans are refused); gpt-oss refuses none as well; GLM 5 has none, high and max
  (https://docs.fireworks.ai/guides/reasoning).
* Earlier reasoning may come back in `reasoning_content`; a model that cannot use it ignores it.
* `cache_control`, `strict` and `$defs` in tools, and file parts are not taken (litellm, fireworks_ai).
* A limit that does not fit the window is lowered by the host itself (`context_length_exceeded_behavior` truncate).
"""

from __future__ import annotations

from translators.core.intent import Intent, Level
from translators.core.local import KeyDesk
from translators.core.vendor import Json, Profile, Route, Vendor, refine
from translators.protocols.openai_chat import OPENAI_CHAT

EFFORT: dict[Level, str] = {"low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}
GLM_EFFORT: dict[Level, str] = {"low": "high", "medium": "high", "high": "high", "xhigh": "max", "max": "max"}

NEVER_OFF = ("minimax-m2", "gpt-oss")
SEEING = (
    "kimi-k2p5",
    "kimi-k2p6",
    "kimi-k2p7",
    "kimi-k3",
    "minimax-m3",
    "-vl",
    "llama4",
    "llama-4",
    "deepseek-v4p1-flash",
)
MAX_TOP_K = 100


def family(model: str) -> str:
    """The model's name without its path: `accounts/fireworks/models/kimi-k2p6` -> `kimi-k2p6`."""
    return model.lower().rsplit("/", 1)[-1]


def thinking(intent: Intent, route: Route) -> Json:
    """An effort when there is a level, else Kimi's `thinking` object; never both."""
    name = family(route.model)
    if intent.on is False:
        return off(name)
    if intent.level:
        levels = GLM_EFFORT if name.startswith("glm-5") else EFFORT
        return {"reasoning_effort": levels[intent.level]}
    return {"thinking": {"type": "enabled"}} if intent.on and name.startswith("kimi") else {}


def off(name: str) -> Json:
    """The way a family is switched off, or its least effort."""
    if name.startswith(NEVER_OFF):
        return {"reasoning_effort": "low"}
    return {"thinking": {"type": "disabled"}} if name.startswith("kimi") else {"reasoning_effort": "none"}


def shape(body: Json, route: Route) -> Json:
    """`top_k` within its limit."""
    return {**body, "top_k": min(body["top_k"], MAX_TOP_K)} if "top_k" in body else body


def model_profile(model: str, profile: Profile) -> Profile:
    """Sight by family."""
    name = family(model)
    return refine(profile, images=any(mark in name for mark in SEEING))


VENDOR = Vendor(
    name="fireworks",
    title="Fireworks",
    protocol=OPENAI_CHAT,
    base_url="https://api.fireworks.ai/inference/v1",
    documentation="https://docs.fireworks.ai/api-reference/post-chatcompletions",
    key_variable="FIREWORKS_API_KEY",
    desk=KeyDesk("https://app.fireworks.ai/settings/users/api-keys", ("fw_",)),
    models=("accounts/fireworks/models/kimi-k2p6", "accounts/fireworks/models/minimax-m2p7"),
    families=("accounts/fireworks/",),
    profile=Profile(
        sampling=frozenset({"temperature", "top_p", "top_k"}),
        images=False,
        reasoning_field="reasoning_content",
        schema="closed",
        cache_key_field="prompt_cache_key",
    ),
    thinking=thinking,
    shape=shape,
    model_profile=model_profile,
)
