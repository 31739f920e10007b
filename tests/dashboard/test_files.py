"""Parts of log files: every complete line is in exactly one, and a whole part stays as it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from app.dashboard.engine import files
from app.dashboard.engine.files import found, parts

LINES = some.lists(
    some.binary(max_size=90).map(lambda data: data.replace(b"\n", b" ") + b"\n"), min_size=1, max_size=40
)
ENDS = some.binary(max_size=50).map(lambda data: data.replace(b"\n", b" "))


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PART", 64)


def contents(folder: Path) -> list[bytes]:
    """What the parts of the only file hold, from its beginning on."""
    (file,) = found([str(folder)], "usage.jsonl")
    return [part.read() for part in reversed(list(parts(file)))]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, end=ENDS)
def test_every_complete_line_is_in_one_part(tmp_path: Path, lines: list[bytes], end: bytes) -> None:
    (tmp_path / "usage.jsonl").write_bytes(b"".join(lines) + end)
    held = contents(tmp_path)
    assert b"".join(held) == b"".join(lines)
    assert all(data.endswith(b"\n") for data in held)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, end=ENDS, more=LINES)
def test_a_whole_part_stays_when_the_file_grows(
    tmp_path: Path, lines: list[bytes], end: bytes, more: list[bytes]
) -> None:
    path = tmp_path / "usage.jsonl"
    path.write_bytes(b"".join(lines) + end)
    (file,) = found([str(tmp_path)], "usage.jsonl")
    before = {part.name: part.read() for part in parts(file) if part.whole}
    with path.open("ab") as grown:
        grown.writelines(more)
    (file,) = found([str(tmp_path)], "usage.jsonl")
    after = {part.name: part.read() for part in parts(file)}
    assert before.items() <= after.items()


def test_a_long_line_may_pass_several_parts(tmp_path: Path) -> None:
    (tmp_path / "usage.jsonl").write_bytes(b"a\n" + b"b" * 300 + b"\nc\n")
    assert b"".join(contents(tmp_path)) == b"a\n" + b"b" * 300 + b"\nc\n"


def test_a_file_is_known_again_when_it_was_renamed(tmp_path: Path) -> None:
    (tmp_path / "usage.jsonl").write_bytes(b"one\n")
    (before,) = found([str(tmp_path)], "usage.jsonl")
    (tmp_path / "usage.jsonl").rename(tmp_path / "usage.jsonl.1")
    (tmp_path / "usage.jsonl").write_bytes(b"two\n")
    young, old = found([str(tmp_path)], "usage.jsonl")
    assert (old.key, old.live) == (before.key, False)
    assert (young.key != before.key, young.live) == (True, True)


def test_the_youngest_come_first_and_nothing_else_counts(tmp_path: Path) -> None:
    names = ["usage.jsonl", "usage.jsonl.2", "usage.jsonl.10", "usage.jsonl.1"]
    for name in [*names, "usage.jsonl.lock", "usage.jsonl.bak", "other.jsonl"]:
        (tmp_path / name).write_bytes(name.encode() + b"\n")
    (tmp_path / "usage.jsonl.3").write_bytes(b"no line yet")
    seen = [file.path.name for file in found([str(tmp_path)], "usage.jsonl")]
    assert seen == ["usage.jsonl", "usage.jsonl.1", "usage.jsonl.2", "usage.jsonl.10"]


def test_a_file_that_is_reached_twice_counts_once(tmp_path: Path) -> None:
    folder, other = tmp_path / "logs", tmp_path / "link"
    folder.mkdir()
    other.symlink_to(folder)
    (folder / "usage.jsonl").write_bytes(b"one\n")
    os.link(folder / "usage.jsonl", folder / "usage.jsonl.1")  # as a rotation looks from aside
    assert len(found([str(folder), str(other)], "usage.jsonl")) == 1


def test_a_missing_folder_is_an_empty_one(tmp_path: Path) -> None:
    assert found([str(tmp_path / "nowhere")], "usage.jsonl") == []
