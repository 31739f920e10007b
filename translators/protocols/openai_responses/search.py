"""OpenAI's own web search: https://developers.openai.com/api/docs/guides/tools-web-search (read 2026-11-21).

The tool takes domains without scheme, up to 100, and covers those below them; `max_tool_calls` limits the searches. A
search is an item of the output, before the text; its pages come along when they are asked for, without titles. Titles
stand in the citations of the text. Opening a page and looking something up in it are items of the same kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from translators.core.counts import section
from translators.core.search import Page, WebTool
from translators.core.search_found import Cited, Looked
from translators.core.vendor import Json

#: Field of `include` with which the found pages come along.
SOURCES = "web_search_call.action.sources"
ITEM = "web_search_call"
CITATION = "url_citation"


def search_tool(tool: WebTool) -> Json:
    """Anthropic's web search tool in OpenAI's form."""
    made: Json = {"type": "web_search"}
    if tool.allowed:
        made["filters"] = {"allowed_domains": list(tool.allowed)}
    elif tool.blocked:
        made["filters"] = {"blocked_domains": list(tool.blocked)}
    if tool.place:
        made["user_location"] = {"type": "approximate", **tool.place}
    return made


def search_fields(tool: WebTool) -> Json:
    """The fields of a body that searches."""
    limit = {"max_tool_calls": tool.max_uses} if tool.max_uses else {}
    return {"tools": [search_tool(tool)], "include": [SOURCES], **limit}


def looked(item: Mapping[str, Any]) -> Iterator[Looked]:
    """A finished search; nothing for a page that was opened."""
    action = section(item.get("action"))
    if action.get("type", "search") != "search":
        return
    queries = [str(query) for query in action.get("queries") or ()] or [str(action.get("query") or "")]
    sources = (section(source) for source in action.get("sources") or ())
    pages = tuple(Page(str(found["url"]), str(found.get("title") or "")) for found in sources if found.get("url"))
    yield Looked(str(action.get("query") or "; ".join(queries)), pages, item.get("status") == "failed")


def cited(mark: Any) -> Iterator[Cited]:
    """A citation in the text."""
    found = section(mark)
    if found.get("type") == CITATION:
        yield Cited(Page(str(found.get("url") or ""), str(found.get("title") or "")), found.get("start_index"))
