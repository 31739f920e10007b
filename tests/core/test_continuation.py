"""Joining an answer that broke off with what goes on with it."""

from __future__ import annotations

from typing import Any

import pytest

from translators.core import continuation
from translators.core.continuation import (
    GO_ON,
    LEAST,
    Joined,
    Joint,
    Seam,
    Unsure,
    Way,
    asking,
    is_in_code,
    last_words,
    overlap,
    way_of,
)
from translators.core.deltas import Usage
from translators.core.message import Event, fold

SAID = "The harbour wall was built in 1820, and the boats that used to lie"
REST = " behind it have left."


def joined(said: str, way: Way, *pieces: str) -> str | None:
    """The whole text, None when the seam is uncertain."""
    seam = Seam(said, way)
    try:
        return said + "".join([seam.feed(piece) for piece in pieces]) + seam.close()
    except Unsure:
        return None


def letters(text: str) -> list[str]:
    return list(text)


WORDS_JOIN = {
    "the last words": last_words(SAID) + REST,
    "more than the last words": SAID[20:] + REST,
    "the whole answer": SAID + REST,
    "white space before them": f"\n\n{last_words(SAID)}{REST}",
    "a space and the rest": REST,
}


@pytest.mark.parametrize("answer", WORDS_JOIN.values(), ids=WORDS_JOIN)
@pytest.mark.parametrize("cut", [letters, lambda text: [text]], ids=["letters", "at once"])
def test_the_last_words_prove_the_seam(answer: str, cut: Any) -> None:
    assert joined(SAID, "words", *cut(answer)) == SAID + REST


WORDS_UNSURE = {
    "a space that the model left out": REST[1:],
    "a short repetition": "lie" + REST,
    "another form of the last words": last_words(SAID).upper() + REST,
    "an introduction": "Sure, here it goes on: behind it",
    "a new line that may be the model's own": "\nbehind it",
    "nothing": "",
    "blanks": "  \n",
    "half of the last words": last_words(SAID)[:-4],
}


@pytest.mark.parametrize("answer", WORDS_UNSURE.values(), ids=WORDS_UNSURE)
@pytest.mark.parametrize("cut", [letters, lambda text: [text]], ids=["letters", "at once"])
def test_without_them_the_seam_is_uncertain(answer: str, cut: Any) -> None:
    assert joined(SAID, "words", *cut(answer)) is None


APOLOGIES = [
    " I apologize for the interruption. The boats left long ago.",
    " Sorry, here is the rest: behind it have left.",
    " **Continued:** behind it have left.",
    " ```\nbehind it have left.",
    " «Behind it» have left.",
    " Извините, продолжаю.",
]


@pytest.mark.parametrize("answer", APOLOGIES)
@pytest.mark.parametrize("cut", [letters, lambda text: [text]], ids=["letters", "at once"])
def test_a_space_before_something_else_proves_nothing(answer: str, cut: Any) -> None:
    """Some servers begin every answer with a space."""
    assert joined(SAID, "words", *cut(answer)) is None


def test_words_that_rightly_come_twice_stay() -> None:
    said = "- [ ] water the plants in the hall\n"
    rest = "- [ ] water the plants in the hall\n- [ ] sleep\n"
    assert joined(said, "words", last_words(said) + rest) == said + rest


def test_an_answer_that_was_complete_needs_nothing_more() -> None:
    assert joined(SAID, "words", last_words(SAID)) == SAID


FLAG = {
    "the rest": (SAID, REST, SAID + REST),
    "the rest in the middle of a word": (SAID[:-2], "ie" + REST, SAID + REST),
    "letters that are in the text elsewhere": (SAID, " and the", SAID + " and the"),
    "nothing, or blanks that were left out": (SAID, "", None),
    "a doubled letter, which may be a repetition": ("hel", "lo", None),
    "the last words": (SAID, "lie behind", None),
    "the whole answer": (SAID, SAID + REST, None),
}


@pytest.mark.parametrize(("said", "answer", "whole"), FLAG.values(), ids=FLAG)
@pytest.mark.parametrize("cut", [letters, lambda text: [text]], ids=["letters", "at once"])
def test_a_flag_is_trusted_where_nothing_looks_repeated(said: str, answer: str, whole: str | None, cut: Any) -> None:
    assert joined(said, "flag", *cut(answer)) == whole


def test_an_answer_from_its_beginning_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    monkeypatch.setattr(continuation, "overlap", lambda *texts: looks.append(texts) or overlap(*texts))
    said = "".join(f"line {number} of the long answer\n" for number in range(50)) + "and"
    assert joined(said, "flag", *letters(said)) is None
    assert len(looks) <= 2


AGAIN = {
    "the same beginning": ('{"a": 1', '{"a": 1, "b": 2}', '{"a": 1, "b": 2}'),
    "another one": ('{"a": 1', '{"a": 2}', None),
    "the rest only": ('{"a": 1', ', "b": 2}', None),
    "one that is too short": ('{"a": 1', '{"a"', None),
    "one letter": ("{", '{"b": 2}', '{"b": 2}'),
}


@pytest.mark.parametrize(("said", "answer", "whole"), AGAIN.values(), ids=AGAIN)
def test_what_is_said_again_must_begin_alike(said: str, answer: str, whole: str | None) -> None:
    assert joined(said, "again", *answer) == whole


JAPANESE = "にほへとちりぬるをわかよたれそつねならむ"
LAST = {
    "short": ("  Hello", "Hello"),
    "at a word": (SAID, "boats that used to lie"),
    "only once": ("a tenfold echo of this, a tenfold echo of this", "this, a tenfold echo of this"),
    "a script without spaces": ("いろは" + JAPANESE, JAPANESE),
    "never only once": ("ha " * 1000, ""),
    "no beginning of a word": ("x" * 5000, ""),
}


@pytest.mark.parametrize(("text", "words"), LAST.values(), ids=LAST)
def test_the_last_words(text: str, words: str) -> None:
    assert last_words(text) == words
    assert text.count(words) == 1 or not words


OVERLAPS = {
    "none": ("abc", "def", 0),
    "one letter": ("hel", "lo", 1),
    "all of it": ("abc", "abcd", 3),
    "the longest": ("x ha ha", "ha ha ha", 5),
    "not the middle": ("abcd", "bcx", 0),
    "a shorter text": ("abcabc", "bc", 2),
    "no text": ("abc", "", 0),
    "nothing said": ("", "abc", 0),
    "a border inside": ("aab", "aabaab", 3),
}


@pytest.mark.parametrize(("said", "text", "size"), OVERLAPS.values(), ids=OVERLAPS)
def test_overlaps(said: str, text: str, size: int) -> None:
    assert overlap(said, text) == size


# -- the request

MESSAGE: dict[str, Any] = {"max_tokens": 1000, "messages": [{"role": "user", "content": "q"}]}
SCHEMA = {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}}
WAYS: dict[str, tuple[dict[str, Any], str, str, bool, Way]] = {
    "no flag": (MESSAGE, SAID, "", False, "words"),
    "a flag": (MESSAGE, SAID, "partial", False, "flag"),
    "white space": (MESSAGE, SAID + " ", "last", False, "words"),
    "a flag that was not enough": (MESSAGE, SAID, "last", True, "words"),
    "thinking, which is over": ({**MESSAGE, "thinking": {"type": "adaptive"}}, SAID, "last", False, "flag"),
    "a schema": ({**MESSAGE, **SCHEMA}, SAID, "last", True, "again"),
}


@pytest.mark.parametrize(("message", "told", "prefilled", "careful", "way"), WAYS.values(), ids=WAYS)
def test_ways(message: dict[str, Any], told: str, prefilled: str, careful: bool, way: Way) -> None:
    assert way_of(message, told, prefilled, careful) == way


def test_a_flag_gets_what_was_told_and_less_room() -> None:
    message = {**MESSAGE, "thinking": {"type": "enabled", "budget_tokens": 2000}}
    made = asking(message, SAID, "flag", 900)
    assert made["messages"] == [*MESSAGE["messages"], {"role": "assistant", "content": SAID}]
    assert (made["max_tokens"], made["thinking"]) == (900, {"type": "disabled"})
    assert "disabled" not in str(message)


def test_words_are_asked_for_behind_what_was_told() -> None:
    made = asking(MESSAGE, SAID, "words", 900)
    assert made["messages"][1:] == [
        {"role": "assistant", "content": SAID},
        {"role": "user", "content": GO_ON.format(last_words(SAID))},
    ]
    assert 900 < made["max_tokens"] < 920


def test_an_answer_behind_a_prefill_is_one_text() -> None:
    begun = {**MESSAGE, "messages": [*MESSAGE["messages"], {"role": "assistant", "content": "Once"}]}
    made = asking(begun, " upon a time", "flag", 900)
    assert made["messages"][1:] == [
        {"role": "assistant", "content": [{"type": "text", "text": "Once upon a time"}]},
    ]


def test_a_schema_is_asked_for_again() -> None:
    assert asking({**MESSAGE, **SCHEMA}, "{", "again", 900) == {**MESSAGE, **SCHEMA}


# -- the events


def start(kind: str, **fields: Any) -> Event:
    return {"type": "content_block_start", "content_block": {"type": kind, **fields}}


def delta(kind: str, **fields: str) -> Event:
    return {"type": "content_block_delta", "delta": {"type": kind, **fields}}


STOP: Event = {"type": "content_block_stop"}
THOUGHT = [start("thinking", thinking="", signature=""), delta("thinking_delta", thinking="hm"), STOP]
CALL = [start("tool_use", id="toolu_1", name="Read", input={}), delta("input_json_delta", partial_json="{}"), STOP]


def text(words: str) -> list[Event]:
    return [start("text", text=""), delta("text_delta", text=words), STOP]


def end(reason: str) -> Event:
    usage = {"input_tokens": 7, "output_tokens": 3}
    return {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage}


def message(way: Way, *events: Event) -> dict[str, Any]:
    """What an answer that broke off behind its text becomes with these events."""
    opening = [{"type": "message_start", "message": {"content": [], "usage": {"input_tokens": 5}}}]
    stream, joint = Joined(opening, {}, "Vendor"), Joint(Seam(SAID, way))
    told = [*THOUGHT, *text(SAID)[:-1], {"type": "cut", "counts": Usage(5, 2)}]
    told += [made for event in events for made in joint.feed(event)]
    made = [*opening, *(one for event in told for one in stream.feed(event)), *stream.close()]
    indexes = [event["index"] for event in made if event["type"] == "content_block_start"]
    assert indexes == list(range(len(indexes)))
    assert [event["index"] for event in made if event["type"] == "content_block_stop"] == indexes
    return fold(made)


def test_the_text_goes_on_in_its_block() -> None:
    made = message("words", *text(last_words(SAID) + REST), end("max_tokens"))
    assert [block["type"] for block in made["content"]] == ["thinking", "text"]
    assert (made["content"][1]["text"], made["stop_reason"]) == (SAID + REST, "max_tokens")
    assert (made["usage"]["input_tokens"], made["usage"]["output_tokens"]) == (12, 5)


def test_reasoning_before_the_rest_is_left_out() -> None:
    made = message("words", *THOUGHT, *text(last_words(SAID) + REST), end("end_turn"))
    assert [block["type"] for block in made["content"]] == ["thinking", "text"]


def test_a_call_behind_the_rest() -> None:
    made = message("words", *text(last_words(SAID) + REST), *CALL, end("tool_use"))
    assert [block["type"] for block in made["content"]] == ["thinking", "text", "tool_use"]
    assert (made["content"][1]["text"], made["stop_reason"]) == (SAID + REST, "tool_use")


@pytest.mark.parametrize("way", ["words", "flag", "again"])
@pytest.mark.parametrize("events", [[*THOUGHT, *CALL, end("tool_use")], [end("end_turn")]], ids=["a call", "the end"])
def test_what_comes_in_place_of_text_proves_nothing(way: Way, events: list[Event]) -> None:
    with pytest.raises(Unsure):
        message(way, *events)


def test_what_the_rest_begins_with_may_be_cited() -> None:
    cited = delta("citations_delta")
    cited["delta"]["citation"] = {"url": "u"}
    made = message("flag", start("text", text=""), cited, *text(REST)[1:], end("end_turn"))
    assert made["content"][1]["citations"] == [{"url": "u"}]


def test_open_fences() -> None:
    assert is_in_code("a\n```py\nx") and not is_in_code("```py\nx\n```\n")


def test_the_last_words_are_no_shorter_than_they_must_be() -> None:
    assert len(last_words(SAID)) >= LEAST
