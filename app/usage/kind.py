"""The kind of a request, told by its shape. The shapes are those of Claude Code 2.1.197 and 2.1.329 (recorded
2026-11-21).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from translators.core.vendor import Json

SESSION = "x-claude-code-session-id"
AGENT = "x-claude-code-agent-id"
BILLING = "x-anthropic-billing-header:"
SUBAGENT = "cc_is_subagent=true"
VERDICT = "</block>"
"""The classifier of the client's auto mode stops here."""

Shape = Callable[[Json, Mapping[str, str]], bool]


def kind_of(message: Json, headers: Mapping[str, str]) -> str:
    """The first kind of `KINDS` whose shape the validated request has; `headers` have lower-case names."""
    return next((kind for kind, shape in KINDS.items() if shape(message, headers)), "other")


def is_web_search(message: Json, headers: Mapping[str, str]) -> bool:
    """The client's search tool asks the vendor to search."""
    tools: Sequence[Json] = message.get("tools") or ()
    return len(tools) == 1 and str(tools[0].get("type") or "").startswith("web_search_")


def is_title(message: Json, headers: Mapping[str, str]) -> bool:
    """A title for the conversation, in a form with this one field."""
    return not message.get("tools") and wanted_fields(message) == {"title"}


def is_hook(message: Json, headers: Mapping[str, str]) -> bool:
    """A hook that a model decides."""
    return not message.get("tools") and {"ok", "reason"} <= wanted_fields(message)


def is_classifier(message: Json, headers: Mapping[str, str]) -> bool:
    """May this call run without a question."""
    return not message.get("tools") and VERDICT in (message.get("stop_sequences") or ())


def is_probe(message: Json, headers: Mapping[str, str]) -> bool:
    """Does this model answer, and how many tokens is that."""
    return bool(message["max_tokens"] <= 1)


def is_web_fetch(message: Json, headers: Mapping[str, str]) -> bool:
    """A page to be read by the small model: one message, no cache mark, no thinking."""
    return (
        is_claude_code(message, headers)
        and not message.get("tools")
        and "thinking" not in message
        and len(message["messages"]) == 1
        and not any(is_marked(block) for block in last_content(message))
    )


def is_compact(message: Json, headers: Mapping[str, str]) -> bool:
    """A summary of the conversation is wanted: the cache mark stands before the last message, not on it."""
    spoken = [turn for turn in message["messages"][-3:] if turn["role"] != "system"]
    if not is_claude_code(message, headers) or len(spoken) < 2 or spoken[-1]["role"] != "user":
        return False
    before, last = (content_of(turn) for turn in spoken[-2:])
    return any(map(is_marked, before)) and bool(last) and not any(map(is_marked, last))


def is_subagent(message: Json, headers: Mapping[str, str]) -> bool:
    """An agent that another one has started."""
    return AGENT in headers or SUBAGENT in billing(message)


def is_suggestion(message: Json, headers: Mapping[str, str]) -> bool:
    """What the user might say next; the only request that ends in a plain string."""
    return is_claude_code(message, headers) and isinstance(last_turn(message).get("content"), str)


def is_tool_loop(message: Json, headers: Mapping[str, str]) -> bool:
    """The results of tools go back to the model."""
    return any(block.get("type") == "tool_result" for block in last_content(message))


def is_claude_code(message: Json, headers: Mapping[str, str]) -> bool:
    """The client is Claude Code."""
    return SESSION in headers or headers.get("user-agent", "").startswith("claude-cli") or bool(billing(message))


#: The kinds and their shapes, the narrow ones first.
KINDS: dict[str, Shape] = {
    "websearch": is_web_search,
    "title": is_title,
    "hook": is_hook,
    "classifier": is_classifier,
    "probe": is_probe,
    "webfetch": is_web_fetch,
    "compact": is_compact,
    "subagent": is_subagent,
    "suggestion": is_suggestion,
    "tool_loop": is_tool_loop,
    "main": is_claude_code,
}


def wanted_fields(message: Json) -> frozenset[str]:
    """The fields of the JSON that is wanted as the answer."""
    form = (message.get("output_config") or {}).get("format") or {}
    schema = form.get("schema") if isinstance(form, Mapping) else None
    fields = schema.get("properties") if isinstance(schema, Mapping) else None
    return frozenset(fields) if isinstance(fields, Mapping) else frozenset()


def billing(message: Json) -> str:
    """The line about itself with which Claude Code begins; "" for other clients."""
    system = message.get("system")
    first = system[0] if isinstance(system, list) and system else {}
    text = str(first.get("text") or "")
    return text if text.startswith(BILLING) else ""


def last_turn(message: Json) -> Json:
    """The last message that is none of the system's."""
    return next((turn for turn in reversed(message["messages"]) if turn["role"] != "system"), {})


def last_content(message: Json) -> Sequence[Json]:
    """The blocks of the last message."""
    return content_of(last_turn(message))


def content_of(turn: Json) -> Sequence[Json]:
    """The blocks of a message, none when it is a string."""
    content = turn.get("content")
    return content if isinstance(content, list) else ()


def is_marked(block: Mapping[str, Any]) -> bool:
    """The block carries a cache mark."""
    return bool(block.get("cache_control"))
