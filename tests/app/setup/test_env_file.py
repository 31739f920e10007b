"""What is written into `.env`, and what stays."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values

from app.setup.env_file import changed, store

OLD = """\
# my own words
PORT=4100   # not the usual one

export DEEPSEEK_API_KEY=old
KIMI_API_KEY='one
two'
# DEEPSEEK_API_KEY=example
DEEPSEEK_API_KEY=older but last
LAST=1"""


def read(path: Path) -> dict[str, str | None]:
    return dotenv_values(path, interpolate=False)


def test_other_lines_stay(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(OLD)
    store(path, {"DEEPSEEK_API_KEY": "new", "GROQ_API_KEY": "fresh"})
    assert path.read_text() == OLD.replace("older but last", "new") + "\nGROQ_API_KEY=fresh\n"
    assert read(path)["KIMI_API_KEY"] == "one\ntwo"


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\n")
    path.chmod(0o644)
    store(path, {"B": "2"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == [".env"]


def test_a_link_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "secrets", tmp_path / ".env"
    real.write_text("A=1\n")
    link.symlink_to(real)
    store(link, {"B": "2"})
    assert link.is_symlink() and real.read_text() == "A=1\nB=2\n"


def test_a_failure_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ".env"
    path.write_text("A=1\n")

    def refuse(*_: object) -> None:
        raise OSError("full")

    monkeypatch.setattr("app.setup.env_file.os.replace", refuse)
    with pytest.raises(OSError, match="full"):
        store(path, {"B": "2"})
    assert path.read_text() == "A=1\n" and os.listdir(tmp_path) == [".env"]


@pytest.mark.parametrize(
    "value", ["plain-1/2:3", "with blank", "it's", "back\\slash", 'a"b', "$HOME ${X}", "#no comment", "a#b", "", "ü"]
)
@pytest.mark.parametrize("before", ["", "A=1\n", "X=old\n", "export X=old # why\nA=1"])
def test_every_value_comes_back(tmp_path: Path, value: str, before: str) -> None:
    path = tmp_path / ".env"
    path.write_text(before)
    store(path, {"X": value})
    assert read(path)["X"] == value
    assert read(path).get("A", "1") == "1"


def test_a_longer_name_is_another_one() -> None:
    assert changed("X_Y=1\nX=2\n", {"X": "3"}) == "X_Y=1\nX=3\n"
