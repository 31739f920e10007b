"""Pages that a model opens: what it gets, and what it may not open."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from app.search.fetch import CUT, MOST_BYTES, Pages
from app.search.named import is_named
from app.search.text import page_text
from app.search.web import Web
from app.upstream.fetch import Fetcher
from app.upstream.guard import checked
from app.upstream.upstream import Line
from tests.support.media_samples import pdf
from tests.support.scripted_server import Answer, ScriptedServer
from translators.core.search import FETCH, WebTool

Json = dict[str, Any]
TOOL = WebTool(FETCH, "web_fetch")
HTML = {"content-type": "text/html; charset=utf-8"}
PAGE = (
    "<html><head><title>The &amp; title</title></head><body><nav>menu</nav><h1>Head</h1><p>One<br>two</p></body></html>"
)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as started:
        yield started


def opened(url: Any, tool: WebTool = TOOL, seen: str | None = None, pages: Pages | None = None) -> Json:
    """The content of the result block; the address stands in the conversation."""
    fetcher = Fetcher(partial(checked, reach="private"))
    web = Web(pages=pages or Pages(fetcher, seconds=10.0))
    block = web.result("srvtoolu_1", {"url": url}, tool, lambda: str(url) if seen is None else seen, Line())
    assert (block["type"], block["tool_use_id"]) == ("web_fetch_tool_result", "srvtoolu_1")
    content: Json = block["content"]
    return content


def test_a_page(server: ScriptedServer) -> None:
    server.play([Answer([PAGE.encode()], headers=HTML)])
    url = f"{server.url}/x"
    found = opened(url)
    assert (found["type"], found["url"]) == ("web_fetch_result", url)
    assert found["retrieved_at"].endswith("+00:00")
    document = found["content"]
    assert document["title"] == "The & title"
    assert document["source"] == {"type": "text", "media_type": "text/plain", "data": "# Head\n\nOne\ntwo"}


@pytest.mark.parametrize(
    ("data", "kind", "text"),
    [
        (b'{"a": 1}', "application/json", '{"a": 1}'),
        ("é".encode(), "text/plain", "é"),
        (b"plain", "", "plain"),
        ("<html><meta charset='latin-1'><p>é".encode("latin-1"), "text/html", "é"),
        (b"<html><meta charset='no-such'><p>a", "text/html", "a"),
        (b"<html><meta charset='undefined'><p>a", "text/html", "a"),
        (b"<html><meta charset='idna'><p>a", "text/html", "a"),
        (b"<html><meta charset='Punycode'><p>a", "text/html", "a"),
        (b"\xff\xfe", "text/plain", "��"),
        (b"", "text/html", "(The page holds no text.)"),
    ],
)
def test_other_texts(server: ScriptedServer, data: bytes, kind: str, text: str) -> None:
    server.play([Answer([data], headers={"content-type": kind} if kind else {})])
    assert opened(f"{server.url}/x")["content"]["source"]["data"] == text


def test_a_pdf_goes_on_as_one(server: ScriptedServer) -> None:
    paper = pdf("words")
    server.play([Answer([paper], headers={"content-type": "application/octet-stream"})])
    source = opened(f"{server.url}/x.pdf")["content"]["source"]
    assert source["media_type"] == "application/pdf"
    assert base64.b64decode(source["data"]) == paper


def test_a_file_of_another_kind(server: ScriptedServer) -> None:
    server.play([Answer([b"\x89PNG\r\n"], headers={"content-type": "image/png"})])
    assert opened(f"{server.url}/x.png")["error_code"] == "unsupported_content_type"


def test_a_long_page_is_cut(server: ScriptedServer) -> None:
    server.play([Answer([b"x" * 1000], headers={"content-type": "text/plain"})])
    found = opened(f"{server.url}/x", WebTool(FETCH, "web_fetch", most_tokens=10))
    assert found["content"]["source"]["data"] == "x" * 40 + CUT


@pytest.mark.parametrize(
    "answer",
    [
        Answer([b"gone"], status=404),
        Answer([b"x" * (MOST_BYTES + 1)], headers={"content-type": "text/plain"}),
    ],
    ids=["an error", "too large"],
)
def test_a_page_that_cannot_be_had(server: ScriptedServer, answer: Answer) -> None:
    server.play([answer])
    assert opened(f"{server.url}/x")["error_code"] == "url_not_accessible"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://169.254.169.254/latest", "http://[::1]/", "http://a@b.c/"]
)
def test_the_guard_holds(url: str) -> None:
    assert opened(url, pages=Pages(Fetcher(checked)))["error_code"] == "url_not_accessible"


@pytest.mark.parametrize("url", [None, 7, "", "ftp://a.test", "a.test", "javascript:1"])
def test_what_is_no_address(url: Any) -> None:
    assert opened(url)["error_code"] == "invalid_tool_input"


#: What is not even tried -> its code.
REFUSED = {
    "too long": ("https://a.test/" + "x" * 9000, TOOL, None, "url_too_long"),
    "beyond the domains": ("https://a.test/", WebTool(FETCH, "f", allowed=("b.test",)), None, "url_not_allowed"),
    "blocked": ("https://x.a.test/", WebTool(FETCH, "f", blocked=("a.test",)), None, "url_not_allowed"),
    "a prefix": ("https://a.test/x", TOOL, "see https://a.test/xyz", "url_not_in_prior_context"),
    "made up": ("https://a.test/?secret=1", TOOL, "see https://a.test/", "url_not_in_prior_context"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_opened(server: ScriptedServer, name: str) -> None:
    url, tool, seen, code = REFUSED[name]
    assert opened(url, tool, seen)["error_code"] == code
    assert server.requests == []


def test_a_fragment_and_a_slash_do_not_matter(server: ScriptedServer) -> None:
    server.play([Answer([b"a"], headers={"content-type": "text/plain"})])
    assert "error_code" not in opened(f"{server.url}/x/#part", seen=f"see {server.url}/x for it")


#: What stands in the conversation -> an address that it names.
NAMED = {
    "see https://a.test/x.": "https://a.test/x",
    "(https://a.test/x_(y)).": "https://a.test/x_(y)",
    "[there](https://a.test/x)": "https://a.test/x",
    "[https://b.test](https://a.test/x)": "https://b.test/",
    '{\\"url\\":\\"https://a.test/x\\"}': "https://a.test/x",
    "line https://a.test/x\\nnext": "https://a.test/x",
    "**https://a.test/x**, or": "https://a.test/x",
    "https://a.test/x,https://b.test": "https://a.test/x",
    "请看https://a.test/x，谢谢": "https://a.test/x",
    "HTTPS://A.Test:443/x/../y#part": "https://a.test/y",
    "http://ä.test/ü": "http://xn--4ca.test/%C3%BC",
    "https://a.test": "https://a.test/#top",
    "https://a.test/x?q=1&r=2": "https://a.test/x?q=1&r=2",
    "https://r.test/https://a.test/x": "https://a.test/x",
}


@pytest.mark.parametrize("text", NAMED)
def test_an_address_that_was_named(text: str) -> None:
    assert is_named(NAMED[text], text)


#: What stands in the conversation -> an address that it does not name.
UNNAMED = {
    "https://a.test/xyz": "https://a.test/x",
    "https://a.test/x?q=12": "https://a.test/x?q=1",
    "https://a.test/x?q=1&r=2": "https://a.test/x?q=1",
    "https://a.test/x?q=1": "https://a.test/x",
    "https://a.test/x": "https://a.test/",
    "https://a.test:8443/x": "https://a.test/x",
    "https://a.test.evil.test/": "https://a.test",
    "https://a.test/y": "http://a.test/y",
    "https://a.test/wiki/A_(b)": "https://a.test/wiki/A",
    "https://a.test/straße": "https://a.test/stra",
    "https://me@a.test/x": "https://a.test/x",
    "https://a.test/X": "https://a.test/x",
}


@pytest.mark.parametrize("text", UNNAMED)
def test_an_address_that_was_not_named(text: str) -> None:
    assert not is_named(UNNAMED[text], text)


def test_a_redirect_out_of_the_domains_is_not_shown(server: ScriptedServer) -> None:
    target = server.url.replace("127.0.0.1", "localhost")
    moved = Answer([b""], status=302, headers={"location": f"{target}/y"})
    server.play([moved, Answer([b"a"], headers={"content-type": "text/plain"})])
    found = opened(f"{server.url}/x", WebTool(FETCH, "f", allowed=("127.0.0.1",)))
    assert found["error_code"] == "url_not_allowed"


def test_nothing_is_opened_where_it_is_switched_off() -> None:
    assert opened("https://a.test/", pages=Pages(None))["error_code"] == "unavailable"


def test_a_cut_line_ends_a_fetch(server: ScriptedServer) -> None:
    line, pages = Line(), Pages(Fetcher(partial(checked, reach="private")), seconds=20.0)
    server.play([Answer([b"x", threading.Event()], headers={"content-type": "text/plain"})])
    url, blocks = f"{server.url}/x", list[Json]()
    thread = threading.Thread(
        target=lambda: blocks.append(pages.result("s", {"url": url}, TOOL, lambda: url, line)), daemon=True
    )
    thread.start()
    (request,) = server.wait_for(1)
    line.cut()
    thread.join(10)
    assert [block["content"]["error_code"] for block in blocks] == ["url_not_accessible"]
    assert request.peer_closed.wait(10)


#: Markup -> its text.
MARKUP = {
    "<p>a</p><p>b": "a\n\nb",
    "<ul><li>a<li>b</ul>": "- a\n- b",
    "a<script>x<y</script><style>z</style>b": "ab",
    "<svg><svg>x</svg>y</svg>a": "a",
    "<svg>never closed": "",
    "a &lt;b&gt; &eacute;": "a <b> é",
    "<h2>a</h2>\n\n\n<div> b \t c </div>": "## a\n\nb c",
    "<!-- a -->c": "c",
    "<table><tr><td>a</td><td>b</td></tr></table>": "ab",
    "</p></nav></div>a": "a",
    "a<p title='x>y' data-z=\"'>\">b": "a\nb",
    '<p class="a"">b': "b",
    "a < b, c<d": "a < b, c<d",
    "<SCRIPT>x</ScRiPt >a": "a",
    "a<script>never closed": "a",
    "a<!-- never closed <p>b": "a",
    "<!doctype html><?php x?>a</ x>": "a",
    "<nav/>a<br/>b": "a\nb",
    "<svg><title>x</title></svg>a": "a",
    f"a&#{'9' * 5000};&#x{'f' * 5000};b": "a\ufffd\ufffdb",
}


@pytest.mark.parametrize("markup", MARKUP)
def test_the_text_of_markup(markup: str) -> None:
    assert page_text(markup)[1] == MARKUP[markup]


def test_deep_markup_is_read() -> None:
    assert page_text("<div>" * 100_000 + "a")[1] == "a"


@pytest.mark.parametrize(
    "mark", ["<a ", '<a href="', "<a", "</a ", "</", "<!--", "<?", "<![CDATA[", "<script>", "<a 'x"]
)
def test_marks_that_never_end_hold_nobody_up(mark: str) -> None:
    assert page_text("a" + mark * 200_000)[1].startswith("a")


def test_a_title_is_text() -> None:
    assert page_text("<title>a &lt;b> <b>c</b></title><title>d</title>e") == ("a <b> <b>c</b>", "e")
