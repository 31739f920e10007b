"""The report for the terminal and for scripts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from app.capture.secrets import Secrets
from app.vendor_check.answer import Answer
from app.vendor_check.check import REPAIRS, Evidence
from app.vendor_check.judge import Finding, Report, Sighting
from translators.core.vendor import Json

WIDTH = 110
#: Characters of an excerpt, and of the words of one sighting.
EXCERPT, WORDS = 600, 160
#: Sightings of one finding that are told on the terminal.
TOLD = 3
STATES = {0: "nothing found", 1: "findings", 2: "nothing to judge"}


def table(report: Report) -> str:
    """Everything, as text."""
    lines = [f"{report.title}: {len(report.answers)} answers judged"]
    for finding in report.findings:
        lines += rows(finding)
    notes = len(report.findings) - len(report.faults)
    lines += [f"  left out: {reason}" for reason in report.skipped]
    return "\n".join([*lines, f"{counted(len(report.faults), 'finding')}, {counted(notes, 'note')}."])


def counted(number: int, noun: str) -> str:
    """A number and what it counts."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def rows(finding: Finding) -> Iterator[str]:
    """A finding and where it was seen."""
    check = finding.check
    kind = "note" if check.note else " / ".join(finding.repairs)
    yield from wrapped(f"  {check.scenario:<6} {check.name}: {check.says} [{kind}]", " " * 9)
    for one in finding.sightings[:TOLD]:
        for evidence in one.evidence[:1]:
            yield from wrapped(f"{'':9}{one.answer.place}{at(evidence)}: {words(evidence)}", " " * 11)
    if len(finding.sightings) > TOLD:
        yield f"{'':9}and {len(finding.sightings) - TOLD} more"


def at(evidence: Evidence) -> str:
    """The number of the event."""
    return "" if evidence.at is None else f" event {evidence.at}"


def words(evidence: Evidence) -> str:
    """What was found there, without anything that looks like a key."""
    return Secrets().text(evidence.words)[:WORDS].replace("\n", " ")


def excerpt(answer: Answer, evidence: Evidence) -> str:
    """The bytes of the frame as they came, cut where they are long, without anything that looks like a key."""
    if evidence.at is None or evidence.at >= len(answer.frames):
        return ""
    raw = Secrets().data(answer.frames[evidence.at].raw).decode("utf-8", "backslashreplace").strip()
    return raw if len(raw) <= EXCERPT else f"{raw[:EXCERPT]} ... ({len(raw)} characters)"


def wrapped(text: str, indent: str) -> list[str]:
    """The text in lines."""
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def document(report: Report) -> Json:
    """The report as JSON."""
    return {
        "status": STATES[report.exit_status],
        "vendor": report.vendor,
        "answers": len(report.answers),
        "findings": [told(finding) for finding in report.findings],
        "left_out": list(report.skipped),
    }


def told(finding: Finding) -> Json:
    """One finding."""
    check = finding.check
    return {
        "scenario": check.scenario,
        "check": check.name,
        "note": check.note,
        "says": check.says,
        "expects": check.expects,
        "remedy": check.remedy,
        "seen": [seen(one, evidence) for one in finding.sightings for evidence in one.evidence],
    }


def seen(one: Sighting, evidence: Evidence) -> Json:
    """One piece of evidence."""
    return {
        "answer": one.answer.place,
        "event": evidence.at,
        "words": words(evidence),
        "excerpt": excerpt(one.answer, evidence),
        "outcome": REPAIRS[one.repair],
        "error": Secrets().text(one.words),
    }
