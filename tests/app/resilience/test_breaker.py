"""The breaker: when it opens, who may probe, and what closes it again."""

from __future__ import annotations

from app.resilience.breaker import FAILURES, OPEN_SECONDS, Breaker


class Clock:
    """A clock that is set by hand, in seconds."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def broken(clock: Clock) -> Breaker:
    """A breaker that has just opened."""
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        assert breaker.admit()
        breaker.broke("down")
    return breaker


def test_opens_after_failures_in_a_row_only() -> None:
    breaker = Breaker(Clock())
    for _ in range(FAILURES - 1):
        breaker.broke("down")
    breaker.worked()
    for _ in range(FAILURES - 1):
        breaker.broke("down")
    assert (breaker.state, breaker.admit()) == ("closed", True)
    breaker.broke("down")
    assert (breaker.state, breaker.admit()) == ("open", False)


def test_one_probe_after_the_rest() -> None:
    clock = Clock()
    breaker = broken(clock)
    assert breaker.wait() == OPEN_SECONDS
    clock.now += OPEN_SECONDS
    assert breaker.state == "half_open"
    assert [breaker.admit(), breaker.admit()] == [True, False]


def test_a_probe_that_works_closes() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += OPEN_SECONDS
    breaker.admit()
    breaker.worked()
    assert (breaker.state, breaker.wait(), breaker.admit()) == ("closed", 0.0, True)


def test_a_probe_that_fails_opens_at_once() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += OPEN_SECONDS
    breaker.admit()
    breaker.broke("still down")
    assert (breaker.state, breaker.wait(), breaker.words) == ("open", OPEN_SECONDS, "still down")


def test_a_probe_that_tells_nothing_makes_room_for_the_next() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += OPEN_SECONDS
    breaker.admit()
    breaker.left()
    assert breaker.admit()
