"""The conversation as Chat Completions messages.

Tool messages are text only on nearly all servers: media of a result go into the user message behind all results of that
turn. Content that is only text travels as one string, which every server takes, unless the vendor keeps cache marks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from translators.core.blocks import content_text, text_of
from translators.core.cache_marks import on_results
from translators.core.history import PLAIN_ID, Turn, legal
from translators.core.json_text import compact
from translators.core.thinking import CALL_STATE, VENDORS_ID, Signature, memories
from translators.core.tool_names import ToolNames
from translators.core.vendor import Json, Profile, Route
from translators.core.wishes import prompts, travels

FILLER, DETAILS = "ok", "reasoning_details"


def system_messages(system: Any, profile: Profile) -> list[Json]:
    """The system prompt as one message."""
    parts = [text_part(block, profile) for block in prompts(system)]
    return [{"role": "system", "content": flat(parts, profile)}] if parts else []


def messages(turns: Iterable[Turn], route: Route, names: ToolNames) -> list[Json]:
    """All turns as messages."""
    found: list[Json] = []
    for turn in on_results(turns) if route.profile.cache_control else turns:
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
    """The part with the cache mark of a block or tool, for vendors that keep them: its type and how long it lives."""
    mark = block.get("cache_control")
    if not isinstance(mark, Mapping) or not profile.cache_control:
        return part
    return {**part, "cache_control": {key: mark[key] for key in ("type", "ttl") if mark.get(key)}}


def flat(parts: list[Json], profile: Profile) -> str | list[Json]:
    """Text-only content as one string."""
    if profile.cache_control or any(part["type"] != "text" for part in parts):
        return parts
    return "\n".join(part["text"] for part in parts)


def assistant(turn: Turn, route: Route, names: ToolNames) -> list[Json]:
    """One assistant message: text, reasoning in the vendor's field, calls."""
    profile = route.profile
    text = content_text([block for block in turn.blocks if block.get("type") != "tool_use"])
    states = call_states(turn, route)
    calls = [tool_call(block, names, profile) | states.get(str(block.get("id")), {}) for block in turn.calls]
    if not text and not calls:
        return []
    message: Json = {"role": "assistant", "content": words(text, turn, profile) or None}
    if not text and profile.empty_content != "null":
        message["content"] = ""
    if not text and profile.empty_content == "omit":
        del message["content"]
    message.update(reasoning(turn, route, bool(calls)))
    if calls:
        message["tool_calls"] = calls
    return [message]


def words(text: str, turn: Turn, profile: Profile) -> str | list[Json]:
    """The text of an assistant turn; with a cache mark as one part, so that the vendor sees the same words in every
    request. A mark within the turn goes to its end.
    """
    blocks = [block for block in turn.blocks if block.get("cache_control") and block.get("type") != "tool_use"]
    part = marked({"type": "text", "text": text}, blocks[-1], profile) if text and blocks else {}
    return [part] if part.get("cache_control") else text


def tool_call(block: Mapping[str, Any], names: ToolNames, profile: Profile) -> Json:
    """One call of the history."""
    arguments = compact(block.get("input") or {})
    function = {"name": names.short(str(block.get("name") or "")), "arguments": arguments}
    return {"id": call_id(block.get("id"), profile), "type": "function", "function": function}


def call_states(turn: Turn, route: Route) -> dict[str, Json]:
    """Call id -> what the route's model has sent beside the call: the thought signature of Gemini, which its endpoint
    for OpenAI's clients demands back.

    Source: https://ai.google.dev/gemini-api/docs/openai (read 2026-11-21).
    """
    remembered = memories(turn.blocks, route.vendor.name) if turn.calls else []
    return {
        call: {"extra_content": {"google": {"thought_signature": state}}}
        for _, signature in remembered
        if signature.model == route.model
        for call, state in signature.of_calls(CALL_STATE).items()
    }


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
    """Earlier reasoning in the field where this vendor wants it back; details go to the model that made them alone."""
    profile, field = route.profile, route.profile.reasoning_field
    if not field or (profile.reasoning_turns == "tools" and not called):
        return {}
    remembered = memories(turn.blocks, route.vendor.name)
    if field == DETAILS:
        own = [signature for _, signature in remembered if signature.model == route.model]
        if found := details(turn, own, profile):
            return {DETAILS: found}
        field = "reasoning"
    text = "\n".join(filter(None, (text for text, _ in remembered)))
    if text:
        return {field: text}
    if called and profile.reasoning_placeholder is not None:
        return {field: profile.reasoning_placeholder}
    return {}


def details(turn: Turn, signatures: Iterable[Signature], profile: Profile) -> list[Json]:
    """OpenRouter's `reasoning_details`, those of each answer by themselves. What a detail says of a call has the id by
    which that call goes out: OpenRouter finds the call of Gemini's signatures by it.

    Sources: https://openrouter.ai/docs/use-cases/reasoning-tokens, RooCodeInc/Roo-Code#10640 (read 2026-11-21).
    """
    calls = {str(call.get("id")) for call in turn.calls}
    found: list[Json] = []
    for signature in signatures:
        ids = {
            theirs: call_id(ours, profile) for ours, theirs in signature.of_calls(VENDORS_ID).items() if ours in calls
        }
        found += [renamed(detail, ids) for detail in merged(signature.values(DETAILS))]
    return found


def renamed(detail: Json, ids: Mapping[str, str]) -> Json:
    """The detail with the id that goes out."""
    theirs = detail.get("id")
    return {**detail, "id": ids[theirs]} if isinstance(theirs, str) and theirs in ids else detail


def merged(fragments: Iterable[Any]) -> list[Json]:
    """Details out of the fragments of a stream, which come from a vendor by way of a client and may be anything: texts
    of one type and index are joined, the last other value wins.
    """
    found: list[Json] = []
    newest: dict[tuple[str, str], Json] = {}
    for fragment in (fragment for fragment in fragments if isinstance(fragment, dict)):
        place = (str(fragment.get("type")), str(fragment.get("index")))
        known = newest.get(place)
        if known is None or not continued(known, fragment):
            newest[place] = {**fragment}
            found.append(newest[place])
            continue
        for key, value in fragment.items():
            if value is None and key in known:
                continue
            joined = key in ("text", "summary") and isinstance(known.get(key), str) and isinstance(value, str)
            known[key] = known[key] + value if joined else value
    return found


def continued(known: Json, fragment: Json) -> bool:
    """The fragment goes on with the detail: encrypted data come whole, and each has its own id."""
    both = ((known.get(key), fragment.get(key)) for key in ("id", "data"))
    return all(old is None or new is None or old == new for old, new in both)
