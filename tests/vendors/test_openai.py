"""OpenAI: plain behaviour for unknown models, the rules of the known families."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.bodies import TOOLS, WISHES, effort, refused, route, sent, switches
from translators.core.errors import NotFound, Overloaded, PromptTooLong, RateLimited, Rejected, RialtoError
from translators.core.vendor import Json
from translators.openai import VENDOR

PLAIN = "test-model"
SAMPLED: Json = {"temperature": 0.4, "top_p": 0.9}

COLUMNS = (
    PLAIN,
    "gpt-4.1",
    "o3",
    "gpt-5-mini",
    "gpt-5.1",
    "gpt-5.2",
    "gpt-5.5",
    "gpt-5.6-sol",
    "gpt-6-luna",
    "gpt-6-astra",
)
#: Wish -> the effort for each of COLUMNS; "" stands for none in the body.
EXPECTED: dict[str, str] = {
    "silent": "- - - - - - - - - -",
    "off": "- - low minimal none none none none none low",
    "off with effort": "- - low minimal none none none none none low",
    "between tools": "- - low minimal none none none none none low",
    "adaptive": "- - - - medium medium - - - -",
    "budget 2000": "medium - medium medium medium medium medium medium medium medium",
    "effort alone": "high - high high high high high high high high",
    "low": "low - low low low low low low low low",
    "medium": "medium - medium medium medium medium medium medium medium medium",
    "high": "high - high high high high high high high high",
    "xhigh": "high - high high high xhigh xhigh xhigh xhigh xhigh",
    "max": "high - high high high xhigh xhigh xhigh xhigh xhigh",
}


@pytest.mark.parametrize(
    ("wish", "model", "level"),
    [(w, m, e) for w, row in EXPECTED.items() for m, e in zip(COLUMNS, row.split(), strict=True)],
)
def test_effort(wish: str, model: str, level: str) -> None:
    assert switches(VENDOR, model, wish) == ({} if level == "-" else {"reasoning_effort": level})


def test_every_wish_is_in_the_table() -> None:
    assert set(EXPECTED) == set(WISHES)


@pytest.mark.parametrize(
    ("model", "asked", "level"),
    [
        ("gpt-5.2", "high", "high"),
        ("gpt-5.4", "high", None),
        ("gpt-5.4-mini", "off", "none"),
        ("gpt-5.5", "max", None),
        ("gpt-5.5", "off", "none"),
        ("gpt-5.6", "high", "none"),
        ("gpt-5.6", "silent", "none"),
        ("gpt-6-sol", "silent", "none"),
        ("gpt-6-luna", "low", "none"),
        (PLAIN, "high", "high"),
    ],
)
def test_effort_beside_tools(model: str, asked: str, level: str | None) -> None:
    body = sent(VENDOR, model, tools=TOOLS, **WISHES[asked])
    assert body.get("reasoning_effort") == level
    assert list(body)[-1] == "messages"


def test_unknown_models_keep_the_plain_body() -> None:
    body = sent(VENDOR, PLAIN, session="s", stop_sequences=["a"], **SAMPLED)
    assert (body["max_tokens"], body["temperature"], body["top_p"], body["stop"]) == (9000, 0.4, 0.9, ["a"])
    assert not {"max_completion_tokens", "prompt_cache_key", "reasoning_effort"} & set(body)


@pytest.mark.parametrize("model", ["o4-mini", "gpt-5", "gpt-5.5", "gpt-6-sol", "gpt-5.7"])
def test_reasoning_models_take_no_sampling_and_no_stop(model: str) -> None:
    body = sent(VENDOR, model, stop_sequences=["a"], **SAMPLED)
    assert body["max_completion_tokens"] == 9000
    assert not {"max_tokens", "temperature", "top_p", "stop"} & set(body)


@pytest.mark.parametrize(
    ("model", "fields", "kept"),
    [
        ("gpt-5.1", {}, True),
        ("gpt-5.2", WISHES["off"], True),
        ("gpt-5.2", effort("low"), False),
        ("gpt-5.4", effort("high") | {"tools": TOOLS}, True),
        ("gpt-5.5", WISHES["off"], True),
        ("gpt-5.6", {"tools": TOOLS}, True),
        ("gpt-4.1", effort("high"), True),
        ("gpt-5-chat-latest", effort("high"), True),
    ],
)
def test_sampling_passes_without_reasoning(model: str, fields: Json, kept: bool) -> None:
    assert ("temperature" in sent(VENDOR, model, **SAMPLED, **fields)) is kept


def test_known_models_get_cache_key_and_files() -> None:
    assert sent(VENDOR, "gpt-5.2", session="s" * 80)["prompt_cache_key"] == "s" * 64
    assert route(VENDOR, "gpt-4.1").profile.documents
    assert not route(VENDOR, PLAIN).profile.documents


def test_o_series_knows_no_parallel_switch() -> None:
    choice = {"type": "auto", "disable_parallel_tool_use": True}
    assert "parallel_tool_calls" not in sent(VENDOR, "o3", tools=TOOLS, tool_choice=choice)
    assert sent(VENDOR, "gpt-5.2", tools=TOOLS, tool_choice=choice)["parallel_tool_calls"] is False


def said(message: str, code: str | None = None) -> Json:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "seen", "retry"),
    [
        (400, said("Unsupported value: 'temperature'", "unsupported_value"), Rejected, 400, None),
        (401, said("Incorrect API key provided", "invalid_api_key"), Rejected, 401, False),
        (404, said("The model `x` does not exist", "model_not_found"), NotFound, 404, None),
        (429, said("You exceeded your current quota", "insufficient_quota"), RateLimited, 429, False),
        (429, said("No credit", "credit_balance_exhausted"), RateLimited, 429, False),
        (429, said("Rate limit reached", "rate_limit_exceeded"), RateLimited, 429, None),
        (503, said("busy", "server_is_overloaded"), Overloaded, 529, None),
        (
            400,
            said("Your input exceeds the context window of this model.", "context_length_exceeded"),
            PromptTooLong,
            400,
            None,
        ),
    ],
)
def test_errors(status: int, body: Any, kind: type[RialtoError], seen: int, retry: bool | None) -> None:
    error = refused(VENDOR, PLAIN, status, body)
    assert (type(error), error.status, error.should_retry) == (kind, seen, retry)


def test_address_and_key() -> None:
    target = route(VENDOR, PLAIN, base_url="http://host/v1")
    assert VENDOR.url(target.base_url, target) == "http://host/v1/chat/completions"
    assert VENDOR.auth("k") == {"authorization": "Bearer k"}
    assert VENDOR.address_variable == "OPENAI_BASE_URL"


def on_responses(model: str, **message: Any) -> Json:
    """The body of the same request on the Responses wire."""
    asked = {"model": model, "max_tokens": 9000, "messages": [{"role": "user", "content": "Hello"}], **message}
    where = route(VENDOR, model, extra={"api": "responses"}).carrying(asked)
    return where.vendor.protocol.request(asked, where)


@pytest.mark.parametrize(
    ("model", "wish", "level"),
    [
        ("gpt-6-astra", "max", "max"),
        ("gpt-6-astra", "off", "low"),
        ("gpt-6-luna", "off", "none"),
        ("gpt-5.6", "max", "max"),
        ("gpt-5.6", "xhigh", "xhigh"),
        ("gpt-5.5", "max", "xhigh"),
        ("gpt-5.4", "high", "high"),
        ("gpt-5.4", "adaptive", "medium"),
        ("gpt-5", "off", "minimal"),
        ("o3", "max", "high"),
        (PLAIN, "max", "high"),
    ],
)
def test_effort_on_responses_does_not_mind_tools(model: str, wish: str, level: str) -> None:
    assert on_responses(model, tools=TOOLS, **WISHES[wish])["reasoning"]["effort"] == level


@pytest.mark.parametrize(
    ("model", "fields", "kept"),
    [
        ("gpt-5.6", {}, False),
        ("gpt-5.6", WISHES["off"], True),
        ("gpt-5.4", {}, True),
        ("gpt-5.4", effort("low"), False),
        ("gpt-4.1", effort("low"), True),
        (PLAIN, effort("low"), True),
    ],
)
def test_sampling_on_responses(model: str, fields: Json, kept: bool) -> None:
    body = on_responses(model, tools=TOOLS, **SAMPLED, **fields)
    assert ({"temperature", "top_p"} <= set(body)) is kept
    assert list(body)[-1] == "input"


def test_models_that_do_not_reason_get_nothing_of_it() -> None:
    assert not {"reasoning", "include"} & set(on_responses("gpt-4.1", tools=TOOLS, **effort("high")))


def test_responses_keeps_cache_key_and_address() -> None:
    asked: Json = {"model": "m", "max_tokens": 9000, "messages": [{"role": "user", "content": "Hello"}]}
    where = route(VENDOR, "gpt-5.6", extra={"api": "responses"}, session="s" * 80).carrying(asked)
    assert where.vendor.protocol.request(asked, where)["prompt_cache_key"] == "s" * 64
    assert VENDOR.url("http://host/v1", where) == "http://host/v1/responses"
