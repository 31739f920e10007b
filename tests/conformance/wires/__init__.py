"""What the kit must know of a wire, one module for each protocol under the protocol's name: `wire_of(route)`."""

from __future__ import annotations

import importlib

from tests.conformance.wires.wire import Wire
from translators.core.vendor import Route

__all__ = ["Wire", "wire_of"]


def wire_of(route: Route) -> Wire:
    """The wire that a route's requests go by."""
    found: Wire = importlib.import_module(f"{__name__}.{route.vendor.protocol.name}").WIRE
    return found
