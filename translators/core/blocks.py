"""Content blocks as text, for wires that have no place for them. Nothing vanishes: what cannot travel leaves a note."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from translators.core.client_tools import changed_name
from translators.core.search import listing, page_of

IMAGE_NOTE = (
    "[An image was here, but this model cannot see images. "
    "Use OCR, a text extract or the page's DOM to learn what it shows.]"
)


#: Blocks that have a meaning here.
KNOWN = frozenset(
    {
        *("text", "thinking", "redacted_thinking", "image", "document", "search_result", "container_upload"),
        *("tool_use", "tool_result", "tool_reference", "tool_addition", "tool_removal", "compaction", "fallback"),
        *("server_tool_use", "mcp_tool_use"),
    }
)


def text_of(block: Mapping[str, Any]) -> str:
    """One block as text; "" for blocks that are never shown to another model (thinking)."""
    match block.get("type"):
        case "text":
            return str(block.get("text") or "")
        case "thinking" | "redacted_thinking":
            return ""
        case "image":
            return IMAGE_NOTE
        case "document":
            return document_text(block)
        case "search_result":
            return f"{block.get('title')} ({block.get('source')})\n{content_text(block.get('content'))}"
        case "tool_reference":
            return f"Tool {block.get('tool_name')} is now available."
        case "tool_addition" | "tool_removal" as change:
            return f"Tool {changed_name(block)} is {'now' if change == 'tool_addition' else 'no longer'} available."
        case "compaction" | "fallback":
            return str(block.get("content") or "")
        case "server_tool_use" | "mcp_tool_use":
            return f"[{block.get('name')} was called with {json.dumps(block.get('input') or {}, ensure_ascii=False)}]"
        case "container_upload":
            return f"[File {block.get('file_id')} was uploaded to a container that this model cannot reach.]"
        case _:
            return other_text(block)


def other_text(block: Mapping[str, Any]) -> str:
    """Results of server tools and blocks still to come: their texts, or their JSON."""
    content = block.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(filter(None, (result_text(item) for item in content if isinstance(item, Mapping))))
    if isinstance(content, Mapping):
        return result_text(content)
    return json.dumps({key: value for key, value in block.items() if key != "cache_control"}, ensure_ascii=False)


def is_wordless(block: Mapping[str, Any]) -> bool:
    """Nobody knows what the block says: it is of a type still to come, and holds no content."""
    return block.get("type") not in KNOWN and not isinstance(block.get("content"), str | list | Mapping)


def result_text(item: Mapping[str, Any]) -> str:
    """One result of a server tool; encrypted parts are left out."""
    match item.get("type"):
        case "web_search_result":
            return listing([page_of(item)])
        case "web_fetch_result":
            return f"{item.get('url')}\n{fetched(item.get('content'))}"
        case "tool_search_tool_search_result":
            return content_text(item.get("tool_references"))
        case "text" | "document" | "image" | "tool_reference":
            return text_of(item)
        case _:
            return json.dumps(
                {key: value for key, value in item.items() if not key.startswith("encrypted")}, ensure_ascii=False
            )


def fetched(content: Any) -> str:
    """What a fetch brought: a document, as a rule."""
    return text_of(content) if isinstance(content, Mapping) else str(content or "")


def document_text(block: Mapping[str, Any]) -> str:
    """A document's title, context and text; a note for one that is no text."""
    given = block.get("source")
    source = given if isinstance(given, Mapping) else {}
    title = block.get("title") or "document"
    match source.get("type"):
        case "text":
            body = str(source.get("data") or "")
        case "content":
            body = content_text(source.get("content"))
        case "base64" if str(source.get("media_type")).startswith("text/"):
            body = decoded(str(source.get("data") or ""))
        case "url":
            body = f"[The document at {source.get('url')} was attached, but this model cannot open it.]"
        case _:
            kind = source.get("media_type") or "file"
            body = (
                f"[A {kind} document was attached here, but this model cannot read it. Extract its text with a tool.]"
            )
    return "\n".join(filter(None, (f"# {title}", str(block.get("context") or ""), body)))


def decoded(data: str) -> str:
    """A text in base64."""
    try:
        return base64.b64decode(data).decode("utf-8", "replace")
    except ValueError:
        return "[The document's base64 is damaged.]"


def content_text(content: Any) -> str:
    """A string or a list of blocks as one text."""
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else []
    return "\n".join(filter(None, (text_of(block) for block in blocks if isinstance(block, Mapping))))
