"""Whom the laws hold for: every vendor by each of its wires, and servers of a user's own (`servers/vendors.toml`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.catalog.catalog import Catalog
from app.catalog.targets import Target
from app.settings.settings import Settings
from translators import vendors
from translators.core.vendor import Route, Vendor

SERVERS = Path(__file__).resolve().parent / "servers"
KEY = "test-key"
ALIAS = "claude-sonnet-4-6"
#: Settings by which a vendor that has several wires chooses one; a new setting of that kind belongs here.
CHOICES: tuple[Mapping[str, str], ...] = (
    {"OPENAI_API": "chat", "XAI_API": "chat"},
    {"OPENAI_API": "responses", "XAI_API": "responses"},
    {"OLLAMA_MODE": "anthropic"},
)


@cache
def servers() -> dict[str, Target]:
    """The servers by name."""
    catalog = Catalog.load(Settings.load({}), SERVERS)
    return {name: catalog.targets[name] for name in catalog.conf.servers}


@cache
def targets() -> dict[str, Vendor]:
    """Every vendor and every server by name."""
    return {**vendors(), **{name: target.vendor for name, target in servers().items()}}


def route(vendor: str, model: str = "", alias: str = ALIAS, **settings: Any) -> Route:
    """A route to a vendor's model, its first one by default."""
    found = targets()[vendor]
    model = model or next(iter(found.models), "sample-model")
    settings = {"base_url": found.base_url or f"https://{vendor}.test", **settings}
    profile = found.model_profile(model, found.profile)
    return Route(alias=alias, vendor=found, model=model, profile=profile, key=KEY, **settings)


@dataclass(frozen=True)
class VendorWire:
    """A vendor by one of its wires. `choice` is the place in `CHOICES` of the settings that choose it."""

    vendor: str
    protocol: str
    choice: int

    def route(self, model: str = "", **fields: Any) -> Route:
        """The route of this wire to a model."""
        return route(self.vendor, model, extra=extra(self.vendor, self.choice), **fields).carrying({})

    def routes(self) -> list[Route]:
        """A route to every model that the vendor names."""
        return [self.route(model) for model in targets()[self.vendor].models or ("sample-model",)]

    def __str__(self) -> str:
        return f"{self.vendor}-{self.protocol}"


def extra(vendor: str, choice: int) -> Mapping[str, str]:
    """What a choice puts into the routes of a vendor."""
    return Settings.load(CHOICES[choice]).vendor_extras.get(vendor, {})


@cache
def wires() -> tuple[VendorWire, ...]:
    """Every vendor by every wire that it has."""
    found: dict[tuple[str, str], VendorWire] = {}
    for vendor in targets():
        for choice in range(len(CHOICES)):
            where = route(vendor, extra=extra(vendor, choice)).carrying({})
            protocol = where.vendor.protocol.name
            found.setdefault((vendor, protocol), VendorWire(vendor, protocol, choice))
    return tuple(found.values())


def choice_of(where: Route) -> int:
    """The place in `CHOICES` of the settings that lead to the wire of a route."""
    chosen = (wire.choice for wire in wires() if (wire.vendor, wire.protocol) == spoken(where))
    return next(chosen, 0)


def spoken(where: Route) -> tuple[str, str]:
    """Vendor and wire of a route."""
    return where.vendor.name, where.vendor.protocol.name
