"""What a client wants of the reasoning."""

from __future__ import annotations

from typing import Any

import pytest

from translators.core.intent import Intent, intent, level_of

INTENTS = {
    "nothing": ({}, Intent()),
    "null": ({"thinking": None, "output_config": None}, Intent()),
    "effort alone": ({"output_config": {"effort": "low"}}, Intent(None, "low")),
    "a format alone": ({"output_config": {"format": {}}}, Intent()),
    "adaptive": ({"thinking": {"type": "adaptive"}}, Intent(True)),
    "adaptive with effort": (
        {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}},
        Intent(True, "max"),
    ),
    "a budget": ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, Intent(True, "medium", 2000)),
    "enabled without a budget": ({"thinking": {"type": "enabled"}}, Intent(True)),
    "a budget with effort": (
        {"thinking": {"type": "enabled", "budget_tokens": 2000}, "output_config": {"effort": "xhigh"}},
        Intent(True, "xhigh", 2000),
    ),
    "disabled": ({"thinking": {"type": "disabled"}}, Intent(False)),
    "disabled with effort": ({"thinking": {"type": "disabled"}, "output_config": {"effort": "high"}}, Intent(False)),
    "between tools": ({"thinking": {"type": "between_tools"}}, Intent(False)),
    "hidden": ({"thinking": {"type": "adaptive", "display": "omitted"}}, Intent(True, omitted=True)),
    "hidden, with a budget": (
        {"thinking": {"type": "enabled", "budget_tokens": 1024, "display": "omitted"}},
        Intent(True, "low", 1024, True),
    ),
    "summarized": ({"thinking": {"type": "adaptive", "display": "summarized"}}, Intent(True)),
    "hidden, without a type": ({"thinking": {"display": "omitted"}}, Intent(omitted=True)),
    "a budget over the limit": (
        {"thinking": {"type": "enabled", "budget_tokens": 31_999}, "max_tokens": 8000},
        Intent(True, "xhigh", 7999),
    ),
    "a budget under the limit": (
        {"thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 8000},
        Intent(True, "medium", 2000),
    ),
    "a few tokens": ({"max_tokens": 64}, Intent(False)),
    "enough tokens": ({"max_tokens": 256}, Intent()),
    "a few tokens, but an effort": ({"max_tokens": 64, "output_config": {"effort": "low"}}, Intent(None, "low")),
    "a few tokens, but thinking": ({"max_tokens": 64, "thinking": {"type": "adaptive"}}, Intent(True)),
    "a kind of the future": (
        {"thinking": {"type": "telepathic"}, "output_config": {"effort": "low"}},
        Intent(None, "low"),
    ),
}


@pytest.mark.parametrize(("message", "expected"), INTENTS.values(), ids=INTENTS.keys())
def test_intent(message: dict[str, Any], expected: Intent) -> None:
    assert intent(message) == expected


LEVELS = [(None, None), (1, "low"), (1024, "low"), (1025, "medium"), (8192, "medium"), (8193, "high"), (24576, "high")]
LEVELS += [(31999, "xhigh"), (32768, "xhigh"), (32769, "max"), (128_000, "max")]


@pytest.mark.parametrize(("budget", "level"), LEVELS)
def test_a_budget_stands_for_a_level(budget: int | None, level: str | None) -> None:
    assert level_of(budget) == level


def test_switched_off() -> None:
    assert Intent(True, "high", 5000, True).off() == Intent(False, None, None, True)


@pytest.mark.parametrize(
    ("wish", "silent"),
    [
        (Intent(), True),
        (Intent(omitted=True), True),
        (Intent(False), False),
        (Intent(True), False),
        (Intent(None, "low"), False),
    ],
)
def test_silence(wish: Intent, silent: bool) -> None:
    assert wish.silent is silent
