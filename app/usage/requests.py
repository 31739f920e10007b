"""Which requests are exchanges, and what is written of the others.

Every POST to the messages endpoint is an exchange, whatever becomes of it, and so is the question that /test-connection
asks. The exchange itself settles its account; one that was refused before that is settled with its answer.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from flask import Flask, Response, g, request

from app.api import auth
from app.api.errors import request_id
from app.batches.origin import origin_of
from app.exchange.account import Account
from app.logs.application import log_request
from app.usage.books import Books
from app.usage.kind import AGENT, SESSION, kind_of
from app.usage.record import milliseconds
from translators.core.vendor import Json

ENDPOINT = "messages.create"
#: The kind of every item of a batch.
BATCH = "batch"
#: The headers that join a request to a distributed trace (https://www.w3.org/TR/trace-context/, read 2026-11-21).
TRACING = ("traceparent", "tracestate")


def init_app(app: Flask, books: Books) -> None:
    """Opens an account for each exchange before anything can refuse it."""

    @app.before_request
    def begin() -> None:
        g.began = time.monotonic()
        if request.endpoint == ENDPOINT and request.method == "POST":
            books.begin(opened())

    @app.after_request
    def conclude(response: Response) -> Response:
        account: Account | None = g.get("account")
        if account is None:
            took = milliseconds(time.monotonic() - g.get("began", time.monotonic()))
            log_request(request.method, request.path, response.status_code, took, request_id())
        elif not account.running:
            refuse(account, response.status_code)
            books.settle(account)
        return response


def opened() -> Account:
    """The account of the running request."""
    headers = request.headers
    g.account = account = Account(
        method=request.method,
        path=request.path,
        request_id=request_id(),
        session=headers.get(SESSION, ""),
        agent=headers.get(AGENT, ""),
        secrets=tuple(auth.keys(headers)),
        came_with={name: headers[name] for name in TRACING if name in headers},
    )
    return account


def understood(message: Json, headers: Mapping[str, str], session: str) -> Account:
    """The account of the running request, whose body is valid; `headers` have lower-case names."""
    account: Account = g.account
    account.asked(message)
    account.session = session
    account.kind = BATCH if origin_of(request.environ) else kind_of(message, headers)
    return account


def refuse(account: Account, status: int) -> None:
    """The request was answered without an exchange."""
    if error := g.get("failure"):
        account.failed(error)
    account.status = status
    account.end()
