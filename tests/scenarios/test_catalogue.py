"""The catalogue is complete: every entry has its tests, on every wire that it names, and none is skipped."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.scenarios.catalogue import CATALOGUE, Entry
from tests.scenarios.report import README, Proof, entry_of, in_own_process, row

Found = dict[str, Any]


@pytest.fixture(scope="module")
def found() -> Found:
    """What pytest collects here."""
    told: Found = json.loads(in_own_process("--collect"))
    return told


def test_every_entry_is_tested_on_its_wires(found: Found) -> None:
    lacking = {
        entry.id: sorted(set(entry.wires) - set(found["wires"].get(entry.id, ())))
        for entry in CATALOGUE
        if entry.id not in found["wires"] or set(entry.wires) - set(found["wires"][entry.id])
    }
    assert lacking == {}


def test_every_test_belongs_to_an_entry(found: Found) -> None:
    assert set(found["wires"]) == {entry.id for entry in CATALOGUE}
    assert len({entry.id for entry in CATALOGUE}) == len(CATALOGUE)


def test_nothing_is_skipped_and_what_is_missing_says_so(found: Found) -> None:
    assert found["skipping"] == []
    assert found["loose"] == []


def test_the_readme_is_up_to_date(found: Found) -> None:
    """`make scenarios-table` renews it."""
    assert README.read_text(encoding="utf-8") == found["readme"]


@pytest.mark.parametrize(
    ("name", "entry"), [("test_st_1_cut", "ST-1"), ("test_tc_19_x[chat]", "TC-19"), ("test_every_entry", None)]
)
def test_names_tell_the_entry(name: str, entry: str | None) -> None:
    assert entry_of(name) == entry


def test_a_row_names_what_is_missing_and_where() -> None:
    proof = Proof({"test_x": None}, {"chat", "gemini"})
    proof.missing["no such thing"].add("gemini")
    assert (
        row(Entry("XX-1", "Title", ("chat",)), proof) == "| XX-1 | Title | 1 | chat, gemini | no such thing (gemini) |"
    )
