"""A Messages request -> the body of POST /api/chat.

Ollama has no `tool_choice`: what the client wants of it is said in words at the end of the system prompt. The messages
come last, so that two requests of one conversation share their leading bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from translators.core import json_schema
from translators.core.answer import tool_names
from translators.core.history import turns
from translators.core.prefill import ending
from translators.core.prepared import prepared
from translators.core.structured import form, wanted_schema
from translators.core.tool_names import ToolNames
from translators.core.vendor import Json, Profile, Route, refine
from translators.core.wishes import Offer, call_rules, offer
from translators.protocols.ollama_chat.messages import messages, system_messages
from translators.protocols.openai_chat.request import DROPS as CHAT_DROPS

#: The window of a model whose own is not known. Ollama's default depends on the machine, from 4,096 tokens on, and its
#: documentation advises 64,000 at least for coding agents; a model that has less lowers it by itself.
NUM_CTX = 65_536

#: Fields of a Messages request that Ollama has no place for.
DROPS = {name: reason for name, reason in CHAT_DROPS.items() if name != "top_k"}
DROPS["cache_control"] = "Ollama keeps the prompt of the last request by itself"

BY_SCHEMA = "Your final answer must be one JSON object and nothing else. It must match this JSON schema:"


def request(message: Json, route: Route) -> Json:
    """The body of one request. `message` is a validated Messages body with `stream` as a boolean."""
    message = prepared(message)
    profile = refine(route.profile, tool_choices=frozenset(), parallel_tool_calls=False)
    names, given = tool_names(message, profile), offer(message, profile)
    body: Json = {"model": route.model, "stream": bool(message.get("stream")), **window_rules(route)}
    body["options"] = options(message, route)
    body |= route.vendor.thinking(given.wish, route)
    if given.tools:
        body["tools"] = [function(tool, names, profile) for tool in given.tools]
    else:
        body |= answer_format(message, profile)
    history = turns(message["messages"], inline_system=profile.system_inside == "user")
    history = ending(history, message, profile.prefill)
    prompt = system_messages(message.get("system"), rules(message, given, profile))
    body["messages"] = [*prompt, *messages(history, route, names)]
    shaped = route.vendor.shape(body, route)
    return {**{name: value for name, value in shaped.items() if name != "messages"}, "messages": shaped["messages"]}


def window_rules(route: Route) -> Json:
    """Nothing is cut in silence, neither the prompt nor while the answer grows; how long the model stays loaded."""
    stay = route.extra.get("keep_alive", "")
    seconds = stay.removeprefix("-").isdigit()
    keep: Json = {"keep_alive": int(stay) if seconds else stay} if stay else {}
    return {"truncate": False, "shift": False, **keep}


def options(message: Json, route: Route) -> Json:
    """Window, output limit, sampling and stop sequences."""
    profile = route.profile
    wished = max(message["max_tokens"], profile.min_output)
    fields: Json = {
        "num_ctx": route.context_window or NUM_CTX,
        "num_predict": min(wished, route.max_output) if route.max_output else wished,
    }
    fields |= {
        key: message[key]
        for key in ("temperature", "top_p", "top_k")
        if key in profile.sampling and message.get(key) is not None
    }
    stops = [stop for stop in message.get("stop_sequences") or () if stop][: profile.max_stops]
    return fields | ({"stop": stops} if stops else {})


def answer_format(message: Json, profile: Profile) -> Json:
    """`format`, which forbids calls and so never stands beside tools."""
    match form(message, profile):
        case "json_schema":
            return {"format": wanted_schema(message)}
        case "json_object":
            return {"format": "json"}
    return {}


def function(tool: Mapping[str, Any], names: ToolNames, profile: Profile) -> Json:
    """One tool as a function."""
    made: Json = {"name": names.short(tool["name"]), "description": tool.get("description") or ""}
    made["parameters"] = json_schema.clean(tool.get("input_schema"), profile.schema)
    return {"type": "function", "function": made}


def rules(message: Json, given: Offer, profile: Profile) -> Iterator[str]:
    """What no field can say. A schema goes this way beside tools, because `format` would forbid the calls."""
    yield from call_rules(message, given, profile)
    kind = form(message, profile)
    if kind in ("json_object", "prompt") or (kind == "json_schema" and given.tools):
        yield f"{BY_SCHEMA}\n{json.dumps(wanted_schema(message), ensure_ascii=False)}"
