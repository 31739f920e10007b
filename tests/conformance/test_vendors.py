"""What every vendor must bring: documentation, a row in the README, and cases that show its wire."""

from __future__ import annotations

import pytest

from tests.conformance import vendor_rules
from tests.conformance.kit import FIXTURES, cases_of, load
from translators import vendors

ROOT = FIXTURES.parent.parent


@pytest.mark.parametrize("name", vendors())
def test_vendor_is_documented(name: str) -> None:
    vendor = vendors()[name]
    assert vendor.name == name
    assert vendor.title
    assert vendor.documentation.startswith("https://")
    rows = [line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| [")]
    assert any(f"[{vendor.title}]" in row and f"`{name}/" in row for row in rows), f"{name} is not in README's table"
    described = (ROOT / "docs" / "vendors.md").read_text(encoding="utf-8")
    assert vendor.documentation in described
    assert all(reason in described for reason in vendor.profile.drops.values())


@pytest.mark.parametrize("name", vendors())
def test_vendor_has_cases(name: str) -> None:
    found = cases_of(name)
    assert any(case.sse is not None and not case.fails for case in found), f"{name} has no streamed case"
    assert any(case.fails for case in found), f"{name} has no case of an error"
    calling = [case for case in found if len(calls(case.expected)) > 1]
    assert calling, f"{name} has no case with parallel calls"
    returning = [case for case in found if any(message["role"] == "assistant" for message in case.request["messages"])]
    assert returning, f"{name} has no case of a second turn"


def calls(message: vendor_rules.Json) -> list[vendor_rules.Json]:
    """The calls of an expected message."""
    return [block for block in message.get("content") or () if block["type"] == "tool_use"]


@pytest.mark.parametrize("name", vendors())
def test_vendor_has_rules_with_a_source(name: str) -> None:
    assert load(FIXTURES / name / "rules.json", {}).get("source"), f"{name} has no rules.json"
    for model in vendors()[name].models:
        vendor_rules.rules(name, model)
