"""Blocks as text: nothing vanishes, nothing encrypted is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.core.blocks import IMAGE_NOTE, content_text, text_of


def document(source: Any, **more: Any) -> dict[str, Any]:
    """A document block."""
    return {"type": "document", "source": source, **more}


PDF = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
TEXTS = {
    "text": ({"type": "text", "text": "hi"}, "hi"),
    "text without text": ({"type": "text", "text": None}, ""),
    "thinking": ({"type": "thinking", "thinking": "secret", "signature": "s"}, ""),
    "redacted thinking": ({"type": "redacted_thinking", "data": "x"}, ""),
    "image": ({"type": "image", "source": {"type": "base64", "data": "AAAA"}}, IMAGE_NOTE),
    "text document": (document({"type": "text", "data": "body"}, title="T", context="C"), "# T\nC\nbody"),
    "document without a title": (document({"type": "text", "data": "body"}, title=None), "# document\nbody"),
    "document of blocks": (
        document({"type": "content", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}),
        "# document\na\nb",
    ),
    "document of a string": (document({"type": "content", "content": "a"}), "# document\na"),
    "search result": (
        {"type": "search_result", "title": "T", "source": "u", "content": [{"type": "text", "text": "a"}]},
        "T (u)\na",
    ),
    "tool reference": ({"type": "tool_reference", "tool_name": "X"}, "Tool X is now available."),
    "server tool": (
        {"type": "server_tool_use", "name": "web_search", "input": {"query": "é"}},
        '[web_search was called with {"query": "é"}]',
    ),
    "web search": (
        {
            "type": "web_search_tool_result",
            "content": [{"type": "web_search_result", "title": "T", "url": "u", "encrypted_content": "zzz"}],
        },
        "T u",
    ),
    "web fetch": (
        {
            "type": "web_fetch_tool_result",
            "content": {"type": "web_fetch_result", "url": "u", "content": document({"type": "text", "data": "body"})},
        },
        "u\n# document\nbody",
    ),
    "MCP result": ({"type": "mcp_tool_result", "content": [{"type": "text", "text": "a"}]}, "a"),
    "MCP result as a string": ({"type": "mcp_tool_result", "content": "a"}, "a"),
    "compaction": ({"type": "compaction", "content": "summary"}, "summary"),
}


@pytest.mark.parametrize(("block", "expected"), TEXTS.values(), ids=TEXTS.keys())
def test_text_of(block: dict[str, Any], expected: str) -> None:
    assert text_of(block) == expected


NOTES = {
    "pdf": (document(PDF, title="Report"), ["# Report", "application/pdf", "cannot read"]),
    "file": (document({"type": "file", "file_id": "f"}), ["cannot read"]),
    "url": (document({"type": "url", "url": "https://x/y.pdf"}), ["https://x/y.pdf", "cannot open"]),
    "upload": ({"type": "container_upload", "file_id": "file_1"}, ["file_1", "cannot reach"]),
    "an error of a server tool": (
        {
            "type": "web_search_tool_result",
            "content": {"type": "web_search_tool_result_error", "error_code": "unavailable"},
        },
        ["unavailable"],
    ),
    "shell output of a server": (
        {"type": "bash_code_execution_tool_result", "content": {"type": "bash_code_execution_result", "stdout": "out"}},
        ["out"],
    ),
    "a block of the future": ({"type": "hologram", "beam": [1, 2]}, ["hologram", "beam"]),
}


@pytest.mark.parametrize(("block", "words"), NOTES.values(), ids=NOTES.keys())
def test_what_cannot_travel_leaves_a_note(block: dict[str, Any], words: list[str]) -> None:
    text = text_of(block)
    assert all(word in text for word in words)
    assert "JVBERi0=" not in text


HIDDEN = {
    "encrypted content": {"type": "encrypted_code_execution_result", "encrypted_stdout": "zzz", "stderr": ""},
    "a search result": {"type": "web_search_result", "title": "T", "url": "u", "encrypted_content": "zzz"},
}


@pytest.mark.parametrize("content", HIDDEN.values(), ids=HIDDEN.keys())
@pytest.mark.parametrize("as_list", [True, False])
def test_encrypted_parts_are_not_shown(content: Any, as_list: bool) -> None:
    block = {"type": "some_tool_result", "content": [content] if as_list else content}
    assert "zzz" not in text_of(block)
    assert text_of(block)


def test_cache_marks_are_not_shown() -> None:
    assert "cache_control" not in text_of({"type": "hologram", "cache_control": {"type": "ephemeral"}})


CONTENTS = {
    "string": ("a", "a"),
    "nothing": (None, ""),
    "empty": ([], ""),
    "blocks": ([{"type": "text", "text": "a"}, {"type": "thinking"}, {"type": "text", "text": "b"}], "a\nb"),
    "strange members": (["a", None, {"type": "text", "text": "b"}], "b"),
}


@pytest.mark.parametrize(("content", "expected"), CONTENTS.values(), ids=CONTENTS.keys())
def test_content_text(content: Any, expected: str) -> None:
    assert content_text(content) == expected


VALUES = st.recursive(
    st.none() | st.integers(0, 3) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "content", "source", "title", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
KINDS = [
    "text",
    "image",
    "document",
    "search_result",
    "tool_reference",
    "server_tool_use",
    "web_fetch_tool_result",
    "x",
]


@given(st.sampled_from(KINDS), VALUES)
def test_any_content_has_a_text(kind: str, content: Any) -> None:
    assert isinstance(
        text_of({"type": kind, "content": content, "source": {"type": "content", "content": content}}), str
    )


def test_a_strange_block_is_shown_as_json() -> None:
    assert json.loads(text_of({"type": "x", "y": 1})) == {"type": "x", "y": 1}
