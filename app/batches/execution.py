"""Runs one item of a batch: as a request from inside, through the application itself, so that whatever is true of
POST /v1/messages is true of it too: checks, routes, fallbacks, retries, quotas, the usage line.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.api.sse import dumps
from app.batches.batch import Lease, Result
from app.batches.origin import KEY, Origin
from app.clients.rows import Client
from app.exchange.account import CLIENT_GONE
from translators.core.errors import InvalidRequest, RialtoError, Unauthorized

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

#: Headers of the request that made the batch which its items are sent with. Keys are not kept.
KEPT_HEADERS = ("anthropic-version", "anthropic-beta", "user-agent")
#: Fields that do not go into a batch (https://platform.claude.com/docs/en/build-with-claude/batch-processing, read
#: 2026-11-21) -> whether a value of theirs is refused.
REFUSED: Mapping[str, Callable[[Any], bool]] = {
    "stream": bool,
    "speed": bool,
    "max_tokens": lambda value: value == 0 and value is not False,
}
#: Types of errors that another try may heal, as the official SDK judges by their statuses.
HEALING = frozenset({"rate_limit_error", "overloaded_error", "api_error", "timeout_error", "conflict_error"})
#: Tries of an item, without those that only met a limit of rates; seconds to the second one, and at most.
MOST_TRIES, FIRST_PAUSE, LONGEST_PAUSE = 12, 2.0, 600.0
#: Seconds to wait behind a limit of rates that does not say how long.
LIMITED_PAUSE = 15.0


@dataclass(frozen=True, slots=True)
class Pause:
    """The item is to be run again in some seconds. `counted` is whether this was a try, `hold` whether the other items
    of the batch should wait too.
    """

    seconds: float = 0.0
    counted: bool = False
    hold: bool = False


@dataclass(slots=True)
class Reply:
    """What the application has answered; header names are lower case."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def executed(application: Application, lease: Lease, client: Client | None, gone: Callable[[], bool]) -> Result | Pause:
    """Runs the item of a lease for its client, None for one that is no more."""
    if client is None:
        return failed(Unauthorized(f"client {lease.batch.client} has no key any more"))
    if lease.tries > MOST_TRIES:
        return failed(RialtoError(f"the request was cut off {MOST_TRIES} times while it ran"))
    if refused := refusal(lease.item.params):
        return failed(refused)
    return judged(answered(application, environ(lease, Origin(client, lease.batch.id, gone))), lease.tries)


def refusal(params: bytes) -> RialtoError | None:
    """What is wrong with a body only because it is in a batch."""
    fields = orjson.loads(params)
    names = [name for name, is_refused in REFUSED.items() if is_refused(fields.get(name))]
    return InvalidRequest(f"{names[0]}: {fields[names[0]]!r} is not allowed in a batch") if names else None


def environ(lease: Lease, origin: Origin) -> dict[str, Any]:
    """The WSGI environment (PEP 3333) of the item's request."""
    params, path = lease.item.params, f"{lease.batch.target}/v1/messages"
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(params)),
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in lease.batch.headers.items()},
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(params),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        KEY: origin,
    }


def answered(application: Application, environ: dict[str, Any]) -> Reply:
    """The application's whole answer. One that breaks off has told the error in its body."""
    reply = Reply()

    def start(status: str, headers: list[tuple[str, str]], problem: Any = None) -> None:
        reply.status = int(status.split()[0])
        reply.headers = {name.lower(): value for name, value in headers}

    pieces = application(environ, start)
    try:
        for piece in pieces:
            reply.body += piece
    except RialtoError as error:
        if not reply.body.strip():
            reply.body = dumps(error.told())
    finally:
        if close := getattr(pieces, "close", None):
            close()
    return reply


def judged(reply: Reply, tries: int) -> Result | Pause:
    """What an answer means for the item."""
    if reply.status == CLIENT_GONE:
        return Pause()
    body = reply.body.strip()
    fields = orjson.loads(body)
    if fields.get("type") != "error":
        return Result("succeeded", message_of(body))
    return pause(reply, fields["error"]["type"], tries) or Result("errored", body)


def message_of(body: bytes) -> bytes:
    """The message with the tier of its request, as Anthropic tells it of what a batch has asked
    (https://platform.claude.com/docs/en/api/service-tiers, read 2026-11-21). Numbers over 64 bits stay what they are.
    """
    fields = json.loads(body)
    return dumps({**fields, "usage": {**(fields.get("usage") or {}), "service_tier": "batch"}})


def pause(reply: Reply, kind: str, tries: int) -> Pause | None:
    """How long to wait before another try; None when this was the last one."""
    if kind not in HEALING or reply.headers.get("x-should-retry") == "false":
        return None
    told = float(reply.headers.get("retry-after", 0))
    if kind == "rate_limit_error":
        return Pause(told or LIMITED_PAUSE, hold=True)
    if tries >= MOST_TRIES:
        return None
    return Pause(max(told, min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1))), counted=True)


def failed(error: RialtoError) -> Result:
    """The result of an item that was not asked."""
    return Result("errored", dumps({**error.told(), "request_id": None}))
