"""What servers of Chat Completions tell of their own searches.

* `annotations` of type url_citation, beside the text or at its end: OpenAI's search models, OpenRouter
  (https://openrouter.ai/docs/guides/features/server-tools/web-search, read 2026-11-21).
* `web_search`, a list of pages beside `choices`: Z.ai (https://docs.z.ai/guides/tools/web-search, read 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from translators.core.search import Page
from translators.core.search_found import Cited, Looked


def cited(said: Mapping[str, Any]) -> Iterator[Cited]:
    """The citations of a message or delta; their fields stand inside `url_citation`, or flat."""
    annotations = said.get("annotations")
    for mark in annotations if isinstance(annotations, list) else ():
        if isinstance(mark, Mapping) and mark.get("type") == "url_citation":
            inner = mark.get("url_citation")
            yield citation(inner if isinstance(inner, Mapping) else mark)


def citation(fields: Mapping[str, Any]) -> Cited:
    """One of them."""
    page = Page(str(fields.get("url") or ""), str(fields.get("title") or ""), str(fields.get("content") or ""))
    return Cited(page, fields.get("start_index"))


def looked(data: Mapping[str, Any]) -> Iterator[Looked]:
    """The search that was made for the answer."""
    found = data.get("web_search")
    pages = tuple(page(item) for item in found if isinstance(item, Mapping)) if isinstance(found, list) else ()
    if pages:
        yield Looked(pages=tuple(one for one in pages if one.url))


def page(item: Mapping[str, Any]) -> Page:
    """One page of that list."""
    age = item.get("publish_date")
    return Page(
        str(item.get("link") or ""),
        str(item.get("title") or ""),
        str(item.get("content") or ""),
        str(age) if age else None,
    )
