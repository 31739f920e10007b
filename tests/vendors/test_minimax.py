"""MiniMax: the switch of M3, split reasoning, ranges, errors inside a 200."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.bodies import OFF, TOOLS, WISHES, assistants, chosen, refused, route, sent, tool_history
from translators.core.deltas import Opaque, Text, Thinking
from translators.core.errors import Fault, PromptTooLong, RateLimited, Rejected, RialtoError, TimedOut, UpstreamError
from translators.core.thinking import Signature, sign
from translators.core.vendor import Json
from translators.minimax import VENDOR

M3, M2 = "MiniMax-M3", "MiniMax-M2.7"
DISABLED = {"thinking": OFF}


@pytest.mark.parametrize("wish", WISHES)
def test_thinking(wish: str) -> None:
    known = {"silent": {}, "effort alone": {}, "off": DISABLED, "off with effort": DISABLED, "between tools": DISABLED}
    assert chosen(sent(VENDOR, M3, **WISHES[wish])) == known.get(wish, {"thinking": {"type": "adaptive"}})
    assert chosen(sent(VENDOR, M2, **WISHES[wish])) == {}


def test_fields() -> None:
    wished = {"type": "any", "disable_parallel_tool_use": True}
    form = {"format": {"type": "json_schema", "schema": {"type": "object"}}}
    body = sent(VENDOR, M3, tools=TOOLS, tool_choice=wished, temperature=0, output_config=form)
    assert (body["reasoning_split"], body["max_completion_tokens"], body["temperature"]) == (True, 9000, 0.01)
    assert not {"tool_choice", "parallel_tool_calls", "max_tokens", "response_format"} & set(body)
    assert "Answer with a call of one of the tools." in body["messages"][0]["content"]
    assert sent(VENDOR, M3, temperature=0.7)["temperature"] == 0.7
    assert sent(VENDOR, M3, temperature=0.001)["temperature"] == 0.01


def test_reasoning_details_make_the_round_trip() -> None:
    detail = {"type": "reasoning.text", "index": 0, "text": "why"}
    data: Json = {"choices": [{"index": 0, "delta": {"content": "so", "reasoning_details": [detail]}}]}
    deltas = list(VENDOR.protocol.chunk(VENDOR.read(data)))
    assert deltas == [Thinking("why"), Opaque("reasoning_details", detail), Text("so")]
    signature = sign(Signature("minimax", M3, opaque=(("reasoning_details", detail),)))
    block = {"type": "thinking", "thinking": "why", "signature": signature}
    message = assistants(sent(VENDOR, M3, messages=tool_history(block), tools=TOOLS))[0]
    assert message["reasoning_details"] == [detail]


@pytest.mark.parametrize(("model", "sees"), [(M3, True), (M2, False)])
def test_sight(model: str, sees: bool) -> None:
    assert route(VENDOR, model).profile.images is sees


def outcome(code: int, words: str = "words") -> Json:
    return {"base_resp": {"status_code": code, "status_msg": words}}


@pytest.mark.parametrize("decode", [VENDOR.protocol.chunk, VENDOR.protocol.whole])
def test_a_bad_outcome_is_an_error(decode: Any) -> None:
    with pytest.raises(Fault) as caught:
        list(decode(VENDOR.read(outcome(1008, "insufficient balance"))))
    error = refused(VENDOR, M3, 200, caught.value.body)
    assert (type(error), error.status, error.message) == (Rejected, 402, "MiniMax: insufficient balance (1008)")


def test_a_good_outcome_changes_nothing() -> None:
    data = {"choices": [{"index": 0, "delta": {"content": "x"}}], **outcome(0)}
    assert VENDOR.read(data) is data


@pytest.mark.parametrize(
    ("code", "words", "kind", "seen", "retry"),
    [
        (1000, "unknown", UpstreamError, 502, None),
        (1001, "timeout", TimedOut, 504, None),
        (1002, "rate limit", RateLimited, 429, None),
        (1004, "not authorized", Rejected, 401, False),
        (1026, "sensitive", Rejected, 400, False),
        (1039, "token limit", RateLimited, 429, None),
        (2013, "invalid params, tool result's tool id not found", Rejected, 400, False),
        (2013, "invalid params, context window exceeds limit", PromptTooLong, 400, None),
        (2049, "invalid api key", Rejected, 401, False),
        (2056, "usage limit exceeded", RateLimited, 429, False),
    ],
)
def test_errors(code: int, words: str, kind: type[RialtoError], seen: int, retry: bool | None) -> None:
    error = refused(VENDOR, M3, 200, outcome(code, words))
    assert (type(error), error.status, error.should_retry) == (kind, seen, retry)


def test_plain_errors_are_left_to_the_common_reader() -> None:
    error = refused(VENDOR, M3, 401, {"error": {"message": "login fail", "type": "authorized_error"}})
    assert (type(error), error.status) == (Rejected, 401)


def test_a_named_tool_is_the_only_one() -> None:
    tools = [*TOOLS, {**TOOLS[0], "name": "Glob"}]
    body = sent(VENDOR, M3, tools=tools, tool_choice={"type": "tool", "name": "Glob"}, system="Sample.")
    assert [tool["function"]["name"] for tool in body["tools"]] == ["Glob"]
    assert body["messages"][0] == {"role": "system", "content": "Sample.\nAnswer with a call of the tool."}


@pytest.mark.parametrize("choice", [None, {"type": "auto"}])
def test_a_free_choice_is_not_sent(choice: Any) -> None:
    body = sent(VENDOR, M3, tools=TOOLS, tool_choice=choice)
    assert "tool_choice" not in body
    assert [told["role"] for told in body["messages"]] == ["user"]


def test_tools_that_may_not_be_called_are_not_shown() -> None:
    assert "tools" not in sent(VENDOR, "MiniMax-M3", tools=TOOLS, tool_choice={"type": "none"})
