"""The conversation as Ollama's messages: content is always one string, pictures are bare base64 beside it.

Pictures of a tool result go into the user message behind all results of that turn: chat templates show none in a tool
message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from translators.core.blocks import content_text, text_of
from translators.core.history import Blocks, Turn
from translators.core.tool_names import ToolNames
from translators.core.vendor import Json, Profile, Route
from translators.core.wishes import prompts
from translators.protocols.openai_chat.messages import reasoning


def system_messages(system: Any, rules: Iterable[str]) -> list[Json]:
    """The system prompt and Rialto's own rules as one message, which is where every chat template expects it."""
    words = "\n".join([*(block["text"] for block in prompts(system)), *rules])
    return [{"role": "system", "content": words}] if words else []


def messages(turns: Iterable[Turn], route: Route, names: ToolNames) -> list[Json]:
    """All turns as messages."""
    found: list[Json] = []
    called: dict[str, str] = {}
    for turn in turns:
        match turn.role:
            case "assistant":
                called = {call["id"]: names.short(str(call.get("name") or "")) for call in turn.calls}
                found += assistant(turn, route, names)
            case "system":
                found.append({"role": route.profile.system_inside, "content": content_text(turn.blocks)})
            case _:
                found += user(turn, route.profile, called)
    return found


def user(turn: Turn, profile: Profile, called: Mapping[str, str]) -> list[Json]:
    """Tool messages in the order of their calls, then the user message. `called` has the names of the calls by id."""
    results = [tool_message(result, profile, called) for result in turn.results]
    blocks = [block for result in turn.results for block in attachments(result, profile)] + turn.blocks
    content = "\n".join(filter(None, (words(block, profile) for block in blocks)))
    images = [block["source"]["data"] for block in blocks if is_picture(block, profile)]
    if not content and not images:
        return results
    return [*results, {"role": "user", "content": content, **({"images": images} if images else {})}]


def tool_message(result: Mapping[str, Any], profile: Profile, called: Mapping[str, str]) -> Json:
    """One result as text; a failed one says so."""
    call = str(result["tool_use_id"])
    text = result_text(result.get("content"), profile) or "(no output)"
    failed = "Error: " if result.get("is_error") else ""
    return {"role": "tool", "tool_name": called.get(call, ""), "tool_call_id": call, "content": failed + text}


def result_text(content: Any, profile: Profile) -> str:
    """The text of a result, or a pointer to its pictures."""
    if not isinstance(content, list):
        return content_text(content)
    text = "\n".join(filter(None, (words(block, profile) for block in content)))
    pictures = any(is_picture(block, profile) for block in content)
    return text or ("(see the attachment below)" if pictures else "")


def attachments(result: Mapping[str, Any], profile: Profile) -> Blocks:
    """The pictures of one result, introduced by the call they belong to."""
    content = result.get("content")
    pictures = [block for block in content if is_picture(block, profile)] if isinstance(content, list) else []
    label = {"type": "text", "text": f"Attachment of tool call {result['tool_use_id']}:"}
    return [label, *pictures] if pictures else []


def is_picture(block: Mapping[str, Any], profile: Profile) -> bool:
    """The block travels as a picture."""
    source = block.get("source") or {}
    return block.get("type") == "image" and profile.images and source.get("type") == "base64"


def words(block: Mapping[str, Any], profile: Profile) -> str:
    """The block as text; "" for one that travels as a picture."""
    if is_picture(block, profile):
        return ""
    source = block.get("source") or {}
    if block.get("type") == "image" and profile.images and source.get("type") == "url":
        return f"[There is an image at {source.get('url')}. It could not be attached: Ollama opens no addresses.]"
    return text_of(block)


def assistant(turn: Turn, route: Route, names: ToolNames) -> list[Json]:
    """One assistant message: text, earlier reasoning, calls."""
    text = content_text([block for block in turn.blocks if block.get("type") != "tool_use"])
    calls = [tool_call(block, names) for block in turn.calls]
    if not text and not calls:
        return []
    message: Json = {"role": "assistant", "content": text, **reasoning(turn, route, bool(calls))}
    return [{**message, "tool_calls": calls} if calls else message]


def tool_call(block: Mapping[str, Any], names: ToolNames) -> Json:
    """One call of the history."""
    given = block.get("input") or {}
    arguments = given if isinstance(given, dict) else {"input": given}
    return {"id": block["id"], "function": {"name": names.short(str(block.get("name") or "")), "arguments": arguments}}
