"""BD: large bodies."""

from __future__ import annotations

import json

import pytest

from app import create_app
from app.settings.settings import Settings
from tests.scenarios.answers import answer
from tests.scenarios.over import over
from tests.scenarios.rig import Rig, environment, user

MEGABYTE = 1024 * 1024
LONG = "word " * (8 * MEGABYTE)


@pytest.fixture
def roomy(rig: Rig) -> Rig:
    """Rialto that takes 48 MB."""
    given = environment(rig.vendor.url) | {"MAX_BODY_MB": "48"}
    rig.client = create_app(Settings.load(given)).test_client()
    return rig


@over("chat")
def test_bd_1_40_megabytes(roomy: Rig) -> None:
    """All of it arrives."""
    assert len(LONG) == 40 * MEGABYTE
    roomy.play(answer("Hello."))
    assert roomy.ask(messages=[user(LONG)]).brief == ["Hello."]
    assert roomy.sent.json["messages"][-1]["content"] == LONG


def sized(model: str, size: int) -> bytes:
    """A request of exactly so many bytes."""
    body = {"model": model, "max_tokens": 9, "stream": True, "messages": [user("")]}
    room = size - len(json.dumps(body))
    return json.dumps({**body, "messages": [user("x" * room)]}).encode()


@over("chat")
def test_bd_1_anthropics_own_limit_is_the_default(rig: Rig) -> None:
    rig.play(answer("Hello."))
    assert rig.post("/v1/messages", sized(rig.wire.model, 32 * MEGABYTE)).status == 200
    outcome = rig.post("/v1/messages", sized(rig.wire.model, 32 * MEGABYTE + 1))
    assert (outcome.status, outcome.error["type"]) == (413, "request_too_large")
    assert "MAX_BODY_MB" in outcome.error["message"]
    assert len(rig.vendor.requests) == 1


@over("chat", "responses", "gemini", "ollama", "repaired", "passthrough")
def test_bd_1_no_wire_has_a_limit_of_its_own(rig: Rig) -> None:
    """What is too long for the model is said in other words: the client compacts."""
    rig.play(answer("Hello."))
    outcome = rig.post("/v1/messages", sized(rig.wire.model, 17 * MEGABYTE))
    if outcome.status == 200:
        assert rig.sent.body.count(b"x" * MEGABYTE) == 16
    else:
        assert outcome.status == 400
        assert outcome.error["message"].startswith("prompt is too long: ")
