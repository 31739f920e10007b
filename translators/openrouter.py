"""OpenRouter, https://openrouter.ai/docs (read 2026-11-21).

* Every model has a slash. Its own ones, such as `openrouter/auto`, keep the vendor's name
  (openrouter.ai/docs/guides/routing/routers/auto-router).
* `reasoning` is {effort: max, xhigh, high, medium, low} or {enabled}. Models whose reasoning is mandatory refuse to
  be switched off, 400 "Reasoning is mandatory for this endpoint and cannot be disabled", in both forms; effort low
  works (elie222/rakazo#114, musistudio/claude-code-router#1215 and #1238, dendrux/dendrux#44).
* `reasoning_details` must come back unmodified on the assistant message, or Claude, Gemini and OpenAI behind it
  answer 400; those of another model stay away. Gemini's name their call by its id (RooCodeInc/Roo-Code#10640).
* Plain `reasoning`, and details without a signature, become thinking that Claude refuses: "Invalid `signature` in
  `thinking` block" (OpenRouterTeam/ai-sdk-provider#423).
* `cache_control` on blocks is kept for Claude, Gemini and Qwen, with its `ttl` of 5m or 1h
  (docs/guides/best-practices/prompt-caching); `session_id` keeps a conversation with one provider.
* PDFs go as `file` parts to every model, also by address (openrouter.ai/docs/features/multimodal/pdfs). Parameters
  that a provider lacks are dropped. Some providers need 16 output tokens.
* Errors: `error.metadata.raw` holds the provider's words. 402 "requires more credits, or fewer max_tokens. You
  requested up to N tokens, but can only afford M" heals with a smaller `max_tokens`. 404 "No endpoints found ..."
  names a model that does not exist, or a feature that it lacks.
* `openrouter:web_search` in `tools` lets every model search; the pages are told as `annotations`
  (openrouter.ai/docs/guides/features/server-tools/web-search).
* Claude, DeepSeek and Kimi refuse a forced tool choice while they think.
"""

from __future__ import annotations

import re
from typing import Any

from translators.core.errors import NotFound, OutputTooLong, Rejected, RialtoError
from translators.core.intent import Intent
from translators.core.local import KeyDesk
from translators.core.refusals import words_of
from translators.core.search import OwnSearch, searching
from translators.core.variables import Variable
from translators.core.vendor import AUTO_OR_NONE, Json, Profile, Route, Vendor, refine
from translators.protocols.openai_chat import OPENAI_CHAT

ALWAYS_THINKING = re.compile(
    r"minimax/minimax-m2|stepfun/step-3\.5|deepseek/deepseek-r1|moonshotai/kimi-k(2-thinking|2\.7|3)"
    r"|google/gemini-([3-9]|2\.5-pro)|openai/(gpt-oss|o\d|gpt-5(-mini|-nano|-codex)?(:|$))"
)
CLAUDE, TEXT = "anthropic/", "reasoning.text"
UNFORCED = (CLAUDE, "deepseek/", "moonshotai/")
AFFORDABLE = re.compile(r"requested up to (\d+) tokens, but can only afford (\d+)")
UNKNOWN_MODEL = re.compile(r"No endpoints found for (\S+?)\.?$")
#: An answer shorter than this is not worth a second try.
LEAST_AFFORDABLE = 4000


def thinking(intent: Intent, route: Route) -> Json:
    """The `reasoning` object; models that cannot be switched off get the least effort."""
    if intent.on is False:
        mandatory = ALWAYS_THINKING.match(route.model.lower())
        return {"reasoning": {"effort": "low"} if mandatory else {"enabled": False}}
    if intent.level:
        return {"reasoning": {"effort": intent.level}}
    return {"reasoning": {"enabled": True}} if intent.on else {}


def shape(body: Json, route: Route) -> Json:
    """Claude gets back what it has signed, and nothing else of earlier reasoning."""
    if not route.model.lower().startswith(CLAUDE):
        return body
    return {**body, "messages": [signed(message) for message in body["messages"]]}


def signed(message: Json) -> Json:
    """A message without plain reasoning and without texts of details that nobody has signed."""
    details = [one for one in message.get("reasoning_details") or () if one.get("type") != TEXT or one.get("signature")]
    left_out = ("reasoning",) if details else ("reasoning", "reasoning_details")
    kept = {name: value for name, value in message.items() if name not in left_out}
    return kept | {"reasoning_details": details} if details else kept


def error(status: int, body: Any) -> RialtoError | None:
    """What a poor account can still pay for, and the two meanings of 404."""
    words = words_of(body).message
    if status == 402 and (found := AFFORDABLE.search(words)):
        return unaffordable(words, wished=int(found.group(1)), affordable=int(found.group(2)))
    if status != 404 or "No endpoints found" not in words:
        return None
    if UNKNOWN_MODEL.search(words):
        return NotFound(words)
    return Rejected(words, status=400, should_retry=False)


def unaffordable(words: str, wished: int, affordable: int) -> RialtoError:
    """An error that makes the client ask for fewer tokens, if that leaves room for an answer."""
    if affordable < LEAST_AFFORDABLE:
        return Rejected(words, status=402, should_retry=False)
    failure = OutputTooLong(0, wished, affordable)
    failure.message += f" (OpenRouter: {words})"
    return failure


def search(message: Json, route: Route) -> OwnSearch | None:
    """OpenRouter's own search tool."""
    tool = searching(message)
    if tool is None:
        return None
    named: Json = {"allowed_domains": list(tool.allowed), "excluded_domains": list(tool.blocked)}
    named |= {"max_uses": tool.max_uses, "user_location": {"type": "approximate", **tool.place} if tool.place else None}
    parameters = {name: value for name, value in named.items() if value}
    made: Json = {"type": "openrouter:web_search", **({"parameters": parameters} if parameters else {})}
    return OwnSearch(fields={"tools": [made]}, late=True)


def model_profile(model: str, profile: Profile) -> Profile:
    """Which models take no forced tool choice while they think."""
    return refine(profile, tool_choices_thinking=AUTO_OR_NONE) if model.lower().startswith(UNFORCED) else profile


VENDOR = Vendor(
    name="openrouter",
    title="OpenRouter",
    protocol=OPENAI_CHAT,
    base_url="https://openrouter.ai/api/v1",
    documentation="https://openrouter.ai/docs",
    key_variable="OPENROUTER_API_KEY",
    desk=KeyDesk("https://openrouter.ai/settings/keys", ("sk-or-",)),
    variables=(
        Variable("OPENROUTER_SITE_URL", "Your site, shown in OpenRouter's rankings.", header="HTTP-Referer"),
        Variable("OPENROUTER_APP_NAME", "Your app's name, shown in OpenRouter's rankings.", header="X-Title"),
    ),
    models=("anthropic/claude-sonnet-5", "qwen/qwen3-coder", "z-ai/glm-5.3", "x-ai/grok-4.5"),
    families=("stepfun/", "qwen/", "mistralai/", "x-ai/", "openrouter/"),
    profile=Profile(
        min_output=16,
        documents=True,
        links=frozenset({"image", "document"}),
        cache_control=True,
        plain_call_ids=True,
        reasoning_field="reasoning_details",
        cache_key_field="session_id",
    ),
    thinking=thinking,
    shape=shape,
    error=error,
    model_profile=model_profile,
    search=search,
)
