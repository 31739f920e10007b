"""The kit: cases found by walking `tests/fixtures/<vendor>/<case>/`, and one way to play them.

A case folder holds `request.json` (a Messages body), `upstream.json` (the body the vendor must get), the vendor's bytes
in `response.sse` (`response.ndjson` for JSON lines) or `response.json` (both, when the vendor says the same in two
forms), and `expected.json`: the whole message, or `{"error": {"type", "status", "message_contains"}}`. Optional:
`route.json` (`model` and further fields of `Route`), `status.json` (HTTP `status` and `headers` of a refusal),
`about.txt` (what the case shows).

Signatures are written readably as `[vendor, model, hidden text, [[key, value], ...]]`, ids as `msg_1`, `toolu_1`, ...
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import requests

from app.exchange.call import Caller
from app.exchange.exchange import Exchange
from app.exchange.means import Means
from app.exchange.patience import Patience
from app.media import Media
from app.media.links import links_for
from app.memory.memory import Memory
from app.resilience.policy import Policy
from app.resilience.traffic import Traffic
from app.upstream import upstream
from tests.conformance.readable import signed
from tests.conformance.targets import route, targets
from translators.core.errors import RialtoError
from translators.core.message import fold
from translators.core.vendor import Route

Json = dict[str, Any]
Pieces = Iterable[bytes]

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
CALLER = Caller(gone=lambda: False, via="test")
PATIENCE = Patience(300.0, 3600.0)


def load(path: Path, default: Any = None) -> Any:
    """The JSON of a file, or the default when there is no such file."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else default


@dataclass(frozen=True)
class Case:
    """One case folder."""

    vendor: str
    folder: Path

    @property
    def name(self) -> str:
        """`vendor/case`."""
        return f"{self.vendor}/{self.folder.name}"

    @cached_property
    def request(self) -> Json:
        """The Messages body, signatures made real."""
        found = signed(load(self.folder / "request.json"))
        return {**found, "stream": bool(found.get("stream"))}

    @cached_property
    def upstream(self) -> Json:
        """The body that the vendor must get."""
        return load(self.folder / "upstream.json", {})

    @cached_property
    def expected(self) -> Json:
        """The message or the error."""
        return load(self.folder / "expected.json", {})

    @cached_property
    def head(self) -> Json:
        """HTTP status and headers of the answer."""
        return {"status": 200, "headers": {}, **load(self.folder / "status.json", {})}

    @cached_property
    def route(self) -> Route:
        """Where the request goes."""
        found = route(self.vendor, alias=self.request["model"], **load(self.folder / "route.json", {}))
        return found.carrying(self.request)

    @cached_property
    def sse(self) -> bytes | None:
        """The streamed answer."""
        events = self._bytes("response.sse")
        return self._bytes("response.ndjson") if events is None else events

    @cached_property
    def whole(self) -> bytes | None:
        """The answer in one piece."""
        return self._bytes("response.json")

    @property
    def answer(self) -> bytes:
        """The bytes in the form that the request asks for."""
        found = self.sse if self.sse is not None and (self.request["stream"] or self.whole is None) else self.whole
        assert found is not None, f"{self.name} has no response"
        return found

    @property
    def refused(self) -> bool:
        """The vendor answers with an HTTP error."""
        return self.head["status"] != 200

    @property
    def fails(self) -> bool:
        """An error is expected."""
        return "error" in self.expected

    def asking(self, message: Json) -> Case:
        """The same answer to another request."""
        changed = replace(self)
        changed.__dict__["request"] = copy.deepcopy(message)
        return changed

    def _bytes(self, name: str) -> bytes | None:
        path = self.folder / name
        return path.read_bytes() if path.exists() else None

    def __str__(self) -> str:
        return self.name


@cache
def cases() -> tuple[Case, ...]:
    """Every case of every vendor and server that exists."""
    return tuple(case for vendor in targets() for case in cases_of(vendor))


def cases_of(vendor: str) -> tuple[Case, ...]:
    """The cases of one vendor."""
    folders = sorted(path.parent for path in (FIXTURES / vendor).glob("*/request.json"))
    return tuple(Case(vendor, folder) for folder in folders)


@cache
def shapes() -> dict[str, Json]:
    """The Messages bodies that Claude Code sends, by name."""
    found = {path.stem: load(path)["body"] for path in sorted((FIXTURES / "requests").glob("*.json"))}
    return {name: {**body, "stream": bool(body.get("stream"))} for name, body in found.items() if "max_tokens" in body}


def upstream_body(message: Json, target: Route) -> Json:
    """The body that goes to the vendor."""
    bound = target.carrying(message)
    return bound.vendor.protocol.request(message, bound)


# -- playing a case


@dataclass
class Reply:
    """A vendor's answer, from memory."""

    bytes: Pieces
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def received(self) -> requests.Response:
        """The answer as it comes from the network, its body unread."""
        response = requests.Response()
        response.status_code = self.status
        response.headers.update(self.headers)
        response.raw = Raw(iter(self.bytes))
        return response


class Raw:
    """The body of an answer; every read gives the next piece."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read1(self, size: int, decode_content: bool = False) -> bytes:
        """The next piece, b"" at the end."""
        return next(self._pieces, b"")

    def drain(self) -> None:
        """Nothing is left to read."""

    def close(self) -> None:
        """Nothing to let go of."""

    def release_conn(self) -> None:
        """There is no connection."""


@dataclass
class Wire:
    """Stands in for the network: keeps what was sent, answers with a reply."""

    reply: Reply
    sent: list[Json] = field(default_factory=list)

    def send(self, route: Route, url: str, headers: Mapping[str, str], body: bytes, line: Any) -> upstream.Reply:
        """Takes a request."""
        self.sent.append(json.loads(body))
        return upstream.Reply(self.reply.received(), route.vendor.title)


@dataclass(frozen=True)
class Outcome:
    """What the client gets: events of a stream (none of a whole answer), and the message or the error."""

    events: tuple[Json, ...] = ()
    message: Json | None = None
    error: Json | None = None


def exchange(case: Case, pieces: Pieces, stream: bool) -> Exchange:
    """The trip of a case's request, answered with the pieces."""
    wire: Any = Wire(Reply(pieces, case.head["status"], case.head["headers"]))
    return Exchange({**copy.deepcopy(case.request), "stream": stream}, (case.route,), means(wire), CALLER)


def means(wire: Any) -> Means:
    """What an exchange uses, with a scripted upstream. A failure is not tried again."""
    return Means(wire, PATIENCE, Memory(), Traffic(Policy(0.0)), Media(links_for("off")))


def streamed(case: Case, pieces: Pieces | None = None) -> Outcome:
    """The case as a stream."""
    events, error = heard(case, [case.answer] if pieces is None else pieces)
    return Outcome(events, fold(events) if events else None, error)


def heard(case: Case, pieces: Pieces) -> tuple[tuple[Json, ...], Json | None]:
    """The events of a stream, and the error it ended with."""
    frames = []
    try:
        frames += exchange(case, pieces, True).stream()
    except RialtoError as error:
        return (), told(error)
    events = tuple(frame_events(b"".join(frames)))
    return events, next((event["error"] for event in events if event["type"] == "error"), None)


def in_one_piece(case: Case, pieces: Pieces | None = None) -> Outcome:
    """The case as a whole answer."""
    try:
        message = exchange(case, [case.answer] if pieces is None else pieces, False).whole()
    except RialtoError as error:
        return Outcome(error=told(error))
    return Outcome(message=message)


def played(case: Case) -> Outcome:
    """The case in the form that its request asks for."""
    return streamed(case) if case.request["stream"] else in_one_piece(case)


def told(error: RialtoError) -> Json:
    """An error before the first byte, as the client sees it."""
    return {"type": error.type, "message": error.message, "status": error.status}


def frame_events(data: bytes) -> Iterator[Json]:
    """The events of Anthropic SSE bytes; the `event` line must name the type of the `data` line."""
    for frame in data.decode("utf-8").split("\n\n"):
        if not frame:
            continue
        name, _, payload = frame.partition("\n")
        event = json.loads(payload.removeprefix("data: "))
        assert name == f"event: {event['type']}", f"frame {name!r} holds {event['type']}"
        yield event


# -- splitting and cutting


def lines(data: bytes) -> list[bytes]:
    """One piece a line."""
    return data.splitlines(keepends=True)


def single_bytes(data: bytes) -> list[bytes]:
    """One piece a byte."""
    return [data[place : place + 1] for place in range(len(data))]


def frames(data: bytes) -> list[bytes]:
    """The events of vendor bytes, each with the blank line behind it; the lines of JSON lines."""
    if is_json_lines(data):
        return lines(data)
    unified = data.replace(b"\r\n", b"\n")
    return [part + b"\n\n" for part in unified.split(b"\n\n") if part.strip()]


def is_json_lines(data: bytes) -> bool:
    """The bytes are a stream of JSON objects, one a line."""
    return data.startswith(b"{") and all(line.startswith(b"{") for line in data.splitlines())


def objects(data: bytes) -> Iterator[Json]:
    """The JSON objects of vendor bytes, streamed or whole, read without Rialto's code."""
    text = data.decode("utf-8-sig", "replace").strip()
    candidates = (
        (text.splitlines() if is_json_lines(data) else [text])
        if text.startswith("{")
        else [line[5:] for line in text.splitlines() if line.startswith("data:")]
    )
    for candidate in candidates:
        try:
            value = json.loads(candidate)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value
