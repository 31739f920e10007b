"""Web tools of a request: what they allow, what is offered in their place, what a result holds."""

from __future__ import annotations

from typing import Any

import pytest

from translators.core.errors import InvalidRequest
from translators.core.search import (
    FETCH,
    SEARCH,
    OwnSearch,
    Page,
    WebTool,
    added,
    citation,
    covers,
    error_code,
    failed,
    found,
    functions,
    listing,
    pages_in,
    seal,
    searching,
    unsealed,
    web_tools,
)

Json = dict[str, Any]
READ: Json = {"name": "Read", "input_schema": {"type": "object"}}
PAGE = Page("https://a.test/x", "The “page”", "Words é 😀", "2026-03-01")

#: (rule, address) -> whether the rule holds it.
COVERED = {
    ("a.test", "https://a.test/x"): True,
    ("a.test", "https://www.a.test"): True,
    ("A.test", "http://A.TEST:8080/x"): True,
    ("https://a.test/", "https://a.test/x"): True,
    ("a.test", "https://ba.test/"): False,
    ("a.test", "https://a.test.evil.org/"): False,
    ("a.test", "https://evil.org/a.test"): False,
    ("www.a.test", "https://a.test/"): False,
    ("a.test/blog", "https://a.test/blog"): True,
    ("a.test/blog", "https://a.test/blog/x"): True,
    ("a.test/blog", "https://a.test/blogger"): False,
    ("a.test/*/x", "https://a.test/y/x"): True,
    ("a.test/*/x", "https://a.test/y/z"): False,
    ("a.test", "https://[broken"): False,
    ("a.test", "nothing"): False,
}


@pytest.mark.parametrize(("rule", "url"), COVERED)
def test_what_a_domain_covers(rule: str, url: str) -> None:
    assert covers(rule, url) is COVERED[rule, url]


def test_what_a_tool_admits() -> None:
    assert WebTool(SEARCH, "web_search").admits("https://a.test")
    assert not WebTool(SEARCH, "web_search", allowed=("b.test",)).admits("https://a.test")
    assert WebTool(SEARCH, "web_search", blocked=("b.test",)).admits("https://a.test")
    assert not WebTool(SEARCH, "web_search", blocked=("b.test",)).admits("https://x.b.test")


def test_the_web_tools_of_a_request() -> None:
    place = {"type": "approximate", "city": "Bern", "country": "CH", "region": None}
    search = {"type": "web_search_20260209", "name": "web_search", "max_uses": 3, "user_location": place}
    fetch = {"type": "web_fetch_20250910", "name": "web_fetch", "max_content_tokens": 900, "blocked_domains": ["b.org"]}
    tools = web_tools({"tools": [READ, search, fetch, {**search, "max_uses": 9}]})
    assert tools == {
        SEARCH: WebTool(SEARCH, "web_search", max_uses=3, place={"city": "Bern", "country": "CH"}),
        FETCH: WebTool(FETCH, "web_fetch", blocked=("b.org",), most_tokens=900),
    }


@pytest.mark.parametrize("kind", ["web_searcher", "custom", "web_search", None, 7])
def test_other_tools(kind: Any) -> None:
    assert web_tools({"tools": [{"type": kind, "name": "web_search"}]}) == {}


def test_no_tools() -> None:
    assert web_tools({}) == web_tools({"tools": None}) == {}


@pytest.mark.parametrize("odd", [0, -1, True, "8", None, 2.5])
def test_an_odd_limit_is_none(odd: Any) -> None:
    assert web_tools({"tools": [{"type": "web_search_20250305", "max_uses": odd}]})[SEARCH].max_uses is None


def test_both_lists_of_domains_are_refused() -> None:
    tool = {"type": "web_search_20250305", "allowed_domains": ["a.org"], "blocked_domains": ["b.org"]}
    with pytest.raises(InvalidRequest, match=r"tools\.1: only one of allowed_domains"):
        web_tools({"tools": [READ, tool]})


def test_a_forbidden_search_is_none() -> None:
    message = {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}
    assert searching(message) is not None
    assert searching({**message, "tool_choice": {"type": "none"}}) is None


def test_what_the_model_is_offered() -> None:
    mark = {"type": "ephemeral"}
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8, "cache_control": mark}
    fetch = {"type": "web_fetch_20250910", "name": "web_fetch"}
    made = functions({"tools": [READ, search, fetch]}, [SEARCH])
    assert made[0] == READ
    assert (made[1]["name"], list(made[1]["input_schema"]["properties"])) == ("web_search", ["query"])
    assert made[1]["cache_control"] == mark
    assert "type" not in made[1] and "max_uses" not in made[1]
    assert made[2] == fetch


def test_a_page_comes_back_as_it_went() -> None:
    block = found("srvtoolu_1", [PAGE])
    assert pages_in(block) == [PAGE]
    result = block["content"][0]
    assert (result["url"], result["title"], result["page_age"]) == (PAGE.url, PAGE.title, PAGE.age)
    assert PAGE.text not in result["encrypted_content"]


def test_a_page_without_a_title_is_called_by_its_address() -> None:
    assert found("s", [Page("https://a.test")])["content"][0]["title"] == "https://a.test"


@pytest.mark.parametrize("odd", [None, 7, "", "foreign", "rialto1.", "rialto1.%%%", "rialto1._w==", {"a": 1}])
def test_what_rialto_has_not_packed_is_empty(odd: Any) -> None:
    assert unsealed(odd) == ""


@pytest.mark.parametrize("text", ["", "a", "é\n😀", "x" * 5000])
def test_packing(text: str) -> None:
    assert unsealed(seal(text)) == text


def test_an_error_has_no_pages() -> None:
    block = failed("s", FETCH, "unavailable")
    assert block["type"] == "web_fetch_tool_result"
    assert block["content"] == {"type": "web_fetch_tool_result_error", "error_code": "unavailable"}
    assert (error_code(block), pages_in(block)) == ("unavailable", [])
    assert error_code(found("s", [])) == ""


def test_pages_as_a_model_reads_them() -> None:
    assert listing([PAGE, Page("https://b.test")]) == (
        "The “page” https://a.test/x\n2026-03-01\nWords é 😀\n\nhttps://b.test"
    )
    assert listing([]) == "Nothing was found."


def test_a_citation_is_short() -> None:
    made = citation(Page("https://a.test", "", "x" * 999))
    assert (made["url"], made["title"], len(made["cited_text"])) == ("https://a.test", "https://a.test", 150)


def test_the_fields_of_a_vendors_own_search() -> None:
    body = {"model": "m", "tools": [1]}
    search = OwnSearch(fields={"tools": [2], "include": [3], "max_tool_calls": 4})
    assert added(body, search) == {"model": "m", "tools": [1, 2], "include": [3], "max_tool_calls": 4}
    assert body == {"model": "m", "tools": [1]}
    assert added(body, None) is body
