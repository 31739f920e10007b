"""DeepSeek: the body fields for every wish, replay, tool choice, sight, errors."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.bodies import (
    ADAPTIVE,
    OFF,
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
from translators.core.errors import Overloaded, PromptTooLong, RateLimited, Rejected, RialtoError
from translators.core.vendor import Json
from translators.deepseek import VENDOR

PRO, FLASH = "deepseek-v4-pro", "deepseek-v4-flash"
ON: Json = {"type": "enabled"}

EXPECTED: dict[str, Json] = {
    "silent": {},
    "off": {"thinking": OFF},
    "off with effort": {"thinking": OFF},
    "between tools": {"thinking": OFF},
    "adaptive": {"thinking": ON},
    "budget 2000": {"thinking": ON, "reasoning_effort": "high"},
    "effort alone": {"reasoning_effort": "high"},
    "low": {"thinking": ON, "reasoning_effort": "low"},
    "medium": {"thinking": ON, "reasoning_effort": "high"},
    "high": {"thinking": ON, "reasoning_effort": "high"},
    "xhigh": {"thinking": ON, "reasoning_effort": "high"},
    "max": {"thinking": ON, "reasoning_effort": "max"},
}


@pytest.mark.parametrize("wish", WISHES)
def test_thinking(wish: str) -> None:
    assert switches(VENDOR, PRO, wish) == EXPECTED[wish]


def test_fields() -> None:
    body = sent(VENDOR, PRO, tools=TOOLS, temperature=0.3, stop_sequences=[str(n) for n in range(20)], top_k=5)
    assert (body["model"], body["max_tokens"], body["temperature"], len(body["stop"])) == (PRO, 9000, 0.3, 16)
    assert not {"max_completion_tokens", "top_k", "prompt_cache_key", "parallel_tool_calls"} & set(body)
    assert list(body)[-1] == "messages"


def test_schema_becomes_json_object() -> None:
    form = {"format": {"type": "json_schema", "schema": {"type": "object"}}}
    assert sent(VENDOR, PRO, output_config=form)["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "Read"}])
def test_forced_choice_switches_thinking_off(choice: Json) -> None:
    for wish in ({"thinking": ADAPTIVE}, {}):
        assert chosen(sent(VENDOR, PRO, tools=TOOLS, tool_choice=choice, **wish)) == {"thinking": OFF}


@pytest.mark.parametrize("choice", [{"type": "auto"}, {"type": "none"}])
def test_free_choice_keeps_thinking(choice: Json) -> None:
    assert chosen(sent(VENDOR, PRO, tools=TOOLS, tool_choice=choice, thinking=ADAPTIVE)) == {"thinking": ON}


def test_lost_reasoning_gets_a_placeholder_on_every_turn() -> None:
    body = sent(VENDOR, PRO, messages=tool_history(), tools=TOOLS)
    assert [message["reasoning_content"] for message in assistants(body)] == [" ", " "]
    assert assistants(body)[0]["content"] == ""


def test_no_placeholder_on_plain_turns_without_thinking() -> None:
    body = sent(VENDOR, PRO, messages=tool_history(), tools=TOOLS, thinking=OFF)
    assert "reasoning_content" not in assistants(body)[1]


@pytest.mark.parametrize(
    ("model", "sees"), [(PRO, False), (FLASH, True), ("deepseek-flash", True), ("deepseek-v4-flash-vision-exp", True)]
)
def test_sight(model: str, sees: bool) -> None:
    assert route(VENDOR, model).profile.images is sees


def said(message: str, kind: str = "invalid_request_error") -> Json:
    return {"error": {"message": message, "type": kind, "param": None, "code": kind}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "seen", "retry"),
    [
        (400, said("Thinking mode does not support this tool_choice"), Rejected, 400, None),
        (401, said("Authentication Fails", "authentication_error"), Rejected, 401, False),
        (402, said("Insufficient Balance", "unknown_error"), Rejected, 402, False),
        (422, said("bad parameter"), Rejected, 400, None),
        (429, said("Rate limit reached"), RateLimited, 429, None),
        (503, said("Service is too busy", "service_unavailable_error"), Overloaded, 529, None),
        (
            400,
            said("This model's maximum context length is 1048576 tokens. However, you requested 1060000 tokens"),
            PromptTooLong,
            400,
            None,
        ),
    ],
)
def test_errors(status: int, body: Any, kind: type[RialtoError], seen: int, retry: bool | None) -> None:
    error = refused(VENDOR, PRO, status, body)
    assert (type(error), error.status, error.should_retry) == (kind, seen, retry)


def test_address_and_key() -> None:
    target = route(VENDOR, PRO, base_url="http://host/deepseek/v1")
    assert VENDOR.url(target.base_url, target) == "http://host/deepseek/v1/chat/completions"
    assert VENDOR.auth("k") == {"authorization": "Bearer k"}
    assert (VENDOR.address_variable, VENDOR.key_variable) == ("DEEPSEEK_BASE_URL", "DEEPSEEK_API_KEY")


BEGUN: list[Json] = [{"role": "user", "content": "go"}, {"role": "assistant", "content": "{"}]


@pytest.mark.parametrize(
    ("base", "fields", "url"),
    [
        ("https://api.deepseek.com", {"messages": BEGUN}, "https://api.deepseek.com/beta/chat/completions"),
        ("https://api.deepseek.com/v1", {"messages": BEGUN}, "https://api.deepseek.com/beta/chat/completions"),
        ("https://api.deepseek.com", {"messages": BEGUN[:1]}, "https://api.deepseek.com/chat/completions"),
        ("https://gateway.test/v1", {"messages": BEGUN}, "https://gateway.test/v1/chat/completions"),
        (
            "https://api.deepseek.com",
            {"messages": BEGUN, "thinking": {"type": "adaptive"}},
            "https://api.deepseek.com/chat/completions",
        ),
    ],
)
def test_only_the_beta_host_goes_on_with_an_answer(base: str, fields: Json, url: str) -> None:
    where = route(VENDOR, "deepseek-v4-pro", base_url=base).carrying({"max_tokens": 100, **fields})
    assert VENDOR.url(base, where) == url


def test_a_prefill_is_marked_and_thinking_is_off() -> None:
    body = sent(VENDOR, "deepseek-v4-pro", messages=BEGUN)
    assert body["messages"][-1] == {"role": "assistant", "content": "{", "prefix": True}
    assert body["thinking"] == {"type": "disabled"}
