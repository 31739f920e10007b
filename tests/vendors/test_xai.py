"""xAI: efforts by model, no stop sequences, flat errors, reasoning that counts as output."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.bodies import ADAPTIVE, OFF, TOOLS, WISHES, refused, route, sent
from translators.core.deltas import Usage
from translators.core.errors import PromptTooLong, RateLimited, Rejected, RialtoError
from translators.core.vendor import Json
from translators.xai import VENDOR

MODEL = "grok-4.3"

EXPECTED: dict[str, str | None] = {
    "silent": None,
    "off": "none",
    "off with effort": "none",
    "between tools": "none",
    "adaptive": None,
    "budget 2000": "medium",
    "effort alone": "high",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}


@pytest.mark.parametrize("wish", WISHES)
def test_thinking(wish: str) -> None:
    assert sent(VENDOR, MODEL, **WISHES[wish]).get("reasoning_effort") == EXPECTED[wish]


@pytest.mark.parametrize(
    ("model", "off", "medium", "highest"),
    [
        ("grok-4.5", "low", "medium", "high"),
        ("grok-4.6", "low", "medium", "xhigh"),
        ("grok-4.7", "low", "medium", "xhigh"),
        ("grok-5", "low", "medium", "xhigh"),
        ("grok-3-mini", "low", "high", "high"),
        *(
            (model, None, None, None)
            for model in (
                *("grok-4.20-0309-reasoning", "grok-4.20-0309-non-reasoning", "grok-4", "grok-4-0709"),
                *("grok-4-1-fast", "grok-3", "grok-code-fast-1", "grok-2-1212"),
            )
        ),
    ],
)
def test_efforts_by_model(model: str, off: str | None, medium: str | None, highest: str | None) -> None:
    def effort(**message: Any) -> Any:
        return sent(VENDOR, model, **message).get("reasoning_effort")

    assert effort(thinking=OFF) == off
    assert effort(thinking=ADAPTIVE, output_config={"effort": "medium"}) == medium
    assert effort(thinking=ADAPTIVE, output_config={"effort": "max"}) == highest


def test_fields() -> None:
    strict = [{**TOOLS[0], "strict": True}]
    body = sent(VENDOR, MODEL, stop_sequences=["END"], tools=strict, temperature=0.4)
    assert "stop" not in body
    assert "strict" not in body["tools"][0]["function"]
    assert (body["temperature"], body["stream"]) == (0.4, False)


def on_responses(model: str, session: str = "", **message: Any) -> Json:
    """The body of a request at xAI's own address."""
    asked = {"model": model, "max_tokens": 9000, "messages": [{"role": "user", "content": "Hello"}], **message}
    where = route(VENDOR, model, session=session).carrying(asked)
    return where.vendor.protocol.request(asked, where)


ENCRYPTED = ["reasoning.encrypted_content"]


@pytest.mark.parametrize(
    ("model", "wish", "reasoning", "include"),
    [
        ("grok-4.3", "off", {"effort": "none"}, None),
        ("grok-4.3", "max", {"effort": "high", "summary": "auto"}, ENCRYPTED),
        ("grok-4.7", "adaptive", {"summary": "auto"}, ENCRYPTED),
        ("grok-4.7", "silent", None, ENCRYPTED),
        ("grok-4", "max", None, ENCRYPTED),
        ("grok-4.20-0309-reasoning", "max", None, ENCRYPTED),
        ("grok-4.20-0309-non-reasoning", "max", None, None),
        ("grok-3", "max", None, None),
        ("grok-3-mini", "max", {"effort": "high", "summary": "auto"}, ENCRYPTED),
    ],
)
def test_thinking_on_responses(model: str, wish: str, reasoning: Json | None, include: list[str] | None) -> None:
    body = on_responses(model, tools=TOOLS, **WISHES[wish])
    assert (body.get("reasoning"), body.get("include")) == (reasoning, include)


def test_the_system_prompt_is_a_message_on_responses() -> None:
    body = on_responses("grok-4.7", system="Be brief.")
    assert body["input"][0] == {"role": "system", "content": "Be brief."}
    assert "instructions" not in body
    assert body["store"] is False


def test_only_responses_gets_the_cache_key() -> None:
    assert on_responses("grok-4.7", session="s")["prompt_cache_key"] == "s"
    assert "prompt_cache_key" not in sent(VENDOR, "grok-4.7", session="s")


def test_reasoning_counts_as_output() -> None:
    counts = {
        "prompt_tokens": 291,
        "completion_tokens": 26,
        "total_tokens": 513,
        "prompt_tokens_details": {"cached_tokens": 290},
        "completion_tokens_details": {"reasoning_tokens": 196},
    }
    deltas = list(VENDOR.protocol.chunk(VENDOR.read({"choices": [], "usage": counts})))
    assert deltas == [Usage(1, 222, 290, 0, 196)]


@pytest.mark.parametrize(("model", "sees"), [(MODEL, True), ("grok-3-mini", False), ("grok-code-fast-1", False)])
def test_sight(model: str, sees: bool) -> None:
    assert route(VENDOR, model).profile.images is sees


INVALID = "Client specified an invalid argument"


def flat(words: str) -> Json:
    return {"code": INVALID, "error": words}


OVERFLOW = "This model's maximum prompt length is 131072 but the request contains 136973 tokens."


@pytest.mark.parametrize(
    ("status", "body", "kind", "seen", "retry", "words"),
    [
        (400, flat("the frobnicator must be blue"), Rejected, 400, None, "xAI: the frobnicator"),
        (400, flat("Incorrect API key provided: xa***1"), Rejected, 401, False, "XAI_API_KEY"),
        (400, flat(OVERFLOW), PromptTooLong, 400, None, "136973 tokens > 131072"),
        (400, {"error": {"message": "no"}}, Rejected, 400, None, "xAI: no"),
        (403, flat("The caller does not have permission"), Rejected, 403, False, "permission"),
        (429, {"error": "Too many requests"}, RateLimited, 429, None, "Too many"),
    ],
)
def test_errors(status: int, body: Any, kind: type[RialtoError], seen: int, retry: bool | None, words: str) -> None:
    error = refused(VENDOR, MODEL, status, body)
    assert (type(error), error.status, error.should_retry) == (kind, seen, retry)
    assert words in error.message
