"""Bytes -> the JSON objects of a stream (SSE or NDJSON).

sseclient-py reads the events. Around it, what it does not see (tried with 1.9): a byte-order mark; raw JSON lines, as
some gateways send errors; an unfinished last event, which it hands out as if it were whole, shows as JSON that does not
parse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import orjson
import sseclient

from app.digits import exact
from app.upstream.plain_events import plain_events
from translators.core.errors import Broke, Fault

BOM = b"\xef\xbb\xbf"
#: A line that starts like JSON or HTML is no SSE field.
ALIEN = re.compile(rb"[ \t]*[\[{<]")
ALIEN_LINE = re.compile(rb"[\r\n][ \t]*[\[{<]")
DONE = "[DONE]"
#: Where whole answers of the wires have calls whose arguments are objects.
CALLS = ("content", "candidates", "message")
#: Bytes of the largest event, line or document. A vendor that sends more without an end is not heard out.
LARGEST = 64 * 1024 * 1024
#: What ends an event, and a line: nearly always, and in all its forms.
END = {"sse": b"\n\n", "ndjson": b"\n"}
ENDS = {"sse": re.compile(rb"\n\n|\r\n\r\n|\r\r"), "ndjson": re.compile(rb"\n")}
#: A body that starts so is a JSON or HTML document and no event stream.
DOCUMENT = (b"{", b"[", b"<", b'"')


class Tap:
    """Hands bytes on to an SSE reader and keeps the part that is no SSE at all."""

    def __init__(self, pieces: Iterable[bytes], first: bool = True) -> None:
        self.alien = b""
        self._pieces = pieces
        self._first = first

    def __iter__(self) -> Iterator[bytes]:
        at_line_start, first = True, self._first
        for piece in self._pieces:
            if first:
                piece, first = piece.removeprefix(BOM), False
            cut = self._alien_at(piece, at_line_start)
            if cut is not None:
                self.alien = piece[cut:] + b"".join(self._pieces)
                yield piece[:cut]
                return
            if piece:
                line = max(piece.rfind(b"\n"), piece.rfind(b"\r")) + 1
                at_line_start = (at_line_start or line > 0) and not piece[line:].strip(b" \t")
                yield piece

    @staticmethod
    def _alien_at(piece: bytes, at_line_start: bool) -> int | None:
        if at_line_start and ALIEN.match(piece):
            return 0
        found = ALIEN_LINE.search(piece)
        return found.start() + 1 if found else None


def sse(pieces: Iterable[bytes]) -> Iterator[list[Any]]:
    """The JSON objects of an SSE stream, those together that have come at once. Raises `Fault` for a raw error body,
    `Broke` for an event that is cut off.
    """
    return plain_events(pieces, any_events)


def any_events(pieces: Iterable[bytes], first: bool = True) -> Iterator[Any]:
    """The same, whatever the events look like; `first`: the pieces begin with the stream's first byte."""
    tap = Tap(pieces, first)
    for event in sseclient.SSEClient(iter(tap)).events():
        word = event.data.strip()
        if word == DONE:
            return
        if word not in ("", "null"):
            yield event_object(event)
    if tap.alien.strip():
        raise Fault(parsed(tap.alien))


def event_object(event: Any) -> Any:
    """The JSON of one event; an `error` event whose data is no error object is made one."""
    try:
        value = loads(event.data)
    except orjson.JSONDecodeError:
        if event.event == "error":
            raise Fault(event.data) from None
        raise Broke("the answer was cut off in the middle of an event") from None
    if event.event == "error" and isinstance(value, dict) and not value.get("error"):
        raise Fault(value)
    return value


def loads(text: bytes | str) -> Any:
    """JSON, also with the half surrogate pairs and NaNs that some vendors send and orjson refuses."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise error from None


def ndjson(pieces: Iterable[bytes]) -> Iterator[list[Any]]:
    """The objects of a stream of JSON lines."""
    held = list[bytes]()
    for piece in pieces:
        held.append(piece)
        if b"\n" not in piece:
            continue
        *lines, rest = b"".join(held).split(b"\n")
        held = [rest]
        found: list[Any] = []
        try:
            found.extend(loads(line) for line in lines if line.strip())
        finally:
            if found:
                yield found
    if last := b"".join(held).strip():
        yield [line_object(last)]


def line_object(line: bytes) -> Any:
    """The last line, which has no line end."""
    try:
        return loads(line)
    except orjson.JSONDecodeError:
        raise Broke("the answer was cut off in the middle of a line") from None


FRAMINGS = {"sse": sse, "ndjson": ndjson}


def objects(pieces: Iterator[bytes], framing: str) -> Iterator[tuple[bool, list[Any]]]:
    """(are they whole answers, the objects that have come at once) for all of a body, whatever form the vendor chose.

    Raises `Fault` for a body that is no object: an HTML page, a bare string, an error in an array.
    """
    first = opening(measured(pieces, framing))
    if framing == "sse" and first.removeprefix(BOM).lstrip().startswith(DOCUMENT):
        yield True, [checked(document(first + joined(pieces)))]
        return
    for values in FRAMINGS[framing](chain([first], measured(pieces, framing))):
        if set(map(type, values)) <= {dict}:
            yield False, values
        else:
            yield from ((False, [checked(value)]) for value in values)


def document(data: bytes) -> Any:
    """A body that is one document. Raises `Broke` for JSON that is cut off: an answer's beginning is nobody's error."""
    value = exact(parsed(data), data, CALLS)
    if isinstance(value, str) and value.startswith(("{", "[")):
        raise Broke("the answer was cut off before its end")
    return value


def joined(pieces: Iterable[bytes]) -> bytes:
    """All of it. Raises `Broke` when it is too large to be an answer."""
    whole = bytearray()
    for piece in pieces:
        whole += piece
        if len(whole) > LARGEST:
            raise too_large()
    return bytes(whole)


def measured(pieces: Iterable[bytes], framing: str) -> Iterator[bytes]:
    """The pieces. Raises `Broke` when one event or line does not end."""
    since, tail, end, ends = 0, b"", END[framing], ENDS[framing]
    for piece in pieces:
        since = 0 if end in piece or ends.search(tail + piece) else since + len(piece)
        if since > LARGEST:
            raise too_large()
        tail = piece[-3:] if len(piece) > 2 else (tail + piece)[-3:]
        yield piece


def too_large() -> Broke:
    """The vendor sends and sends."""
    return Broke(f"the answer is larger than {LARGEST // 1_000_000} MB")


def opening(pieces: Iterator[bytes]) -> bytes:
    """The start of a body up to its first visible byte; some vendors send blank lines while they think."""
    first = b""
    for piece in pieces:
        first += piece
        if first.removeprefix(BOM).strip() and not BOM.startswith(first):
            break
    return first


def checked(value: Any) -> dict[str, Any]:
    """The value, if it is an object."""
    if not isinstance(value, dict):
        raise Fault(value)
    return value


def parsed(data: bytes) -> Any:
    """A body as JSON, out of an SSE frame if it is in one, else as text."""
    text = data.removeprefix(BOM).strip()
    if text.startswith((b"data:", b"event:")):
        text = b"".join(line[5:].strip() for line in text.splitlines() if line.startswith(b"data:"))
    try:
        return loads(text)
    except orjson.JSONDecodeError:
        return text.decode("utf-8", "replace")
