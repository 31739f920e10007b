"""Which key an exchange gets: a session's own while it can, else the one whose limit is longest ago."""

from __future__ import annotations

from app.resilience.keys import KeyRing

KEYS = ("first", "second", "third")


class Clock:
    """A clock that is set by hand, in seconds."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_session_stays_and_sessions_spread() -> None:
    ring = KeyRing(Clock())
    picks = {f"session {number}": ring.pick(KEYS, f"session {number}") for number in range(60)}
    assert set(picks.values()) == set(KEYS)
    assert all(ring.pick(KEYS, session) == key for session, key in picks.items())


def test_other_workers_choose_the_same_key_for_a_session() -> None:
    assert {KeyRing().pick(KEYS, "a session") for _ in range(3)} == {KeyRing().pick(KEYS, "a session")}


def test_a_limited_key_rests_and_its_session_moves_and_stays() -> None:
    clock = Clock()
    ring = KeyRing(clock)
    home = ring.pick(KEYS, "talk")
    assert home
    ring.cool(home, 30)
    other = ring.pick(KEYS, "talk")
    assert other not in (home, None)
    clock.now += 31
    assert ring.pick(KEYS, "talk") == other


def test_the_key_limited_longest_ago_comes_first() -> None:
    clock = Clock()
    ring = KeyRing(clock)
    for key in ("second", "third", "first"):
        ring.cool(key, 1)
        clock.now += 5
    assert ring.pick(KEYS, "") == "second"


def test_no_key_while_all_rest_and_the_shortest_wait() -> None:
    clock = Clock()
    ring = KeyRing(clock)
    for seconds, key in enumerate(KEYS, start=10):
        ring.cool(key, seconds)
    assert ring.pick(KEYS, "talk") is None
    assert ring.wait(KEYS) == 10
    clock.now += 10
    assert ring.pick(KEYS, "talk") == "first"
