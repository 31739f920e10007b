"""Says at the end how many examples each law has seen."""

from __future__ import annotations

import pytest

from tests.fuzz.counting import COUNTS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow laws last: they get the time that is left."""
    items.sort(key=lambda item: item.nodeid.startswith("tests/fuzz/test_requests.py"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line a law, and the sum."""
    if not COUNTS:
        return
    terminalreporter.write_sep("-", "examples")
    for name, count in sorted(COUNTS.items()):
        terminalreporter.write_line(f"{count:7,}  {name}")
    terminalreporter.write_line(f"{COUNTS.total():7,}  in all")
