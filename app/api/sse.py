"""Events -> the bytes of server-sent events. Anthropic frames: an `event` line, a `data` line, a blank line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import orjson

PING = b'event: ping\ndata: {"type":"ping"}\n\n'
#: Nothing between Rialto and the client may hold an answer back.
UNBUFFERED = {"cache-control": "no-cache", "x-accel-buffering": "no"}
HEADERS = {"content-type": "text/event-stream; charset=utf-8", **UNBUFFERED}


def encode(events: Iterable[dict[str, Any]]) -> bytes:
    """The frames of several events as one piece, sent at once."""
    return b"".join(frame(event) for event in events)


def frame(event: dict[str, Any]) -> bytes:
    """One frame."""
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), dumps(event))


def dumps(value: Any) -> bytes:
    """JSON bytes. What orjson refuses goes out all the same: integers over 64 bits, deep nesting, and half surrogate
    pairs, which UTF-8 cannot hold, as question marks.
    """
    try:
        return orjson.dumps(value)
    except (TypeError, orjson.JSONEncodeError):
        pass
    try:
        return orjson.dumps(written_out(value))
    except (TypeError, orjson.JSONEncodeError, RecursionError):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def written_out(value: Any) -> Any:
    """The value with integers over 64 bits in the form in which orjson takes them."""
    if isinstance(value, dict):
        return {key: written_out(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [written_out(item) for item in value]
    is_long = isinstance(value, int) and not -(2**63) <= value < 2**64
    return orjson.Fragment(str(value)) if is_long else value
