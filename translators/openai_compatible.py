"""Any server that speaks Chat Completions: vLLM, SGLang, llama.cpp, LM Studio, a gateway.

References: https://docs.vllm.ai/en/latest/serving/openai_compatible_server, https://docs.sglang.io,
https://github.com/ggml-org/llama.cpp/tree/master/tools/server, https://lmstudio.ai/docs (read 2026-11-21).

* PROVIDER_BASE_URL is the address up to /v1, PROVIDER_API_KEY the key, if the server wants one. More servers are rows
  of `conf/vendors.toml`, where every field of the profile can be changed.
* OPENAI_BASE_URL without OPENAI_API_KEY names such a server too. OPENAI_API=responses then selects its Responses API;
  auto stays on Chat Completions, because few servers know the other one.
* Servers differ in the switch for thinking, and gateways refuse fields that they do not know. So nothing is sent but
  `reasoning_effort`, and that only when the client names an effort. `thinking_switch` of the profile, else
  PROVIDER_THINKING or the row's `thinking`, picks another one: `template` (`chat_template_kwargs`, what vLLM, SGLang
  and llama.cpp understand), `flag` (`enable_thinking`), `object` (`thinking.type`), `effort` (`reasoning_effort` with
  "none" for off), `nothing`. vLLM and SGLang want `template`; it is not taken by itself, because who they are is known
  by their list of models only, which nobody waits for: the first requests of a conversation would go without it.
* Earlier reasoning is not sent: the field's name depends on the server (`reasoning_field` of the profile).
* Strict chat templates want `content` "" beside calls; a system message after the first place breaks Qwen's.
* llama.cpp while it loads: 503 "Loading model".
* llama.cpp and vLLM count tokens; they are known by `owned_by` in their list of models.
"""

from __future__ import annotations

from translators.core.intent import Intent
from translators.core.variables import Variable, one_of
from translators.core.vendor import Json, Profile, Protocol, Route, Switch, Vendor
from translators.protocols.anthropic_messages import ANTHROPIC_MESSAGES, COUNT
from translators.protocols.openai_chat import OPENAI_CHAT
from translators.protocols.openai_chat.servers import INPUT_TOKENS, LM_STUDIO, LOCAL_SERVERS, PROPERTIES, TOKENIZE
from translators.protocols.openai_responses import OPENAI_RESPONSES


def level(intent: Intent) -> Json:
    """The effort by its common name, up to xhigh, which is the highest one of the API."""
    if intent.on is False or not intent.level:
        return {}
    return {"reasoning_effort": "xhigh" if intent.level == "max" else intent.level}


def effort(intent: Intent) -> Json:
    """The effort, "none" for off."""
    return {"reasoning_effort": "none"} if intent.on is False else level(intent)


def template(intent: Intent) -> Json:
    """Both names that chat templates use; they ignore the other one."""
    if intent.on is None:
        return level(intent)
    return {"chat_template_kwargs": {"enable_thinking": intent.on, "thinking": intent.on}, **level(intent)}


def flag(intent: Intent) -> Json:
    """Qwen's switch at DashScope and others."""
    return {} if intent.on is None else {"enable_thinking": intent.on}


def switch_object(intent: Intent) -> Json:
    """The switch of DeepSeek, GLM and Kimi."""
    return {} if intent.on is None else {"thinking": {"type": "enabled" if intent.on else "disabled"}}


SWITCHES: dict[str, Switch] = {
    "": level,
    "effort": effort,
    "template": template,
    "flag": flag,
    "object": switch_object,
    "nothing": lambda intent: {},
}


def thinking(intent: Intent, route: Route) -> Json:
    """The switch that the model's profile names, or else the server's settings."""
    return SWITCHES[route.profile.thinking_switch or route.extra.get("thinking", "")](intent)


def select(message: Json, route: Route) -> Protocol:
    """The wire of one request: the server's own, or the one that OPENAI_API names for a moved OpenAI."""
    return OPENAI_RESPONSES if route.extra.get("api") == "responses" else route.vendor.protocol


VENDOR = Vendor(
    name="openai_compatible",
    title="OpenAI-compatible server",
    protocol=OPENAI_CHAT,
    base_url="",
    documentation="https://docs.vllm.ai/en/latest/serving/openai_compatible_server",
    base_url_variable="PROVIDER_BASE_URL",
    key_variable="PROVIDER_API_KEY",
    keyless=True,
    variables=(
        Variable(
            "PROVIDER_THINKING",
            "Its switch for thinking: effort, template (vLLM, SGLang, llama.cpp), flag, object or nothing.",
            form=one_of(*(name for name in SWITCHES if name)),
            extra="thinking",
        ),
    ),
    local_servers=LOCAL_SERVERS,
    looks=(*OPENAI_CHAT.looks, PROPERTIES, LM_STUDIO),
    counters={"llamacpp": (INPUT_TOKENS, COUNT), "vllm": (TOKENIZE, COUNT)},
    serves=(OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC_MESSAGES),
    profile=Profile(
        empty_content="empty",
        drops={"thinking.type": "servers differ in the switch; `thinking_switch` of the profile names it"},
    ),
    thinking=thinking,
    select=select,
)
