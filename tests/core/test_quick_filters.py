"""What filters hand on untouched is what they would have made of it, and leaves them in the same state."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from translators.core import tokens
from translators.core.deltas import Delta, Opaque, Stop, Text, Thinking, ToolCall, Usage
from translators.core.filters import Filter, filtered
from translators.core.text_calls import Harmony, ReasonedCalls, TextCalls, Tools
from translators.core.text_calls.prose import Scanner
from translators.core.tool_names import ToolNames

WORDS = st.sampled_from(
    [
        *("word ", "a < b", "<", "<tool", "_call>", "<tool_call>", "</tool_call>", "\n", "```", "`", "~~~\n", "", "é"),
        *(
            '{"name": "Read", "arguments": {"path": "/a"}}',
            "<|channel|>",
            "analysis",
            "<|message|>",
            "<|end|>",
            "[",
            "x" * 5000,
        ),
    ]
)
DELTAS = st.one_of(
    WORDS.map(Text),
    WORDS.map(Text),
    WORDS.map(Thinking),
    st.just(Opaque("a", 1)),
    st.just(Usage(1, 1)),
    st.just(ToolCall(0, "id", "Read", "{}")),
    st.just(Stop("end_turn")),
)


class Slow(Scanner):
    """Never takes the short way."""

    holds = True

    def passes(self, text: str) -> bool:
        return False


def tools() -> Tools:
    """One tool."""
    names = ToolNames(["Read"], 64, 1, False)
    return Tools([{"name": "Read", "input_schema": {"properties": {"path": {"type": "string"}}}}], names)


def slowed(step: Filter) -> Filter:
    """The filter with a scanner that never takes the short way; Harmony, which makes new ones, keeps them slow."""
    for holder in (step, getattr(step, "_inner", None)):
        scanner = getattr(holder, "_scanner", None)
        if scanner is not None:
            scanner.__class__ = Slow
    return step


def said(step: Filter, deltas: Iterable[Delta], slow: bool) -> list[Delta]:
    """All that the filter makes of the deltas."""
    found: list[Delta] = []
    for delta in deltas:
        if slow:
            slowed(step)
        found += step.feed(delta)
    return [*found, *step.close()]


@given(deltas=st.lists(DELTAS, max_size=12))
def test_the_short_way_gives_the_same(deltas: list[Delta]) -> None:
    for make in (lambda: TextCalls(tools()), lambda: ReasonedCalls(tools()), lambda: Harmony(tools())):
        assert said(make(), deltas, slow=False) == said(make(), deltas, slow=True)


@given(texts=st.lists(WORDS, max_size=12))
def test_a_scanner_is_left_in_the_same_state(texts: list[str]) -> None:
    quick, slow = Scanner(["<tool_call>", "["]), Scanner(["<tool_call>", "["])
    for text in texts:
        before = slow._held
        if quick.passes(text):
            assert (slow.split(text), before) == ((text, "", ""), "")
        else:
            assert quick.split(text) == slow.split(text)
        assert quick._held == slow._held
        assert vars(quick._code) == vars(slow._code)


class Doubled:
    """A filter that says everything twice."""

    def feed(self, delta: Delta) -> Iterable[Delta]:
        return (delta, delta)

    def close(self) -> Iterable[Delta]:
        return (Text("end"),)


def test_filters_that_make_more_of_a_delta_are_heard_by_those_behind_them() -> None:
    found = filtered(Text("a"), [Doubled(), Doubled()])
    assert list(found) == [Text("a")] * 4


def test_a_remembered_size_is_the_counted_one() -> None:
    texts = [word * 300 for word in ("word ", "1 2\n", "é ", "{}[] ", "漢字")]
    tokens.SIZES.clear()
    assert [tokens.text_size(text) for text in texts * 2] == [tokens.counted_size(text) for text in texts * 2]
    assert len(tokens.SIZES) == len(texts)


def test_sizes_are_forgotten_before_there_are_too_many() -> None:
    tokens.SIZES.clear()
    for number in range(tokens.MOST_SIZES + 10):
        tokens.SIZES[number, 0] = tokens.NOTHING
    tokens.text_size("x" * tokens.LONG_TEXT)
    assert len(tokens.SIZES) == 1
