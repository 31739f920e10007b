"""Edits of the context: what goes, what stays, and what is reported."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from translators.core.context_edits import CLEARED, Edited, edited
from translators.core.thinking import Signature, sign

Json = dict[str, Any]
LONG = "word " * 200
TOOLS = "clear_tool_uses_20250919"
THOUGHTS = "clear_thinking_20251015"


def call(number: int, name: str = "Read") -> list[Json]:
    """A call and its result."""
    made = {"type": "tool_use", "id": f"c{number}", "name": name, "input": {"path": LONG}}
    return [
        {"role": "assistant", "content": [{"type": "text", "text": "I look."}, made]},
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": f"c{number}", "content": f"{number} {LONG}"}],
        },
    ]


def calls(*names: str) -> list[Json]:
    """A conversation of calls."""
    return [
        {"role": "user", "content": "Go."},
        *(step for place, name in enumerate(names) for step in call(place, name)),
    ]


def cleared(messages: list[Json], **edit: Any) -> Edited:
    """The conversation after one edit."""
    return edited({"messages": messages, "context_management": {"edits": [edit]}})


def results(found: Edited) -> list[str]:
    """What is left of the results, in short."""
    blocks = [block for message in found.message["messages"] for block in message["content"] if isinstance(block, dict)]
    return ["-" if b["content"] == CLEARED else b["content"][0] for b in blocks if b["type"] == "tool_result"]


def inputs(found: Edited) -> list[bool]:
    """Which calls still have their input."""
    blocks = [block for message in found.message["messages"] for block in message["content"] if isinstance(block, dict)]
    return [bool(block["input"]) for block in blocks if block["type"] == "tool_use"]


NOW: Json = {"type": TOOLS, "trigger": {"type": "tool_uses", "value": 1}}
SIX = calls(*["Read"] * 6)

CLEARINGS: dict[str, tuple[Json, list[str]]] = {
    "three stay by default": (NOW, ["-", "-", "-", "3", "4", "5"]),
    "one stays": ({**NOW, "keep": {"type": "tool_uses", "value": 1}}, ["-"] * 5 + ["5"]),
    "none stays": ({**NOW, "keep": {"type": "tool_uses", "value": 0}}, ["-"] * 6),
    "more stay than there are": ({**NOW, "keep": {"type": "tool_uses", "value": 9}}, list("012345")),
    "not yet": ({"type": TOOLS, "trigger": {"type": "tool_uses", "value": 6}}, list("012345")),
    "not yet by tokens": ({"type": TOOLS}, list("012345")),
    "by tokens": ({"type": TOOLS, "trigger": {"type": "input_tokens", "value": 500}}, ["-", "-", "-", "3", "4", "5"]),
    "too little to clear": ({**NOW, "clear_at_least": {"type": "input_tokens", "value": 50_000}}, list("012345")),
    "enough to clear": (
        {**NOW, "clear_at_least": {"type": "input_tokens", "value": 300}},
        ["-", "-", "-", "3", "4", "5"],
    ),
    "none spared by a word": ({**NOW, "exclude_tools": "Reads"}, ["-", "-", "-", "3", "4", "5"]),
    "none spared by a number": ({**NOW, "exclude_tools": 5}, ["-", "-", "-", "3", "4", "5"]),
    "an edit to come": ({"type": "clear_everything_2030"}, list("012345")),
    "compaction": ({"type": "compact_20260112"}, list("012345")),
}


@pytest.mark.parametrize(("edit", "left"), CLEARINGS.values(), ids=CLEARINGS.keys())
def test_old_results_are_cleared(edit: Json, left: list[str]) -> None:
    before = copy.deepcopy(SIX)
    assert results(cleared(SIX, **edit)) == left
    assert before == SIX


def test_what_was_cleared_is_reported() -> None:
    found = cleared(SIX, **NOW)
    [report] = found.applied or ()
    assert (report["type"], report["cleared_tool_uses"]) == (TOOLS, 3)
    assert 550 < report["cleared_input_tokens"] < 1_000
    assert set(report) == {"type", "cleared_tool_uses", "cleared_input_tokens"}
    assert found.cleared_tokens == report["cleared_input_tokens"]


@pytest.mark.parametrize("edits", [[{"type": TOOLS}], [], [{"type": "compact_20260112"}]])
def test_nothing_cleared_is_an_empty_report(edits: list[Json]) -> None:
    assert edited({"messages": SIX, "context_management": {"edits": edits}}).applied == ()


@pytest.mark.parametrize("wished", [None, {}, {"edits": None}, "x"])
def test_no_edits_no_report(wished: Any) -> None:
    assert edited({"messages": SIX, "context_management": wished}).applied is None


def test_some_tools_are_spared() -> None:
    messages = calls("Read", "Memory", "Read", "Read")
    found = cleared(messages, **NOW, keep={"type": "tool_uses", "value": 1}, exclude_tools=["Memory"])
    assert results(found) == ["-", "1", "-", "3"]


@pytest.mark.parametrize(
    ("wished", "left"),
    [(None, [True] * 4), (False, [True] * 4), (True, [False] * 3 + [True]), (["Edit"], [True, False, True, True])],
)
def test_inputs_are_cleared_when_that_is_wished(wished: Any, left: list[bool]) -> None:
    messages = calls("Read", "Edit", "Read", "Edit")
    found = cleared(messages, **NOW, keep={"type": "tool_uses", "value": 1}, clear_tool_inputs=wished)
    assert inputs(found) == left


def test_the_same_id_in_every_turn() -> None:
    messages = [{"role": "user", "content": "Go."}, *call(1), *call(1), *call(1)]
    assert results(cleared(messages, **NOW, keep={"type": "tool_uses", "value": 1})) == ["-", "-", "1"]


def test_a_call_without_result_is_left_alone() -> None:
    messages = [*calls("Read", "Read"), call(9)[0]]
    found = cleared(messages, **NOW, keep={"type": "tool_uses", "value": 0}, clear_tool_inputs=True)
    assert (results(found), inputs(found)) == (["-", "-"], [False, False, True])


def test_a_longer_conversation_keeps_the_bytes_of_what_was_cleared() -> None:
    shorter, longer = (cleared(calls(*["Read"] * many), **NOW).message["messages"] for many in (6, 7))
    assert longer[:7] == shorter[:7]


# -- thinking


def thought(number: int, hidden: bool = False) -> Json:
    """A thinking block."""
    signature = sign(Signature("acme", "m", LONG if hidden else ""))
    return {"type": "thinking", "thinking": "" if hidden else f"{number} {LONG}", "signature": signature}


def thinking(*users: str) -> list[Json]:
    """A turn with a thought for each word of the user; "+" is a result, and so no word."""
    found = []
    for number, word in enumerate(users):
        result = {"type": "tool_result", "tool_use_id": f"c{number - 1}", "content": "r"}
        said = {"type": "tool_use", "id": f"c{number}", "name": "Read", "input": {}}
        found.append({"role": "user", "content": [result] if word == "+" else word})
        found.append({"role": "assistant", "content": [thought(number), said]})
    return found


def left(found: Edited) -> list[int]:
    """The numbers of the thoughts that are left."""
    blocks = [block for message in found.message["messages"] for block in message["content"] if isinstance(block, dict)]
    return [int(block["thinking"].partition(" ")[0]) for block in blocks if block["type"] == "thinking"]


KEEPS: dict[str, tuple[Json, list[int]]] = {
    "the newest by default": ({}, [3]),
    "all": ({"keep": "all"}, [0, 1, 2, 3]),
    "all, as an object": ({"keep": {"type": "all"}}, [0, 1, 2, 3]),
    "two": ({"keep": {"type": "thinking_turns", "value": 2}}, [2, 3]),
    "more than there are": ({"keep": {"type": "thinking_turns", "value": 9}}, [0, 1, 2, 3]),
}


@pytest.mark.parametrize(("keep", "numbers"), KEEPS.values(), ids=KEEPS.keys())
def test_old_thinking_is_cleared(keep: Json, numbers: list[int]) -> None:
    found = cleared(thinking("a", "b", "c", "d"), type=THOUGHTS, **keep)
    assert left(found) == numbers
    gone = [report["cleared_thinking_turns"] for report in found.applied or ()]
    assert gone == ([4 - len(numbers)] if len(numbers) < 4 else [])


def test_a_turn_goes_on_over_its_results() -> None:
    found = cleared(thinking("a", "+", "b", "+", "+"), type=THOUGHTS)
    assert left(found) == [2, 3, 4]
    assert found.applied and found.applied[0]["cleared_thinking_turns"] == 1


def test_hidden_thinking_counts_and_redacted_goes_too() -> None:
    messages = thinking("a", "b")
    messages[1]["content"] = [thought(0, hidden=True), {"type": "redacted_thinking", "data": "x"}]
    found = cleared(messages, type=THOUGHTS)
    assert found.message["messages"][1]["content"] == []
    assert found.applied and found.applied[0]["cleared_input_tokens"] > 100


def test_both_edits_in_their_order() -> None:
    messages = thinking("a", "+", "+", "+", "+", "b")
    found = edited({"messages": messages, "context_management": {"edits": [{"type": THOUGHTS}, NOW]}})
    assert [report["type"] for report in found.applied or ()] == [THOUGHTS, TOOLS]


# -- compaction


def test_a_summary_stands_for_what_was_before_it() -> None:
    summary = {"type": "compaction", "content": "What was said."}
    kept = [{"type": "text", "text": "On."}]
    messages = [*SIX, {"role": "assistant", "content": [{"type": "text", "text": "x"}, summary, *kept]}]
    found = edited({"messages": [*messages, {"role": "user", "content": "Go on."}]}).message["messages"]
    assert found == [
        {"role": "assistant", "content": [{"type": "text", "text": "What was said."}, *kept]},
        {"role": "user", "content": "Go on."},
    ]


@pytest.mark.parametrize("words", [None, "", " "])
def test_a_summary_that_failed_stands_for_nothing(words: Any) -> None:
    messages = [*SIX, {"role": "assistant", "content": [{"type": "compaction", "content": words}]}]
    assert edited({"messages": messages}).message["messages"] == messages


# -- system texts for one turn


def reminder(content: Any, clear_at: Any = "next_user_message", **fields: Any) -> Json:
    """A system message with a date of its end."""
    return {"role": "system", "content": content, "clear_at": clear_at, **fields}


ASKED: Json = {"role": "user", "content": "Go."}
WORDS: Json = {"type": "text", "text": "For now."}
ADDED: Json = {"type": "tool_addition", "tool": {"type": "tool_reference", "tool_name": "Read"}}
REMINDERS: dict[str, tuple[list[Json], list[Any]]] = {
    "the last word": ([ASKED, reminder("Now.")], ["Go.", "Now."]),
    "an answer behind it": (
        [ASKED, reminder("Now."), {"role": "assistant", "content": "Yes."}],
        ["Go.", "Now.", "Yes."],
    ),
    "over": ([ASKED, reminder("Now."), ASKED], ["Go.", [], "Go."]),
    "over by results": ([ASKED, reminder([WORDS]), call(1)[1]], ["Go.", [], call(1)[1]["content"]]),
    "two, one of them over": ([ASKED, reminder("Old."), ASKED, reminder("New.")], ["Go.", [], "Go.", "New."]),
    "for ever": ([ASKED, reminder("Now.", "never"), ASKED], ["Go.", "Now.", "Go."]),
    "without an end": ([ASKED, reminder("Now.", None), ASKED], ["Go.", "Now.", "Go."]),
    "a change of tools stays": ([ASKED, reminder([WORDS, ADDED]), ASKED], ["Go.", [ADDED], "Go."]),
    "nothing said": ([ASKED, reminder(None), ASKED], ["Go.", [], "Go."]),
    "of another role": ([{**ASKED, "clear_at": "next_user_message"}, ASKED], ["Go.", "Go."]),
}


@pytest.mark.parametrize(("messages", "expected"), REMINDERS.values(), ids=REMINDERS.keys())
def test_a_system_text_that_was_meant_for_one_turn_goes(messages: list[Json], expected: list[Any]) -> None:
    before = copy.deepcopy(messages)
    found = edited({"messages": messages})
    contents = [message["content"] for message in found.message["messages"]]
    assert contents == expected
    assert (messages, found.applied) == (before, None)
