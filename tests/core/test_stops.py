"""Stop sequences that Rialto applies itself."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.core.deltas import Block, Delta, Opaque, Stop, Text, Thinking, ToolCall, Usage
from translators.core.stops import StopSequences

END = Stop("end_turn")
COUNT = Usage(3, 4)


def run(sequences: list[str], *given_deltas: Delta) -> tuple[str, list[Delta], str | None]:
    """(joined text, the other deltas, what matched)."""
    stops = StopSequences(sequences)
    found = [delta for item in given_deltas for delta in stops.feed(item)]
    found.extend(stops.close())
    text = "".join(delta.text for delta in found if isinstance(delta, Text))
    return text, [delta for delta in found if not isinstance(delta, Text)], stops.matched


def expected(sequences: list[str], text: str) -> tuple[str, str | None]:
    """The rule read aloud: write letter by letter, stop as soon as the text ends with a sequence."""
    for end in range(1, len(text) + 1):
        endings = [word for word in sequences if word and text[:end].endswith(word)]
        if endings:
            word = max(endings, key=len)
            return text[: end - len(word)], word
    return text, None


words = st.lists(st.text(alphabet="ab\n", max_size=4), max_size=4)


@given(words, st.text(alphabet="abc\n", max_size=24), st.lists(st.integers(0, 24), max_size=6))
def test_the_first_complete_sequence_cuts_at_any_split(sequences: list[str], text: str, cuts: list[int]) -> None:
    places = sorted({0, *(cut for cut in cuts if cut < len(text)), len(text)})
    pieces = [Text(text[start:end]) for start, end in pairwise(places)]
    wanted, word = expected(sequences, text)
    stop = END if word is None else Stop("stop_sequence", word)
    assert run(sequences, *pieces, END) == (wanted, [stop], word)


@pytest.mark.parametrize("cut", range(len("one STOP two") + 1))
def test_every_split_of_a_match(cut: int) -> None:
    text = "one STOP two"
    assert run(["STOP", "absent"], Text(text[:cut]), Text(text[cut:]), END) == (
        "one ",
        [Stop("stop_sequence", "STOP")],
        "STOP",
    )


def test_after_the_match_only_usage_passes() -> None:
    later = [Text("x"), Thinking("y"), ToolCall(0, "a", "Read", "{}"), Opaque("k", 1), Block({}), END, COUNT]
    text, others, matched = run(["|"], Text("a|b"), *later)
    assert (text, others, matched) == ("a", [Stop("stop_sequence", "|"), COUNT], "|")


def test_text_is_held_only_while_it_may_match() -> None:
    stops = StopSequences(["STOP"])
    assert list(stops.feed(Text("a ST"))) == [Text("a ")]
    assert list(stops.feed(Text("A"))) == [Text("STA")]
    assert list(stops.feed(Text("SSTO"))) == [Text("S")]
    assert list(stops.close()) == [Text("STO")]
    assert stops.matched is None


@pytest.mark.parametrize("delta", [ToolCall(0, "a", "Read", "{}"), Thinking("t"), END, Opaque("k", 1), Block({})])
def test_held_text_goes_out_before_other_deltas(delta: Delta) -> None:
    stops = StopSequences(["STOP"])
    assert list(stops.feed(Text("ST"))) == []
    assert list(stops.feed(delta)) == [Text("ST"), delta]
    assert list(stops.close()) == []


def test_usage_inside_a_sequence_does_not_hide_it() -> None:
    assert run(["STOP"], Text("a ST"), COUNT, Text("OP b"), END) == (
        "a ",
        [COUNT, Stop("stop_sequence", "STOP")],
        "STOP",
    )


def test_a_match_at_once_sends_no_empty_text() -> None:
    assert list(StopSequences(["STOP"]).feed(Text("STOP"))) == [Stop("stop_sequence", "STOP")]


@pytest.mark.parametrize("sequences", [[], [""]])
def test_without_sequences_everything_passes_untouched(sequences: list[str]) -> None:
    stops = StopSequences(sequences)
    for delta in (Text("a"), COUNT, END):
        (found,) = stops.feed(delta)
        assert found is delta
    assert list(stops.close()) == []


NAMED = {
    "one that the client knows": (["A", "B"], Stop("stop_sequence", "B"), Stop("stop_sequence", "B")),
    "one that it does not know": (["A"], Stop("stop_sequence", "<|im_end|>"), END),
    "none, where there is one": (["A"], Stop("stop_sequence"), Stop("stop_sequence", "A")),
    "none, where there are two": (["A", "B"], Stop("stop_sequence"), Stop("stop_sequence")),
    "none, where there are none": ([], Stop("stop_sequence"), END),
    "another end": (["A"], Stop("max_tokens"), Stop("max_tokens")),
}


@pytest.mark.parametrize(("sequences", "said", "meant"), NAMED.values(), ids=NAMED.keys())
def test_a_stop_that_the_vendor_made(sequences: list[str], said: Stop, meant: Stop) -> None:
    assert run(sequences, Text("x"), said) == ("x", [meant], None)
