"""The official `anthropic` SDK, talking to the running app, understands every case as we do."""

from __future__ import annotations

import pytest

from tests.conformance.kit import Case, cases
from tests.conformance.sdk_oracle import raises, rebuilds

#: The demo answers inside the process and cannot be given recorded bytes.
RECORDED = [case for case in cases() if not case.route.base_url.startswith("demo:")]


@pytest.mark.parametrize("case", [case for case in RECORDED if not case.fails], ids=str)
def test_sdk_rebuilds_the_message(case: Case) -> None:
    rebuilds(case)


@pytest.mark.parametrize("case", [case for case in RECORDED if case.fails], ids=str)
def test_sdk_raises_the_error(case: Case) -> None:
    raises(case)
