"""Think tags at the start of an answer."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.core.deltas import Delta, Stop, Text, Thinking, ToolCall, Usage
from translators.core.tags import ThinkTags

CALL = ToolCall(0, "a", "Read", "{}")
END = Stop("end_turn")
COUNT = Usage(1, 1)


def run(*given_deltas: Delta, opened: bool = False) -> list[Delta]:
    """The filter's answer, neighbours of one kind joined."""
    tags = ThinkTags(opened)
    found = [delta for item in given_deltas for delta in tags.feed(item)]
    return merged([*found, *tags.close()])


def merged(found: list[Delta]) -> list[Delta]:
    joined: list[Delta] = []
    for delta in found:
        last = joined[-1] if joined else None
        if isinstance(delta, Text | Thinking) and type(last) is type(delta):
            joined[-1] = type(delta)(last.text + delta.text)  # type: ignore[union-attr]
        else:
            joined.append(delta)
    return joined


PROSE = "The tag `<think>` opens it and `</think>` closes it."
WORDS = ["<think>", "</think>", "<thought>", "<thi", "nk>", "</", " ", "\n", "a", "b<"]
CASES = [
    ("<think>a</think>b", [Thinking("a"), Text("b")]),
    ("<thinking>a</thinking>b", [Thinking("a"), Text("b")]),
    ("<thought>a</thought>b", [Thinking("a"), Text("b")]),
    (" \n<think>\nfirst step\n</think>\n\nsecond", [Thinking("first step\n"), Text("second")]),
    ("<think></think>b", [Text("b")]),
    ("<think>\n\n</think>\n\nb", [Text("b")]),
    ("<think>a < b </thin> </thinking></think>b", [Thinking("a < b </thin> </thinking>"), Text("b")]),
    ("<think>never closed", [Thinking("never closed")]),
    ("<think>never closed</thi", [Thinking("never closed</thi")]),
    ("<think>a</think>b<think>c</think>", [Thinking("a"), Text("b<think>c</think>")]),
    ("<think>a</think>  ", [Thinking("a")]),
    (
        PROSE,
        [Text(PROSE)],
    ),
    ("  plain", [Text("  plain")]),
    ("<thi", [Text("<thi")]),
    ("<thin air", [Text("<thin air")]),
    (" ", [Text(" ")]),
    ("<", [Text("<")]),
    ("</think>b", [Text("b")]),
    ("\n</thinking>\n\nb", [Text("b")]),
    ("</think", [Text("</think")]),
    ("</thing>", [Text("</thing>")]),
    ("a</think>b", [Text("a</think>b")]),
    ("", []),
]
OPENED = [
    ("a</think>b", [Thinking("a"), Text("b")]),
    ("\na</thinking>\n\nb", [Thinking("a"), Text("b")]),
    ("<think>a</think>b", [Thinking("a"), Text("b")]),
    ("</think>b", [Text("b")]),
    ("never closed", [Thinking("never closed")]),
    ("<thi", [Thinking("<thi")]),
]


@pytest.mark.parametrize(
    ("text", "wanted", "opened"), [(*case, False) for case in CASES] + [(*case, True) for case in OPENED]
)
def test_tags_split_anywhere(text: str, wanted: list[Delta], opened: bool) -> None:
    assert run(Text(text), opened=opened) == wanted
    assert run(*map(Text, text), opened=opened) == wanted
    for cut in range(len(text) + 1):
        assert run(Text(text[:cut]), Text(text[cut:]), opened=opened) == wanted


@given(
    st.lists(st.sampled_from(WORDS), max_size=8),
    st.lists(st.integers(0, 60), max_size=6),
    st.booleans(),
)
def test_any_split_gives_the_same(words: list[str], cuts: list[int], opened: bool) -> None:
    text = "".join(words)
    places = sorted({0, *(cut for cut in cuts if cut < len(text)), len(text)})
    pieces = [Text(text[start:end]) for start, end in pairwise(places)]
    assert run(*pieces, opened=opened) == run(Text(text), opened=opened)


def test_reasoning_of_its_own_form_comes_before_text() -> None:
    assert run(Thinking("native"), Text("a</think>b"), END, opened=True) == [
        Thinking("native"),
        Text("a</think>b"),
        END,
    ]


def test_an_answer_that_only_seems_to_be_reasoning_is_said_as_text_too() -> None:
    assert run(Text("a "), Text("b</th"), END, opened=True) == [Thinking("a b</th"), Text("a b</th"), END]
    assert run(Text("a"), CALL, END, opened=True) == [Thinking("a"), CALL, END]
    assert run(Text("a"), Stop("max_tokens"), opened=True) == [Thinking("a"), Stop("max_tokens")]
    assert run(Text("<think>a"), END, opened=True) == [Thinking("a"), END]


def test_other_deltas_pass() -> None:
    first = Usage(1, 0)
    assert run(first, Text("<think>a</think>b"), COUNT, END) == [first, Thinking("a"), Text("b"), COUNT, END]
    assert run(Thinking("native"), Text("<think>a</think>b")) == [Thinking("nativea"), Text("b")]


def test_a_call_ends_the_start() -> None:
    assert run(Text("<thi"), CALL, Text("<think>x</think>")) == [Text("<thi"), CALL, Text("<think>x</think>")]
    assert run(CALL, Text("<think>x</think>")) == [CALL, Text("<think>x</think>")]


def test_held_text_goes_out_before_call_and_stop() -> None:
    assert run(Text("<think>a</th"), CALL, Text("b</think>c")) == [Thinking("a</th"), CALL, Thinking("b"), Text("c")]
    assert run(Text("<think>a</th"), END) == [Thinking("a</th"), END]
    assert run(Text("<thi"), END) == [Text("<thi"), END]


def test_usage_between_the_halves_of_a_tag_does_not_matter() -> None:
    assert run(Text("<thi"), COUNT, Text("nk>a</thi"), COUNT, Text("nk>b")) == [COUNT, Thinking("a"), COUNT, Text("b")]


def test_reasoning_is_not_held_back() -> None:
    tags = ThinkTags()
    assert list(tags.feed(Text("<think>one "))) == [Thinking("one ")]
    assert list(tags.feed(Text("two <"))) == [Thinking("two ")]
    assert list(tags.feed(Text(" three"))) == [Thinking("< three")]


def test_deltas_pass_untouched_once_text_runs() -> None:
    tags = ThinkTags()
    list(tags.feed(Text("plain")))
    delta = Text(" <think>")
    assert next(iter(tags.feed(delta))) is delta
