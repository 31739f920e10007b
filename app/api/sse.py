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
    """JSON bytes. What orjson refuses goes out all the same: numbers over 64 bits, deep nesting, and half surrogate
    pairs, which UTF-8 cannot hold, as question marks.
    """
    try:
        return orjson.dumps(value)
    except (TypeError, orjson.JSONEncodeError):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
