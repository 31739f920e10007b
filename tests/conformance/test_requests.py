"""Every request shape of Claude Code at every vendor: Rialto answers 200, the body it sends is one that the official
SDK's types and the vendor's documented rules accept, and the next turn's body begins with the same bytes.

The shapes were recorded from the client, with invented text in place of its own, most of it shortened.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.kit import Json, chat_vendors, route, shapes, upstream_body
from tests.conformance.mocked import Answer, mocked_vendors, running_app
from tests.conformance.request_laws import acceptable, continued, shared_prefix
from translators.core.vendor import Route

SESSION = "00000000-0000-4000-8000-000000000000"
HEADERS = {"x-api-key": "test-key", "anthropic-version": "2023-06-01", "x-claude-code-session-id": SESSION}
USAGE = {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105}
WORD = {"id": "gen-1", "object": "chat.completion.chunk", "created": 1795161600, "model": "sample"}


def a_word(body: Json) -> Answer:
    """A short answer in the form that the body asks for."""
    delta = {"role": "assistant", "content": "Hello."}
    if not body["stream"]:
        choice = {"index": 0, "message": delta, "finish_reason": "stop"}
        return 200, {}, json.dumps({**WORD, "choices": [choice], "usage": USAGE}).encode()
    chunks = [
        {**WORD, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
        {**WORD, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": USAGE},
    ]
    return 200, {}, b"".join(b"data: %b\n\n" % json.dumps(chunk).encode() for chunk in chunks)


def target(vendor: str) -> Route:
    """The route to a vendor's first model."""
    return route(vendor, session=SESSION)


@pytest.mark.parametrize("shape", shapes())
@pytest.mark.parametrize("vendor", chat_vendors())
def test_shape_at_vendor(vendor: str, shape: str) -> None:
    where = target(vendor)
    message = {**shapes()[shape], "model": f"{vendor}/{where.model}"}
    with mocked_vendors(a_word) as mock:
        answer = running_app().test_client().post("/v1/messages?beta=true", json=message, headers=HEADERS)
        assert answer.status_code == 200, answer.text
        assert "message_stop" in answer.text if message["stream"] else answer.json["stop_reason"], answer.text
    bodies = mock.bodies or [upstream_body(message, where)]
    assert len(bodies) == 1
    acceptable(bodies[0], where)


@pytest.mark.parametrize("vendor", chat_vendors())
@pytest.mark.parametrize("shape", shapes())
def test_turns_share_their_bytes(vendor: str, shape: str) -> None:
    message, where = shapes()[shape], target(vendor)
    first = continued(message, answered(message))
    shared_prefix([upstream_body(turn, where) for turn in (message, first, continued(first, answered(first)))])


def answered(message: Json) -> Json:
    """An answer: a text, and a call when there are tools."""
    content: list[Any] = [{"type": "text", "text": "I look."}]
    names = [tool["name"] for tool in message.get("tools") or () if "input_schema" in tool]
    if names:
        number = len(message["messages"])
        content.append({"type": "tool_use", "id": f"toolu_n{number}", "name": names[0], "input": {"a": 1}})
    return {"content": content}
