"""Searches of tools as models call for them."""

from __future__ import annotations

from typing import Any

import pytest
import regex

from app.search.tools import LONGEST, LONGEST_QUERY, MOST_SEARCHES, found_tools
from tests.support.filler_tools import filler_tools
from translators.core.tool_search import ToolSearch

TOOLS = [*filler_tools(), {"name": "plain", "description": "a" * 5_000 + "!"}]
WORDS = ToolSearch(way="bm25", name="t", hidden=tuple(TOOLS))
PATTERNS = ToolSearch(way="regex", name="t", hidden=tuple(TOOLS))


def names(block: dict[str, Any]) -> list[str]:
    """What was found."""
    assert block["type"] == "tool_search_tool_result" and block["tool_use_id"] == "srvtoolu_1"
    content = block["content"]
    assert content["type"] == "tool_search_tool_search_result", content
    return [found["tool_name"] for found in content["tool_references"]]


def code(given: Any, search: ToolSearch = PATTERNS, searches: int = 1) -> str:
    """Why a search failed."""
    content = found_tools("srvtoolu_1", given, search, searches)["content"]
    assert content["type"] == "tool_search_tool_result_error"
    assert content["error_message"]
    return str(content["error_code"])


FOUND = {
    "a word": (WORDS, "delete a reminder", "mcp__calendar__delete_reminder", 5),
    "a pattern": (PATTERNS, r"(?i)EXPORT_(query|index)$", "mcp__database__export_query", 2),
    "a pattern of a description": (PATTERNS, r"Lets you update a table\.", "mcp__database__update_table", 1),
}


@pytest.mark.parametrize(("search", "query", "first", "count"), FOUND.values(), ids=FOUND.keys())
def test_what_is_found(search: ToolSearch, query: str, first: str, count: int) -> None:
    found = names(found_tools("srvtoolu_1", {"query": query}, search, 1))
    assert (found[0], len(found)) == (first, count)


def test_a_model_may_call_its_pattern_a_pattern() -> None:
    assert names(found_tools("srvtoolu_1", {"pattern": "plain"}, PATTERNS, 1)) == ["plain"]


def test_nothing_found_is_no_error() -> None:
    assert names(found_tools("srvtoolu_1", {"query": "zebra"}, WORDS, 1)) == []
    assert names(found_tools("srvtoolu_1", {"query": "zebra"}, PATTERNS, 1)) == []


@pytest.mark.parametrize("given", [{}, {"query": ""}, {"query": " "}, {"query": 7}, {"query": ["a"]}])
def test_no_query(given: Any) -> None:
    assert code(given) == code(given, WORDS) == "invalid_tool_input"


@pytest.mark.parametrize("pattern", ["(", "a{2,1}", "[", "*", "(?P<a>x)(?P<a", "a" * (LONGEST + 1)])
def test_a_pattern_that_is_none(pattern: str) -> None:
    assert code({"query": pattern}) == "invalid_tool_input"


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){30}x", "(?R)", r"(x+x+)+y|(a?){30}a{30}\d"])
def test_a_pattern_that_takes_for_ever_is_given_up(pattern: str) -> None:
    """Without a limit the test itself would not come to an end."""
    assert code({"query": pattern}) == "execution_time_exceeded"


@pytest.mark.parametrize(
    "pattern",
    [
        "(?:a{65535}){65535}",
        "(?:a{1000}){1000}",
        "(?x)(?:a{6 5#}\n535}){99}",
        "#(?:ab?){999999}",
        "(?:a{2,999}b?){,99}",
    ],
)
def test_a_pattern_that_would_take_all_memory_is_not_compiled(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regex, "compile", lambda *given, **more: pytest.fail("compiled"))
    assert code({"query": pattern}) == "invalid_tool_input"


@pytest.mark.parametrize(
    "pattern", [r"^\w{1,60}_issue$", r"(?:\w+_){2,3}\w{0,20}", r"\d{0}mcp__", "{", "a{,}", r"[{}]|mcp"]
)
def test_ordinary_repetition_is_no_reason(pattern: str) -> None:
    assert names(found_tools("srvtoolu_1", {"query": pattern}, PATTERNS, 1)) is not None


def test_of_a_query_without_end_the_beginning_counts() -> None:
    query = "delete a reminder " + "word " * 100_000
    assert names(found_tools("srvtoolu_1", {"query": query}, WORDS, 1))[0] == "mcp__calendar__delete_reminder"
    late = found_tools("srvtoolu_1", {"query": "zebra " * LONGEST_QUERY + "reminder"}, WORDS, 1)
    assert names(late) == []


def test_too_many_searches() -> None:
    assert code({"query": "issue"}, WORDS, MOST_SEARCHES + 1) == "too_many_requests"
