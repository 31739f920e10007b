"""Written calls beside calls in the vendor's own form, and in the reasoning."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.written_calls import CUT, END, brief, fed, filters, run
from translators.core.deltas import Block, Delta, Stop, Text, Thinking, ToolCall, Usage

WRITTEN = '<tool_call>{"name": "Read", "arguments": {"path": "/a"}}</tool_call>'
CALL = ("Read", {"path": "/a"})
OWN = ToolCall(0, "call_1", "Read", '{"path": "/a"}')
PIECES = [ToolCall(0, "call_1", "Read", ""), ToolCall(0, arguments='{"pa'), ToolCall(0, arguments='th": "/a"}')]
OTHER = ToolCall(1, "call_2", "Read", '{"path": "/b"}')


def calls(found: list[Any]) -> list[Any]:
    """Only the calls, fragments joined."""
    made: list[list[Any]] = []
    for name, arguments in (item for item in found if isinstance(item, tuple)):
        if name or not made:
            made.append([name, arguments])
        else:
            made[-1][1] += arguments
    return [tuple(call) for call in made]


def test_a_call_in_both_forms_is_made_once() -> None:
    assert run(filters(), [Text(WRITTEN), OWN, Stop("tool_use")]) == [CALL]
    assert run(filters(), [Text(WRITTEN), *PIECES, Stop("tool_use")]) == [CALL]
    assert calls(run(filters(), [*PIECES, Text(WRITTEN), Stop("tool_use")])) == [("Read", '{"path": "/a"}')]


def test_different_calls_are_all_made() -> None:
    assert run(filters(), [Text(WRITTEN), OTHER, Stop("tool_use")]) == [CALL, ("Read", '{"path": "/b"}')]
    assert run(filters(), [OTHER, Text(WRITTEN), Stop("tool_use")]) == [("Read", '{"path": "/b"}'), CALL]
    both = run(filters(), [Text(WRITTEN), *PIECES, OTHER, Stop("tool_use")])
    assert both == [CALL, ("Read", '{"path": "/b"}')]


def test_two_equal_written_calls_are_two() -> None:
    assert run(filters(), [Text(WRITTEN + WRITTEN), END]) == [CALL, CALL]


def test_order_is_kept_behind_calls_that_wait() -> None:
    found = run(filters(), [Text(WRITTEN), OTHER, Text("then"), Block({"type": "x"}), Stop("tool_use")])
    assert found == [CALL, ("Read", '{"path": "/b"}'), "then"]


def test_calls_of_the_vendor_are_not_held_back_without_need() -> None:
    steps = filters()
    for piece in PIECES:
        assert fed(steps, [piece]) == [piece]


def test_the_end_without_a_stop_loses_nothing() -> None:
    assert run(filters(), [Text(WRITTEN), OTHER]) == [CALL, ("Read", '{"path": "/b"}')]


@pytest.mark.parametrize("stop", [END, CUT])
def test_a_name_of_control_tokens_becomes_the_tool_that_fits(stop: Stop) -> None:
    odd = [ToolCall(0, "a", "assistant<|channel|>analysis", ""), ToolCall(0, arguments='{"path": "/a"}')]
    assert calls(run(filters(), [*odd, Usage(1, 1), stop])) == [("Read", '{"path": "/a"}')]


def test_a_name_of_control_tokens_that_fits_nothing_stays() -> None:
    odd = ToolCall(0, "a", "assistant<|channel|>analysis", '{"a": 1}')
    assert fed(filters(), [odd, END]) == [odd, END]


def test_a_tool_behind_control_tokens_is_not_held_back() -> None:
    named = ToolCall(0, "a", "Read<|channel|>commentary", '{"path": "/a"}')
    assert fed(filters(), [named]) == [named]


# In the reasoning.


@pytest.mark.parametrize(
    "written",
    [
        WRITTEN,
        "<tool_call><function=Read><parameter=path>/a</parameter></function></tool_call>",
        '<|tool_calls_section_begin|> <|tool_call_begin|> functions.Read:0 <|tool_call_argument_begin|> {"path": "/a"} '
        "<|tool_call_end|> <|tool_calls_section_end|></think>",
    ],
)
def test_reasoning_that_ends_with_a_call_makes_it(written: str) -> None:
    text = f"I read it. {written}\n"
    whole = run(filters(), [Thinking(text), Text("\n"), END])
    assert whole == [("thinking", text), CALL]
    assert run(filters(), [*map(Thinking, text), END]) == whole


@pytest.mark.parametrize(
    "deltas",
    [
        [Thinking(f"{WRITTEN} or not"), END],
        [Thinking(f"Like `{WRITTEN}`"), END],
        [Thinking(WRITTEN), Text("Done."), END],
        [Thinking(WRITTEN), Block({"type": "x"}), END],
        [Thinking(WRITTEN), CUT],
        [Thinking(WRITTEN)],
    ],
)
def test_drafts_in_the_reasoning_make_no_call(deltas: list[Delta]) -> None:
    assert not [item for item in run(filters(), deltas) if item[0] == "Read"]


def test_a_draft_before_the_real_call_makes_none() -> None:
    found = run(filters(), [Thinking(WRITTEN), OTHER, Stop("tool_use")])
    assert found == [("thinking", WRITTEN), ("Read", '{"path": "/b"}')]


def test_reasoning_passes_at_once() -> None:
    delta = Thinking('x <tool_call>{"name"')
    assert brief(fed(filters(), [delta])) == [("thinking", delta.text)]
