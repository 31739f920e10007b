"""Answers that go on where the client's last message stops."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.streams import events_of
from translators.core.deltas import Delta, Stop, Text, Thinking, ToolCall
from translators.core.history import turns
from translators.core.intent import Intent
from translators.core.message import fold
from translators.core.prefill import GO_ON, Echo, ending, native, prefill, without_thinking

Json = dict[str, Any]
END = Stop("end_turn")
FORMAT = {"type": "json_schema", "schema": {}}


def ends(content: Any, role: str = "assistant", **more: Any) -> Json:
    """A request whose last message is this."""
    return {"messages": [{"role": "user", "content": "q"}, {"role": role, "content": content}], **more}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (ends("{"), "{"),
        (ends([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]), "a\nb"),
        (ends(" "), ""),
        (ends("q", role="user"), ""),
        (ends([{"type": "text", "text": "a"}, {"type": "tool_use", "id": "c", "name": "Read", "input": {}}]), ""),
        ({"messages": []}, ""),
    ],
)
def test_the_words_of_a_prefill(message: Json, words: str) -> None:
    assert prefill(message) == words


@pytest.mark.parametrize(
    ("message", "way", "taken"),
    [
        (ends("{"), "partial", "partial"),
        (ends("{"), "", ""),
        (ends("{", role="user"), "partial", ""),
        (ends("{", thinking={"type": "adaptive"}), "partial", ""),
        (ends("{", thinking={"type": "disabled"}), "partial", "partial"),
        (ends("{", output_config={"format": FORMAT}), "partial", ""),
        (ends("{", output_format=FORMAT), "partial", ""),
    ],
)
def test_the_vendors_own_way(message: Json, way: str, taken: str) -> None:
    assert native(message, way) == taken
    assert without_thinking(Intent(None, "high"), message, way).on is (False if taken else None)
    last = ending(turns(message["messages"], inline_system=True), message, way)[-1]
    in_words = message["messages"][-1]["role"] == "assistant" and not taken
    assert (last.blocks[0]["text"] == GO_ON) is in_words


def test_a_paused_turn_is_gone_on_with() -> None:
    search = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    message = ends([search])
    assert ending(turns(message["messages"], inline_system=True), message, "partial")[-1].blocks[0]["text"] == GO_ON


def said(words: str, *deltas: Delta) -> str:
    """The text of the answer behind a prefill."""
    message = fold(events_of(deltas, filters=[Echo(words)], begun=bool(words)))
    return "".join(block["text"] for block in message["content"] if block["type"] == "text")


ANSWERS = {
    "goes on": ("The answer is", " 42.", " 42."),
    "repeats": ("The answer is", "The answer is 42.", " 42."),
    "repeats behind white space": ("The answer is", "\n The answer is 42.", " 42."),
    "repeats it all and stops": ("The answer is 42.", "The answer is 42.", ""),
    "begins alike": ("The answer is", "The answers are", "The answers are"),
    "only begins alike": ("The answer is", "The ans", "The ans"),
    "repeats only once": ("{", '{"a": {}}', '"a": {}}'),
    "white space at its end": ("x: ", "x: y", " y"),
    "no prefill": ("", "The answer", "The answer"),
}


@pytest.mark.parametrize(("words", "answer", "left"), ANSWERS.values(), ids=ANSWERS.keys())
def test_the_repetition_goes(words: str, answer: str, left: str) -> None:
    assert said(words, Text(answer), END) == left


@given(st.sampled_from(list(ANSWERS.values())), st.lists(st.integers(0, 20), max_size=6))
def test_it_goes_however_it_is_cut(case: tuple[str, str, str], cuts: list[int]) -> None:
    words, answer, left = case
    places = sorted({0, *(cut for cut in cuts if cut < len(answer)), len(answer)})
    assert said(words, *(Text(answer[start:end]) for start, end in pairwise(places)), END) == left


def test_other_deltas_pass() -> None:
    answer = [Thinking("hm"), Text("The"), ToolCall(0, "a", "Read", "{}"), Stop("tool_use")]
    message = fold(events_of(answer, filters=[Echo("The answer is")], begun=True))
    assert [block["type"] for block in message["content"]] == ["thinking", "text", "tool_use"]


def test_an_answer_that_adds_nothing_is_an_answer() -> None:
    message = fold(events_of([END], begun=True))
    assert (message["content"], message["stop_reason"]) == ([], "end_turn")
