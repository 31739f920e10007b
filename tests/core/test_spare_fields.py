"""A refusal teaches exactly when it names a field that can be left out, and a body that obeys is without it."""

from __future__ import annotations

from typing import Any

import pytest

from translators.core.refusals import words_of
from translators.core.spare_fields import SPARE, STRUCTURED, Lessons, informed, obeyed, taught
from translators.core.vendor import Json, Profile, Route
from translators.openai_compatible import VENDOR

BODY: Json = {
    "model": "m",
    "messages": [],
    "max_tokens": 5,
    "chat_template_kwargs": {"enable_thinking": False},
    "reasoning": {"enabled": False},
    "reasoning_effort": "low",
    "stream_options": {"include_usage": True},
}


def lighter_body(body: Json, status: int, refusal: Any) -> Json:
    """The body after what the refusal teaches."""
    return obeyed(body, taught(body, status, words_of(refusal)))


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
    lighter = lighter_body(BODY, status, refusal)
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
    assert taught(BODY, status, words_of(refusal)) == {}


INCLUDING: Json = {"model": "m", "include": ["x"], "temperature": 1}


@pytest.mark.parametrize("words", ["Unsupported parameter: 'temperature'. Please do not include it.", EXTRA])
def test_a_word_that_is_a_fields_name_too_is_no_field(words: Any) -> None:
    assert "include" in lighter_body(INCLUDING | {"stream_options": {}}, 400, words)


@pytest.mark.parametrize(
    "words", ["Unknown parameter: include", 'Unknown parameter: "include"', "include is not supported"]
)
def test_it_is_where_it_stands_as_one(words: str) -> None:
    assert "include" not in lighter_body(INCLUDING, 400, words)


def test_what_makes_the_request_is_never_spare() -> None:
    assert not {"model", "messages", "max_tokens", "max_completion_tokens", "tools", "stream", "stop"} & set(SPARE)


ITEMS: list[Json] = [
    {"role": "user", "content": "a"},
    {"type": "reasoning", "id": "rs_1", "encrypted_content": "x", "summary": []},
    {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
]
RESPONSES: Json = {"model": "m", "reasoning": {"effort": "high", "summary": "auto"}, "include": ["x"], "input": ITEMS}


def test_a_refused_summary_leaves_the_effort() -> None:
    refusal = {
        "error": {"message": "Verify your organization.", "param": "reasoning.summary", "code": "unsupported_value"}
    }
    assert lighter_body(RESPONSES, 400, refusal) == {**RESPONSES, "reasoning": {"effort": "high"}}


def test_refused_encryption() -> None:
    refusal = {"error": {"message": "Encrypted content is not supported with this model.", "param": "include"}}
    assert "include" not in lighter_body(RESPONSES, 400, refusal)


#: (refusal, the lessons of `BODY` and a think value)
TEACHINGS: dict[str, tuple[Any, Lessons]] = {
    "a parameter": (error("Unsupported parameter: 'think' is not supported."), {"think": None}),
    "a value": (error('think value "low" is not supported for this model'), {'think="low"': None}),
    "a forbidden extra with its value": (
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "think"], "msg": "Extra inputs", "input": "low"}]},
        {"think": None},
    ),
    "what cannot be switched off": (
        error("Reasoning is mandatory for this endpoint and cannot be disabled."),
        {'reasoning={"enabled":false}': None},
    ),
    "another name": (
        error("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'."),
        {"max_tokens": "max_completion_tokens"},
    ),
    "a part of templates": (
        error("chat_template is not supported for Mistral tokenizers."),
        {"chat_template_kwargs": None},
    ),
    "the longest output": (
        error("max_tokens is too large: 64000. This model supports at most 16384 completion tokens"),
        {"max_tokens": 16384},
    ),
}


@pytest.mark.parametrize(("refusal", "lessons"), TEACHINGS.values(), ids=TEACHINGS.keys())
def test_what_is_learnt(refusal: Any, lessons: Lessons) -> None:
    assert taught({**BODY, "max_tokens": 64_000, "think": "low"}, 400, words_of(refusal)) == lessons


@pytest.mark.parametrize(
    ("lessons", "changed"),
    [
        ({"reasoning_effort": None}, {"reasoning_effort": ...}),
        ({'reasoning_effort="low"': None}, {"reasoning_effort": ...}),
        ({'reasoning_effort="high"': None}, {}),
        ({"max_tokens": 3}, {"max_tokens": 3}),
        ({"max_tokens": 9}, {}),
        ({"chat_template_kwargs.enable_thinking": None}, {"chat_template_kwargs": {}}),
        ({"frobnicator": None, STRUCTURED: "prompt"}, {}),
    ],
    ids=str,
)
def test_obedience(lessons: Lessons, changed: Json) -> None:
    wanted = {**BODY, **changed}
    assert obeyed(BODY, lessons) == {name: value for name, value in wanted.items() if value is not ...}


def test_a_field_under_its_other_name_keeps_its_place() -> None:
    renamed = obeyed(BODY, {"max_tokens": "max_completion_tokens"})
    assert list(renamed)[2] == "max_completion_tokens" and renamed["max_completion_tokens"] == 5


FORMED: Json = {"model": "m", "messages": [], "response_format": {"type": "json_schema", "json_schema": {}}}
FORMS = {
    "Groq": (error("This model does not support response format `json_schema`."), "json_schema", "json_object"),
    "DeepSeek": (error("This response_format type is unavailable now"), "json_schema", "json_object"),
    "the next": (error("Json mode is not supported for this model."), "json_object", "prompt"),
    "nothing simpler": (error("Json mode is not supported for this model."), "prompt", None),
    "a wrong schema": (error("Invalid schema for response_format: 'oneOf' is not supported"), "json_schema", None),
    "something else": (error("Tools are not supported"), "json_schema", None),
}


@pytest.mark.parametrize(("refusal", "form", "simpler"), FORMS.values(), ids=FORMS.keys())
def test_forms_of_structured_output(refusal: Any, form: str, simpler: str | None) -> None:
    assert taught(FORMED, 400, words_of(refusal), form) == ({STRUCTURED: simpler} if simpler else {})


def test_a_request_without_a_schema_teaches_nothing_of_forms() -> None:
    assert taught(BODY, 400, words_of(error("Json mode is not supported for this model.")), "json_object") == {}


def test_a_route_knows_the_form_that_is_taken() -> None:
    route = Route(alias="m", vendor=VENDOR, model="m", profile=Profile(), base_url="http://x")
    assert informed(route, {STRUCTURED: "prompt"}).profile.structured == "prompt"
    assert informed(route, {"think": None}) is route
