"""A Messages request -> a GenerateContentRequest.

The contents come last, so that two requests of one conversation share their leading bytes.
"""

from __future__ import annotations

from typing import Any

from translators.core import client_tools, json_schema
from translators.core.answer import tool_names
from translators.core.history import turns
from translators.core.intent import intent
from translators.core.vendor import Json, Route
from translators.core.wishes import prompts, wanted_schema
from translators.protocols.gemini.declarations import tool_fields
from translators.protocols.gemini.messages import contents

#: Fields of a Messages request that generateContent has no place for, and why nothing is lost by it.
DROPS: dict[str, str] = {
    "metadata": "the user id names a device and an account; it is private",
    "context_management": "edits of the history are Anthropic's; the full history is sent",
    "container": "containers exist at Anthropic only",
    "mcp_servers": "the MCP connector runs at Anthropic only",
    "service_tier": "tiers are Anthropic's",
    "inference_geo": "regions are Anthropic's",
    "speed": "fast mode is Anthropic's",
    "diagnostics": "cache diagnosis is Anthropic's",
    "cache_control": "prefixes are cached without being asked",
    "output_config.task_budget": "budgets for a whole task are Anthropic's",
    "compaction": "summaries by the server are Anthropic's",
    "fallbacks": "other models on failure are Anthropic's",
    "fallback_credit_token": "credit for failures is Anthropic's",
    "billing_policy": "it says who pays Anthropic",
    "thread": "conversations are kept at Anthropic only; the request must hold all of it",
    "tool_choice.disable_parallel_tool_use": "there is no such parameter",
    "tools.strict": "there is no such parameter",
}
#: Sampling field of a Messages request -> its name here.
SAMPLING = {"temperature": "temperature", "top_p": "topP", "top_k": "topK"}


def request(message: Json, route: Route) -> Json:
    """The body of one request. `message` is a validated Messages body."""
    names = tool_names(message, route.profile)
    tools = client_tools.functions(message.get("tools") or (), client_tools.references(message["messages"]))
    body = system_instruction(message.get("system"))
    body |= tool_fields(tools, message.get("tool_choice"), names, route.profile)
    body["generationConfig"] = generation_config(message, route)
    body["contents"] = contents(turns(message["messages"], inline_system=True), route, names)
    return route.vendor.shape(body, route)


def system_instruction(system: Any) -> Json:
    """The system prompt, a part for each of its blocks."""
    parts = [{"text": block["text"]} for block in prompts(system)]
    return {"systemInstruction": {"parts": parts}} if parts else {}


def generation_config(message: Json, route: Route) -> Json:
    """Limits, sampling, stop sequences, thinking, the form of the answer."""
    profile, wished = route.profile, max(message["max_tokens"], route.profile.min_output)
    config: Json = {"maxOutputTokens": min(wished, route.max_output) if route.max_output else wished}
    config |= {
        SAMPLING[name]: message[name] for name in SAMPLING if name in profile.sampling and message.get(name) is not None
    }
    stops = [stop for stop in message.get("stop_sequences") or () if stop][: profile.max_stops]
    if stops:
        config["stopSequences"] = stops
    return config | structure(message) | route.vendor.thinking(intent(message), route)


def structure(message: Json) -> Json:
    """JSON by a schema."""
    schema = wanted_schema(message)
    if schema is None:
        return {}
    return {"responseMimeType": "application/json", "responseJsonSchema": json_schema.clean(schema, "google")}
