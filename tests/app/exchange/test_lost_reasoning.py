"""Signatures that a vendor refuses cost one more try, not the conversation, and teach nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.settings.settings import Settings
from tests.support.native_wires import NATIVE_WIRES, native_environment
from tests.support.rialto_server import vendor_environment
from tests.support.scripted_server import Answer, Request, ScriptedServer, json_answer
from tests.support.vendor_bytes import WIRES, Turn, Wire
from translators.core.lost_reasoning import UNSIGNED
from translators.core.thinking import Signature, sign
from translators.core.vendor import Json

REFUSED = "Thought signature is not valid"


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def rialto(vendor: ScriptedServer) -> Flask:
    return create_app(Settings.load({**native_environment(vendor.url), **vendor_environment(vendor.url, *WIRES)}))


def refusing(wire: Wire, refusal: Json, refused: str) -> Any:
    """Refuses every request that has the signature in it."""

    def answer(request: Request) -> Answer:
        if refused.encode() in request.body:
            return json_answer(refusal, 400)
        return wire.answer(Turn("Fine."), 1, request)

    return answer


def asked(rialto: Flask, vendor: str, model: str, opaque: tuple[str, Any]) -> Json:
    """The answer to a history whose call is signed."""
    signature = sign(Signature(vendor, model, "", (opaque,)))
    said = [
        {"type": "thinking", "thinking": "", "signature": signature},
        {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {}},
    ]
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "r"}
    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": said},
        {"role": "user", "content": [result]},
    ]
    tools = [{"name": "Read", "input_schema": {"type": "object", "properties": {}}}]
    body = {"model": f"{vendor}/{model}", "max_tokens": 500, "tools": tools, "messages": messages}
    found: Json = rialto.test_client().post("/v1/messages", json=body).json
    return found


def test_gemini(rialto: Flask, vendor: ScriptedServer) -> None:
    refusal = {"error": {"code": 400, "message": REFUSED, "status": "INVALID_ARGUMENT"}}
    vendor.play(refusing(NATIVE_WIRES["gemini"], refusal, "U3RhbGU="))
    for _ in range(2):
        answer = asked(rialto, "gemini", "gemini-3.1-pro-preview", ("call:toolu_1", "U3RhbGU="))
        assert answer["content"] == [{"type": "text", "text": "Fine."}]
    signed = [body["contents"][1]["parts"][0]["thoughtSignature"] for body in vendor.bodies]
    assert signed == ["U3RhbGU=", UNSIGNED] * 2


def test_openrouter(rialto: Flask, vendor: ScriptedServer) -> None:
    raw = f'{{"error": {{"message": "{REFUSED}"}}}}'
    refusal = {"error": {"code": 400, "message": "Provider returned error", "metadata": {"raw": raw}}}
    vendor.play(refusing(WIRES["openrouter"], refusal, "U3RhbGU="))
    detail = {"type": "reasoning.encrypted", "data": "U3RhbGU=", "id": "toolu_1", "format": "google-gemini-v1"}
    for _ in range(2):
        answer = asked(rialto, "openrouter", "google/gemini-3-flash", ("reasoning_details", detail))
        assert answer["content"] == [{"type": "text", "text": "Fine."}]
    data = [body["messages"][1]["reasoning_details"][0]["data"] for body in vendor.bodies]
    assert data == ["U3RhbGU=", UNSIGNED] * 2
