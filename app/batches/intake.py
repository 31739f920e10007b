"""Intake: the items out of a batch's body while it arrives, so that a large one neither fills the memory nor holds up
other requests.

The body is cut where an entry of the list ends, and every entry is parsed by itself. What is left, the frame, is
parsed at the end: it proves that the whole was one JSON object with one list. A parser library for endless JSON was
tried and refused: its work grew with the square of the nesting.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from app.api import shapes
from app.api.schemas import MAX_DEPTH, json_value
from app.api.sse import dumps
from app.batches.batch import MOST_ITEMS, Item
from translators.core.errors import InvalidRequest, TooLarge

BRACKET_OR_QUOTE = re.compile(rb'["\[\]{}]')
#: The rest of a text: up to its end quote, to the end of the piece, or to a backslash that ends the piece.
TEXT = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
#: Levels around an entry: the object and its list.
AROUND = 2
#: Stands in the frame for an entry.
MARK = b"0"
#: Bytes that the frame may have: marks, commas, blanks.
MOST_FRAME = 4 * 2**20


class Splitter:
    """Cuts the entries out of pieces of a body. `most` is the bytes of one entry."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._depth = 0
        self._quoted = self._escaped = False
        self._entry: bytearray | None = None
        self.frame = bytearray()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The entries that end in this piece. Raises `TooLarge` and `InvalidRequest`."""
        kept = 0
        for place in self._brackets(piece):
            if piece[place] in b"[{":
                self._depth += 1
                if self._depth == AROUND + 1:
                    self._keep(piece[kept:place])
                    self._entry, kept = bytearray(), place
            else:
                self._depth -= 1
                if self._depth == AROUND and self._entry is not None:
                    self._keep(piece[kept : place + 1])
                    yield bytes(self._entry)
                    self._entry, kept = None, place + 1
                    self.frame += MARK
        self._keep(piece[kept:])

    def _brackets(self, piece: bytes) -> Iterator[int]:
        """The places of all brackets outside of texts."""
        place = 0
        while place < len(piece):
            if self._quoted:
                place = self._behind_text(piece, place)
                continue
            found = BRACKET_OR_QUOTE.search(piece, place)
            if found is None:
                return
            place = found.end()
            if found[0] == b'"':
                self._quoted = True
            else:
                yield found.start()

    def _behind_text(self, piece: bytes, place: int) -> int:
        """The place behind the text that `place` is in, or the end of the piece."""
        found = TEXT.match(piece, place + self._escaped)
        end = found.end() if found else len(piece)
        self._escaped = piece[end : end + 1] == b"\\"
        self._quoted = piece[end : end + 1] != b'"'
        return end + 1

    def _keep(self, data: bytes) -> None:
        """Adds to the entry that is open, or to the frame."""
        if self._entry is None:
            self.frame += data
            if len(self.frame) > MOST_FRAME:
                raise InvalidRequest("requests: should be a list of objects with custom_id and params")
            return
        self._entry += data
        if len(self._entry) > self._most:
            raise TooLarge(f"one of the requests exceeds {self._most // 1_000_000} MB (MAX_BODY_MB sets it)")


def items(pieces: Iterable[bytes], most: int) -> Iterator[Item]:
    """The checked items of a body. Raises `InvalidRequest` that names what is wrong, at the latest at the end."""
    splitter, seen = Splitter(most), set[str]()
    for piece in pieces:
        for entry in splitter.feed(piece):
            if len(seen) >= MOST_ITEMS:
                raise InvalidRequest(f"requests: List should have at most {MOST_ITEMS} items")
            item = item_of(entry, len(seen))
            if item.custom_id in seen:
                raise InvalidRequest(f"requests.{len(seen)}.custom_id: {item.custom_id} is there twice")
            seen.add(item.custom_id)
            yield item
    check_frame(bytes(splitter.frame), len(seen))


def item_of(entry: bytes, place: int) -> Item:
    """One entry of the list. What its params say is looked at when they are run."""
    where = f"requests.{place}"
    value = json_value(entry)
    if not isinstance(value, dict):
        raise InvalidRequest(f"{where}: Input should be an object with custom_id and params")
    custom_id, params = value.get("custom_id"), value.get("params")
    if not isinstance(custom_id, str) or not CUSTOM_ID.fullmatch(custom_id):
        raise InvalidRequest(f"{where}.custom_id: String should match pattern '^{CUSTOM_ID.pattern}$'")
    if not isinstance(params, dict):
        raise InvalidRequest(f"{where}.params: Input should be an object, the body of a message")
    if shapes.too_deep(params, MAX_DEPTH):
        raise InvalidRequest(f"{where}.params: nested too deeply; {MAX_DEPTH} levels are the limit")
    return Item(custom_id, dumps(params))


def check_frame(frame: bytes, count: int) -> None:
    """Raises `InvalidRequest` unless the frame is an object with one list, of entries only."""
    try:
        body: Any = orjson.loads(frame)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"The request body is not valid JSON: {error.msg}") from None
    if not isinstance(body, dict):
        raise InvalidRequest("The request body should be a JSON object")
    for name in body.keys() - {"requests"}:
        raise InvalidRequest(f"{name}: Extra inputs are not permitted")
    if "requests" not in body:
        raise InvalidRequest("requests: Field required")
    if not isinstance(body["requests"], list) or body["requests"] != [0] * count:
        raise InvalidRequest("requests: should be a list of objects with custom_id and params")
    if not count:
        raise InvalidRequest("requests: List should have at least 1 item")
