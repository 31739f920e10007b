"""Google Search: when it is asked for, and what it found."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.bodies import TOOLS, route, sent
from translators.core.search import Page
from translators.core.search_found import Cited, Looked
from translators.gemini import VENDOR
from translators.protocols.gemini.search import searched

Json = dict[str, Any]
SEARCH: Json = {"type": "web_search_20250305", "name": "web_search"}
A = Page("https://example.com/a", "A")
METADATA = {
    "webSearchQueries": ["one", "two"],
    "groundingChunks": [{"web": {"uri": A.url, "title": "A"}}, {"retrievedContext": {}}],
    "groundingSupports": [
        {"segment": {"endIndex": 5}, "groundingChunkIndices": [0, 7]},
        {"segment": {"endIndex": 9}, "groundingChunkIndices": [1, "0", None]},
    ],
}


def test_the_search_and_what_rests_on_it() -> None:
    first, *rest = searched(METADATA)
    assert first == Looked("one; two", (A,))
    assert rest == [Cited(A, 5), Cited(Page(""), 9)]


@pytest.mark.parametrize("metadata", [None, {}, {"groundingSupports": []}, []])
def test_no_search(metadata: Any) -> None:
    assert list(searched(metadata)) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": [SEARCH, *TOOLS]},
        {"tools": [{**SEARCH, "allowed_domains": ["a.org"]}]},
        {"tools": [{**SEARCH, "blocked_domains": ["a.org"]}]},
        {"tools": [SEARCH], "tool_choice": {"type": "none"}},
        {"tools": TOOLS},
        {},
    ],
)
def test_where_google_cannot_do_it(fields: Json) -> None:
    body = sent(VENDOR, "gemini-3.8-flash", **fields)
    assert "googleSearch" not in str(body)
    assert VENDOR.search({"messages": [], **fields}, route(VENDOR, "gemini-3.8-flash")) is None
