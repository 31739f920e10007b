"""GET /health (is Rialto alive), GET /test-connection (does a vendor answer), GET / (what is set up)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from app.api import auth, visitors
from app.api.messages import json_answer, rialto
from app.exchange.call import Caller
from app.exchange.exchange import Exchange
from app.startup import VERSION, reach
from app.usage.requests import opened
from translators.core.errors import InvalidRequest, RialtoError
from translators.core.vendor import Json, Route

status = Blueprint("status", __name__)

DEFAULT_NAME = "sonnet"
QUESTION = "Reply with the word ok."

#: HTTP status -> what to do about it.
REMEDIES: dict[int, Callable[[Route], str]] = {
    400: lambda route: "Check the model's name and the vendor's notes in docs/vendors.md.",
    401: lambda route: f"Check {route.vendor.key_variable or 'the key'}.",
    402: lambda route: f"Check the balance of the account behind {route.vendor.key_variable or 'the key'}.",
    403: lambda route: f"Check {route.vendor.key_variable or 'the key'} and what its account may use.",
    404: lambda route: f"Check the model's name {route.model!r}.",
    429: lambda route: "Wait, or raise the account's limits.",
    502: lambda route: f"Check {route.vendor.address_variable} and the network.",
    504: lambda route: f"Check {route.vendor.address_variable} and the network, or raise FIRST_BYTE_TIMEOUT.",
    529: lambda route: "The vendor is busy: try again later.",
}


@status.before_request
def check_visitor() -> None:
    """What is set up is no foreign page's business; that the process lives may be known."""
    if request.endpoint != "status.health":
        visitors.check(request, rialto().settings)


@status.get("/health")
def health() -> Response:
    """Liveness: the process answers. No vendor is asked and no key is needed."""
    return json_answer({"status": "ok"})


@status.get("/")
def summary() -> Response:
    """Name and version; to whoever has the client's key also what is set up."""
    settings, catalog = rialto().settings, rialto().catalog
    body: Json = {"name": "Rialto", "version": VERSION}
    if is_welcome():
        body["vendors"] = [target.vendor.name for target in catalog.configured]
        body["tiers"] = {word: reach(catalog, word) for word in catalog.conf.tiers}
        body["models"] = len(catalog.models())
        body["client_key_required"] = settings.is_keyed
    return json_answer(body)


@status.get("/test-connection")
def test_connection() -> Response:
    """Asks the vendor of `?model=` or `?vendor=` one tiny question; a failure says what to do."""
    auth.check_operator(request, rialto().keyring)
    route = rialto().catalog.resolve(wanted_name())
    began = time.monotonic()
    try:
        reply = ask(route)
    except RialtoError as error:
        remedy = REMEDIES.get(error.status)
        error.message = (
            f"{error.message} (asked {route.vendor.title} for {route.model}. {remedy(route) if remedy else ''})"
        )
        raise
    took = round((time.monotonic() - began) * 1000)
    about = {"vendor": route.vendor.name, "model": route.model}
    return json_answer({"status": "ok", **about, "reply": text_of(reply), "milliseconds": took})


def ask(route: Route) -> Json:
    """The vendor's whole message on a tiny question. Raises RialtoError."""
    message = {"model": route.alias, "max_tokens": 64, "messages": [{"role": "user", "content": QUESTION}]}
    caller = Caller(gone=lambda: False, via=rialto().instance)
    account = opened()
    account.asked(message)
    account.kind, account.wished = "test", route
    rialto().books.begin(account)
    return Exchange(message, (route,), rialto().means, caller, account).whole()


def text_of(message: Json) -> str:
    """The visible text of a message."""
    blocks: list[Any] = message.get("content") or []
    return "".join(block.get("text", "") for block in blocks if block.get("type") == "text")


def wanted_name() -> str:
    """The model that the query string asks for, or one of the vendor that it names."""
    vendor = request.args.get("vendor", "")
    if request.args.get("model") or not vendor:
        return request.args.get("model") or DEFAULT_NAME
    target = rialto().catalog.target(vendor)
    model = next(iter(target.vendor.models), "")
    if not model:
        raise InvalidRequest(f"model: {target.vendor.title} has no known model; add ?model={vendor}/MODEL")
    return f"{vendor}/{model}"


def is_welcome() -> bool:
    """The caller has the client's key, or none is set."""
    try:
        auth.check(request, rialto().keyring)
    except RialtoError:
        return False
    return True
