"""Writes what the code makes of a case where the case does not say it yet: `upstream.json` and `expected.json`.

    python -m tests.conformance.new_cases VENDOR

A case is evidence only after somebody has read both files against the vendor's documentation.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conformance.kit import Case, Outcome, cases_of, played, upstream_body
from tests.conformance.readable import normalised
from translators import vendors


def completed(vendor: str) -> Iterator[Path]:
    """Writes the missing files of a vendor's cases, and names them."""
    for case in cases_of(vendor):
        for name, value in (("upstream.json", upstream_of), ("expected.json", expected_of)):
            path = case.folder / name
            if not path.exists():
                path.write_text(json.dumps(value(case), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
                yield path


def upstream_of(case: Case) -> Any:
    """The body that the vendor gets."""
    return upstream_body(case.request, case.route)


def expected_of(case: Case) -> Any:
    """The message or the error that the client gets."""
    outcome: Outcome = played(case)
    if outcome.error is None:
        return normalised(outcome.message)
    kept = {name: outcome.error[name] for name in ("type", "status") if name in outcome.error}
    return {"error": {**kept, "message_contains": outcome.error["message"]}}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Writes upstream.json and expected.json of cases that have none.")
    parser.add_argument("vendor", choices=sorted(vendors()))
    written = list(completed(parser.parse_args().vendor))
    print("\n".join(str(path.relative_to(Path.cwd())) for path in written) or "Every case is complete.")
    if written:
        print("Read each of them: they say what the code does, not yet what is right.")


if __name__ == "__main__":
    main()
