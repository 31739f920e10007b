"""Budgets: days and months in UTC, sums that workers share and restarts keep."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from app.clients.budgets import Budgets, Spending
from app.clients.rows import Client
from app.memory.store import FRESH, Store
from app.memory.store_sqlite import SqlitePlace
from tests.app.clients.conftest import Clock
from translators.core.errors import OverLimit

NOON = datetime.datetime(2026, 1, 31, 12, 0, tzinfo=datetime.UTC).timestamp()


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def budgets(clock: Clock) -> Budgets:
    return Budgets(Store(clock=clock), clock)


def spend(budgets: Budgets, client: Client, tokens: int, usd: float) -> None:
    """Counts in this day and month."""
    budgets.add(client, Spending(tokens, usd), budgets.periods())


def refusal(budgets: Budgets, client: Client) -> OverLimit:
    with pytest.raises(OverLimit) as refused:
        budgets.check(client)
    return refused.value


CASES = {
    "daily_usd": (5.0, "client a has used up its daily budget of 5.00 USD (daily_usd); it begins anew at 2026-02-01"),
    "daily_tokens": (1000, "its daily budget of 1,000 tokens (daily_tokens); it begins anew at 2026-02-01 00:00 UTC"),
    "monthly_usd": (5.0, "its monthly budget of 5.00 USD (monthly_usd); it begins anew at 2026-02-01 00:00 UTC"),
    "monthly_tokens": (1000, "its monthly budget of 1,000 tokens (monthly_tokens)"),
}


@pytest.mark.parametrize("limit", CASES)
def test_a_budget_is_held_and_named(budgets: Budgets, limit: str) -> None:
    number, words = CASES[limit]
    client = Client(name="a", **{limit: number})
    spend(budgets, client, 999, 4.99)
    budgets.check(client)
    spend(budgets, client, 1, 0.01)
    refused = refusal(budgets, client)
    assert words in refused.message
    assert (refused.status, refused.type) == (429, "rate_limit_error")
    assert (refused.retry_after, refused.should_retry) == (None, False)


def test_clients_do_not_share(budgets: Budgets) -> None:
    spend(budgets, Client(name="a"), 10**9, 1000.0)
    budgets.check(Client(name="b", daily_usd=1.0, monthly_tokens=1))


def test_a_day_ends_and_the_month_goes_on(budgets: Budgets, clock: Clock) -> None:
    clock.now = datetime.datetime(2026, 1, 30, 23, 59, 59, tzinfo=datetime.UTC).timestamp()
    spend(budgets, Client(name="a"), 100, 1.0)
    daily, monthly = Client(name="a", daily_tokens=100), Client(name="a", monthly_tokens=100)
    assert refusal(budgets, daily)
    clock.now += 1
    budgets.check(daily)
    assert "2026-02-01 00:00" in refusal(budgets, monthly).message
    clock.now += 24 * 3600
    budgets.check(monthly)


def test_december_is_followed_by_january(budgets: Budgets, clock: Clock) -> None:
    clock.now = datetime.datetime(2026, 12, 31, 23, 0, tzinfo=datetime.UTC).timestamp()
    client = Client(name="a", monthly_tokens=1)
    spend(budgets, client, 1, 0.0)
    assert "2027-01-01 00:00 UTC" in refusal(budgets, client).message


@pytest.mark.parametrize(("left", "retry_after"), [(61, None), (60, 60), (7, 7)])
def test_a_client_waits_when_it_is_worth_it(budgets: Budgets, clock: Clock, left: int, retry_after: int | None) -> None:
    client = Client(name="a", daily_tokens=1)
    clock.now += 12 * 3600 - left
    spend(budgets, client, 1, 0.0)
    refused = refusal(budgets, client)
    assert refused.retry_after == retry_after
    assert refused.should_retry is (None if retry_after else False)


def test_what_is_given_back_counts_for_the_day_in_which_it_was_counted(budgets: Budgets, clock: Clock) -> None:
    client = Client(name="a", daily_tokens=100)
    began = budgets.periods()
    budgets.add(client, Spending(100, 0.0), began)
    clock.now += 24 * 3600
    today = budgets.periods()[0]
    budgets.add(client, Spending(-40, 0.0), began)
    assert budgets.spent(client, today).tokens == 0
    assert [budgets.spent(client, period).tokens for period in began] == [60, 60]


def test_workers_share_and_restarts_keep(tmp_path: Path, clock: Clock) -> None:
    client = Client(name="a", daily_tokens=100)
    stores = [Store(SqlitePlace(tmp_path), clock) for _ in range(2)]
    one, other = (Budgets(store, clock) for store in stores)
    for worker in (one, other):
        spend(worker, client, 50, 0.5)
        worker.check(client)
    for store in stores:
        store.sync()
    clock.now += FRESH + 1
    stores[0].sync()
    assert refusal(one, client)
    for store in stores:
        store.close()
    last = Store(SqlitePlace(tmp_path), clock)
    assert refusal(Budgets(last, clock), client)
    last.close()


def test_old_sums_are_forgotten(budgets: Budgets, clock: Clock) -> None:
    client = Client(name="a")
    began = budgets.periods()
    spend(budgets, client, 1, 0.0)
    clock.now = began[1].until + 25 * 3600
    assert [budgets.spent(client, period).tokens for period in began] == [0, 0]
