"""The running request, taken out of the framework's proxies once: each look through one of them costs several calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app, g, request

from app.batches.origin import Origin, origin_of
from app.clients.rows import Client
from app.rialto import Rialto


def rialto() -> Rialto:
    """The parts of the running application."""
    found: Rialto = current_app.extensions["rialto"]
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose client is known; `headers` have lower-case names, `origin` is that of a request from inside."""

    rialto: Rialto
    client: Client
    environ: Mapping[str, Any]
    headers: Mapping[str, str]
    origin: Origin | None


def asked() -> Asked:
    """What the running request is."""
    environ = request.environ
    return Asked(rialto(), g.client, environ, headers_of(environ), origin_of(environ))


def headers_of(environ: Mapping[str, Any]) -> dict[str, str]:
    """The headers of a WSGI request, those that have no value of their own left out."""
    found = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    own = {"content-type": environ.get("CONTENT_TYPE"), "content-length": environ.get("CONTENT_LENGTH")}
    return found | {name: value for name, value in own.items() if value}
