"""A vendor's list of its models, and which addresses have one when the given address does not."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from app.catalog.targets import addressed
from app.memory.limits import looks_of
from app.upstream.framing import parsed
from app.upstream.upstream import Upstream
from translators.core.errors import RialtoError
from translators.core.refusals import refusal
from translators.core.vendor import Route

#: Ends of addresses that are endpoints: what was copied out of an example.
TAILS = (
    *("/chat/completions", "/completions", "/responses", "/messages", "/models", "/embeddings"),
    *("/api/chat", "/api/generate", "/api/tags", "/api/show", "/api/v0", "/api/v1"),
)
#: How many addresses are tried in place of one that does not answer, and the seconds that each, and all, may take.
MOST_TRIES, TRY_SECONDS, ALL_TRIES_SECONDS = 8, 3.0, 9.0


@dataclass(frozen=True, slots=True)
class Listed:
    """What the list's address answered. `error` is why there are no names; None for a list, also an empty one."""

    names: tuple[str, ...] = ()
    error: RialtoError | None = None


def listed(route: Route, upstream: Upstream, seconds: float) -> Listed | None:
    """The models that the vendor says it has; None for a vendor that has no list."""
    url = list_url(route)
    if not url:
        return None
    try:
        reply = upstream.fetch(route, addressed(url, route), seconds)
        try:
            answer = parsed(reply.body())
        finally:
            reply.close()
        if reply.status != 200:
            return Listed(error=refusal(route, reply.status, answer, reply.headers))
        return Listed(names_in(route, answer))
    except RialtoError as error:
        return Listed(error=error)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return Listed(error=RialtoError(f"{route.vendor.title}: no list of models ({type(error).__name__})"))


def list_url(route: Route) -> str:
    """Where the vendor lists its models; "" for nowhere."""
    if route.vendor.listing:
        return route.vendor.listing.url(route.base_url)
    return next((look.url(route.base_url) for look in looks_of(route) if look.body(route.model) is None), "")


def names_in(route: Route, answer: Any) -> tuple[str, ...]:
    """The names in the list. Raises ValueError when the answer is none."""
    if not isinstance(answer, (dict, list)) or (isinstance(answer, dict) and not {"data", "models"} & answer.keys()):
        raise ValueError("no list")
    if route.vendor.listing:
        return route.vendor.listing.names(answer)
    look = next(look for look in looks_of(route) if look.body(route.model) is None)
    return tuple(look.read(answer, route.model))


def better_address(route: Route, upstream: Upstream, *, refused: bool) -> str:
    """An address like the given one that lists models, "" when none does. `refused` is for a key that was refused: then
    it is tried at the vendor's other addresses, which belong to other regions and plans.
    """
    others = vendors_own(route) if refused else variants(route.base_url)
    end = time.monotonic() + ALL_TRIES_SECONDS
    for base in list(dict.fromkeys(others))[:MOST_TRIES]:
        if base == route.base_url or time.monotonic() > end:
            continue
        found = listed(replace(route, base_url=base), upstream, TRY_SECONDS)
        if found and found.names:
            return base
    return ""


def vendors_own(route: Route) -> Iterator[str]:
    """The vendor's addresses, for a key that its owner has sent to one of them already."""
    own = [route.vendor.base_url, *route.vendor.desk.addresses]
    hosts = {urlsplit(address).hostname for address in own}
    if urlsplit(route.base_url).hostname in hosts:
        yield from own


def variants(base: str) -> Iterator[str]:
    """Addresses that were perhaps meant, on the same host. A key never leaves TLS for a host of the network."""
    parts = urlsplit(base)
    for scheme in schemes(parts):
        for path in paths(parts.path):
            yield urlunsplit(parts._replace(scheme=scheme, path=path))


def schemes(parts: SplitResult) -> Sequence[str]:
    """The given scheme and, where it is safe, the other one."""
    other = "https" if parts.scheme == "http" else "http"
    return (parts.scheme, other) if other == "https" or is_near(parts.hostname or "") else (parts.scheme,)


def paths(path: str) -> Iterator[str]:
    """The path without what an example had behind it, with and without /v1, and none at all."""
    bare = path.rstrip("/")
    for tail in TAILS:
        bare = bare.removesuffix(tail)
    yield bare
    yield bare.removesuffix("/v1") if bare.endswith("/v1") else f"{bare}/v1"
    yield "/v1"
    yield ""


def is_near(host: str) -> bool:
    """Whether a host is this machine or one of its own network, as far as its name tells."""
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or (host and "." not in host):
        return ":" not in host or is_private(host)
    return is_private(host)


def is_private(host: str) -> bool:
    """Whether it is an address of this machine or of a private network."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return False


def is_here(base: str) -> bool:
    """Whether an address is of this machine."""
    host = urlsplit(base).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def shown(base: str) -> str:
    """An address without a name and password in it."""
    parts = urlsplit(base)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))
