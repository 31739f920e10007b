"""Answers with a schema: the JSON out of what a model wrote around it, and what is no answer."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.streams import events_of, stream
from translators.core.deltas import Block, Delta, Stop, StopReason, Text, Thinking, ToolCall, Usage
from translators.core.message import fold
from translators.core.structured import CallAsText, JsonAnswer, form, json_in
from translators.core.vendor import Profile

Json = dict[str, Any]
END = Stop("end_turn")
GOOD = '{"title": "A }{ title"}'


def mismatch(value: Any) -> str:
    """The schema of these tests: an object with a title."""
    return "" if isinstance(value, dict) and isinstance(value.get("title"), str) else "$ fails required"


def checked(**options: Any) -> JsonAnswer:
    """The filter."""
    return JsonAnswer(mismatch, title="Acme", **options)


def said(*deltas: Delta, **options: Any) -> Json:
    """The message of an answer, or its error."""
    events = events_of(deltas, filters=[checked(**options)])
    failed = [event["error"] for event in events if event["type"] == "error"]
    return failed[0] if failed else fold(events)


def text(message: Json) -> str:
    """The text of a message."""
    return "".join(block["text"] for block in message["content"] if block["type"] == "text")


WRAPPED = {
    "alone": GOOD,
    "white space": f"\n {GOOD}\n",
    "fenced": f"```json\n{GOOD}\n```",
    "fenced without a name": f"```\n{GOOD}\n```",
    "prose around": f"Here you are:\n{GOOD}\nI hope that helps!",
    "prose and a fence": f"Sure.\n\n```json\n{GOOD}\n```\nDone {{really}}.",
    "braces before it": f"The set {{1, 2}} and [3] give {GOOD}.",
    "another object before it": f'{{"plan": 1}} {GOOD}',
    "said twice": f"{GOOD}\n{GOOD}",
    "a byte-order mark": f"\ufeff{GOOD}",
}


@pytest.mark.parametrize("words", WRAPPED.values(), ids=WRAPPED.keys())
@pytest.mark.parametrize("live", [True, False])
def test_the_json_comes_out(words: str, live: bool) -> None:
    if live and words.lstrip().startswith("{") and words.strip() != GOOD:
        return  # it has been handed on before anybody could know
    assert json.loads(text(said(Text(words), END, live=live))) == json.loads(GOOD)


@given(st.sampled_from(list(WRAPPED.values())), st.lists(st.integers(0, 90), max_size=6), st.booleans())
def test_it_comes_out_however_it_is_cut(words: str, cuts: list[int], live: bool) -> None:
    places = sorted({0, *(cut for cut in cuts if cut < len(words)), len(words)})
    pieces = [Text(words[start:end]) for start, end in pairwise(places)]
    assert said(*pieces, END, live=live).get("content") == said(Text(words), END, live=live).get("content")


def test_nearly_json_is_repaired() -> None:
    assert json.loads(text(said(Text("{'title': \"x\",}"), END))) == {"title": "x"}


BAD = {
    "no json": "I cannot do that.",
    "another form": '{"name": "x"}',
    "a wrong type": '{"title": 5}',
    "not ended": '{"title": "x',
    "empty": "{}",
}


@pytest.mark.parametrize("words", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("live", [True, False])
def test_what_does_not_match_is_an_error(words: str, live: bool) -> None:
    error = said(Text(words), END, live=live)
    assert error["type"] == "api_error"
    assert error["message"].startswith("Acme: the answer does not match the JSON schema of the request (")
    assert "cannot" not in error["message"]


@pytest.mark.parametrize("reason", ["max_tokens", "refusal", "stop_sequence", "model_context_window_exceeded"])
def test_what_was_cut_off_is_handed_on(reason: StopReason) -> None:
    message = said(Text('Here: {"title": "x'), Stop(reason))
    assert (text(message), message["stop_reason"]) == ('{"title": "x', reason)


def test_a_refusal_in_words_is_handed_on() -> None:
    assert text(said(Text("I will not."), Stop("refusal"))) == "I will not."


def test_calls_are_no_answer_yet() -> None:
    message = said(Text("I look."), ToolCall(0, "a", "Read", "{}"), Stop("tool_use"))
    assert [block["type"] for block in message["content"]] == ["text", "tool_use"]
    assert text(message) == "I look."


def test_what_follows_a_search_is_the_answer() -> None:
    search = Block({"type": "web_search_tool_result", "tool_use_id": "s", "content": []})
    assert text(said(Text("I search."), search, Text(f"So: {GOOD}"), END)) == f"I search.{GOOD}"


def test_thinking_and_counts_pass_at_once() -> None:
    made = stream(filters=[checked()])
    made.start()
    assert made.feed(Thinking("hm"))
    assert made.feed(Text(GOOD)) == []
    assert made.feed(Usage(3, 4)) == []


def test_a_live_answer_is_handed_on_as_it_comes() -> None:
    made = stream(filters=[checked(live=True)])
    made.start()
    assert made.feed(Text("\n{")) and made.feed(Text('"title"'))


def test_the_client_wrote_its_start() -> None:
    assert text(said(Text('"x"}'), END, prefix='{"title": ')) == '"x"}'
    assert said(Text("5}"), END, prefix='{"title": ')["type"] == "api_error"


# -- a second try


def second_try(*answers: list[Delta], live: bool = False) -> Json:
    """The message after as many answers as the stream asks for."""
    form, left = checked(live=live), list(answers)
    made = stream(filters=[form], renewed=lambda: [form] if form.again() else None)
    events = made.start()
    while True:
        events += [event for delta in left.pop(0) for event in made.feed(delta)]
        if not made.again():
            break
    events += made.close()
    assert left == [] or answers[1:] == tuple(left)
    failed = [event["error"] for event in events if event["type"] == "error"]
    return failed[0] if failed else fold(events)


def test_the_second_answer_counts_and_both_are_paid() -> None:
    bad = [Thinking("one"), Text("No."), Usage(10, 2, 3), END]
    message = second_try(bad, [Thinking("two"), Text(GOOD), Usage(20, 4, 5), END])
    assert (text(message), message["stop_reason"]) == (GOOD, "end_turn")
    assert [block["thinking"] for block in message["content"] if block["type"] == "thinking"] == ["onetwo"]
    usage = message["usage"]
    assert (usage["input_tokens"], usage["output_tokens"], usage["cache_read_input_tokens"]) == (30, 6, 8)


def test_there_is_no_third_try() -> None:
    bad: list[Delta] = [Text("No."), END]
    assert second_try(bad, bad)["type"] == "api_error"


@pytest.mark.parametrize(
    "answer",
    [
        [Text(GOOD), END],
        [Text("No."), Stop("max_tokens")],
        [Text("No.")],
        [Text("No."), ToolCall(0, "a", "Read", "{}"), Stop("tool_use")],
        [END],
    ],
)
def test_no_second_try_without_need(answer: list[Delta]) -> None:
    second_try(answer, [Text("never read"), END])


def test_no_second_try_once_something_was_sent() -> None:
    assert second_try([Text('{"name": 1}'), END], [Text(GOOD), END], live=True)["type"] == "api_error"


# -- a call as the answer


def test_the_arguments_of_the_call_are_the_answer() -> None:
    pieces = [ToolCall(0, "c", "answer", ""), ToolCall(0, arguments='{"title":'), ToolCall(0, arguments=' "x"}')]
    message = fold(events_of([Text("So:"), *pieces, Stop("tool_use")], filters=[CallAsText(), checked()]))
    assert message["content"] == [{"type": "text", "text": '{"title": "x"}'}]
    assert message["stop_reason"] == "end_turn"


def test_whole_arguments_and_words_in_place_of_a_call() -> None:
    for delta in (ToolCall(0, "c", "answer", {"title": "x"}), Text('{"title":"x"}')):
        message = fold(events_of([delta, END], filters=[CallAsText(), checked()]))
        assert message["content"] == [{"type": "text", "text": '{"title":"x"}'}]


# -- the way


SCHEMA: Json = {"type": "object", "properties": {"title": {"type": "string"}}}
ASKED: Json = {"messages": [], "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}
TOOLS: Json = {"tools": [{"name": "Read", "input_schema": {}}]}


@pytest.mark.parametrize(
    ("message", "fields", "way"),
    [
        ({"messages": []}, {}, ""),
        (ASKED, {}, "json_schema"),
        ({"messages": [], "output_format": ASKED["output_config"]["format"]}, {}, "json_schema"),
        (ASKED, {"structured": "json_object"}, "json_object"),
        (ASKED, {"structured": "tool"}, "tool"),
        ({**ASKED, **TOOLS}, {"structured": "tool"}, "prompt"),
        (ASKED, {"structured": "tool", "tool_choices": frozenset({"auto"})}, "prompt"),
        (
            {"messages": [], "output_config": {"format": {"type": "json_schema", "schema": {}}}},
            {"structured": "tool"},
            "prompt",
        ),
    ],
)
def test_the_way_of_a_schema(message: Json, fields: Json, way: str) -> None:
    assert form(message, Profile(**fields)) == way


def test_the_search_for_json_is_bounded() -> None:
    assert len(list(json_in("[" * 5_000))) < 5
    assert len(list(json_in("{} " * 5_000))) < 200
