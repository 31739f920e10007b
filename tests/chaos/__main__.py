"""`python -m tests.chaos [--seed N] [--count N] [--only N]`: the chaos run. Ends with 1 when anything was wrong."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.chaos.run import Run, Size

#: Violations that are shown.
SHOWN = 40

parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="A seeded run of faults against Rialto.")
parser.add_argument("--seed", type=int, default=1, help="another run for each number")
parser.add_argument("--count", type=int, default=2000, help="faulty exchanges")
parser.add_argument("--only", type=int, help="one exchange of the run, to repeat it")
parser.add_argument("--keep", type=Path, help="keep the logs in a new folder in this one")
given = parser.parse_args()

with tempfile.TemporaryDirectory(prefix="rialto-chaos-") as temporary:
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=given.keep or temporary, prefix=f"seed-{given.seed}-"))
    report = Run(given.seed, Size(given.count), folder, given.only).play()

for number, plan, complaint in report.wrong[:SHOWN]:
    print(f"seed {report.seed}, exchange {number} ({plan}): {complaint}\n")
print(report.table())
if given.keep:
    print(f"logs: {folder}")
sys.exit(1 if report.wrong else 0)
