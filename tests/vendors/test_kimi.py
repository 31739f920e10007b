"""Kimi: the switch of each family, fixed sampling, replay, tool choice, names, errors."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.bodies import ADAPTIVE, OFF, TOOLS, assistants, chosen, refused, route, sent, switches, tool_history
from translators.core.errors import Overloaded, PromptTooLong, RateLimited, Rejected, RialtoError
from translators.core.vendor import AUTO_OR_NONE, Json
from translators.kimi import VENDOR

CODE, K26, K27, K3 = "kimi-for-coding", "kimi-k2.6", "kimi-k2.7-code", "kimi-k3"
ON: Json = {"type": "enabled"}


def on(effort: str) -> Json:
    return {"thinking": {"type": "enabled", "effort": effort}}


def level(effort: str) -> Json:
    return {"reasoning_effort": effort}


COLUMNS = (K26, CODE, "k3", K3, K27)
#: Wish -> the fields for each of COLUMNS.
EXPECTED: dict[str, tuple[Json, ...]] = {
    "silent": ({}, {}, {}, {}, {}),
    "off": ({"thinking": OFF}, {"thinking": OFF}, on("low"), level("low"), {}),
    "off with effort": ({"thinking": OFF}, {"thinking": OFF}, on("low"), level("low"), {}),
    "between tools": ({"thinking": OFF}, {"thinking": OFF}, on("low"), level("low"), {}),
    "adaptive": ({"thinking": ON}, {"thinking": ON}, {"thinking": ON}, {}, {}),
    "budget 2000": ({"thinking": ON}, on("high"), on("high"), level("high"), {}),
    "effort alone": ({}, on("high"), on("high"), level("high"), {}),
    "low": ({"thinking": ON}, on("low"), on("low"), level("low"), {}),
    "medium": ({"thinking": ON}, on("high"), on("high"), level("high"), {}),
    "high": ({"thinking": ON}, on("high"), on("high"), level("high"), {}),
    "xhigh": ({"thinking": ON}, on("max"), on("max"), level("max"), {}),
    "max": ({"thinking": ON}, on("max"), on("max"), level("max"), {}),
}


@pytest.mark.parametrize(
    ("wish", "model", "fields"),
    [(wish, m, f) for wish, row in EXPECTED.items() for m, f in zip(COLUMNS, row, strict=True)],
)
def test_thinking(wish: str, model: str, fields: Json) -> None:
    assert switches(VENDOR, model, wish) == fields


def test_sampling_is_fixed() -> None:
    body = sent(VENDOR, K26, temperature=0.4, top_p=0.8, top_k=3)
    assert not {"temperature", "top_p", "top_k", "max_tokens"} & set(body)
    assert body["max_completion_tokens"] == 9000


def test_stop_sequences() -> None:
    long = "x" * 33
    assert sent(VENDOR, K26, stop_sequences=["a", long, "\n\n"])["stop"] == ["a", "\n\n"]
    assert "stop" not in sent(VENDOR, K26, stop_sequences=[long])
    assert "stop" not in sent(VENDOR, K26, stop_sequences=["é" * 17])


def test_session_becomes_the_cache_key() -> None:
    assert sent(VENDOR, CODE, session="session-1")["prompt_cache_key"] == "session-1"
    assert "prompt_cache_key" not in sent(VENDOR, CODE)


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "Read"}])
def test_forced_choice(choice: Json) -> None:
    forced = {"tools": TOOLS, "tool_choice": choice, "thinking": ADAPTIVE}
    k26, k27, k3 = (sent(VENDOR, model, **forced) for model in (K26, K27, K3))
    assert (chosen(k26), k26["tool_choice"] == "auto") == ({"thinking": OFF}, False)
    assert (chosen(k27), k27["tool_choice"]) == ({}, "auto")
    assert "Answer with a call of" in k27["messages"][0]["content"]
    assert (chosen(k3), k3["tool_choice"]) == ({}, "required")
    assert [told["role"] for told in (*k26["messages"], *k3["messages"])] == ["user", "user"]


@pytest.mark.parametrize(("model", "offered"), [(K26, ["Read", "Glob"]), (K27, ["Glob"]), (K3, ["Glob"])])
def test_a_named_tool_that_cannot_be_demanded_is_the_only_one(model: str, offered: list[str]) -> None:
    tools = [*TOOLS, {**TOOLS[0], "name": "Glob"}]
    body = sent(VENDOR, model, tools=tools, tool_choice={"type": "tool", "name": "Glob"})
    assert [tool["function"]["name"] for tool in body["tools"]] == offered


def test_tool_turns_carry_reasoning_and_no_empty_content() -> None:
    called = assistants(sent(VENDOR, K26, messages=tool_history(), tools=TOOLS))[0]
    assert called["reasoning_content"].strip()
    assert "content" not in called


def test_short_tool_names_are_padded() -> None:
    body = sent(VENDOR, K26, tools=[{"name": "ls", "input_schema": {"type": "object"}}])
    assert len(body["tools"][0]["function"]["name"]) >= 3


def test_schemas_follow_moonshots_subset() -> None:
    schema = {"type": "object", "properties": {"mode": {"enum": ["a", "b"]}}}
    body = sent(VENDOR, K26, tools=[{"name": "Read", "input_schema": schema}])
    assert body["tools"][0]["function"]["parameters"]["properties"]["mode"]["type"] == "string"


@pytest.mark.parametrize(
    ("model", "sees"), [(CODE, True), (K26, True), (K3, True), ("kimi-k2-thinking", False), ("moonshot-v1-8k", False)]
)
def test_sight(model: str, sees: bool) -> None:
    assert route(VENDOR, model).profile.images is sees


def test_choices_by_family() -> None:
    assert route(VENDOR, K27).profile.tool_choices == AUTO_OR_NONE
    assert route(VENDOR, K26).profile.tool_choices_thinking == AUTO_OR_NONE
    assert "required" in route(VENDOR, K3).profile.tool_choices_thinking


def said(message: str, kind: str = "invalid_request_error") -> Json:
    return {"error": {"message": message, "type": kind}}


GATE = "Kimi For Coding is currently only available for Coding Agents such as Kimi CLI"
QUOTA = "You exceeded your current quota, please check your account balance"
PLAN = "You've reached your usage limit for this billing cycle"
OVERFLOW = "Invalid request: Your request exceeded model token limit: 262144 (requested: 269030)"


@pytest.mark.parametrize(
    ("status", "body", "kind", "seen", "retry"),
    [
        (429, said(QUOTA, "exceeded_current_quota_error"), RateLimited, 429, False),
        (429, said("You've reached your usage limit for this period", "rate_limit_error"), RateLimited, 429, False),
        (429, said("We're receiving too many requests", "rate_limit_reached_error"), RateLimited, 429, None),
        (429, said("The engine is currently overloaded, please try again later"), Overloaded, 529, None),
        (403, said(PLAN, "permission_error"), RateLimited, 429, False),
        (403, said(GATE, "access_terminated_error"), Rejected, 403, False),
        (402, said("We are unable to verify your membership benefits"), Rejected, 402, False),
        (401, said("Invalid Authentication", "invalid_authentication_error"), Rejected, 401, False),
        (400, said(OVERFLOW), PromptTooLong, 400, None),
    ],
)
def test_errors(status: int, body: Any, kind: type[RialtoError], seen: int, retry: bool | None) -> None:
    error = refused(VENDOR, K26, status, body)
    assert (type(error), error.status, error.should_retry) == (kind, seen, retry)


def test_error_messages() -> None:
    assert refused(VENDOR, CODE, 403, said(PLAN)).message == f"Kimi: {PLAN}"
    assert "KIMI_BASE_URL" in refused(VENDOR, CODE, 403, said(GATE)).message
    assert refused(VENDOR, K26, 400, said(OVERFLOW)).message == "prompt is too long: 269030 tokens > 262144 maximum"


def test_address_and_key() -> None:
    target = route(VENDOR, CODE)
    assert VENDOR.url(target.base_url, target) == "https://api.kimi.com/coding/v1/chat/completions"
    assert VENDOR.auth("k") == {"authorization": "Bearer k"}


BEGUN: list[Json] = [{"role": "user", "content": "go"}, {"role": "assistant", "content": "{"}]


@pytest.mark.parametrize("model", ["kimi-k2.6", "moonshot-v1-8k"])
def test_a_prefill_is_marked(model: str) -> None:
    body = sent(VENDOR, model, messages=BEGUN)
    assert body["messages"][-1] == {"role": "assistant", "content": "{", "partial": True}
    assert body.get("thinking", OFF) == OFF


@pytest.mark.parametrize("model", ["kimi-k2.7-code", "kimi-k3", "kimi-for-coding"])
def test_models_that_always_think_are_told_in_words(model: str) -> None:
    assert [message["role"] for message in sent(VENDOR, model, messages=BEGUN)["messages"]] == [
        "user",
        "assistant",
        "user",
    ]


def test_no_mark_beside_a_schema() -> None:
    form = {"format": {"type": "json_schema", "schema": {"type": "object"}}}
    assert "partial" not in str(sent(VENDOR, "kimi-k2.6", messages=BEGUN, output_config=form))
