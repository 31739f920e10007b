"""Texts on disk: shared by workers, bounded, and no worry when the disk fails."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from app.asides.once import Once
from app.asides.shelf import AGAIN, Shelf
from app.upstream.upstream import Line
from translators.core.errors import Broke

FILE = "texts.sqlite"


def shelf(folder: Path | None, most: int = 10_000, clock: list[float] | None = None) -> Shelf:
    return Shelf(folder, FILE, most, (lambda: clock[0]) if clock else (lambda: 1_000.0))


def test_another_worker_and_the_next_run_have_it(tmp_path: Path) -> None:
    shelf(tmp_path / "new").keep("a", "first")
    assert shelf(tmp_path / "new").read("a") == "first"
    assert shelf(tmp_path / "new").read("b") is None
    assert (tmp_path / "new" / FILE).stat().st_mode & 0o077 == 0


def test_the_first_text_is_the_one_for_all(tmp_path: Path) -> None:
    one, other = shelf(tmp_path), shelf(tmp_path)
    assert one.keep("a", "first") == "first"
    assert other.keep("a", "second") == "first"
    assert other.read("a") == "first"


def test_what_was_used_longest_ago_goes(tmp_path: Path) -> None:
    clock = [0.0]
    kept = shelf(tmp_path, 350, clock)
    for clock[0], key in enumerate("abc"):
        kept.keep(key, key * 100)
    clock[0] = AGAIN + 10
    assert kept.read("a")
    kept.keep("d", "d" * 100)
    assert [bool(shelf(tmp_path, 350, clock).read(key)) for key in "abcd"] == [True, False, True, True]


def test_a_claim_is_for_one_until_it_is_given_back_or_over(tmp_path: Path) -> None:
    clock = [0.0]
    one, other = shelf(tmp_path, clock=clock), shelf(tmp_path, clock=clock)
    assert one.claim("a", 10)
    assert not other.claim("a", 10)
    other.release("a")
    assert not other.claim("a", 10)
    one.release("a")
    assert other.claim("a", 10)
    clock[0] = 11.0
    assert one.claim("a", 10)


def test_without_a_folder_it_is_memory(tmp_path: Path) -> None:
    kept = shelf(None)
    assert (kept.claim("a", 1), kept.keep("a", "text"), kept.read("a")) == (True, "text", "text")


def test_a_damaged_file_is_put_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 100)
    kept = shelf(tmp_path)
    assert kept.claim("a", 1)
    assert kept.keep("a", "text") == "text"
    assert shelf(tmp_path).read("a") == "text"
    assert caplog.text.count("memory only") == 1


def test_a_folder_that_cannot_be_made(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    kept = shelf(tmp_path / "file" / "state")
    assert (kept.claim("a", 1), kept.keep("a", "text"), kept.read("a")) == (True, "text", "text")
    assert caplog.text.count("memory only") == 1


# -- made once


def test_two_workers_make_a_text_once(tmp_path: Path) -> None:
    gate, begun, made = threading.Event(), threading.Event(), list[str]()

    def make(name: str) -> str:
        made.append(name)
        begun.set()
        assert gate.wait(10)
        return name

    one, other = Once(shelf(tmp_path), 10, "test"), Once(shelf(tmp_path), 10, "test")
    first = one.begin("a", lambda gone: make("one"))
    assert begun.wait(10)
    second = other.begin("a", lambda gone: make("other"))
    gate.set()
    assert {once.wait(making, Line(), 10) for once, making in ((one, first), (other, second))} == {"one"}
    assert made == ["one"]


def test_who_is_cut_off_wakes_nobody_else() -> None:
    gate = threading.Event()
    once = Once(shelf(None), 10, "test")
    making = once.begin("a", lambda gone: "text" if gate.wait(10) else "")
    gone, here = Line(), Line()
    waits = [threading.Thread(target=once.wait, args=(making, gone, 10))]
    found: list[str | None] = []
    waits.append(threading.Thread(target=lambda: found.append(once.wait(once.begin("a", never), here, 10))))
    for wait in waits:
        wait.start()
    gone.cut()
    waits[0].join(10)
    assert not making.is_unwanted()
    gate.set()
    waits[1].join(10)
    assert found == ["text"]


def test_all_have_left() -> None:
    told = threading.Event()
    once = Once(shelf(None), 10, "test")
    seen = threading.Event()

    def make(gone: object) -> str:
        assert told.wait(10)
        if callable(gone) and gone():
            seen.set()
        return "text"

    making, line = once.begin("a", make), Line()
    line.cut()
    assert once.wait(making, line, 10) is None
    told.set()
    assert seen.wait(10)


def test_a_failure_rests_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    once = Once(shelf(None), 10, "a picture was not described")

    def fail(gone: object) -> str:
        raise Broke("the vendor hung up")

    assert not once.rests("a")
    assert once.wait(once.begin("a", fail), Line(), 10) is None
    assert once.rests("a")
    assert not once.rests("a", 0)
    assert "a picture was not described: the vendor hung up" in caplog.text
    assert once.wait(once.begin("a", lambda gone: "text"), Line(), 10) == "text"


def never(gone: object) -> str:
    raise AssertionError("it is on its way")


def test_a_fork_claims_for_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = shelf(tmp_path)
    assert kept.claim("a", 10)
    monkeypatch.setattr(os, "getpid", lambda: 1)
    kept.release("a")
    assert not kept.claim("a", 10)
