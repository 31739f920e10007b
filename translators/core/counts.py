"""Token counts out of a vendor's JSON, where anything may be missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def first(*counts: Any) -> int:
    """The first count that the vendor gave."""
    return next((whole_number(count) for count in counts if count is not None), 0)


def whole_number(value: Any) -> int:
    """A count, also one that is written as text; 0 for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 19:
        return int(value)
    return max(0, int(value)) if isinstance(value, (int, float)) and math.isfinite(value) else 0


def section(value: Any) -> Mapping[str, Any]:
    """An object inside an answer; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}
