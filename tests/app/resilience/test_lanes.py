"""The queue before a vendor: order, fairness between sessions, cancellation, narrowing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.resilience.lanes import NARROW_SECONDS, Full, Lane
from app.upstream.upstream import Line

DEADLINE = 10.0


class Guest(threading.Thread):
    """One exchange in a lane: enters, notes its name, and leaves when it is told. That of a batch has time."""

    def __init__(self, lane: Lane, session: str, arrivals: list[str]) -> None:
        super().__init__(daemon=True)
        self.lane, self.session, self.arrivals = lane, session, arrivals
        self.line = Line()
        self.inside, self.leave = threading.Event(), threading.Event()
        self.taken: bool | None = None

    def run(self) -> None:
        with self.lane.place(self.session, self.line, DEADLINE, self.session.startswith("batch")) as self.taken:
            if self.taken:
                self.arrivals.append(self.session)
            self.inside.set()
            self.leave.wait(DEADLINE)


@contextmanager
def queue(lane: Lane, *sessions: str) -> Iterator[tuple[list[Guest], list[str]]]:
    """The guests of these sessions, come one after the other."""
    arrivals: list[str] = []
    guests = []
    for session in sessions:
        before = lane.active + lane.waiting
        guests.append(Guest(lane, session, arrivals))
        guests[-1].start()
        while lane.active + lane.waiting == before:
            pass
    yield guests, arrivals
    for guest in guests:
        guest.leave.set()
    for guest in guests:
        guest.join(DEADLINE)
        assert not guest.is_alive()


def test_no_limit_lets_all_in() -> None:
    with queue(Lane(), *"abcdef") as (guests, _):
        assert all(guest.inside.wait(DEADLINE) for guest in guests)


def test_a_burst_waits_and_sessions_take_turns() -> None:
    lane = Lane(1)
    with queue(lane, "burst", "burst", "burst", "burst", "other") as (guests, arrivals):
        assert (lane.active, lane.waiting) == (1, 4)
        for guest in (guests[0], guests[1], guests[4], guests[2], guests[3]):
            assert guest.inside.wait(DEADLINE)
            guest.leave.set()
            guest.join(DEADLINE)
    assert arrivals == ["burst", "burst", "other", "burst", "burst"]
    assert (lane.active, lane.waiting) == (0, 0)


def test_what_has_time_lets_all_others_go_first() -> None:
    lane = Lane(1)
    with queue(lane, "one", "batch 1", "batch 2", "two", "three") as (guests, arrivals):
        assert (lane.active, lane.waiting) == (1, 4)
        for place in (0, 3, 4, 1, 2):
            assert guests[place].inside.wait(DEADLINE)
            guests[place].leave.set()
            guests[place].join(DEADLINE)
    assert arrivals == ["one", "two", "three", "batch 1", "batch 2"]
    assert (lane.active, lane.waiting) == (0, 0)


def test_what_has_time_may_overtake_nobody_of_its_kind_and_be_overtaken() -> None:
    lane = Lane(2)
    with queue(lane, "batch 1", "batch 2", "batch 3", "one") as (guests, _):
        guests[2].line.cut()
        assert guests[2].inside.wait(DEADLINE) and guests[2].taken is False
        assert lane.waiting == 1
        guests[0].leave.set()
        assert guests[3].inside.wait(DEADLINE) and guests[3].taken
    assert (lane.active, lane.waiting) == (0, 0)


def test_who_is_cut_off_leaves_the_queue() -> None:
    lane = Lane(1)
    with queue(lane, "first", "second", "third") as (guests, _):
        guests[1].line.cut()
        assert guests[1].inside.wait(DEADLINE)
        assert guests[1].taken is False
        assert lane.waiting == 1
        guests[0].leave.set()
        assert guests[2].inside.wait(DEADLINE)
    assert lane.active == 0


def test_the_wait_ends() -> None:
    lane = Lane(1)
    with (
        lane.place("one", Line(), DEADLINE),
        pytest.raises(Full),
        lane.place("two", Line(), 0.01),
    ):
        pass
    assert (lane.active, lane.waiting) == (0, 0)


def test_a_refusal_narrows_and_success_widens_again() -> None:
    now = [0.0]
    lane = Lane(clock=lambda: now[0])
    with queue(lane, *"abcd") as (guests, _):
        lane.narrow()
        for guest in guests[:2]:
            guest.leave.set()
            guest.join(DEADLINE)
        with queue(lane, "e", "f") as (late, _):
            assert late[0].inside.wait(DEADLINE)
            assert lane.waiting == 1
            lane.widen()
            lane.widen()
            guests[2].leave.set()
            assert late[1].inside.wait(DEADLINE)


def test_narrowness_is_forgotten() -> None:
    now = [0.0]
    lane = Lane(clock=lambda: now[0])
    with queue(lane, "a"):
        lane.narrow()
        now[0] += NARROW_SECONDS + 1
        with queue(lane, "b") as (late, _):
            assert late[0].inside.wait(DEADLINE)
