"""A Messages request -> a GenerateContentRequest.

The contents come last, so that two requests of one conversation share their leading bytes.
"""

from __future__ import annotations

from collections.abc import Iterable

from translators.core import json_schema
from translators.core.answer import tool_names
from translators.core.history import turns
from translators.core.intent import Intent
from translators.core.prefill import ending
from translators.core.prepared import prepared
from translators.core.search import added
from translators.core.structured import form, wanted_schema
from translators.core.vendor import Json, Profile, Route, refine
from translators.core.wishes import offer, prompts, spoken
from translators.protocols.gemini.declarations import tool_fields
from translators.protocols.gemini.messages import contents

#: Fields of a Messages request that generateContent has no place for, and why nothing is lost by it.
DROPS: dict[str, str] = {
    "metadata": "the user id names a device and an account; it is private",
    "context_management": "Rialto clears old tool results and thinking itself; compaction is left to the client",
    "container": "containers exist at Anthropic only",
    "mcp_servers": "the MCP connector runs at Anthropic only",
    "service_tier": "tiers are Anthropic's",
    "inference_geo": "regions are Anthropic's",
    "speed": "fast mode is Anthropic's",
    "diagnostics": "cache diagnosis is Anthropic's",
    "cache_control": "prefixes are cached without being asked",
    "output_config.task_budget": "budgets for a whole task are Anthropic's",
    "compaction": "summaries by the server are Anthropic's; a request for one is refused",
    "fallbacks": "other models on failure are Anthropic's",
    "fallback_credit_token": "credit for failures is Anthropic's",
    "billing_policy": "it says who pays Anthropic",
    "tools.type": "server tools but the searches of the web and of tools, and the MCP toolset, run at Anthropic only",
    "thread": "conversations are kept at Anthropic only; a request that goes on with one is refused",
    "tools.strict": "there is no such parameter",
    "tools.cache_control": "prefixes are cached without being asked",
    "tools.allowed_callers": "code that calls tools runs at Anthropic only; here the model calls them itself",
    "tools.eager_input_streaming": "arguments come whole",
    "messages.content.citations": "only Anthropic's models cite documents",
}
#: The least budget that every model with budgets takes (https://ai.google.dev/gemini-api/docs/thinking, 2026-11-21).
LEAST_BUDGET = 512
#: Tokens that are left to the answer.
ROOM = 1024
#: Sampling field of a Messages request -> its name here.
SAMPLING = {"temperature": "temperature", "top_p": "topP", "top_k": "topK"}


def request(message: Json, route: Route) -> Json:
    """The body of one request. `message` is a validated Messages body."""
    message, profile = prepared(message), refine(route.profile, parallel_tool_calls=False)
    names, given = tool_names(message, profile), offer(message, profile)
    body = system_instruction(message, spoken(message, given, profile))
    body |= tool_fields(given, message.get("tool_choice"), names, profile)
    body = added(body, route.vendor.search(message, route))
    body["generationConfig"] = generation_config(message, route, given.wish)
    history = ending(turns(message["messages"], inline_system=True), message, "")
    body["contents"] = contents(history, route, names)
    return route.vendor.shape(body, route)


def system_instruction(message: Json, rules: Iterable[str]) -> Json:
    """The system prompt, a part for each of its blocks and for each rule that the vendor does not take as a
    parameter.
    """
    texts = [*(block["text"] for block in prompts(message.get("system"))), *rules]
    parts = [{"text": text} for text in texts]
    return {"systemInstruction": {"parts": parts}} if parts else {}


def generation_config(message: Json, route: Route, wish: Intent) -> Json:
    """Limits, sampling, stop sequences, thinking, the form of the answer."""
    profile, wished = route.profile, max(message["max_tokens"], route.profile.min_output)
    config: Json = {"maxOutputTokens": min(wished, route.max_output) if route.max_output else wished}
    config |= {
        SAMPLING[name]: message[name] for name in SAMPLING if name in profile.sampling and message.get(name) is not None
    }
    stops = [stop for stop in message.get("stop_sequences") or () if stop][: profile.max_stops]
    if stops:
        config["stopSequences"] = stops
    return config | structure(message, profile) | bounded(route.vendor.thinking(wish, route), config["maxOutputTokens"])


def bounded(thinking: Json, limit: int) -> Json:
    """The thinking with a budget that leaves room for the answer, which shares the limit with it."""
    budget = (thinking.get("thinkingConfig") or {}).get("thinkingBudget", 0)
    most = max(LEAST_BUDGET, limit - ROOM)
    return thinking if budget <= most else {"thinkingConfig": {**thinking["thinkingConfig"], "thinkingBudget": most}}


def structure(message: Json, profile: Profile) -> Json:
    """JSON, by a schema where the vendor takes one."""
    kind = form(message, profile)
    if kind not in ("json_schema", "json_object"):
        return {}
    schema = {"responseJsonSchema": json_schema.clean(wanted_schema(message), "google")}
    return {"responseMimeType": "application/json", **(schema if kind == "json_schema" else {})}
