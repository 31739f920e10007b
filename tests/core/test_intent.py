"""What a client wants of the reasoning."""

from __future__ import annotations

from typing import Any

import pytest

from translators.core.intent import Intent, intent, level_of
from translators.core.prepared import prepared

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


def level(effort: Any, **fields: Any) -> dict[str, Any]:
    """A system message that sets the level of effort."""
    return {"role": "system", "content": [], "output_config": {"effort": effort}, **fields}


ASKED, SAID = {"role": "user", "content": "Go on."}, {"role": "assistant", "content": "Done."}
RESULTS = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "x"}]}
BOTH = {"role": "user", "content": [*RESULTS["content"], {"type": "text", "text": "And?"}]}
#: Conversation -> the level of its next answer, where the request says "high".
LEVELS = {
    "none": ([ASKED], "high"),
    "behind what was asked": ([ASKED, level("low")], "low"),
    "the last of several": ([ASKED, level("low"), SAID, ASKED, level("max")], "max"),
    "it lasts": ([ASKED, level("low"), SAID, ASKED], "low"),
    "it lasts over calls": ([ASKED, level("low"), SAID, RESULTS], "low"),
    "behind an answer, before the next word": ([ASKED, SAID, level("low"), ASKED], "low"),
    "behind results": ([ASKED, SAID, RESULTS, level("low")], "high"),
    "behind results, then a word": ([ASKED, SAID, RESULTS, level("low"), SAID, ASKED], "low"),
    "behind results and a word": ([ASKED, SAID, BOTH, level("low")], "low"),
    "behind other system words": ([ASKED, {"role": "system", "content": "x"}, level("low")], "low"),
    "one that names none": ([ASKED, level(None)], "high"),
    "no text": ([ASKED, level(3)], "high"),
    "no object": ([ASKED, {**level("low"), "output_config": "low"}], "high"),
    "of another role": ([{**ASKED, "output_config": {"effort": "low"}}], "high"),
    "unknown": ([ASKED, level("utmost")], None),
}


@pytest.mark.parametrize(("messages", "expected"), LEVELS.values(), ids=LEVELS.keys())
def test_the_conversation_changes_the_level(messages: list[Any], expected: str | None) -> None:
    asked = {"messages": messages, "output_config": {"effort": "high"}, "thinking": {"type": "adaptive"}}
    assert intent(asked) == Intent(True, expected)  # type: ignore[arg-type]
    told = prepared(asked)["output_config"]["effort"]
    assert told == (expected or "utmost")


def test_a_level_of_the_conversation_alone() -> None:
    asked = {"messages": [ASKED, level("low")]}
    assert intent(asked) == Intent(None, "low")
    assert prepared(asked)["output_config"] == {"effort": "low"}
    assert "output_config" not in prepared({"messages": [ASKED]})


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
