"""MiMo: the switch, replay on every turn, texts beside images, the reason in `param`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.bodies import OFF, TOOLS, WISHES, assistants, refused, route, sent, switches, tool_history
from translators.core.errors import PromptTooLong, Rejected, RialtoError, Unreachable
from translators.core.vendor import Json
from translators.mimo import VENDOR

PRO, BASE = "mimo-v2.5-pro", "mimo-v2.5"
IMAGE: Json = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}


@pytest.mark.parametrize("wish", WISHES)
def test_thinking(wish: str) -> None:
    on: Json = {"thinking": {"type": "enabled"}}
    off: Json = {"thinking": OFF}
    others = {"silent": {}, "effort alone": {}, "off": off, "off with effort": off, "between tools": off}
    assert switches(VENDOR, PRO, wish) == others.get(wish, on)


def test_fields() -> None:
    body = sent(VENDOR, PRO, session="session-77", temperature=0.3)
    assert (body["max_completion_tokens"], body["prompt_cache_key"]) == (9000, "session-77")
    assert "max_tokens" not in body


def test_every_assistant_turn_has_reasoning_and_content() -> None:
    called, plain = assistants(sent(VENDOR, PRO, messages=tool_history(), tools=TOOLS))
    assert (called["content"], called["reasoning_content"], plain["reasoning_content"]) == ("", " ", " ")


def test_no_placeholder_on_plain_turns_without_thinking() -> None:
    body = sent(VENDOR, PRO, messages=tool_history(), tools=TOOLS, thinking=OFF)
    assert "reasoning_content" not in assistants(body)[1]


def test_images_get_a_text_beside_them() -> None:
    alone = sent(VENDOR, BASE, messages=[{"role": "user", "content": [IMAGE]}])["messages"][0]["content"]
    named = {"type": "text", "text": "what is it?"}
    both = sent(VENDOR, BASE, messages=[{"role": "user", "content": [named, IMAGE]}])["messages"][0]["content"]
    assert [part["type"] for part in alone] == ["image_url", "text"]
    assert [part["type"] for part in both] == ["text", "image_url"]


@pytest.mark.parametrize(
    ("model", "sees"),
    [(PRO, False), (BASE, True), ("mimo-v2-omni", True), ("mimo-v2-flash", False), ("mimo-v2.6-pro", False)],
)
def test_sight(model: str, sees: bool) -> None:
    assert route(VENDOR, model).profile.images is sees


def said(reason: str, message: str = "Param Incorrect", code: str = "400") -> Json:
    return {"error": {"code": code, "message": message, "param": reason, "type": ""}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "seen", "words"),
    [
        (
            400,
            said("the frobnicator must be blue"),
            Rejected,
            400,
            "MiMo: Param Incorrect: the frobnicator must be blue",
        ),
        (200, said("the frobnicator must be blue"), Rejected, 400, "frobnicator"),
        (400, said("prompt exceeds the maximum context length of 1048576"), PromptTooLong, 400, "prompt is too long"),
        (400, said("", "Bad format"), Rejected, 400, "Bad format"),
        (401, said("", "Invalid API Key", "401"), Rejected, 401, "Token Plan"),
        (402, said("", "Insufficient account balance", "402"), Rejected, 402, "Insufficient"),
        (404, said("", "No endpoints found that support image input", "404"), Rejected, 400, "MiMo: No endpoints"),
        (404, said("", "Not Found", "404"), Unreachable, 502, "check the address"),
    ],
)
def test_errors(status: int, body: Any, kind: type[RialtoError], seen: int, words: str) -> None:
    error = refused(VENDOR, PRO, status, body)
    assert (type(error), error.status) == (kind, seen)
    assert words in error.message


def test_address_and_key() -> None:
    target = route(VENDOR, PRO)
    assert VENDOR.url(target.base_url, target) == "https://api.xiaomimimo.com/v1/chat/completions"
    assert VENDOR.auth("k") == {"api-key": "k"}
