"""OpenAI's own web search as a tool, https://developers.openai.com/api/docs/guides/tools-web-search (read
2026-11-21).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from translators.core.vendor import Json

#: Field of `include` with which the found pages come along.
SOURCES = "web_search_call.action.sources"


def search_tool(tool: Mapping[str, Any]) -> Json:
    """Anthropic's web search tool in OpenAI's form. `max_uses` and `blocked_domains` have no equal."""
    made: Json = {"type": "web_search"}
    if domains := tool.get("allowed_domains"):
        made["filters"] = {"allowed_domains": list(domains)}
    if place := tool.get("user_location"):
        known = {key: place[key] for key in ("city", "region", "country", "timezone") if place.get(key)}
        made["user_location"] = {"type": "approximate", **known}
    return made
