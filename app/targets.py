"""Targets: the vendors as they are configured here, with their keys, addresses and extra settings."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from app.conf_schemas import Server
from app.settings import Settings, SettingsError
from translators.core.vendor import Protocol, Route, Vendor, refine

COMPATIBLE = "openai_compatible"
"""The vendor behind PROVIDER_BASE_URL and the servers of `conf/vendors.toml`."""
CLIENT_KEY = "forward_client_key"
"""Key in `Route.extra`: the client's own key goes to the vendor."""
ORIGINAL = "openai"
"""The vendor whose address, when it is moved without a key, stands for a compatible server too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A vendor that may be called. `missing` names the variable without which it cannot be, "" when nothing is missing.

    `declared` is true when the user asked for it: by a key, an address or a file.
    """

    vendor: Vendor
    base_url: str
    key: str = ""
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


def endpoint(route: Route) -> str:
    """The full address of a request."""
    return addressed(route.vendor.url(route.base_url, route), route)


def addressed(url: str, route: Route) -> str:
    """An address with the query string of the vendor's address or of `conf/vendors.toml`."""
    query = route.extra.get("query")
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url


def spelled(name: str) -> str:
    """A vendor's name in the spelling of the table's keys."""
    return name.lower().replace("-", "_")


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
    if COMPATIBLE in targets:
        targets |= dict.fromkeys(_nicknames(settings, targets), targets[COMPATIBLE])
    return targets


def provider_name(settings: Settings, names: Container[str]) -> str:
    """The spelled name of the vendor that PROVIDER_* (or a moved OpenAI) is about, "" when there is none."""
    name = spelled(settings.provider.name)
    if name in names:
        return name
    return COMPATIBLE if _compatible_address(settings) and COMPATIBLE in names else ""


def _compatible_address(settings: Settings) -> str:
    moved = "" if settings.vendor_keys.get(ORIGINAL) else settings.vendor_urls.get(ORIGINAL, "")
    return settings.provider.base_url or moved


def _nicknames(settings: Settings, targets: Mapping[str, Target]) -> Iterator[str]:
    """Further names of the compatible server: PROVIDER, and "openai" when only its address is set."""
    name = spelled(settings.provider.name)
    if name and name not in targets and settings.provider.base_url:
        yield name
    if settings.vendor_urls.get(ORIGINAL) and not settings.vendor_keys.get(ORIGINAL):
        yield ORIGINAL


def _access(settings: Settings, vendors: Container[str]) -> Callable[[str], tuple[str, str]]:
    """Vendor -> (key, address) as the user set them; PROVIDER_* wins for the vendor that it is about."""
    keys, urls = dict(settings.vendor_keys), dict(settings.vendor_urls)
    if named := provider_name(settings, vendors):
        moved = _compatible_address(settings) if named == COMPATIBLE else settings.provider.base_url
        keys.pop(COMPATIBLE, None)
        urls.pop(COMPATIBLE, None)
        keys[named] = settings.provider.api_key or keys.get(named, "")
        urls[named] = moved or urls.get(named, "")
    return lambda name: (keys.get(name, ""), urls.get(name, ""))


def _vendor_target(settings: Settings, vendor: Vendor, key: str, moved: str) -> Target:
    extra = settings.vendor_extras.get(vendor.name, {})
    target = Target(
        vendor=replace(vendor, headers={**vendor.headers, **settings.vendor_headers.get(vendor.name, {})}),
        base_url=moved or vendor.base_url,
        key=key,
        declared=bool(moved if vendor.keyless else key or extra.get(CLIENT_KEY)),
        extra=extra,
        context_window=settings.vendor_windows.get(vendor.name),
    )
    return _split_query(replace(target, missing=_missing(target)))


def _server_target(settings: Settings, name: str, server: Server, vendors: Mapping[str, Vendor]) -> Target:
    base = vendors[COMPATIBLE]
    vendor = replace(
        base,
        name=name,
        title=server.title or name,
        protocol=_protocols(vendors)[server.protocol],
        base_url=server.base_url,
        base_url_variable=f"base_url of [{name}] in conf/vendors.toml",
        key_variable=server.key_variable,
        keyless=not server.key_variable,
        models=server.models,
        families=server.families,
        headers={**base.headers, **server.headers},
        profile=refine(base.profile, **server.profile),
    )
    target = Target(
        vendor=vendor,
        base_url=server.base_url,
        key=settings.variable(server.key_variable),
        declared=True,
        extra={"thinking": server.thinking} if server.thinking else {},
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


def _protocols(vendors: Mapping[str, Vendor]) -> dict[str, Protocol]:
    return {vendor.protocol.name: vendor.protocol for vendor in vendors.values()}


def _server_problems(servers: Mapping[str, Server], vendors: Mapping[str, Vendor]) -> Iterator[str]:
    protocols = sorted(_protocols(vendors))
    for name, server in servers.items():
        place = f"conf/vendors.toml: [{name}]"
        if spelled(name) in vendors:
            yield f"{place} is the name of a built-in vendor; choose another."
        if server.protocol not in protocols:
            yield f"{place} [protocol] must be one of {', '.join(protocols)}."
