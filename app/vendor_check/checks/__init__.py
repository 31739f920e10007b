"""All checks, in the order of the page."""

from __future__ import annotations

from app.vendor_check.check import Check
from app.vendor_check.checks import arguments, calls, counts, errors, limits, streams, words

CHECKS: tuple[Check, ...] = (
    *streams.CHECKS,
    *calls.CHECKS,
    *arguments.CHECKS,
    *words.CHECKS,
    *counts.CHECKS,
    *limits.CHECKS,
    *errors.CHECKS,
)
