"""A Messages request -> a Responses body.

Differences from Chat Completions: tools are flat and strict unless it is denied; answers are stored unless it is
denied; the system prompt is `instructions`; there are no stop sequences. `input` comes last, so that two requests of
one conversation share their leading bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from translators.core import json_schema
from translators.core.answer import tool_names
from translators.core.history import turns
from translators.core.intent import Intent
from translators.core.prefill import ending
from translators.core.prepared import prepared
from translators.core.search import added
from translators.core.structured import form, wanted_schema
from translators.core.tool_names import ToolNames
from translators.core.vendor import Json, Profile, Route
from translators.core.wishes import choice_fields, offer, prompts, spoken
from translators.protocols.openai_chat.request import DROPS as CHAT_DROPS
from translators.protocols.openai_responses.items import items

#: Fields of a Messages request that Responses has no place for, and why nothing is lost by it.
DROPS: dict[str, str] = {
    **CHAT_DROPS,
    "stop_sequences": "Responses has no such parameter; Rialto ends the answer at the sequence itself",
}
#: `max_output_tokens` below this is a 400.
MIN_OUTPUT = 16
#: A limit for requests that are only counted and have none.
ROOM = 4096
ENCRYPTED = "reasoning.encrypted_content"
#: What the token counter takes of a body.
COUNTED = (
    *("model", "reasoning", "tools", "tool_choice", "parallel_tool_calls"),
    *("text", "instructions", "input"),
)


def request(message: Json, route: Route) -> Json:
    """The body of one request. `message` is a validated Messages body with `stream` as a boolean."""
    message, profile = prepared(message), route.profile
    names, given = tool_names(message, profile), offer(message, profile)
    body: Json = {"model": route.model, "stream": bool(message.get("stream")), "store": False}
    body |= limits(message, route)
    body |= reasoning(given.wish, route, bool(given.tools))
    if given.tools:
        body["tools"] = [function(tool, names, profile) for tool in given.tools]
        named = {"type": "function", "name": names.short(given.name)}
        body |= choice_fields(message, given.choice, named, profile)
    body = added(body, route.vendor.search(message, route))
    body |= structure(message, profile)
    if route.session and profile.cache_key_field:
        body[profile.cache_key_field] = route.session[:64]
    body |= instructions(message, spoken(message, given, profile))
    history = turns(message["messages"], inline_system=profile.system_inside == "user")
    body["input"] = items(ending(history, message, ""), route, names)
    return route.vendor.shape(body, route)


def limits(message: Json, route: Route) -> Json:
    """Output limit, which covers the reasoning too, and sampling."""
    profile = route.profile
    wished = max(message["max_tokens"], profile.min_output, MIN_OUTPUT)
    fields: Json = {"max_output_tokens": min(wished, route.max_output) if route.max_output else wished}
    return fields | {
        key: message[key]
        for key in ("temperature", "top_p")
        if key in profile.sampling and message.get(key) is not None
    }


def reasoning(wish: Intent, route: Route, tools: bool) -> Json:
    """`reasoning` out of the vendor's switch for Chat Completions, a summary when the client wants thinking, and the
    encrypted reasoning wherever the client can bring it back.
    """
    switch = dict(route.vendor.thinking(wish, route))
    effort = switch.pop("reasoning_effort", None)
    wanted: Json = {"effort": effort} if effort else {}
    if wish.on and effort != "none":
        wanted["summary"] = "auto"
    fields: Json = {**switch, "reasoning": wanted} if wanted else switch
    if effort != "none" and (tools or wish.on):
        fields["include"] = [ENCRYPTED]
    return fields


def function(tool: Mapping[str, Any], names: ToolNames, profile: Profile) -> Json:
    """One tool as a flat function."""
    made: Json = {"type": "function", "name": names.short(tool["name"])}
    if tool.get("description"):
        made["description"] = tool["description"]
    made["parameters"] = json_schema.clean(tool.get("input_schema"), profile.schema)
    made["strict"] = bool(tool.get("strict") and profile.tools_strict)
    return made


def structure(message: Json, profile: Profile) -> Json:
    """`text.format`."""
    match form(message, profile):
        case "json_object":
            return {"text": {"format": {"type": "json_object"}}}
        case "json_schema":
            made = {"type": "json_schema", "name": "answer", "schema": wanted_schema(message), "strict": False}
            return {"text": {"format": made}}
    return {}


def instructions(message: Json, rules: Iterable[str]) -> Json:
    """The system prompt, with rules for what the vendor does not take as a parameter."""
    words = [*(block["text"] for block in prompts(message.get("system"))), *rules]
    return {"instructions": "\n".join(words)} if words else {}


def count_request(message: Json, route: Route) -> Json:
    """The body for the token counter: what of a request goes into the model."""
    body = request({"max_tokens": ROOM, **message}, route)
    return {name: body[name] for name in COUNTED if name in body}


def count_url(base: str, route: Route) -> str:
    """The token counter's address, https://developers.openai.com/api/reference/responses (read 2026-11-21)."""
    address, mark, query = route.vendor.url(base, route).partition("?")
    return f"{address}/input_tokens{mark}{query}"
