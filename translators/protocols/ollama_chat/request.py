"""A Messages request -> the body of POST /api/chat.

Ollama has no `tool_choice`. `none` offers no tools, a named tool is the only one offered, and what remains is said in
words at the end of the system prompt. The messages come last, so that two requests of one conversation share their
leading bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from translators.core import client_tools, json_schema
from translators.core.answer import tool_names
from translators.core.history import turns
from translators.core.intent import intent
from translators.core.tool_names import ToolNames
from translators.core.vendor import Json, Profile, Route
from translators.core.wishes import wanted_schema, wished_choice
from translators.protocols.ollama_chat.messages import messages, system_messages
from translators.protocols.openai_chat.request import DROPS as CHAT_DROPS

#: The window of a model whose own is not known. Ollama's default depends on the machine, from 4,096 tokens on, and its
#: documentation advises 64,000 at least for coding agents; a model that has less lowers it by itself.
NUM_CTX = 65_536

#: Fields of a Messages request that Ollama has no place for.
DROPS = {name: reason for name, reason in CHAT_DROPS.items() if name != "top_k"}
DROPS["cache_control"] = "Ollama keeps the prompt of the last request by itself"

#: Kind of tool choice -> the rule that stands for it.
FORCED = {
    "required": "Answer with a call of one of the tools.",
    "named": "Answer with a call of the tool.",
}
SINGLE_CALL = "Call no more than one tool in this answer."
BY_SCHEMA = "Your final answer must be one JSON object and nothing else. It must match this JSON schema:"


def request(message: Json, route: Route) -> Json:
    """The body of one request. `message` is a validated Messages body with `stream` as a boolean."""
    profile = route.profile
    names = tool_names(message, profile)
    tools = offered(message)
    body: Json = {"model": route.model, "stream": bool(message.get("stream")), **window_rules(route)}
    body["options"] = options(message, route)
    body |= route.vendor.thinking(intent(message), route)
    if tools:
        body["tools"] = [function(tool, names, profile) for tool in tools]
    elif (schema := wanted_schema(message)) is not None and profile.structured != "prompt":
        body["format"] = schema if profile.structured == "json_schema" else "json"
    history = turns(message["messages"], inline_system=profile.system_inside == "user")
    prompt = system_messages(message.get("system"), rules(message, bool(tools), profile))
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


def offered(message: Json) -> list[dict[str, Any]]:
    """The tools that the model may call under the client's tool choice."""
    tools = client_tools.functions(message.get("tools") or (), client_tools.references(message["messages"]))
    choice = wished_choice(message, bool(tools))
    if choice == "none":
        return []
    named = [tool for tool in tools if choice == "named" and tool["name"] == message["tool_choice"].get("name")]
    return named or tools


def function(tool: Mapping[str, Any], names: ToolNames, profile: Profile) -> Json:
    """One tool as a function."""
    made: Json = {"name": names.short(tool["name"]), "description": tool.get("description") or ""}
    made["parameters"] = json_schema.clean(tool.get("input_schema"), profile.schema)
    return {"type": "function", "function": made}


def rules(message: Json, tools: bool, profile: Profile) -> Iterator[str]:
    """What no field can say. A schema goes this way beside tools, because `format` would forbid the calls."""
    if rule := FORCED.get(wished_choice(message, tools)):
        yield rule
    if tools and (message.get("tool_choice") or {}).get("disable_parallel_tool_use"):
        yield SINGLE_CALL
    schema = wanted_schema(message)
    if schema is not None and (tools or profile.structured != "json_schema"):
        yield f"{BY_SCHEMA}\n{json.dumps(schema, ensure_ascii=False)}"
