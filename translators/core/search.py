"""Web search and web fetch of the Messages API, whoever runs them: the tools, what they bring, how a model is told.

Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool and .../web-fetch-tool (read
2026-11-21). `encrypted_content` is opaque to clients and comes back with the next request; Rialto's own holds what it
found on the page, so that nothing has to be kept between two requests.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal
from urllib.parse import urlsplit

from translators.core.errors import InvalidRequest

Json = dict[str, Any]
Kind = Literal["web_search", "web_fetch"]

SEARCH: Kind = "web_search"
FETCH: Kind = "web_fetch"
KINDS: tuple[Kind, ...] = (SEARCH, FETCH)

#: What the ids of Rialto's own server tools begin with.
OWN_ID = "srvtoolu_rialto"
#: What the contents begin with that Rialto has packed; the number is the version of their form.
SEALED = "rialto1."
#: Characters of `cited_text`.
MOST_CITED = 150

#: Error code -> what the model is told.
ERRORS: Mapping[str, str] = {
    "unavailable": "This is not available now. Go on without it, and say that you could not look it up.",
    "max_uses_exceeded": "The limit for this request is reached. Answer with what you have.",
    "too_many_requests": "Too many requests at the moment. Answer with what you have.",
    "query_too_long": "The query is too long. Try a shorter one.",
    "invalid_tool_input": "The arguments were not valid.",
    "url_not_allowed": "Addresses of this domain are not allowed.",
    "url_not_in_prior_context": "Only addresses that stand in the conversation can be opened.",
    "url_not_accessible": "The page cannot be opened.",
    "url_too_long": "The address is too long.",
    "unsupported_content_type": "This kind of file cannot be read.",
}


@dataclass(frozen=True, slots=True)
class WebTool:
    """A web tool of a request. Domains are as the client wrote them, `place` is the user's, {} when unknown."""

    kind: Kind
    name: str
    max_uses: int | None = None
    allowed: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    place: Mapping[str, str] = field(default_factory=dict)
    most_tokens: int | None = None
    """Tokens of a fetched page that are kept."""

    def admits(self, url: str) -> bool:
        """Whether a page may be shown."""
        if self.allowed:
            return any(covers(rule, url) for rule in self.allowed)
        return not any(covers(rule, url) for rule in self.blocked)


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was found: `text` is what the engine shows of it, `age` its date in the engine's words."""

    url: str
    title: str = ""
    text: str = ""
    age: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSearch:
    """How a vendor itself searches the web for one request."""

    fields: Json
    """Fields of the body; lists are appended to those that are there."""
    late: bool = False
    """What was found is told behind the text that rests on it, so the text waits for it."""
    echo: bool = False
    """The model calls `web_search`, and wants its own arguments back as the result."""


def kind_of(tool: Mapping[str, Any]) -> Kind | None:
    """The kind of a tool of the request, None for any that is no web tool."""
    given = str(tool.get("type") or "")
    return next((kind for kind in KINDS if given.startswith(f"{kind}_2")), None)


def web_tools(message: Mapping[str, Any]) -> dict[Kind, WebTool]:
    """The web tools that a request offers. Raises `InvalidRequest` for one that allows and blocks domains at once."""
    found: dict[Kind, WebTool] = {}
    for place, tool in enumerate(message.get("tools") or ()):
        if (kind := kind_of(tool)) is not None:
            if tool.get("allowed_domains") and tool.get("blocked_domains"):
                raise InvalidRequest(f"tools.{place}: only one of allowed_domains and blocked_domains may be set")
            found.setdefault(kind, web_tool(kind, tool))
    return found


def searching(message: Mapping[str, Any]) -> WebTool | None:
    """The web search that the model may use; None without one. Raises what `web_tools` raises."""
    forbidden = (message.get("tool_choice") or {}).get("type") == "none"
    return None if forbidden else web_tools(message).get(SEARCH)


def web_tool(kind: Kind, tool: Mapping[str, Any]) -> WebTool:
    """One of them."""
    place = tool.get("user_location")
    place = place if isinstance(place, Mapping) else {}
    return WebTool(
        kind,
        str(tool.get("name") or kind),
        count(tool.get("max_uses")),
        texts(tool.get("allowed_domains")),
        texts(tool.get("blocked_domains")),
        {key: str(place[key]) for key in ("city", "region", "country", "timezone") if place.get(key)},
        count(tool.get("max_content_tokens")),
    )


def count(value: Any) -> int | None:
    """A number of 1 or more."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list."""
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else ()


def covers(rule: str, url: str) -> bool:
    """Whether a domain of the request holds a page: the domain itself and those below it; with a path only what lies
    under it, where `*` stands for anything.
    """
    domain, _, path = rule.strip().lower().rpartition("://")[2].partition("/")
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    if host != domain and not host.endswith(f".{domain}"):
        return False
    under = path.rstrip("/")
    return not under or any(fnmatchcase(parts.path.lower(), f"/{form}") for form in (under, f"{under}/*"))


# -- what the model is offered


QUERY = {"type": "string", "description": "What to look for, in a few words."}
URL = {"type": "string", "description": "The whole address, as it stands in the conversation."}
FUNCTIONS: Mapping[Kind, tuple[str, Json]] = {
    SEARCH: (
        "Searches the web and gives titles, addresses and excerpts of pages. Use it for what may have changed or what "
        "you do not know. In the answer, link the pages you rely on as [title](address).",
        {"type": "object", "properties": {"query": QUERY}, "required": ["query"]},
    ),
    FETCH: (
        "Opens a page or PDF whose address stands in the conversation, and gives its text.",
        {"type": "object", "properties": {"url": URL}, "required": ["url"]},
    ),
}


def functions(message: Mapping[str, Any], kinds: Iterable[Kind]) -> list[Json]:
    """The tools of a request, the web tools of these kinds as functions that the model may call."""
    run = frozenset(kinds)
    return [function(kind, tool) if (kind := kind_of(tool)) in run else tool for tool in message.get("tools") or ()]


def function(kind: Kind | None, tool: Mapping[str, Any]) -> Json:
    """One of them; what says when it is offered, and the cache mark, stay."""
    assert kind is not None
    description, schema = FUNCTIONS[kind]
    kept = {key: tool[key] for key in ("defer_loading", "cache_control") if key in tool}
    return {"name": str(tool.get("name") or kind), "description": description, "input_schema": schema, **kept}


# -- what comes back


def server_use(id: str, name: str, given: Mapping[str, Any]) -> Json:
    """The block of a call that the server makes itself."""
    return {"type": "server_tool_use", "id": id, "name": name, "input": dict(given)}


def found(id: str, pages: Sequence[Page]) -> Json:
    """The block with the pages of a search."""
    return {"type": "web_search_tool_result", "tool_use_id": id, "content": [search_result(page) for page in pages]}


def search_result(page: Page) -> Json:
    """One page, its text packed."""
    head = {"type": "web_search_result", "title": page.title or page.url, "url": page.url}
    return {**head, "encrypted_content": seal(page.text), "page_age": page.age}


def failed(id: str, kind: Kind, code: str) -> Json:
    """The block of a search or fetch that failed."""
    content = {"type": f"{kind}_tool_result_error", "error_code": code}
    return {"type": f"{kind}_tool_result", "tool_use_id": id, "content": content}


def fetched(id: str, url: str, document: Mapping[str, Any], when: str) -> Json:
    """The block with a page that was opened; `when` is a moment in ISO 8601."""
    content = {"type": "web_fetch_result", "url": url, "content": dict(document), "retrieved_at": when}
    return {"type": "web_fetch_tool_result", "tool_use_id": id, "content": content}


def result_kind(block: Mapping[str, Any]) -> Kind | None:
    """The kind whose result a block is."""
    return next((kind for kind in KINDS if block.get("type") == f"{kind}_tool_result"), None)


def error_code(block: Mapping[str, Any]) -> str:
    """Why the search or fetch of a result block failed; "" when it did not."""
    content = block.get("content")
    return str(content.get("error_code") or "") if isinstance(content, Mapping) else ""


def pages_in(block: Mapping[str, Any]) -> list[Page]:
    """The pages of a result block, with the text that Rialto has packed."""
    content = block.get("content")
    if not isinstance(content, list):
        return []
    return [page_of(item) for item in content if isinstance(item, Mapping) and item.get("type") == "web_search_result"]


def page_of(item: Mapping[str, Any]) -> Page:
    """One page of a result block."""
    age, title = item.get("page_age"), str(item.get("title") or "")
    return Page(str(item.get("url") or ""), title, unsealed(item.get("encrypted_content")), str(age) if age else None)


def listing(pages: Iterable[Page]) -> str:
    """Pages as a model reads them."""
    entries = ["\n".join(filter(None, (f"{page.title} {page.url}".strip(), page.age, page.text))) for page in pages]
    return "\n\n".join(entries) or "Nothing was found."


def citation(page: Page) -> Json:
    """A place in the answer that rests on a page."""
    return {
        "type": "web_search_result_location",
        "cited_text": page.text[:MOST_CITED],
        "url": page.url,
        "title": page.title or page.url,
        "encrypted_index": seal(page.url),
    }


def seal(text: str) -> str:
    """A text as the opaque string that the client keeps."""
    return SEALED + base64.urlsafe_b64encode(text.encode("utf-8", "replace")).decode("ascii")


def unsealed(text: Any) -> str:
    """The text in such a string; "" when Rialto did not make it or it is damaged."""
    if not isinstance(text, str) or not text.startswith(SEALED):
        return ""
    try:
        return base64.urlsafe_b64decode(text[len(SEALED) :]).decode()
    except ValueError:
        return ""


def added(body: Json, search: OwnSearch | None) -> Json:
    """The body with what makes the vendor search."""
    if search is None:
        return body
    lists = {key: [*body.get(key, ()), *value] for key, value in search.fields.items() if isinstance(value, list)}
    return {**body, **search.fields, **lists}
