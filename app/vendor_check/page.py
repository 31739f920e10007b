"""The report as a page that can be sent to the vendor: what was seen, the bytes of it, how to see it again."""

from __future__ import annotations

from collections.abc import Iterator

from app.startup import VERSION
from app.vendor_check.curl import command
from app.vendor_check.judge import Finding, Report, Sighting
from app.vendor_check.text import at, counted, excerpt, words

#: Sightings that are shown whole; the others are named.
SHOWN = 2
OPENING = """\
# {title}: answers against the contract of the wire

Rialto {version} has judged {answers} of {title}: {findings}, {notes}. Each finding says what was seen and what
the contract of the wire expects, with the bytes of an answer and, where it is known, the request that led to it.
The ids are those of Rialto's scenario catalogue (tests/scenarios/README.md). Notes are no faults, though clients
may stumble over what they tell. There are no keys on this page{words}.
"""
FILLER = ", and letters of what was said are replaced by x"


def page(report: Report) -> str:
    """The page in Markdown."""
    notes = [finding for finding in report.findings if finding.check.note]
    lines = [opening(report, len(notes)), *summary(report)]
    for title, found in (("Findings", report.faults), ("Notes", notes)):
        if found:
            lines += [f"## {title}", ""]
        for finding in found:
            lines += section(finding)
    if report.skipped:
        lines += ["## Not judged", "", *(f"- {reason}" for reason in report.skipped), ""]
    return "\n".join(lines).rstrip() + "\n"


def opening(report: Report, notes: int) -> str:
    """What the page is about."""
    twins = any(answer.twin for answer in report.answers)
    return OPENING.format(
        title=report.title,
        version=VERSION,
        answers=counted(len(report.answers), "answer"),
        findings=counted(len(report.faults), "finding"),
        notes=counted(notes, "note"),
        words=FILLER if twins else "",
    )


def summary(report: Report) -> Iterator[str]:
    """The table of all findings."""
    if not report.findings:
        yield "Nothing was found."
        return
    yield from ("| scenario | finding | seen in | Rialto |", "|---|---|---|---|")
    for finding in report.findings:
        kind = " (note)" if finding.check.note else ""
        seen = counted(len(finding.sightings), "answer")
        yield f"| {finding.check.scenario} | {finding.check.name}{kind} | {seen} | {', '.join(finding.repairs)} |"
    yield ""


def section(finding: Finding) -> Iterator[str]:
    """One finding."""
    check = finding.check
    yield from (f"### {check.scenario} {check.name}", "", f"{check.says} Expected: {check.expects}", "")
    yield from (f"Rialto: {', '.join(finding.repairs)}; {check.remedy}.", "")
    for one in finding.sightings[:SHOWN]:
        yield from sighting(one)
    if others := finding.sightings[SHOWN:]:
        yield from (f"Seen too in {', '.join(f'`{one.answer.place}`' for one in others)}.", "")


def sighting(one: Sighting) -> Iterator[str]:
    """One answer: where, what, the bytes, the request."""
    about = f" ({one.answer.about})" if one.answer.about else ""
    evidence = one.evidence[0]
    yield from (f"In `{one.answer.place}`{at(evidence)}{about}: {inline(words(evidence))}", "")
    if bytes_seen := excerpt(one.answer, evidence):
        yield from fenced(bytes_seen, "")
    if asked := command(one.answer):
        yield from ("Asked by:", "", *fenced(asked, "sh"))


def inline(text: str) -> str:
    """The text as code, whatever is in it."""
    mark = "``" if "`" in text else "`"
    return f"{mark} {text} {mark}" if mark == "``" else f"{mark}{text}{mark}"


def fenced(text: str, language: str) -> Iterator[str]:
    """A block of code whose fence is in no line of it."""
    fence = "````" if "```" in text else "```"
    yield from (f"{fence}{language}", *text.splitlines(), fence, "")
