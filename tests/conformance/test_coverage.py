"""Every field of a Messages request at every vendor, for all models that the vendor names."""

from __future__ import annotations

import pytest

from tests.conformance import coverage
from tests.conformance.coverage import FIELDS, Field
from tests.conformance.kit import routes
from translators import vendors


@pytest.mark.parametrize("one", FIELDS, ids=lambda one: one.path)
@pytest.mark.parametrize("vendor", vendors())
def test_field_is_mapped_or_named(vendor: str, one: Field) -> None:
    coverage.covered(one, routes(vendor))


@pytest.mark.parametrize("vendor", vendors())
def test_drops_are_real_fields(vendor: str) -> None:
    for route in routes(vendor):
        coverage.known(route)
