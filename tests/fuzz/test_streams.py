"""Laws below the wires: bytes become the same objects however they are cut, and deltas become well-formed events."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from app.upstream.framing import FRAMINGS, objects
from tests.fuzz.counting import law
from tests.fuzz.damage import GARBAGE, littered, pieces
from tests.fuzz.spoken import bare, line
from tests.fuzz.words import IDS, NAMES, OBJECTS, TEXTS, VALUES
from tests.support.grammar import complaints
from tests.support.streams import stream
from translators.core.deltas import Block, Delta, Opaque, Stop, Text, Thinking, ToolCall, Usage
from translators.core.errors import Broke, Fault
from translators.core.halves import Halves
from translators.core.message import fold
from translators.core.stops import StopSequences
from translators.core.tags import ThinkTags
from translators.core.tool_names import ToolNames

#: What a reader may raise: the exchange makes an error of the vendor's of each.
FAILURES = (Fault, Broke, ValueError)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """The bytes of an answer: frames, lines and garbage."""
    write = draw(st.sampled_from((line, bare)))
    frames = [write(value) for value in draw(st.lists(VALUES, max_size=4))]
    frames += draw(st.lists(GARBAGE, max_size=3))
    data = b"".join(draw(st.permutations(frames)))
    return draw(st.one_of(st.just(data), littered(data)))


def read(parts: list[bytes], framing: str) -> list[Any]:
    """The objects, and the kind of failure behind them."""
    found: list[Any] = []
    try:
        for whole, values in objects(iter(parts), framing):
            found += [(whole, value) for value in values]
    except FAILURES as error:
        found.append("failure" if isinstance(error, ValueError) else type(error).__name__)
    return found


@law(2_000, bodies(), st.sampled_from(sorted(FRAMINGS)), st.data())
def test_bytes_become_the_same_objects(data: bytes, framing: str, more: st.DataObject) -> None:
    whole = read([data] if data else [], framing)
    assert read(more.draw(pieces(data)), framing) == whole
    assert read([data[place : place + 1] for place in range(len(data))], framing) == whole


REASONS = st.sampled_from(
    ("end_turn", "max_tokens", "tool_use", "refusal", "pause_turn", "model_context_window_exceeded")
)
ARGUMENTS = st.one_of(
    st.sampled_from(("", "{", "}", '{"a":', "1}", '{"a": 1}', '{"a": "', '"', "null", "[", "}{")), TEXTS, OBJECTS
)
DELTAS: st.SearchStrategy[Delta] = st.one_of(
    st.builds(Text, st.one_of(TEXTS, st.sampled_from(("<thi", "nk>", "</think", ">", "STO", "P")))),
    st.builds(Thinking, TEXTS),
    st.builds(Opaque, st.sampled_from(("reasoning", "signature", "text")), VALUES),
    st.builds(
        ToolCall, st.one_of(st.none(), st.integers(0, 2)), st.one_of(st.just(""), IDS), st.one_of(st.just(""), NAMES)
    ),
    st.builds(ToolCall, st.one_of(st.none(), st.integers(0, 2)), arguments=ARGUMENTS),
    st.builds(Block, st.just({"type": "container_upload", "file_id": "file_1"})),
    st.builds(Usage, st.integers(0, 99), st.integers(0, 99), st.integers(0, 99)),
    st.builds(Stop, REASONS),
    st.builds(Stop, REASONS, final=st.just(False)),
)
#: What the stream is built with.
OPTIONS = st.fixed_dictionaries(
    {
        "omitted": st.booleans(),
        "names": st.lists(NAMES, max_size=2).map(ToolNames),
        "filters": st.booleans().map(lambda opened: (Halves(), ThinkTags(opened), StopSequences(["STOP", "\n\n"]))),
    }
)


@law(3_000, st.lists(DELTAS, max_size=14), OPTIONS)
def test_deltas_become_well_formed_events(deltas: list[Delta], options: dict[str, Any]) -> None:
    made = stream(**options)
    events = made.start()
    for delta in deltas:
        events += made.feed(delta)
    events += made.close()
    wrong = [complaint for complaint in complaints(events) if not complaint.startswith("tool input")]
    assert wrong == []
    stops = any(isinstance(delta, Stop) and delta.final for delta in deltas)
    if made.error is None:
        assert stops or options["filters"][-1].matched, "an end out of nowhere"
        assert fold(events)["stop_reason"]
