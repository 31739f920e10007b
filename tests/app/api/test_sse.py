"""Events as the bytes of server-sent events."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.sse import HEADERS, PING, dumps, encode, frame


def test_a_frame_names_its_event() -> None:
    assert frame({"type": "message_stop"}) == b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


def test_several_events_are_one_piece() -> None:
    events = [{"type": "ping"}, {"type": "message_stop"}]
    assert encode(events) == frame(events[0]) + frame(events[1])
    assert encode([]) == b""


def test_the_ping() -> None:
    assert frame({"type": "ping"}) == PING


@pytest.mark.parametrize("words", ["a\nb", "a\r\nb", "\n\n", "\u2028\u2029\x85", "\x00", "data: x", "é😀"])
def test_no_text_breaks_a_frame(words: str) -> None:
    made = frame({"type": "x", "text": words})
    head, data, *rest = made.split(b"\n")
    assert (head, rest) == (b"event: x", [b"", b""])
    assert json.loads(data.removeprefix(b"data: "))["text"] == words


STRANGE: dict[str, tuple[Any, Any]] = {
    "a half character": ({"a": "x\ud83dy"}, {"a": "x?y"}),
    "half a character as a name": ({"\ud83d": 1}, {"?": 1}),
    "halves deep inside": ({"a": [{"b": ["\ude00"]}]}, {"a": [{"b": ["?"]}]}),
    "a number over 64 bits": ({"a": 2**70}, {"a": 2**70}),
    "a negative number over 64 bits": ([-(2**70)], [-(2**70)]),
    "a tuple": ((1, "\ud83d"), [1, "?"]),
}


@pytest.mark.parametrize(("value", "expected"), STRANGE.values(), ids=STRANGE.keys())
def test_what_the_fast_encoder_refuses_goes_out_all_the_same(value: Any, expected: Any) -> None:
    assert json.loads(dumps(value)) == expected


def test_long_integers_change_nothing_beside_them() -> None:
    beside = {"small": 1.5e-9, "large": 1e16, "words": ["ä", None, True]}
    assert dumps({**beside, "long": [2**64, -(2**63) - 1]}) == dumps(beside)[:-1] + (
        b',"long":[18446744073709551616,-9223372036854775809]}'
    )


def test_deep_nesting_goes_out() -> None:
    value: Any = 1
    for _ in range(400):
        value = [value]
    assert json.loads(dumps(value)) == value


def test_what_is_no_json_is_a_defect() -> None:
    with pytest.raises(TypeError):
        dumps({"a": object()})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_any_json_is_one_line(value: Any) -> None:
    made = dumps(value)
    assert b"\n" not in made
    assert json.loads(made) == value


def test_nothing_in_between_may_hold_events_back() -> None:
    assert HEADERS["content-type"].startswith("text/event-stream")
    assert (HEADERS["cache-control"], HEADERS["x-accel-buffering"]) == ("no-cache", "no")
