"""Every field of a Messages request at every vendor by each of its wires, for all models that the vendor names."""

from __future__ import annotations

import pytest

from tests.conformance import coverage
from tests.conformance.coverage import FIELDS, Field
from tests.conformance.targets import VendorWire, wires
from translators import vendors


@pytest.mark.parametrize("one", FIELDS, ids=lambda one: one.path)
@pytest.mark.parametrize("wire", wires(), ids=str)
def test_field_is_mapped_or_named(wire: VendorWire, one: Field) -> None:
    coverage.covered(one, wire.routes())


@pytest.mark.parametrize("one", FIELDS, ids=lambda one: one.path)
@pytest.mark.parametrize("vendor", vendors())
def test_what_a_vendor_drops_is_dropped(vendor: str, one: Field) -> None:
    coverage.true(one, [route for wire in wires() if wire.vendor == vendor for route in wire.routes()])


@pytest.mark.parametrize("wire", wires(), ids=str)
def test_drops_are_real_fields(wire: VendorWire) -> None:
    for route in wire.routes():
        coverage.known(route)
