"""DeepSeek, https://api-docs.deepseek.com (read 2026-11-21).

* Thinking is on by default, with effort high. `thinking.type` is enabled or disabled, "adaptive" is unknown;
  `reasoning_effort` is low, high or max (guides/thinking_mode). Older tables that raise low to high and xhigh to max
  describe a former revision.
* While thinking, only the tool choices auto and none are taken: 400 "Thinking mode does not support this tool_choice"
  (deepseek-ai/DeepSeek-V3#1376).
* While thinking, a turn with calls needs `reasoning_content`, else 400 "The `reasoning_content` in the thinking mode
  must be passed back to the API"; gateways in front of it want the field on every assistant turn. It is ignored where
  it is not needed.
* Tools must be of type function; `strict` is known on the /beta host alone (BerriAI/litellm#30722). `response_format`
  is text or json_object.
* `prefix` on a last assistant message goes on with it, on the /beta host (guides/chat_prefix_completion); never while
  thinking.
* Only the flash models see images.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from translators.core.intent import Intent, Level
from translators.core.vendor import AUTO_OR_NONE, Json, Profile, Route, Vendor, joined, refine
from translators.protocols.openai_chat import OPENAI_CHAT

EFFORT: dict[Level, str] = {"low": "low", "medium": "high", "high": "high", "xhigh": "high", "max": "max"}

HOST = "api.deepseek.com"
#: The least text that serializers and gateways do not drop.
LOST_REASONING = " "


def url(base: str, route: Route) -> str:
    """The address, on the /beta host where only that one goes on with a last assistant message."""
    at_home = urlsplit(base).hostname == HOST
    return joined(base.removesuffix("/v1") + "/beta" if route.prefilled and at_home else base, OPENAI_CHAT.path)


def thinking(intent: Intent, route: Route) -> Json:
    """The switch, and the effort unless thinking is off."""
    if intent.on is False:
        return {"thinking": {"type": "disabled"}}
    switch: Json = {"thinking": {"type": "enabled"}} if intent.on else {}
    return {**switch, "reasoning_effort": EFFORT[intent.level]} if intent.level else switch


def shape(body: Json, route: Route) -> Json:
    """Gives every assistant turn its `reasoning_content` while thinking may be on."""
    if body.get("thinking") == {"type": "disabled"}:
        return body
    return {**body, "messages": [with_reasoning(message) for message in body["messages"]]}


def with_reasoning(message: Json) -> Json:
    """The message; an assistant's that lacks reasoning with a placeholder."""
    if message.get("role") != "assistant" or message.get("reasoning_content"):
        return message
    return {**message, "reasoning_content": LOST_REASONING}


def model_profile(model: str, profile: Profile) -> Profile:
    """Only flash sees."""
    return refine(profile, images="flash" in model.lower())


VENDOR = Vendor(
    name="deepseek",
    title="DeepSeek",
    protocol=OPENAI_CHAT,
    base_url="https://api.deepseek.com",
    documentation="https://api-docs.deepseek.com",
    key_variable="DEEPSEEK_API_KEY",
    models=("deepseek-v4-pro", "deepseek-v4-flash", "deepseek-flash"),
    families=("deepseek-",),
    profile=Profile(
        max_stops=16,
        images=False,
        empty_content="empty",
        reasoning_field="reasoning_content",
        reasoning_placeholder=LOST_REASONING,
        tool_choices_thinking=AUTO_OR_NONE,
        parallel_tool_calls=False,
        structured="json_object",
        prefill="prefix",
        drops={"tool_choice.disable_parallel_tool_use": "there is no such parameter"},
    ),
    url=url,
    thinking=thinking,
    shape=shape,
    model_profile=model_profile,
)
