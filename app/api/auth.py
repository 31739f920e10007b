"""The client's key: `x-api-key` or `Authorization: Bearer`, either or both."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from flask import Request
from werkzeug.datastructures import Headers

from app.batches.origin import origin_of
from app.clients.keys import Keyring
from app.clients.rows import Client
from translators.core.errors import Forbidden, Unauthorized


def check(request: Request, keyring: Keyring) -> Client:
    """The client that one of the presented keys belongs to; the default one where no key is asked for. Raises
    `Unauthorized`.
    """
    client = holder(request, keyring)
    if client.expires and client.expires <= datetime.datetime.now(datetime.UTC):
        words = f"the key of client {client.name} expired at {client.expires:%Y-%m-%d %H:%M %Z}"
        raise Unauthorized(words, should_retry=False)
    return client


def holder(request: Request, keyring: Keyring) -> Client:
    """The client of a request, whether or not its key has expired."""
    if origin := origin_of(request.environ):
        return origin.client
    if not keyring.asks:
        return keyring.default
    found = keys(request.headers)
    if not found:
        words = f"x-api-key header is required ({source(keyring)}; Authorization: Bearer works too)"
        raise Unauthorized(words, should_retry=False)
    client = keyring.holder(found)
    if client is None:
        raise Unauthorized(f"invalid x-api-key: it is not {source(keyring)}", should_retry=False)
    return client


def check_operator(request: Request, keyring: Keyring) -> Client:
    """The same for what shows or spends what belongs to all: the rows of `conf/clients.toml` may not. Raises
    `Forbidden` too.
    """
    client = check(request, keyring)
    if client is not keyring.default:
        raise Forbidden(f"client {client.name} may only send messages; this needs the value of BRIDGE_API_KEY")
    return client


def source(keyring: Keyring) -> str:
    """Where keys come from."""
    known = ["the value of BRIDGE_API_KEY"] if keyring.knows_default else []
    return " or ".join([*known, *(["a key of conf/clients.toml"] if keyring.rows else [])])


def own_credentials(headers: Headers | Mapping[str, str], keyring: Keyring) -> dict[str, str]:
    """The headers whose key is not Rialto's: the client's own key for the vendor."""
    found = {name: headers.get(name, "").strip() for name in ("x-api-key", "authorization")}
    return {
        name: value
        for name, value in found.items()
        if value and value.lower() != "bearer" and keyring.holder(value.split()[-1:]) is None
    }


def keys(headers: Headers | Mapping[str, str]) -> list[str]:
    """The keys that a request with these headers presents."""
    scheme, _, token = headers.get("authorization", "").strip().partition(" ")
    found = [headers.get("x-api-key", "").strip(), token.strip() if scheme.lower() == "bearer" else ""]
    return [key for key in found if key]
