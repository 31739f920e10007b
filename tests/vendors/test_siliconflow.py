"""SiliconFlow: budgets, families without the switch, replay, sight, flat errors."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.bodies import (
    ADAPTIVE,
    TOOLS,
    WISHES,
    assistants,
    chosen,
    refused,
    route,
    sent,
    switches,
    tool_history,
)
from translators.core.errors import NotFound, Overloaded, RateLimited, Rejected, RialtoError
from translators.core.vendor import Json
from translators.siliconflow import VENDOR

KIMI, GLM, MINIMAX = "moonshotai/Kimi-K2.6", "zai-org/GLM-5.1", "MiniMaxAI/MiniMax-M2.5"
OFF: Json = {"enable_thinking": False}


def budget(tokens: int) -> Json:
    return {"enable_thinking": True, "thinking_budget": tokens}


EXPECTED: dict[str, Json] = {
    "silent": {},
    "off": OFF,
    "off with effort": OFF,
    "between tools": OFF,
    "adaptive": {"enable_thinking": True},
    "budget 2000": budget(8192),
    "effort alone": {"thinking_budget": 16384},
    "low": budget(4096),
    "medium": budget(8192),
    "high": budget(16384),
    "xhigh": budget(24576),
    "max": budget(32768),
}


@pytest.mark.parametrize("model", [KIMI, GLM, "Pro/zai-org/GLM-4.7", "Qwen/Qwen3-32B", "deepseek-ai/DeepSeek-V3.2"])
@pytest.mark.parametrize("wish", WISHES)
def test_budgets(wish: str, model: str) -> None:
    assert switches(VENDOR, model, wish) == EXPECTED[wish]


@pytest.mark.parametrize(
    ("wish", "fields"),
    [("off", {}), ("adaptive", {}), ("low", {"thinking_budget": 4096}), ("max", {"thinking_budget": 32768})],
)
@pytest.mark.parametrize("model", [MINIMAX, "Qwen/Qwen3-235B-A22B-Thinking-2507", "deepseek-ai/DeepSeek-R1"])
def test_always_thinking(model: str, wish: str, fields: Json) -> None:
    assert switches(VENDOR, model, wish) == fields


@pytest.mark.parametrize(
    ("wish", "fields"),
    [
        ("off", OFF),
        ("adaptive", {"enable_thinking": True}),
        ("low", {"enable_thinking": True, "reasoning_effort": "high"}),
        ("high", {"enable_thinking": True, "reasoning_effort": "high"}),
        ("xhigh", {"enable_thinking": True, "reasoning_effort": "max"}),
    ],
)
@pytest.mark.parametrize("model", ["deepseek-ai/DeepSeek-V4-Pro", "zai-org/GLM-5.2"])
def test_efforts(model: str, wish: str, fields: Json) -> None:
    assert switches(VENDOR, model, wish) == fields


@pytest.mark.parametrize(
    "model", ["Qwen/Qwen3-30B-A3B-Instruct-2507", "Qwen/Qwen3-Coder-480B-A35B-Instruct", "new/Model"]
)
@pytest.mark.parametrize("wish", ["off", "adaptive", "max"])
def test_unknown_models_get_no_switch(model: str, wish: str) -> None:
    assert switches(VENDOR, model, wish) == {}


def test_fields() -> None:
    body = sent(VENDOR, KIMI, top_k=500, temperature=0.5, stop_sequences=list("abcdef"))
    assert (body["model"], body["top_k"], body["temperature"], body["stop"]) == (KIMI, 100, 0.5, list("abcd"))
    assert body["max_tokens"] == 9000


@pytest.mark.parametrize(("model", "placeholder"), [(KIMI, "."), ("deepseek-ai/DeepSeek-V4-Pro", "."), (GLM, None)])
def test_replay(model: str, placeholder: str | None) -> None:
    body = sent(VENDOR, model, messages=tool_history(), tools=TOOLS)
    assert assistants(body)[0].get("reasoning_content") == placeholder


def test_forced_choice_on_kimi() -> None:
    body = sent(VENDOR, KIMI, tools=TOOLS, tool_choice={"type": "any"}, thinking=ADAPTIVE)
    assert (chosen(body), body["tool_choice"]) == (OFF, "required")


@pytest.mark.parametrize(
    ("model", "sees"),
    [
        (KIMI, True),
        (f"Pro/{KIMI}", True),
        (GLM, False),
        (MINIMAX, False),
        ("zai-org/GLM-4.5V", True),
        ("Qwen/Qwen3-VL-8B", True),
    ],
)
def test_sight(model: str, sees: bool) -> None:
    assert route(VENDOR, model).profile.images is sees


def flat(code: int, message: str) -> Json:
    return {"code": code, "message": message, "data": None}


@pytest.mark.parametrize(
    ("status", "body", "kind", "seen", "retry"),
    [
        (400, flat(20015, "the frobnicator must be blue"), Rejected, 400, None),
        (400, flat(20012, "Model does not exist. Please check it carefully."), NotFound, 404, None),
        (401, "Invalid token", Rejected, 401, False),
        (403, flat(30001, "Sorry, your account balance is insufficient"), Rejected, 402, False),
        (429, flat(50603, "Request was rejected due to rate limiting: TPM limit reached"), RateLimited, 429, None),
        (503, flat(50505, "Model service overloaded. Please try again later."), Overloaded, 529, None),
    ],
)
def test_errors(status: int, body: Any, kind: type[RialtoError], seen: int, retry: bool | None) -> None:
    error = refused(VENDOR, KIMI, status, body)
    assert (type(error), error.status, error.should_retry) == (kind, seen, retry)
    assert (body if isinstance(body, str) else body["message"]) in error.message


def test_address_and_key() -> None:
    target = route(VENDOR, KIMI)
    assert VENDOR.url(target.base_url, target) == "https://api.siliconflow.com/v1/chat/completions"
    assert VENDOR.auth("k") == {"authorization": "Bearer k"}
