"""What the scenarios share: the scripted vendor, Rialto in front of it, and `rig`, one wire's way through both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.memory.memory import Memory
from app.resilience.policy import Policy
from app.resilience.traffic import Traffic
from app.settings.settings import Settings
from tests.scenarios.rig import REPAIRED, Rig, environment
from tests.scenarios.wires import WIRES, Wire
from tests.support.scripted_server import ScriptedServer


@pytest.fixture(scope="session")
def vendor_server() -> Iterator[ScriptedServer]:
    """The one server that all vendors point to."""
    with ScriptedServer() as server:
        yield server


@pytest.fixture(scope="session")
def apps(vendor_server: ScriptedServer) -> dict[str, Flask]:
    """Rialto for each wire; only Ollama's own Anthropic endpoint needs another one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.settings.settings.STATE_DIR", None)
        plain = create_app(Settings.load(environment(vendor_server.url)))
        repaired = create_app(Settings.load(environment(vendor_server.url) | REPAIRED))
    return dict.fromkeys(WIRES, plain) | {"repaired": repaired}


@pytest.fixture
def vendor(vendor_server: ScriptedServer) -> Iterator[ScriptedServer]:
    """The server with nothing scripted and nothing recorded."""
    vendor_server.play([])
    yield vendor_server
    vendor_server.play([])


@pytest.fixture
def wire(request: pytest.FixtureRequest) -> Wire:
    """The wire that `over` names."""
    return WIRES[request.param]


def renewed(app: Flask, budget: float) -> FlaskClient:
    """A client of an app that knows nothing of the tests before: no lesson, no breaker, no queue."""
    rialto = app.extensions["rialto"]
    means = replace(rialto.means, memory=Memory(), traffic=Traffic(Policy(budget), rialto.settings.vendor_concurrency))
    app.extensions["rialto"] = replace(rialto, means=means)
    return app.test_client()


@pytest.fixture
def rig(wire: Wire, apps: dict[str, Flask], vendor: ScriptedServer) -> Rig:
    """The wire's way through Rialto; a failure is told at once."""
    return Rig(wire, vendor, renewed(apps[wire.name], 0.0))


@pytest.fixture
def patient(wire: Wire, apps: dict[str, Flask], vendor: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """The same, with tries after a failure, the pauses between them left out."""
    monkeypatch.setattr("app.resilience.policy.FIRST_PAUSE", 0.001)
    return Rig(wire, vendor, renewed(apps[wire.name], 30.0))


@pytest.fixture(scope="session")
def chat_app(vendor_server: ScriptedServer) -> Flask:
    """Rialto whose OpenAI and Azure go by Chat Completions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.settings.settings.STATE_DIR", None)
        return create_app(Settings.load(environment(vendor_server.url) | {"OPENAI_API": "chat"}))


@pytest.fixture
def on_chat(wire: Wire, chat_app: Flask, vendor: ScriptedServer) -> Rig:
    """Chat Completions, where OpenAI is asked by it too."""
    return Rig(wire, vendor, renewed(chat_app, 0.0))
