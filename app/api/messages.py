"""POST /v1/messages and POST /v1/messages/count_tokens, plain and under `/{vendor}:{model}`."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from flask import Blueprint, Response, g, request

from app.api import auth, sse
from app.api.asked import Asked, asked, rialto
from app.api.bodies import read_body
from app.api.schemas import COUNT_REQUEST, KNOWN, MESSAGE_REQUEST, parse
from app.catalog.detours import rerouted
from app.clients.models import allowed_chain, check_model, may_stand_in, may_use
from app.exchange.call import USER_AGENT, Caller, anyone
from app.exchange.client import ClientGone, end_writes, presence
from app.exchange.counting import count_answer
from app.exchange.exchange import BLANK, Exchange
from app.exchange.loops import passed
from app.exchange.means import Means
from app.ids import new_id
from app.search.call import shown
from app.settings.settings import Settings
from app.usage.kind import SESSION
from app.usage.requests import understood
from translators.core import tokens
from translators.core.blocks import is_wordless
from translators.core.errors import InvalidRequest
from translators.core.structured import wanted_schema
from translators.core.vendor import Json, Route

messages = Blueprint("messages", __name__)

#: The client closed the connection; nobody reads this status, but logs do.
CLIENT_CLOSED = 499
#: A `user_id` of Claude Code before it was JSON; the session is a UUID.
OLDER_USER = re.compile(r"user_[^_]{0,128}_account_[^_]{0,64}_session_([0-9a-fA-F-]{36})")

log = logging.getLogger("rialto")


@messages.before_request
def check_key() -> None:
    """Every endpoint here needs the client's key."""
    keyring = rialto().keyring
    g.client = client = auth.check(request, keyring)
    if account := g.get("account"):
        account.client = client.name if keyring.asks else ""


@messages.post("/v1/messages")
@messages.post("/v1/v1/messages")
@messages.post("/<path:target>/v1/messages")
@messages.post("/<path:target>/v1/v1/messages")
def create(target: str | None = None) -> Response:
    """A message, whole or streamed."""
    here = asked()
    message = parse(body(here), MESSAGE_REQUEST)
    account = understood(message, here.headers, session(message, here))
    account.wished = route = resolve(message, target, here, account.session)
    if message["max_tokens"] == 0 and not route.profile.genuine:
        return json_answer(empty_message(message))
    here.rialto.books.begin(account)
    routes = allowed_chain(here.client, route, here.rialto.catalog.chain(route))
    admitted = here.rialto.quotas.admitted(here.client, message, route, means(here))
    asker = caller(here, account.goes_with, partial(may_stand_in, here.client, route))
    exchange = Exchange(clamped(message, here.rialto.settings), routes, admitted, asker, account)
    log_unknown(message, route)
    end_writes(here.environ, here.rialto.settings.total_timeout)
    if not message.get("stream"):
        return whole_answer(exchange)
    return stream_answer(exchange)


@messages.post("/v1/messages/count_tokens")
@messages.post("/v1/v1/messages/count_tokens")
@messages.post("/<path:target>/v1/messages/count_tokens")
@messages.post("/<path:target>/v1/v1/messages/count_tokens")
def count_tokens(target: str | None = None) -> Response:
    """The input tokens over system, tools and all blocks."""
    here = asked()
    message = parse(body(here), COUNT_REQUEST)
    route = resolve(message, target, here, session(message, here))
    own = means(here)
    if own.fitting is not None:
        message = own.fitting.countable(message, route, own.media)
    message = own.media.countable(message, route)
    return json_answer(count_answer(message, route, own.upstream, caller(here), own.memory))


def means(here: Asked) -> Means:
    """What a request uses: the files are its client's, and an item of a batch lets others go first."""
    shared = here.rialto.means
    kept, most = here.rialto.files.of(here.client.name), here.rialto.settings.storage.file_bytes
    own = replace(shared, media=shared.media.reading(kept, most))
    return replace(own, traffic=own.traffic.behind()) if here.origin else own


def body(here: Asked) -> bytes:
    """The request's bytes."""
    return read_body(request, here.rialto.settings.max_body_bytes)


def resolve(message: Json, target: str | None, here: Asked, session: str) -> Route:
    """The route of a request, bound to its conversation. A path prefix without a colon is a mount point, no target.
    Raises `Forbidden` for a model that the client may not call. A rule that leads to such a one does not hold.
    """
    path_route = target if target and ":" in target else None
    route = here.rialto.catalog.resolve(message["model"], path_route).within(session)
    check_model(here.client, route, path_route)
    detour = route if path_route else detoured(message, route, here)
    return detour if may_use(here.client, detour, path_route) else route


def detoured(message: Json, route: Route, here: Asked) -> Route:
    """The route that the rules of `[[routing]]` choose."""
    catalog, calibration = here.rialto.catalog, here.rialto.means.memory.calibration
    if not catalog.rules:
        return route

    def estimated(message: Json, route: Route) -> int:
        return calibration.estimate(shown(message, route), route).tokens

    return rerouted(catalog, route, message, here.headers, datetime.now(UTC), estimated)


def session(message: Json, here: Asked) -> str:
    """A stable id of the conversation: the client's header, or the session inside `metadata.user_id`, or the batch; ""
    when there is none.
    """
    named = here.headers.get(SESSION) or session_in((message.get("metadata") or {}).get("user_id"))
    return named or (here.origin.batch if here.origin else "")


def session_in(user_id: Any) -> str:
    """The session that a `user_id` names, as JSON or in the form of older clients, or ""."""
    try:
        found = json.loads(user_id).get("session_id") if user_id else ""
    except (TypeError, ValueError, AttributeError, RecursionError):
        older = OLDER_USER.fullmatch(user_id) if isinstance(user_id, str) else None
        return older[1] if older else ""
    return found if isinstance(found, str) else ""


def log_unknown(message: Json, route: Route) -> None:
    """Says which fields and which blocks of the model's nobody here knows; only a genuine endpoint gets them."""
    if route.profile.genuine:
        return
    unknown = {"fields": [name for name in message if name not in KNOWN], "blocks": unknown_blocks(message)}
    for what, names in unknown.items():
        if names:
            log.info("%s that are not known are ignored: %s", what, ", ".join(map(repr, names)))


def unknown_blocks(message: Json) -> list[str]:
    """The types of the model's blocks that say nothing to another model."""
    said = [turn.get("content") for turn in message["messages"] if turn.get("role") == "assistant"]
    blocks = (block for content in said if isinstance(content, list) for block in content)
    return sorted({str(block.get("type")) for block in blocks if is_wordless(block) and not block.get("text")})


def clamped(message: Json, settings: Settings) -> Json:
    """The message with `max_tokens` inside the configured limits."""
    wished = message["max_tokens"]
    wished = max(wished, settings.min_tokens_limit or 0) if wished else 0
    wished = min([wished, *(limit for limit in (settings.max_tokens_limit, settings.max_output_tokens) if limit)])
    return {**message, "max_tokens": wished}


def caller(here: Asked, trace: Mapping[str, str] | None = None, may_ask: Callable[[Route], bool] = anyone) -> Caller:
    """What the exchange needs of a request."""
    return Caller(
        gone=presence(here.environ),
        via=", ".join([*passed(here.headers), here.rialto.instance]),
        user_agent=here.headers.get("user-agent") or USER_AGENT,
        headers=here.headers,
        credentials=auth.own_credentials(here.headers, here.rialto.keyring),
        trace=trace or {},
        may_ask=may_ask,
    )


def whole_answer(exchange: Exchange) -> Response:
    """The message at once, or behind blanks when it takes long."""
    pieces = exchange.body()
    try:
        first = next(pieces)
    except ClientGone:
        return Response(status=CLIENT_CLOSED)
    if first != BLANK:
        return Response(first, headers={**exchange.limits}, content_type="application/json")
    return Response(rest(first, pieces), headers={**sse.UNBUFFERED, **exchange.limits}, content_type="application/json")


def stream_answer(exchange: Exchange) -> Response:
    """The stream, once its first frames are there: errors before them are HTTP errors."""
    frames = exchange.stream()
    try:
        first = next(frames)
    except ClientGone:
        return Response(status=CLIENT_CLOSED)
    return Response(rest(first, frames), headers={**sse.HEADERS, **exchange.limits})


def rest(first: bytes, frames: Iterator[bytes]) -> Iterator[bytes]:
    """All frames; the end of a client ends the exchange."""
    try:
        yield first
        yield from frames
    except ClientGone:
        return
    finally:
        frames.close()  # type: ignore[attr-defined]


def json_answer(value: Any) -> Response:
    """A JSON body."""
    return Response(sse.dumps(value), content_type="application/json")


def empty_message(message: Json) -> Json:
    """The answer to `max_tokens: 0`, which only warms a cache: no vendor is asked. Raises `InvalidRequest` for what
    does not go with it (https://platform.claude.com/docs/en/build-with-claude/prompt-caching, read 2026-11-21).
    """
    for field, refused in without_answer(message).items():
        if refused:
            raise InvalidRequest(f"max_tokens: 0 asks for no answer, which does not go with {field}")
    return {
        "id": new_id("msg_"),
        "type": "message",
        "role": "assistant",
        "model": message["model"],
        "content": [],
        "stop_reason": "max_tokens",
        "stop_sequence": None,
        "usage": {"input_tokens": tokens.estimate_request(message), "output_tokens": 0},
    }


def without_answer(message: Json) -> dict[str, bool]:
    """Field -> it asks for something that an empty answer cannot give."""
    return {
        "stream: true": bool(message.get("stream")),
        "thinking": (message.get("thinking") or {}).get("type") == "enabled",
        "a form of the answer": wanted_schema(message) is not None,
        "tool_choice": (message.get("tool_choice") or {}).get("type") in ("any", "tool"),
    }
