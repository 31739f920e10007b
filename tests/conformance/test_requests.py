"""Every request shape of Claude Code at every vendor by each of its wires: Rialto answers 200, the body it sends is one
that the official SDK's types and the vendor's documented rules accept, and the next turn's body begins with the same
bytes.

The shapes were recorded from the client, with invented text in place of its own, most of it shortened.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.kit import Json, shapes, upstream_body
from tests.conformance.mocked import mocked_vendors, running_app
from tests.conformance.request_laws import acceptable, continued, shared_prefix
from tests.conformance.targets import VendorWire, wires
from tests.conformance.wires import wire_of

SESSION = "00000000-0000-4000-8000-000000000000"
HEADERS = {"x-api-key": "test-key", "anthropic-version": "2023-06-01", "x-claude-code-session-id": SESSION}


#: JSON type -> a value of it.
SAMPLES: Json = {"string": "Hello.", "boolean": True}


def words_for(message: Json) -> str:
    """A word, or JSON of the schema that the request has."""
    schema = (message.get("output_config") or {}).get("format", {}).get("schema")
    if not schema:
        return "Hello."
    return json.dumps({name: SAMPLES[schema["properties"][name]["type"]] for name in schema["required"]})


@pytest.mark.parametrize("shape", shapes())
@pytest.mark.parametrize("wire", wires(), ids=str)
def test_shape_at_vendor(wire: VendorWire, shape: str) -> None:
    message = {**shapes()[shape], "model": f"{wire.vendor}/{wire.route().model}"}
    where = wire.route(session=SESSION).carrying(message)
    said = wire_of(where).spoken(words_for(message), message["stream"])
    with mocked_vendors(lambda body: (200, {}, said)) as mock:
        answer = running_app(wire.choice).test_client().post("/v1/messages?beta=true", json=message, headers=HEADERS)
        assert answer.status_code == 200, answer.text
        assert "message_stop" in answer.text if message["stream"] else answer.json["stop_reason"], answer.text
    bodies = mock.bodies or [upstream_body(message, where)]
    assert len(bodies) == 1
    acceptable(bodies[0], where)


@pytest.mark.parametrize("shape", shapes())
@pytest.mark.parametrize("wire", wires(), ids=str)
def test_shape_for_every_model(wire: VendorWire, shape: str) -> None:
    message = shapes()[shape]
    for where in wire.routes():
        acceptable(upstream_body(message, where), where.carrying(message))


@pytest.mark.parametrize("wire", wires(), ids=str)
@pytest.mark.parametrize("shape", shapes())
def test_turns_share_their_bytes(wire: VendorWire, shape: str) -> None:
    message = shapes()[shape]
    where = wire.route(session=SESSION).carrying(message)
    first = continued(message, answered(message))
    bodies = [upstream_body(turn, where) for turn in (message, first, continued(first, answered(first)))]
    shared_prefix(bodies, where)
    acceptable(bodies[-1], where)


def answered(message: Json) -> Json:
    """An answer: a text, and a call when there are tools."""
    content: list[Any] = [{"type": "text", "text": "I look."}]
    names = [tool["name"] for tool in message.get("tools") or () if "input_schema" in tool]
    if names:
        number = len(message["messages"])
        content.append({"type": "tool_use", "id": f"toolu_n{number}", "name": names[0], "input": {"a": 1}})
    return {"content": content}
