"""Every law over every case of every vendor. Nobody registers anything: both are found by walking folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conformance.answer_laws import ANSWER_LAWS
from tests.conformance.kit import Case, cases
from tests.conformance.request_laws import REQUEST_LAWS

LAWS: dict[Callable[[Case], None], Callable[[Case], bool]] = {**ANSWER_LAWS, **REQUEST_LAWS}


def pairs() -> Iterator[Any]:
    """Each case with each law that holds for it."""
    for case in cases():
        for law, applies in LAWS.items():
            if applies(case):
                yield pytest.param(law, case, id=f"{case.name}-{law.__name__}")


@pytest.mark.parametrize(("law", "case"), list(pairs()))
def test_law(law: Callable[[Case], None], case: Case) -> None:
    law(case)


@pytest.mark.parametrize("case", cases(), ids=str)
def test_case_is_complete(case: Case) -> None:
    names = {path.name for path in case.folder.iterdir()}
    assert {"request.json", "upstream.json", "expected.json", "about.txt"} <= names
    assert {"response.sse", "response.ndjson", "response.json"} & names
    assert case.fails == (set(case.expected) == {"error"})
