"""What vendors tell of their searches, in Anthropic's order."""

from __future__ import annotations

from typing import Any

from translators.core.deltas import Block, Cite, Stop, Text, Thinking, ToolCall
from translators.core.search import Page
from translators.core.search_found import Cited, Looked, Searches

A, B = Page("https://a.test", "A"), Page("https://b.test")
END = Stop("end_turn")


def made(*deltas: Any, late: bool = False) -> list[Any]:
    """What becomes of the deltas, blocks and citations in short."""
    searches = Searches(late)
    found = [item for delta in deltas for item in searches.feed(delta)]
    return [brief(item) for item in [*found, *searches.close()]]


def brief(delta: Any) -> Any:
    """A block as its type, query or pages; a citation as its address."""
    match delta:
        case Block({"type": "server_tool_use", "input": given}):
            return ("search", given.get("query"))
        case Block({"content": list(pages)}):
            return ("found", [(page["url"], page["title"]) for page in pages])
        case Block({"content": error}):
            return error["error_code"]
        case Cite(citation):
            return citation["url"]
    return delta


FOUND = ("found", [(A.url, "A"), (B.url, B.url)])


def test_the_text_waits_for_the_titles() -> None:
    bare = (Page(A.url), B)
    assert made(Text("a"), Looked("q", bare), Text("b"), Cited(A, 1), END) == [
        *(Text("a"), END, ("search", "q"), FOUND),
        *(Text("b"), A.url),
    ]


def test_a_late_search_comes_first_all_the_same() -> None:
    assert made(Thinking("t"), Text("a"), Looked("q", (A, B)), END, late=True) == [
        *(Thinking("t"), END, ("search", "q"), FOUND),
        Text("a"),
    ]


def test_without_a_search_nothing_is_added() -> None:
    assert made(Text("a"), END) == [Text("a"), END]
    assert made(Text("a"), END, late=True) == [END, Text("a")]


def test_pages_that_only_the_citations_name() -> None:
    assert made(Text("a"), Cited(A, 1), Cited(B, 2), late=True) == [
        *(("search", None), FOUND),
        *(Text("a"), A.url, B.url),
    ]


def test_cited_pages_that_no_search_named_belong_to_the_last() -> None:
    assert made(Looked("q", (A,)), Looked("r"), Text("a"), Cited(B, 1)) == [
        *(("search", "q"), ("found", [(A.url, "A")]), ("search", "r"), ("found", [(B.url, B.url)])),
        *(Text("a"), B.url),
    ]


def test_a_citation_that_is_told_twice_counts_once() -> None:
    assert made(Looked("q", (A,)), Text("a"), Cited(A, 1), Cited(A, 1), Cited(A, 5))[2:] == [Text("a"), A.url, A.url]


def test_a_failed_search() -> None:
    assert made(Looked("q", failed=True), Text("a")) == [("search", "q"), "unavailable", Text("a")]


def test_reasoning_between_two_texts_keeps_its_place() -> None:
    deltas = (Text("a"), Thinking("t"), Text("b"))
    assert made(Looked("q"), *deltas)[2:] == list(deltas)


def test_a_call_ends_the_wait() -> None:
    call = ToolCall(0, "c", "Read", "{}")
    assert made(Looked("q", (A,)), Text("a"), call) == [("search", "q"), ("found", [(A.url, "A")]), Text("a"), call]
