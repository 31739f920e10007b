"""The quick look for media misses none."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.media.blocks import Place, holds_media, media_of

KINDS = st.sampled_from(["text", "image", "document", "tool_result", "web_fetch_tool_result", "tool_use", None, 5])
LEAVES = st.one_of(st.none(), st.text(max_size=3), st.integers())


def blocks(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists, and objects that may be blocks."""
    source = st.fixed_dictionaries({"type": st.sampled_from(["base64", "content"])}, optional={"content": inner})
    block = st.fixed_dictionaries({"type": KINDS}, optional={"content": inner, "source": st.one_of(source, LEAVES)})
    return st.one_of(st.lists(inner, max_size=3), block)


@given(content=st.recursive(LEAVES, blocks, max_leaves=12))
def test_where_something_is_found_the_look_says_so(content: Any) -> None:
    found = list(media_of(content, Place("messages.0.content", True, False)))
    assert holds_media(content) or not found


def test_words_alone_need_no_places() -> None:
    assert not holds_media([{"type": "text", "text": "a"}, {"type": "tool_result", "content": [{"type": "text"}]}])
