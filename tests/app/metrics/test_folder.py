"""The folder of the processes' numbers: it outlives processes and reloads, not servers."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector

from app.metrics import folder
from app.metrics.folder import ROOM, VARIABLE, Folder, prepare
from tests.support.metric_numbers import Numbers
from tests.support.rialto_server import ROOT


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where folders are made."""
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.setattr(folder.tempfile, "gettempdir", lambda: str(tmp_path))
    return tmp_path


def write(path: Path, name: str, values: dict[str, float]) -> None:
    """The numbers of a process, by the value of a label."""
    file = MmapedDict(str(path))
    for label, value in values.items():
        file.write_value(mmap_key(name.removesuffix("_total"), name, ["vendor"], [label], "help"), value, 0.0)
    file.close()


def told(place: Path) -> Numbers:
    """What all files say."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(place))
    return Numbers(generate_latest(registry).decode())


def made() -> Folder:
    found = prepare()
    assert found is not None
    return found


def test_it_is_found_again_by_a_reload() -> None:
    first = made()
    assert made().path == first.path == Path(os.environ[VARIABLE])


def test_it_is_made_inside_of_a_folder_that_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(place / "shared"))
    (place / "shared").mkdir()
    (place / "shared" / "counter_1.db").touch()
    assert made().path.parent == place / "shared"
    assert (place / "shared" / "counter_1.db").exists()


def test_the_counts_of_the_dead_stay_and_their_gauges_go() -> None:
    found = made()
    for process, count in ((11, 1.25), (12, 2.5), (13, 4.0)):
        found.reserve(process)
        write(found.path / f"counter_{process}.db", "c_total", {"a": count, f"own-{process}": 1})
        write(found.path / f"gauge_livesum_{process}.db", "g", {"a": 10})
    before = told(found.path)
    found.bury(11)
    found.bury(12)
    after = told(found.path)
    assert before.sum("c_total", vendor="a") == after.sum("c_total", vendor="a") == 7.75
    assert after.sum("c_total") == 10.75
    assert (before.sum("g"), after.sum("g")) == (30, 10)
    assert sorted(path.name for path in found.path.glob("counter*")) == ["counter_13.db", "counter_dead.db"]


def test_the_file_of_the_dead_grows() -> None:
    found = made()
    for process in range(4):
        names = {f"{process}-{number}-{'x' * 900}": 1.0 for number in range(500)}
        write(found.path / f"counter_{process}.db", "c_total", names)
        found.bury(process)
    assert told(found.path).sum("c_total") == 2000
    assert (found.path / "counter_dead.db").stat().st_size > ROOM


def test_a_process_that_wrote_nothing_or_is_unknown() -> None:
    found = made()
    found.reserve(5)
    found.bury(5)
    found.bury(6)
    assert told(found.path).samples == []


def test_what_cannot_be_added_is_kept(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    found = made()
    write(found.path / "counter_7.db", "c_total", {"a": 3})

    def full(path: Path, more: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(folder, "widen", full)
    found.bury(7)
    assert told(found.path).sum("c_total") == 3
    assert "No space left" in caplog.text


def test_room_is_taken_before_anything_is_written() -> None:
    found = made()
    found.reserve(9)
    blocks = {path.name: path.stat().st_blocks * 512 for path in found.path.glob("*_9.db")}
    assert set(blocks) == {"counter_9.db", "histogram_9.db", "gauge_livesum_9.db"}
    assert all(size >= ROOM for size in blocks.values())


def test_no_room_for_a_folder(place: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "file").touch()
    monkeypatch.setenv(VARIABLE, str(place / "file"))
    assert prepare() is None
    assert VARIABLE not in os.environ
    assert "no folder" in caplog.text


SERVER = """
import sys
from app.metrics.folder import prepare
print(prepare().path, flush=True)
sys.stdin.read()
"""


def test_what_a_killed_server_left_is_swept(place: Path) -> None:
    def launch() -> tuple[subprocess.Popen[str], Path]:
        environment = {**os.environ, "TMPDIR": str(place), "PYTHONPATH": str(ROOT)}
        environment.pop(VARIABLE, None)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        process = subprocess.Popen([sys.executable, "-c", SERVER], text=True, env=environment, cwd=place, **pipes)
        assert process.stdout
        return process, Path(process.stdout.readline().strip())

    killed, left = launch()
    running, kept = launch()
    killed.kill()
    killed.communicate()
    made()
    assert not left.exists() and kept.exists()
    running.communicate()


def test_only_the_process_that_made_it_takes_it_away() -> None:
    found = made()
    if (child := os.fork()) == 0:
        found.forget()
        os._exit(0)
    os.waitpid(child, 0)
    assert found.path.exists()
    found.forget()
    assert not found.path.exists()
