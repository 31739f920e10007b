"""Requests that are legal but odd: nothing is lost, nothing impossible is sent on."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from translators.core.blocks import text_of
from translators.core.client_tools import functions, references
from translators.core.counts import section, whole_number
from translators.core.errors import OutputTooLong, PromptTooLong, RialtoError
from translators.core.intent import intent
from translators.core.spare_fields import fitted
from translators.core.vendor import Profile
from translators.core.wishes import prompts, travels
from translators.protocols.openai_chat.decode import STOP_REASONS
from translators.protocols.openai_chat.messages import block_parts, call_id, system_messages

BILL = "x-anthropic-billing-header: cc_version=1; cch=a1f;"


def test_an_effort_that_nobody_knows_is_left_to_the_vendor() -> None:
    assert intent({"output_config": {"effort": "extreme"}, "thinking": {"type": "adaptive"}}).level is None


def test_a_tool_is_offered_once() -> None:
    tools = [{"name": "a", "description": "first"}, {"name": "a", "description": "second"}]
    assert [tool["description"] for tool in functions(tools, frozenset())] == ["first"]


def test_references_in_odd_results() -> None:
    content = [{"type": "tool_search_tool_result", "content": {"tool_references": 5}}]
    assert references([{"content": content}]) == frozenset()


@pytest.mark.parametrize("system", [BILL + "\nYou are brief.", [{"type": "text", "text": BILL + "\n\nYou are brief."}]])
def test_the_billing_line_goes_alone(system: Any) -> None:
    assert system_messages(system, Profile()) == [{"role": "system", "content": "You are brief."}]


def test_a_block_that_is_only_the_billing_line_is_no_prompt() -> None:
    assert prompts([{"text": BILL}]) == prompts(BILL) == []
    mention = "see x-anthropic-billing-header: a"
    assert [block["text"] for block in prompts(mention)] == [mention]


@pytest.mark.parametrize(
    "source", [{"type": "base64", "media_type": "image/png"}, {"type": "base64", "data": ""}, {"type": "url"}, {}]
)
def test_an_image_without_content_becomes_a_note(source: dict[str, str]) -> None:
    image = {"type": "image", "source": source}
    assert not travels(image, Profile())
    assert [part["type"] for part in block_parts(image, Profile())] == ["text"]


def test_a_search_result_never_travels() -> None:
    assert not travels({"type": "search_result", "source": "https://x.example"}, Profile())


def test_an_image_without_a_type_gets_one() -> None:
    image = {"type": "image", "source": {"type": "base64", "data": "AAAA"}}
    assert block_parts(image, Profile())[0]["image_url"]["url"] == "data:image/png;base64,AAAA"


def test_a_text_document_in_base64_is_read() -> None:
    source = {"type": "base64", "media_type": "text/plain", "data": base64.b64encode(b"hello world").decode()}
    assert "hello world" in text_of({"type": "document", "source": source})
    assert "damaged" in text_of({"type": "document", "source": {**source, "data": "a"}})


def test_a_fetched_text_is_shown() -> None:
    found = {"type": "web_fetch_result", "url": "https://x.example", "content": "words"}
    assert text_of({"type": "web_fetch_tool_result", "content": found}) == "https://x.example\nwords"


def test_half_characters_in_ids() -> None:
    assert len(call_id("t\ud800", Profile(call_id_length=9))) == 9


@pytest.mark.parametrize(
    ("value", "count"), [("12", 12), (1.0, 1), (float("inf"), 0), (float("nan"), 0), ("x", 0), (-5, 0), (None, 0)]
)
def test_counts(value: Any, count: int) -> None:
    assert whole_number(value) == count
    assert section(value) == {}


def test_other_spellings_of_an_end() -> None:
    assert (STOP_REASONS["max_tokens"], STOP_REASONS["tool_use"]) == ("max_tokens", "tool_use")


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (OutputTooLong(16000, 10000, 20000), 4000),
        (OutputTooLong(19900, 10000, 20000), None),
        (OutputTooLong(100, 10000, 20000), None),
        (PromptTooLong(30000, 20000), None),
    ],
)
def test_an_output_limit_is_lowered_when_there_is_room(error: RialtoError, wanted: int | None) -> None:
    body = fitted({"model": "m", "max_completion_tokens": 10000}, error)
    assert (body or {}).get("max_completion_tokens") == wanted
    assert fitted({"model": "m"}, error) is None
