"""Google Search in place of Anthropic's web search: when it can be asked for, and what was found.

Source: https://ai.google.dev/gemini-api/docs/google-search (read 2026-11-21). Beside function declarations it works on
Gemini 3 and newer only, and then Google's own calls must come back with the next request; a request of its own needs
neither. It takes no domains and no limit. `groundingMetadata` comes with the last chunk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from translators.core import client_tools
from translators.core.counts import section
from translators.core.search import OwnSearch, Page, searching
from translators.core.search_found import Cited, Looked
from translators.core.vendor import Json, Route

#: The entry of `tools` that lets the model search.
TOOL: Json = {"googleSearch": {}}


def google_search(message: Json, route: Route) -> OwnSearch | None:
    """Google Search, where nothing else may be called and no domain is named."""
    tool = searching(message)
    if tool is None or tool.allowed or tool.blocked or client_tools.offered(message):
        return None
    return OwnSearch(fields={"tools": [TOOL]}, late=True)


def searched(metadata: Any) -> Iterator[Looked | Cited]:
    """The search with its pages, and what of the text rests on them; nothing when none was made."""
    found = section(metadata)
    queries = [str(query) for query in found.get("webSearchQueries") or ()]
    pages = [page(section(chunk.get("web"))) for chunk in found.get("groundingChunks") or ()]
    if not queries and not pages:
        return
    yield Looked("; ".join(queries), tuple(one for one in pages if one.url))
    for support in found.get("groundingSupports") or ():
        for index in support.get("groundingChunkIndices") or ():
            if isinstance(index, int) and 0 <= index < len(pages):
                yield Cited(pages[index], section(support.get("segment")).get("endIndex"))


def page(web: Mapping[str, Any]) -> Page:
    """One page; Google hands out no text of it."""
    return Page(str(web.get("uri") or ""), str(web.get("title") or ""))
