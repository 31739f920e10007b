"""The events of which nearly every stream consists, read without ceremony: one JSON value in one `data` line.

Reading them line by line, as the SSE reader does, costs more than all the rest that is done to them. So what is certain
to be such an event is cut out at once. Whatever else comes, and all that follows it, is left to the SSE reader, so that
both ways give the same objects and the same errors.

What has come at once is handed out at once, a few objects at first, so that the first words do not wait for others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import orjson

DONE = b"[DONE]"
#: Values that are no chunk.
BLANK = (b"", b"null")
#: The most objects that are handed out at once.
MOST = 64
#: Bytes of the longest end of an event.
LONGEST_END = 4
#: (pieces, whether they are the first of the stream) -> their objects.
Reader = Callable[[Iterable[bytes], bool], Iterator[Any]]


def plain_events(pieces: Iterable[bytes], reader: Reader) -> Iterator[list[Any]]:
    """The JSON objects of an SSE stream, read by `reader` from the first event on that is not plain."""
    pieces, held, tail, end, first, most = iter(pieces), list[bytes](), b"", b"", True, 1
    for piece in pieces:
        held.append(piece)
        looked = b"\r" + piece if tail.endswith(b"\r") else piece
        end = end or line_end(looked)
        if is_odd(looked, end):
            break
        tail += piece
        if not end or end + end not in tail:
            tail = tail[-LONGEST_END + 1 :]
            continue
        *events, rest = b"".join(held).split(end + end)
        held, tail = [rest] if rest else [], rest[-LONGEST_END + 1 :]
        found: list[Any] = []
        for number, event in enumerate(events):
            data = data_of(event, end)
            if data == DONE:
                yield from filled(found)
                return
            try:
                value = None if data in BLANK else orjson.loads(data)
            except orjson.JSONDecodeError:
                held = [(end + end).join([*events[number:], rest])]
                yield from filled(found)
                yield from singly(reader(chain(held, pieces), first))
                return
            first = False
            if data not in BLANK:
                found.append(value)
            if len(found) >= most:
                yield found
                found, most = [], min(2 * most, MOST)
        yield from filled(found)
    yield from singly(reader(chain([b"".join(held)], pieces), first))


def filled(found: list[Any]) -> Iterator[list[Any]]:
    """The objects, if there are any: an empty list would pass for a word of the vendor."""
    return iter([found] if found else [])


def singly(values: Iterable[Any]) -> Iterator[list[Any]]:
    """One at a time."""
    return ([value] for value in values)


def line_end(data: bytes) -> bytes:
    """How the lines of a stream end; b"" before that is known."""
    at = data.find(b"\n")
    if at < 0:
        return b""
    return b"\r\n" if data[at - 1 : at] == b"\r" else b"\n"


def is_odd(data: bytes, end: bytes) -> bool:
    """There are other line ends than that one. A return at the very end may be half of one."""
    if end == b"\r\n":
        ends = data.count(b"\r\n")
        return data.count(b"\n") != ends or data.count(b"\r") - data.endswith(b"\r") != ends
    return b"\r" in data and (end != b"" or b"\r" in data[:-1])


def data_of(event: bytes, end: bytes) -> bytes:
    """The value of a plain event; what is no JSON for any other. A comment has none. Errors are told by their name,
    which takes the reader.
    """
    if event.startswith(b"data:") and end not in event:
        return event[5:].strip(b" \t")
    name, line = b"", event
    if event.startswith(b"event:"):
        name, _, line = event.partition(end)
    if line.startswith(b"data:") and end not in line and b"error" not in name and name.isascii():
        return line[5:].strip(b" \t")
    is_comment = event.startswith(b":") and end not in event and event.isascii()
    return b"" if not event or is_comment else b"?"
