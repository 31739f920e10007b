"""A Messages request -> a Chat Completions body.

The messages come last, so that two requests of one conversation share their leading bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from translators.core import json_schema
from translators.core.answer import tool_names
from translators.core.cache_marks import on_last_block
from translators.core.history import turns
from translators.core.prefill import ending, native
from translators.core.prepared import prepared
from translators.core.search import added
from translators.core.structured import form, wanted_schema
from translators.core.tool_names import ToolNames
from translators.core.vendor import Json, Profile, Route
from translators.core.wishes import choice_fields, offer, spoken
from translators.protocols.openai_chat.messages import marked, messages, system_messages

#: Fields of a Messages request that Chat Completions has no place for, and why nothing is lost by it.
DROPS: dict[str, str] = {
    "metadata": "the user id names a device and an account; it is private, and vendors would cache per user",
    "context_management": "Rialto clears old tool results and thinking itself; compaction is left to the client",
    "container": "containers exist at Anthropic only",
    "mcp_servers": "the MCP connector runs at Anthropic only",
    "service_tier": "tiers are Anthropic's",
    "inference_geo": "regions are Anthropic's",
    "speed": "fast mode is Anthropic's",
    "diagnostics": "cache diagnosis is Anthropic's",
    "cache_control": "these vendors cache prefixes by themselves; those that know marks get one at the end",
    "top_k": "Chat Completions has no such parameter; vendors that have one of their own get it",
    "output_config.task_budget": "budgets for a whole task are Anthropic's",
    "compaction": "summaries by the server are Anthropic's; a request for one is refused",
    "fallbacks": "other models on failure are Anthropic's",
    "fallback_credit_token": "credit for failures is Anthropic's",
    "billing_policy": "it says who pays Anthropic",
    "tools.type": "server tools but the searches of the web and of tools, and the MCP toolset, run at Anthropic only",
    "tools.strict": "strict schemas differ from vendor to vendor; `tools_strict` in conf/models.toml sends it",
    "tools.cache_control": "these vendors cache prefixes by themselves; those that know marks get them",
    "tools.allowed_callers": "code that calls tools runs at Anthropic only; here the model calls them itself",
    "tools.eager_input_streaming": "arguments are streamed as the vendor sends them",
    "messages.content.citations": "only Anthropic's models cite documents",
    "thread": "conversations are kept at Anthropic only; a request that goes on with one is refused",
}


def request(message: Json, route: Route) -> Json:
    """The body of one request. `message` is a validated Messages body with `stream` as a boolean."""
    message, profile = prepared(message), route.profile
    message = on_last_block(message) if profile.cache_control else message
    names, given = tool_names(message, profile), offer(message, profile)
    body: Json = {"model": route.model, "stream": bool(message.get("stream"))}
    if body["stream"] and profile.stream_usage:
        body["stream_options"] = {"include_usage": True}
    body |= limits(message, route)
    body |= route.vendor.thinking(given.wish, route)
    if given.tools:
        body["tools"] = [function(tool, names, profile) for tool in given.tools]
        named = {"type": "function", "function": {"name": names.short(given.name)}}
        body |= choice_fields(message, given.choice, named, profile)
    body |= structure(message, profile)
    if route.session and profile.cache_key_field:
        body[profile.cache_key_field] = route.session[:64]
    body = added(body, route.vendor.search(message, route))
    history = turns(message["messages"], inline_system=profile.system_inside == "user")
    history = ending(history, message, profile.prefill)
    prompt = [*system_messages(message.get("system"), profile), *messages(history, route, names)]
    body["messages"] = to_go_on(with_words(prompt, spoken(message, given, profile)), native(message, profile.prefill))
    shaped = route.vendor.shape(body, route)
    return {**{name: value for name, value in shaped.items() if name != "messages"}, "messages": shaped["messages"]}


def limits(message: Json, route: Route) -> Json:
    """Output limit, sampling and stop sequences."""
    profile = route.profile
    wished = max(message["max_tokens"], profile.min_output)
    fields: Json = {profile.token_field: min(wished, route.max_output) if route.max_output else wished}
    fields |= {
        key: message[key]
        for key in ("temperature", "top_p", "top_k")
        if key in profile.sampling and message.get(key) is not None
    }
    stops = [stop for stop in message.get("stop_sequences") or () if stop][: profile.max_stops]
    return fields | ({"stop": stops} if stops else {})


def function(tool: Mapping[str, Any], names: ToolNames, profile: Profile) -> Json:
    """One tool as a function."""
    made: Json = {"name": names.short(tool["name"])}
    if tool.get("description"):
        made["description"] = tool["description"]
    made["parameters"] = json_schema.clean(tool.get("input_schema"), profile.schema)
    if tool.get("strict") and profile.tools_strict:
        made["strict"] = True
    return marked({"type": "function", "function": made}, tool, profile)


def structure(message: Json, profile: Profile) -> Json:
    """`response_format`, as far as the vendor has it."""
    match form(message, profile):
        case "json_object":
            return {"response_format": {"type": "json_object"}}
        case "json_schema":
            schema = {"name": "answer", "schema": wanted_schema(message)}
            return {"response_format": {"type": "json_schema", "json_schema": schema}}
    return {}


def with_words(prompt: list[Json], rules: Sequence[str]) -> list[Json]:
    """The messages with rules at the end of the system prompt, for what the vendor does not take as a parameter."""
    if not rules:
        return prompt
    words = "\n".join(rules)
    if prompt and prompt[0]["role"] == "system":
        head = prompt[0]["content"]
        content = f"{head}\n{words}" if isinstance(head, str) else [*head, {"type": "text", "text": words}]
        return [{**prompt[0], "content": content}, *prompt[1:]]
    return [{"role": "system", "content": words}, *prompt]


def to_go_on(prompt: list[Json], way: str) -> list[Json]:
    """The messages, the last one marked for vendors that go on with it when it is."""
    if way not in ("partial", "prefix") or prompt[-1]["role"] != "assistant":
        return prompt
    return [*prompt[:-1], {**prompt[-1], way: True}]
