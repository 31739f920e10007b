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
* The Anthropic endpoint beside it searches the web itself, as Anthropic's `web_search_20250305` does; Chat Completions
  does not (guides/anthropic_api).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from translators.core.intent import Intent, Level
from translators.core.local import KeyDesk
from translators.core.search import OwnSearch, searching
from translators.core.vendor import AUTO_OR_NONE, Json, Profile, Protocol, Route, Vendor, joined, refine
from translators.protocols.anthropic_messages import ANTHROPIC_MESSAGES
from translators.protocols.openai_chat import OPENAI_CHAT

EFFORT: dict[Level, str] = {"low": "low", "medium": "high", "high": "high", "xhigh": "high", "max": "max"}

HOST = "api.deepseek.com"
#: The least text that serializers and gateways do not drop.
LOST_REASONING = " "


def url(base: str, route: Route) -> str:
    """The address, on the /beta host where only that one goes on with a last assistant message."""
    if route.vendor.protocol is ANTHROPIC_MESSAGES:
        return f"{base.removesuffix('/v1')}/anthropic{ANTHROPIC_MESSAGES.path}"
    beta = route.prefilled and is_own(base)
    return joined(base.removesuffix("/v1") + "/beta" if beta else base, OPENAI_CHAT.path)


def is_own(base: str) -> bool:
    """Whether an address is DeepSeek's; other hosts have none of its further endpoints."""
    return urlsplit(base).hostname == HOST


def select(message: Json, route: Route) -> Protocol:
    """The wire of one request: the endpoint that searches, for one that wants to."""
    return ANTHROPIC_MESSAGES if searching(message) and is_own(route.base_url) else OPENAI_CHAT


def search(message: Json, route: Route) -> OwnSearch | None:
    """Anthropic's own tool, without the younger options."""
    tool = searching(message) if route.vendor.protocol is ANTHROPIC_MESSAGES else None
    if tool is None:
        return None
    wanted: Json = {"max_uses": tool.max_uses, "allowed_domains": tool.allowed, "blocked_domains": tool.blocked}
    place = {"user_location": {"type": "approximate", **tool.place}} if tool.place else {}
    chosen = {name: list(value) if isinstance(value, tuple) else value for name, value in wanted.items() if value}
    return OwnSearch(fields={"tools": [{"type": "web_search_20250305", "name": "web_search", **chosen, **place}]})


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
    desk=KeyDesk("https://platform.deepseek.com/api_keys"),
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
    ),
    url=url,
    thinking=thinking,
    shape=shape,
    model_profile=model_profile,
    select=select,
    search=search,
)
