"""Targets: the vendors as they are configured here, with their keys, addresses and extra settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from app.catalog.conf_schemas import Server
from app.settings.settings import Settings, SettingsError, spelled
from translators.core.errors import Unauthorized
from translators.core.local import NO_DESK
from translators.core.vendor import CLIENT_KEY, Protocol, Route, Vendor, refine

__all__ = ["CLIENT_KEY", "Target", "addressed", "build_targets", "endpoint", "provider_name", "spelled"]

PROVIDER_ADDRESS = "PROVIDER_BASE_URL"
"""The vendor that has this variable is a server of the user's own."""
THINKING = "thinking"
"""Key in `Route.extra`: the server's switch for thinking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A vendor that may be called. `missing` names the variable without which it cannot be, "" when nothing is missing.

    `declared` is true when the user asked for it: by a key, an address or a file.
    """

    vendor: Vendor
    base_url: str
    key: str = ""
    """The first of the keys."""
    keys: tuple[str, ...] = ()
    declared: bool = False
    missing: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    context_window: int | None = None
    """Tokens, for models whose own window is not known."""

    @property
    def usable(self) -> bool:
        """Nothing is missing."""
        return not self.missing

    @property
    def configured(self) -> bool:
        """Usable because the user said so."""
        return self.usable and self.declared


def unset(target: Target, instead: str = "") -> Unauthorized:
    """The error that names what is missing; `instead` is what can be done without it."""
    words = f"{target.missing} is not set. Set it in .env or the environment to use {target.vendor.title}"
    return Unauthorized(f"{words}{instead}.", should_retry=False)


def endpoint(route: Route) -> str:
    """The full address of a request."""
    return addressed(route.vendor.url(route.base_url, route), route)


def addressed(url: str, route: Route) -> str:
    """An address with the query string of the vendor's address or of `conf/vendors.toml`."""
    query = route.extra.get("query")
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url


def build_targets(
    settings: Settings, vendors: Mapping[str, Vendor], servers: Mapping[str, Server]
) -> dict[str, Target]:
    """Every vendor and server by its spelled name. Raises SettingsError for servers that cannot be built."""
    problems = list(_server_problems(servers, vendors))
    if problems:
        raise SettingsError(problems)
    access = _access(settings, vendors)
    targets = {spelled(name): _vendor_target(settings, vendor, *access(name)) for name, vendor in vendors.items()}
    targets |= {spelled(name): _server_target(settings, name, row, vendors) for name, row in servers.items()}
    if own := _own_server(vendors.values()):
        if _lends(settings):
            targets[own] = _borrowed(targets[own], settings)
        targets |= dict.fromkeys(_nicknames(settings, targets), targets[own])
    return targets


def provider_name(settings: Settings, vendors: Mapping[str, Vendor]) -> str:
    """The spelled name of the vendor that PROVIDER_* (or a vendor moved without a key) is about, "" when there is
    none.
    """
    name = spelled(settings.provider.name)
    if name in vendors and name != settings.lender:
        return name
    return _own_server(vendors.values()) if _own_address(settings) else ""


def _own_server(vendors: Iterable[Vendor]) -> str:
    """The spelled name of the vendor that stands for a server of the user's own, "" when there is none."""
    return next((spelled(vendor.name) for vendor in vendors if vendor.address_variable == PROVIDER_ADDRESS), "")


def _own_address(settings: Settings) -> str:
    return settings.provider.base_url or settings.vendor_urls.get(settings.lender, "")


def _lends(settings: Settings) -> bool:
    """Whether that address is the lender's and not another server's."""
    named = spelled(settings.provider.name) == settings.lender
    return bool(settings.lender) and (named or not settings.provider.base_url)


def _borrowed(target: Target, settings: Settings) -> Target:
    """The server at the lender's address: what the lender's variables say counts there too."""
    return replace(target, extra={**settings.vendor_extras.get(settings.lender, {}), **target.extra})


def _nicknames(settings: Settings, targets: Mapping[str, Target]) -> Iterator[str]:
    """Further names of the user's own server: PROVIDER, and the vendor that lends its address."""
    name = spelled(settings.provider.name)
    if name and name not in targets and settings.provider.base_url:
        yield name
    if settings.lender:
        yield settings.lender


def _access(settings: Settings, vendors: Mapping[str, Vendor]) -> Callable[[str], tuple[str, str]]:
    """Vendor -> (key, address) as the user set them; PROVIDER_* wins for the vendor that it is about."""
    keys, urls, own = dict(settings.vendor_keys), dict(settings.vendor_urls), _own_server(vendors.values())
    if named := provider_name(settings, vendors):
        moved = _own_address(settings) if named == own else settings.provider.base_url
        keys.pop(own, None)
        urls.pop(own, None)
        keys[named] = settings.provider.api_key or keys.get(named, "")
        urls[named] = moved or urls.get(named, "")
    return lambda name: (keys.get(name, ""), urls.get(name, ""))


def _vendor_target(settings: Settings, vendor: Vendor, key: str, moved: str) -> Target:
    extra = settings.vendor_extras.get(vendor.name, {})
    target = Target(
        vendor=replace(vendor, headers={**vendor.headers, **settings.vendor_headers.get(vendor.name, {})}),
        base_url=moved or vendor.base_url,
        **keys_of(key),
        declared=bool(moved if vendor.keyless else key or extra.get(CLIENT_KEY)),
        extra=extra,
        context_window=settings.vendor_windows.get(vendor.name),
    )
    return _split_query(replace(target, missing=_missing(target)))


def keys_of(text: str) -> dict[str, Any]:
    """The fields of a target for the keys in a variable, which are separated by commas."""
    keys = tuple(key.strip() for key in text.split(",") if key.strip())
    return {"key": keys[0] if keys else "", "keys": keys}


def _server_target(settings: Settings, name: str, server: Server, vendors: Mapping[str, Vendor]) -> Target:
    base, protocol = _wires(vendors)[server.protocol]
    vendor = replace(
        base,
        name=name,
        title=server.title or name,
        protocol=protocol,
        base_url=server.base_url,
        base_url_variable=f"base_url of [{name}] in conf/vendors.toml",
        key_variable=server.key_variable,
        keyless=not server.key_variable,
        desk=NO_DESK,
        models=server.models,
        families=server.families,
        headers={**base.headers, **server.headers},
        profile=refine(base.profile, **server.profile),
    )
    target = Target(
        vendor=vendor,
        base_url=server.base_url,
        **keys_of(settings.variable(server.key_variable)),
        declared=True,
        extra={THINKING: server.thinking} if server.thinking else {},
    )
    return _split_query(replace(target, missing=_missing(target)), server.query)


def _missing(target: Target) -> str:
    if not (target.key or target.vendor.keyless or target.extra.get(CLIENT_KEY)):
        return target.vendor.key_variable
    return "" if target.base_url else target.vendor.address_variable


def _split_query(target: Target, more: Mapping[str, str] | None = None) -> Target:
    """Moves a query string out of the address, so that paths can be added to it."""
    parts = urlsplit(target.base_url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *(more or {}).items()])
    if not query:
        return target
    bare = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
    return replace(target, base_url=bare, extra={**target.extra, "query": query})


def _wires(vendors: Mapping[str, Vendor]) -> dict[str, tuple[Vendor, Protocol]]:
    """Name of a wire format -> the vendor whose hooks suit any server that speaks it, and the format."""
    return {protocol.name: (vendor, protocol) for vendor in vendors.values() for protocol in vendor.serves}


def _server_problems(servers: Mapping[str, Server], vendors: Mapping[str, Vendor]) -> Iterator[str]:
    wires = _wires(vendors)
    for name, server in servers.items():
        place = f"conf/vendors.toml: [{name}]"
        if spelled(name) in vendors:
            yield f"{place} is the name of a built-in vendor; choose another."
        if server.protocol not in wires:
            yield f"{place} [protocol] must be one of {', '.join(sorted(wires))}."
        elif server.thinking and not _has_switches(wires[server.protocol][0]):
            yield f"{place} [thinking] is unknown to servers of protocol {server.protocol}; leave it out."


def _has_switches(vendor: Vendor) -> bool:
    return any(entry.extra == THINKING for entry in vendor.variables)
