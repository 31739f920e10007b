"""Web pages as visitors: a page of another site must neither read what Rialto shows nor spend what Rialto may spend.

A page can make a browser send requests to this machine, and by a name of its own that suddenly leads here (DNS
rebinding) it could read the answers. Such a request carries a foreign name as its Host, or a foreign Origin; one that
carries no Origin says by Sec-Fetch-Site where it comes from (https://www.w3.org/TR/fetch-metadata/, read 2026-11-21).
Where clients need a key, a page has none: then any name may lead here, unless BRIDGE_ALLOWED_HOSTS names them. There is
no CORS: no page of another origin reads anything.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Request, request

from app.settings.settings import Settings
from app.settings.variables import is_loopback
from translators.core.errors import Forbidden

#: What a probe asks: that the process lives is no secret.
OPEN_PATHS = ("/health",)
#: Sec-Fetch-Site of requests that no page of another site has caused.
OWN_SITES = ("none", "same-origin")


def init_app(app: Flask, settings: Settings) -> None:
    """Checks every request."""

    @app.before_request
    def refuse() -> None:
        if request.path in OPEN_PATHS:
            return
        check_host(request, settings)
        if not settings.is_keyed:
            check_address(request)
            check_origin(request, settings)


def check_address(request: Request) -> None:
    """Raises `Forbidden` for another machine. Rialto's own server listens to none while no key is set; any other does
    what it was told to, and another machine's Host can say anything. A socket file has no address.
    """
    address = (request.remote_addr or "").removeprefix("::ffff:")
    if address and not is_loopback(address):
        raise Forbidden("other machines are served only with BRIDGE_API_KEY, or keys of clients; none is set")


def check(request: Request, settings: Settings) -> None:
    """Raises `Forbidden` for a request that a foreign page has made or could read. For pages: a browser shows them to
    whoever has opened them once.
    """
    check_host(request, settings)
    check_origin(request, settings)


def check_host(request: Request, settings: Settings) -> None:
    """Raises `Forbidden` for a foreign Host. Browsers always send one."""
    host = request.headers.get("host", "")
    if not host or (settings.is_keyed and not settings.allowed_hosts) or is_own(host_in(f"//{host}"), settings):
        return
    raise Forbidden(f"Host: {host} is no name of this server; BRIDGE_ALLOWED_HOSTS lists those that are")


def check_origin(request: Request, settings: Settings) -> None:
    """Raises `Forbidden` for what a page of another origin has sent, or has made a browser send."""
    origin = request.headers.get("origin")
    if origin is None:
        if request.headers.get("sec-fetch-site", "none") not in OWN_SITES and not is_visit(request):
            raise Forbidden("a page of another site may not ask this server")
        return
    same = netloc_of(origin) == request.headers.get("host", "").lower()
    if not same and not is_named(host_in(origin), settings):
        raise Forbidden(f"Origin: {origin} is not this server; BRIDGE_ALLOWED_HOSTS lists names that are")


def is_visit(request: Request) -> bool:
    """Somebody follows a link to a page of ours."""
    mode, place = request.headers.get("sec-fetch-mode"), request.headers.get("sec-fetch-dest")
    return request.method == "GET" and mode == "navigate" and place == "document"


def is_own(name: str, settings: Settings) -> bool:
    """The name leads to this machine alone, is that of the settings, or is allowed by them."""
    return is_loopback(name) or name == settings.host.lower() or is_named(name, settings)


def is_named(name: str, settings: Settings) -> bool:
    """BRIDGE_ALLOWED_HOSTS has the name, or a domain above it that begins with a dot."""
    return any(
        name == allowed or (allowed.startswith(".") and name.endswith(allowed)) for allowed in settings.allowed_hosts
    )


def netloc_of(address: str) -> str:
    """Host and port of an address in lower case; "" when it has none."""
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:
        return ""


def host_in(address: str) -> str:
    """The host of an address in lower case; "" when it has none."""
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""
