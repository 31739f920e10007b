"""What a server has learnt is known to the next one, however it is served."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from app.memory.store_sqlite import FILE
from tests.support.rialto_server import RialtoServer
from tests.support.scripted_server import Answer, Request, ScriptedServer, json_answer

WORDS = "Have a look at the next file. " * 400
pytestmark = pytest.mark.e2e
REFUSAL = {"error": {"message": "Unsupported parameter: 'temperature' is not supported with this model."}}


def vendor_says(request: Request) -> Answer:
    """A vendor that takes no temperature, and counts 2,000 tokens."""
    if request.json and "temperature" in request.json:
        return json_answer(REFUSAL, 400)
    choice = {"index": 0, "message": {"content": "word"}, "finish_reason": "stop"}
    return json_answer({"choices": [choice], "usage": {"prompt_tokens": 2_000, "completion_tokens": 1}})


def post(server: RialtoServer, path: str, **fields: Any) -> Any:
    body = {"model": "groq/m", "messages": [{"role": "user", "content": WORDS}], **fields}
    answer = requests.post(f"{server.url}{path}", json=body, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def wait_for_rows(file: Path, count: int) -> None:
    """Until so many rows are written."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with (
            contextlib.suppress(sqlite3.Error),
            contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as state,
        ):
            if state.execute("SELECT count(*) FROM rows").fetchone()[0] >= count:
                return
        time.sleep(0.05)
    raise AssertionError("nothing was written")


@pytest.mark.parametrize("kind", ["gevent", "gthread", "waitress"])
def test_a_restart_forgets_nothing(tmp_path: Path, kind: str) -> None:
    with ScriptedServer() as vendor:
        vendor.play(vendor_says)
        environment = {"GROQ_BASE_URL": f"{vendor.url}/v1", "GROQ_API_KEY": "key-of-groq", "LOG_LEVEL": "INFO"}
        with RialtoServer(tmp_path, kind, **environment) as first:
            raw = post(first, "/v1/messages/count_tokens")["input_tokens"]
            post(first, "/v1/messages", max_tokens=9, temperature=0.5)
            if kind == "waitress":  # it dies of the signal, without a last word
                wait_for_rows(tmp_path / "state" / FILE, 2)
            first.stop()
        assert ["temperature" in body for body in vendor.bodies] == [True, False]
        assert "does not take temperature for m; remembered" in first.log
        with RialtoServer(tmp_path, kind, **environment) as second:
            post(second, "/v1/messages", max_tokens=9, temperature=0.5)
            assert post(second, "/v1/messages/count_tokens")["input_tokens"] == pytest.approx(2_000, rel=0.01)
        assert raw > 2_500
        assert ["temperature" in body for body in vendor.bodies[2:]] == [False]
        assert "memory only" not in first.log + second.log


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with ScriptedServer() as vendor:
        vendor.play(vendor_says)
        environment = {"GROQ_BASE_URL": f"{vendor.url}/v1", "GROQ_API_KEY": "key-of-groq"}
        with RialtoServer(tmp_path, BRIDGE_STATE_DIR=str(tmp_path / "taken" / "state"), **environment) as server:
            for _ in range(2):
                post(server, "/v1/messages", max_tokens=9, temperature=0.5)
        assert ["temperature" in body for body in vendor.bodies] == [True, False, False]
        assert server.log.count("memory only") == 1
