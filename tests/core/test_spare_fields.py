"""A body for a second try exists exactly when a refusal names a field that can be left out."""

from __future__ import annotations

from typing import Any

import pytest

from translators.core.refusals import words_of
from translators.core.spare_fields import SPARE, without_refused
from translators.core.vendor import Json

BODY: Json = {
    "model": "m",
    "messages": [],
    "max_tokens": 5,
    "chat_template_kwargs": {"enable_thinking": False},
    "reasoning": {"enabled": False},
    "reasoning_effort": "low",
    "stream_options": {"include_usage": True},
}


def error(message: str) -> Json:
    return {"error": {"message": message, "type": "Bad Request"}}


EXTRA: Json = {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs"}]}


@pytest.mark.parametrize(
    ("status", "refusal", "left_out"),
    [
        (400, error("Extra inputs are not permitted: chat_template_kwargs"), {"chat_template_kwargs"}),
        (422, EXTRA, {"stream_options"}),
        (
            400,
            error("Unsupported parameter: 'reasoning_effort' is not supported with this model."),
            {"reasoning_effort"},
        ),
        (400, error("Reasoning is mandatory for this endpoint and cannot be disabled."), {"reasoning"}),
        (
            400,
            "Unrecognized request arguments: reasoning_effort, chat_template_kwargs",
            {"reasoning_effort", "chat_template_kwargs"},
        ),
    ],
)
def test_what_is_left_out(status: int, refusal: Any, left_out: set[str]) -> None:
    lighter = without_refused(BODY, status, words_of(refusal))
    assert lighter is not None
    assert set(BODY) - set(lighter) == left_out
    assert list(lighter) == [field for field in BODY if field in lighter]


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (500, error("Extra inputs are not permitted: chat_template_kwargs")),
        (400, error("Extra inputs are not permitted: frobnicator")),
        (400, error("Extra inputs are not permitted: enable_thinking")),
        (400, error("chat_template_kwargs must be an object")),
        (400, error("messages: extra inputs are not permitted")),
    ],
)
def test_other_refusals_stay(status: int, refusal: Any) -> None:
    assert without_refused(BODY, status, words_of(refusal)) is None


def test_what_makes_the_request_is_never_spare() -> None:
    assert not {"model", "messages", "max_tokens", "max_completion_tokens", "tools", "stream", "stop"} & set(SPARE)


ITEMS: list[Json] = [
    {"role": "user", "content": "a"},
    {"type": "reasoning", "id": "rs_1", "encrypted_content": "x", "summary": []},
    {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
]
RESPONSES: Json = {"model": "m", "reasoning": {"effort": "high", "summary": "auto"}, "include": ["x"], "input": ITEMS}


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (
            400,
            {
                "error": {
                    "message": "The encrypted content x could not be verified.",
                    "code": "invalid_encrypted_content",
                }
            },
        ),
        (400, error("Item 'rs_1' of type 'reasoning' was provided without its required following item.")),
        (404, error("Item with id 'rs_1' not found. Items are not persisted when `store` is set to false.")),
    ],
)
def test_refused_reasoning_is_left_out(status: int, refusal: Any) -> None:
    lighter = without_refused(RESPONSES, status, words_of(refusal))
    assert lighter == {**RESPONSES, "input": [ITEMS[0], ITEMS[2]]}
    assert len(RESPONSES["input"]) == 3
    assert without_refused(lighter, status, words_of(refusal)) is None
    assert without_refused(BODY, status, words_of(refusal)) is None


def test_a_refused_summary_leaves_the_effort() -> None:
    refusal = {
        "error": {"message": "Verify your organization.", "param": "reasoning.summary", "code": "unsupported_value"}
    }
    lighter = without_refused(RESPONSES, 400, words_of(refusal))
    assert lighter == {**RESPONSES, "reasoning": {"effort": "high"}}


def test_refused_encryption() -> None:
    refusal = {"error": {"message": "Encrypted content is not supported with this model.", "param": "include"}}
    lighter = without_refused(RESPONSES, 400, words_of(refusal))
    assert lighter and "include" not in lighter
