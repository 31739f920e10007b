"""Token estimates: near enough, never zero for something, and growing with what is sent."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.core.tokens import (
    IMAGE_TOKENS,
    Size,
    block_size,
    content_tokens,
    estimate,
    estimate_request,
    measure,
    value_size,
)

ENGLISH = "The quick brown fox jumps over the lazy dog and runs into the deep dark forest behind the old mill. "
#: (text, tokens that common tokenizers make of it: fewest, most)
TEXTS = {
    "English": (ENGLISH * 10, 200, 300),
    "code": ("def total(items):\n    return sum(item.price * item.count for item in items)\n" * 10, 150, 260),
    "Chinese": ("今天天气很好我们去公园散步吧" * 10, 80, 160),
    "Russian": ("Сегодня хорошая погода, пойдём гулять в парк. " * 10, 100, 330),
    "Greek": ("Σήμερα ο καιρός είναι καλός και πάμε βόλτα στο πάρκο. " * 10, 180, 400),
    "German": ("Heute ist schönes Wetter, und wir gehen über die Brücke in den Park. " * 10, 160, 230),
    "one letter": ("a", 1, 1),
    "emoji": ("😀" * 10, 5, 40),
    "frames": ("│   ├── main.py\n" * 10, 60, 130),
    "numbered lines": ("".join(f"{line:6d}\t    return first(line, {line})\n" for line in range(100, 130)), 350, 560),
    "indented code": (("    " * 4 + "if found: return found\n") * 10, 70, 110),
    "a schema": (json.dumps({"type": "object", "properties": {"path": {"type": "string"}}}) * 10, 150, 240),
    "base64": (base64.b64encode(random.Random(1).randbytes(1_500)).decode(), 1_100, 1_500),
    "hexadecimal": (random.Random(1).randbytes(500).hex(), 500, 950),
    "long names": ("getUserAccountByIdentifier HttpRequestHandlerFactoryBean " * 10, 60, 110),
}


@pytest.mark.parametrize(("text", "fewest", "most"), TEXTS.values(), ids=TEXTS.keys())
def test_estimate(text: str, fewest: int, most: int) -> None:
    assert fewest <= estimate(text) <= most


def test_nothing_is_nothing() -> None:
    assert estimate("") == 0


def test_curly_quotes_and_accents_cost_little_more() -> None:
    assert estimate("“naïve” – café " * 20) <= 1.6 * estimate("'naive' - cafe " * 20)


def request(**fields: Any) -> dict[str, Any]:
    """A request with one word."""
    return {"model": "m", "messages": [{"role": "user", "content": "word"}], **fields}


TOOL = {"name": "Read", "description": ENGLISH, "input_schema": {"type": "object", "properties": {"path": {}}}}
BLOCKS = {
    "text": {"type": "text", "text": ENGLISH},
    "image": {"type": "image", "source": {"type": "base64", "data": "A" * 100}},
    "image by address": {"type": "image", "source": {"type": "url", "url": "u"}},
    "text document": {"type": "document", "source": {"type": "text", "data": ENGLISH}},
    "document of blocks": {
        "type": "document",
        "source": {"type": "content", "content": [{"type": "text", "text": ENGLISH}]},
    },
    "pdf": {"type": "document", "source": {"type": "base64", "data": "A" * 60_000}},
    "big pdf": {"type": "document", "source": {"type": "base64", "data": "A" * 3_200_000}},
    "document by address": {"type": "document", "source": {"type": "url", "url": "u"}},
    "titled document": {"type": "document", "title": ENGLISH, "source": {"type": "text", "data": ""}},
    "thinking": {"type": "thinking", "thinking": ENGLISH, "signature": "x"},
    "tool use": {"type": "tool_use", "id": "t", "name": "Read", "input": {"path": ENGLISH}},
    "tool result": {"type": "tool_result", "tool_use_id": "t", "content": ENGLISH},
    "tool result with an image": {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "image"}]},
    "search result": {
        "type": "search_result",
        "title": "T",
        "source": "u",
        "content": [{"type": "text", "text": ENGLISH}],
    },
    "server tool": {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": ENGLISH}},
    "a block of the future": {"type": "hologram", "beam": [ENGLISH]},
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS.keys())
@pytest.mark.parametrize("place", ["messages", "system", "tools"])
def test_everything_counts(block: dict[str, Any], place: str) -> None:
    more = {
        "messages": request(
            messages=[{"role": "user", "content": ["word" and {"type": "text", "text": "word"}, block]}]
        ),
        "system": request(system=[block]),
        "tools": request(tools=[{**TOOL, "input_schema": block}]),
    }[place]
    assert estimate_request(more) > estimate_request(request()) + 8


SIZES = {
    "a picture": ("image", IMAGE_TOKENS, IMAGE_TOKENS),
    "a small PDF": ("pdf", 1_500, 4_000),
    "a document of one sentence": ("text document", 20, 35),
    "a big PDF": ("big pdf", 90_000, 110_000),
    "plain text": ("text", estimate(ENGLISH), estimate(ENGLISH)),
    "reasoning": ("thinking", estimate(ENGLISH), estimate(ENGLISH)),
    "a call": ("tool use", estimate(ENGLISH), estimate(ENGLISH) + 40),
    "a titled document": ("titled document", estimate(ENGLISH), estimate(ENGLISH)),
    "a picture in a result": ("tool result with an image", IMAGE_TOKENS, IMAGE_TOKENS + 10),
}


@pytest.mark.parametrize(("name", "fewest", "most"), SIZES.values(), ids=SIZES.keys())
def test_size(name: str, fewest: int, most: int) -> None:
    assert fewest <= block_size(BLOCKS[name]).tokens <= most


def test_a_picture_does_not_count_by_its_bytes() -> None:
    big = {"type": "image", "source": {"type": "base64", "data": "A" * 4_000_000}}
    assert block_size(big) == Size(media=IMAGE_TOKENS)


@pytest.mark.parametrize("value", [None, 7, True, [], {}, "word", [1, 2], {"a": 1}, {"a": [None]}], ids=str)
def test_values_count_with_their_punctuation(value: Any) -> None:
    size = value_size(value)
    assert size.tokens == estimate(json.dumps(value)) or size.tokens == 0
    assert value_size([value, {"key": value}]).text > 2 * size.text + 2


def test_every_part_is_told_apart() -> None:
    size = measure(
        {
            "system": "word " * 100,
            "tools": [TOOL | {"description": "слово " * 100}],
            "messages": [{"role": "user", "content": [BLOCKS["image"]]}],
        }
    )
    assert size.media == IMAGE_TOKENS
    assert 90 < size.text < 125 and 20 < size.tools < 120 and 150 < size.scripts < 350


def test_redacted_reasoning_does_not_count() -> None:
    assert block_size({"type": "redacted_thinking", "data": "A" * 1000}) == Size()


def test_cache_marks_do_not_count() -> None:
    mark = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    assert estimate_request(request(tools=[{**TOOL, **mark}])) == estimate_request(request(tools=[TOOL]))


def test_a_hundred_tools_count_a_hundredfold() -> None:
    one, hundred = (estimate_request(request(tools=[TOOL] * count)) for count in (1, 100))
    assert 90 < (hundred - estimate_request(request())) / (one - estimate_request(request())) < 110


@pytest.mark.parametrize(
    "fields", [{}, {"messages": []}, {"messages": [{"role": "user"}]}, {"system": None, "tools": None}]
)
def test_an_empty_request_counts_one(fields: dict[str, Any]) -> None:
    assert estimate_request({"messages": [], **fields}) >= 1


@given(st.text(max_size=200), st.text(max_size=200))
def test_more_text_is_never_fewer_tokens(one: str, other: str) -> None:
    """But for one: two spaces are dearer apart than together."""
    assert estimate(one + other) >= max(estimate(one), estimate(other)) - 1


@given(st.lists(st.sampled_from(list(BLOCKS.values())), max_size=5), st.sampled_from(list(BLOCKS.values())))
def test_another_block_is_more_tokens(blocks: list[Any], block: Any) -> None:
    assert content_tokens([*blocks, block]) > content_tokens(blocks)
