"""Google Search in place of Anthropic's web search: the tool to ask for, and what was found as content blocks.

Source: https://ai.google.dev/gemini-api/docs/google-search (read 2026-11-21). Beside function declarations it works on
Gemini 3 and newer only, and then Google's own calls must come back with the next request; a request of its own needs
neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from translators.core.deltas import Block
from translators.core.vendor import Json

#: The entry of `tools` that lets the model search.
TOOL: Json = {"googleSearch": {}}


def searched(metadata: Mapping[str, Any], call_id: str) -> Iterator[Block]:
    """The search and its results, out of the `groundingMetadata` of a candidate; nothing when none was made."""
    queries = [str(query) for query in metadata.get("webSearchQueries") or ()]
    pages = [chunk["web"] for chunk in metadata.get("groundingChunks") or () if chunk.get("web")]
    if not queries and not pages:
        return
    query = {"query": "; ".join(queries)}
    yield Block({"type": "server_tool_use", "id": call_id, "name": "web_search", "input": query})
    results = [page_result(page) for page in pages]
    yield Block({"type": "web_search_tool_result", "tool_use_id": call_id, "content": results})


def page_result(page: Mapping[str, Any]) -> Json:
    """One page. Google hands out no content that could be encrypted and sent back."""
    return {
        "type": "web_search_result",
        "url": page.get("uri") or "",
        "title": page.get("title") or page.get("uri") or "",
        "encrypted_content": "",
        "page_age": None,
    }
