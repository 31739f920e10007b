"""Each engine is asked as it wants to be, and its answers are read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.search.conf import Engine, SearchConf
from app.search.engines import ENGINES, MOST_TEXT
from app.search.web import Web
from app.upstream.upstream import Line
from tests.support.scripted_server import Answer, ScriptedServer, json_answer
from translators.core.search import SEARCH, Page, WebTool

Json = dict[str, Any]
A, B = Page("https://a.test/x", "Tom & co", "Words here", "2026-03-01"), Page("https://b.test", "B")
PLACE = {"city": "Bern", "region": "BE", "country": "CH"}

#: Engine -> its answer with the two pages.
ANSWERS: dict[str, Json] = {
    "searxng": {
        "results": [
            {"url": A.url, "title": A.title, "content": A.text, "publishedDate": A.age},
            {"url": B.url, "title": B.title, "publishedDate": None},
        ]
    },
    "brave": {
        "web": {
            "results": [
                {"url": A.url, "title": "Tom &amp; co", "description": "<strong>Words</strong> here", "age": A.age},
                {"url": B.url, "title": B.title},
            ]
        }
    },
    "tavily": {
        "results": [
            {"url": A.url, "title": A.title, "content": A.text, "published_date": A.age},
            {"url": B.url, "title": B.title, "content": ""},
        ]
    },
    "serper": {
        "organic": [
            {"link": A.url, "title": A.title, "snippet": A.text, "date": A.age},
            {"link": B.url, "title": B.title},
        ]
    },
    "exa": {
        "results": [
            {"url": A.url, "title": A.title, "highlights": ["Words here"], "publishedDate": A.age},
            {"url": B.url, "title": B.title, "publishedDate": None},
        ]
    },
}
#: Engine -> (query or body, headers) that it must get for SEARCHED.
SEARCHED = WebTool(SEARCH, "web_search", blocked=("c.test",), place=PLACE)
ASKED: dict[str, tuple[Json, Json]] = {
    "searxng": ({"q": "birds -site:c.test", "format": "json"}, {}),
    "brave": (
        {"q": "birds -site:c.test", "count": "8", "text_decorations": "false", "country": "CH"},
        {"x-subscription-token": "sample-key"},
    ),
    "tavily": (
        {"query": "birds", "max_results": 8, "exclude_domains": ["c.test"]},
        {"authorization": "Bearer sample-key"},
    ),
    "serper": (
        {"q": "birds -site:c.test", "num": 8, "gl": "ch", "location": "Bern, BE"},
        {"x-api-key": "sample-key"},
    ),
    "exa": (
        {
            "query": "birds",
            "numResults": 8,
            "excludeDomains": ["c.test"],
            "userLocation": "CH",
            "contents": {"highlights": True},
        },
        {"x-api-key": "sample-key"},
    ),
}


def web(server: ScriptedServer, *names: str, **conf: Any) -> Web:
    """Engines that are all at the scripted server."""
    engines = tuple(Engine(ENGINES[name], f"{server.url}/{name}", "sample-key") for name in names)
    return Web(SearchConf(engines=engines, **conf))


def search(web: Web, tool: WebTool = SEARCHED, text: str = "birds") -> list[Page] | str:
    return web.search(text, tool, Line())


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """What all engines are at."""
    with ScriptedServer() as started:
        yield started


def test_every_engine_is_tried() -> None:
    assert ENGINES.keys() == ANSWERS.keys() == ASKED.keys()


@pytest.mark.parametrize("name", ENGINES)
def test_what_an_engine_finds(server: ScriptedServer, name: str) -> None:
    server.play([json_answer(ANSWERS[name])])
    assert search(web(server, name)) == [A, B]


@pytest.mark.parametrize("name", ENGINES)
def test_how_an_engine_is_asked(server: ScriptedServer, name: str) -> None:
    server.play([json_answer({})])
    assert search(web(server, name)) == []
    (request,) = server.requests
    fields, headers = ASKED[name]
    query = {key: values[0] for key, values in parse_qs(urlsplit(request.path).query).items()}
    assert (request.json if request.method == "POST" else query) == fields
    assert headers.items() <= {key.lower(): value for key, value in request.headers.items()}.items()


@pytest.mark.parametrize("name", ENGINES)
def test_allowed_domains_are_asked_for(server: ScriptedServer, name: str) -> None:
    server.play([json_answer({})])
    search(web(server, name), WebTool(SEARCH, "web_search", allowed=("a.test", "b.test")))
    (request,) = server.requests
    asked = str(request.json or parse_qs(urlsplit(request.path).query))
    assert "(site:a.test OR site:b.test)" in asked or "['a.test', 'b.test']" in asked


@pytest.mark.parametrize("odd", [{}, {"results": None}, {"results": [None, 7, {}]}, {"web": [], "organic": {}}])
@pytest.mark.parametrize("name", ENGINES)
def test_an_odd_answer_has_no_pages(server: ScriptedServer, name: str, odd: Json) -> None:
    server.play([json_answer(odd)])
    assert search(web(server, name)) == []


def test_pages_beyond_the_domains_are_left_out(server: ScriptedServer) -> None:
    server.play([json_answer(ANSWERS["searxng"])])
    assert search(web(server, "searxng"), WebTool(SEARCH, "web_search", blocked=("a.test",))) == [B]


def test_a_page_counts_once_and_only_the_web(server: ScriptedServer) -> None:
    urls = [B.url, B.url, "javascript:alert(1)", "file:///etc/passwd", ""]
    server.play([json_answer({"results": [{"url": url, "title": "B"} for url in urls]})])
    assert search(web(server, "searxng")) == [B]


def test_a_number_of_no_character_is_survived(server: ScriptedServer) -> None:
    found = {"url": A.url, "title": f"a&#{'9' * 5000};b"}
    server.play([json_answer({"results": [found]})])
    assert search(web(server, "searxng")) == [Page(A.url, "a\ufffdb")]


def test_results_and_texts_are_limited(server: ScriptedServer) -> None:
    found = [{"url": f"https://a.test/{number}", "content": "x" * 5000} for number in range(9)]
    server.play([json_answer({"results": found})])
    pages = search(web(server, "searxng", results=3))
    assert [len(page.text) for page in pages if isinstance(page, Page)] == [MOST_TEXT] * 3


#: HTTP status -> error code.
FAILURES = {
    400: "invalid_tool_input",
    401: "unavailable",
    403: "unavailable",
    414: "query_too_long",
    429: "too_many_requests",
    432: "too_many_requests",
    500: "unavailable",
    302: "unavailable",
}


@pytest.mark.parametrize("status", FAILURES)
def test_an_error_of_an_engine(server: ScriptedServer, status: int) -> None:
    server.play([json_answer({"error": "no"}, status)])
    assert search(web(server, "tavily")) == FAILURES[status]


def test_an_answer_that_is_no_json(server: ScriptedServer) -> None:
    server.play([Answer([b"<html>Not allowed</html>"])])
    assert search(web(server, "searxng")) == "unavailable"


def test_the_next_engine_stands_in(server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    server.play([json_answer({}, 403), json_answer(ANSWERS["exa"])])
    assert search(web(server, "searxng", "exa")) == [A, B]
    assert "list json under search.formats" in caplog.text
    assert "sample-key" not in caplog.text


def test_the_last_error_is_told(server: ScriptedServer) -> None:
    server.play([json_answer({}, 500), json_answer({}, 429)])
    assert search(web(server, "searxng", "exa")) == "too_many_requests"


def test_nothing_found_needs_no_other_engine(server: ScriptedServer) -> None:
    server.play([json_answer({"results": []})])
    assert search(web(server, "searxng", "exa")) == []
    assert len(server.requests) == 1


def test_an_engine_that_cannot_be_reached() -> None:
    engine = Engine(ENGINES["searxng"], "http://127.0.0.1:9")
    assert Web(SearchConf(engines=(engine,))).search("birds", SEARCHED, Line()) == "unavailable"


def test_a_query_that_is_too_long_is_not_sent(server: ScriptedServer) -> None:
    server.play([])
    assert search(web(server, "brave"), text="x" * 401) == "query_too_long"
    assert server.requests == []


def test_no_engine() -> None:
    assert Web().search("birds", SEARCHED, Line()) == "unavailable"


@pytest.mark.parametrize("given", [{}, {"query": ""}, {"query": "  "}, {"query": 7}, {"_unparsed": "x"}])
def test_a_call_without_a_query(given: Json) -> None:
    block = Web().result("s", given, SEARCHED, str, Line())
    assert block["content"]["error_code"] == "invalid_tool_input"


def test_a_search_that_drips_is_cut(server: ScriptedServer) -> None:
    """The time is for the whole search, not for each byte."""
    server.play([Answer([b'{"results":', threading.Event()])])
    assert search(web(server, "searxng", seconds=0.3)) == "unavailable"


def test_a_cut_line_ends_a_search(server: ScriptedServer) -> None:
    line, asked = Line(), web(server, "searxng", "exa", seconds=20.0)
    server.play([Answer([b'{"results":', threading.Event()])])
    outcomes: list[Any] = []
    thread = threading.Thread(target=lambda: outcomes.append(asked.search("birds", SEARCHED, line)))
    thread.start()
    server.wait_for(1)
    line.cut()
    thread.join(10)
    assert outcomes == ["unavailable"]
    assert len(server.requests) == 1
