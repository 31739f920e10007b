"""Tool-call assembly: whatever the fragments look like, the calls come out one after the other and whole."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.grammar import complaints
from tests.support.streams import content, ending, events_of, stream
from translators.core.calls import schemas
from translators.core.deltas import Delta, Stop, Text, Thinking, ToolCall

DONE = Stop("tool_use")
A, B = '{"a":1}', '{"b":2}'


def outcome(*deltas: Delta, **options: Any) -> list[Any]:
    """The content of a well-formed answer that calls tools."""
    events = events_of([*deltas, DONE], **options)
    assert complaints(events) == []
    assert ending(events) == "tool_use"
    return content(events)


FRAGMENTS = {
    "one call at once": ([ToolCall(0, "x", "Read", A)], [("Read", A)]),
    "fragments, as OpenAI sends them": (
        [ToolCall(0, "x", "Read"), ToolCall(0, arguments='{"a"'), ToolCall(0, arguments=":1}")],
        [("Read", A)],
    ),
    "id and name on every fragment, with an index": (
        [ToolCall(0, "x", "Read", '{"a"'), ToolCall(0, "x", "Read", ":1"), ToolCall(0, "x", "Read", "}")],
        [("Read", A)],
    ),
    "id and name on every fragment, no index": (
        [ToolCall(None, "x", "Read", '{"a"'), ToolCall(None, "x", "Read", ":1"), ToolCall(None, "x", "Read", "}")],
        [("Read", A)],
    ),
    "id and name repeated before the arguments": (
        [ToolCall(0, "x", "Read"), ToolCall(0, "x", "Read"), ToolCall(0, "x", "Read", A)],
        [("Read", A)],
    ),
    "a fresh id on every fragment, the name only first": (
        [ToolCall(0, "x", "Read"), ToolCall(0, "y", "", '{"a"'), ToolCall(0, "z", "", ":1}")],
        [("Read", A)],
    ),
    "the name in two pieces": (
        [ToolCall(0, "x", "Re"), ToolCall(0, "", "ad"), ToolCall(0, arguments=A)],
        [("Read", A)],
    ),
    "the name only, no id, on every fragment": (
        [ToolCall(0, "", "Read", '{"a"'), ToolCall(0, "", "Read", ":1}"), ToolCall(0, "", "Read")],
        [("Read", A)],
    ),
    "arguments before the name": (
        [ToolCall(0, "x", "", '{"a"'), ToolCall(0, "", "Read"), ToolCall(0, "", "", ":1}")],
        [("Read", A)],
    ),
    "arguments in pieces before the name": (
        [ToolCall(0, "x", "", '{"a'), ToolCall(0, "", "", '":'), ToolCall(0, "", "Read"), ToolCall(0, "", "", "1}")],
        [("Read", A)],
    ),
    "the name only, no index and no id, on every fragment": (
        [ToolCall(name="Read", arguments='{"a"'), ToolCall(name="Read", arguments=":1}")],
        [("Read", A)],
    ),
    "all arguments before the name": ([ToolCall(0, "x", "", A), ToolCall(0, "", "Read")], [("Read", A)]),
    "the id last": ([ToolCall(0, "", "Read", '{"a"'), ToolCall(0, "x", "", ":1}")], [("Read", A)]),
    "an object": ([ToolCall(0, "x", "Read", {"a": 1})], [("Read", A)]),
    "no arguments at all": ([ToolCall(0, "x", "Read")], [("Read", "{}")]),
    "an empty object": ([ToolCall(0, "x", "Read", "{}")], [("Read", "{}")]),
    "no index, no id": ([ToolCall(name="Read", arguments='{"a"'), ToolCall(arguments=":1}")], [("Read", A)]),
    "an index on the first fragment only": ([ToolCall(3, "x", "Read"), ToolCall(arguments=A)], [("Read", A)]),
    "nothing but an empty fragment beside it": ([ToolCall(0), ToolCall(0, "x", "Read", A)], [("Read", A)]),
    "an empty fragment of another slot": ([ToolCall(0, "x", "Read", A), ToolCall(1)], [("Read", A)]),
    "late fragments of a finished call": (
        [ToolCall(0, "x", "Read", A), ToolCall(0, "x", "Read"), ToolCall(0), ToolCall(0, "x", "", " ")],
        [("Read", A)],
    ),
    "garbage behind the object": ([ToolCall(0, "x", "Read", A), ToolCall(0, "", "", "```")], [("Read", A)]),
}

SEVERAL = {
    "in one chunk": [ToolCall(0, "x", "Read", A), ToolCall(1, "y", "Glob", B)],
    "both index 0": [ToolCall(0, "x", "Read", A), ToolCall(0, "y", "Glob", B)],
    "both index 0, in fragments": [
        *(ToolCall(0, "x", "Read"), ToolCall(0, "", "", '{"a"'), ToolCall(0, "", "", ":1}")),
        *(ToolCall(0, "y", "Glob"), ToolCall(0, "", "", '{"b"'), ToolCall(0, "", "", ":2}")),
    ],
    "both index 0, no ids": [ToolCall(0, "", "Read", A), ToolCall(0, "", "Glob", B)],
    "both index 0, no ids, in fragments": [
        *(ToolCall(0, "", "Read"), ToolCall(0, "", "", A), ToolCall(0, "", "Glob"), ToolCall(0, "", "", B)),
    ],
    "no index, ids": [ToolCall(None, "x", "Read", A), ToolCall(None, "y", "Glob", B)],
    "no index, no ids": [ToolCall(name="Read", arguments=A), ToolCall(name="Glob", arguments=B)],
    "index from 1": [ToolCall(1, "x", "Read", A), ToolCall(2, "y", "Glob", B)],
    "index with gaps": [ToolCall(2, "x", "Read", A), ToolCall(9, "y", "Glob", B)],
    "interleaved": [
        *(ToolCall(0, "x", "Read"), ToolCall(1, "y", "Glob"), ToolCall(0, arguments='{"a"')),
        *(ToolCall(1, arguments='{"b"'), ToolCall(0, arguments=":1}"), ToolCall(1, arguments=":2}")),
    ],
    "interleaved by id": [
        *(ToolCall(None, "x", "Read"), ToolCall(None, "y", "Glob"), ToolCall(None, "x", "", A)),
        ToolCall(None, "y", "", B),
    ],
    "interleaved, the second one done first": [
        *(ToolCall(0, "x", "Read"), ToolCall(1, "y", "Glob", B), ToolCall(0, arguments=A)),
    ],
    "the same id for both": [ToolCall(0, "call", "Read", A), ToolCall(1, "call", "Glob", B)],
    "id and name on every fragment": [
        *(ToolCall(0, "x", "Read", '{"a"'), ToolCall(0, "x", "Read", ":1}"), ToolCall(0, "x", "Read")),
        *(ToolCall(1, "y", "Glob", '{"b"'), ToolCall(1, "y", "Glob", ":2}"), ToolCall(1, "y", "Glob")),
    ],
    "id and name on every fragment, no index": [
        *(ToolCall(None, "x", "Read", '{"a"'), ToolCall(None, "x", "Read", ":1}"), ToolCall(None, "x", "Read")),
        *(ToolCall(None, "y", "Glob", '{"b"'), ToolCall(None, "y", "Glob", ":2}"), ToolCall(None, "y", "Glob")),
    ],
    "a late fragment of the first, without index": [
        *(ToolCall(None, "x", "Read", A), ToolCall(None, "y", "Glob", '{"b"'), ToolCall(None, "x", "Read")),
        ToolCall(None, "y", "", ":2}"),
    ],
    "a late fragment of the first": [
        *(ToolCall(0, "x", "Read", A), ToolCall(1, "y", "Glob", '{"b"'), ToolCall(0, "x", "Read")),
        ToolCall(1, "y", "", ":2}"),
    ],
}


@pytest.mark.parametrize(("deltas", "expected"), FRAGMENTS.values(), ids=FRAGMENTS.keys())
def test_one_call(deltas: list[Delta], expected: list[Any]) -> None:
    assert outcome(*deltas) == expected


@pytest.mark.parametrize("deltas", SEVERAL.values(), ids=SEVERAL.keys())
def test_two_calls(deltas: list[Delta]) -> None:
    assert outcome(*deltas) == [("Read", A), ("Glob", B)]


TWICE = {
    "by index": [ToolCall(0, "x", "Read", A), ToolCall(1, "y", "Read", A)],
    "by id": [ToolCall(0, "x", "Read", A), ToolCall(0, "z", "Read", A)],
    "one index, no ids": [ToolCall(0, "", "Read", A), ToolCall(0, "", "Read", " " + A)],
    "no index, no ids": [ToolCall(name="Read", arguments=A), ToolCall(name="Read", arguments={"a": 1})],
    "no index, the same id": [ToolCall(None, "x", "Read", A), ToolCall(None, "x", "Read", A)],
}


@pytest.mark.parametrize("calls", TWICE.values(), ids=TWICE.keys())
def test_the_same_tool_twice(calls: list[Delta]) -> None:
    assert [(name, json.loads(text)) for name, text in outcome(*calls)] == [("Read", {"a": 1})] * 2


def test_calls_without_arguments_stay_apart() -> None:
    assert outcome(ToolCall(0, "x", "Now"), ToolCall(0, "y", "Now")) == [("Now", "{}"), ("Now", "{}")]


def test_ids_are_fresh_although_the_vendor_repeats_its_own() -> None:
    events = events_of([ToolCall(0, "call_1", "Read", A), ToolCall(1, "call_1", "Read", A), DONE])
    ids = [event["content_block"]["id"] for event in events if event["type"] == "content_block_start"]
    assert len(set(ids)) == 2
    assert "call_1" not in ids


WORDS = {
    "text before": (
        [Text("Look: "), ToolCall(0, "x", "Read", A)],
        ["Look: ", ("Read", A)],
    ),
    "text after": ([ToolCall(0, "x", "Read", A), Text("There.")], [("Read", A), "There."]),
    "text between": (
        [ToolCall(0, "x", "Read", A), Text("And"), ToolCall(1, "y", "Glob", B)],
        [("Read", A), "And", ("Glob", B)],
    ),
    "text inside a call waits": (
        [ToolCall(0, "x", "Read", '{"a"'), Text("And"), ToolCall(0, arguments=":1}")],
        [("Read", A), "And"],
    ),
    "reasoning inside a call waits": (
        [ToolCall(0, "x", "Read", '{"a"'), Thinking("Hm"), ToolCall(0, arguments=":1}")],
        [("Read", A), ("thinking", "Hm")],
    ),
    "text after a call without arguments": ([ToolCall(0, "x", "Now"), Text("And")], [("Now", "{}"), "And"]),
    "text, reasoning, call, text": (
        [Text("a"), Thinking("b"), ToolCall(0, "x", "Read", A), Text("c")],
        ["a", ("thinking", "b"), ("Read", A), "c"],
    ),
}


@pytest.mark.parametrize(("deltas", "expected"), WORDS.values(), ids=WORDS.keys())
def test_words_around_calls(deltas: list[Delta], expected: list[Any]) -> None:
    assert outcome(*deltas) == expected


def test_blank_text_between_calls_makes_no_block() -> None:
    calls = [ToolCall(0, "x", "Read", A), Text("\n"), ToolCall(1, "y", "Glob", B), Text(" ")]
    assert outcome(*calls) == [("Read", A), ("Glob", B)]


def test_arguments_are_sent_as_they_come() -> None:
    pieces = ['{"text":"', "one ", "two ", 'three"}']
    deltas = [ToolCall(0, "x", "Write"), *(ToolCall(0, arguments=piece) for piece in pieces), DONE]
    events = events_of(deltas)
    sent = [event["delta"]["partial_json"] for event in events if event["type"] == "content_block_delta"]
    assert len(sent) >= 3
    assert "".join(sent) == "".join(pieces)


def test_a_whole_call_is_handed_over_as_soon_as_another_one_begins() -> None:
    made = stream()
    made.start()
    made.feed(ToolCall(0, "x", "Read", A))
    assert [event["type"] for event in made.feed(ToolCall(1, "y", "Glob"))] == ["content_block_stop"]


SCHEMAS = {"Read": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}}}
UNWANTED_NULL = '{"a":1,"b":null}'
NAMED = {
    "at once": [ToolCall(0, "x", "Read", UNWANTED_NULL)],
    "in two pieces": [ToolCall(0, "x", "Re"), ToolCall(0, "", "ad"), ToolCall(0, arguments=UNWANTED_NULL)],
    "behind the arguments": [ToolCall(0, "x", "", UNWANTED_NULL), ToolCall(0, "", "Read")],
}


@pytest.mark.parametrize("deltas", NAMED.values(), ids=NAMED.keys())
def test_the_schema_is_that_of_the_whole_name(deltas: list[Delta]) -> None:
    assert outcome(*deltas, schemas=SCHEMAS) == [("Read", A)]


CUT = {
    "inside a string": ('{"path":"/a', '{"path":"/a'),
    "before the brace": ('{"a":1', '{"a":1'),
}


@pytest.mark.parametrize("reason", ["max_tokens", "model_context_window_exceeded", "refusal"])
@pytest.mark.parametrize(("arguments", "sent"), CUT.values(), ids=CUT.keys())
def test_a_cut_call_is_not_completed(reason: Any, arguments: str, sent: str) -> None:
    events = events_of([ToolCall(0, "x", "Write", arguments), Stop(reason)])
    assert complaints(events) == []
    assert ending(events) == reason
    [(name, text)] = content(events)
    assert (name, sent.startswith(text)) == ("Write", True)
    with pytest.raises(ValueError):
        json.loads(text)


CUT_BEFORE = {
    "a name only": [Text("So:"), ToolCall(0, "x", "Write")],
    "a call that waited its turn": [Text("So:"), ToolCall(0, "x", "Write"), ToolCall(1, "y", "Read", '{"a')],
    "no name": [Text("So:"), ToolCall(0, "x", "", '{"a')],
}


@pytest.mark.parametrize("deltas", CUT_BEFORE.values(), ids=CUT_BEFORE.keys())
def test_a_call_cut_before_its_arguments_is_not_claimed(deltas: list[Delta]) -> None:
    events = events_of([*deltas, Stop("max_tokens")])
    assert complaints(events) == []
    assert (ending(events), content(events)) == ("max_tokens", ["So:"])


def test_complete_calls_survive_a_cut() -> None:
    events = events_of([ToolCall(0, "x", "Read", A), ToolCall(1, "y", "Write", '{"text":"'), Stop("max_tokens")])
    assert complaints(events) == []
    assert content(events)[0] == ("Read", A)
    assert ending(events) == "max_tokens"


def test_a_call_without_a_name_is_an_error() -> None:
    events = events_of([ToolCall(0, "x", "", A), DONE])
    assert ending(events) == ("error", "Acme: a tool call came without a name")


@pytest.mark.parametrize("order", [*permutations(range(4))], ids=str)
def test_any_order_of_four_interleaved_calls(order: tuple[int, ...]) -> None:
    opening = [ToolCall(slot, f"id{slot}", f"Tool{slot}", '{"n":') for slot in range(4)]
    closing = [ToolCall(slot, arguments=f"{slot}}}") for slot in order]
    assert outcome(*opening, *closing) == [(f"Tool{slot}", f'{{"n":{slot}}}') for slot in range(4)]


CUTS = st.lists(st.integers(0, 40), max_size=6).map(sorted)


@given(CUTS, CUTS, st.randoms(use_true_random=False), st.booleans(), st.booleans())
def test_any_interleaving_gives_the_same_calls(
    first: list[int], second: list[int], chance: Any, named: bool, identified: bool
) -> None:
    texts = ['{"path":"/a/b","limit":12}', '{"pattern":"*.py","deep":{"x":[1]}}']
    queues = [fragments(slot, texts[slot], cuts, named, identified) for slot, cuts in enumerate((first, second))]
    mixed = [queues[0].pop(0)]
    while any(queues):
        mixed.append(chance.choice([queue for queue in queues if queue]).pop(0))
    assert outcome(*mixed) == expected_order(mixed, texts)


def fragments(slot: int, text: str, cuts: list[int], named: bool, identified: bool) -> list[Delta]:
    """The call in pieces; the name and the id on all of them or on the first."""
    bounds = [0, *(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[start:end] for start, end in zip(bounds, bounds[1:], strict=False)]
    return [
        ToolCall(
            slot,
            f"id{slot}" if identified or not number else "",
            f"Tool{slot}" if named or not number else "",
            piece,
        )
        for number, piece in enumerate(pieces)
    ]


def expected_order(mixed: list[Delta], texts: list[str]) -> list[Any]:
    """Calls in the order in which they begin."""
    slots = dict.fromkeys(delta.index for delta in mixed if isinstance(delta, ToolCall))
    return [(f"Tool{slot}", texts[slot]) for slot in slots if slot is not None]


def test_schemas_by_name() -> None:
    tools = [
        {"name": "Read", "input_schema": {"type": "object"}},
        {"name": "web_search"},
        {"name": "x", "input_schema": None},
    ]
    assert schemas(tools) == {"Read": {"type": "object"}, "web_search": {}, "x": {}}
    assert schemas(None) == {}
