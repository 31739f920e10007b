"""A file of lines that many write: nothing mixes, nothing is lost in a rotation, a failing disk is one warning."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.logs.file import LineFile
from tests.sizes import ROOT

DEADLINE = 60.0
WRITER = """
import sys
from pathlib import Path
from app.logs.file import LineFile
file = LineFile(Path(sys.argv[1]), int(sys.argv[2]), 10_000)
for number in range(int(sys.argv[4])):
    told = (sys.argv[3].encode(), number, b"x" * (number % 300))
    file.append(b'{"writer": %s, "number": %d, "more": "%s"}\\n' % told)
"""
#: Files are cut off at 4000 bytes: what a full disk looks like.
FULL_DISK = """
import resource, sys
from pathlib import Path
from app.logs.file import LineFile
file = LineFile(Path(sys.argv[1]), 10**9, 1)
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.RLIM_INFINITY))
for number in range(5):
    file.append(b"%d" % number * 899 + b"\\n")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
file.append(b"last\\n")
"""


def running(script: str, *arguments: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ended(process: subprocess.Popen[bytes]) -> str:
    """What it said on stderr."""
    _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, errors
    return errors.decode()


def lines(folder: Path) -> list[str]:
    return [line for path in folder.glob("*.jsonl*") for line in path.read_text().splitlines()]


def test_many_processes_lose_nothing_while_files_are_renamed(tmp_path: Path) -> None:
    writers = [running(WRITER, tmp_path / "a.jsonl", 20_000, number, 500) for number in range(4)]
    for writer in writers:
        assert ended(writer) == ""
    found = [json.loads(line) for line in lines(tmp_path)]
    assert sorted((line["writer"], line["number"]) for line in found) == [(w, n) for w in range(4) for n in range(500)]
    full = [path.stat().st_size for path in tmp_path.glob("a.jsonl.[0-9]*")]
    assert len(full) > 1 and min(full) > 19_000


def test_threads_share_one_file(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "a.jsonl", 2000, 10_000)

    def write(name: int) -> None:
        for number in range(200):
            file.append(b"%d:%d\n" % (name, number))

    threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    assert sorted(lines(tmp_path)) == sorted(f"{name}:{number}" for name in range(8) for number in range(200))


def test_full_files_are_numbered_the_youngest_first(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "a.jsonl", 10, 3)
    for number in range(8):
        file.append(b"%d23456789\n" % number)
    found = {path.name: path.read_text()[0] for path in tmp_path.glob("a.jsonl*") if path.suffix != ".lock"}
    assert found == {"a.jsonl": "7", "a.jsonl.1": "6", "a.jsonl.2": "5", "a.jsonl.3": "4"}


def test_fewer_kept_files_let_the_rest_go(tmp_path: Path) -> None:
    for number in (1, 2, 3, 7):
        (tmp_path / f"a.jsonl.{number}").write_text("old\n")
    (tmp_path / "a.jsonl.backup").write_text("mine\n")
    file = LineFile(tmp_path / "a.jsonl", 5, 2)
    for _ in range(2):
        file.append(b"line\n")
    assert sorted(path.name for path in tmp_path.glob("a.jsonl.[b0-9]*")) == [
        "a.jsonl.1",
        "a.jsonl.2",
        "a.jsonl.backup",
    ]
    assert (tmp_path / "a.jsonl.1").read_text() == "line\n"


def test_a_line_larger_than_a_file_is_written_all_the_same(tmp_path: Path) -> None:
    LineFile(tmp_path / "a.jsonl", 5, 1).append(b"123456789\n")
    assert (tmp_path / "a.jsonl").read_text() == "123456789\n"


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "logs" / "a.jsonl", 1000, 1)
    file.append(b"one\n")
    (tmp_path / "logs").rename(tmp_path / "old")
    file.append(b"two\n")
    assert (tmp_path / "old" / "a.jsonl").read_text() == "one\n"
    assert (tmp_path / "logs" / "a.jsonl").read_text() == "two\n"


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        LineFile(tmp_path / "above" / "logs" / "a.jsonl", 1000, 1).append(b"one\n")
    finally:
        os.umask(before)
    modes = {path: path.stat().st_mode & 0o777 for path in (tmp_path / "above").rglob("*")}
    assert modes == {tmp_path / "above" / "logs": 0o700, tmp_path / "above" / "logs" / "a.jsonl": 0o600}


def test_a_disk_that_fails_gives_one_warning_each_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = LineFile(tmp_path / "logs" / "a.jsonl", 1000, 1)
    for _ in range(2):
        (tmp_path / "logs").write_text("a file where the folder should be")
        for _ in range(5):
            file.append(b"lost\n")
        (tmp_path / "logs").unlink()
        file.append(b"written\n")
        assert (tmp_path / "logs" / "a.jsonl").read_text() == "written\n"
        (tmp_path / "logs" / "a.jsonl").unlink()
        (tmp_path / "logs").rmdir()
    warnings = [entry.message for entry in caplog.records if entry.levelno >= logging.WARNING]
    assert len(warnings) == 2 and "cannot be written" in warnings[0]


def test_a_full_device_gives_no_error(caplog: pytest.LogCaptureFixture) -> None:
    LineFile(Path("/dev/full"), 1000, 1).append(b"lost\n")
    assert "No space left" in caplog.text


def test_a_line_that_was_cut_spoils_no_other(tmp_path: Path) -> None:
    errors = ended(running(FULL_DISK, tmp_path / "a.jsonl"))
    assert errors.count("cannot be written") == 1
    assert lines(tmp_path)[-1] == "last"


def test_a_file_that_cannot_be_renamed_grows(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.jsonl.1" / "in the way").mkdir(parents=True)
    file = LineFile(tmp_path / "a.jsonl", 5, 1)
    for _ in range(3):
        file.append(b"line\n")
    assert (tmp_path / "a.jsonl").read_text() == "line\n" * 3
    assert caplog.text.count("cannot be renamed") == 1


def test_a_search_reads_the_files_written_since(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "a.jsonl", 12, 9)
    assert file.holds([b"one"], 0.0) == set()
    for word in (b"line one\n", b"line two\n", b"line three\n"):
        file.append(word)
    os.utime(tmp_path / "a.jsonl.2", (1000.0, 1000.0))
    assert file.holds([b"one", b"two", b"three", b"four"], 2000.0) == {b"two", b"three"}
    assert file.holds([b"one"], 500.0) == {b"one"}
