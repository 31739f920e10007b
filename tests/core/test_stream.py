"""The message stream: whatever the vendor says in whatever order, the events keep the grammar."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.grammar import blocks, complaints
from tests.support.streams import content, ending, events_of, stream
from translators.core.deltas import Block, Delta, Opaque, Stop, Text, Thinking, ToolCall, Usage
from translators.core.errors import Broke, Empty, Overloaded
from translators.core.message import fold
from translators.core.stops import StopSequences
from translators.core.stream import State, usage_fields
from translators.core.tags import ThinkTags
from translators.core.thinking import read
from translators.core.tool_names import ToolNames

END = Stop("end_turn")
SEARCH = Block({"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []})
CALL = ToolCall(0, "x", "Read", '{"a":1}')


# -- the order of blocks


ORDERS = {
    "text": ([Text("a"), Text("b")], ["ab"]),
    "thinking, text": ([Thinking("t"), Text("a")], [("thinking", "t"), "a"]),
    "late thinking": ([Text("a"), Thinking("t"), CALL, Text("b")], ["a", ("thinking", "t"), ("Read", '{"a":1}'), "b"]),
    "empty deltas": ([Text(""), Thinking(""), Text("a"), Thinking(""), Text("b")], ["ab"]),
    "a server tool's block": ([Text("a"), SEARCH, Text("b")], ["a", "web_search_tool_result", "b"]),
    "a server tool's block behind a call": (
        [CALL, SEARCH, Text("b")],
        [("Read", '{"a":1}'), SEARCH.block["type"], "b"],
    ),
    "a server tool's block inside a call": (
        [ToolCall(0, "x", "Read", '{"a"'), SEARCH, ToolCall(0, arguments=":1}")],
        [("Read", '{"a":1}'), "web_search_tool_result"],
    ),
    "white space before text": ([Text("\n"), Text(" a")], ["\n a"]),
    "white space before a call": ([Text("\n\n"), CALL], [("Read", '{"a":1}')]),
    "white space between reasoning and text": ([Thinking("t"), Text("\n"), Text("a")], [("thinking", "t"), "\na"]),
    "white space at the end": ([Thinking("t"), CALL, Text("\n")], [("thinking", "t"), ("Read", '{"a":1}')]),
    "white space inside text": ([Text("a"), Text("\n\n"), Text("b")], ["a\n\nb"]),
}


@pytest.mark.parametrize(("deltas", "expected"), ORDERS.values(), ids=ORDERS.keys())
def test_blocks(deltas: list[Delta], expected: list[Any]) -> None:
    events = events_of([*deltas, END])
    assert complaints(events) == []
    assert content(events) == expected


def test_text_is_sent_at_once() -> None:
    made = stream()
    made.start()
    assert [event["type"] for event in made.feed(Text("a"))] == ["content_block_start", "content_block_delta"]
    assert [event["delta"]["text"] for event in made.feed(Text("b"))] == ["b"]


def test_the_first_event_echoes_the_model_and_estimates_the_input() -> None:
    [first] = stream(model="Claude-X[1m]", input_tokens=123).start()
    assert first["message"]["model"] == "Claude-X[1m]"
    assert first["message"]["usage"] == {
        "input_tokens": 123,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": 0,
    }


# -- the end


STOPS = {
    "plain": ([Text("a"), END], "end_turn"),
    "length": ([Text("a"), Stop("max_tokens")], "max_tokens"),
    "a call that ends with stop": ([CALL, END], "tool_use"),
    "tool_calls without a call": ([Text("a"), Stop("tool_use")], "end_turn"),
    "a call and the limit": ([CALL, Stop("max_tokens")], "max_tokens"),
    "two ends": ([Text("a"), END, Stop("max_tokens")], "max_tokens"),
    "an ordinary end behind the limit": ([Text("a"), Stop("max_tokens"), END], "max_tokens"),
    "an ordinary end behind a full window": (
        [Text("a"), Stop("model_context_window_exceeded"), END],
        "model_context_window_exceeded",
    ),
    "a refusal": ([Text("No."), Stop("refusal"), END], "refusal"),
    "a refusal in pieces": ([Text("N"), Stop("refusal"), Text("o"), Stop("refusal"), END], "refusal"),
    "a refusal behind the limit": ([Text("a"), Stop("max_tokens"), Stop("refusal")], "refusal"),
    "a refusal without a word": ([Stop("refusal")], "refusal"),
    "the limit without a word": ([Stop("max_tokens")], "max_tokens"),
    "words behind the end": ([Text("a"), END, Text("b")], "end_turn"),
    "calls behind the end": ([Text("a"), END, CALL], "tool_use"),
}


@pytest.mark.parametrize(("deltas", "reason"), STOPS.values(), ids=STOPS.keys())
def test_stop_reason(deltas: list[Delta], reason: str) -> None:
    events = events_of(deltas)
    assert complaints(events) == []
    assert ending(events) == reason


def test_a_refusal_keeps_all_its_words() -> None:
    assert content(events_of([Text("N"), Stop("refusal"), Text("o")])) == ["No"]


REFUSALS: dict[str, tuple[list[Delta], str | None]] = {
    "with a reason": ([Stop("refusal", explanation="SAFETY")], "Acme: SAFETY"),
    "without one": ([Stop("refusal")], None),
    "the first of two": ([Stop("refusal", explanation="one"), Stop("refusal", explanation="two")], "Acme: one"),
    "the reason later": ([Stop("refusal", final=False), Stop("refusal", explanation="SAFETY")], "Acme: SAFETY"),
    "an end behind it": ([Stop("refusal", explanation="SAFETY"), END], "Acme: SAFETY"),
}


@pytest.mark.parametrize(("deltas", "explanation"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_tells_its_details(deltas: list[Delta], explanation: str | None) -> None:
    events = events_of([Text("No"), *deltas])
    details = {"type": "refusal", "category": None, "explanation": explanation}
    assert events[-2]["delta"] == {"stop_reason": "refusal", "stop_sequence": None, "stop_details": details}
    assert fold(events)["stop_details"] == details


def test_another_end_has_no_details() -> None:
    assert "stop_details" not in events_of([Text("a"), END])[-2]["delta"]


PROBLEMS = {
    "nothing": ([], "ended before it was complete"),
    "no end": ([Text("a")], "ended before it was complete"),
    "no end after a call": ([CALL], "ended before it was complete"),
    "usage only": ([Usage(1, 1)], "ended before it was complete"),
    "an end without content": ([END], "was empty"),
    "blank text": ([Text(" \n"), END], "was empty"),
    "only reasoning": ([Thinking("t"), END], "only reasoning"),
    "only reasoning, meant as a call": ([Thinking("t"), Stop("tool_use")], "only reasoning"),
    "a call that has no name": ([ToolCall(0, "x", "", "{}"), END], "without a name"),
}


@pytest.mark.parametrize(("deltas", "problem"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_an_unusable_answer_is_an_error(deltas: list[Delta], problem: str) -> None:
    made = stream()
    events = made.start() + [event for delta in deltas for event in made.feed(delta)] + made.close()
    assert complaints(events) == []
    assert ending(events)[1].startswith("Acme: ")
    assert problem in ending(events)[1]
    assert isinstance(made.error, Broke)
    is_empty = "was empty" in problem or "only reasoning" in problem
    assert (isinstance(made.error, Empty), made.error.should_retry) == ((True, False) if is_empty else (False, None))


# -- failure


FAILURES = {
    "before anything": ([], []),
    "in the first text": ([Text("a")], []),
    "in reasoning": ([Thinking("a")], []),
    "in reasoning behind text": ([Text("a"), Thinking("b")], []),
    "in text behind reasoning": ([Thinking("a"), Text("b")], ["content_block_stop"]),
    "in a finished call": ([CALL], ["content_block_stop"]),
    "in an unfinished call": ([ToolCall(0, "x", "Bash", '{"command":"rm -r')], []),
    "between a call and the next": ([CALL, ToolCall(1, "y", "Bash")], []),
}


@pytest.mark.parametrize(("deltas", "closing"), FAILURES.values(), ids=FAILURES.keys())
def test_a_failure_closes_what_is_whole(deltas: list[Delta], closing: list[str]) -> None:
    made = stream()
    events = made.start() + [event for delta in deltas for event in made.feed(delta)]
    last = made.fail(Overloaded("busy"))
    assert [event["type"] for event in last] == [*closing, "error"]
    assert last[-1]["error"] == {"type": "overloaded_error", "message": "busy"}
    assert complaints(events + last) == []


@pytest.mark.parametrize("end", [lambda made: made.close(), lambda made: made.fail(Broke("x"))], ids=["close", "fail"])
def test_nothing_follows_the_end(end: Any) -> None:
    made = stream()
    made.start()
    made.feed(Text("a"))
    made.feed(END)
    end(made)
    assert made.state is State.ENDED
    assert [*made.feed(Text("b")), *made.close(), *made.fail(Broke("y"))] == []


def test_the_error_of_an_answer_is_the_first_one() -> None:
    made = stream()
    made.start()
    made.fail(Overloaded("busy"))
    made.fail(Broke("later"))
    assert isinstance(made.error, Overloaded)


# -- usage


def final(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The usage of the final message_delta."""
    usage: dict[str, Any] = events[-2]["usage"]
    return usage


def test_the_last_usage_counts() -> None:
    events = events_of([Usage(1, 1), Text("a"), END, Usage(200, 30, cache_read=800, cache_write=5, reasoning=12)])
    assert final(events) == {
        "input_tokens": 200,
        "cache_creation_input_tokens": 5,
        "cache_read_input_tokens": 800,
        "output_tokens": 30,
        "output_tokens_details": {"thinking_tokens": 12},
    }


@pytest.mark.parametrize(
    ("reported", "estimate", "told"),
    [
        (Usage(0, 3, cache_read=800), 900, (1, 0, 799)),
        (Usage(0, 3, cache_write=800), 900, (1, 799, 0)),
        (Usage(0, 3, cache_read=500, cache_write=300), 900, (1, 300, 499)),
        (Usage(0, 3, cache_read=800), 0, (0, 0, 800)),
        (Usage(0, 3), 900, (0, 0, 0)),
        (Usage(7, 3, cache_read=800), 900, (7, 0, 800)),
    ],
)
def test_an_estimate_gives_way_to_a_prompt_that_was_wholly_cached(
    reported: Usage, estimate: int, told: tuple[int, int, int]
) -> None:
    """Claude Code lets no 0 replace a count, and would add the estimate to what was cached."""
    made = stream(input_tokens=estimate)
    events = made.start() + [event for delta in (Text("a"), END, reported) for event in made.feed(delta)] + made.close()
    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    assert tuple(final(events)[name] for name in names) == told
    assert made.usage == reported


@pytest.mark.parametrize("deltas", [[Text("word " * 100)], [Thinking("word " * 100), Text("a")]], ids=["text", "both"])
def test_usage_is_estimated_when_the_vendor_says_nothing(deltas: list[Delta]) -> None:
    usage = final(events_of([*deltas, END], input_tokens=50))
    assert usage["input_tokens"] == 50
    assert 80 <= usage["output_tokens"] <= 170


def test_usage_without_reasoning_has_no_details() -> None:
    assert "output_tokens_details" not in usage_fields(Usage(1, 2))


# -- signatures


def signatures(events: list[dict[str, Any]]) -> Iterator[Any]:
    """The signatures of all thinking blocks, read."""
    for block in blocks(events):
        if block["type"] == "thinking":
            yield read(block["signature"])


def test_a_thinking_block_is_signed_by_its_origin() -> None:
    [signature] = signatures(events_of([Thinking("t"), Text("a"), END]))
    assert (signature.vendor, signature.model, signature.text, signature.opaque) == ("acme", "m-1", "", ())


def test_hidden_reasoning_travels_in_the_signature() -> None:
    events = events_of([Thinking("one "), Thinking("two"), Text("a"), Thinking("three"), CALL, END], omitted=True)
    assert complaints(events) == []
    assert [block["thinking"] for block in blocks(events) if block["type"] == "thinking"] == ["", ""]
    assert [signature.text for signature in signatures(events)] == ["one two", "three"]


STATE = Opaque("k", {"data": "x"})
PLACES = {
    "in the open block": ([Thinking("t"), STATE, Text("a")], ["thinking", "text"]),
    "without reasoning": ([STATE, Text("a")], ["thinking", "text"]),
    "behind text, before a call": ([Text("a"), STATE, CALL], ["text", "thinking", "tool_use"]),
    "before a server tool's block": ([Text("a"), STATE, SEARCH], ["text", "thinking", "web_search_tool_result"]),
    "behind a call": ([CALL, STATE], ["tool_use", "thinking"]),
    "at the very end of reasoning": ([Text("a"), Thinking("t"), STATE], ["text", "thinking"]),
}


def test_state_behind_the_last_text_is_not_sent() -> None:
    events = events_of([Text("a"), STATE, END])
    assert complaints(events) == []
    assert [block["type"] for block in blocks(events)] == ["text"]


@pytest.mark.parametrize(("deltas", "kinds"), PLACES.values(), ids=PLACES.keys())
def test_vendor_state_leaves_with_a_signature(deltas: list[Delta], kinds: list[str]) -> None:
    events = events_of([*deltas, END])
    assert complaints(events) == []
    assert [block["type"] for block in blocks(events)] == kinds
    assert [signature.opaque for signature in signatures(events)] == [(("k", {"data": "x"}),)]


def test_the_state_of_a_call_is_kept_under_its_id() -> None:
    events = events_of([ToolCall(0, "x", "Read", "{}", opaque="sig"), END])
    thinking, call = blocks(events)
    assert read(thinking["signature"]).values(f"call:{call['id']}") == ["sig"]


# -- signs of life


PULSES = {
    "before the first block": ([], [], "message_delta"),
    "in text": ([Text("a")], [], "text_delta"),
    "in reasoning": ([Thinking("a")], [], "thinking_delta"),
    "in a call": ([ToolCall(0, "x", "Read", '{"a"')], [ToolCall(0, arguments=":1}")], "input_json_delta"),
    "behind a server tool's block": ([SEARCH], [], "message_delta"),
}


@pytest.mark.parametrize(("before", "behind", "kind"), PULSES.values(), ids=PULSES.keys())
def test_a_sign_of_life_changes_nothing(before: list[Delta], behind: list[Delta], kind: str) -> None:
    made = stream()
    events = made.start() + [event for delta in before for event in made.feed(delta)]
    pulse = made.pulse()
    rest = [event for delta in (*behind, Text("b"), END) for event in made.feed(delta)] + made.close()
    assert kind in (pulse["type"], pulse["delta"].get("type"))
    assert complaints([*events, pulse, *rest]) == []
    assert content([*events, pulse, *rest]) == content([*events, *rest])


# -- filters


def test_filters_pass_deltas_on_and_are_flushed_in_order() -> None:
    filters = [ThinkTags(), StopSequences(["</thi"])]
    events = events_of([Text("<think>a"), Text("</think>b"), Text("</th"), END], filters=filters)
    assert complaints(events) == []
    assert content(events) == [("thinking", "a"), "b</th"]


def test_a_stop_sequence_ends_the_answer() -> None:
    events = events_of([Text("a STOP b"), CALL, Stop("max_tokens"), Usage(1, 2)], filters=[StopSequences(["STOP"])])
    assert complaints(events) == []
    assert content(events) == ["a "]
    assert events[-2]["delta"] == {"stop_reason": "stop_sequence", "stop_sequence": "STOP"}
    assert final(events)["output_tokens"] == 2


def test_a_name_in_other_spelling_is_the_clients() -> None:
    events = events_of([ToolCall(0, "x", "read", '{"a":1}'), END], names=ToolNames(["Read"]))
    assert content(events) == [("Read", '{"a":1}')]


# -- anything at all


WORDS = st.sampled_from(["", "a", "\n", " ", "<think>", "</think>", "STOP", "é", "\ud83d", "{"])
PIECES = st.sampled_from(["", "{", "}", '{"a":1}', '"a":', "1", '"x', '"', ",", "[", "nonsense", " "])
CALLS = st.builds(
    ToolCall,
    index=st.sampled_from([None, 0, 1, 2]),
    id=st.sampled_from(["", "x", "y"]),
    name=st.sampled_from(["", "Read", "Re", "ad"]),
    arguments=PIECES | st.dictionaries(st.sampled_from("ab"), st.integers(), max_size=2),
    opaque=st.sampled_from(["", "sig"]),
)
REASONS: st.SearchStrategy[Any] = st.sampled_from(
    ["end_turn", "tool_use", "max_tokens", "refusal", "model_context_window_exceeded"]
)
DELTAS: st.SearchStrategy[Delta] = st.one_of(
    st.builds(Text, WORDS),
    st.builds(Thinking, WORDS),
    CALLS,
    st.builds(Opaque, st.just("k"), st.integers()),
    st.just(SEARCH),
    st.builds(Usage, st.integers(0, 9), st.integers(0, 9)),
    st.builds(Stop, REASONS),
)


def tolerable(complaint: str) -> bool:
    """What a model wrote as arguments may be hopeless; then it is passed on as it is."""
    return complaint.startswith("tool input")


@given(st.lists(DELTAS, max_size=14), st.booleans(), st.booleans())
def test_random_deltas_never_break_the_grammar(deltas: list[Delta], omitted: bool, filtered: bool) -> None:
    filters = [ThinkTags(), StopSequences(["STOP"])] if filtered else []
    events = events_of(deltas, omitted=omitted, filters=filters)
    assert [complaint for complaint in complaints(events) if not tolerable(complaint)] == []


@given(st.lists(DELTAS, max_size=10), st.integers(0, 10), st.integers(0, 10))
def test_signs_of_life_and_failures_never_break_the_grammar(deltas: list[Delta], pulse_at: int, fail_at: int) -> None:
    made = stream()
    events = made.start()
    for position, delta in enumerate(deltas):
        events += made.feed(delta)
        events += [made.pulse()] if position == pulse_at else []
        events += made.fail(Broke("gone")) if position == fail_at else []
        if made.state is State.ENDED:
            break
    events += made.close()
    assert [complaint for complaint in complaints(events) if not tolerable(complaint)] == []


@given(st.lists(DELTAS, max_size=12))
def test_all_words_arrive_once(deltas: list[Delta]) -> None:
    events = events_of([*deltas, Text("x"), Stop("max_tokens")])
    said = "".join(delta.text for delta in deltas if isinstance(delta, Text)) + "x"
    shown = "".join(block["text"] for block in blocks(events) if block["type"] == "text")
    assert "".join(said.split()) == "".join(shown.split())


@given(st.lists(DELTAS, max_size=12))
def test_reasoning_arrives_once(deltas: list[Delta]) -> None:
    events = events_of([*deltas, Stop("max_tokens")])
    thought = "".join(delta.text for delta in deltas if isinstance(delta, Thinking))
    assert "".join(block["thinking"] for block in blocks(events) if block["type"] == "thinking") == thought
