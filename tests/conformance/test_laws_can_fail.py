"""Each law fails when the code is broken where the law looks, and passes when it is not."""

from __future__ import annotations

import pytest

from tests.conformance.answer_laws import ANSWER_LAWS
from tests.conformance.broken import BREAKS, Break
from tests.conformance.request_laws import REQUEST_LAWS


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: one.law.__name__)
def test_law_notices_the_damage(one: Break) -> None:
    one.check()
    assert one.complaint(), f"{one.law.__name__} does not notice: {one.damage.__doc__}"


def test_every_law_is_broken_once() -> None:
    assert {*ANSWER_LAWS, *REQUEST_LAWS} <= {one.law for one in BREAKS}
