"""The store: what one worker changes the others see, nothing is lost, and a place that fails harms nobody."""

from __future__ import annotations

import logging
import multiprocessing
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fakeredis
import pytest

from app.memory.memory import open_store, place_of
from app.memory.store import FRESH, RETRY, Place, Store
from app.memory.store_redis import RedisPlace
from app.memory.store_sqlite import FILE, SqlitePlace
from app.settings.settings import Settings, SettingsError
from tests.support.redis_server import redis_server

Opener = Callable[[], Place]
Worker = Callable[[], Store]


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "redis", "true redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the same place anew each time. The third is a server of its own, where one is installed."""
    if request.param == "true redis":
        with redis_server(tmp_path) as url:
            yield lambda: RedisPlace(url)
        return
    server = fakeredis.FakeServer()
    kinds: dict[str, Opener] = {
        "sqlite": lambda: SqlitePlace(tmp_path / "state"),
        "redis": lambda: RedisPlace("", fakeredis.FakeRedis(server=server, decode_responses=True)),
    }
    yield kinds[request.param]


@pytest.fixture
def worker(place: Opener, clock: Clock) -> Iterator[Worker]:
    """Starts another worker's store at that place."""
    stores: list[Store] = []

    def start() -> Store:
        stores.append(Store(place(), clock))
        return stores[-1]

    yield start
    for store in stores:
        store.close()


def seen(store: Store, clock: Clock, key: str = "k") -> Any:
    """What the store reads after it has fetched what others wrote."""
    clock.now += FRESH + 1
    store.sync()
    return store.read("t", key)


def counted(store: Store, amount: int = 1) -> Any:
    """The sum that this worker sees behind an addition."""
    return store.update("t", "k", lambda old: (old or 0) + amount)


def test_a_value_is_there_at_once_and_gone_when_deleted() -> None:
    store = Store()
    assert store.read("t", "k") is None
    store.write("t", "k", [1])
    assert store.read("t", "k") == [1] and store.read("other", "k") is None
    assert store.table("t") == {"k": [1]}
    store.write("t", "k", None)
    assert store.read("t", "k") is None and store.table("t") == {}


def test_expiry(worker: Worker, clock: Clock) -> None:
    store = worker()
    store.write("t", "k", 1, seconds=60)
    store.sync()
    clock.now += 59
    assert store.read("t", "k") == 1 and worker().read("t", "k") == 1
    clock.now += 2
    assert store.read("t", "k") is None and store.table("t") == {}
    assert worker().read("t", "k") is None
    assert counted(store) == 1


def test_what_has_expired_is_removed(place: Opener, worker: Worker, clock: Clock) -> None:
    store = worker()
    store.write("t", "k", 1, seconds=60)
    store.sync()
    clock.now += 61
    store.write("t", "other", 2)
    store.sync()
    assert set(place().rows() or ()) == {("t", "other")}


def test_another_worker_and_the_next_start_see_it(worker: Worker, clock: Clock) -> None:
    one, other = worker(), worker()
    assert other.read("t", "k") is None
    one.write("t", "k", {"a": "é"})
    one.sync()
    assert seen(other, clock) == {"a": "é"}
    one.close()
    assert worker().read("t", "k") == {"a": "é"}


def test_increments_of_several_workers_add_up(worker: Worker, clock: Clock) -> None:
    stores = [worker() for _ in range(3)]
    for store in stores * 4:
        counted(store, 2)
    for store in stores:
        store.sync()
    assert {seen(store, clock) for store in stores} == {24}


def test_a_change_sees_the_others_work(worker: Worker, clock: Clock) -> None:
    one, other = worker(), worker()
    assert (one.read("t", "k"), other.read("t", "k")) == (None, None)
    one.update("t", "k", lambda old: [*(old or ()), "one"])
    one.sync()
    assert other.update("t", "k", lambda old: [*(old or ()), "other"]) == ["other"]
    other.sync()
    assert seen(one, clock) == seen(other, clock) == ["one", "other"]


def test_a_look_up_does_no_work_of_the_place(clock: Clock) -> None:
    where = Counting()
    store = Store(where, clock)
    store.write("t", "k", 1)
    before = where.calls
    for _ in range(50):
        assert store.read("t", "k") == 1
    assert where.calls == before


def test_changes_are_written_by_a_thread() -> None:
    where = Counting()
    store = Store(where)
    store.write("t", "k", 1)
    assert where.committed.wait(10)
    store.close()


class Counting:
    """A place that counts how often it is asked; while `broken` it fails."""

    title = "nowhere"

    def __init__(self) -> None:
        self.calls = 0
        self.broken = False
        self.changes: list[Any] = []
        self.committed = threading.Event()

    def commit(self, changes: Any, now: float) -> None:
        self._work()
        self.changes += changes
        self.committed.set()

    def rows(self) -> None:
        self._work()

    def close(self) -> None:
        return

    def _work(self) -> None:
        from app.memory.store import StoreFailure

        self.calls += 1
        if self.broken:
            raise StoreFailure("out of order")


def test_a_place_that_fails_is_said_once_and_tried_again(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    where = Counting()
    where.broken = True
    store = Store(where, clock)
    with caplog.at_level(logging.WARNING):
        assert counted(store) == 1
        store.sync()
        clock.now += RETRY + 1
        store.sync()
        assert counted(store) == 2
    assert [record.getMessage() for record in caplog.records] == [
        "nowhere: out of order; what is learnt is kept in this process's memory only"
    ]
    where.broken = False
    clock.now += RETRY + 1
    store.sync()
    assert len(where.changes) == 2


def test_a_change_that_cannot_be_made_is_given_up(clock: Clock, tmp_path: Path) -> None:
    store, other = Store(SqlitePlace(tmp_path), clock), Store(SqlitePlace(tmp_path), clock)
    store.start()
    other.write("t", "k", "no number")
    other.sync()
    counted(store)
    store.sync()
    store.write("t", "k", 5)
    store.sync()
    assert seen(other, clock) == 5


def test_a_folder_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    store = open_store(Settings(state_dir=tmp_path / "file" / "state"))
    store.write("t", "k", 1)
    store.sync()
    assert store.read("t", "k") == 1
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "memory only" in caplog.text


def test_nobody_else_reads_the_file(tmp_path: Path, clock: Clock) -> None:
    store = Store(SqlitePlace(tmp_path), clock)
    store.write("t", "k", 1)
    store.sync()
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


@pytest.mark.parametrize("junk", [b"this is no database, though it is long enough to be taken for one" * 20, b""])
def test_a_damaged_file_is_begun_anew(tmp_path: Path, clock: Clock, junk: bytes) -> None:
    (tmp_path / FILE).write_bytes(junk)
    store = Store(SqlitePlace(tmp_path), clock)
    store.write("t", "k", 1)
    store.sync()
    assert Store(SqlitePlace(tmp_path), clock).read("t", "k") == 1


def test_a_file_of_another_form_is_begun_anew(tmp_path: Path, clock: Clock) -> None:
    Store(SqlitePlace(tmp_path), clock).write("t", "k", 1)
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("DROP TABLE rows")
        connection.execute("CREATE TABLE rows (something)")
        connection.execute("PRAGMA user_version = 99")
    store = Store(SqlitePlace(tmp_path), clock)
    store.write("t", "k", 2)
    store.sync()
    assert Store(SqlitePlace(tmp_path), clock).read("t", "k") == 2


def add(folder: Path, times: int) -> None:
    """Another process: counts, each time in a transaction of its own."""
    store = Store(SqlitePlace(folder))
    for _ in range(times):
        counted(store)
        store.sync()
    store.close()


def test_processes_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=add, args=(tmp_path, 25)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert Store(SqlitePlace(tmp_path)).read("t", "k") == 75


def test_a_forked_process_opens_its_own(tmp_path: Path) -> None:
    store = Store(SqlitePlace(tmp_path))
    store.write("t", "k", 1)
    store.sync()
    child = multiprocessing.get_context("fork").Process(target=lambda: (counted(store), store.sync()))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    counted(store)
    store.sync()
    assert Store(SqlitePlace(tmp_path)).read("t", "k") == 3


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        (Settings(), type(None)),
        (Settings(state_dir=Path("somewhere")), SqlitePlace),
        (Settings(state_dir=Path("somewhere"), redis_url="redis://localhost:1/0"), RedisPlace),
    ],
    ids=["memory", "file", "redis"],
)
def test_where_the_settings_want_it(settings: Settings, kind: type) -> None:
    assert isinstance(place_of(settings), kind)


def test_a_redis_that_is_away(caplog: pytest.LogCaptureFixture) -> None:
    store = open_store(Settings(redis_url="redis://:secret-word@localhost:1/0"))
    store.write("t", "k", 1)
    assert store.read("t", "k") == 1
    assert "REDIS_URL: ConnectionError" in caplog.text and "secret-word" not in caplog.text


def test_a_redis_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "app.memory.store_redis", None)
    with pytest.raises(SettingsError, match="pip install redis"):
        place_of(Settings(redis_url="redis://localhost"))


def test_settings() -> None:
    settings = Settings.load({"BRIDGE_STATE_DIR": "/somewhere", "REDIS_URL": "rediss://host/1"})
    assert (settings.state_dir, settings.redis_url) == (Path("/somewhere"), "rediss://host/1")
    assert "rediss" not in repr(settings)
    with pytest.raises(SettingsError, match="REDIS_URL: must be an address"):
        Settings.load({"REDIS_URL": "localhost:6379"})
