"""OpenRouter: the `reasoning` object, mandatory reasoning, replay, cache marks, credits, 404s."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.bodies import ADAPTIVE, OFF, TOOLS, WISHES, assistants, refused, route, sent, tool_history
from translators.core.errors import (
    NotFound,
    OutputTooLong,
    PromptTooLong,
    RateLimited,
    Rejected,
    RialtoError,
    UpstreamError,
)
from translators.core.thinking import Signature, sign
from translators.core.vendor import Json
from translators.openrouter import VENDOR

MODEL = "vendor/model-x"

EXPECTED: dict[str, Json | None] = {
    "silent": None,
    "off": {"enabled": False},
    "off with effort": {"enabled": False},
    "between tools": {"enabled": False},
    "adaptive": {"enabled": True},
    "budget 2000": {"effort": "medium"},
    "effort alone": {"effort": "high"},
    **{level: {"effort": level} for level in ("low", "medium", "high", "xhigh", "max")},
}


@pytest.mark.parametrize("wish", WISHES)
def test_thinking(wish: str) -> None:
    assert sent(VENDOR, MODEL, **WISHES[wish]).get("reasoning") == EXPECTED[wish]


@pytest.mark.parametrize(
    ("model", "reasoning"),
    [
        ("minimax/minimax-m2.5", {"effort": "low"}),
        ("stepfun/step-3.5-flash:free", {"effort": "low"}),
        ("google/gemini-3.7-flash", {"effort": "low"}),
        ("openai/gpt-oss-120b", {"effort": "low"}),
        ("openai/gpt-5", {"effort": "low"}),
        ("openai/gpt-5.2", {"enabled": False}),
        ("google/gemini-2.5-flash", {"enabled": False}),
        ("minimax/minimax-m3", {"enabled": False}),
    ],
)
def test_mandatory_reasoning_is_only_lowered(model: str, reasoning: Json) -> None:
    assert sent(VENDOR, model, thinking=OFF)["reasoning"] == reasoning


@pytest.mark.parametrize(
    ("model", "choice", "reasoning"),
    [
        ("anthropic/claude-sonnet-5", "any", {"enabled": False}),
        ("anthropic/claude-sonnet-5", "auto", {"enabled": True}),
        (MODEL, "any", {"enabled": True}),
    ],
)
def test_forced_choice(model: str, choice: str, reasoning: Json) -> None:
    body = sent(VENDOR, model, tools=TOOLS, tool_choice={"type": choice}, thinking=ADAPTIVE)
    assert body["reasoning"] == reasoning


def test_fields() -> None:
    marked = [{"type": "text", "text": "Hello", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    body = sent(VENDOR, MODEL, session="s-1", messages=[{"role": "user", "content": marked}])
    assert body["session_id"] == "s-1"
    assert body["messages"][0]["content"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert sent(VENDOR, MODEL, max_tokens=1)["max_tokens"] == 16


def test_documents_travel_as_files() -> None:
    source = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
    content = [{"type": "document", "title": "a.pdf", "source": source}]
    part = sent(VENDOR, MODEL, messages=[{"role": "user", "content": content}])["messages"][0]["content"][0]
    assert part["file"] == {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}


def test_details_come_back_merged() -> None:
    fragment = {"type": "reasoning.text", "format": "anthropic-claude-v1", "index": 0}
    fragments = [{**fragment, "text": "Hm "}, {**fragment, "text": "yes"}, {**fragment, "signature": "EqQB"}]
    parts = tuple(("reasoning_details", detail) for detail in fragments)
    block = {"type": "thinking", "thinking": "Hm yes", "signature": sign(Signature("openrouter", MODEL, opaque=parts))}
    message = assistants(sent(VENDOR, MODEL, messages=tool_history(block), tools=TOOLS))[0]
    assert message["reasoning_details"] == [{**fragment, "text": "Hm yes", "signature": "EqQB"}]


CLAUDE = "anthropic/claude-sonnet-5"
SIGNED: Json = {"type": "reasoning.text", "text": "t", "signature": "EqQB", "format": "anthropic-claude-v1", "index": 0}
UNSIGNED: Json = {name: value for name, value in SIGNED.items() if name != "signature"}
NAMELESS: Json = {"type": "reasoning.text", "text": "t", "signature": "", "index": 0}
REDACTED: Json = {"type": "reasoning.encrypted", "data": "x", "format": "anthropic-claude-v1", "index": 0}
GEMINIS: Json = {**UNSIGNED, "format": "google-gemini-v1"}


@pytest.mark.parametrize(
    ("maker", "model", "detail", "kept"),
    [
        (CLAUDE, CLAUDE, SIGNED, {"reasoning_details": [SIGNED]}),
        (CLAUDE, CLAUDE, REDACTED, {"reasoning_details": [REDACTED]}),
        (CLAUDE, CLAUDE, UNSIGNED, {}),
        (CLAUDE, CLAUDE, NAMELESS, {}),
        (MODEL, CLAUDE, GEMINIS, {}),
        (CLAUDE, MODEL, SIGNED, {"reasoning": "t"}),
        (MODEL, MODEL, GEMINIS, {"reasoning_details": [GEMINIS]}),
    ],
)
def test_claude_gets_signed_reasoning_only(maker: str, model: str, detail: Json, kept: Json) -> None:
    signature = sign(Signature("openrouter", maker, opaque=(("reasoning_details", detail),)))
    block = {"type": "thinking", "thinking": "t", "signature": signature}
    message = assistants(sent(VENDOR, model, messages=tool_history(block), tools=TOOLS))[0]
    assert {name: message[name] for name in ("reasoning", "reasoning_details") if name in message} == kept


def said(code: int, message: str, **metadata: Any) -> Json:
    return {"error": {"code": code, "message": message, "metadata": metadata}}


POOR = (
    "This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford {}."
)
RAW = '{"error":{"message":"prompt is too long: 213000 tokens > 200000 maximum"}}'


@pytest.mark.parametrize(
    ("status", "body", "kind", "seen", "retry", "words"),
    [
        (402, said(402, POOR.format(9000)), OutputTooLong, 400, None, "0 + 65536 > 9000"),
        (402, said(402, POOR.format(100)), Rejected, 402, False, "can only afford 100"),
        (402, said(402, "Insufficient credits"), Rejected, 402, False, "Insufficient credits"),
        (404, said(404, "No endpoints found for nobody/none."), NotFound, 404, None, "model: openrouter/"),
        (404, said(404, "No endpoints found that support tool use."), Rejected, 400, False, "support tool use"),
        (400, said(400, "Provider returned error", raw=RAW), PromptTooLong, 400, None, "213000 tokens > 200000"),
        (429, said(429, "Rate limit exceeded"), RateLimited, 429, None, "OpenRouter: Rate limit"),
        (502, said(502, "Provider returned error"), UpstreamError, 502, None, "Provider returned"),
        (200, said(402, "Insufficient credits"), Rejected, 402, False, "Insufficient credits"),
    ],
)
def test_errors(status: int, body: Any, kind: type[RialtoError], seen: int, retry: bool | None, words: str) -> None:
    error = refused(VENDOR, MODEL, status, body)
    assert (type(error), error.status, error.should_retry) == (kind, seen, retry)
    assert words in error.message


def test_address_and_key() -> None:
    assert VENDOR.url(VENDOR.base_url, route(VENDOR, MODEL)) == "https://openrouter.ai/api/v1/chat/completions"
    assert VENDOR.auth("k") == {"authorization": "Bearer k"}
    assert (VENDOR.address_variable, VENDOR.key_variable) == ("OPENROUTER_BASE_URL", "OPENROUTER_API_KEY")
