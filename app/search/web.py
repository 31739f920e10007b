"""Web: runs the searches and fetches that models call for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from app.media.links import fetcher_for
from app.search.conf import Engine, SearchConf
from app.search.engines import Query
from app.search.fetch import Pages
from app.upstream.engine import EngineLine
from app.upstream.upstream import Line
from translators.core.errors import RialtoError
from translators.core.search import FETCH, SEARCH, Page, WebTool, failed, found
from translators.core.vendor import Json

#: HTTP status of an engine -> error code; everything else that is not 200 is `unavailable`.
CODES = {
    400: "invalid_tool_input",
    413: "query_too_long",
    414: "query_too_long",
    422: "invalid_tool_input",
    429: "too_many_requests",
    432: "too_many_requests",
    433: "too_many_requests",
}

log = logging.getLogger("rialto")


class Web:
    """Knows the engines and opens pages. For any thread."""

    def __init__(self, conf: SearchConf | None = None, pages: Pages | None = None) -> None:
        self.conf = conf or SearchConf()
        self._pages = pages or Pages()
        self._engines = EngineLine()

    @property
    def searches(self) -> bool:
        """Whether there is an engine."""
        return bool(self.conf.engines)

    def limit(self, tool: WebTool) -> int:
        """The uses of a tool in one request."""
        return tool.max_uses or self.conf.max_uses

    def result(self, id: str, given: Json, tool: WebTool, seen: Callable[[], str], line: Line) -> Json:
        """The result block of one call; whatever goes wrong is an error in it."""
        if tool.kind == FETCH:
            return self._pages.result(id, given, tool, seen, line)
        query = given.get("query")
        if not isinstance(query, str) or not query.strip():
            return failed(id, SEARCH, "invalid_tool_input")
        outcome = self.search(query.strip(), tool, line)
        return failed(id, SEARCH, outcome) if isinstance(outcome, str) else found(id, outcome)

    def search(self, text: str, tool: WebTool, line: Line) -> list[Page] | str:
        """The pages that the first engine finds which can be asked, or the error code of the last one."""
        outcome: list[Page] | str = "unavailable"
        for engine in self.conf.engines:
            outcome = self._asked(engine, Query(text, tool, self.conf.results), line)
            if not isinstance(outcome, str) or line.cut_off:
                break
        return outcome

    def _asked(self, engine: Engine, query: Query, line: Line) -> list[Page] | str:
        kind = engine.kind
        if len(query.text) > kind.most_characters:
            return "query_too_long"
        asked = kind.request(query, engine.key)
        try:
            status, answer = self._engines.ask(
                *(engine.base_url, asked.path, asked.query, asked.headers, asked.body),
                *(self.conf.seconds, line, kind.title),
            )
        except RialtoError as error:
            log.warning("web search: %s", error.message)
            return "unavailable"
        if status != 200 or not isinstance(answer, dict):
            log.warning("web search: %s answered with HTTP %d%s", kind.title, status, hint(kind.name, status))
            return CODES.get(status, "unavailable")
        return admitted(kind.read(answer), query)


def web_for(conf: SearchConf, reach: str) -> Web:
    """What runs web tools with these settings; `reach` is the URL_FETCH setting: public, private or off."""
    return Web(conf, Pages(fetcher_for(reach), conf.fetch_seconds))


def hint(name: str, status: int) -> str:
    """What a status probably means."""
    if name == "searxng" and status == 403:
        return "; its settings.yml must list json under search.formats"
    return "; check its key" if status in (401, 403) else ""


def admitted(pages: Any, query: Query) -> list[Page]:
    """The pages that the request's domains let pass, each once, as many as are wanted."""
    kept: dict[str, Page] = {}
    for page in pages:
        if page.url.startswith(("http://", "https://")) and query.tool.admits(page.url):
            kept.setdefault(page.url, page)
    return list(kept.values())[: query.results]
