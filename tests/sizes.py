"""The lengths of functions and files in app/ and translators/, as a table (`make sizes`)."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("app", "translators")


@dataclass(frozen=True, slots=True)
class Function:
    """One function or method, `length` in lines from `def` to its last line, docstring included."""

    path: str
    line: int
    name: str
    length: int


def sources(*packages: str) -> Iterator[Path]:
    """Every Python file of the packages, all of them by default, as paths relative to the root."""
    for package in packages or PACKAGES:
        yield from sorted(path.relative_to(ROOT) for path in (ROOT / package).rglob("*.py"))


def functions(path: str, source: str) -> Iterator[Function]:
    """The functions of one file, nested ones too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Function(path, node.lineno, node.name, (node.end_lineno or node.lineno) - node.lineno + 1)


def percentile(lengths: list[int], share: float) -> int:
    """The smallest length that at least `share` of all do not exceed; 0 for none."""
    ordered = sorted(lengths)
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else 0


def table(title: str, lengths: list[int], limit: int) -> str:
    """One row: how many, p50, p90, the longest, the share over the limit."""
    over = sum(length > limit for length in lengths)
    share = 100 * over / len(lengths) if lengths else 0
    middle, high = percentile(lengths, 0.5), percentile(lengths, 0.9)
    return (
        f"{title:24}{len(lengths):7}{middle:6}{high:6}{max(lengths, default=0):6}{over:6}  {share:.1f} % over {limit}"
    )


def report() -> str:
    """The whole table, with the ten longest functions and files."""
    rows = [f"{'lines per':24}{'count':>7}{'p50':>6}{'p90':>6}{'max':>6}{'over':>6}"]
    everything: list[Function] = []
    files: dict[str, int] = {}
    for package in PACKAGES:
        texts = {str(path): (ROOT / path).read_text("utf-8") for path in sources(package)}
        found = [function for path, text in texts.items() for function in functions(path, text)]
        counts = {path: len(text.splitlines()) for path, text in texts.items()}
        rows.append(table(f"function in {package}/", [function.length for function in found], 50))
        rows.append(table(f"file in {package}/", list(counts.values()), 350))
        everything += found
        files |= counts
    rows.append(table("function, all", [function.length for function in everything], 50))
    longest = sorted(everything, key=lambda function: -function.length)[:10]
    rows += ["", "longest functions", *(f"{f.length:5}  {f.path}:{f.line} {f.name}" for f in longest)]
    largest = sorted(files.items(), key=lambda item: -item[1])[:10]
    rows += ["", "longest files", *(f"{length:5}  {path}" for path, length in largest)]
    return "\n".join(rows)


if __name__ == "__main__":
    print(report())
