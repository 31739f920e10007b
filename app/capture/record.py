"""Record: a tape as one line of a capture, without secrets. Its form is described in docs/debugging.md."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from app.capture.deck import told
from app.capture.routes import Unplayable, route_json
from app.capture.secrets import Secrets
from app.capture.tape import Sent, Tape, Try
from app.startup import VERSION
from app.upstream.framing import loads
from app.usage.record import moment
from translators.core.vendor import Json

FORM = 1


def record(tape: Tape, secrets: Secrets) -> Json:
    """All of an exchange as JSON."""
    account, caller = tape.account, tape.caller
    known = secrets.and_others(keys_of(tape))
    client = {
        "method": account.method,
        "path": known.address(account.path),
        "headers": known.headers(caller.headers, plain_only=True),
        "user_agent": known.text(caller.user_agent),
        "via": known.text(caller.via),
        "trace": known.value(caller.trace),
        "credentials": sorted(caller.credentials),
        "body": known.value(tape.message),
    }
    error = told(account.error) if account.error else None
    answer = {
        "error": known.value(error),
        "sent": sent(tape.sent, known),
        "refusal": tape.refusal and known.text(tape.refusal.decode()),
    }
    return {
        "form": FORM,
        "rialto": VERSION,
        "contents": "all",
        "time": moment(account.began),
        "request_id": account.request_id,
        "session_id": known.text(account.session),
        "stream": bool(tape.message.get("stream")),
        "request": client,
        **played_with(tape, known),
        "tries": [try_json(one, known) for one in tape.tries],
        "answer": answer | {"status": account.status, "items": tape.items, "stop_reason": account.stop_reason},
        "notes": known.value(tape.deck.answers),
    }


def keys_of(tape: Tape) -> Iterator[str]:
    """The keys of the client and of the vendors that it may reach."""
    yield from tape.account.secrets
    yield from (value.split()[-1] for value in tape.caller.credentials.values())
    for route in tape.routes:
        yield from (route.key, *route.keys)


def played_with(tape: Tape, secrets: Secrets) -> Json:
    """The routes; why there is no playing without them."""
    try:
        return {"routes": [secrets.value(route_json(route, tape.message, secrets)) for route in tape.routes]}
    except Unplayable as reason:
        return {"routes": [], "unplayable": str(reason)}


def try_json(one: Try, secrets: Secrets) -> Json:
    """One request to a vendor and its answer. `end` is why the bytes end: "end", an error, or "open"."""
    clean = secrets.pieces([piece for _, piece in one.pieces])
    end: Any = {"error": secrets.value(one.error), "expired": one.expired} if one.error else None
    return {
        "at": one.at,
        "url": secrets.address(one.url),
        "headers": secrets.headers(one.headers),
        "body": body_json(one.body, secrets),
        "status": one.status,
        "answer_headers": secrets.headers(one.answer_headers),
        "pieces": [[at, text_of(piece)] for (at, _), piece in zip(one.pieces, clean, strict=True)],
        "end": end or ("end" if one.ended else "open"),
    }


def body_json(body: bytes, secrets: Secrets) -> Any:
    """A request's body as the JSON that it is."""
    return secrets.value(loads(body))


def sent(pieces: Iterable[Sent], secrets: Secrets) -> list[Json]:
    """What went to the client."""
    found = list(pieces)
    clean = secrets.pieces([piece.data for piece in found])
    return [
        {"at": piece.at, "items": piece.items, **({"sign": piece.sign} if piece.sign else {}), "data": text_of(data)}
        for piece, data in zip(found, clean, strict=True)
    ]


def text_of(data: bytes) -> Any:
    """Bytes as text where they are UTF-8, else in base64."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def bytes_of(told: Any) -> bytes:
    """The bytes again."""
    return base64.b64decode(told["base64"]) if isinstance(told, Mapping) else str(told).encode()


def line_of(entry: Json) -> bytes:
    """A record as a line. What orjson refuses is escaped, because half surrogate pairs must come back as they were."""
    try:
        return orjson.dumps(entry) + b"\n"
    except (TypeError, orjson.JSONEncodeError):
        return json.dumps(entry, separators=(",", ":"), default=str).encode() + b"\n"
