"""Routes to a made-up vendor."""

from __future__ import annotations

from typing import Any

from translators.core.vendor import Json, Profile, Route, Vendor
from translators.protocols.openai_chat import OPENAI_CHAT

VENDOR_FIELDS = ("thinking", "shape", "error", "read", "key_variable")
ROUTE_FIELDS = ("model", "max_output", "session", "key", "alias")


def route(**fields: Any) -> Route:
    """A route; fields of vendor and route by their names, all others go into the profile."""
    own = {name: fields.pop(name) for name in VENDOR_FIELDS if name in fields}
    outer = {name: fields.pop(name) for name in ROUTE_FIELDS if name in fields}
    vendor = Vendor(
        name="acme", title="Acme", protocol=OPENAI_CHAT, base_url="https://acme.test/v1", documentation="", **own
    )
    defaults: Json = {"alias": "my-model", "model": "m-1", "base_url": vendor.base_url}
    return Route(vendor=vendor, profile=Profile(**fields), **{**defaults, **outer})
