"""Which rule a request meets: a table of plain values."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.catalog.routing import Asked, Hours, Rule, destination, home_of, kinds_of
from translators.core.thinking import Signature, sign

USUAL, LONG, EYES, CHEAP, NIGHT = "a/usual", "b/long", "c/eyes", "d/cheap", "e/night"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday
BEIJING = ZoneInfo("Asia/Shanghai")


def hours(begin: str, end: str, zone: Any = UTC, *days: int) -> Hours:
    span = (time.fromisoformat(begin), time.fromisoformat(end))
    return Hours((span,), zone, frozenset(days or range(7)))


def rule(model: str, *others: str, **fields: Any) -> Rule:
    return Rule(models=(model, *others), **fields)


def asked(*kinds: Any, **fields: Any) -> Asked:
    return Asked(**{"name": "claude-x", "kinds": frozenset(kinds), "moment": NOON, "usual": USUAL, **fields})


IMAGE = rule(EYES, kind="image")
BIG = rule(LONG, kind="long_context", over=1_000)
BY_DAY = rule(NIGHT, hours=hours("09:00", "18:00"))
CHEAPEST = rule(CHEAP, NIGHT, LONG)
PRICES = {CHEAP: {"input": 1.0, "output": 9.0}, NIGHT: {"input": 2.0, "output": 1.0}}

ROUTED: dict[str, tuple[list[Rule], Asked, str | None]] = {
    "no rule": ([], asked("image"), None),
    "of another kind": ([IMAGE], asked("thinking"), None),
    "of its kind": ([IMAGE], asked("thinking", "image"), EYES),
    "the first one wins": ([rule(LONG, kind="thinking"), IMAGE], asked("thinking", "image"), LONG),
    "the first one that fits": ([BIG, IMAGE], asked("image", tokens=1_000), EYES),
    "over the limit": ([BIG, IMAGE], asked("image", tokens=1_001), LONG),
    "a limit and a kind": ([rule(EYES, kind="image", over=50)], asked("image", tokens=50), None),
    "both hold": ([rule(EYES, kind="image", over=50)], asked("image", tokens=51), EYES),
    "a little under the limit, at home": ([BIG], asked(tokens=950, home=LONG), LONG),
    "far under the limit, at home": ([BIG], asked(tokens=900, home=LONG), None),
    "a little under the limit, from elsewhere": ([BIG], asked(tokens=950, home=USUAL), None),
    "for this name": ([rule(EYES, kind="image", names=("claude-x", "gpt-*"))], asked("image"), EYES),
    "in capitals": (
        [rule(EYES, kind="image", names=("Claude-*",))],
        asked("image", name="CLAUDE-X"),
        EYES,
    ),
    "for this name with a large window": (
        [rule(EYES, kind="image", names=("claude-x",))],
        asked("image", name="claude-x[1m]"),
        EYES,
    ),
    "for large windows": (
        [rule(EYES, kind="image", names=("*[1m]",))],
        asked("image", name="claude-x[1m]"),
        EYES,
    ),
    "for large windows alone": (
        [rule(EYES, kind="image", names=("claude-[1m]",))],
        asked("image", name="claude-m"),
        None,
    ),
    "for other names": ([rule(EYES, kind="image", names=("opus*",))], asked("image"), None),
    "in its hours": ([BY_DAY], asked(), NIGHT),
    "out of its hours": ([BY_DAY], asked(moment=NOON.replace(hour=18)), None),
    "a kind in its hours": ([rule(EYES, kind="image", hours=BY_DAY.hours)], asked(), None),
    "begun before its hours": ([BY_DAY], asked(home=USUAL), None),
    "begun in its hours": ([BY_DAY], asked(home=NIGHT, moment=NOON.replace(hour=20)), NIGHT),
    "begun at a model of the past": ([BY_DAY], asked(home="x/gone"), NIGHT),
    "an image needs eyes wherever it began": ([IMAGE, BY_DAY], asked("image", home=NIGHT), EYES),
    "the cheapest for much input": ([CHEAPEST], asked(tokens=100_000, prices=PRICES), CHEAP),
    "the cheapest for little input": ([CHEAPEST], asked(tokens=100, prices=PRICES), NIGHT),
    "the cheapest, begun elsewhere of them": ([CHEAPEST], asked(tokens=100, prices=PRICES, home=LONG), LONG),
    "no prices at all": ([CHEAPEST], asked(tokens=100), CHEAP),
    "no price of the output": ([CHEAPEST], asked(prices={CHEAP: {"input": 0.1}, LONG: PRICES[NIGHT]}), LONG),
}


@pytest.mark.parametrize(("rules", "request_", "model"), ROUTED.values(), ids=ROUTED.keys())
def test_where_a_request_goes(rules: list[Rule], request_: Asked, model: str | None) -> None:
    assert destination(rules, request_) == model


TIMES: dict[str, tuple[Hours, datetime, bool]] = {
    "within": (hours("09:00", "18:00"), NOON, True),
    "at the beginning": (hours("12:00", "18:00"), NOON, True),
    "at the end": (hours("09:00", "12:00"), NOON, False),
    "in another zone": (hours("19:00", "21:00", BEIJING), NOON, True),
    "on another day there": (hours("00:00", "09:00", BEIJING, 5), NOON.replace(hour=17), True),
    "over midnight, before it": (hours("22:00", "06:00", UTC, 4), NOON.replace(hour=23), True),
    "over midnight, behind it": (hours("22:00", "06:00", UTC, 4), datetime(2026, 11, 21, 5, tzinfo=UTC), True),
    "over midnight of another day": (hours("22:00", "06:00", UTC, 4), NOON.replace(hour=5), False),
    "on a day off": (hours("09:00", "18:00", UTC, 5, 6), NOON, False),
    "in winter, by the clock": (hours("13:00", "14:00", ZoneInfo("Europe/Berlin")), NOON, True),
    "in summer, by the clock": (hours("14:00", "15:00", ZoneInfo("Europe/Berlin")), NOON.replace(month=7), True),
}


@pytest.mark.parametrize(("span", "moment", "holds"), TIMES.values(), ids=TIMES.keys())
def test_hours(span: Hours, moment: datetime, holds: bool) -> None:
    assert span.hold(moment) is holds


def test_several_spans() -> None:
    both = Hours((*hours("09:00", "10:00").spans, *hours("12:00", "13:00").spans), UTC)
    assert both.hold(NOON) and not both.hold(NOON.replace(hour=11))


PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aa"}}
RESULT = {"type": "tool_result", "tool_use_id": "t", "content": [PICTURE]}
FOLDER = {"type": "document", "source": {"type": "content", "content": [PICTURE]}}
WEB = {"type": "web_search_20250305", "name": "web_search"}
TITLE = {"format": {"type": "json_schema", "schema": {"type": "object", "properties": {"title": {}}}}}
CODE = {"user-agent": "claude-cli/2.1"}


def user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


KINDS: dict[str, tuple[dict[str, Any], dict[str, str], str, set[str]]] = {
    "nothing special": ({}, {}, "", set()),
    "a small name": ({}, {}, "haiku", {"background"}),
    "a title": ({"output_config": TITLE}, CODE, "opus", {"background"}),
    "a verdict": ({"stop_sequences": ["</block>"]}, CODE, "sonnet", {"background"}),
    "a page to be read": ({}, CODE, "", {"background"}),
    "only counted": ({"max_tokens": None}, CODE, "", set()),
    "adaptive thinking": ({"thinking": {"type": "adaptive"}}, {}, "", {"thinking"}),
    "thinking": ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, {}, "", {"thinking"}),
    "no thinking": ({"thinking": {"type": "disabled"}}, {}, "", set()),
    "a search": ({"tools": [WEB]}, {}, "", {"web_search"}),
    "a search beside tools": ({"tools": [{"name": "Read"}, WEB]}, {}, "", {"web_search"}),
    "a search that is forbidden": ({"tools": [WEB], "tool_choice": {"type": "none"}}, {}, "", set()),
    "an image": ({"messages": [user(PICTURE)]}, {}, "", {"image"}),
    "an image in a document": ({"messages": [user(FOLDER)]}, {}, "", {"image"}),
    "an image of a tool, long ago": ({"messages": [user(RESULT), user(), user()]}, {}, "", {"image"}),
}


@pytest.mark.parametrize(("fields", "headers", "tier", "kinds"), KINDS.values(), ids=KINDS.keys())
def test_what_a_request_is(fields: dict[str, Any], headers: dict[str, str], tier: str, kinds: set[str]) -> None:
    message = {"max_tokens": 900, "messages": [user({"type": "text", "text": "hi"})], **fields}
    assert kinds_of(message, headers, tier) == kinds


def thinking(vendor: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": "", "signature": sign(Signature(vendor, "m"))}


HOMES: dict[str, tuple[list[Any], str]] = {
    "no thinking": ([user({"type": "text", "text": "a"}), {"role": "assistant", "content": "b"}], ""),
    "the newest one's": ([user(thinking("a")), user(thinking("b")), user({"type": "text", "text": "a"})], "b/m"),
    "somebody else's": ([user({"type": "thinking", "thinking": "", "signature": "EqQB"})], ""),
    "ours before somebody else's": ([user(thinking("a"), {"type": "thinking", "signature": "EqQB"})], "a/m"),
}


@pytest.mark.parametrize(("messages", "home"), HOMES.values(), ids=HOMES.keys())
def test_where_a_conversation_is_at_home(messages: list[Any], home: str) -> None:
    assert home_of({"messages": messages}) == home
