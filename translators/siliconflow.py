"""SiliconFlow, https://docs.siliconflow.com/en/api-reference/chat-completions (read 2026-11-21).

The international host is the default; SILICONFLOW_BASE_URL=https://api.siliconflow.cn/v1 is the Chinese one, with keys
of its own.

* `enable_thinking` is refused by models without that switch: 400 code 20015 "current model does not support parameter
  `enable_thinking`" (CherryHQ/cherry-studio#6642), so only known families get it. `thinking_budget` is 128 to 32768
  for most reasoning models.
* DeepSeek V4 and GLM-5.2 have `reasoning_effort` high and max in place of the budget.
* Kimi and DeepSeek models want `reasoning_content` back on turns with calls, 400 code 20015 otherwise, and no forced
  tool choice while they think. MiniMax M2.x thinks always.
* Error bodies are flat (`code`, `message`, `data`); a wrong key is a bare string.
* Only vision models, Kimi K2.5 and later and Qwen 3.5 and later see images.
"""

from __future__ import annotations

from translators.core.intent import Intent, Level
from translators.core.local import KeyDesk
from translators.core.vendor import AUTO_OR_NONE, Json, Profile, Route, Vendor, refine
from translators.protocols.openai_chat import OPENAI_CHAT

BUDGET: dict[Level, int] = {"low": 4096, "medium": 8192, "high": 16384, "xhigh": 24576, "max": 32768}
EFFORT: dict[Level, str] = {"low": "high", "medium": "high", "high": "high", "xhigh": "max", "max": "max"}

WITH_EFFORT = ("deepseek-v4", "glm-5.2")
WITH_SWITCH = (
    *WITH_EFFORT,
    "kimi-k2.5",
    "kimi-k2.6",
    "glm-4.5v",
    "glm-4.6",
    "glm-4.7",
    "glm-5",
    "deepseek-v3.1",
    "deepseek-v3.2",
    "qwen3",
    "hunyuan-a13b",
)
ALWAYS_THINKING = ("minimax-m", "kimi-k2-thinking", "deepseek-r1", "qwq", "glm-z1")
SEEING = (
    "-vl",
    "kimi-k2.5",
    "kimi-k2.6",
    "kimi-k2.7",
    "kimi-k3",
    "glm-4.5v",
    "glm-4.6v",
    "glm-5v",
    "qwen3.5",
    "qwen3.6",
    "omni",
)
STRICT_REPLAY = ("kimi", "deepseek")
MAX_TOP_K = 100


def family(model: str) -> str:
    """The model's name without its owner: `moonshotai/Kimi-K2.6` -> `kimi-k2.6`."""
    return model.lower().rsplit("/", 1)[-1]


def thinking(intent: Intent, route: Route) -> Json:
    """The switch where there is one, the level where thinking is not off."""
    name = family(route.model)
    always = name.startswith(ALWAYS_THINKING) or name.endswith(("-thinking", "-thinking-2507"))
    switched = name.startswith(WITH_SWITCH) and not always and "-instruct" not in name and "-coder" not in name
    if not always and not switched:
        return {}
    switch: Json = {"enable_thinking": intent.on} if switched and intent.on is not None else {}
    if intent.on is False or intent.level is None:
        return switch
    if name.startswith(WITH_EFFORT):
        return {**switch, "reasoning_effort": EFFORT[intent.level]}
    return {**switch, "thinking_budget": BUDGET[intent.level]}


def shape(body: Json, route: Route) -> Json:
    """`top_k` within its limit."""
    return {**body, "top_k": min(body["top_k"], MAX_TOP_K)} if "top_k" in body else body


def model_profile(model: str, profile: Profile) -> Profile:
    """Sight, and what Kimi and DeepSeek models demand."""
    name = family(model)
    profile = refine(profile, images=any(mark in name for mark in SEEING))
    if not name.startswith(STRICT_REPLAY):
        return profile
    return refine(profile, reasoning_placeholder=".", tool_choices_thinking=AUTO_OR_NONE)


VENDOR = Vendor(
    name="siliconflow",
    title="SiliconFlow",
    protocol=OPENAI_CHAT,
    base_url="https://api.siliconflow.com/v1",
    documentation="https://docs.siliconflow.com/en/api-reference/chat-completions",
    key_variable="SILICONFLOW_API_KEY",
    desk=KeyDesk(
        "https://cloud.siliconflow.com/account/ak",
        addresses=("https://api.siliconflow.com/v1", "https://api.siliconflow.cn/v1"),
    ),
    models=("moonshotai/Kimi-K2.6", "zai-org/GLM-5.1", "MiniMaxAI/MiniMax-M2.5"),
    profile=Profile(
        sampling=frozenset({"temperature", "top_p", "top_k"}),
        images=False,
        reasoning_field="reasoning_content",
        parallel_tool_calls=False,
        structured="json_object",
        drops={
            "thinking.type": "models without a switch always or never think",
        },
    ),
    thinking=thinking,
    shape=shape,
    model_profile=model_profile,
)
