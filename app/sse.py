"""Events -> the bytes of server-sent events. Anthropic frames: an `event` line, a `data` line, a blank line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

PING = b'event: ping\ndata: {"type":"ping"}\n\n'
#: Nothing between Rialto and the client may hold events back.
HEADERS = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache", "x-accel-buffering": "no"}


def encode(events: Iterable[dict[str, Any]]) -> bytes:
    """The frames of several events as one piece, sent at once."""
    return b"".join(frame(event) for event in events)


def frame(event: dict[str, Any]) -> bytes:
    """One frame."""
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), dumps(event))


def dumps(value: Any) -> bytes:
    """JSON bytes; half surrogate pairs, which UTF-8 cannot hold, become replacement characters."""
    try:
        return orjson.dumps(value)
    except (TypeError, orjson.JSONEncodeError):
        return orjson.dumps(mended(value))


def mended(value: Any) -> Any:
    """The value with text that can be encoded."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {mended(key): mended(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [mended(item) for item in value]
    return value
