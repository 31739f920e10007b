"""The doctor's reports for people and for scripts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from app.catalog.catalog import Catalog
from app.doctor import local
from app.doctor.findings import Finding, Report, exit_status
from app.doctor.local import Found
from translators.core.vendor import Json

WIDTH = 100
SUMMARY = {0: "All is well.", 1: "Something failed.", 2: "No vendor is set up: the built-in demo answers."}
STATES = {0: "ok", 1: "failed", 2: "not configured"}


def page(
    reports: Sequence[Report], found: Sequence[Found], waiting: Sequence[str], files: Sequence[Report] = ()
) -> str:
    """Everything, as text."""
    lines: list[str] = []
    for report in [*reports, *files]:
        lines += [*section(report), ""]
    if found:
        lines += ["Servers on this machine:", *(f"  {line}" for line in local.lines(found)), ""]
    if waiting:
        lines += wrapped(f"Not configured: {', '.join(waiting)}", "")
    return "\n".join([*lines, SUMMARY[exit_status(reports, files)]])


def section(report: Report) -> Iterator[str]:
    """The table of one model."""
    yield " ".join(part for part in (report.title, report.model, report.address) if part)
    for finding in report.findings:
        if finding.state != "not checked" or finding.words:
            yield from rows(finding)


def rows(finding: Finding) -> Iterator[str]:
    """A check, the vendor's words, and the remedy below them."""
    took = "" if finding.milliseconds is None else f" ({finding.milliseconds / 1000:.1f} s)"
    words = f"{finding.words}{took}".strip()
    yield from wrapped(f"  {finding.check:<9} {finding.state:<12} {words}".rstrip(), " " * 25)
    if finding.remedy:
        yield from wrapped(f"  {'':<9} {'->':>12} {finding.remedy}", " " * 25)


def wrapped(text: str, indent: str) -> list[str]:
    """The text in lines."""
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )


def document(
    reports: Sequence[Report], found: Sequence[Found], waiting: Sequence[str], files: Sequence[Report] = ()
) -> Json:
    """The same as JSON."""
    return {
        "status": STATES[exit_status(reports, files)],
        "reports": [report.told() for report in reports],
        "local": [one.told() for one in found],
        "not_configured": list(waiting),
        "files": [report.told() for report in files],
    }


def missing(catalog: Catalog) -> list[str]:
    """Vendors that could be set up, with the variable that each lacks."""
    return sorted({f"{one.vendor.title} ({one.missing})" for one in catalog.targets.values() if one.missing})
