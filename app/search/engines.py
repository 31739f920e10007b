"""Search engines: how each is asked, and how its pages are read. Tables of plain functions; nothing is sent here.

* SearXNG, https://docs.searxng.org/dev/search_api.html: `format=json`, which its settings must allow (403 otherwise).
* Brave, https://api-dashboard.search.brave.com/app/documentation/web-search: 20 results, 400 characters.
* Tavily, https://docs.tavily.com/documentation/api-reference/endpoint/search: 20 results, 400 characters; 432 and 433
  mean that a plan is used up.
* Serper, https://serper.dev: Google's results.
* Exa, https://exa.ai/docs/reference/search.

(all read 2026-11-21). Domains go as the engine's own fields where it has them, else as `site:` words in the query; what
it finds is checked again in any case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.search.text import unescaped
from translators.core.counts import section
from translators.core.search import Page, WebTool
from translators.core.vendor import Json

#: Characters of a page's text that a model is shown.
MOST_TEXT = 1000
TAG = re.compile(r"</?(?:strong|b|em|mark)>")


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for; `tool` holds domains and place."""

    text: str
    tool: WebTool
    results: int

    @property
    def sites(self) -> str:
        """The text with its domains in the words that most engines know."""
        allowed = " OR ".join(f"site:{domain}" for domain in self.tool.allowed)
        words = [self.text, f"({allowed})" if len(self.tool.allowed) > 1 else allowed]
        return " ".join(filter(None, [*words, *(f"-site:{domain}" for domain in self.tool.blocked)]))

    @property
    def country(self) -> str:
        """Two letters, "" when unknown."""
        return self.tool.place.get("country", "")[:2].upper()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to an engine: a body makes it a POST."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Json | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """An engine. `variable` holds its key, or its address when it has none of its own."""

    name: str
    title: str
    variable: str
    base_url: str
    request: Callable[[Query, str], Asked]
    read: Callable[[Any], Iterator[Page]]
    most_characters: int = 2000
    """Of a query."""


def given(fields: Mapping[str, Any]) -> Json:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value not in ("", None, [], ())}


def page(item: Any, url: str = "url", text: str = "", age: str = "") -> Page:
    """One result; the arguments are the names of its fields."""
    found = section(item)
    date = found.get(age)
    return Page(
        str(found.get(url) or ""), plain(found.get("title")), plain(found.get(text)), str(date) if date else None
    )


def plain(value: Any) -> str:
    """A text without marks of emphasis and without entities, cut to what is shown."""
    return unescaped(TAG.sub("", str(value or "")))[:MOST_TEXT]


def listed(data: Any, *path: str) -> list[Any]:
    """The list at a path of an answer; empty when there is none."""
    for name in path:
        data = section(data).get(name)
    return data if isinstance(data, list) else []


# -- the engines


def searxng(query: Query, key: str) -> Asked:
    """The place is left out: SearXNG knows languages only, and a country is none."""
    return Asked("/search", {"q": query.sites, "format": "json"}, {})


def searxng_pages(data: Any) -> Iterator[Page]:
    """What the asked engines found, the best first."""
    return (page(item, text="content", age="publishedDate") for item in listed(data, "results"))


def brave(query: Query, key: str) -> Asked:
    """`text_decorations` would put tags around matches."""
    fields = {"q": query.sites, "count": str(min(query.results, 20)), "text_decorations": "false"}
    headers = {"x-subscription-token": key, "accept": "application/json"}
    return Asked("/res/v1/web/search", given({**fields, "country": query.country}), headers)


def brave_pages(data: Any) -> Iterator[Page]:
    """The results of the web; `age` is for people, `page_age` a date."""
    for item in listed(data, "web", "results"):
        found = page(item, text="description", age="age")
        yield found if found.age else page(item, text="description", age="page_age")


def tavily(query: Query, key: str) -> Asked:
    """Domains are lists of their own."""
    domains = {"include_domains": list(query.tool.allowed), "exclude_domains": list(query.tool.blocked)}
    body = {"query": query.text, "max_results": min(query.results, 20), **domains}
    return Asked("/search", {}, {"authorization": f"Bearer {key}"}, given(body))


def tavily_pages(data: Any) -> Iterator[Page]:
    """The results."""
    return (page(item, text="content", age="published_date") for item in listed(data, "results"))


def serper(query: Query, key: str) -> Asked:
    """The place by its name."""
    place = ", ".join(filter(None, (query.tool.place.get("city", ""), query.tool.place.get("region", ""))))
    body = {"q": query.sites, "num": query.results, "gl": query.country.lower(), "location": place}
    return Asked("/search", {}, {"x-api-key": key}, given(body))


def serper_pages(data: Any) -> Iterator[Page]:
    """Google's ordinary results."""
    return (page(item, url="link", text="snippet", age="date") for item in listed(data, "organic"))


def exa(query: Query, key: str) -> Asked:
    """With the passages that fit the query best."""
    domains = {"includeDomains": list(query.tool.allowed), "excludeDomains": list(query.tool.blocked)}
    body = {"query": query.text, "numResults": query.results, **domains, "userLocation": query.country}
    return Asked("/search", {}, {"x-api-key": key}, {**given(body), "contents": {"highlights": True}})


def exa_pages(data: Any) -> Iterator[Page]:
    """The results with their passages."""
    for item in listed(data, "results"):
        words = " ... ".join(str(words) for words in listed(item, "highlights"))
        found = page(item, age="publishedDate")
        yield Page(found.url, found.title, plain(words), found.age)


ENGINES: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("searxng", "SearXNG", "SEARXNG_URL", "", searxng, searxng_pages),
        Kind("brave", "Brave Search", "BRAVE_API_KEY", "https://api.search.brave.com", brave, brave_pages, 400),
        Kind("tavily", "Tavily", "TAVILY_API_KEY", "https://api.tavily.com", tavily, tavily_pages, 400),
        Kind("serper", "Serper", "SERPER_API_KEY", "https://google.serper.dev", serper, serper_pages),
        Kind("exa", "Exa", "EXA_API_KEY", "https://api.exa.ai", exa, exa_pages),
    )
}
