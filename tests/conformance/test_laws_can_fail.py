"""Each law fails when the code is broken where the law looks, and passes when it is not."""

from __future__ import annotations

import pytest

from tests.conformance.answer_laws import ANSWER_LAWS
from tests.conformance.broken import BREAKS
from tests.conformance.damage import Break
from tests.conformance.kinds import cases_by_wire, wire_name
from tests.conformance.request_laws import REQUEST_LAWS


@pytest.mark.parametrize("one", BREAKS, ids=str)
def test_law_notices_the_damage(one: Break) -> None:
    one.check()
    assert one.complaint(), f"{one.law.__name__} does not notice: {one.damage.__doc__}"


def test_every_law_is_broken_once() -> None:
    assert {*ANSWER_LAWS, *REQUEST_LAWS} <= {one.law for one in BREAKS}


@pytest.mark.parametrize("wire", cases_by_wire())
def test_every_law_of_requests_is_broken_on_every_wire(wire: str) -> None:
    held = {law for law, applies in REQUEST_LAWS.items() if any(map(applies, cases_by_wire()[wire]))}
    broken = {one.law for one in BREAKS if one.case and wire_name(one.found) == wire}
    assert held <= broken, f"nothing breaks {[law.__name__ for law in held - broken]} on {wire}"
