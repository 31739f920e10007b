"""NVIDIA NIM: the switch of each model, the operator's settings, problem+json."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.bodies import ADAPTIVE, OFF, TOOLS, WISHES, assistants, refused, route, sent, tool_history
from translators.core.errors import NotFound, PromptTooLong, RateLimited, Rejected, RialtoError
from translators.core.thinking import Signature, sign
from translators.core.vendor import Json
from translators.nvidia import VENDOR

QWEN, NEMOTRON = "qwen/qwen3-next", "nvidia/nemotron-3-super-120b-a12b"
OLDER = "nvidia/llama-3.3-nemotron-super-49b-v1"
FIELDS = ("chat_template_kwargs", "reasoning_effort", "reasoning_budget")


def chosen(model: str, extra: Json | None = None, **message: Any) -> Json:
    """The steering fields of a body."""
    body = sent(VENDOR, model, extra, **message)
    return {name: body[name] for name in FIELDS if name in body}


def kwargs(**flags: bool) -> Json:
    return {"chat_template_kwargs": flags}


@pytest.mark.parametrize("wish", WISHES)
def test_thinking_of_a_template(wish: str) -> None:
    off = kwargs(enable_thinking=False)
    known = {"silent": {}, "effort alone": {}, "off": off, "off with effort": off, "between tools": off}
    assert chosen(QWEN, **WISHES[wish]) == known.get(wish, kwargs(enable_thinking=True))


@pytest.mark.parametrize(
    ("model", "on", "off", "highest"),
    [
        (NEMOTRON, kwargs(enable_thinking=True), kwargs(enable_thinking=False), kwargs(enable_thinking=True)),
        (
            "z-ai/glm-5.1",
            kwargs(enable_thinking=True, clear_thinking=False),
            kwargs(enable_thinking=False),
            kwargs(enable_thinking=True, clear_thinking=False),
        ),
        ("deepseek-ai/deepseek-v3.2", kwargs(thinking=True), kwargs(thinking=False), kwargs(thinking=True)),
        ("deepseek-ai/deepseek-v4-pro", {}, {"reasoning_effort": "none"}, {"reasoning_effort": "max"}),
        (
            "moonshotai/kimi-k3",
            kwargs(thinking=True),
            kwargs(thinking=False),
            {**kwargs(thinking=True), "reasoning_effort": "max"},
        ),
        ("moonshotai/kimi-k2-thinking", {}, {}, {}),
        ("openai/gpt-oss-120b", {}, {"reasoning_effort": "low"}, {"reasoning_effort": "high"}),
        ("meta/llama-3.3-70b-instruct", {}, {}, {}),
        (
            "someone/new-model",
            kwargs(enable_thinking=True, thinking=True),
            kwargs(enable_thinking=False, thinking=False),
            kwargs(enable_thinking=True, thinking=True),
        ),
    ],
)
def test_switches_by_model(model: str, on: Json, off: Json, highest: Json) -> None:
    assert chosen(model, thinking=ADAPTIVE) == on
    assert chosen(model, thinking=OFF) == off
    assert chosen(model, thinking=ADAPTIVE, output_config={"effort": "max"}) == highest


@pytest.mark.parametrize(
    ("setting", "wish", "switched"),
    [
        ("false", {"thinking": ADAPTIVE}, False),
        ("0", {}, False),
        ("true", {}, True),
        ("True", {"thinking": OFF}, False),
        ("", {"thinking": ADAPTIVE}, True),
    ],
)
def test_enable_thinking(setting: str, wish: Json, switched: bool) -> None:
    assert chosen(QWEN, {"enable_thinking": setting}, **wish) == kwargs(enable_thinking=switched)


@pytest.mark.parametrize(
    ("model", "extra", "wish", "budget"),
    [
        (NEMOTRON, {"reasoning_budget": "16384"}, {"thinking": ADAPTIVE}, 16384),
        (NEMOTRON, {}, {"thinking": {"type": "enabled", "budget_tokens": 2000}}, 2000),
        (NEMOTRON, {"reasoning_budget": "16384"}, {"thinking": OFF}, None),
        (QWEN, {"reasoning_budget": "16384"}, {"thinking": ADAPTIVE}, None),
    ],
)
def test_budget(model: str, extra: Json, wish: Json, budget: int | None) -> None:
    assert sent(VENDOR, model, extra, **wish).get("reasoning_budget") == budget


@pytest.mark.parametrize(("system", "words"), [({}, ""), ({"system": "Be brief."}, "\nBe brief.")])
@pytest.mark.parametrize(("wish", "state"), [(ADAPTIVE, "on"), (OFF, "off")])
def test_older_nemotron_reads_the_switch_as_words(system: Json, words: str, wish: Json, state: str) -> None:
    body = sent(VENDOR, OLDER, thinking=wish, **system)
    assert "chat_template_kwargs" not in body
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["messages"][0]["content"] == f"detailed thinking {state}{words}"


def test_older_nemotron_is_left_alone_without_a_wish() -> None:
    assert [message["role"] for message in sent(VENDOR, OLDER)["messages"]] == ["user"]


def test_fields() -> None:
    choice = {"type": "auto", "disable_parallel_tool_use": True}
    form = {"format": {"type": "json_schema", "schema": {"type": "object"}}}
    body = sent(VENDOR, QWEN, tools=TOOLS, tool_choice=choice, messages=tool_history(), output_config=form)
    assert not {"parallel_tool_calls", "response_format", "max_completion_tokens"} & set(body)
    assert assistants(body)[0]["content"] == ""
    assert body["max_tokens"] == 9000


@pytest.mark.parametrize(
    ("model", "replayed"), [("z-ai/glm-5.1", "why"), ("deepseek-ai/deepseek-v4-pro", "why"), (QWEN, None)]
)
def test_replay(model: str, replayed: str | None) -> None:
    block = {"type": "thinking", "thinking": "why", "signature": sign(Signature("nvidia", model))}
    message = assistants(sent(VENDOR, model, messages=tool_history(block), tools=TOOLS))[0]
    assert message.get("reasoning_content") == replayed


@pytest.mark.parametrize(
    ("model", "sees"),
    [
        (QWEN, False),
        (NEMOTRON, False),
        ("meta/llama-3.2-90b-vision-instruct", True),
        ("moonshotai/kimi-k3", True),
        ("qwen/qwen3.5-397b-a17b", True),
        ("deepseek-ai/deepseek-v4-pro", False),
    ],
)
def test_sight(model: str, sees: bool) -> None:
    assert route(VENDOR, model).profile.images is sees


OVERFLOW = "This model's maximum context length is 196608 tokens. However, your messages resulted in 199906 tokens."


@pytest.mark.parametrize(
    ("status", "body", "kind", "seen", "words"),
    [
        (
            401,
            {"status": 401, "title": "Unauthorized", "detail": "Authentication failed"},
            Rejected,
            401,
            "Authentication failed",
        ),
        (
            404,
            {"status": 404, "title": "Not Found", "detail": "Function 'x': Not found for account 'y'"},
            NotFound,
            404,
            "model: nvidia/qwen",
        ),
        (429, "", RateLimited, 429, "NVIDIA NIM: HTTP 429"),
        (
            400,
            {"error": {"message": OVERFLOW, "type": "Bad Request", "code": 400}},
            PromptTooLong,
            400,
            "199906 tokens > 196608",
        ),
    ],
)
def test_errors(status: int, body: Any, kind: type[RialtoError], seen: int, words: str) -> None:
    error = refused(VENDOR, QWEN, status, body)
    assert (type(error), error.status) == (kind, seen)
    assert words in error.message
