"""Z.ai, the GLM models, https://docs.z.ai (read 2026-11-21).

The keys of the Coding Plan work on ZAI_BASE_URL=https://api.z.ai/api/coding/paas/v4 only; China has
https://open.bigmodel.cn/api/paas/v4.

* `thinking.type` is enabled or disabled; `clear_thinking` false keeps earlier reasoning, which then comes back
  unmodified. GLM-5.3 always thinks, with `reasoning_effort` low, high, max (default max); GLM-5.2 has high and max;
  older models have no levels.
* `max_tokens` beyond 131,072 is a 400; `temperature` must be over 0 (0 is sent as `do_sample` false).
* `tool_choice` is only auto; without `tool_stream` the arguments of a call come in one piece after a long silence.
* No `stream_options`, `strict` or `parallel_tool_calls`; one stop sequence; `response_format` json_object.
* Only the models with a "v" after the number see images.
* `web_search` in `tools` looks the last message up, the pages come as `web_search` beside `choices`
  (docs.z.ai/guides/tools/web-search). It takes one allowed domain.
* Errors carry a code, also inside a 200: https://docs.z.ai/api-reference/api-code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from translators.core.errors import NotFound, Overloaded, PromptTooLong, RateLimited, Rejected, RialtoError
from translators.core.intent import Intent, Level
from translators.core.local import KeyDesk
from translators.core.refusals import words_of
from translators.core.search import OwnSearch, searching
from translators.core.vendor import Json, Profile, Route, Vendor, refine
from translators.protocols.openai_chat import OPENAI_CHAT

MAX_OUTPUT = 131_072
LEAST_TEMPERATURE = 0.01

GLM_53: dict[Level, str] = {"low": "low", "medium": "high", "high": "high", "xhigh": "max", "max": "max"}
GLM_52: dict[Level, str] = {**GLM_53, "low": "high"}
#: Model prefix -> its levels. Models that are not here have none.
LEVELS: tuple[tuple[str, dict[Level, str]], ...] = (("glm-5.3", GLM_53), ("glm-5.2", GLM_52))
ALWAYS_THINKING = ("glm-5.3",)

SEES = re.compile(r"glm-[\d.]+v")
AUTH = frozenset({"1000", "1001", "1002", "1003", "1004"})
BALANCE = frozenset({"1113", "1309"})
PLAN_USED_UP = frozenset({"1304", "1308", "1310"})
RATE = frozenset({"1302", "1303"})
BUSY = frozenset({"1305", "1312"})
FORBIDDEN = frozenset({"1220", "1311", "1313"})


def thinking(intent: Intent, route: Route) -> Json:
    """The switch with its memory, and the effort where the model has levels."""
    name = route.model.lower()
    wish = Intent(True, "low") if intent.on is False and name.startswith(ALWAYS_THINKING) else intent
    if wish.on is False:
        return {"thinking": {"type": "disabled"}}
    levels = next((levels for prefix, levels in LEVELS if name.startswith(prefix)), None)
    effort = {"reasoning_effort": levels[wish.level]} if levels and wish.level else {}
    switch = {"thinking": {"type": "enabled", "clear_thinking": False}} if wish.on else {}
    return {**switch, **effort}


def shape(body: Json, route: Route) -> Json:
    """Streams tool arguments, and brings numbers into the allowed range."""
    shaped = {**body, "max_tokens": min(body["max_tokens"], MAX_OUTPUT)}
    if shaped["stream"] and shaped.get("tools"):
        shaped["tool_stream"] = True
    if shaped.get("temperature") == 0:
        shaped["do_sample"] = False
    if "temperature" in shaped:
        shaped["temperature"] = max(shaped["temperature"], LEAST_TEMPERATURE)
    return shaped


def search(message: Json, route: Route) -> OwnSearch | None:
    """The search in the chat, unless its one domain is not enough."""
    tool = searching(message)
    if tool is None or tool.blocked or len(tool.allowed) > 1:
        return None
    domain = {"search_domain_filter": tool.allowed[0]} if tool.allowed else {}
    wanted: Json = {"enable": True, "search_engine": "search-prime", "search_result": True, **domain}
    return OwnSearch(fields={"tools": [{"type": "web_search", "web_search": wanted}]}, late=True)


def error(status: int, body: Any) -> RialtoError | None:
    """What the code says, whatever the status."""
    inner = body.get("error") if isinstance(body, Mapping) else None
    code = str(inner.get("code") or "") if isinstance(inner, Mapping) else ""
    message = f"{words_of(body).message} ({code})"
    if code in AUTH:
        return Rejected(f"{message} (check ZAI_API_KEY)", status=401, should_retry=False)
    if code in BALANCE:
        hint = "a Coding Plan key needs ZAI_BASE_URL=https://api.z.ai/api/coding/paas/v4"
        return Rejected(f"{message} ({hint})", status=402, should_retry=False)
    if code in FORBIDDEN:
        return Rejected(message, status=403, should_retry=False)
    if code in PLAN_USED_UP:
        return RateLimited(message, should_retry=False)
    if code in RATE:
        return RateLimited(message)
    return Overloaded(message) if code in BUSY else single_error(code, message)


def single_error(code: str, message: str) -> RialtoError | None:
    """The codes that stand alone: unknown model, overflow, unsafe content."""
    match code:
        case "1211":
            return NotFound(message)
        case "1261":
            return PromptTooLong()
        case "1301":
            return Rejected(message, status=400, should_retry=False)
        case _:
            return None


def model_profile(model: str, profile: Profile) -> Profile:
    """Which models see."""
    return refine(profile, images=bool(SEES.search(model.lower())))


VENDOR = Vendor(
    name="zai",
    title="Z.ai",
    protocol=OPENAI_CHAT,
    base_url="https://api.z.ai/api/paas/v4",
    documentation="https://docs.z.ai",
    key_variable="ZAI_API_KEY",
    desk=KeyDesk("https://z.ai/manage-apikey/apikey-list", addresses=("https://api.z.ai/api/coding/paas/v4",)),
    models=("glm-5.3", "glm-5.3-flash", "glm-5.2", "glm-4.7"),
    families=("glm-",),
    profile=Profile(
        max_stops=1,
        images=False,
        reasoning_field="reasoning_content",
        tool_choices=frozenset({"auto"}),
        parallel_tool_calls=False,
        structured="json_object",
        stream_usage=False,
        drops={
            "output_config.effort": "models before GLM-5.2 have no levels",
            "thinking.budget_tokens": "models before GLM-5.2 have no levels",
        },
    ),
    thinking=thinking,
    shape=shape,
    error=error,
    model_profile=model_profile,
    search=search,
)
