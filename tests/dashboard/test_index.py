"""The index shows every line of the files once, whatever happens to them meanwhile."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from app.dashboard.engine import files
from app.dashboard.engine.__main__ import Engine
from app.dashboard.engine.index import Index
from app.dashboard.reader import index_folder
from app.logs.file import LineFile
from tests.dashboard.conftest import Opened
from tests.dashboard.logs import NOW, ask, encoded, ids, read, sample, written

LINES = sample(400)
NAMES = sorted(line["request_id"] for line in LINES)
QUESTION = {"view": "overview", "now": int(NOW * 1000), "range": "all"}


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few lines each, so that files have many."""
    monkeypatch.setattr(files, "PART", 8192)


def test_everything_is_shown(tmp_path: Path, opened: Opened) -> None:
    index = opened(written(tmp_path / "logs", LINES))
    assert ids(read(index)) == NAMES


def test_the_latest_lines_are_there_before_the_others(tmp_path: Path, opened: Opened) -> None:
    index = opened(written(tmp_path / "logs", LINES))
    index.refresh()
    seen = ids(index)
    assert set(seen) < set(NAMES)
    assert LINES[-1]["request_id"] in seen
    index.step()
    times = {line["request_id"]: line["time"] for line in LINES}
    hidden = set(NAMES) - set(ids(index))
    assert max(times[name] for name in hidden) <= min(times[name] for name in ids(index))


def test_half_a_line_waits_for_its_other_half(tmp_path: Path, opened: Opened) -> None:
    folder = written(tmp_path / "logs", LINES[:5])
    index = opened(folder)
    data = encoded(LINES[5])
    with (folder / "usage.jsonl").open("ab", buffering=0) as file:
        file.write(data[:70])
        assert len(ids(read(index))) == 5
        file.write(data[70:])
    assert len(ids(read(index))) == 6


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_lost_or_doubled_while_files_grow_and_rotate(tmp_path: Path, opened: Opened, seed: int) -> None:
    chance = random.Random(seed)
    log = LineFile(tmp_path / "logs" / "usage.jsonl", 30_000, 50)
    index = opened(tmp_path / "logs")
    for count, line in enumerate(LINES, 1):
        log.append(encoded(line))
        if chance.random() < 0.1:
            shown = ids(read(index))
            assert len(shown) == count
            assert len(set(shown)) == count
        elif chance.random() < 0.1:
            index.refresh()
        if chance.random() < 0.02:
            index = opened(tmp_path / "logs")  # a server that starts again
    assert len(list((tmp_path / "logs").glob("usage.jsonl.*"))) > 5
    assert ids(read(index)) == NAMES
    log.close()


def test_lines_do_not_vanish_while_their_part_is_being_finished(tmp_path: Path, opened: Opened) -> None:
    folder, index = tmp_path / "logs", opened(tmp_path / "logs")
    for count, line in enumerate(LINES, 1):
        written(folder, [line])
        index.refresh()  # without a step
        assert len(ids(index)) == count


def test_a_straggler_in_a_full_file_is_found(tmp_path: Path, opened: Opened) -> None:
    folder = written(tmp_path / "logs", LINES[:50])
    index = read(opened(folder))
    (folder / "usage.jsonl").rename(folder / "usage.jsonl.1")
    written(folder, LINES[50:60])
    read(index)
    written(folder, LINES[60:61], "usage.jsonl.1")
    assert len(ids(read(index))) == 61


def test_a_second_start_reads_nothing_again(tmp_path: Path, opened: Opened) -> None:
    folder = written(tmp_path / "logs", LINES)
    read(opened(folder))
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "index").glob("*.parquet")}
    again = opened(folder)
    again.refresh()
    assert again.missing == 0
    assert ids(again) == NAMES
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "index").glob("*.parquet")} == kept


def test_what_is_deleted_is_forgotten(tmp_path: Path, opened: Opened) -> None:
    folder = written(tmp_path / "logs", LINES[:200])
    (folder / "usage.jsonl").rename(folder / "usage.jsonl.1")
    written(folder, LINES[200:])
    index = read(opened(folder))
    kept = len(list((tmp_path / "index").glob("usage-*.parquet")))
    (folder / "usage.jsonl.1").unlink()
    assert ids(read(index)) == sorted(line["request_id"] for line in LINES[200:])
    assert 0 < len(list((tmp_path / "index").glob("usage-*.parquet"))) < kept


def test_a_file_that_was_emptied_begins_anew(tmp_path: Path, opened: Opened) -> None:
    folder = written(tmp_path / "logs", LINES[:100])
    index = read(opened(folder))
    (folder / "usage.jsonl").write_bytes(b"")
    assert ids(read(index)) == []
    written(folder, LINES[100:103])
    assert len(ids(read(index))) == 3


def test_a_file_that_was_cut_short_shows_no_more_than_it_holds(tmp_path: Path, opened: Opened) -> None:
    folder = written(tmp_path / "logs", LINES[:6])
    index = read(opened(folder))
    with (folder / "usage.jsonl").open("rb+") as file:
        file.truncate(len(encoded(LINES[0]) + encoded(LINES[1])))
    assert len(ids(read(index))) == 2
    written(folder, LINES[20:22])
    assert len(ids(read(index))) == 4


def test_files_that_are_renamed_before_their_turn_comes_are_read(tmp_path: Path, opened: Opened) -> None:
    folder = written(tmp_path / "logs", LINES)
    index = opened(folder)
    index.refresh()
    (folder / "usage.jsonl").rename(folder / "usage.jsonl.1")
    while index.missing:
        index.step()
    assert ids(read(index)) == NAMES


def test_an_index_that_nobody_looks_at_is_removed(tmp_path: Path, opened: Opened) -> None:
    folder = written(tmp_path / "logs", LINES[:3])
    old, young, new = (index_folder(tmp_path / "state", [name]) for name in ("old", "young", "new"))
    other = old.with_name("something else")
    other.mkdir()
    for place in (old, young):
        read(opened(folder, folder=place))
    for place in (old, other):
        os.utime(place, (0, 0))
    opened(folder, folder=new)
    assert set(new.parent.iterdir()) == {young, new, other}


SPOILT = {
    "words": b"not json at all\n",
    "half an object": b'{"time": "2026-1\n',
    "a list": b"[1, 2]\n",
    "a number": b"5\n",
    "bytes that are no text": b'{"time": "\xff\xfe"}\n',
    "zeros": b"\0" * 3000 + b"\n",
    "an unpaired surrogate": b'{"time": "2026-11-01T00:00:00.000Z", "alias": "\\ud800"}\n',
    "another form of everything": b'{"time": {"a": 1}, "cost_usd": "x", "status": [1], "stream": "maybe"}\n',
    "an endless line": b'{"alias": "' + b"x" * 3_000_000 + b'"}\n',
    "a deep one": b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"\n",
}


@pytest.mark.parametrize("spoilt", SPOILT.values(), ids=SPOILT)
@pytest.mark.parametrize("place", ["live", "full"])
def test_a_spoilt_line_harms_no_other(tmp_path: Path, opened: Opened, spoilt: bytes, place: str) -> None:
    folder = written(tmp_path / "logs", LINES[:3])
    with (folder / "usage.jsonl").open("ab") as file:
        file.write(spoilt)
    written(folder, LINES[3:6])
    if place == "full":
        (folder / "usage.jsonl").rename(folder / "usage.jsonl.1")
    index = read(opened(folder))
    names = {line["request_id"] for line in LINES[:6]}
    assert names <= set(ids(index)) | {None}
    told = ask(index, "overview")
    assert told["totals"]["requests"] + told["unreadable"] == 7


def test_fields_of_another_type_and_new_ones_cost_only_themselves(tmp_path: Path, opened: Opened) -> None:
    odd = {**LINES[0], "status": "lost", "cost_usd": "much", "output_tokens": 10**12, "news": {"a": [1]}}
    index = read(opened(written(tmp_path / "logs", [odd])))
    (row,) = ask(index, "table", table="exchanges")["rows"]
    assert (row["status"], row["cost_usd"], row["output_tokens"]) == ("lost", None, None)
    assert row["input_tokens"] == odd["input_tokens"]


def test_large_counts_add_up(tmp_path: Path, opened: Opened) -> None:
    large = dict.fromkeys(("input_tokens", "cache_read_tokens", "cache_write_tokens"), 2_000_000_000)
    lines = [{**LINES[number], "error_type": None, **large} for number in (0, 1)]
    index = read(opened(written(tmp_path / "logs", lines)))
    assert ask(index, "overview")["totals"]["tokens_in"] == 12_000_000_000


def test_several_folders_are_one(tmp_path: Path, opened: Opened) -> None:
    one, two = written(tmp_path / "it's one", LINES[:100]), written(tmp_path / "two", LINES[100:])
    index = read(opened(one, two))
    assert ids(index) == NAMES
    found = {row["place"]: row["requests"] for row in ask(index, "table", table="places")["rows"]}
    assert found == {str(one): 100, str(two): 300}


def test_engines_share_a_folder(tmp_path: Path, opened: Opened) -> None:
    folder = written(tmp_path / "logs", LINES[:200])
    first, second = opened(folder), opened(folder)
    first.refresh()
    second.refresh()
    while first.missing or second.missing:
        for index in (first, second):
            if index.missing:
                index.step()
    written(folder, LINES[200:])
    assert ids(read(first)) == ids(read(second)) == NAMES


def engine_on(tmp_path: Path) -> Engine:
    """An engine that has read all files."""
    engine = Engine(tmp_path / "index", [str(tmp_path / "logs")])
    while engine.answer(QUESTION)["reading"]["done"] < engine.answer(QUESTION)["reading"]["size"]:
        engine.work()
    return engine


@pytest.mark.parametrize("harm", ["damaged", "gone"])
def test_a_harmed_index_is_made_again(tmp_path: Path, harm: str) -> None:
    written(tmp_path / "logs", LINES)
    engine_on(tmp_path).close()
    for path in (tmp_path / "index").glob("usage-*.parquet"):
        if harm == "gone":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:200])
    engine = engine_on(tmp_path)
    assert engine.answer(QUESTION)["totals"]["requests"] == len(LINES)
    engine.close()


def test_parts_that_vanish_from_a_running_engine_are_made_again(tmp_path: Path) -> None:
    written(tmp_path / "logs", LINES)
    engine = engine_on(tmp_path)
    for path in (tmp_path / "index").glob("usage-*.parquet"):
        path.unlink()
    asked = {**QUESTION, "zone": 60}  # nothing that it remembers
    while (answer := engine.answer(asked))["reading"]["done"] < answer["reading"]["size"]:
        engine.work()
    assert answer["totals"]["requests"] == len(LINES)
    engine.close()


def test_an_answer_is_remembered_until_a_line_is_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "logs", LINES[:10])
    engine = engine_on(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("app.dashboard.engine.views.VIEWS", {})
        assert engine.answer(QUESTION)["totals"]["requests"] == 10
    written(tmp_path / "logs", LINES[10:12])
    assert engine.answer(QUESTION)["totals"]["requests"] == 12
    engine.close()


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "logs", LINES)
    engine = Engine(tmp_path / "index", [str(tmp_path / "logs")])

    def full(index: Index) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Index, "step", full)
    monkeypatch.setattr("app.dashboard.engine.__main__.PATIENCE", 0.01)
    assert "No space left" in engine.answer(QUESTION)["reading"]["problem"]
    engine.close()
