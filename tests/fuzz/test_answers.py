"""Laws of answers: however the vendor's bytes are cut, broken off or spoiled, the client gets a message or an error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import strategies as st

from app.api import sse
from tests.conformance.kit import heard, streamed
from tests.fuzz.answers import Answer, answers
from tests.fuzz.counting import law
from tests.fuzz.damage import littered, pieces, spoiled
from tests.fuzz.playing import DEFECT, asked, case, comparable, ended, play, play_whole, seen
from tests.fuzz.spoken import ANSWER_WIRES, bare, dumped, event, line
from tests.fuzz.wires import genuine, somewhere
from tests.fuzz.words import TEXTS
from translators.core.vendor import Json

ALL = pytest.mark.parametrize("wire", list(ANSWER_WIRES))
#: What of a request changes the answer.
WISHES: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {}, optional={"thinking": st.just({"type": "adaptive", "display": "omitted"})}
)
ODD_WISHES: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {},
    optional={
        "thinking": st.just({"type": "adaptive", "display": "omitted"}),
        "stop_sequences": st.lists(TEXTS, max_size=2),
        "tools": st.sampled_from((None, [])),
    },
)


@ALL
@law(600, answers(), WISHES, st.data())
def test_all_of_it_arrives_however_it_is_cut(wire: str, answer: Answer, wishes: Json, data: st.DataObject) -> None:
    where, message = somewhere(wire, data, plain=True), asked(**wishes)
    stream = ANSWER_WIRES[wire].stream(answer)
    outcome = play(where, message, data.draw(pieces(stream)))
    assert outcome.message is not None, outcome.error
    assert squeezed(texts(outcome.message, "text")) == squeezed(answer.text("text"))
    assert "thinking" in message or squeezed(texts(outcome.message, "thinking")) == squeezed(answer.text("thinking"))
    assert [(call["name"], call["input"]) for call in blocks(outcome.message, "tool_use")] == answer.calls
    assert comparable(play(where, message, [stream])) == comparable(outcome)
    assert seen(play_whole(where, message, [stream])) == seen(outcome)


def blocks(message: Json, kind: str) -> list[Json]:
    """The blocks of one type."""
    return [block for block in message["content"] if block["type"] == kind]


def texts(message: Json, kind: str) -> str:
    """All words of the blocks of one type."""
    return "".join(block[kind] for block in blocks(message, kind))


def squeezed(text: str) -> str:
    """The text without white space, which may vanish between blocks."""
    return "".join(text.split())


@ALL
@law(600, answers(), st.data())
def test_a_whole_answer_says_the_same(wire: str, answer: Answer, data: st.DataObject) -> None:
    where, message = somewhere(wire, data, plain=True), asked()
    whole = dumped(ANSWER_WIRES[wire].whole(answer))
    outcome = play_whole(where, message, data.draw(pieces(whole)))
    assert outcome.message is not None, outcome.error
    assert squeezed(texts(outcome.message, "text")) == squeezed(answer.text("text"))
    calls = [(call["name"], call["input"]) for call in blocks(outcome.message, "tool_use")]
    assert calls == answer.calls
    assert seen(play(where, message, [whole])) == seen(outcome)


@ALL
@law(800, answers(), st.booleans(), st.data())
def test_a_truncated_answer_never_looks_complete(wire: str, answer: Answer, whole: bool, data: st.DataObject) -> None:
    where, message, spoken = somewhere(wire, data), asked(), ANSWER_WIRES[wire]
    stream = dumped(spoken.whole(answer)) if whole else spoken.stream(answer)
    needed = len(stream) if whole else spoken.needed(answer)
    place = data.draw(st.one_of(st.integers(0, needed - 1), st.integers(max(0, needed - 90), needed - 1)))
    outcome = play(where, message, data.draw(pieces(stream[:place])))
    assert outcome.error and not ended(outcome), f"cut at byte {place} of {needed}: {outcome}"
    assert play_whole(where, message, [stream[:place]]).error


@ALL
@law(800, answers(plain=False), ODD_WISHES, st.booleans(), st.data())
def test_odd_words_and_garbage_break_nothing(
    wire: str, answer: Answer, wishes: Json, whole: bool, data: st.DataObject
) -> None:
    where, message, spoken = somewhere(wire, data), asked(**wishes), ANSWER_WIRES[wire]
    stream = dumped(spoken.whole(answer)) if whole else spoken.stream(answer)
    stream = data.draw(st.one_of(st.just(stream), littered(stream)))
    outcome = play(where, message, data.draw(pieces(stream)), hopeless=True)
    assert comparable(play(where, message, [stream], hopeless=True)) == comparable(outcome)
    assert seen(play_whole(where, message, [stream])) == seen(outcome)


@ALL
@law(800, answers(plain=False), ODD_WISHES, st.booleans(), st.data())
def test_wrong_types_break_nothing(wire: str, answer: Answer, wishes: Json, whole: bool, data: st.DataObject) -> None:
    where, message, spoken = somewhere(wire, data), asked(**wishes), ANSWER_WIRES[wire]
    if whole:
        stream = dumped(data.draw(spoiled(spoken.whole(answer))))
    else:
        stream = framed(data.draw(spoiled([value_of(frame) for frame in spoken.frames(answer)])), wire) + spoken.behind
    outcome = play(where, message, [stream], hopeless=True)
    assert seen(play_whole(where, message, [stream])) == seen(outcome)


def value_of(frame: bytes) -> Any:
    """The JSON of a frame."""
    return json.loads(frame[frame.index(b"{") :])


def framed(values: list[Any], wire: str) -> bytes:
    """Values as frames."""
    write = line if wire == "ollama_chat" else lambda value: event(value) if isinstance(value, dict) else bare(value)
    return b"".join(map(write, values))


@law(600, answers(plain=False), st.data())
def test_anthropics_own_answer_passes(answer: Answer, data: st.DataObject) -> None:
    spoken, where = ANSWER_WIRES["anthropic_messages"], genuine()
    stream = spoken.stream(answer)
    outcome = streamed(case(where, asked()), data.draw(pieces(stream)))
    said = [json.loads(dumped(value_of(frame))) for frame in spoken.frames(answer)]
    assert list(outcome.events)[1:] == json.loads(sse.dumps(said[1:]))
    place = data.draw(st.integers(0, spoken.needed(answer) - 1))
    cut = streamed(case(where, asked()), data.draw(pieces(stream[:place])))
    assert cut.error and not any(event["type"] == "message_stop" for event in cut.events)
    assert play_whole(where, asked(), [stream[:place]]).error


@law(600, answers(plain=False), st.booleans(), st.data())
def test_garbage_of_anthropics_own_breaks_nothing(answer: Answer, whole: bool, data: st.DataObject) -> None:
    spoken, where = ANSWER_WIRES["anthropic_messages"], genuine()
    if whole:
        stream = dumped(data.draw(spoiled(spoken.whole(answer))))
    else:
        values = data.draw(spoiled([value_of(frame) for frame in spoken.frames(answer)]))
        stream = data.draw(littered(framed(values, "anthropic_messages")))
    for error in (heard(case(where, asked()), [stream])[1], play_whole(where, asked(), [stream]).error):
        assert error is None or DEFECT not in error["message"], error
