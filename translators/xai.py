"""xAI, https://docs.x.ai/docs/api-reference and https://docs.x.ai/developers/model-capabilities/text/best-practices
(read 2026-11-21). Responses is its main API; it calls Chat Completions deprecated.

* XAI_API is chat, responses or auto. With auto, xAI's own address is asked by Responses, and every other one by Chat
  Completions, except to search. A row of `[responses]` in `conf/models.toml` may keep models from Responses.
* The effort is none, low, medium, high on grok-4.3; later models cannot be switched off, and take xhigh from 4.6 on.
  grok-2, 3, 4, 4-fast, 4.20 and code refuse the parameter with any value; grok-3-mini takes low and high (ai-sdk
  `supports-reasoning-effort.ts`, anomalyco/models.dev `providers/xai`).
* Responses gives the reasoning encrypted, with a summary, asked for or not, and wants it back with its `summary`, even
  an empty one (chenyme/grok2api#688). Chat Completions has reasoning text of a few models, which is not wanted back.
* Reasoning models refuse `stop`, so Rialto applies stop sequences itself. `strict` in tools is not known.
* Responses refuses `instructions`; the system prompt is the first message. `prompt_cache_key` keeps a conversation on
  one cache. PDFs go by address or Files API only, so Rialto sends their text.
* Web search is a tool of Responses (docs.x.ai/docs/guides/tools/search-tools), `filters` 5 allowed or excluded domains.
* 200 tools at most. Images are JPEG or PNG of 20 MiB at most. `completion_tokens` of Chat excludes the reasoning.
* Errors are flat: {"code": "...", "error": "..."}. A wrong key is a 400 "Incorrect API key provided".
"""

from __future__ import annotations

import re
from typing import Any

from translators.core.errors import Rejected, RialtoError
from translators.core.intent import Intent, Level
from translators.core.local import KeyDesk
from translators.core.refusals import words_of
from translators.core.search import OwnSearch, searching
from translators.core.variables import Variable
from translators.core.vendor import Json, Profile, Protocol, Route, Vendor, refine
from translators.protocols.openai_chat import OPENAI_CHAT
from translators.protocols.openai_responses import OPENAI_RESPONSES
from translators.protocols.openai_responses.choice import by_model, is_at, uses_responses, wire_name

OWN_HOST = "api.x.ai"
XAI_API = Variable(
    "XAI_API",
    "Wire of xAI: chat, responses, or auto (Responses at xAI's own address, else Chat Completions).",
    form=wire_name,
    extra="api",
)

Efforts = dict[Level | None, str]

UP_TO_HIGH: Efforts = {"low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}
UP_TO_XHIGH: Efforts = {**UP_TO_HIGH, "xhigh": "xhigh", "max": "xhigh"}
LOW_OR_HIGH: Efforts = {**UP_TO_HIGH, "medium": "high"}
NOTHING: Efforts = {}

#: Model prefix -> (its efforts, what "off" is); the first that fits.
EFFORTS: tuple[tuple[str, Efforts, str], ...] = (
    ("grok-3-mini", LOW_OR_HIGH, "low"),
    ("grok-4.20", NOTHING, ""),
    ("grok-4.3", UP_TO_HIGH, "none"),
    ("grok-4.5", UP_TO_HIGH, "low"),
    ("grok-4.", UP_TO_XHIGH, "low"),
    *((f"grok-{name}", NOTHING, "") for name in ("2", "3", "4", "code", "beta", "vision", "build")),
)
LATER = ("grok-", UP_TO_XHIGH, "low")
#: Models that never reason.
PLAIN = re.compile(r"grok-(?:2|3(?!-mini)|beta|vision)|.*-non-reasoning")
#: Domains of one search.
MOST_DOMAINS = 5
BLIND = ("grok-3", "grok-code", "grok-build")


def efforts(model: str) -> tuple[Efforts, str]:
    """The efforts of a model, and what "off" is."""
    _, levels, off = next((row for row in EFFORTS if model.lower().startswith(row[0])), LATER)
    return levels, off


def thinking(intent: Intent, route: Route) -> Json:
    """The effort, for models that have one."""
    levels, off = efforts(route.model)
    effort = off if intent.on is False else levels.get(intent.level)
    return {"reasoning_effort": effort} if effort else {}


def select(message: Json, route: Route) -> Protocol:
    """Responses at xAI's own address, and anywhere for a request that wants to search."""
    if searching(message) and route.extra.get("api", "auto") == "auto":
        return OPENAI_RESPONSES
    return by_model(message, route, is_at(route.base_url, OWN_HOST), row="always")


def search(message: Json, route: Route) -> OwnSearch | None:
    """The web search, for as many domains as it takes."""
    tool = searching(message) if uses_responses(route) else None
    if tool is None or len(tool.allowed) > MOST_DOMAINS or len(tool.blocked) > MOST_DOMAINS:
        return None
    named = {"allowed_domains": list(tool.allowed), "excluded_domains": list(tool.blocked)}
    filters = {name: domains for name, domains in named.items() if domains}
    return OwnSearch(fields={"tools": [{"type": "web_search", **({"filters": filters} if filters else {})}]})


def shape(body: Json, route: Route) -> Json:
    """On Responses the system prompt as the first message, without what the model refuses; the cache key only there."""
    if not uses_responses(route):
        return {name: value for name, value in body.items() if name != "prompt_cache_key"}
    tunable, reasons = efforts(route.model)[0], not PLAIN.match(route.model.lower())
    refused = {"instructions", *(() if tunable else ("reasoning",)), *(() if reasons else ("include",))}
    rest = {name: value for name, value in body.items() if name not in refused}
    words = body.get("instructions")
    return {**rest, "input": [{"role": "system", "content": words}, *rest["input"]]} if words else rest


def error(status: int, body: Any) -> RialtoError | None:
    """A wrong key, which comes as a 400."""
    words = words_of(body).message
    if status == 400 and "incorrect api key" in words.lower():
        return Rejected(f"{words} (check XAI_API_KEY)", status=401, should_retry=False)
    return None


def model_profile(model: str, profile: Profile) -> Profile:
    """Which models read text only."""
    return refine(profile, images=not model.lower().startswith(BLIND))


VENDOR = Vendor(
    name="xai",
    title="xAI",
    traced_as="x_ai",
    protocol=OPENAI_CHAT,
    base_url="https://api.x.ai/v1",
    documentation="https://docs.x.ai/docs/api-reference",
    key_variable="XAI_API_KEY",
    desk=KeyDesk("https://console.x.ai", ("xai-",)),
    variables=(XAI_API,),
    models=("grok-4.7", "grok-4.6", "grok-4.5", "grok-4.3"),
    families=("grok-",),
    profile=Profile(
        text_calls=False,
        image_bytes=20 * 2**20,
        image_types=frozenset({"image/jpeg", "image/png"}),
        max_tools=200,
        max_stops=0,
        cache_key_field="prompt_cache_key",
        drops={"stop_sequences": "reasoning models refuse `stop`; Rialto ends the answer at the sequence itself"},
    ),
    thinking=thinking,
    shape=shape,
    error=error,
    model_profile=model_profile,
    select=select,
    counts_by=lambda route: OPENAI_CHAT,
    search=search,
)
