"""Laws with a number of examples: many with the profile `fuzz`, a fiftieth of them, always the same, without it.

Examples are counted as they run: one counts when the law has looked at all of it and found nothing wrong.
"""

from __future__ import annotations

import functools
import os
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

FUZZ = "fuzz"
#: Without the profile a law gets one of so many examples.
SHARE = 50
#: Seconds after which no law begins another example; FUZZ_SECONDS sets it.
SECONDS = float(os.environ.get("FUZZ_SECONDS", "570"))
STARTED = time.monotonic()

#: Law -> examples that have run.
COUNTS: Counter[str] = Counter()

settings.register_profile(
    FUZZ,
    derandomize=False,
    deadline=None,
    print_blob=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def fuzzing() -> bool:
    """The profile `fuzz` was asked for."""
    return settings.get_current_profile_name() == FUZZ


def law(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorates a Hypothesis test: how many examples it gets, and that they are counted."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        handle: Any = test.hypothesis  # type: ignore[attr-defined]
        handle.inner_test = counted(handle.inner_test, f"{test.__module__.rpartition('.')[2]}.{test.__name__}")
        number = examples if fuzzing() else max(1, examples // SHARE)
        return settings(max_examples=number)(test)

    return decorate


def counted(inner: Callable[..., None], name: str) -> Callable[..., None]:
    """The body of a test, counting."""

    @functools.wraps(inner)
    def run(*arguments: Any, **named: Any) -> None:
        if fuzzing() and time.monotonic() - STARTED > SECONDS:
            pytest.skip(f"out of time after {SECONDS:.0f} seconds")
        inner(*arguments, **named)
        COUNTS[name] += 1

    return run
