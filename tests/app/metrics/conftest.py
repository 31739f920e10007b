"""Rialto with a vendor that does what a test says, and its metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.settings.settings import Settings
from tests.support.scripted_server import ScriptedServer

Opener = Callable[..., FlaskClient]


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def opened(vendor: ScriptedServer, tmp_path: Path) -> Opener:
    """Opens Rialto with the settings of a test."""

    def open_it(**environ: str) -> FlaskClient:
        given = {
            **{"DEEPSEEK_API_KEY": "k", "DEEPSEEK_BASE_URL": f"{vendor.url}/v1", "BRIDGE_LOG_DIR": str(tmp_path)},
            **{"LEARN_LIMITS": "0", "RETRY_BUDGET": "0"},
        }
        return create_app(Settings.load(given | environ)).test_client()

    return open_it
