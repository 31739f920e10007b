"""Writes drafts of `upstream.json` and `expected.json` where a case lacks them.

    python -m tests.conformance.accept [vendor[/case] ...] [--again]

`--again` overwrites what is there. A draft is what Rialto does today and proves nothing: read every one of them against
the vendor's documentation before it is committed. Errors are written by hand.
"""

from __future__ import annotations

import json
import sys

from tests.conformance.answer_laws import ESTIMATE, vendor_usages
from tests.conformance.kit import Case, Json, cases, played, upstream_body
from tests.conformance.readable import normalised


def drafts(case: Case) -> dict[str, Json]:
    """File name -> draft."""
    found = {"upstream.json": upstream_body(case.request, case.route)}
    if case.fails:
        return found
    outcome = played(case)
    if outcome.message is None:
        print(f"{case.name}: {outcome.error}", file=sys.stderr)
        return found
    message = normalised(outcome.message)
    if not vendor_usages(case):
        message["usage"] = ESTIMATE
    return {**found, "expected.json": message}


def write(case: Case, again: bool) -> None:
    """Writes the drafts of one case."""
    for name, draft in drafts(case).items():
        path = case.folder / name
        if again or not path.exists():
            path.write_text(json.dumps(draft, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            print(path)


def main(arguments: list[str]) -> None:
    """Writes the drafts of the chosen cases, of all without a choice."""
    chosen = [argument for argument in arguments if not argument.startswith("--")]
    for case in cases():
        if not chosen or case.name in chosen or case.vendor in chosen:
            write(case, "--again" in arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
