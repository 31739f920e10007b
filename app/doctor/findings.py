"""What the doctor finds: a finding for each check, a report for each model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from translators.core.vendor import Json

CHECKS = ("key", "address", "models", "answer", "stream", "tools", "thinking", "image", "count", "window")
State = Literal["ok", "failed", "not configured", "not claimed", "not checked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found. A failed one has a category and a remedy; the words are the vendor's own then."""

    check: str
    state: State
    words: str = ""
    category: str = ""
    remedy: str = ""
    milliseconds: int | None = None

    def told(self) -> Json:
        """The finding as JSON, without what it does not have."""
        known = {"words": self.words, "category": self.category, "remedy": self.remedy}
        took = {} if self.milliseconds is None else {"milliseconds": self.milliseconds}
        return {
            "check": self.check,
            "state": self.state,
            **{name: text for name, text in known.items() if text},
            **took,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The findings of one model of one vendor. `address` holds no password."""

    vendor: str
    title: str
    model: str = ""
    address: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def state(self) -> State:
        """The worst of the findings."""
        states = {finding.state for finding in self.findings}
        return next((state for state in BAD if state in states), "ok")

    def finding(self, check: str) -> Finding | None:
        """What one check found."""
        return next((finding for finding in self.findings if finding.check == check), None)

    def finding_is_ok(self, check: str) -> bool:
        """Whether one check went well."""
        found = self.finding(check)
        return found is not None and found.state == "ok"

    def told(self) -> Json:
        """The report as JSON."""
        about = {"vendor": self.vendor, "title": self.title, "model": self.model, "address": self.address}
        return {**about, "state": self.state, "checks": [finding.told() for finding in self.findings]}


BAD: tuple[State, ...] = ("failed", "not configured")


def arranged(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """One finding for each check, in their order; of two about the same, the later one that says more."""
    chosen: dict[str, Finding] = {}
    for finding in found:
        if finding.check not in chosen or finding.state != "not checked":
            chosen[finding.check] = finding
    empty = Finding(check="", state="not checked")
    return tuple(chosen.get(check) or replace(empty, check=check) for check in CHECKS)


def exit_status(reports: Sequence[Report], aside: Sequence[Report] = ()) -> int:
    """0 when all is well, 1 when something failed, 2 when no vendor is configured. `aside` is what is no vendor."""
    asked = [report for report in reports if report.state != "not configured"]
    if any(report.state == "failed" for report in [*asked, *aside]):
        return 1
    return 0 if asked else 2
