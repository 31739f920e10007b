"""The body for an endpoint that only looks like Anthropic's: what all of them know, and nothing else.

Gaps (read 2026-11-21): Fireworks and MiMo refuse keys that they do not know; DeepSeek refuses tools of type custom and
wants results before text (https://api-docs.deepseek.com/guides/anthropic_api); MiMo refuses system messages inside the
conversation; vLLM refuses documents and server tools, llama.cpp ignores documents and offers server tools to the model
(tried). The billing line of Claude Code's system prompt changes with every conversation and spoils prompt caches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from translators.core import client_tools
from translators.core.answer import tool_names
from translators.core.blocks import text_of
from translators.core.history import Turn, turns
from translators.core.thinking import read
from translators.core.tool_names import ToolNames
from translators.core.vendor import Json, Profile, Route
from translators.core.wishes import prompts, travels

#: Fields that only a genuine endpoint sees, and why.
GENUINE_ONLY = (
    *("metadata", "context_management", "container", "mcp_servers", "service_tier", "inference_geo", "speed"),
    *("diagnostics", "cache_control", "output_config.task_budget", "compaction", "fallbacks", "fallback_credit_token"),
    *("billing_policy", "thread"),
)
DROPS: dict[str, str] = {
    **dict.fromkeys(GENUINE_ONLY, "Anthropic's own; other endpoints do not know it"),
    "thinking.display": "Rialto itself hides the thinking of endpoints other than Anthropic's",
}
PLAIN = ("max_tokens", "stream", "stop_sequences", "temperature", "top_p", "top_k")
#: Kinds of Opaque in our signatures.
SIGNATURE, REDACTED = "signature", "redacted"


def fitted(message: Json, route: Route) -> Json:
    """The body."""
    names = tool_names(message, route.profile)
    body: Json = {"model": route.model}
    body |= {key: message[key] for key in PLAIN if message.get(key) is not None}
    if thinking := plain_thinking(message.get("thinking") or {}):
        body["thinking"] = thinking
    if config := plain_config(message):
        body["output_config"] = config
    body |= tool_fields(message, names)
    if system := prompt(message.get("system")):
        body["system"] = system
    history = turns(message["messages"], inline_system=route.profile.system_inside == "user")
    body["messages"] = [said for turn in history if (said := fitted_turn(turn, route, names))["content"]]
    return body


def chosen(value: Mapping[str, Any], *keys: str) -> Json:
    """Those of the keys that are there."""
    return {key: value[key] for key in keys if value.get(key) is not None}


def plain_thinking(thinking: Mapping[str, Any]) -> Json:
    """The switch without its younger options; `between_tools` means off."""
    if thinking.get("type") == "between_tools":
        return {"type": "disabled"}
    return chosen(thinking, "type", "budget_tokens")


def plain_config(message: Json) -> Json:
    """Effort and form of the answer; the form also by its old name `output_format`."""
    old = {"format": message["output_format"]} if message.get("output_format") else {}
    return old | chosen(message.get("output_config") or {}, "effort", "format")


def tool_fields(message: Json, names: ToolNames) -> Json:
    """`tools` and `tool_choice`."""
    tools = client_tools.functions(message.get("tools") or (), client_tools.references(message["messages"]))
    if not tools:
        return {}
    fields: Json = {"tools": [plain_tool(tool, names) for tool in tools]}
    if choice := chosen(message.get("tool_choice") or {}, "type", "name", "disable_parallel_tool_use"):
        fields["tool_choice"] = {**choice, **({"name": names.short(str(choice["name"]))} if "name" in choice else {})}
    return fields


def plain_tool(tool: Mapping[str, Any], names: ToolNames) -> Json:
    """A tool without its type and its options."""
    plain = {"name": names.short(str(tool["name"])), **chosen(tool, "description")}
    return {**plain, "input_schema": tool.get("input_schema") or {"type": "object", "properties": {}}, **mark(tool)}


def mark(block: Mapping[str, Any]) -> Json:
    """The cache mark, without its younger options."""
    given = block.get("cache_control")
    return {"cache_control": chosen(given, "type", "ttl")} if isinstance(given, Mapping) else {}


def prompt(system: Any) -> Any:
    """The system prompt."""
    return [{"type": "text", "text": block["text"], **mark(block)} for block in prompts(system)]


def fitted_turn(turn: Turn, route: Route, names: ToolNames) -> Json:
    """One message, results first."""
    blocks = [{"type": "tool_result", **fitted_result(block, route.profile)} for block in turn.results]
    blocks += [made for block in turn.blocks for made in fitted_block(block, route, names)]
    role = route.profile.system_inside if turn.role == "system" else turn.role
    return {"role": role, "content": blocks}


def fitted_result(result: Mapping[str, Any], profile: Profile) -> Json:
    """What a call gave."""
    content = result.get("content")
    if isinstance(content, list):
        content = list(visible(content, profile))
    failed = {"is_error": True} if result.get("is_error") else {}
    return {"tool_use_id": result["tool_use_id"], "content": content or "(no output)", **failed, **mark(result)}


def visible(blocks: Iterable[Json], profile: Profile) -> Iterator[Json]:
    """Text and media; the rest in words."""
    for block in blocks:
        if travels(block, profile):
            yield {"type": block["type"], **chosen(block, "source", "title", "context"), **mark(block)}
        elif text := text_of(block):
            yield {"type": "text", "text": text, **mark(block)}


def fitted_block(block: Json, route: Route, names: ToolNames) -> Iterable[Json]:
    """One block of a turn: a call, this vendor's own thinking, or what can be seen."""
    match block.get("type"):
        case "tool_use":
            name = names.short(str(block.get("name") or ""))
            return [
                {"type": "tool_use", "id": block["id"], "name": name, "input": block.get("input") or {}, **mark(block)}
            ]
        case "thinking" | "redacted_thinking":
            return remembered(block, route.vendor.name)
        case _:
            return visible([block], route.profile)


def remembered(block: Mapping[str, Any], vendor: str) -> Iterator[Json]:
    """A thinking block as the vendor made it; nothing of others."""
    memory = read(block.get("signature"))
    if memory is None or memory.vendor != vendor:
        return
    text = memory.text or str(block.get("thinking") or "")
    signatures = memory.values(SIGNATURE)
    if text or signatures:
        yield {"type": "thinking", "thinking": text, "signature": signatures[-1] if signatures else ""}
    for data in memory.values(REDACTED):
        yield {"type": "redacted_thinking", "data": data}
