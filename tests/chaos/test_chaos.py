"""A small chaos run as part of all tests, and proof that the plans are what they should be."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.chaos.faults import FAULTS
from tests.chaos.plans import HARD, LATE, PROTOCOLS, SOFT, Stage
from tests.chaos.run import SMALL, Run

SEED = 20261121


@pytest.mark.e2e
def test_nobody_is_left_alone_or_told_what_was_not_said(tmp_path: Path) -> None:
    report = Run(SEED, SMALL, tmp_path).play()
    assert report.wrong == [], report.table()
    assert report.faulty == SMALL.count
    assert {"message", "HTTP error", "error event", "left"} <= report.kinds.keys()
    assert report.tries > SMALL.count / 2


@pytest.mark.e2e
def test_one_exchange_can_be_repeated(tmp_path: Path) -> None:
    report = Run(SEED, SMALL, tmp_path, only=3).play()
    assert report.wrong == [], report.table()
    assert report.kinds.total() == 1


def test_a_seed_repeats_a_run_and_another_one_does_not() -> None:
    first, again, other = ([Stage(seed, 5, True).plan(number) for number in range(50)] for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_every_fault_wire_and_manner_has_its_turn() -> None:
    stage = Stage(SEED, 5, True)
    plans = [stage.plan(number) for number in range(2000)]
    faults = {act.fault for plan in plans for act in plan.acts}
    assert faults == {*HARD, *SOFT, *LATE, "good"} == FAULTS.keys()
    readings = Counter(plan.manner.reading for plan in plans)
    assert readings.keys() == {"reads", "slow", "leaves", "leaves_early", "leaves_asking"}
    assert min(readings.values()) > 20
    asked = Counter(stage.row_names().get(plan.model.split("/")[0]) for plan in plans)
    assert min(asked[wire] for wire in PROTOCOLS) > 100
    assert sum(plan.is_faulty for plan in plans) > 0.9 * len(plans)
