"""Any compatible server: what is sent by default, the switches that a profile can name, the addresses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.vendors.bodies import ADAPTIVE, OFF, TOOLS, WISHES, assistants, refused, route, sent, tool_history
from translators.core.errors import OutputTooLong, Overloaded, PromptTooLong, RialtoError
from translators.core.vendor import Json, refine
from translators.openai_compatible import VENDOR

FIELDS = ("thinking", "reasoning_effort", "enable_thinking", "chat_template_kwargs")


def chosen(switch: str = "", **message: Any) -> Json:
    """The steering fields of a body for a server with that switch."""
    vendor = replace(VENDOR, profile=refine(VENDOR.profile, thinking_switch=switch))
    body = sent(vendor, "qwen", **message)
    return {name: body[name] for name in FIELDS if name in body}


@pytest.mark.parametrize("wish", WISHES)
def test_nothing_but_a_named_effort(wish: str) -> None:
    levels = {"budget 2000": "medium", "effort alone": "high", "max": "xhigh"}
    level = levels.get(wish, wish if wish in ("low", "medium", "high", "xhigh") else None)
    assert chosen(**WISHES[wish]) == ({"reasoning_effort": level} if level else {})


ON_KWARGS = {"chat_template_kwargs": {"enable_thinking": True, "thinking": True}}
OFF_KWARGS = {"chat_template_kwargs": {"enable_thinking": False, "thinking": False}}


@pytest.mark.parametrize(
    ("switch", "off", "on", "low"),
    [
        ("", {}, {}, {"reasoning_effort": "low"}),
        ("effort", {"reasoning_effort": "none"}, {}, {"reasoning_effort": "low"}),
        ("template", OFF_KWARGS, ON_KWARGS, {**ON_KWARGS, "reasoning_effort": "low"}),
        ("flag", {"enable_thinking": False}, {"enable_thinking": True}, {"enable_thinking": True}),
        ("object", {"thinking": OFF}, {"thinking": {"type": "enabled"}}, {"thinking": {"type": "enabled"}}),
        ("nothing", {}, {}, {}),
    ],
)
def test_switches(switch: str, off: Json, on: Json, low: Json) -> None:
    assert chosen(switch) == {}
    assert chosen(switch, thinking=OFF) == off
    assert chosen(switch, thinking=ADAPTIVE) == on
    assert chosen(switch, thinking=ADAPTIVE, output_config={"effort": "low"}) == low


def test_fields() -> None:
    body = sent(VENDOR, "qwen", tools=TOOLS, messages=tool_history(), stream=True)
    assert (body["max_tokens"], body["stream_options"]) == (9000, {"include_usage": True})
    assert assistants(body)[0]["content"] == ""
    assert not {"reasoning", "reasoning_content"} & set(assistants(body)[0])


def test_variables() -> None:
    assert (VENDOR.address_variable, VENDOR.key_variable, VENDOR.keyless) == (
        "PROVIDER_BASE_URL",
        "PROVIDER_API_KEY",
        True,
    )
    target = route(VENDOR, "qwen", base_url="http://localhost:8080/v1")
    assert VENDOR.url(target.base_url, target) == "http://localhost:8080/v1/chat/completions"


VLLM = (
    "'max_tokens' or 'max_completion_tokens' is too large: 64000. This model's maximum context length is 20000 tokens "
    "and your request has 16614 input tokens (64000 > 20000 - 16614)."
)
SGLANG = "The input (233864 tokens) is longer than the model's context length (202752 tokens)."


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": {"message": VLLM, "type": "BadRequestError", "code": 400}}, OutputTooLong),
        (400, {"object": "error", "message": SGLANG, "type": "BadRequestError", "code": 400}, PromptTooLong),
        (503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, Overloaded),
    ],
)
def test_errors(status: int, body: Any, kind: type[RialtoError]) -> None:
    assert type(refused(VENDOR, "qwen", status, body)) is kind
