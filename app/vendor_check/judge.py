"""Judges answers: all checks on all of them, and what Rialto makes of what they find."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.vendor_check.answer import Answer
from app.vendor_check.check import REPAIRS, Check, Evidence, Repair
from app.vendor_check.checks import CHECKS
from app.vendor_check.playing import Played, played

#: Stands for words that only the user's own conversation would show.
UNTOLD = "(words of the conversation)"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One answer in which a check found something, and what the client got of it."""

    answer: Answer
    evidence: Sequence[Evidence]
    repair: Repair
    words: str = ""
    """The error that the client got, "" when it got none."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A check and everything that it found."""

    check: Check
    sightings: Sequence[Sighting]

    @property
    def repairs(self) -> list[str]:
        """What Rialto makes of it, each outcome once."""
        return list(dict.fromkeys(REPAIRS[one.repair] for one in self.sightings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All findings about one vendor. `answers` are those that were judged, `skipped` says which could not be."""

    vendor: str
    title: str
    answers: Sequence[Answer] = ()
    findings: Sequence[Finding] = ()
    skipped: Sequence[str] = field(default=())

    @property
    def faults(self) -> list[Finding]:
        """The findings that are no notes."""
        return [finding for finding in self.findings if not finding.check.note]

    @property
    def exit_status(self) -> int:
        """0 when nothing was found, 1 when something was, 2 when there was nothing to judge."""
        return (1 if self.faults else 0) if self.answers else 2


def judged(vendor: str, title: str, answers: Iterable[Answer], skipped: Sequence[str] = ()) -> Report:
    """The report on the answers of a vendor."""
    heard = tuple(answers)
    outcomes = {answer.place: played(answer) for answer in heard}
    found = []
    for check in CHECKS:
        sightings = [
            sighting(check, answer, evidence, outcomes[answer.place])
            for answer in heard
            if (evidence := check.evidence(answer))
        ]
        if sightings:
            found.append(Finding(check, sightings))
    return Report(vendor=vendor, title=title, answers=heard, findings=tuple(found), skipped=tuple(skipped))


def repaired(check: Check, answer: Answer, outcome: Played) -> Repair:
    """What became of it."""
    if outcome.message and check.repair == "lost":
        return "repaired" if check.mends and check.mends(answer, outcome.message) else "lost"
    if check.repair == "lost" or check.note:
        return check.repair
    return "reported" if outcome.error else "repaired" if outcome.message else check.repair


def sighting(check: Check, answer: Answer, evidence: Sequence[Evidence], outcome: Played) -> Sighting:
    """What the client got of a finding: an answer that became an error all the same was not repaired, and one that
    became a message was.
    """
    repair = repaired(check, answer, outcome)
    if answer.twin is None:
        return Sighting(answer, evidence, repair, outcome.error)
    told = check.evidence(answer.twin) or [Evidence(one.at, UNTOLD) for one in evidence]
    return Sighting(answer.twin, told, repair, "")
