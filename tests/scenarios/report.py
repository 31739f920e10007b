"""What the tests of this folder cover: the collected tests by entry, the table of README.md, the report of a run."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import pytest

from tests.scenarios.catalogue import CATALOGUE, Entry
from tests.scenarios.wires import EVERY

HERE = Path(__file__).parent
README = HERE / "README.md"
NAME = re.compile(r"test_([a-z]{2})_(\d+)_")
BEGIN, END = "<!-- table -->", "<!-- end of the table -->"


@dataclass
class Proof:
    """The tests of one entry: names, wires, and the reasons of those that fail as long as something is missing."""

    names: dict[str, None] = field(default_factory=dict)
    wires: set[str] = field(default_factory=set)
    missing: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    count: int = 0


class Collector:
    """A plugin: sorts the collected tests by entry and keeps how they ended."""

    def __init__(self) -> None:
        self.found: dict[str, Proof] = defaultdict(Proof)
        self.skipping: list[str] = []
        self.loose: list[str] = []
        self.outcomes: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """All tests are known."""
        for item in session.items:
            self.note(item)

    def note(self, item: pytest.Item) -> None:
        """Takes note of one test."""
        if any(item.iter_markers("skip")) or any(item.iter_markers("skipif")):
            self.skipping.append(item.nodeid)
        entry = entry_of(item.name)
        if entry is None:
            return
        tests = self.found[entry]
        tests.count += 1
        tests.names[item.name.partition("[")[0]] = None
        callspec = getattr(item, "callspec", None)
        wire = callspec.params.get("wire", "") if callspec else ""
        tests.wires |= {wire} if wire else set()
        for mark in item.iter_markers("xfail"):
            if mark.kwargs.get("strict") is not True or not mark.kwargs.get("reason"):
                self.loose.append(item.nodeid)
            tests.missing[str(mark.kwargs.get("reason"))].add(wire)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One test has ended."""
        if report.when != "call" and report.passed:
            return
        entry = entry_of(report.nodeid.rpartition("::")[2])
        if entry is not None:
            outcome = "missing" if hasattr(report, "wasxfail") and report.skipped else report.outcome
            self.outcomes[entry][outcome] += 1


def entry_of(name: str) -> str | None:
    """The id of the entry that a test is about."""
    found = NAME.match(name)
    return f"{found[1].upper()}-{found[2]}" if found else None


def collected() -> Collector:
    """What pytest finds in this folder, in a process of its own, so that it can be asked from a test too."""
    collector = Collector()
    with redirect_stdout(StringIO()) as told:
        status = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", str(HERE)], plugins=[collector])
    if status:
        raise SystemExit(told.getvalue())
    return collector


def table(found: dict[str, Proof]) -> str:
    """The table of the README."""
    lines = ["| id | | tests | wires | missing |", "|---|---|---|---|---|"]
    lines += [row(entry, found.get(entry.id, Proof())) for entry in CATALOGUE]
    return "\n".join(lines)


def row(entry: Entry, tests: Proof) -> str:
    """One entry."""
    reasons = "; ".join(
        reason + (f" ({', '.join(ordered(wires))})" if len(wires) < len(tests.wires) else "")
        for reason, wires in tests.missing.items()
    )
    wires = "all" if tests.wires == set(EVERY) else ", ".join(ordered(tests.wires)) or "-"
    return f"| {entry.id} | {entry.title} | {len(tests.names)} | {wires} | {reasons} |"


def ordered(wires: Iterable[str]) -> list[str]:
    """Wires in their usual order."""
    return [wire for wire in EVERY if wire in set(wires)]


def written(found: dict[str, Proof]) -> str:
    """The README with the table of now."""
    head, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    return f"{head}{BEGIN}\n{table(found)}\n{END}{rest.partition(END)[2]}"


def run() -> int:
    """Runs all scenarios and prints a line for each entry; the exit status is pytest's."""
    collector = Collector()
    status = pytest.main(["-q", "-p", "no:cacheprovider", "--no-header", str(HERE)], plugins=[collector])
    for entry in CATALOGUE:
        tests, outcomes = collector.found.get(entry.id, Proof()), collector.outcomes[entry.id]
        state = "FAIL" if outcomes["failed"] or not tests.count else "missing" if outcomes["missing"] else "pass"
        wires = ", ".join(ordered(tests.wires)) or "-"
        print(f"{entry.id:6} {state:8} {outcomes['passed']:4} passed  {wires}")
        print("".join(f"{'':16}{name}\n" for name in tests.names), end="")
        print("".join(f"{'':16}missing: {reason}\n" for reason in tests.missing), end="")
    return int(status)


def in_own_process(*arguments: str) -> str:
    """What this module prints when it is run with these arguments."""
    command = [sys.executable, "-m", "tests.scenarios", *arguments]
    done = subprocess.run(command, cwd=HERE.parent.parent, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
