"""The events: one at first, one after each change, signs of life, and an end."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from app.api import errors
from app.clients.keys import Keyring
from app.dashboard import init_app, live
from app.settings.settings import Settings
from tests.dashboard.logs import sample, written

LINES = sample(10)


class Clock:
    """Stands in for the pauses: runs what is to happen in each of them."""

    def __init__(self, *works: object) -> None:
        self.works = list(works)
        self.paused = 0

    def sleep(self, seconds: float) -> None:
        self.paused += 1
        if self.works:
            work = self.works.pop(0)
            if callable(work):
                work()


def told(folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, pauses: int) -> list[str]:
    """What a page hears in some pauses."""
    monkeypatch.setattr(live.time, "sleep", clock.sleep)
    found = [piece.decode() for piece in live.events([str(folder)], lambda: clock.paused >= pauses)]
    assert found.pop(0) == "retry: 2000\n\n"
    return found


def test_a_change_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = written(tmp_path / "logs", LINES[:1])
    clock = Clock(None, lambda: written(folder, LINES[1:2]), None)
    first, second = told(folder, clock, monkeypatch, 5)
    assert first.startswith("data: ") and second.startswith("data: ") and first != second
    assert second == f"data: {live.state([str(folder)])}\n\n"


def test_a_rotation_and_an_error_are_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = written(tmp_path / "logs", LINES[:1])

    def rotate() -> None:
        (folder / "usage.jsonl").rename(folder / "usage.jsonl.1")
        (folder / "usage.jsonl").write_bytes((folder / "usage.jsonl.1").read_bytes())

    def fail() -> None:
        with (folder / "errors.jsonl").open("a") as file:
            file.write("{}\n")

    assert len(told(folder, Clock(rotate, None, fail), monkeypatch, 5)) == 3


def test_a_folder_that_comes_later_is_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(lambda: written(tmp_path / "logs", LINES[:1]))
    assert len(told(tmp_path / "logs", clock, monkeypatch, 3)) == 2


def test_signs_of_life_while_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = told(tmp_path, Clock(), monkeypatch, 3 * (live.SILENCE + 1) + 1)
    assert found[1:] == [": nothing new\n\n"] * 3


def test_an_old_stream_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    told(tmp_path, clock, monkeypatch, 10**9)
    assert clock.paused == live.LIFETIME


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = Flask("rialto", static_folder=None)
    errors.init_app(app)
    init_app(app, Settings.load({"BRIDGE_LOG_DIR": str(tmp_path)}), Keyring())
    app.config["STOPPING"] = lambda: False
    return app


def test_the_stream_is_one_of_events(app: Flask) -> None:
    answer = app.test_client().get("/dashboard/live", buffered=False)
    pieces = iter(answer.response)
    assert answer.content_type == "text/event-stream"
    assert next(pieces) == b"retry: 2000\n\n"
    assert next(pieces).startswith(b"data: ")
    answer.close()


def test_there_are_few_streams_and_their_seats_are_given_back(app: Flask) -> None:
    client = app.test_client()
    streams = [client.get("/dashboard/live", buffered=False) for _ in range(live.MOST)]
    refused = client.get("/dashboard/live")
    assert (refused.status_code, "too many" in refused.json["error"]["message"]) == (503, True)
    streams.pop().close()
    again = client.get("/dashboard/live", buffered=False)
    assert again.status_code == 200
    for stream in [*streams, again]:
        stream.close()


def test_a_server_that_stops_ends_the_streams(app: Flask) -> None:
    app.config["STOPPING"] = lambda: True
    assert app.test_client().get("/dashboard/live").data == b"retry: 2000\n\n"
