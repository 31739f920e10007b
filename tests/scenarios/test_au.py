"""AU: keys."""

from __future__ import annotations

import pytest
from flask import Flask

from app import create_app
from app.settings.settings import Settings
from tests.scenarios.answers import answer
from tests.scenarios.over import over
from tests.scenarios.rig import REPAIRED, Rig, environment
from tests.scenarios.wires import WIRES
from tests.support.scripted_server import ScriptedServer

KEY = "client-secret-key-1234"
HEADERS = {
    "x-api-key": {"x-api-key": KEY},
    "bearer": {"authorization": f"Bearer {KEY}"},
    "both, x-api-key right": {"x-api-key": KEY, "authorization": "Bearer other"},
    "both, bearer right": {"x-api-key": "other", "authorization": f"Bearer {KEY}"},
}
UPSTREAM = {
    "chat": ("authorization", "Bearer openai_compatible-upstream-key"),
    "responses": ("authorization", "Bearer openai-upstream-key"),
    "gemini": ("x-goog-api-key", "gemini-upstream-key"),
    "ollama": ("authorization", None),
    "repaired": ("authorization", None),
    "passthrough": ("x-api-key", "anthropic-upstream-key"),
}


@pytest.fixture(scope="module")
def locked_apps(vendor_server: ScriptedServer) -> dict[str, Flask]:
    """Rialto that asks for a key."""
    given = environment(vendor_server.url) | {"BRIDGE_API_KEY": KEY}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.settings.settings.STATE_DIR", None)
        plain = create_app(Settings.load(given))
        return dict.fromkeys(WIRES, plain) | {"repaired": create_app(Settings.load(given | REPAIRED))}


@pytest.fixture
def locked(rig: Rig, locked_apps: dict[str, Flask]) -> Rig:
    """A rig whose Rialto asks for a key."""
    rig.client = locked_apps[rig.wire.name].test_client()
    return rig


@pytest.mark.parametrize("form", HEADERS)
@over()
def test_au_1_either_header_carries_the_key(locked: Rig, form: str) -> None:
    """And it goes no further: the vendor gets its own."""
    locked.play(answer("Hello."))
    assert locked.ask(headers=HEADERS[form]).brief == ["Hello."]
    name, value = UPSTREAM[locked.wire.name]
    assert locked.sent.headers.get(name) == value
    assert KEY not in str(locked.sent.headers) + locked.sent.path + locked.sent.body.decode()
    assert "other" not in (locked.sent.headers.get("authorization"), locked.sent.headers.get("x-api-key"))


WRONG = {
    "none": {},
    "wrong x-api-key": {"x-api-key": "wrong"},
    "wrong bearer": {"authorization": "Bearer wrong"},
    "both wrong": {"x-api-key": "wrong", "authorization": "Bearer wrong"},
    "another scheme": {"authorization": f"Basic {KEY}"},
    "the beginning": {"x-api-key": KEY[:-1]},
}


@pytest.mark.parametrize("form", WRONG)
@over()
def test_au_1_any_other_key_is_refused(locked: Rig, form: str) -> None:
    locked.play(answer("Hello."))
    for path in ("/v1/messages", "/v1/messages/count_tokens"):
        outcome = locked.ask(path=path, headers=WRONG[form])
        assert (outcome.status, outcome.error["type"]) == (401, "authentication_error")
        assert KEY not in outcome.text
    listed = locked.client.get("/v1/models", headers=WRONG[form])
    assert listed.status_code == 401
    assert locked.vendor.requests == []


@over("passthrough")
def test_au_1_the_clients_own_key_only_when_configured(vendor: ScriptedServer, rig: Rig) -> None:
    given = environment(vendor.url) | {"BRIDGE_API_KEY": KEY, "ANTHROPIC_FORWARD_CLIENT_KEY": "1"}
    rig.client = create_app(Settings.load(given)).test_client()
    rig.play(answer("Hello."))
    assert rig.ask(headers={"x-api-key": KEY, "authorization": "Bearer the-clients-own"}).status == 200
    assert rig.sent.headers["authorization"] == "Bearer the-clients-own"
    assert KEY not in str(rig.sent.headers)
