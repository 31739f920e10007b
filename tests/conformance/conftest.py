"""Says how many conformance checks ran."""

from __future__ import annotations

import pytest

HERE = "tests/conformance/"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line at the end: `conformance checks: N`."""
    counts = {
        outcome: sum(1 for report in terminalreporter.getreports(outcome) if report.nodeid.startswith(HERE))
        for outcome in ("passed", "failed")
    }
    failed = f", {counts['failed']} failed" if counts["failed"] else ""
    terminalreporter.write_line(f"conformance checks: {sum(counts.values())}{failed}")
