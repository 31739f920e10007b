"""`python -m app.dashboard`: a process of its own that only reads."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.dashboard.logs import sample, written
from tests.dashboard.servers import DashboardServer
from tests.support.server_process import StartFailed

pytestmark = pytest.mark.e2e

LINES = sample(40)


def test_it_shows_the_folders_of_several_machines_and_writes_to_none(tmp_path: Path) -> None:
    one, two = written(tmp_path / "one", LINES[:10]), written(tmp_path / "two", LINES[10:])
    before = {path: path.read_bytes() for folder in (one, two) for path in folder.iterdir()}
    with DashboardServer(tmp_path, BRIDGE_LOG_DIR=f"{one}, {two}") as server:
        answer = requests.get(f"{server.url}/dashboard/data/overview?range=all", timeout=20).json()
        assert answer["totals"]["requests"] == len(LINES)
        assert requests.get(server.url, timeout=20).url == f"{server.url}/dashboard"
        assert requests.post(f"{server.url}/v1/messages", json={}, timeout=20).status_code == 404
        assert f"{server.url}/dashboard, showing {one}, {two}" in server.log
    assert {path: path.read_bytes() for folder in (one, two) for path in folder.iterdir()} == before


def test_it_asks_for_the_key_where_one_is_set(tmp_path: Path) -> None:
    with DashboardServer(tmp_path, BRIDGE_API_KEY="operator-key") as server:
        address = f"{server.url}/dashboard/data/overview"
        assert requests.get(address, timeout=20).status_code == 401
        assert requests.get(address, headers={"x-api-key": "operator-key"}, timeout=20).status_code == 200


def test_it_does_not_serve_the_network_without_a_key(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match="Set BRIDGE_API_KEY"), DashboardServer(tmp_path, host="0.0.0.0"):
        pytest.fail("it started")


def test_it_ends_at_once_though_pages_are_open(tmp_path: Path) -> None:
    with DashboardServer(tmp_path) as server:
        stream = requests.get(f"{server.url}/dashboard/live", stream=True, timeout=20)
        assert next(stream.iter_content(16))
        assert server.process
        server.process.terminate()
        assert server.wait_for_end() == 0
        stream.close()
