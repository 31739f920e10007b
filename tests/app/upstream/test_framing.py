"""Bytes to objects: however the bytes are cut, the same objects come out, and nothing broken passes for whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.upstream.framing import BOM, ndjson, objects, parsed, sse
from tests.support.pieces import Piece
from translators.core.errors import Broke, Fault

EVENTS = [{"n": 1}, {"text": "é😀\u2028\\n"}, {"n": 3}]


def data(value: Any) -> bytes:
    """An object as JSON bytes with raw UTF-8."""
    return json.dumps(value, ensure_ascii=False).encode()


def stream(end: bytes = b"\n", space: bytes = b" ") -> bytes:
    """The events as SSE."""
    return b"".join(b"data:" + space + data(event) + end + end for event in EVENTS)


def outcome(pieces: Iterator[bytes], framing: str = "sse") -> Any:
    """The objects, then the failure if there is one."""
    found: list[Any] = []
    try:
        for _, values in objects(pieces, framing):
            found += values
    except Fault as fault:
        found.append(("fault", fault.body))
    except Broke:
        found.append("broke")
    return found


def byte_by_byte(content: bytes) -> Iterator[bytes]:
    """Pieces of one byte."""
    return (content[at : at + 1] for at in range(len(content)))


STREAMS: dict[str, tuple[bytes, list[Any]]] = {
    "plain": (stream(), EVENTS),
    "CRLF": (stream(b"\r\n"), EVENTS),
    "CR": (stream(b"\r"), EVENTS),
    "no space": (stream(space=b""), EVENTS),
    "a byte-order mark": (BOM + stream(), EVENTS),
    "comments": (b": hello\n\n" + stream().replace(b"\n\n", b"\n\n: OPENROUTER PROCESSING\n\n"), EVENTS),
    "blank lines first": (b"\r\n\n \n\n" + stream(), EVENTS),
    "the end mark": (stream() + b"data: [DONE]\n\n", EVENTS),
    "the end mark with a space": (stream() + b"data: [DONE] \n\n", EVENTS),
    "more behind the end mark": (stream() + b"data: [DONE]\n\n" + stream(), EVENTS),
    "no blank line at the end": (stream().removesuffix(b"\n"), EVENTS),
    "no line end at the end": (stream().removesuffix(b"\n\n"), EVENTS),
    "event names and ids": (stream().replace(b"data:", b"event: message\nid: 7\nretry: 1\ndata:"), EVENTS),
    "events without data": (b"event: ping\n\nid: 1\n\n" + stream(), EVENTS),
    "data in two lines": (b'data: {"n":\ndata: 1}\n\n', [{"n": 1}]),
    "half characters": (b'data: {"text":"\\ud83d"}\n\n', [{"text": "\ud83d"}]),
    "nothing": (b"", []),
    "only comments": (b": a\n\n: b\n\n", []),
    "cut off": (stream() + b'data: {"n": [1, 2', [*EVENTS, "broke"]),
    "cut off in a name": (stream() + b"dat", EVENTS),
    "a broken event": (b"data: {oops}\n\n" + stream(), ["broke"]),
    "an error event": (
        stream() + b'event: error\ndata: {"message":"boom"}\n\n',
        [*EVENTS, ("fault", {"message": "boom"})],
    ),
    "an error event in text": (b"event: error\ndata: boom\n\n", [("fault", "boom")]),
    "an error event with an error": (
        b'event: error\ndata: {"error":{"message":"x"}}\n\n',
        [{"error": {"message": "x"}}],
    ),
    "a raw error behind events": (
        stream() + b'{"error": {"code": 429}}',
        [*EVENTS, ("fault", {"error": {"code": 429}})],
    ),
    "a raw error, indented": (stream() + b' \t[{\n "error": 1\n}]\n', [*EVENTS, ("fault", [{"error": 1}])]),
    "a raw error behind an open event": (b'data: {"n": 1}\n{"error": 1}', [{"n": 1}, ("fault", {"error": 1})]),
    "a page behind events": (stream() + b"<html>gone</html>", [*EVENTS, ("fault", "<html>gone</html>")]),
    "no object": (b"data: 12\n\n", [("fault", 12)]),
    "a string": (b'data: "x"\n\n', [("fault", "x")]),
    "null and blank events": (b"data: null\n\ndata:  \n\n" + stream(), EVENTS),
    "a whole answer": (data({"choices": []}), [{"choices": []}]),
    "a whole answer behind blank lines": (b"\n \n\n" + data({"choices": []}), [{"choices": []}]),
    "a whole answer behind a mark": (BOM + data({"choices": []}), [{"choices": []}]),
    "a whole answer in lines": (b'{\n "choices": []\n}\n', [{"choices": []}]),
    "a whole error in a list": (b'[{"error": 1}]', [("fault", [{"error": 1}])]),
    "a whole answer, cut off": (b'{"choices": [{"message": {"content": "wor', ["broke"]),
    "a page": (b"<!DOCTYPE html><html></html>", [("fault", "<!DOCTYPE html><html></html>")]),
    "a bare string": (b'"Invalid token"', [("fault", "Invalid token")]),
}


@pytest.mark.parametrize(("content", "expected"), STREAMS.values(), ids=STREAMS.keys())
def test_at_once(content: bytes, expected: list[Any]) -> None:
    assert outcome(iter([content])) == expected


@pytest.mark.parametrize(("content", "expected"), STREAMS.values(), ids=STREAMS.keys())
def test_byte_by_byte(content: bytes, expected: list[Any]) -> None:
    assert outcome(byte_by_byte(content)) == expected


@pytest.mark.parametrize("name", STREAMS)
def test_cut_at_every_place(name: str) -> None:
    content, expected = STREAMS[name]
    for at in range(len(content) + 1):
        assert outcome(iter([content[:at], b"", content[at:]])) == expected, at


@given(st.sampled_from(list(STREAMS)), st.lists(st.integers(0, 300), max_size=12))
def test_cut_anywhere(name: str, cuts: list[int]) -> None:
    content, expected = STREAMS[name]
    places = sorted({min(cut, len(content)) for cut in cuts} | {0, len(content)})
    pieces = [content[start:end] for start, end in zip(places, places[1:], strict=False)]
    assert outcome(iter(pieces)) == expected


def test_events_come_out_as_soon_as_they_are_whole() -> None:
    pieces = iter([b'data: {"n":1}\n', b"\n", b'data: {"n":2}\n\n'])
    assert next(sse(pieces)) == [{"n": 1}]
    assert next(pieces) == b'data: {"n":2}\n\n'


def test_a_whole_answer_is_marked_as_such() -> None:
    assert list(objects(iter([data({"n": 1})]), "sse")) == [(True, [{"n": 1}])]
    assert list(objects(iter([b'data: {"n": 1}\n\n']), "sse")) == [(False, [{"n": 1}])]


def test_bytes_that_are_no_text_are_an_error() -> None:
    with pytest.raises(ValueError):
        list(sse(iter([b'data: {"n": "\xff"}\n\n'])))


LINES: dict[str, tuple[bytes, list[Any]]] = {
    "plain": (b"".join(data(event) + b"\n" for event in EVENTS), EVENTS),
    "CRLF": (b"".join(data(event) + b"\r\n" for event in EVENTS), EVENTS),
    "no end at the end": (b"\n".join(data(event) for event in EVENTS), EVENTS),
    "blank lines": (b"\n".join(data(event) + b"\n \n" for event in EVENTS), EVENTS),
    "a byte-order mark": (BOM + data(EVENTS[1]) + b"\n", [EVENTS[1]]),
    "cut off": (data(EVENTS[0]) + b"\n" + b'{"n": [', [EVENTS[0], "broke"]),
    "an error": (b'{"error":"boom"}\n', [{"error": "boom"}]),
    "no object": (b"12\n", [("fault", 12)]),
    "nothing": (b"", []),
}


@pytest.mark.parametrize("name", LINES)
def test_lines_cut_at_every_place(name: str) -> None:
    content, expected = LINES[name]
    for at in range(len(content) + 1):
        assert outcome(iter([content[:at], content[at:]]), "ndjson") == expected, at
    assert outcome(byte_by_byte(content), "ndjson") == expected


def test_lines_come_out_as_soon_as_they_are_whole() -> None:
    pieces = iter([b'{"n":', b"1}\n", b'{"n":2}'])
    assert next(ndjson(pieces)) == [{"n": 1}]


@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_long_line_in_tiny_pieces_costs_what_its_bytes_cost(end: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted are the bytes that are copied where a piece is put behind others."""
    monkeypatch.setattr(Piece, "copied", 0)
    line = b'{"n": "' + b"x" * 20_000 + b'"}' + end
    pieces = [Piece(line[at : at + 10]) for at in range(0, len(line), 10)]
    assert list(ndjson(pieces)) == [[{"n": "x" * 20_000}]]
    assert Piece.copied < 5 * len(line)


BODIES: dict[str, tuple[bytes, Any]] = {
    "JSON": (b' {"a": 1}\n', {"a": 1}),
    "a mark": (BOM + b"[1]", [1]),
    "text": (b"Bad Gateway", "Bad Gateway"),
    "no UTF-8": (b"\xff", "\ufffd"),
    "nothing": (b"", ""),
    "an event": (b'data: {"error": {"code": 400}}\n\n', {"error": {"code": 400}}),
    "an event without space": (b'data:{"error":1}', {"error": 1}),
    "a named event": (b'event: error\ndata: {"error": 1}\n\n', {"error": 1}),
    "a page": (b"<html></html>", "<html></html>"),
    "nested without end": (b"[" * 5000, "[" * 5000),
}


@pytest.mark.parametrize(("content", "expected"), BODIES.values(), ids=BODIES.keys())
def test_parsed(content: bytes, expected: Any) -> None:
    assert parsed(content) == expected


@given(st.binary(max_size=60))
def test_any_bytes_are_survived(content: bytes) -> None:
    parsed(content)
    with suppress(UnicodeDecodeError):
        outcome(byte_by_byte(content))
