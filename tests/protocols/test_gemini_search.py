"""Google Search as the blocks of a web search."""

from __future__ import annotations

from translators.protocols.gemini.search import TOOL, searched

METADATA = {
    "webSearchQueries": ["one", "two"],
    "groundingChunks": [{"web": {"uri": "https://example.com/a", "title": "A"}}, {"retrievedContext": {}}],
}


def test_the_search_and_its_results() -> None:
    asked, found = (delta.block for delta in searched(METADATA, "srvtoolu_1"))
    assert (asked["id"], asked["name"], asked["input"]) == ("srvtoolu_1", "web_search", {"query": "one; two"})
    assert found["tool_use_id"] == "srvtoolu_1"
    assert [(page["url"], page["title"]) for page in found["content"]] == [("https://example.com/a", "A")]


def test_no_search() -> None:
    assert list(searched({}, "srvtoolu_1")) == []
    assert TOOL == {"googleSearch": {}}
