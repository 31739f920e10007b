"""Which failures are tried again, which go to another vendor, and how long keys rest."""

from __future__ import annotations

import pytest

from app.resilience.policy import LIMIT_REST, REFUSAL_REST, TRIES, Policy, Resting, heals, is_outage, moves, rest
from translators.core.errors import (
    Broke,
    Empty,
    InvalidRequest,
    NotFound,
    Overloaded,
    PromptTooLong,
    RateLimited,
    Rejected,
    RialtoError,
    TimedOut,
    Unreachable,
    UpstreamError,
)

#: Error -> (heals at the same vendor, moves to another, counts as an outage, seconds that its key rests).
TABLE: list[tuple[RialtoError, bool, bool, bool, float]] = [
    (Unreachable("x"), True, True, True, 0),
    (Unreachable("wrong address", should_retry=False), False, True, True, 0),
    (TimedOut("x"), True, True, True, 0),
    (Broke("x"), True, True, True, 0),
    (Empty("x"), True, True, False, 0),
    (Empty("the last one", should_retry=False), True, True, False, 0),
    (UpstreamError("x", status=500), True, True, True, 0),
    (UpstreamError("a conflict", status=409), True, True, False, 0),
    (Overloaded("x"), True, True, False, 0),
    (Resting("x", retry_after=9), False, True, False, 0),
    (RateLimited("x"), True, True, False, LIMIT_REST),
    (RateLimited("x", retry_after=90), True, True, False, 90),
    (RateLimited("quota", should_retry=False), False, True, False, REFUSAL_REST),
    (Rejected("x", status=400), False, False, False, 0),
    (Rejected("key", status=401), False, False, False, REFUSAL_REST),
    (Rejected("money", status=402), False, True, False, REFUSAL_REST),
    (NotFound("model: x"), False, True, False, 0),
    (PromptTooLong(2, 1), False, False, False, 0),
    (InvalidRequest("x"), False, False, False, 0),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{type(row[0]).__name__} {row[0].message} {row[0].status}")
def test_what_an_error_means(row: tuple[RialtoError, bool, bool, bool, float]) -> None:
    error, *meaning = row
    assert [heals(error), moves(error), is_outage(error), rest(error)] == meaning


def test_pauses_grow_inside_the_budget() -> None:
    pauses = [Policy(30).pause(Broke("x"), tried, 0) for tried in range(1, TRIES)]
    assert all(pause is not None for pause in pauses)
    assert [2 * early < late * 2 for early, late in zip(pauses, pauses[2:], strict=False)] == [True, True]  # type: ignore[operator]
    assert Policy(30).pause(Broke("x"), TRIES, 0) is None


@pytest.mark.parametrize(("wait", "elapsed", "expected"), [(5, 10, 5), (5, 26, None), (60, 0, None)])
def test_the_vendors_own_wait_is_kept_or_left_to_the_client(wait: int, elapsed: int, expected: int | None) -> None:
    assert Policy(30).pause(RateLimited("x", retry_after=wait), 1, elapsed) == expected


def test_no_budget_no_second_try() -> None:
    assert Policy(0).pause(Broke("x"), 1, 0) is None
