"""The quick reading of plain events gives what the SSE reader gives, wherever the bytes are cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.upstream import plain_events as quick
from app.upstream.framing import any_events, sse
from app.upstream.plain_events import plain_events
from tests.support.pieces import Piece
from translators.core.errors import Broke, Fault

Result = tuple[list[Any], str]

PLAIN = [
    b'data: {"a":1}',
    b'data:{"b":"\\u00e9 \xc3\xa9"}',
    b'event: x\ndata: {"type":"x"}',
    b": waiting",
    b"data: null",
]
ODD = [
    *(b"", b"data:", b"id: 7", b"retry: 5", b"event: ping", b": caf\xc3\xa9", b": caf\xe9", b"data", b"nonsense"),
    *(b"\xef\xbb\xbfdata: {}", b'event: error\ndata: {"message":"no"}', b"data: [1", b'data: {"a":\ndata: 1}'),
    *(
        b'{"error":"raw"}',
        b"<html>",
        b'data: "\\ud83d"',
        b"data: {}\x0c",
        b"data: \xff",
        b"data: {}\nid: 1",
        b"data: [DONE]",
    ),
    *(b"\ndata: {}", b'data: {"a":1}\revent: y', b"data: \xc2\xa0null", b"data: 1e999", b"data: NaN", b" data: {}"),
    *(b"event: x\ndata: {", b'event: y\nevent: error\ndata: {"m":1}', b"event: caf\xe9\ndata: {}", b"data: [DONE] "),
]
ENDS = [b"\n\n", b"\r\n\r\n", b"\r\r", b"\n", b"\r\n", b"\r", b"\n\r\n", b"\r\n\n"]


def outcome(objects: Iterable[Any]) -> Result:
    """The objects, and how they ended."""
    found: list[Any] = []
    try:
        for value in objects:
            found.append(repr(value))
    except (Fault, Broke, ValueError) as error:
        return found, f"{type(error).__name__} {getattr(error, 'body', error)}"
    return found, "end"


def cut(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """The bytes in pieces."""
    places = sorted({0, len(data), *(place % (len(data) + 1) for place in cuts)})
    return [data[begin:end] for begin, end in zip(places, places[1:], strict=False)]


events = st.lists(
    st.tuples(st.sampled_from([*PLAIN, *PLAIN, *ODD]), st.sampled_from([*ENDS[:2] * 8, *ENDS])), max_size=8
)


@given(events=events, cuts=st.lists(st.integers(0, 400), max_size=12), one_end=st.sampled_from([b"", *ENDS[:3]]))
def test_both_ways_give_the_same(events: list[tuple[bytes, bytes]], cuts: list[int], one_end: bytes) -> None:
    newline = one_end[: len(one_end) // 2]
    data = b"".join((event.replace(b"\n", newline) + one_end) if one_end else (event + end) for event, end in events)
    assert outcome(chain.from_iterable(sse(iter(cut(data, cuts))))) == outcome(any_events(iter(cut(data, cuts))))


@given(data=st.binary(max_size=60), cuts=st.lists(st.integers(0, 60), max_size=5))
def test_any_bytes_give_the_same(data: bytes, cuts: list[int]) -> None:
    assert outcome(chain.from_iterable(sse(iter(cut(data, cuts))))) == outcome(any_events(iter(cut(data, cuts))))


def test_what_says_nothing_is_no_word_of_the_vendor() -> None:
    for data in (b"data: [DONE]\n\n", b": ping\n\ndata: null\n\ndata: [DONE]\n\n", b"data: \n\ndata: \n\n"):
        assert list(sse(iter([data]))) == []
    assert list(sse(iter([b'data: {"a": 1}\n\ndata: [DONE]\n\n']))) == [[{"a": 1}]]


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n"])
def test_plain_streams_never_reach_the_reader(end: bytes) -> None:
    newline = end[: len(end) // 2]
    data = b"".join(event.replace(b"\n", newline) + end for event in PLAIN) * 3 + b"data: [DONE]" + end
    for size in (1, 2, 3, 7, len(data)):
        left: list[bytes] = []

        def reader(pieces: Iterable[bytes], first: bool, left: list[bytes] = left) -> Iterator[Any]:
            left.extend(pieces)
            yield from ()

        found = list(chain(*plain_events([data[at : at + size] for at in range(0, len(data), size)], reader)))
        assert (len(found), left) == (9, [])


LARGE = {
    "one line": b'data: "' + b"x" * 20_000 + b'"',
    "many lines": b"\n".join([b"data: xxxx"] * 2_000),
    "a name first": b'event: x\ndata: "' + b"x" * 20_000 + b'"',
}


@pytest.mark.parametrize("event", LARGE.values(), ids=LARGE.keys())
@pytest.mark.parametrize("end", ENDS[:2])
def test_a_large_event_in_tiny_pieces_costs_what_its_bytes_cost(
    event: bytes, end: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted are the bytes that are looked at for line ends, and those that are copied."""
    looked = 0

    def counting(look: Callable[..., Any]) -> Callable[..., Any]:
        def counted(data: bytes, *rest: bytes) -> Any:
            nonlocal looked
            looked += len(data)
            return look(data, *rest)

        return counted

    for name in ("is_odd", "line_end"):
        monkeypatch.setattr(quick, name, counting(getattr(quick, name)))
    monkeypatch.setattr(Piece, "copied", 0)
    data = event.replace(b"\n", end[: len(end) // 2]) + end
    pieces = [Piece(data[at : at + 10]) for at in range(0, len(data), 10)]
    left = list(chain(*plain_events(pieces, lambda rest, first: filter(None, [b"".join(rest)]))))
    assert left == ([data] if "xxxx\ndata" in event.decode() else ["x" * 20_000])
    assert looked + Piece.copied < 5 * len(data)


@pytest.mark.parametrize("end", ENDS[:3])
@pytest.mark.parametrize("event", PLAIN[:3])
def test_an_event_comes_out_with_its_last_byte(event: bytes, end: bytes) -> None:
    data, given_out = event.replace(b"\n", end[: len(end) // 2]) + end, 0

    def pieces() -> Iterator[bytes]:
        nonlocal given_out
        for place in range(len(data)):
            given_out = place + 1
            yield data[place : place + 1]
        raise AssertionError("the event was not read before more was wanted")

    next(iter(sse(pieces())))
    assert given_out <= len(data)
