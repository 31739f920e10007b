"""The text of PDFs: with page marks, and a note whenever there is none."""

from __future__ import annotations

import json
import threading
import zlib
from pathlib import Path
from typing import Any

import pytest

from app.media import pdf as reader
from app.media import pdf_pages
from app.media.cache import Bounded
from app.media.pdf import NOTES, Pages, Pdfs, found
from tests.support.media_samples import locked_pdf, pdf

THREE = pdf("First words", "", "Last words")


def words(data: bytes, most: int = 10_000) -> str:
    return Pdfs().read(data).words(most)


def test_the_pages_are_marked() -> None:
    assert words(THREE) == "\n".join(
        [
            "[The text of a PDF, 3 pages. Its pictures and its layout are left out.]",
            *("[page 1]", "First words"),
            *("[page 2]", "(no text on this page, perhaps a picture)"),
            *("[page 3]", "Last words"),
        ]
    )


def test_scanned_pages() -> None:
    assert words(pdf("", "")).startswith("[A PDF was attached here. Its pages (2) hold no text")


def damaged(*pages: str) -> bytes:
    """A PDF whose first page cannot be read."""
    return pdf(*pages).replace(b"<</Length", b"<</Filter/Odd/Length", 1)


def test_pages_that_cannot_be_read_are_not_said_to_be_scanned() -> None:
    said = words(damaged("lost"))
    assert said.startswith("[A PDF was attached here. None of its pages (1) could be read")
    assert "scanned" not in said


def test_a_page_that_cannot_be_read_is_told_beside_one_without_text() -> None:
    assert words(damaged("lost", "")).splitlines()[1:] == [
        *("[page 1]", "(this page could not be read)"),
        *("[page 2]", "(no text on this page, perhaps a picture)"),
    ]


def test_a_long_text_is_cut() -> None:
    text = words(THREE, most=5)
    assert "[page 1]\nFirst\n[The document is too long: what follows on page 1 " in text
    assert "[page 2]" not in text


def test_a_text_that_just_fits_is_whole() -> None:
    assert "too long" not in words(pdf("12345", "67890"), most=11)


UNREADABLE = {
    "with a password": (locked_pdf("secret", "x"), "encrypted"),
    "cut off": (THREE[:60], "broken"),
    "no PDF": (b"plain words", "broken"),
    "only its mark": (b"%PDF-1.7", "broken"),
    "empty": (b"", "broken"),
    "a tree that bites its tail": (THREE.replace(b"/Kids[4 0 R", b"/Kids[2 0 R"), "broken"),
    "noise": (b"%PDF-1.4\n" + bytes(range(256)) * 8, "broken"),
}


@pytest.mark.parametrize(("data", "state"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_leaves_a_note(data: bytes, state: str) -> None:
    assert words(data) == NOTES[state]


def test_an_empty_password_opens() -> None:
    assert "Open words" in words(locked_pdf("", "Open words"))


def test_a_damaged_table_is_repaired() -> None:
    assert "Last words" in words(THREE.replace(b"startxref\n", b"startxref\n9"))


def bomb(megabytes: int) -> bytes:
    """A page whose content is that large once it is unpacked."""
    packed = zlib.compress(b"(a) Tj\n" * (megabytes * 150_000), 9)
    head = b"<</Length %d/Filter/FlateDecode>>stream\n" % len(packed)
    plain = pdf("x")
    start = plain.index(b"<</Length")
    return plain[:start] + head + packed + b"\nendstream" + plain[plain.index(b"\nendobj", start) :]


def test_a_bomb_hurts_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "SECONDS", 2)
    said = words(bomb(400))
    assert said.startswith("[A PDF was attached here")
    assert "scanned" not in said


# -- the limits, in the program itself


def pages_of(data: bytes, most_pages: int = 9, most_characters: int = 1000) -> dict[str, Any]:
    return pdf_pages.read(data, most_pages, most_characters)


def test_only_so_many_pages_are_read() -> None:
    assert pages_of(THREE, most_pages=2) == {"state": "read", "pages": 3, "texts": ["First words", ""]}


def test_only_so_many_characters_are_read() -> None:
    assert pages_of(THREE, most_characters=7)["texts"] == ["First w"]


def test_a_page_that_cannot_be_read_does_not_spoil_the_others() -> None:
    assert pages_of(damaged("First words", "", "Last words"))["texts"] == [None, "", "Last words"]


@pytest.mark.parametrize(("page", "expected"), [(1, {"state": "slow"}), (3, ["First words", ""])])
def test_when_time_is_up(monkeypatch: pytest.MonkeyPatch, page: int, expected: Any) -> None:
    calls = []
    real = pdf_pages.text_of

    def ringing(leaf: Any) -> str:
        calls.append(leaf)
        if len(calls) == page:
            raise pdf_pages.TimeIsUp
        return real(leaf)

    monkeypatch.setattr(pdf_pages, "text_of", ringing)
    answer = pages_of(THREE)
    assert (answer if page == 1 else answer["texts"]) == expected
    if page == 3:
        assert "what follows on page 2 and all later" in Pages("", answer["pages"], tuple(answer["texts"])).words(99)


# -- the process


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Takes the place of the program that reads."""
    file = tmp_path / "program.py"
    monkeypatch.setattr(reader, "PROGRAM", file)
    return file


def test_the_process_gets_no_keys(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", "secret")
    program.write_text(
        "import json, os\nprint(json.dumps({'state': 'read', 'pages': 1, 'texts': [' '.join(sorted(os.environ))]}))"
    )
    names = words(b"x").splitlines()[-1].split()
    assert "PATH" in names and "DEEPSEEK_API_KEY" not in names and "HOME" not in names


@pytest.mark.parametrize("end", ["raise SystemExit(1)", "import os; os.kill(os.getpid(), 9)", "print('oops')"])
def test_a_process_that_dies(program: Path, end: str) -> None:
    program.write_text(end)
    assert words(b"x") == NOTES["broken"]


def test_a_process_that_hangs(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LAST_SECOND", 0.3)
    program.write_text("import signal; signal.pause()")
    assert words(b"x") == NOTES["slow"]


def test_a_python_that_is_missing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(reader, "interpreter", lambda: "/nowhere/python3")
    assert words(THREE) == NOTES["slow"]
    assert "/nowhere/python3" in caplog.text


@pytest.mark.parametrize(("inside", "named"), [("/usr/bin/uwsgi", "bin/python3"), ("/x/python3.12", "/x/python3.12")])
def test_the_python_of_a_server_that_carries_it_inside(
    monkeypatch: pytest.MonkeyPatch, inside: str, named: str
) -> None:
    monkeypatch.setattr(reader.sys, "executable", inside)
    assert reader.interpreter().endswith(named)


def test_a_pdf_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []
    monkeypatch.setattr(reader, "read", lambda data: read.append(data) or Pages("", 1, ("x",)))
    pdfs = Pdfs()
    assert [pdfs.read(data).texts for data in (b"a", b"b", b"a")] == [("x",)] * 3
    assert read == [b"a", b"b"]


def test_control_characters_stay_behind() -> None:
    assert found(json.dumps({"state": "read", "pages": 1, "texts": ["a"]}).encode()) == Pages("", 1, ("a",))
    assert pdf_pages.CONTROLS.sub("", "a\0b\nc\td\ud800e\x7f") == "ab\nc\tde"


# -- the cache


def test_the_oldest_goes_first() -> None:
    cache: Bounded[str] = Bounded(10)
    cache.write("a", "A", 4)
    cache.write("b", "B", 4)
    assert cache.read("a") == "A"
    cache.write("c", "C", 4)
    assert [cache.read(key) for key in "abc"] == ["A", None, "C"]


def test_what_is_too_heavy_is_not_kept() -> None:
    cache: Bounded[str] = Bounded(10)
    cache.write("a", "A", 4)
    cache.write("a", "again", 11)
    cache.write("b", "B", 10)
    assert [cache.read(key) for key in "ab"] == [None, "B"]


def test_the_weight_stays_right_when_a_value_is_replaced() -> None:
    cache: Bounded[int] = Bounded(10)
    for turn in range(20):
        cache.write("a", turn, 6)
    cache.write("b", 0, 4)
    assert (cache.read("a"), cache.read("b")) == (19, 0)


def test_many_threads() -> None:
    cache: Bounded[int] = Bounded(50)
    threads = [
        threading.Thread(target=lambda: [cache.write(turn % 60, turn, 1) for turn in range(500)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(cache.read(key) is not None for key in range(60)) == 50
