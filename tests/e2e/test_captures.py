"""Captures of the real server: what fails there plays to the same bytes elsewhere, without its keys and settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.captures import capture_lines, captures_where
from tests.support.rialto_server import ROOT, RialtoServer
from tests.support.scripted_server import CUT, Answer, Request, ScriptedServer, json_answer, sse_answer

pytestmark = pytest.mark.e2e

WORD = {"choices": [{"index": 0, "delta": {"content": "word "}}]}
END = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
ANSWER = {"choices": [{"index": 0, "message": {"content": "word"}, "finish_reason": "stop"}]}
KEY = "deepseek-upstream-Hellebore-1187"
USER = json.dumps({"session_id": "11111111-2222-3333-4444-555555555555"})
FAILURES = {
    "reset": sse_answer([WORD, WORD, CUT]),
    "garbage": Answer([b"data: {\x00\xff not json\n\n"], headers={"content-type": "text/event-stream"}),
    "half": sse_answer([WORD, b'data: {"choices":[{"ind']),
    "refused": json_answer({"error": {"message": f"no such thing for {KEY}", "code": "x"}}, 400),
    "page": Answer([b"<html><title>Bad gateway</title></html>"], 502, {"content-type": "text/html"}, "length"),
    "fine": sse_answer([WORD, END]),
    "zipped": sse_answer([WORD, END], gzip=True),
}


def vendor_says(request: Request) -> Answer:
    name = request.json["messages"][0]["content"].split()[0]
    return FAILURES[name] if name in FAILURES else json_answer(ANSWER)


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer(vendor_says) as server:
        yield server


def rialto(folder: Path, vendor: ScriptedServer, kind: str = "gevent", **more: str) -> RialtoServer:
    environment = {"DEEPSEEK_BASE_URL": f"{vendor.url}/v1", "DEEPSEEK_API_KEY": KEY, "BRIDGE_DEBUG": "1", **more}
    return RialtoServer(folder, kind, **environment)


def asked(server: RialtoServer, content: str, **fields: Any) -> requests.Response:
    message = {
        "model": "deepseek/deepseek-v4-pro",
        "max_tokens": 50,
        "metadata": {"user_id": USER},
        "messages": [{"role": "user", "content": content}],
        **fields,
    }
    return requests.post(f"{server.url}/v1/messages", json=message, timeout=30, headers={"x-api-key": "anybody-at-all"})


def replay(file: Path, *arguments: str) -> tuple[int, str]:
    """The exit status and the output of the command, with an environment that knows nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "app.capture", str(file), *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["gevent", "gthread"])
def test_failing_exchanges_play_to_the_same_bytes(kind: str, vendor: ScriptedServer, tmp_path: Path) -> None:
    with rialto(tmp_path, vendor, kind) as server:
        answers = {name: asked(server, f"{name} please", stream=True) for name in FAILURES}
        whole = asked(server, "whole")
        entries = captures_where(tmp_path / "logs", lambda entry: True, len(FAILURES) + 1)
    file = tmp_path / "logs" / "debug" / "11111111-2222-3333-4444-555555555555.jsonl"
    status, shown = replay(file)
    assert (status, shown.count("the same bytes")) == (0, len(FAILURES) + 1), shown
    told = {entry["request_id"]: entry for entry in entries}
    for name, answer in answers.items():
        sent = told[answer.headers["request-id"]]["answer"]
        assert "".join(piece["data"] for piece in sent["sent"]) + (sent["refusal"] or "") == answer.text, name
    assert {name: answers[name].status_code for name in ("reset", "refused", "page")} == {
        "reset": 200,
        "refused": 400,
        "page": 502,
    }
    assert "event: error" in answers["reset"].text and whole.json()["content"]
    assert told[answers["garbage"].headers["request-id"]]["tries"][0]["pieces"][0][1].keys() == {"base64"}
    assert KEY not in file.read_text() and "anybody-at-all" not in file.read_text()
    assert replay(file, "--id", answers["reset"].headers["request-id"])[0] == 0


def test_a_capture_that_was_changed_shows_where(vendor: ScriptedServer, tmp_path: Path) -> None:
    with rialto(tmp_path, vendor) as server:
        asked(server, "fine", stream=True)
        (entry,) = captures_where(tmp_path / "logs", lambda entry: True)
    entry["tries"][0]["pieces"][0][1] = entry["tries"][0]["pieces"][0][1].replace("word", "bird")
    file = tmp_path / "changed.jsonl"
    file.write_text(json.dumps(entry) + "\n")
    status, shown = replay(file)
    assert status == 1 and '"text":"word "' in shown and '"text":"bird "' in shown


def test_four_workers_write_whole_lines(vendor: ScriptedServer, tmp_path: Path) -> None:
    with rialto(tmp_path, vendor, WEB_CONCURRENCY="4") as server:
        with ThreadPoolExecutor(20) as pool:
            jobs = [
                pool.submit(asked, server, f"{name} {'x' * 3000}", stream=stream)
                for name, stream in [("fine", True), ("reset", True), ("whole", False), ("refused", True)] * 30
            ]
            ids = [job.result().headers["request-id"] for job in jobs]
        entries = captures_where(tmp_path / "logs", lambda entry: True, len(ids))
    assert Counter(entry["request_id"] for entry in entries) == Counter(ids)
    (file,) = [path for path in (tmp_path / "logs" / "debug").iterdir() if path.suffix == ".jsonl"]
    status, shown = replay(file)
    assert (status, shown.count("the same bytes")) == (0, len(ids))


def test_a_server_that_stops_writes_what_waits(vendor: ScriptedServer, tmp_path: Path) -> None:
    with rialto(tmp_path, vendor) as server:
        for _ in range(10):
            asked(server, "fine", stream=True)
        server.stop()
    assert len(capture_lines(tmp_path / "logs")) == 10


def test_nothing_is_written_when_it_is_off(vendor: ScriptedServer, tmp_path: Path) -> None:
    with rialto(tmp_path, vendor, BRIDGE_DEBUG="0") as server:
        assert asked(server, "fine", stream=True).status_code == 200
        assert "BRIDGE_DEBUG" not in server.log
    assert not (tmp_path / "logs" / "debug").exists()


def test_shapes_tell_nothing(vendor: ScriptedServer, tmp_path: Path) -> None:
    with rialto(tmp_path, vendor, BRIDGE_DEBUG="shapes") as server:
        asked(server, "reset Hornbeam", stream=True)
        (entry,) = captures_where(tmp_path / "logs", lambda entry: True)
        assert "BRIDGE_DEBUG: every exchange is kept without" in server.log
    (file,) = [path for path in (tmp_path / "logs" / "debug").iterdir() if path.suffix == ".jsonl"]
    assert "Hornbeam" not in file.read_text() and entry["contents"] == "shapes"
    assert "127.0.0.1" not in file.read_text()
    assert replay(file)[0] == 0
