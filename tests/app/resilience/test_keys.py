"""Which key an exchange gets: a session's own while it can, else the one whose limit is longest ago."""

from __future__ import annotations

from pathlib import Path

from app.memory.store import Store
from app.memory.store_sqlite import SqlitePlace
from app.resilience.keys import KeyRing
from app.rialto import build
from app.settings.settings import Settings

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


def test_a_limit_of_one_worker_is_known_to_the_others_and_outlives_them(tmp_path: Path) -> None:
    clock = Clock()
    stores = [Store(SqlitePlace(tmp_path)) for _ in range(2)]
    here, there = (KeyRing(clock, store) for store in stores)
    assert there.wait(KEYS) == 0
    here.cool("first", 30)
    assert here.wait(["first"]) == 30, "at once where it was learnt"
    for store in stores:
        store.sync()
    assert (there.wait(["first"]), there.wait(KEYS)) == (30, 0)
    assert {there.pick(KEYS, f"session {number}") for number in range(60)} == {"second", "third"}
    stores[0].close()
    assert KeyRing(clock, Store(SqlitePlace(tmp_path))).wait(["first"]) == 30
    assert b"first" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_of_two_limits_the_longer_rest_holds_whichever_is_heard_first(tmp_path: Path) -> None:
    clock = Clock()
    stores = [Store(SqlitePlace(tmp_path)) for _ in range(2)]
    here, there = (KeyRing(clock, store) for store in stores)
    here.cool("first", 600)
    there.cool("first", 5)
    for store in [*stores, *stores]:
        store.sync()
    assert (here.wait(["first"]), there.wait(["first"])) == (600, 600)


def test_a_server_shares_what_it_knows_of_its_keys(tmp_path: Path) -> None:
    folders = {"BRIDGE_STATE_DIR": str(tmp_path / "state"), "BRIDGE_LOG_DIR": str(tmp_path / "logs")}
    first, second = (build(Settings.load({**folders, "METRICS": "0"})).means for _ in range(2))
    first.traffic.keys.cool("a key", 60)
    first.memory.store.sync()
    second.memory.store.sync()
    assert second.traffic.keys.wait(["a key"]) > 50
    for means in (first, second):
        means.memory.store.close()
