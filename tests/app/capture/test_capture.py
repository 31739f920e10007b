"""The files of captures: their names, sizes and rights; what fails costs a warning and no exchange."""

from __future__ import annotations

import json
import logging
import stat
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from app.capture import capture as module
from app.capture.capture import Capture, file_name
from app.capture.tape import Tape
from app.exchange.account import opened
from app.exchange.exchange import Exchange
from tests.conformance import kit
from tests.conformance.targets import route
from tests.support.captures import capture_lines

ANSWER = b'{"choices":[{"index":0,"message":{"content":"word"},"finish_reason":"stop"}]}'
LARGE = 1_000_000


def ask(capture: Capture, session: str = "", content: str = "hi", **fields: Any) -> None:
    message = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": content}], **fields}
    wire: Any = kit.Wire(kit.Reply([ANSWER]))
    means = kit.means(wire)
    account = opened(message, request_id="req_1", session=session)
    told = Exchange(message, (route("deepseek"),), replace(means, capture=capture), kit.CALLER, account)
    assert json.loads(b"".join(told.body()))["content"][0]["text"] == "word"


def test_a_file_for_each_session_for_its_owner_only(tmp_path: Path) -> None:
    capture = Capture(tmp_path, LARGE, [])
    for session in ("a", "b", "a", "", "../../etc"):
        ask(capture, session)
    capture.close()
    files = {path.name: path for path in (tmp_path / "debug").iterdir()}
    assert sorted(files) == sorted(["a.jsonl", "b.jsonl", "none.jsonl", f"{file_name('../../etc')}.jsonl"])
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o600}
    assert stat.S_IMODE((tmp_path / "debug").stat().st_mode) == 0o700
    assert len(files["a.jsonl"].read_bytes().splitlines()) == 2


@pytest.mark.parametrize("session", ["../x", "a/b", ".", "..", "x" * 300, "é", "a b", "\ud83d", "a.jsonl.1"])
def test_names_of_files_are_safe_and_differ(session: str) -> None:
    name = file_name(session)
    assert name.isascii() and len(name) < 100 and not set(name) & set("/. \\") and name != file_name(session + "x")


def test_all_files_together_are_bounded(tmp_path: Path) -> None:
    capture = Capture(tmp_path, 60_000, [])
    for number in range(60):
        ask(capture, f"session-{number % 5}", "x" * 300)
        capture.close()
    left = [path for path in (tmp_path / "debug").iterdir() if path.suffix != ".lock"]
    sizes = [path.stat().st_size for path in left]
    assert 30_000 < sum(sizes) <= 60_000 and max(sizes) <= 6_000
    assert capture_lines(tmp_path)


def test_an_exchange_that_is_too_large_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    capture = Capture(tmp_path, 60_000, [])
    for _ in range(2):
        ask(capture, "s", "x" * 10_000)
    ask(capture, "s")
    capture.close()
    assert len(capture_lines(tmp_path)) == 1
    assert [record.message for record in caplog.records if "too large" in record.message] == [
        record.message for record in caplog.records if record.levelno == logging.WARNING
    ]


def test_a_folder_that_cannot_be_written_costs_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "debug").write_text("a file")
    capture = Capture(tmp_path, LARGE, [])
    for _ in range(3):
        ask(capture, "s")
    capture.close()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_slow_disk_delays_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gate = threading.Event()
    monkeypatch.setattr(module, "BACKLOG", 2)
    capture = Capture(tmp_path, LARGE, [])
    written = capture._write

    def slow(tape: Tape) -> None:
        gate.wait(20)
        written(tape)

    monkeypatch.setattr(capture, "_write", slow)
    for _ in range(6):
        ask(capture, "s")
    gate.set()
    capture.close()
    assert len(capture_lines(tmp_path)) in (2, 3)
    assert ["faster" in record.message for record in caplog.records] == [True]


def test_a_defect_of_the_capture_costs_no_exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "record", cast(Any, None))
    capture = Capture(tmp_path, LARGE, [])
    ask(capture, "s")
    capture.close()
    assert capture_lines(tmp_path) == []


def test_only_shapes_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    capture = Capture(tmp_path, LARGE, [], shapes=True)
    ask(capture, "session-of-a-person", "Confidential words")
    capture.close()
    (entry,) = capture_lines(tmp_path)
    assert entry["contents"] == "shapes"
    assert entry["request"]["body"]["messages"][0]["content"] == "Xxxxxxxxxxxx xxxxx"
    assert "Confidential" not in json.dumps(entry)
