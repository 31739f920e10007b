"""A route as JSON and back: what the vendor's file says comes from the file, everything else out of the capture.

So a capture needs no key and no configuration where it is played, and a changed fact about a vendor shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from app.capture.secrets import Secrets
from app.exchange.conformity import mismatch
from app.logs.redaction import KEY
from translators import vendors
from translators.core.vendor import Json, Profile, Protocol, Route, Vendor

#: Fields that are looked at one by one, and those that no translator asks for.
APART = frozenset({"base_url", "extra", "headers", "key", "keys", "mismatch", "profile", "protocol", "vendor"})
IDLE = frozenset({"fallbacks", "prices", "models", "families", "documentation", "drops"})

FIELDS = frozenset(entry.name for entry in fields(Route))


class Unplayable(Exception):
    """The capture cannot be played here; the text says why."""


def route_json(route: Route, message: Json, secrets: Secrets) -> Json:
    """What of a route does not follow from the vendor's file. `wire` is what the vendor chooses for the request."""
    base, headers = file_of(route.vendor), secrets.headers(route.vendor.headers)
    extra = {name: secrets.address(value) if name == "query" else value for name, value in route.extra.items()}
    changed = {**plain(route.vendor), "base_url": secrets.address(route.vendor.base_url)}
    return {
        "route": plain(route),
        "file": base.name,
        "protocol": route.vendor.protocol.name,
        "wire": route.carrying(message).vendor.protocol.name,
        "vendor": {name: value for name, value in changed.items() if value != getattr(base, name)},
        "headers": {name: value for name, value in headers.items() if value != base.headers.get(name)},
        "profile": changes(route.profile, base.model_profile(base_model(route), base.profile)),
        "base_url": secrets.address(route.base_url),
        "extra": extra,
        "keys": len(route.keys) or int(bool(route.key)),
    }


def route_of(told: Mapping[str, Any]) -> Route:
    """The route of a capture. Raises `Unplayable` for a vendor that this Rialto does not have."""
    base = vendors().get(told["file"])
    if base is None:
        raise Unplayable(f"this Rialto has no vendor {told['file']!r}")
    vendor = replace(
        base,
        **typed(told["vendor"], base),
        protocol=protocols(base).get(told["protocol"], base.protocol),
        headers={**base.headers, **told["headers"]},
    )
    if told.get("hidden"):  # a vendor may choose by the host, which is not told
        wire = next(
            (found[told["wire"]] for found in map(protocols, vendors().values()) if told["wire"] in found), None
        )
        vendor = replace(vendor, select=lambda message, route: wire or vendor.protocol)
    keys = (KEY,) * told["keys"]
    route = Route(
        **{name: value for name, value in told["route"].items() if name in FIELDS},
        vendor=vendor,
        profile=Profile(),
        base_url=told["base_url"],
        extra=told["extra"],
        key=keys[0] if keys else "",
        keys=keys,
        mismatch=mismatch,
    )
    facts = base.model_profile(base_model(route), base.profile)
    return replace(route, profile=replace(facts, **typed(told["profile"], facts)))


def file_of(vendor: Vendor) -> Vendor:
    """The vendor whose file a vendor's hooks come from: its own, or the one that serves its wire."""
    known = vendors()
    if own := known.get(vendor.name):
        return own
    serving = (found for found in known.values() if vendor.protocol.name in protocols(found))
    found = next((found for found in serving if found.shape is vendor.shape and found.auth is vendor.auth), None)
    if found is None:
        raise Unplayable(f"no file has the hooks of {vendor.name}")
    return found


def protocols(vendor: Vendor) -> dict[str, Protocol]:
    """The wire formats of a vendor by name, as far as it does not choose them for each request."""
    return {protocol.name: protocol for protocol in (*vendor.serves, vendor.protocol)}


def base_model(route: Route) -> str:
    """The model whose facts a route's profile begins with."""
    return route.extra.get("base_model", route.model)


def changes(profile: Profile, facts: Profile) -> Json:
    """The fields of a profile that settings or conf/ have changed."""
    known = plain(facts)
    return {name: value for name, value in plain(profile).items() if value != known[name]}


def plain(value: Route | Vendor | Profile) -> Json:
    """The fields that are JSON, sets as lists."""
    names = [entry.name for entry in fields(value) if entry.name not in APART | IDLE]
    found = {name: getattr(value, name) for name in names}
    lists = {name: sorted(kept) if isinstance(kept, frozenset) else kept for name, kept in found.items()}
    return {name: kept for name, kept in lists.items() if isinstance(kept, str | int | float | list | None)}


def typed(told: Mapping[str, Any], facts: Vendor | Profile) -> Json:
    """The fields in the types that they have; those that no longer exist are left out."""
    kept = {name: value for name, value in told.items() if hasattr(facts, name)}
    return {name: frozenset(value) if isinstance(value, list) else value for name, value in kept.items()}
