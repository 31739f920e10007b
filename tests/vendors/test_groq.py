"""Groq: efforts and format by model, replay, tool validation, limits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.bodies import OFF, TOOLS, WISHES, assistants, refused, route, sent, tool_history
from translators.core.errors import Broke, Overloaded, PromptTooLong, RateLimited, Rejected, RialtoError
from translators.core.thinking import Signature, sign
from translators.core.vendor import Json
from translators.groq import VENDOR

OSS, QWEN = "openai/gpt-oss-120b", "qwen/qwen3.8-27b"
LEVELS = {"low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}
GIVEN = {"budget 2000": "medium", "effort alone": "high", **LEVELS}


def chosen(model: str, **message: Any) -> Json:
    """The steering fields of a body."""
    body = sent(VENDOR, model, **message)
    return {name: body[name] for name in ("reasoning_effort", "reasoning_format", "include_reasoning") if name in body}


@pytest.mark.parametrize("wish", WISHES)
def test_thinking(wish: str) -> None:
    off = wish in ("off", "off with effort", "between tools")
    oss = "low" if off else GIVEN.get(wish)
    qwen = "none" if off else GIVEN.get(wish, "default" if wish == "adaptive" else None)
    older = "none" if off else None if wish == "silent" else "default"
    assert chosen(OSS, **WISHES[wish]) == ({"reasoning_effort": oss} if oss else {})
    for model, effort in ((QWEN, qwen), ("qwen/qwen3-32b", older)):
        fields = {"reasoning_format": "parsed", **({"reasoning_effort": effort} if effort else {})}
        assert chosen(model, **WISHES[wish]) == fields
    assert chosen("llama-3.3-70b-versatile", **WISHES[wish]) == {}


def test_fields() -> None:
    form = {"format": {"type": "json_schema", "schema": {"type": "object"}}}
    body = sent(VENDOR, OSS, stream=True, output_config=form)
    assert (body["max_completion_tokens"], body["stream_options"]) == (9000, {"include_usage": True})
    assert not {"response_format", "max_tokens", "disable_tool_validation"} & set(body)


@pytest.mark.parametrize(
    ("choice", "left"), [(None, True), ({"type": "any"}, True), ({"type": "tool", "name": "Read"}, None)]
)
def test_calls_are_checked_by_the_client(choice: Json | None, left: bool | None) -> None:
    body = sent(VENDOR, OSS, tools=TOOLS, **({"tool_choice": choice} if choice else {}))
    assert body.get("disable_tool_validation") is left


def test_reasoning_comes_back_and_nothing_is_null() -> None:
    block = {"type": "thinking", "thinking": "why", "signature": sign(Signature("groq", OSS))}
    message = assistants(sent(VENDOR, OSS, messages=tool_history(block), tools=TOOLS))[0]
    assert message["reasoning"] == "why"
    assert set(message) == {"role", "reasoning", "tool_calls"}


@pytest.mark.parametrize(("model", "sees"), [(OSS, False), (QWEN, True), ("meta-llama/llama-4-scout-17b", True)])
def test_sight(model: str, sees: bool) -> None:
    assert route(VENDOR, model).profile.images is sees


def said(message: str, code: str, **more: Any) -> Json:
    return {"error": {"message": message, "type": "invalid_request_error", "code": code, **more}}


FAULT = "Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details."
MISMATCH = "tool call validation failed: parameters for tool Read did not match schema: errors: [...]"
LARGE = (
    "Request too large for model `openai/gpt-oss-120b` on tokens per minute (TPM): Limit 8000, Requested 26412, "
    "please reduce your message size and try again."
)
LIMIT = "Rate limit reached for model `x` on tokens per minute (TPM): Limit 8000, Used 7000, Requested 2000."


@pytest.mark.parametrize(
    ("status", "body", "kind", "seen", "retry", "words"),
    [
        (400, said(FAULT, "tool_use_failed", failed_generation="{"), Broke, 502, True, "Groq: Failed to call"),
        (200, said(FAULT, "tool_use_failed"), Broke, 502, True, "Groq: Failed to call"),
        (400, said(MISMATCH, ""), Broke, 502, True, "Groq: tool call validation"),
        (413, said(LARGE, "rate_limit_exceeded"), PromptTooLong, 400, None, "26412 tokens > 8000 maximum (Groq:"),
        (429, said(LIMIT, "rate_limit_exceeded"), RateLimited, 429, None, "Groq: Rate limit reached"),
        (498, said("Flex capacity exceeded", "capacity_exceeded"), Overloaded, 529, None, "Flex capacity"),
        (400, said("property 'reasoning_content' is unsupported", ""), Rejected, 400, None, "unsupported"),
    ],
)
def test_errors(status: int, body: Any, kind: type[RialtoError], seen: int, retry: bool | None, words: str) -> None:
    error = refused(VENDOR, OSS, status, body)
    assert (type(error), error.status, error.should_retry) == (kind, seen, retry)
    assert words in error.message


def test_thinking_cannot_be_switched_off_everywhere() -> None:
    assert chosen(OSS, thinking=OFF) == {"reasoning_effort": "low"}


FORM: Json = {"format": {"type": "json_schema", "schema": {"type": "object", "properties": {"a": {"type": "string"}}}}}


def test_a_tool_takes_an_answer_by_a_schema() -> None:
    body = sent(VENDOR, "openai/gpt-oss-120b", output_config=FORM)
    [tool] = body["tools"]
    assert tool["function"]["parameters"]["properties"] == {"a": {"type": "string"}}
    assert body["tool_choice"] == {"type": "function", "function": {"name": tool["function"]["name"]}}
    assert "response_format" not in body


def test_beside_tools_the_schema_goes_in_words() -> None:
    body = sent(VENDOR, "openai/gpt-oss-120b", output_config=FORM, tools=TOOLS)
    assert len(body["tools"]) == len(sent(VENDOR, "openai/gpt-oss-120b", tools=TOOLS)["tools"])
    assert '"properties": {"a"' in body["messages"][0]["content"]
