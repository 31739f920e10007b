"""A client that waits for a description hears that somebody is there."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import app.exchange.exchange
from app import create_app
from app.settings.settings import Settings
from tests.support.media_samples import image, png
from tests.support.scripted_server import ScriptedServer
from tests.support.vision_vendors import Vendors, turn, words_for


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    with ScriptedServer() as server:
        found = Vendors(server)
        server.play(found.answer)
        yield found


@pytest.fixture
def client(vendors: Vendors, tmp_path: Path) -> FlaskClient:
    folders = {"BRIDGE_STATE_DIR": str(tmp_path / "state"), "BRIDGE_LOG_DIR": str(tmp_path / "logs")}
    return create_app(Settings.load(vendors.environment(**folders, LEARN_LIMITS="0"))).test_client()


def test_the_stream_begins_while_it_is_made(
    vendors: Vendors, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.exchange.exchange, "COMMIT_AFTER", 0.1)
    vendors.gate = threading.Event()
    answer = client.post("/v1/messages", json=turn(image(), stream=True))
    assert answer.status_code == 200
    frames = answer.iter_encoded()
    assert b"message_start" in next(iter(frames))
    assert vendors.asked("deepseek") == []
    vendors.gate.set()
    rest = b"".join(frames)
    assert rest.count(b"message_start") == 0
    assert b"message_stop" in rest
    assert words_for(png()) in json.dumps(vendors.asked("deepseek"))
