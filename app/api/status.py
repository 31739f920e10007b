"""GET /health (is Rialto alive), GET /test-connection (does a vendor answer), GET / (what is set up)."""

from __future__ import annotations

import time

from flask import Blueprint, Response, request

from app.api import auth, visitors
from app.api.asked import rialto
from app.api.messages import json_answer
from app.catalog.targets import Target, unset
from app.doctor.plan import chosen_name, examined, plans
from app.doctor.questions import text_of
from app.doctor.remedies import Case, mistake
from app.exchange.call import Caller
from app.exchange.exchange import Exchange
from app.startup import VERSION, reach
from app.upstream.proxies import proxy_of
from app.usage.requests import opened
from translators import vendors as known_vendors
from translators.core.errors import InvalidRequest, RialtoError
from translators.core.vendor import Json, Route

status = Blueprint("status", __name__)

DEFAULT_NAME = "sonnet"
QUESTION = "Reply with the word ok."


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
    """Asks the vendor of `?model=` or `?vendor=` one tiny question; a failure says what to do. A vendor that answers is
    then asked everything that the doctor asks.
    """
    auth.check_operator(request, rialto().keyring)
    name = wanted_name()
    route = rialto().catalog.resolve(name)
    began = time.monotonic()
    try:
        reply = ask(route)
    except RialtoError as error:
        error.message = f"{error.message} (asked {route.vendor.title} for {route.model}. {remedy(route, error)})"
        raise
    took = round((time.monotonic() - began) * 1000)
    about = {"vendor": route.vendor.name, "model": route.model}
    body = {"status": "ok", **about, "reply": text_of(reply), "milliseconds": took}
    return json_answer({**body, **(checks(name) if asks_for_vendor() else {})})


def checks(name: str) -> Json:
    """What the doctor finds at the vendor of a model, under `checks`."""
    reports = examined(rialto(), plans(rialto().catalog, model=name))
    return {"checks": [finding.told() for report in reports for finding in report.findings]}


def asks_for_vendor() -> bool:
    """Whether the query string names a vendor and no model of it."""
    return bool(request.args.get("vendor")) and not request.args.get("model")


def remedy(route: Route, error: RialtoError) -> str:
    """What to do about a failure."""
    case = Case(route=route, error=error, vendors=known_vendors(), proxy=proxy_of(route.base_url))
    return mistake(case).words(case)


def ask(route: Route) -> Json:
    """The vendor's whole message on a tiny question. Raises RialtoError."""
    message = {"model": route.alias, "max_tokens": 64, "messages": [{"role": "user", "content": QUESTION}]}
    account = opened()
    account.asked(message)
    account.kind, account.wished = "test", route
    rialto().books.begin(account)
    caller = Caller(gone=lambda: False, via=rialto().instance, trace=account.goes_with)
    return Exchange(message, (route,), rialto().means, caller, account).whole()


def named_target(name: str) -> Target | None:
    """The vendor that the query string names, itself or by the model. Raises `NotFound` for one that nobody knows."""
    catalog = rialto().catalog
    if vendor := request.args.get("vendor"):
        return catalog.target(vendor)
    pick = catalog.names.find(name) if catalog.names.is_explicit(name) else None
    return pick.target if pick else None


def wanted_name() -> str:
    """The model that the query string asks for, or one of the vendor that it names. Raises `Unauthorized` for a vendor
    that is not set up, also where the demo would answer in its place.
    """
    name = request.args.get("model") or DEFAULT_NAME
    target = named_target(name)
    if target and target.missing:
        raise unset(target)
    if target is None or not asks_for_vendor():
        return name
    if not (target.vendor.models or (target.usable and target.vendor.keyless)):
        raise InvalidRequest(f"model: {target.vendor.title} has no known model; add ?model={target.vendor.name}/MODEL")
    return chosen_name(rialto(), target)


def is_welcome() -> bool:
    """The caller has the client's key, or none is set."""
    try:
        auth.check(request, rialto().keyring)
    except RialtoError:
        return False
    return True
