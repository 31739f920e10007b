"""Frames: the pieces of a vendor's answer as they stand on the wire, read without the code that repairs them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Form = Literal["sse", "ndjson", "json", "html", "empty", "other"]

BOM = b"\xef\xbb\xbf"
DONE = b"[DONE]"
LINE = re.compile(rb"\r\n|\n|\r")
HTML = re.compile(rb"\s*<(?:!doctype|html|head|body)", re.IGNORECASE)
FIELD = re.compile(rb"(data|event|id|retry)?:")
#: Stands for JSON that cannot be read.
UNREAD = object()


@dataclass(frozen=True, slots=True)
class Frame:
    """One event, line or document. `value` is its JSON, `UNREAD` when it has none; `event` the name on a line of its
    own. `stray` bytes are no event, `closed` is False for an event that nothing ends.
    """

    at: int
    raw: bytes
    value: Any = UNREAD
    event: str = ""
    done: bool = False
    stray: bool = False
    closed: bool = True

    @property
    def object(self) -> dict[str, Any]:
        """The JSON object, {} when there is none."""
        return self.value if isinstance(self.value, dict) else {}


def form_of(data: bytes) -> Form:
    """What the bytes look like, whatever was announced."""
    text = data.removeprefix(BOM).strip()
    if not text:
        return "empty"
    if HTML.match(text):
        return "html"
    if text[:1] in b"{[":
        return "json" if value_of(text) is not UNREAD or b"\n{" not in text else "ndjson"
    return "sse" if FIELD.match(text) else "other"


def frames_of(data: bytes, form: Form) -> tuple[Frame, ...]:
    """The frames of the bytes."""
    data = data.removeprefix(BOM)
    if form == "sse":
        return tuple(events(data))
    if form == "ndjson":
        lines = [line for line in data.split(b"\n") if line.strip()]
        return tuple(Frame(at, line, value_of(line)) for at, line in enumerate(lines))
    return (Frame(0, data, value_of(data)),) if form != "empty" else ()


def events(data: bytes) -> Iterator[Frame]:
    """The events of server-sent bytes; what stands outside of one is a stray frame."""
    lines: list[bytes] = []
    number = place = 0
    for line in LINE.split(data):
        place = data.find(line, place)
        if line and not FIELD.match(line):
            if lines:
                yield event(number, lines, closed=False)
            yield Frame(number + bool(lines), data[place:], value_of(data[place:]), stray=True)
            return
        place += len(line)
        if line and not line.startswith(b":"):
            lines.append(line)
        elif not line and lines:
            yield event(number, lines, closed=True)
            number, lines = number + 1, []
    if lines:
        yield event(number, lines, closed=False)


def event(number: int, lines: list[bytes], closed: bool) -> Frame:
    """One event of its lines."""
    data = b"\n".join(value for name, value in map(field_of, lines) if name == b"data")
    named = next((value for name, value in map(field_of, lines) if name == b"event"), b"")
    done = data.strip() == DONE
    value = UNREAD if done else value_of(data)
    return Frame(number, b"\n".join(lines), value, named.decode("utf-8", "replace"), done, closed=closed)


def field_of(line: bytes) -> tuple[bytes, bytes]:
    """Name and value of a line."""
    name, _, value = line.partition(b":")
    return name, value.removeprefix(b" ")


def value_of(data: bytes) -> Any:
    """The JSON in bytes, `UNREAD` when there is none."""
    try:
        return json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return UNREAD
