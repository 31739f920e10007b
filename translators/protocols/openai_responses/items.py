"""The conversation as Responses input items.

Items carry no ids but those of encrypted reasoning: nothing is stored, so an id would name something the vendor does
not have. A reasoning item goes back right before what it led to, and never without it ("Item 'rs_...' of type
'reasoning' was provided without its required following item").
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from translators.core.blocks import content_text, text_of
from translators.core.history import Turn
from translators.core.json_text import compact
from translators.core.thinking import memories
from translators.core.tool_names import ToolNames
from translators.core.vendor import Json, Profile, Route
from translators.core.wishes import travels

#: Key of the encrypted reasoning items in our signatures.
REASONING = "reasoning"
CALL_ID_MAX = 64


def items(turns: Iterable[Turn], route: Route, names: ToolNames) -> list[Json]:
    """All turns as items."""
    found: list[Json] = []
    for turn in turns:
        match turn.role:
            case "assistant":
                found += assistant(turn, route, names)
            case "system":
                words = {"type": "input_text", "text": content_text(turn.blocks)}
                found.append({"role": route.profile.system_inside, "content": [words]})
            case _:
                found += user(turn, route.profile)
    return found


def user(turn: Turn, profile: Profile) -> list[Json]:
    """The results in the order of their calls, then the user's message."""
    results = [call_output(result, profile) for result in turn.results]
    content = parts(turn.blocks, profile)
    return [*results, {"role": "user", "content": content}] if content else results


def call_output(result: Mapping[str, Any], profile: Profile) -> Json:
    """One result: text, or parts when there is something to see."""
    content = result.get("content")
    blocks = content if isinstance(content, list) else []
    output: str | list[Json]
    if any(is_seen(block, profile) for block in blocks):
        label = [{"type": "input_text", "text": "Error:"}] if result.get("is_error") else []
        output = [*label, *parts(blocks, profile)]
    else:
        text = content_text(content)
        output = (f"Error: {text}" if result.get("is_error") else text) or "(no output)"
    return {"type": "function_call_output", "call_id": call_id(result.get("tool_use_id")), "output": output}


def parts(blocks: Iterable[Mapping[str, Any]], profile: Profile) -> list[Json]:
    """Blocks of a user or of a result as content parts."""
    return [made for block in blocks if (made := part(block, profile))]


def part(block: Mapping[str, Any], profile: Profile) -> Json | None:
    """One block as a part; None for one without words."""
    if not is_seen(block, profile):
        text = text_of(block)
        return {"type": "input_text", "text": text} if text else None
    source = block["source"]
    linked = source["type"] == "url"
    url = source["url"] if linked else f"data:{source.get('media_type')};base64,{source.get('data')}"
    if block["type"] == "image":
        return {"type": "input_image", "image_url": url, "detail": "auto"}
    if linked:
        return {"type": "input_file", "file_url": url}
    return {"type": "input_file", "filename": block.get("title") or "document.pdf", "file_data": url}


def is_seen(block: Mapping[str, Any], profile: Profile) -> bool:
    """The block travels as an image or a file. The vendor opens files at an address itself."""
    if block.get("type") == "document" and profile.documents and (block.get("source") or {}).get("type") == "url":
        return True
    return travels(block, profile)


def assistant(turn: Turn, route: Route, names: ToolNames) -> list[Json]:
    """The items of one assistant turn, in their order."""
    made = (item for block in turn.blocks for item in block_items(block, route, names))
    return joined(followed(made))


def block_items(block: Mapping[str, Any], route: Route, names: ToolNames) -> list[Json]:
    """What one block goes back as."""
    match block.get("type"):
        case "thinking":
            return remembered(block, route)
        case "tool_use":
            return [function_call(block, names)]
        case _:
            text = text_of(block)
            return [{"role": "assistant", "content": text}] if text else []


def remembered(block: Mapping[str, Any], route: Route) -> list[Json]:
    """The reasoning items inside a signature, as this very model made them; others cannot be decrypted."""
    return [
        {key: value for key, value in item.items() if value is not None}
        for _, signature in memories([block], route.vendor.name)
        if signature.model == route.model
        for item in signature.values(REASONING)
        if isinstance(item, dict) and item.get("encrypted_content")
    ]


def function_call(block: Mapping[str, Any], names: ToolNames) -> Json:
    """One call of the history."""
    arguments = compact(block.get("input") or {})
    name = names.short(str(block.get("name") or ""))
    return {"type": "function_call", "call_id": call_id(block.get("id")), "name": name, "arguments": arguments}


def call_id(original: Any) -> str:
    """A call id of a length that the vendor takes; the same one always becomes the same."""
    text = str(original or "call")
    return text if len(text) <= CALL_ID_MAX else f"call_{hashlib.sha256(text.encode()).hexdigest()[:40]}"


def followed(made: Iterable[Json]) -> Iterator[Json]:
    """The items without the reasoning that led to nothing."""
    waiting: list[Json] = []
    for item in made:
        waiting.append(item)
        if item.get("type") != REASONING:
            yield from waiting
            waiting = []


def joined(made: Iterable[Json]) -> list[Json]:
    """Neighbouring texts as one message."""
    found: list[Json] = []
    for item in made:
        if found and "role" in item and "role" in found[-1]:
            found[-1] = {**item, "content": f"{found[-1]['content']}\n{item['content']}"}
        else:
            found.append(item)
    return found
