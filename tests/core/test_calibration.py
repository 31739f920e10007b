"""Calibration: a few reports of a tokenizer make estimates right; no report can make them dangerously low."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.core.calibration import CREDIBLE, FLOOR, FRESH, Moments, calibrated, observed
from translators.core.tokens import Size

MAIN = Size(text=9_000, tools=19_000)
LATER = Size(text=60_000, tools=19_000, scripts=900)
PLAIN = Size(text=3_000)
FOREIGN = Size(text=2_000, tools=9_000, scripts=12_000)


def vendor(size: Size, text: float, tools: float, scripts: float) -> int:
    """What a vendor counts that differs by these factors."""
    return round(size.text * text + size.tools * tools + size.scripts * scripts + size.media)


def taught(sizes: Sequence[Size], *factors: float, start: Moments = FRESH) -> Moments:
    for size in sizes:
        start = observed(start, size, vendor(size, *factors))
    return start


def off(moments: Moments, size: Size, *factors: float) -> float:
    """The relative error of an estimate."""
    true = vendor(size, *factors)
    return abs(calibrated(moments, size) - true) / true


def test_without_a_report_it_is_the_raw_estimate() -> None:
    assert calibrated(FRESH, FOREIGN) == FOREIGN.tokens


@pytest.mark.parametrize("factor", [0.6, 0.8, 1.0, 1.3, 1.3])
@pytest.mark.parametrize("size", [MAIN, LATER, PLAIN, FOREIGN])
def test_one_report_sets_the_level(factor: float, size: Size) -> None:
    assert off(taught([MAIN], factor, factor, factor), size, factor, factor, factor) < 0.01


@pytest.mark.parametrize("factors", [(1.0, 0.7, 1.0), (1.1, 1.4, 0.8), (0.9, 1.0, 1.3)])
def test_requests_of_three_kinds_tell_the_parts_apart(factors: tuple[float, float, float]) -> None:
    moments = taught([MAIN, PLAIN, FOREIGN], *factors)
    assert max(off(moments, size, *factors) for size in (MAIN, LATER, PLAIN, FOREIGN)) < 0.05


def test_a_changed_model_is_followed() -> None:
    moments = taught([MAIN, LATER] * 10, 0.9, 0.9, 0.9)
    assert off(taught([LATER] * 3, 1.3, 1.3, 1.3, start=moments), LATER, 1.3, 1.3, 1.3) < 0.2
    assert off(taught([LATER] * 25, 1.3, 1.3, 1.3, start=moments), LATER, 1.3, 1.3, 1.3) < 0.05


@pytest.mark.parametrize("report", [0, 12, 9_000, 90_000, 28_000_000])
def test_reports_of_something_else_are_ignored(report: int) -> None:
    assert observed(FRESH, MAIN, report) is FRESH


def test_one_odd_report_among_good_ones_moves_little() -> None:
    moments = observed(taught([MAIN] * 5, 1, 1, 1), MAIN, 14_000)
    assert off(moments, MAIN, 1, 1, 1) < 0.1


@pytest.mark.parametrize(
    "size", [Size(text=60), Size(text=3_000, media=1_600), Size()], ids=["small", "pictures", "none"]
)
def test_requests_that_tell_nothing_of_the_text(size: Size) -> None:
    assert observed(FRESH, size, size.tokens) is FRESH


def test_pictures_are_left_as_they_are() -> None:
    moments = taught([MAIN] * 3, 0.8, 0.8, 0.8)
    assert calibrated(moments, Size(media=1_500)) == 1_500
    assert calibrated(moments, Size(text=9_000, tools=19_000, media=1_500)) == calibrated(moments, MAIN) + 1_500


SIZES = st.builds(
    Size, text=st.floats(0, 1e6), tools=st.floats(0, 1e6), scripts=st.floats(0, 1e6), media=st.floats(0, 1e5)
)


@given(st.lists(st.tuples(SIZES, st.integers(0, 4_000_000)), max_size=8), SIZES)
def test_no_reports_whatever_make_an_estimate_wild(reports: list[tuple[Size, int]], size: Size) -> None:
    moments = FRESH
    for one, report in reports:
        moments = observed(moments, one, report)
    raw = size.text + size.tools + size.scripts
    assert FLOOR * raw - 1 <= calibrated(moments, size) - size.media <= CREDIBLE[1] * raw + 1
