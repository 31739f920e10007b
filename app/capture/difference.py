"""What a replay does otherwise than its capture: JSON paths of requests, events of the answer."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import Any

import orjson

from app.api.sse import dumps
from app.capture.record import bytes_of
from app.capture.replay import Outcome, Request
from app.capture.secrets import Secrets
from app.exchange.account import CLIENT_GONE
from app.upstream.framing import loads

#: Characters of a value that is shown, and values of one request.
SHOWN, MOST = 160, 40
#: No known secret is left in a capture; what looks like one is hidden in the replay too.
SECRETS = Secrets()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Lines about what differs; none is the same bytes. `shape` holds where only the shapes are the same: a capture
    without contents.
    """

    lines: tuple[str, ...]
    shape: bool = False


def verdict(entry: Mapping[str, Any], outcome: Outcome) -> Verdict:
    """Compares a replay with its record."""
    lines = tuple(differences(entry, outcome))
    if lines and entry["contents"] == "shapes" and not any(shape_differences(entry, outcome)):
        return Verdict((), shape=True)
    return Verdict(lines)


def differences(entry: Mapping[str, Any], outcome: Outcome) -> Iterator[str]:
    """Everything that is not the same."""
    for number, (one, request) in enumerate(zip_longest(entry["tries"], outcome.requests), 1):
        yield from (f"request {number}: {line}" for line in request_differences(one, request))
    yield from answer_differences(answer_of(entry), said(outcome))
    cut = entry["answer"]["error"] is not None and not outcome.more
    if outcome.unheard and not cut and not was_left(entry):
        yield f"the capture does not hold all that is asked for now: {outcome.unheard}"


def was_left(entry: Mapping[str, Any]) -> bool:
    """The client, or the worker, went before the end."""
    return entry["answer"]["status"] in (CLIENT_GONE, "lost")


def request_differences(one: Mapping[str, Any] | None, request: Request | None) -> Iterator[str]:
    """How a request to a vendor differs."""
    if one is None or request is None:
        yield "is new" if one is None else "is no longer made"
        return
    was = {"url": one["url"], "headers": one["headers"], "body": one["body"]}
    now = {
        "url": SECRETS.address(request.url),
        "headers": SECRETS.headers(request.headers),
        "body": SECRETS.value(loads(request.body)),
    }
    if dumps(was) == dumps(now):
        return
    found = list(paths(was, now, ""))
    yield from found[:MOST] or ["the order of the fields differs"]
    if len(found) > MOST:
        yield f"and {len(found) - MOST} more"


def paths(was: Any, now: Any, path: str) -> Iterator[str]:
    """The places at which two JSON values differ."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for name in [*was, *(name for name in now if name not in was)]:
            yield from paths(was.get(name, MISSING), now.get(name, MISSING), f"{path}.{name}" if path else name)
    elif isinstance(was, list) and isinstance(now, list):
        for place, (old, new) in enumerate(zip_longest(was, now, fillvalue=MISSING)):
            yield from paths(old, new, f"{path}[{place}]")
    elif was != now or type(was) is not type(now):
        yield f"{path}: {shown(was)} -> {shown(now)}"


class Missing:
    """There is no such field."""


MISSING = Missing()


def shown(value: Any) -> str:
    """A value, cut to a readable length."""
    text = "nothing" if value is MISSING else dumps(value).decode("utf-8", "replace")
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text):,} characters)"


def answer_differences(was: bytes, now: bytes) -> Iterator[str]:
    """The answers as a unified difference of their events or lines."""
    if was == now:
        return
    yield "answer:"
    old, new = pieces(was), pieces(now)
    for line in difflib.unified_diff(old, new, "captured", "now", lineterm="", n=1):
        yield f"  {line if len(line) <= 2 * SHOWN else line[: 2 * SHOWN] + '...'}"
    if old == new:
        yield "  the bytes between the events differ"


def pieces(answer: bytes) -> list[str]:
    """The events of a stream, each in a line; the fields of a whole message."""
    text = answer.decode("utf-8", "replace")
    if text.lstrip().startswith("{"):
        return orjson.dumps(loads(answer.strip()), option=orjson.OPT_INDENT_2).decode().splitlines()
    return [frame.replace("\n", " ") for frame in text.split("\n\n") if frame]


def answer_of(entry: Mapping[str, Any]) -> bytes:
    """The bytes that the client got."""
    answer = entry["answer"]
    return b"".join(bytes_of(piece["data"]) for piece in answer["sent"]) + (answer["refusal"] or "").encode()


def said(outcome: Outcome) -> bytes:
    """The bytes that it would get now."""
    return SECRETS.data(outcome.sent + (outcome.refusal or b""))


# -- captures without contents


def shape_differences(entry: Mapping[str, Any], outcome: Outcome) -> Iterator[str]:
    """What differs in the kinds of events and the fields of requests."""
    if grammar(answer_of(entry)) != grammar(said(outcome)):
        yield "the events differ"
    for one, request in zip_longest(entry["tries"], outcome.requests):
        if one is None or request is None or structure(one["body"]) != structure(loads(request.body)):
            yield "a request differs"


def grammar(answer: bytes) -> list[Any]:
    """The kinds of the events in their order, deltas of a kind as one; the fields of a whole message."""
    if answer.lstrip().startswith(b"{"):
        return [structure(loads(answer.strip()))]
    frames = [frame.partition(b"\ndata: ")[2] for frame in answer.split(b"\n\n") if frame]
    return [kind for kind, _ in groupby(map(kind_of, map(loads, frames)))]


def kind_of(event: Mapping[str, Any]) -> tuple[Any, ...]:
    """What an event is, without what it says."""
    inner = event.get("delta") or event.get("content_block") or event.get("error") or {}
    return event["type"], event.get("index"), inner.get("type"), inner.get("stop_reason"), inner.get("name")


def structure(value: Any) -> Any:
    """A JSON value with only the types of its leaves."""
    if isinstance(value, Mapping):
        return {name: structure(inner) for name, inner in value.items()}
    return [structure(inner) for inner in value] if isinstance(value, list) else type(value).__name__
