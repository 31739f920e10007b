"""fold: the whole message is what a client builds from the stream."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.grammar import blocks
from tests.support.streams import events_of, stream
from translators.core.deltas import Block, Delta, Stop, Text, Thinking, ToolCall, Usage
from translators.core.message import UNPARSED, fold, parsed

END = Stop("end_turn")


def test_a_whole_message() -> None:
    deltas: list[Delta] = [Thinking("t"), Text("a"), Text("b"), ToolCall(0, "x", "Read", '{"a":[1]}'), END, Usage(3, 4)]
    message = fold(events_of(deltas))
    signature = message["content"][0].pop("signature")
    assert signature.startswith("rialto1.")
    assert message == {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "thinking", "thinking": "t"},
            {"type": "text", "text": "ab"},
            {"type": "tool_use", "id": "toolu_2", "name": "Read", "input": {"a": [1]}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 3,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 4,
        },
    }


def test_input_that_came_in_pieces_is_joined() -> None:
    pieces = ['{"path":"/a', "/b", '","limit":', "2}"]
    deltas = [ToolCall(0, "x", "Read"), *(ToolCall(0, arguments=piece) for piece in pieces), END]
    assert fold(events_of(deltas))["content"][0]["input"] == {"path": "/a/b", "limit": 2}


def test_a_server_tools_block_stays_whole() -> None:
    block = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}}
    made = fold(events_of([Block(block), Text("a"), END]))["content"][0]
    assert made == {**block, "id": made["id"]}


def test_citations_are_collected() -> None:
    def cite(number: int) -> dict[str, Any]:
        return {"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": number}}

    start = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    assert fold([*stream().start(), start, cite(1), cite(2)])["content"][0]["citations"] == [1, 2]


def test_signs_of_life_leave_no_trace() -> None:
    made = stream()
    events = [*made.start(), made.pulse(), {"type": "ping"}]
    events += [*made.feed(Text("a")), made.pulse(), *made.feed(END), *made.close()]
    assert fold(events)["content"] == [{"type": "text", "text": "a"}]
    assert fold(events)["stop_reason"] == "end_turn"


def test_the_events_stay_as_they_are() -> None:
    events = events_of([Text("a"), ToolCall(0, "x", "Read", "{}"), END])
    before = repr(events)
    fold(events)
    assert repr(events) == before


INPUTS = {
    "nothing": ("", {}),
    "an object": ('{"a": {"b": [1, "é"]}}', {"a": {"b": [1, "é"]}}),
    "cut": ('{"path":"/a', {UNPARSED: '{"path":"/a'}),
    "a list": ("[1]", {UNPARSED: "[1]"}),
    "a string": ('"a"', {UNPARSED: '"a"'}),
    "null": ("null", {UNPARSED: "null"}),
    "prose": ("I would rather not.", {UNPARSED: "I would rather not."}),
    "no JSON number": ('{"a": NaN}', {UNPARSED: '{"a": NaN}'}),
    "nested without end": ("[" * 100_000, {UNPARSED: "[" * 100_000}),
}


@pytest.mark.parametrize(("text", "expected"), INPUTS.values(), ids=INPUTS.keys())
def test_tool_input(text: str, expected: Any) -> None:
    assert parsed(text) == expected


HOPELESS = ["I cannot.", "[1,2]", '{"a": <', "}{", '"text"', "[" * 5000]


@pytest.mark.parametrize("arguments", HOPELESS)
def test_hopeless_arguments_are_kept_whole_under_a_key_no_tool_has(arguments: str) -> None:
    message = fold(events_of([ToolCall(0, "x", "Read", arguments), END]))
    assert message["content"][0]["input"] == {UNPARSED: arguments}
    assert message["stop_reason"] == "tool_use"


WORDS = st.text(max_size=5)
DELTAS: st.SearchStrategy[Delta] = st.one_of(
    st.builds(Text, WORDS),
    st.builds(Thinking, WORDS),
    st.builds(ToolCall, st.integers(0, 2), st.just("x"), st.just("Read"), st.dictionaries(WORDS, WORDS, max_size=2)),
)


@given(st.lists(DELTAS, max_size=8), st.booleans())
def test_fold_is_what_a_client_builds(deltas: list[Delta], omitted: bool) -> None:
    events = events_of([*deltas, Stop("max_tokens")], omitted=omitted)
    built = [{**block, "input": parsed(block["input"])} if "input" in block else block for block in blocks(events)]
    assert fold(events)["content"] == built
