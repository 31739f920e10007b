"""xAI, https://docs.x.ai/docs/api-reference (read 2026-11-21). Chat Completions is its older API; Responses is the
main one.

* `reasoning_effort` is none, low, medium, high on grok-4.3; later models cannot be switched off, and take xhigh from
  4.6 on. grok-4, grok-4-fast, grok-4.20, grok-3, grok-2 and grok-code refuse the parameter with any value;
  grok-3-mini takes low and high (ai-sdk `supports-reasoning-effort.ts`, anomalyco/models.dev `providers/xai`).
* Reasoning models refuse `stop`, so it is never sent; Rialto applies stop sequences itself. `strict` in tools is not
  known.
* Web search is a tool of Responses (docs.x.ai/docs/guides/tools/search-tools): `filters` with up to 5 allowed or
  excluded domains. Responses refuses `instructions`; the system prompt is the first message.
* Images are JPEG or PNG of 20 MiB at most.
* `completion_tokens` excludes the reasoning. Reasoning text comes from a few models only and is not wanted back.
* Errors are flat: {"code": "...", "error": "..."}. A wrong key is a 400 "Incorrect API key provided".
"""

from __future__ import annotations

from typing import Any

from translators.core.errors import Rejected, RialtoError
from translators.core.intent import Intent, Level
from translators.core.local import KeyDesk
from translators.core.refusals import words_of
from translators.core.search import OwnSearch, searching
from translators.core.vendor import Json, Profile, Protocol, Route, Vendor, refine
from translators.protocols.openai_chat import OPENAI_CHAT
from translators.protocols.openai_responses import OPENAI_RESPONSES

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
#: Domains of one search.
MOST_DOMAINS = 5
BLIND = ("grok-3", "grok-code", "grok-build")


def thinking(intent: Intent, route: Route) -> Json:
    """The effort, for models that have one."""
    name = route.model.lower()
    _, efforts, off = next((row for row in EFFORTS if name.startswith(row[0])), LATER)
    effort = off if intent.on is False else efforts.get(intent.level)
    return {"reasoning_effort": effort} if effort else {}


def select(message: Json, route: Route) -> Protocol:
    """Responses for a request that wants to search."""
    return OPENAI_RESPONSES if searching(message) else OPENAI_CHAT


def search(message: Json, route: Route) -> OwnSearch | None:
    """The web search, for as many domains as it takes."""
    tool = searching(message)
    if tool is None or len(tool.allowed) > MOST_DOMAINS or len(tool.blocked) > MOST_DOMAINS:
        return None
    named = {"allowed_domains": list(tool.allowed), "excluded_domains": list(tool.blocked)}
    filters = {name: domains for name, domains in named.items() if domains}
    return OwnSearch(fields={"tools": [{"type": "web_search", **({"filters": filters} if filters else {})}]})


def shape(body: Json, route: Route) -> Json:
    """The system prompt of Responses as its first message."""
    rest = dict(body)
    words = rest.pop("instructions", "")
    return {**rest, "input": [{"role": "system", "content": words}, *rest["input"]]} if words else body


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
    models=("grok-4.7", "grok-4.6", "grok-4.5", "grok-4.3"),
    families=("grok-",),
    profile=Profile(
        text_calls=False,
        image_bytes=20 * 2**20,
        max_stops=0,
        drops={"stop_sequences": "reasoning models refuse `stop`; Rialto ends the answer at the sequence itself"},
    ),
    thinking=thinking,
    shape=shape,
    error=error,
    model_profile=model_profile,
    select=select,
    search=search,
)
