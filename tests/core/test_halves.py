"""Characters that arrive in two halves."""

from __future__ import annotations

import pytest

from translators.core.deltas import Delta, Stop, Text, Thinking, ToolCall, Usage
from translators.core.halves import Halves

HIGH, LOW = "\ud83d", "\ude42"


def passed(*deltas: Delta) -> list[Delta]:
    step = Halves()
    return [found for delta in deltas for found in step.feed(delta)] + list(step.close())


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ([Text("a" + HIGH), Text(LOW + "b")], [Text("a"), Text("🙂b")]),
        ([Text(HIGH), Usage(1, 1), Text(LOW)], [Usage(1, 1), Text("🙂")]),
        ([Text(HIGH + LOW)], [Text("🙂")]),
        ([Thinking(HIGH), Text("x")], [Thinking("\ufffd"), Text("x")]),
        ([Text(HIGH), ToolCall(name="T"), Text(LOW)], [Text("\ufffd"), ToolCall(name="T"), Text("\ufffd")]),
        ([Text(HIGH), Stop("end_turn")], [Text("\ufffd"), Stop("end_turn")]),
        ([Text("é🙂")], [Text("é🙂")]),
        ([Text(HIGH)], [Text("\ufffd")]),
    ],
)
def test_halves_meet(given: list[Delta], wanted: list[Delta]) -> None:
    assert passed(*given) == wanted
