"""Mistral: nothing that its schema lacks, call ids, the order of roles, reasoning as parts, 422 lists."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.vendors.bodies import TOOLS, WISHES, assistants, chosen, refused, route, sent, tool_history
from translators.core.deltas import Text, Thinking, ToolCall
from translators.core.errors import PromptTooLong, RateLimited, Rejected, RialtoError
from translators.core.thinking import Signature, sign
from translators.core.vendor import Json
from translators.mistral import VENDOR

MODEL = "mistral-medium-3.5"
#: Top-level fields of ChatCompletionRequest at https://docs.mistral.ai/api, as far as they are used.
KNOWN = {
    *("model", "messages", "stream", "max_tokens", "temperature", "top_p", "stop", "tools", "tool_choice"),
    *("parallel_tool_calls", "response_format", "reasoning_effort"),
}

HIGH, NONE = {"reasoning_effort": "high"}, {"reasoning_effort": "none"}
EXPECTED: dict[str, Json] = {
    **dict.fromkeys(WISHES, HIGH),
    "silent": {},
    "off": NONE,
    "off with effort": NONE,
    "between tools": NONE,
}


@pytest.mark.parametrize("wish", WISHES)
def test_thinking(wish: str) -> None:
    for model in (MODEL, "mistral-small-latest", "mistral-large-4"):
        assert chosen(sent(VENDOR, model, **WISHES[wish])) == EXPECTED[wish]
    for model in ("codestral-latest", "magistral-medium-latest", "mistral-large-2512"):
        assert chosen(sent(VENDOR, model, **WISHES[wish])) == {}


def test_a_low_effort_alone_is_no_wish_to_think() -> None:
    assert chosen(sent(VENDOR, MODEL, output_config={"effort": "low"})) == {}


PDF: Json = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
DOCUMENT_PART: Json = {"type": "document_url", "document_url": "data:application/pdf;base64,JVBERi0="}


def test_documents() -> None:
    text = {"type": "text", "text": "Look."}
    document = {"type": "document", "title": "a.pdf", "source": PDF}
    body = sent(VENDOR, MODEL, messages=[{"role": "user", "content": [document, text]}])
    assert body["messages"] == [{"role": "user", "content": [DOCUMENT_PART, text]}]
    body = sent(VENDOR, "codestral-latest", messages=[{"role": "user", "content": [document, text]}])
    assert "document_url" not in str(body)


def test_documents_of_a_tool() -> None:
    result = {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "document", "source": PDF}]}
    call = {"type": "tool_use", "id": "t1", "name": "Read", "input": {}}
    turns = [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    body = sent(VENDOR, MODEL, messages=[{"role": "user", "content": "go"}, *turns], tools=TOOLS)
    assert body["messages"][-1]["content"][-1] == DOCUMENT_PART


def test_only_known_fields() -> None:
    tools = [{**TOOLS[0], "strict": True, "cache_control": {"type": "ephemeral"}}]
    body = sent(
        VENDOR,
        MODEL,
        stream=True,
        tools=tools,
        tool_choice={"type": "any", "disable_parallel_tool_use": True},
        temperature=0.2,
        top_p=0.9,
        top_k=4,
        stop_sequences=["X"],
        metadata={"user_id": "u"},
        session="s",
        **WISHES["max"],
    )
    assert set(body) <= KNOWN
    assert (body["tool_choice"], body["parallel_tool_calls"]) == ("required", False)
    assert set(body["tools"][0]) == {"type", "function"}
    assert set(body["tools"][0]["function"]) == {"name", "description", "parameters"}


def test_call_ids_and_the_order_of_roles() -> None:
    history = tool_history()
    history[2]["content"].append({"type": "text", "text": "and be quick"})
    messages = sent(VENDOR, MODEL, messages=history, tools=TOOLS)["messages"]
    assert [message["role"] for message in messages[:5]] == ["user", "assistant", "tool", "assistant", "user"]
    made = messages[1]["tool_calls"][0]["id"]
    assert re.fullmatch(r"[A-Za-z0-9]{9}", made)
    assert messages[2]["tool_call_id"] == made
    assert all(message.get("content") or message.get("tool_calls") for message in messages)


@pytest.mark.parametrize(
    ("model", "replayed"), [(MODEL, True), ("magistral-medium-latest", True), ("codestral-latest", False)]
)
def test_reasoning_goes_back_as_a_part(model: str, replayed: bool) -> None:
    thinking = {"type": "thinking", "thinking": "why", "signature": sign(Signature("mistral", model))}
    history = tool_history(thinking, {"type": "text", "text": "so"})
    message = assistants(sent(VENDOR, model, messages=history, tools=TOOLS))[0]
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "why"}], "closed": True},
        {"type": "text", "text": "so"},
    ]
    assert message["content"] == (parts if replayed else "so")
    assert "reasoning_content" not in message


def test_content_parts_and_calls_without_index_are_read() -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "2+2"}]}
    calls = [{"id": "gSIMJiOkT", "function": {"name": "Read", "arguments": '{"p": "a"}'}}]
    said: list[Json] = [{"content": [thought, {"type": "text", "text": "4"}]}, {"content": None, "tool_calls": calls}]
    deltas = [delta for delta_ in said for delta in VENDOR.protocol.chunk({"choices": [{"index": 0, "delta": delta_}]})]
    spoken = [delta for delta in deltas if not isinstance(delta, Thinking | Text) or delta.text]
    assert spoken == [Thinking("2+2"), Text("4"), ToolCall(None, "gSIMJiOkT", "Read", '{"p": "a"}')]


@pytest.mark.parametrize(
    ("model", "sees"), [(MODEL, True), ("codestral-latest", False), ("pixtral-large-latest", True)]
)
def test_sight(model: str, sees: bool) -> None:
    assert route(VENDOR, model).profile.images is sees


EXTRA = {"detail": [{"type": "extra_forbidden", "loc": ["body", "user"], "msg": "Extra inputs are not permitted"}]}
OVERFLOW = "Prompt contains 140000 tokens and 0 draft tokens, too large for model with 131072 maximum context length"


@pytest.mark.parametrize(
    ("status", "body", "kind", "seen", "words"),
    [
        (422, EXTRA, Rejected, 400, "Mistral: user: Extra inputs are not permitted"),
        (422, {"detail": "no"}, Rejected, 400, "Mistral: no"),
        (401, {"message": "Unauthorized", "request_id": "r"}, Rejected, 401, "Unauthorized"),
        (429, {"message": "Requests rate limit exceeded"}, RateLimited, 429, "rate limit"),
        (400, {"object": "error", "message": OVERFLOW, "code": "3051"}, PromptTooLong, 400, "140000 tokens > 131072"),
    ],
)
def test_errors(status: int, body: Any, kind: type[RialtoError], seen: int, words: str) -> None:
    error = refused(VENDOR, MODEL, status, body)
    assert (type(error), error.status) == (kind, seen)
    assert words in error.message


def test_a_prefill_is_marked() -> None:
    begun = [{"role": "user", "content": "go"}, {"role": "assistant", "content": "{"}]
    last = sent(VENDOR, "mistral-large-4", messages=begun)["messages"][-1]
    assert last == {"role": "assistant", "content": "{", "prefix": True}
    assert sent(VENDOR, "magistral-medium", messages=begun)["messages"][-1]["role"] == "user"
