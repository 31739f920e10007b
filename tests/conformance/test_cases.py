"""Every wire has a case of every kind, or says why it cannot have one."""

from __future__ import annotations

import pytest

from tests.conformance.kinds import KINDS, LACKING, cases_by_wire

WIRES = cases_by_wire()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wire", WIRES)
def test_wire_has_a_case(wire: str, kind: str) -> None:
    found = [case.name for case in WIRES[wire] if KINDS[kind](case)]
    if (wire, kind) in LACKING:
        assert not found, f"{wire} is said to have no case of {kind}"
    else:
        assert found, f"{wire} has no case of {kind}"


def test_what_is_lacking_exists() -> None:
    assert {wire for wire, _ in LACKING} <= set(WIRES)
    assert {kind for _, kind in LACKING} <= set(KINDS)
