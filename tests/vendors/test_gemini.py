"""Gemini: level or budget by family, addresses, limits, JSON beside functions, error bodies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.settings.settings import Settings
from tests.vendors.bodies import ADAPTIVE, TOOLS, WISHES, refused, route, sent
from translators.core.errors import (
    NotFound,
    Overloaded,
    PromptTooLong,
    RateLimited,
    Rejected,
    RialtoError,
    TimedOut,
    UpstreamError,
)
from translators.core.vendor import Json
from translators.gemini import VENDOR


def level(name: str) -> Json:
    return {"includeThoughts": True, "thinkingLevel": name}


def budget(tokens: int) -> Json:
    return {"includeThoughts": True, "thinkingBudget": tokens}


def off(config: Json) -> dict[str, Json]:
    return dict.fromkeys(("off", "off with effort", "between tools"), config)


NEWER: dict[str, Json] = {
    "silent": {},
    **off({"thinkingLevel": "low"}),
    "adaptive": {"includeThoughts": True},
    "budget 2000": level("medium"),
    "effort alone": {"thinkingLevel": "high"},
    "low": level("low"),
    "medium": level("medium"),
    "high": level("high"),
    "xhigh": level("high"),
    "max": level("high"),
}
MINIMAL = {**NEWER, **off({"thinkingLevel": "minimal"})}
HYDROGEN = {**NEWER, "xhigh": level("xhigh"), "max": level("xhigh")}
FIRST_PRO = {**NEWER, "budget 2000": level("high"), "medium": level("high")}
FLASH_25: dict[str, Json] = {
    "silent": {},
    **off({"thinkingBudget": 0}),
    "adaptive": budget(-1),
    "budget 2000": budget(2000),
    "effort alone": {"thinkingBudget": 24_576},
    "low": budget(1024),
    "medium": budget(8192),
    "high": budget(24_576),
    "xhigh": budget(24_576),
    "max": budget(24_576),
}
PRO_25 = {**FLASH_25, **off({"thinkingBudget": 128}), "xhigh": budget(32_768), "max": budget(32_768)}
NONE: dict[str, Json] = {wish: {} for wish in WISHES}

FAMILIES = {
    "gemini-3.8-flash": NEWER,
    "gemini-3.1-pro-preview": NEWER,
    "gemini-4-carbon": NEWER,
    "gemini-flash-latest": NEWER,
    "gemini-3.5-flash": MINIMAL,
    "gemini-3.6-flash": MINIMAL,
    "gemini-3.5-flash-lite": MINIMAL,
    "gemini-4-hydrogen": HYDROGEN,
    "gemini-3-pro-preview": FIRST_PRO,
    "gemini-2.5-flash": FLASH_25,
    "gemini-2.5-pro": PRO_25,
    "gemini-2.0-flash": NONE,
    "gemma-3-27b-it": NONE,
}


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("model", FAMILIES)
def test_thinking(model: str, wish: str) -> None:
    config = sent(VENDOR, model, max_tokens=64_000, **WISHES[wish])["generationConfig"]
    assert config.get("thinkingConfig", {}) == FAMILIES[model][wish]


@pytest.mark.parametrize(
    ("model", "asked", "given"),
    [
        ("gemini-2.5-pro", 50, 128),
        ("gemini-2.5-flash-lite", 50, 512),
        ("gemini-2.5-flash", 50, 50),
        ("gemini-2.5-flash", 90_000, 24_576),
    ],
)
def test_a_budget_is_brought_into_the_range(model: str, asked: int, given: int) -> None:
    body = sent(VENDOR, model, thinking={"type": "enabled", "budget_tokens": asked}, max_tokens=64_000)
    assert body["generationConfig"]["thinkingConfig"]["thinkingBudget"] == given


@pytest.mark.parametrize("model", FAMILIES)
def test_level_and_budget_never_meet(model: str) -> None:
    for wish in WISHES.values():
        config = sent(VENDOR, model, **wish)["generationConfig"].get("thinkingConfig", {})
        assert not {"thinkingLevel", "thinkingBudget"} <= config.keys()


@pytest.mark.parametrize(
    ("model", "stream", "path"),
    [
        ("gemini-3.8-flash", True, "/models/gemini-3.8-flash:streamGenerateContent?alt=sse"),
        ("gemini-3.8-flash", False, "/models/gemini-3.8-flash:generateContent"),
        ("models/gemini-3.8-flash", False, "/models/gemini-3.8-flash:generateContent"),
        ("tunedModels/mine", False, "/tunedModels/mine:generateContent"),
        ("odd name?", False, "/models/odd%20name%3F:generateContent"),
    ],
)
def test_address(model: str, stream: bool, path: str) -> None:
    target = replace(route(VENDOR, model), stream=stream)
    assert VENDOR.url(target.base_url, target) == f"https://generativelanguage.googleapis.com/v1beta{path}"


def test_the_key_is_a_header() -> None:
    assert VENDOR.auth("secret") == {"x-goog-api-key": "secret"}


@pytest.mark.parametrize(("asked", "given"), [(700, 700), (100_000, 65_536)])
def test_output_limit(asked: int, given: int) -> None:
    assert sent(VENDOR, "gemini-3.8-flash", max_tokens=asked)["generationConfig"]["maxOutputTokens"] == given


FORM: Json = {"format": {"type": "json_schema", "schema": {"type": "object", "properties": {"a": {"const": 1}}}}}
SCHEMA: Json = {"type": "object", "properties": {"a": {"enum": [1]}}}


@pytest.mark.parametrize(
    ("model", "tools", "native"),
    [("gemini-3.8-flash", TOOLS, True), ("gemini-2.5-pro", [], True), ("gemini-2.5-pro", TOOLS, False)],
)
def test_structured_output(model: str, tools: list[Json], native: bool) -> None:
    body = sent(VENDOR, model, tools=tools, output_config=FORM, system="Be brief.")
    config, words = body["generationConfig"], body["systemInstruction"]["parts"]
    assert words[0] == {"text": "Be brief."}
    assert config.get("responseJsonSchema") == (SCHEMA if native else None)
    assert config.get("responseMimeType") == ("application/json" if native else None)
    assert len(words) == (1 if native else 2) and ('"enum": [1]' in words[-1]["text"]) is not native
    names = list(body)
    assert (names[0], names[-1]) == ("systemInstruction", "contents")


def test_structured_output_in_words_without_a_system_prompt() -> None:
    body = sent(VENDOR, "gemini-2.5-pro", tools=TOOLS, output_config=FORM)
    assert len(body["systemInstruction"]["parts"]) == 1


@pytest.mark.parametrize(
    ("model", "longest", "inside"),
    [("gemini-3.8-flash", 128, True), ("gemini-2.5-pro", 64, False), ("gemini-flash-latest", 128, True)],
)
def test_profile(model: str, longest: int, inside: bool) -> None:
    profile = route(VENDOR, model).profile
    assert (profile.tool_name_max, profile.media_in_results) == (longest, inside)


def failure(code: int, message: str, status: str, *details: Json) -> Json:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def info(kind: str, **fields: Any) -> Json:
    return {"@type": f"type.googleapis.com/google.rpc.{kind}", **fields}


RETRY = info("RetryInfo", retryDelay="34.4s")
CURRENT_QUOTA = "You exceeded your current quota, please check your plan."
DAY = info("QuotaFailure", violations=[{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}])
MINUTE = info("QuotaFailure", violations=[{"quotaId": "GenerateRequestsPerMinutePerProjectPerModel"}])
LONG = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
KEY = failure(400, "API key not valid.", "INVALID_ARGUMENT", info("ErrorInfo", reason="API_KEY_INVALID"))
GONE = "models/gemini-9 is not found for API version v1beta, or is not supported for generateContent."

ERRORS: list[tuple[int, Json, type[RialtoError], int, float | None, bool | None]] = [
    (429, failure(429, CURRENT_QUOTA, "RESOURCE_EXHAUSTED", MINUTE, RETRY), RateLimited, 429, 35, None),
    (429, failure(429, CURRENT_QUOTA, "RESOURCE_EXHAUSTED", DAY, RETRY), RateLimited, 429, None, False),
    (400, KEY, Rejected, 401, None, False),
    (400, failure(400, "Unknown name.", "INVALID_ARGUMENT"), Rejected, 400, None, None),
    (400, failure(400, LONG, "INVALID_ARGUMENT"), PromptTooLong, 400, None, None),
    (403, failure(403, "No access.", "PERMISSION_DENIED"), Rejected, 403, None, False),
    (404, failure(404, GONE, "NOT_FOUND"), NotFound, 404, None, None),
    (500, failure(500, "An internal error.", "INTERNAL"), UpstreamError, 500, None, None),
    (503, failure(503, "The model is overloaded.", "UNAVAILABLE"), Overloaded, 529, None, None),
    (504, failure(504, "Deadline.", "DEADLINE_EXCEEDED"), TimedOut, 504, None, None),
]


@pytest.mark.parametrize("wrapped", [False, True], ids=["object", "array"])
@pytest.mark.parametrize("late", [False, True], ids=["refusal", "inside a 200"])
@pytest.mark.parametrize(
    ("status", "body", "kind", "seen", "wait", "retry"),
    ERRORS,
    ids=[str(item[0]) + item[1]["error"]["message"][:14] for item in ERRORS],
)
def test_errors(
    status: int,
    body: Json,
    kind: type[RialtoError],
    seen: int,
    wait: float | None,
    retry: bool | None,
    late: bool,
    wrapped: bool,
) -> None:
    error = refused(VENDOR, "gemini-3.8-flash", 200 if late else status, [body] if wrapped else body)
    assert (type(error), error.status, error.retry_after, error.should_retry) == (kind, seen, wait, retry)


def test_a_limit_without_words() -> None:
    assert refused(VENDOR, "gemini-3.8-flash", 429, "").message == "Google Gemini: HTTP 429 without a message"


def test_the_overflow_has_its_numbers() -> None:
    error = refused(VENDOR, "gemini-3.8-flash", 400, failure(400, LONG, "INVALID_ARGUMENT"))
    assert error.message == "prompt is too long: 1200000 tokens > 1048576 maximum"


def test_sampling() -> None:
    config = sent(VENDOR, "gemini-3.8-flash", temperature=0.5, top_p=0.9, top_k=40, thinking=ADAPTIVE)
    assert {key: config["generationConfig"][key] for key in ("temperature", "topP", "topK")} == {
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 40,
    }


@pytest.mark.parametrize(
    ("environment", "key"),
    [
        ({"GEMINI_API_KEY": "own", "GOOGLE_API_KEY": "other"}, "own"),
        ({"GEMINI_API_KEY": " ", "GOOGLE_API_KEY": "other"}, "other"),
        ({"GOOGLE_API_KEY": "other"}, "other"),
        ({}, None),
    ],
)
def test_key_variables(environment: dict[str, str], key: str | None) -> None:
    assert Settings.load(environment).vendor_keys.get("gemini") == key
