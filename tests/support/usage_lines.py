"""The lines that a running Rialto has written."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Line = dict[str, Any]
#: Seconds until a line must have been written.
DEADLINE = 20.0


def usage_lines(logs: Path) -> list[Line]:
    """Every line of the usage log, those of the full files too."""
    return [json.loads(line) for path in logs.glob("usage.jsonl*") for line in path.read_text("utf-8").splitlines()]


def error_lines(logs: Path) -> list[Line]:
    """Every line of the errors."""
    path = logs / "errors.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def lines_where(logs: Path, wanted: Callable[[Line], bool], count: int = 1) -> list[Line]:
    """The lines that are wanted, as soon as there are `count` of them."""
    end = time.monotonic() + DEADLINE
    while len(found := [line for line in usage_lines(logs) if wanted(line)]) < count:
        if time.monotonic() > end:
            raise AssertionError(f"{len(found)} of {count} lines came within {DEADLINE} s: {usage_lines(logs)}")
        time.sleep(0.02)
    return found
