"""The engine's process: it is started when it is needed, ends by itself, and its failures are answers."""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.dashboard import reader as module
from app.dashboard.reader import EngineFailed, Reader, index_folder
from tests.dashboard.logs import NOW, sample, written
from tests.support.waiting import until

LINES = sample(20)
QUESTION = {"view": "overview", "now": int(NOW * 1000), "range": "all"}


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    reader = Reader(tmp_path / "state", [str(written(tmp_path / "logs", LINES))])
    yield reader
    reader.close()


def requests_of(reader: Reader) -> int:
    found = reader.ask(QUESTION)["totals"]["requests"]
    assert isinstance(found, int)
    return found


def process_of(reader: Reader) -> int:
    """The engine's process id."""
    process = reader._process
    assert process
    return process.pid


def test_there_is_no_process_before_the_first_question(reader: Reader) -> None:
    assert reader._process is None
    assert requests_of(reader) == len(LINES)
    assert process_of(reader) != os.getpid()


def test_a_server_with_a_thousand_open_connections_has_one_too(reader: Reader) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1_100)]
    try:
        assert requests_of(reader) == len(LINES)
    finally:
        for number in held:
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_one_process_answers_all(reader: Reader, tmp_path: Path) -> None:
    assert requests_of(reader) == len(LINES)
    first = process_of(reader)
    written(tmp_path / "logs", LINES[:3])
    assert requests_of(reader) == len(LINES) + 3
    assert process_of(reader) == first


def test_many_threads_ask_at_once(reader: Reader) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(requests_of(reader))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [len(LINES)] * 12


def test_a_killed_engine_is_replaced(reader: Reader) -> None:
    assert requests_of(reader) == len(LINES)
    first = process_of(reader)
    os.kill(first, signal.SIGKILL)
    assert requests_of(reader) == len(LINES)
    assert process_of(reader) != first


def test_an_engine_that_nobody_asks_ends(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "state", [str(written(tmp_path / "logs", LINES))], idle=0.05)
    assert requests_of(reader) == len(LINES)
    process = reader._process
    assert process and until(lambda: process.poll() == 0)
    assert requests_of(reader) == len(LINES)
    reader.close()


def test_an_engine_ends_with_its_server(reader: Reader) -> None:
    assert requests_of(reader) == len(LINES)
    assert reader._channel and reader._process
    reader._channel.close()  # as the system does it for a server that was killed
    assert reader._process.wait(20) == 0


def test_an_engine_whose_answer_nobody_reads_ends_in_silence(reader: Reader, capfd: pytest.CaptureFixture[str]) -> None:
    assert requests_of(reader) == len(LINES)
    assert reader._channel and reader._process
    reader._channel.sendall(json.dumps(QUESTION).encode() + b"\n")
    assert select.select([reader._channel], [], [], 20)[0]
    reader._channel.close()
    assert reader._process.wait(20) == 0
    assert capfd.readouterr().err == ""


def test_a_failure_is_told(reader: Reader) -> None:
    with pytest.raises(EngineFailed, match=r"cannot be read: KeyError: 'nothing'"):
        reader.ask({"view": "nothing"})
    assert requests_of(reader) == len(LINES)


def test_a_missing_package_is_told(reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "duckdb.py").write_text("raise ModuleNotFoundError(\"No module named 'duckdb'\")")
    (tmp_path / "broken" / "engine").symlink_to(module.PACKAGE / "engine")
    monkeypatch.setattr(module, "PACKAGE", tmp_path / "broken")
    with pytest.raises(EngineFailed, match="No module named 'duckdb'"):
        reader.ask(QUESTION)


def test_an_engine_that_does_not_start_is_told(reader: Reader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "PACKAGE", tmp_path)
    with pytest.raises(EngineFailed, match="has ended"):
        reader.ask(QUESTION)


def test_an_engine_that_hangs_is_ended(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    assert requests_of(reader) == len(LINES)
    first = process_of(reader)
    os.kill(first, signal.SIGSTOP)
    assert reader._channel
    reader._channel.settimeout(0.05)
    with pytest.raises(EngineFailed, match="timed out"):
        reader.ask(QUESTION)
    assert requests_of(reader) == len(LINES)
    assert process_of(reader) != first


def test_the_engine_knows_no_key(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_API_KEY", "secret-of-the-operator")
    assert requests_of(reader) == len(LINES)
    environment = Path(f"/proc/{process_of(reader)}/environ")
    if not environment.exists():
        pytest.skip("this system does not show a process's environment")
    assert b"PYTHONPATH" in environment.read_bytes()
    assert b"secret-of-the-operator" not in environment.read_bytes()


def test_the_index_is_for_its_owner_only(reader: Reader, tmp_path: Path) -> None:
    assert requests_of(reader) == len(LINES)
    (tmp_path / "logs" / "usage.jsonl").rename(tmp_path / "logs" / "usage.jsonl.1")
    assert requests_of(reader) == len(LINES)
    made = list((tmp_path / "state").rglob("*"))
    assert any(path.suffix == ".parquet" for path in made)
    assert {path.name: oct(stat.S_IMODE(path.stat().st_mode) & 0o077) for path in made} == {
        path.name: "0o0" for path in made
    }


def test_nothing_is_written_beside_the_logs(reader: Reader, tmp_path: Path) -> None:
    before = sorted(path.name for path in (tmp_path / "logs").iterdir())
    assert requests_of(reader) == len(LINES)
    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == before


def test_each_set_of_folders_has_its_index(tmp_path: Path) -> None:
    one, two = index_folder(tmp_path, ["a"]), index_folder(tmp_path, ["a", "b"])
    assert one != two
    assert index_folder(tmp_path, ["a"]) == one
    assert one.parent == tmp_path / "dashboard"


@pytest.mark.parametrize("state", ["none", "a file"])
def test_without_a_place_for_it_the_index_is_a_temporary_one(tmp_path: Path, state: str) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    folder = index_folder(None if state == "none" else blocked, ["a"])
    assert not folder.is_relative_to(tmp_path)
    folder.parent.rmdir()
