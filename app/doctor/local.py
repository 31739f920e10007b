"""Servers of models that run on this machine, found at their usual ports. Only the user's own commands look for them.

No proxy is asked and no key is sent: the question goes to loopback and nowhere else.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from app.catalog.catalog import Catalog
from app.doctor.lists import is_here
from translators import vendors as known_vendors
from translators.core.limits import Limits, Look, limits_for
from translators.core.local import LocalServer
from translators.core.vendor import Json, Vendor

HOST = "127.0.0.1"
#: Seconds that a server may take for each part of an answer, and the largest answer in bytes.
SECONDS, MOST = 1.0, 4 * 1024 * 1024
#: Models whose windows are asked for one by one.
MOST_ASKED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A running server. `windows` has the models in its order; tokens, None where it does not say."""

    server: LocalServer
    vendor: Vendor
    port: int
    windows: Mapping[str, int | None] = field(default_factory=dict)
    configured: bool = False

    @property
    def address(self) -> str:
        """Its address as the vendor's variable takes it."""
        return f"http://{HOST}:{self.port}{self.server.path}"

    @property
    def variables(self) -> dict[str, str]:
        """What makes Rialto use it."""
        return {self.vendor.address_variable: self.address}

    @property
    def names(self) -> tuple[str, ...]:
        """The models as Rialto calls them."""
        return tuple(f"{self.vendor.name}/{model}" for model in self.windows)

    def told(self) -> Json:
        """The server as JSON."""
        models = [{"model": model, "context_window": window} for model, window in self.windows.items()]
        about = {"server": self.server.title, "vendor": self.vendor.name, "address": self.address}
        return {**about, "configured": self.configured, "variables": self.variables, "models": models}


def search(catalog: Catalog, ports: Sequence[int] = ()) -> list[Found]:
    """The servers at their usual ports, or of any kind at the given ones."""
    kinds = [(vendor, server) for vendor in known_vendors().values() for server in vendor.local_servers]
    places = [[(vendor, server, port) for vendor, server in kinds] for port in ports]
    places = places or [[(vendor, server, server.port)] for vendor, server in kinds]
    return [found for place in places if (found := first(catalog, place))]


def first(catalog: Catalog, place: Sequence[tuple[Vendor, LocalServer, int]]) -> Found | None:
    """The first kind of server that knows itself at a port."""
    return next((found for kind in place if (found := at(catalog, *kind))), None)


def at(catalog: Catalog, vendor: Vendor, server: LocalServer, port: int) -> Found | None:
    """The server at a port, None for nothing or another one."""
    models = said(server.models, port, "")
    if models is None or (not models and not server.pull):
        return None
    windows = {name: window(catalog, vendor, server, port, name, models) for name in list(models)[:MOST_ASKED]}
    rest = {name: limits.context_window for name, limits in models.items() if name not in windows}
    configured = any(is_at(target.base_url, port) for target in catalog.configured)
    return Found(server=server, vendor=vendor, port=port, windows={**windows, **rest}, configured=configured)


def window(
    catalog: Catalog, vendor: Vendor, server: LocalServer, port: int, model: str, models: Mapping[str, Limits]
) -> int | None:
    """The window that a model has through Rialto: what the server says, within what Rialto asks it for."""
    known = limits_for(model, models).context_window
    for look in server.windows:
        known = known or limits_for(model, said(look, port, model) or {}).context_window
    asked = catalog.target(vendor.name).context_window
    return min(known, asked) if known and asked else known


def said(look: Look, port: int, model: str) -> Mapping[str, Limits] | None:
    """What the server says in one place; None when there is no answer, or another program's."""
    answer = asked(port, look.url(f"http://{HOST}:{port}"), look.body(model))
    if answer is None:
        return None
    try:
        return look.read(answer, model)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def asked(port: int, url: str, body: Any) -> Any:
    """The parsed answer of loopback; None for everything but a JSON object with status 200."""
    connection = http.client.HTTPConnection(HOST, port, timeout=SECONDS)
    try:
        path = urlsplit(url).path
        if body is None:
            connection.request("GET", path)
        else:
            connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
        reply = connection.getresponse()
        answer = json.loads(reply.read(MOST)) if reply.status == 200 else None
        return answer if isinstance(answer, dict) else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def is_at(base: str, port: int) -> bool:
    """Whether an address is that port of this machine."""
    return is_here(base) and urlsplit(base).port == port


def lines(found: Sequence[Found]) -> Iterator[str]:
    """The servers for people."""
    for one in found:
        yield f"{one.server.title} on {one.address}" + (" (set up)" if one.configured else "")
        for model, tokens in one.windows.items():
            yield f"  {one.vendor.name}/{model}: {f'{tokens:,} tokens' if tokens else 'window not known yet'}"
        if not one.windows:
            example = next(iter(one.vendor.models), "MODEL")
            yield f"  no models yet; for example: {one.server.pull.format(model=example)}"
        if not one.configured:
            yield from (f"  to use it, in .env: {name}={value}" for name, value in one.variables.items())
