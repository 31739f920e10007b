"""The usage record: tokens, whose they are, what they cost, and every field explained."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.api.sse import dumps
from app.exchange.account import Account, opened
from app.logs.redaction import Redaction
from app.usage.errors import failure
from app.usage.kind import KINDS
from app.usage.record import Counts, cost, counts_of, moment, record
from app.usage.running import SLOT
from tests.sizes import ROOT
from tests.support.routes import route
from translators.anthropic import VENDOR as ANTHROPIC
from translators.core.deltas import Usage
from translators.core.errors import InvalidRequest, RateLimited
from translators.core.vendor import Route

PAGE = (ROOT / "docs" / "usage-log.md").read_text("utf-8")
MESSAGE = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}


def account(**fields: Any) -> Account:
    """An answered exchange."""
    defaults: dict[str, Any] = {"route": route(), "stop_reason": "end_turn", "reported": Usage(900, 20, 100)}
    return Account(**{**defaults, "usage": usage(900, 20, 100), **fields})


def usage(input_tokens: int, output: int, read: int = 0, written: int = 0) -> dict[str, Any]:
    return {
        "input_tokens": input_tokens,
        "output_tokens": output,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": written,
    }


def priced(**prices: float) -> Route:
    return replace(route(), prices=prices)


def documented(heading: str) -> list[str]:
    """The names in the first column of a section's table."""
    section = PAGE.split(f"\n## {heading}\n")[1].partition("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)


def test_every_field_is_explained_in_its_order() -> None:
    assert documented("Fields of usage.jsonl") == list(record(account()))


def test_every_field_of_the_errors_is_explained() -> None:
    section = PAGE.split("\n## Fields of errors.jsonl\n")[1].partition("\n## ")[0]
    shared = re.findall(r"`(\w+)`", section.partition("are those")[0])
    error = RateLimited("slow down")
    assert [*shared, *documented("Fields of errors.jsonl")] == list(failure(account(), error, Redaction()))


def test_every_kind_is_explained() -> None:
    assert sorted(documented("Kinds")) == sorted([*KINDS, "test", "batch", "summary", "vision"])


def test_the_vendors_counts() -> None:
    assert counts_of(account()) == Counts(900, 20, 100, 0, 0, estimated=False)


def test_counts_that_nobody_gave_are_estimates() -> None:
    found = counts_of(account(reported=None))
    assert found and found.estimated and found.hit_rate is None


def test_output_that_the_vendor_did_not_count_is_an_estimate() -> None:
    found = counts_of(account(reported=Usage(900, 0)))
    assert found and found.estimated


def test_events_that_are_handed_on_hold_the_vendors_counts() -> None:
    found = counts_of(account(route=replace(route(), vendor=ANTHROPIC, profile=ANTHROPIC.profile), reported=None))
    assert found and not found.estimated


def test_a_broken_answer_counts_what_was_told() -> None:
    broken = account(stop_reason=None, reported=None, usage=usage(900, 0), first_token=0.1, said=400)
    found = counts_of(broken)
    assert found and found.estimated and (found.input, 50 < found.output < 200) == (900, True)


def test_a_broken_answer_keeps_the_vendors_count() -> None:
    broken = account(stop_reason=None, reported=Usage(700, 300), usage=usage(900, 0), first_token=0.1, said=4)
    found = counts_of(broken)
    assert found and found.estimated and (found.input, found.output) == (700, 300)


def test_without_an_answer_nothing_is_known() -> None:
    refused = account(stop_reason=None, reported=None, usage=usage(900, 0), route=priced(input=1, output=1))
    line = record(refused)
    names = ("input_tokens", "output_tokens", "estimated", "cost_usd", "cache_hit_rate")
    assert [line[name] for name in names] == [None] * 5


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ({"input": 3, "output": 15}, "0.0057"),
        ({"input": 3, "output": 15, "cached": 0.3}, "0.00354"),
        ({"input": 3, "output": 15, "cached": 0.3, "cache_write": 3.75}, "0.003615"),
        ({"input": 0, "output": 0}, "0"),
        ({"input": 3}, None),
        ({"output": 15, "cached": 1}, None),
        ({}, None),
    ],
)
def test_cost(prices: dict[str, float], expected: str | None) -> None:
    counts = Counts(900, 20, 800, 100, 0, estimated=False)
    assert cost(counts, prices) == (None if expected is None else Decimal(expected))


def test_a_million_small_costs_add_up_to_the_cent() -> None:
    each = record(account(route=priced(input=0.1, output=0.3), usage=usage(1, 1)))["cost_usd"]
    assert abs(each * 1_000_000 - 0.4) < 0.005


def test_no_prices_are_no_cost_and_free_ones_are_zero() -> None:
    assert record(account())["cost_usd"] is None
    assert record(account(route=priced(input=0, output=0)))["cost_usd"] == 0


def test_the_cached_share() -> None:
    assert record(account(usage=usage(900, 20, 100)))["cache_hit_rate"] == 0.1
    assert record(account(usage=usage(0, 20)))["cache_hit_rate"] is None


def test_thinking_tokens() -> None:
    told = usage(1, 50) | {"output_tokens_details": {"thinking_tokens": 40}}
    assert record(account(usage=told))["reasoning_tokens"] == 40


def test_times() -> None:
    streamed = account(stream=True, first_token=0.5, sent=0.2, answered=1.7, ended=2.0)
    names = ("first_token_ms", "upstream_ms", "latency_ms")
    assert [record(streamed)[name] for name in names] == [500, 1500, 2000]
    streamed.stream, streamed.answered = False, None
    assert [record(streamed)[name] for name in names] == [None, 1800, 2000]
    assert [record(Account())[name] for name in names] == [None] * 3


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "1970-01-01T00:00:00.000Z"), (1_795_255_200.0625, "2026-11-21T10:00:00.062Z")]
)
def test_moments(seconds: float, text: str) -> None:
    assert moment(seconds) == text


def test_tries_are_counted() -> None:
    one, other = route(), route(model="other")
    found = opened(MESSAGE)
    for tried in (one, one, other, other, one):
        found.tried(tried, 1)
    assert (found.retries, found.fallbacks) == (2, 2)


def test_images_are_counted_inside_results_too() -> None:
    image = {"type": "image", "source": {}}
    results = [{"type": "tool_result", "content": [image, {"type": "text", "text": "x"}]}, image]
    turns = [{"role": "user", "content": "x"}, {"role": "user", "content": results}]
    assert record(opened({**MESSAGE, "messages": turns}))["images"] == 2


def test_a_record_fits_into_a_slot() -> None:
    wild = route(model="\x00" * 9999)
    found = account(route=wild, alias="\x00" * 9999, session="\xff" * 9999, agent="\xff" * 9999, client="x" * 999)
    assert len(dumps(record(found))) < SLOT


def test_a_failure_keeps_the_words_and_neither_keys_nor_the_conversation() -> None:
    secret = "my plans for the weekend are nobody's business"
    asked = {**MESSAGE, "messages": [{"role": "user", "content": [{"type": "text", "text": f"Well, {secret}."}]}]}
    found = opened(asked, secrets=("client-secret-1",))
    words = f"Vendor: no 'x={secret}' with client-secret-1, vendor-secret-1 or Bearer abcdefgh123"
    line = failure(found, RateLimited(words), Redaction(["vendor-secret-1"]))
    assert line["message"] == "Vendor: no 'x=[prompt]' with [key], [key] or Bearer [key]"
    assert line["by_vendor"] is True


def test_a_refusal_of_rialtos_own_is_told_apart() -> None:
    assert failure(opened(MESSAGE), InvalidRequest("x: Field required"), Redaction())["by_vendor"] is False
