"""Reasoning that a vendor refuses to take back is left out, or replaced by what stands for it, and nothing else is."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from translators.core.lost_reasoning import UNSIGNED, without_lost
from translators.core.refusals import words_of
from translators.core.vendor import Json


def error(message: str) -> Json:
    return {"error": {"message": message, "type": "Bad Request"}}


def passed_on(raw: str) -> Json:
    """How OpenRouter tells a provider's words."""
    return {"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": raw}}}


def lighter(body: Json, refusal: Any, status: int = 400, placeholder: str | None = None) -> Json | None:
    """The body of the second try; the first one is not changed."""
    before = copy.deepcopy(body)
    found = without_lost(body, status, words_of(refusal), placeholder)
    assert body == before
    return found


# -- Responses

ITEMS: list[Json] = [
    {"role": "user", "content": "a"},
    {"type": "reasoning", "id": "rs_1", "encrypted_content": "x", "summary": []},
    {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
]
RESPONSES: Json = {"model": "m", "reasoning": {"effort": "high", "summary": "auto"}, "include": ["x"], "input": ITEMS}
UNVERIFIED: Json = {
    "error": {"message": "The encrypted content x could not be verified.", "code": "invalid_encrypted_content"}
}


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (400, UNVERIFIED),
        (400, error("Item 'rs_1' of type 'reasoning' was provided without its required following item.")),
        (404, error("Item with id 'rs_1' not found. Items are not persisted when `store` is set to false.")),
    ],
)
def test_refused_items_are_left_out(status: int, refusal: Any) -> None:
    second = lighter(RESPONSES, refusal, status)
    assert second == {**RESPONSES, "input": [ITEMS[0], ITEMS[2]]}
    assert lighter(second, refusal, status) is None


# -- Chat Completions

INVALID = "messages.1.content.0: Invalid `signature` in `thinking` block"
BEDROCK = '{"message":"messages.7.content.2: Invalid signature in thinking block"}'
CHANGED = "`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified."
NOT_VALID = "Unable to submit request because Thought signature is not valid.. Learn more: https://x.test"
CORRUPTED = '{"error": {"code": 400, "message": "Corrupted thought signature.", "status": "INVALID_ARGUMENT"}}'
MISSING = "Function call is missing a thought_signature in functionCall parts. Additional data, function call `Bash`."
NO_DETAILS = f"Gemini models require OpenRouter reasoning details to be preserved in each request. {MISSING}"

USER: Json = {"role": "user", "content": "a"}
CALLS: list[Json] = [
    {"id": id, "type": "function", "function": {"name": "Read", "arguments": "{}"}} for id in ("c1", "c2")
]
TEXTS: list[Json] = [
    {"type": "reasoning.text", "text": "one", "signature": "S", "index": 0},
    {"type": "reasoning.summary", "summary": "two", "index": 1},
    {"type": "reasoning.encrypted", "data": "x", "id": "c1", "format": "google-gemini-v1", "index": 0},
]
CALLING: Json = {"role": "assistant", "content": None, "tool_calls": CALLS}
CHAT: Json = {"model": "m", "messages": [USER, {**CALLING, "reasoning_details": TEXTS}, USER]}
PLAIN: Json = {"model": "m", "messages": [USER, {**CALLING, "reasoning": "t"}, USER]}
STAND_IN: Json = {
    "type": "reasoning.encrypted",
    "data": UNSIGNED,
    "id": "c1",
    "format": "google-gemini-v1",
    "index": 0,
}


@pytest.mark.parametrize("refusal", [UNVERIFIED, error("Item 'rs_1' was provided without its required item.")])
def test_refused_details_leave_their_text(refusal: Any) -> None:
    second = lighter(CHAT, refusal)
    assert second == {**CHAT, "messages": [USER, {**CALLING, "reasoning": "one\ntwo"}, USER]}


@pytest.mark.parametrize("body", [CHAT, PLAIN], ids=["details", "text"])
@pytest.mark.parametrize("raw", [INVALID, BEDROCK, CHANGED])
def test_thinking_that_claude_refuses_goes_with_its_text(body: Json, raw: str) -> None:
    second = lighter(body, passed_on(raw))
    assert second == {**body, "messages": [USER, CALLING, USER]}
    assert lighter(second, passed_on(raw)) is None


@pytest.mark.parametrize("raw", [NOT_VALID, CORRUPTED, NO_DETAILS])
def test_one_detail_stands_for_the_signatures_of_a_turn(raw: str) -> None:
    second = lighter(CHAT, passed_on(raw))
    assert second == {**CHAT, "messages": [USER, {**CALLING, "reasoning_details": [STAND_IN]}, USER]}
    assert lighter(second, passed_on(raw)) is None


def test_details_that_are_missing_are_made() -> None:
    second = lighter({"messages": [USER, CALLING, {"role": "assistant", "content": "b"}]}, passed_on(NO_DETAILS))
    stand_in = {**CALLING, "reasoning_details": [STAND_IN]}
    assert second == {"messages": [USER, stand_in, {"role": "assistant", "content": "b"}]}


def extra(signature: str) -> Json:
    return {"extra_content": {"google": {"thought_signature": signature}}}


@pytest.mark.parametrize("words", [NOT_VALID, CORRUPTED, MISSING])
@pytest.mark.parametrize("before", [{}, extra("U0lH")], ids=["none", "refused"])
def test_the_first_call_of_a_turn_gets_what_stands_for_its_signature(words: str, before: Json) -> None:
    body = {"messages": [USER, {**CALLING, "tool_calls": [CALLS[0] | before, CALLS[1] | before]}]}
    second = lighter(body, [error(words)])
    assert second == {"messages": [USER, {**CALLING, "tool_calls": [CALLS[0] | extra(UNSIGNED), CALLS[1]]}]}
    assert lighter(second, [error(words)]) is None


# -- Anthropic Messages, at gateways


@pytest.mark.parametrize("words", [INVALID, CHANGED])
def test_thinking_blocks_that_claude_refuses_are_left_out(words: str) -> None:
    thoughts = [{"type": "thinking", "thinking": "t", "signature": "s"}, {"type": "redacted_thinking", "data": "d"}]
    said = {"type": "text", "text": "b"}
    second = lighter({"messages": [USER, {"role": "assistant", "content": [*thoughts, said]}]}, error(words))
    assert second == {"messages": [USER, {"role": "assistant", "content": [said]}]}
    assert lighter(second, error(words)) is None


# -- Gemini


def part(name: str, **more: str) -> Json:
    return {"functionCall": {"name": name, "args": {}}, **more}


SIGNED_PARTS = [{"text": "a", "thoughtSignature": "S0"}, part("Read", thoughtSignature="S1"), part("Glob")]
GEMINI: Json = {"contents": [{"role": "user", "parts": [{"text": "q"}]}, {"role": "model", "parts": SIGNED_PARTS}]}


@pytest.mark.parametrize("words", [NOT_VALID, "Corrupted thought signature."])
@pytest.mark.parametrize(
    ("placeholder", "call"),
    [(UNSIGNED, part("Read", thoughtSignature=UNSIGNED)), (None, part("Read"))],
    ids=["a model that insists", "one that does not"],
)
def test_refused_signatures_of_parts(words: str, placeholder: str | None, call: Json) -> None:
    second = lighter(GEMINI, error(words), placeholder=placeholder)
    assert second == {
        "contents": [GEMINI["contents"][0], {"role": "model", "parts": [{"text": "a"}, call, part("Glob")]}]
    }
    assert lighter(second, error(words), placeholder=placeholder) is None


# -- what stays

OLLAMA: Json = {"messages": [USER, {"role": "assistant", "thinking": "t", "content": "b"}]}
CLAUDE: Json = {
    "messages": [{"role": "assistant", "content": [{"type": "thinking", "thinking": "t", "signature": "s"}]}]
}


@pytest.mark.parametrize("body", [RESPONSES, CHAT, PLAIN, GEMINI])
@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "Unsupported parameter: 'reasoning'"),
        (400, "Function call is missing a name."),
        (400, "The signature of the request is not valid"),
        (500, INVALID),
        (429, NOT_VALID),
    ],
)
def test_other_refusals_lose_no_reasoning(body: Json, status: int, words: str) -> None:
    assert lighter(body, error(words), status) is None


@pytest.mark.parametrize("body", [OLLAMA, CLAUDE, {"messages": [USER]}, {"model": "m"}])
@pytest.mark.parametrize("words", [INVALID, NOT_VALID, "invalid_encrypted_content"])
def test_bodies_without_such_reasoning_stay(body: Json, words: str) -> None:
    assert lighter(body, error(words)) is None
