"""Rates: a sliding minute, here and in Redis, and what happens while Redis is away."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.clients.rates import RETRY, Rates, shared, wait
from app.settings.settings import SettingsError
from tests.app.clients.conftest import Clock
from tests.support.redis_server import redis_server

NOWHERE = "unix:///nowhere/redis.sock"


@pytest.fixture(params=["memory", "redis"])
def rates(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rates]:
    """The counters in both places."""
    if request.param == "memory":
        yield Rates()
        return
    with redis_server(tmp_path) as url:
        yield Rates(url)


def test_so_many_and_no_more(rates: Rates) -> None:
    assert [rates.take("a", 3, 1) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert 0 < rates.take("a", 3, 1) <= 120
    assert rates.take("b", 3, 1) == 0.0


def test_a_refusal_counts_nothing(rates: Rates) -> None:
    assert rates.take("a", 10, 8) == 0.0
    assert rates.take("a", 10, 3) > 0
    assert rates.take("a", 10, 2) == 0.0


def test_what_is_given_back_can_be_taken_again(rates: Rates) -> None:
    assert rates.take("a", 10, 10) == 0.0
    rates.add("a", -4)
    assert rates.take("a", 10, 5) > 0
    assert rates.take("a", 10, 4) == 0.0


def test_what_was_used_beyond_counts_too(rates: Rates) -> None:
    assert rates.take("a", 10, 2) == 0.0
    rates.add("a", 500)
    assert rates.take("a", 10, 1) > 0


def test_an_amount_over_the_limit_needs_a_minute_of_its_own(rates: Rates) -> None:
    assert rates.take("a", 10, 1) == 0.0
    assert rates.take("a", 10, 25) > 0
    rates.add("a", -1)
    assert rates.take("a", 10, 25) == 0.0
    assert rates.take("a", 10, 1) > 0


@pytest.mark.parametrize("amount", [1, 7, 10, 25])
@pytest.mark.parametrize("later", [0, 20, 59])
def test_the_wait_that_is_told_is_the_right_one(clock: Clock, amount: int, later: float) -> None:
    """After it there is room, a second before it there is none."""
    rates = Rates()
    clock.now += later
    assert rates.take("a", 10, 8) == 0.0
    rates.add("a", 7)
    seconds = rates.take("a", 10, amount)
    assert 1 < seconds < 120
    clock.now += seconds - 1.0
    assert rates.take("a", 10, amount) > 0
    clock.now += 1.5
    assert rates.take("a", 10, amount) == 0.0


def test_the_wait_by_hand() -> None:
    assert wait((10, 60.0, 0, 120.0), 4) == pytest.approx(30.0)
    assert wait((0, 0.0, 10, 90.0), 4) == pytest.approx(60.0)
    assert wait((0, 0.0, 10, 90.0), 0) == pytest.approx(84.0)


def test_two_processes_share_a_redis(tmp_path: Path) -> None:
    with redis_server(tmp_path) as url:
        one, other = Rates(url), Rates(url)
        assert [place.take("a", 4, 1) == 0.0 for place in (one, other) * 3] == [True] * 4 + [False] * 2


def test_without_redis_this_process_counts_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    now = Clock(0.0)
    rates = Rates(NOWHERE, now)
    with caplog.at_level(logging.WARNING):
        assert [rates.take("a", 2, 1) == 0.0 for _ in range(4)] == [True, True, False, False]
        now.now += RETRY + 1
        assert rates.take("a", 2, 1) > 0
    assert caplog.text.count("counted in this process only") == 1
    assert "nowhere" not in caplog.text


def test_redis_is_tried_again_after_a_while(tmp_path: Path) -> None:
    now = Clock(0.0)
    rates = Rates(f"unix://{tmp_path}/redis.sock", now)
    assert rates.take("a", 1, 1) == 0.0
    with redis_server(tmp_path) as url:
        assert rates.take("a", 1, 1) > 0, "its own counter is full"
        now.now += RETRY + 1
        assert rates.take("a", 1, 1) == 0.0
        assert Rates(url).take("a", 1, 1) > 0, "it was counted in Redis"


def test_a_bad_address_is_a_mistake_of_the_settings() -> None:
    with pytest.raises(SettingsError, match="RATELIMIT_STORAGE_URI"):
        shared("redis://localhost:port/0")


def test_nothing_starts_before_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr("app.clients.rates.MemoryStorage", lambda: made.append("memory"))
    Rates()
    assert made == []
