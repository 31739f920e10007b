"""The conversation as Chat Completions messages.

Tool messages are text only on nearly all servers: media of a result go into the user message behind all results of that
turn. Content that is only text travels as one string, which every server takes, unless the vendor keeps cache marks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from translators.core.blocks import content_text, text_of
from translators.core.history import PLAIN_ID, Turn, legal
from translators.core.json_text import compact
from translators.core.thinking import memories
from translators.core.tool_names import ToolNames
from translators.core.vendor import Json, Profile, Route
from translators.core.wishes import prompts, travels

FILLER = "ok"


def system_messages(system: Any, profile: Profile) -> list[Json]:
    """The system prompt as one message."""
    parts = [text_part(block, profile) for block in prompts(system)]
    return [{"role": "system", "content": flat(parts, profile)}] if parts else []


def messages(turns: Iterable[Turn], route: Route, names: ToolNames) -> list[Json]:
    """All turns as messages."""
    found: list[Json] = []
    for turn in turns:
        match turn.role:
            case "assistant":
                found += assistant(turn, route, names)
            case "system":
                found.append({"role": route.profile.system_inside, "content": content_text(turn.blocks)})
            case _:
                found += user(turn, route.profile)
    return found


def user(turn: Turn, profile: Profile) -> list[Json]:
    """Tool messages in the order of their calls, then the user message."""
    results = [tool_message(result, profile) for result in turn.results]
    lifted = [part for result in turn.results for part in media_parts(result, profile)]
    parts = lifted + [part for block in turn.blocks for part in block_parts(block, profile)]
    if not parts:
        return results
    bridge = [{"role": "assistant", "content": FILLER}] if results and not profile.user_after_tool else []
    return [*results, *bridge, {"role": "user", "content": flat(parts, profile)}]


def tool_message(result: Mapping[str, Any], profile: Profile) -> Json:
    """One result as text, with the cache mark of the result or of a block in it."""
    blocks = result.get("content")
    marks = [block for block in (result, *(blocks if isinstance(blocks, list) else ())) if block.get("cache_control")]
    part = marked({"type": "text", "text": result_text(result, profile)}, marks[0] if marks else {}, profile)
    call = call_id(result.get("tool_use_id"), profile)
    return {"role": "tool", "tool_call_id": call, "content": flat([part], profile)}


def result_text(result: Mapping[str, Any], profile: Profile) -> str:
    """The text of a result; a failed one says so, an empty one too."""
    content = result.get("content")
    blocks = content if isinstance(content, list) else []
    kept = [block for block in blocks if not travels(block, profile)]
    text = content_text(content if isinstance(content, str) else kept)
    if len(kept) < len(blocks) and not text:
        text = "(see the attachment below)"
    text = text or "(no output)"
    return f"Error: {text}" if result.get("is_error") else text


def media_parts(result: Mapping[str, Any], profile: Profile) -> list[Json]:
    """Media of one result, introduced by the call they belong to."""
    content = result.get("content")
    blocks = [block for block in content if travels(block, profile)] if isinstance(content, list) else []
    if not blocks:
        return []
    label = {"type": "text", "text": f"Attachment of tool call {call_id(result.get('tool_use_id'), profile)}:"}
    return [label, *(part for block in blocks for part in block_parts(block, profile))]


def block_parts(block: Mapping[str, Any], profile: Profile) -> list[Json]:
    """One block as content parts."""
    if not travels(block, profile):
        text = text_of(block)
        return [text_part({**block, "text": text}, profile)] if text else []
    source = block["source"]
    kind = source.get("media_type") or ("application/pdf" if block["type"] == "document" else "image/png")
    url = source["url"] if source["type"] == "url" else f"data:{kind};base64,{source['data']}"
    part: Json = {"type": "image_url", "image_url": {"url": url}}
    if block["type"] == "document":
        part = {"type": "file", "file": {"filename": block.get("title") or "document.pdf", "file_data": url}}
    return [marked(part, block, profile)]


def text_part(block: Mapping[str, Any], profile: Profile) -> Json:
    """A text part."""
    return marked({"type": "text", "text": str(block.get("text") or "")}, block, profile)


def marked(part: Json, block: Mapping[str, Any], profile: Profile) -> Json:
    """The part with its cache mark, for vendors that keep them."""
    mark = block.get("cache_control")
    return {**part, "cache_control": {"type": "ephemeral"}} if mark and profile.cache_control else part


def flat(parts: list[Json], profile: Profile) -> str | list[Json]:
    """Text-only content as one string."""
    if profile.cache_control or any(part["type"] != "text" for part in parts):
        return parts
    return "\n".join(part["text"] for part in parts)


def assistant(turn: Turn, route: Route, names: ToolNames) -> list[Json]:
    """One assistant message: text, reasoning in the vendor's field, calls."""
    profile = route.profile
    text = content_text([block for block in turn.blocks if block.get("type") != "tool_use"])
    calls = [tool_call(block, names, profile) for block in turn.calls]
    if not text and not calls:
        return []
    message: Json = {"role": "assistant", "content": text or None}
    if not text and profile.empty_content != "null":
        message["content"] = ""
    if not text and profile.empty_content == "omit":
        del message["content"]
    message.update(reasoning(turn, route, bool(calls)))
    if calls:
        message["tool_calls"] = calls
    return [message]


def tool_call(block: Mapping[str, Any], names: ToolNames, profile: Profile) -> Json:
    """One call of the history."""
    arguments = compact(block.get("input") or {})
    function = {"name": names.short(str(block.get("name") or "")), "arguments": arguments}
    return {"id": call_id(block.get("id"), profile), "type": "function", "function": function}


def call_id(original: Any, profile: Profile) -> str:
    """A call id that the vendor takes; the same one always becomes the same."""
    text = str(original or "call")
    if not profile.call_id_length:
        return legal(text, PLAIN_ID) if profile.plain_call_ids else text
    digest = int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
    alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    letters = []
    for _ in range(profile.call_id_length):
        digest, letter = divmod(digest, len(alphabet))
        letters.append(alphabet[letter])
    return "".join(letters)


def reasoning(turn: Turn, route: Route, called: bool) -> Json:
    """Earlier reasoning in the field where this vendor wants it back."""
    profile = route.profile
    if not profile.reasoning_field or (profile.reasoning_turns == "tools" and not called):
        return {}
    remembered = memories(turn.blocks, route.vendor.name)
    if profile.reasoning_field == "reasoning_details":
        return details(
            [detail for _, signature in remembered for detail in signature.values("reasoning_details")], remembered
        )
    text = "\n".join(filter(None, (text for text, _ in remembered)))
    if text:
        return {profile.reasoning_field: text}
    if called and profile.reasoning_placeholder is not None:
        return {profile.reasoning_field: profile.reasoning_placeholder}
    return {}


def details(fragments: list[Any], remembered: list[Any]) -> Json:
    """OpenRouter's `reasoning_details`, merged from stream fragments: texts joined by (type, index), the last other
    value wins. Fragments come from a vendor by way of a client and may be anything.

    Source: https://openrouter.ai/docs/use-cases/reasoning-tokens (read 2026-11-21).
    """
    merged: dict[tuple[str, str], Json] = {}
    for fragment in (fragment for fragment in fragments if isinstance(fragment, dict)):
        known = merged.setdefault((str(fragment.get("type")), str(fragment.get("index"))), {})
        for key, value in fragment.items():
            if value is None and key in known:
                continue
            joined = key in ("text", "summary", "data") and isinstance(known.get(key), str) and isinstance(value, str)
            known[key] = known[key] + value if joined else value
    if merged:
        return {"reasoning_details": list(merged.values())}
    text = "\n".join(filter(None, (text for text, _ in remembered)))
    return {"reasoning": text} if text else {}
