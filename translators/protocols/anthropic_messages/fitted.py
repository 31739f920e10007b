"""The body for an endpoint that only looks like Anthropic's: what all of them know, and nothing else.

Gaps (read 2026-11-21): Fireworks and MiMo refuse keys that they do not know; DeepSeek refuses tools of type custom and
wants results before text (https://api-docs.deepseek.com/guides/anthropic_api); MiMo refuses system messages inside the
conversation; vLLM refuses documents and server tools, llama.cpp ignores documents and offers server tools to the model
(tried). The billing line of Claude Code's system prompt changes with every conversation and spoils prompt caches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from translators.core.answer import tool_names
from translators.core.blocks import text_of
from translators.core.cache_marks import on_last_block
from translators.core.history import PLAIN_ID, Turn, legal, turns
from translators.core.intent import within
from translators.core.prefill import ending
from translators.core.prepared import prepared
from translators.core.search import added
from translators.core.structured import form, wanted_schema
from translators.core.thinking import read
from translators.core.tool_names import ToolNames
from translators.core.vendor import Json, Profile, Route, refine
from translators.core.wishes import Offer, offer, prompts, spoken, travels

#: Fields that only a genuine endpoint sees, and why.
GENUINE_ONLY = (
    *("metadata", "context_management", "container", "mcp_servers", "service_tier", "inference_geo", "speed"),
    *("diagnostics", "output_config.task_budget", "compaction", "fallbacks", "fallback_credit_token"),
    *("billing_policy", "thread"),
)
DROPS: dict[str, str] = {
    **dict.fromkeys(GENUINE_ONLY, "Anthropic's own; other endpoints do not know it"),
    "compaction": "summaries by the server are Anthropic's; a request for one is refused",
    "context_management": "Rialto clears old tool results and thinking itself; compaction is left to the client",
    "tools.type": "server tools but the searches of the web and of tools, and the MCP toolset, run at Anthropic only",
    "tools.strict": "other endpoints do not know it",
    "tools.allowed_callers": "code that calls tools runs at Anthropic only; here the model calls them itself",
    "tools.eager_input_streaming": "arguments are streamed as the vendor sends them",
    "messages.content.citations": "other endpoints cite no documents",
    "thinking.display": "Rialto itself hides the thinking of endpoints other than Anthropic's",
}
#: Kind of choice -> its type here.
CHOICES = {"auto": "auto", "required": "any", "named": "tool", "none": "none"}
#: Tokens; a smaller budget is refused.
LEAST_BUDGET = 1024
PLAIN = ("max_tokens", "stream", "stop_sequences", "temperature", "top_p", "top_k")
#: Kinds of Opaque in our signatures.
SIGNATURE, REDACTED = "signature", "redacted"


def fitted(message: Json, route: Route) -> Json:
    """The body."""
    message, profile = on_last_block(prepared(message)), route.profile
    names, given = tool_names(message, profile), offer(message, profile)
    body: Json = {"model": route.model, **limits(message, route)}
    chosen_tools = tool_fields(message, given, names)
    thinking = plain_thinking(message.get("thinking") or {}, body.get("max_tokens"), forced=is_forced(chosen_tools))
    if thinking:
        body["thinking"] = thinking
    if config := plain_config(message, thinking, profile):
        body["output_config"] = config
    body = added(body | chosen_tools, route.vendor.search(message, route))
    if system := prompt(message, spoken(message, given, profile)):
        body["system"] = system
    history = turns(message["messages"], inline_system=profile.system_inside == "user")
    history = ending(history, message, profile.prefill)
    body["messages"] = [said for turn in history if (said := fitted_turn(turn, route, names))["content"]]
    return body


def limits(message: Json, route: Route) -> Json:
    """Plain fields, the output limit within what the vendor takes. A request that is only counted has no limit."""
    fields = {key: message[key] for key in PLAIN if message.get(key) is not None}
    if wished := fields.get("max_tokens"):
        wished = max(wished, route.profile.min_output)
        fields["max_tokens"] = min(wished, route.max_output) if route.max_output else wished
    return fields


def chosen(value: Mapping[str, Any], *keys: str) -> Json:
    """Those of the keys that are there."""
    return {key: value[key] for key in keys if value.get(key) is not None}


def plain_thinking(thinking: Mapping[str, Any], limit: int | None, forced: bool) -> Json:
    """The switch without its younger options; `between_tools` means off. `enabled` is off beside a forced call:
    "Thinking may not be enabled when tool_choice forces tool use" (platform.claude.com/docs/en/api/errors, read
    2026-11-21). A budget has to be less than the output limit.
    """
    off = thinking.get("type") == "between_tools" or (forced and thinking.get("type") == "enabled")
    budget = within(thinking.get("budget_tokens"), limit)
    if off or (budget is not None and budget < LEAST_BUDGET):
        return {"type": "disabled"}
    return chosen({**thinking, "budget_tokens": budget}, "type", "budget_tokens")


def plain_config(message: Json, thinking: Mapping[str, Any], profile: Profile) -> Json:
    """Effort and form of the answer; the form also by its old name `output_format`. DeepSeek refuses an effort while
    thinking is off (anthropics/claude-code#65863).
    """
    effort = () if thinking.get("type") == "disabled" else ("effort",)
    config = chosen(message.get("output_config") or {}, *effort)
    if form(message, profile) == "json_schema":
        config["format"] = {"type": "json_schema", "schema": wanted_schema(message)}
    return config


def is_forced(fields: Mapping[str, Any]) -> bool:
    """The model has to call a tool."""
    return fields.get("tool_choice", {}).get("type") in ("any", "tool")


def tool_fields(message: Json, given: Offer, names: ToolNames) -> Json:
    """`tools` and `tool_choice`."""
    if not given.tools:
        return {}
    fields: Json = {"tools": [plain_tool(tool, names) for tool in given.tools]}
    wished = message.get("tool_choice") or {}
    if given.choice and (wished or given.choice == "named"):
        named = {"name": names.short(given.name)} if given.choice == "named" else {}
        choice = {"type": CHOICES[given.choice], **named, **chosen(wished, "disable_parallel_tool_use")}
        fields["tool_choice"] = choice
    return fields


def plain_tool(tool: Mapping[str, Any], names: ToolNames) -> Json:
    """A tool without its type and its options."""
    plain = {"name": names.short(str(tool["name"])), **chosen(tool, "description")}
    return {**plain, "input_schema": tool.get("input_schema") or {"type": "object", "properties": {}}, **mark(tool)}


def mark(block: Mapping[str, Any]) -> Json:
    """The cache mark, without its younger options."""
    given = block.get("cache_control")
    return {"cache_control": chosen(given, "type", "ttl")} if isinstance(given, Mapping) else {}


def prompt(message: Json, rules: Iterable[str]) -> list[Json]:
    """The system prompt, and rules for what the vendor does not take as a parameter."""
    blocks = [{"type": "text", "text": block["text"], **mark(block)} for block in prompts(message.get("system"))]
    return [*blocks, *({"type": "text", "text": rule} for rule in rules)]


def fitted_turn(turn: Turn, route: Route, names: ToolNames) -> Json:
    """One message, results first."""
    blocks = [{"type": "tool_result", **fitted_result(block, route.profile)} for block in turn.results]
    if turn.role == "assistant":
        blocks += [made for block in turn.blocks for made in fitted_block(block, route, names)]
    else:
        blocks += visible(turn.blocks, route.profile)
    role = route.profile.system_inside if turn.role == "system" else turn.role
    return {"role": role, "content": blocks}


def fitted_result(result: Mapping[str, Any], profile: Profile) -> Json:
    """What a call gave; a failed one holds text only ("all content must be type `text` if `is_error` is true")."""
    content = result.get("content")
    failed = {"is_error": True} if result.get("is_error") else {}
    if isinstance(content, list):
        content = list(visible(content, refine(profile, images=False, documents=False) if failed else profile))
    return {
        "tool_use_id": legal(result["tool_use_id"], PLAIN_ID),
        "content": content or "(no output)",
        **failed,
        **mark(result),
    }


def visible(blocks: Iterable[Json], profile: Profile) -> Iterator[Json]:
    """Text and media; the rest in words."""
    for block in blocks:
        if travels(block, profile):
            yield {"type": block["type"], **chosen(block, "source", "title", "context"), **mark(block)}
        elif text := text_of(block):
            yield {"type": "text", "text": text, **mark(block)}


def fitted_block(block: Json, route: Route, names: ToolNames) -> Iterable[Json]:
    """One block of the model's: a call, this vendor's own thinking, or words: images and documents are for users."""
    match block.get("type"):
        case "tool_use":
            name, call = names.short(str(block.get("name") or "")), legal(block["id"], PLAIN_ID)
            return [{"type": "tool_use", "id": call, "name": name, "input": block.get("input") or {}, **mark(block)}]
        case "thinking" | "redacted_thinking":
            return remembered(block, route.vendor.name)
        case _:
            return visible([block], refine(route.profile, images=False, documents=False))


def remembered(block: Mapping[str, Any], vendor: str) -> Iterator[Json]:
    """A thinking block as the vendor made it; nothing of others."""
    memory = read(block.get("signature"))
    if memory is None or memory.vendor != vendor:
        return
    text = memory.text or str(block.get("thinking") or "")
    signatures = [value for value in memory.values(SIGNATURE) if isinstance(value, str)]
    if text or signatures:
        yield {"type": "thinking", "thinking": text, "signature": signatures[-1] if signatures else ""}
    for data in memory.values(REDACTED):
        if isinstance(data, str):
            yield {"type": "redacted_thinking", "data": data}
