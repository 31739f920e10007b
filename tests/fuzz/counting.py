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
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

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
)
#: Requests are large, and machines differ.
PATIENT = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def fuzzing() -> bool:
    """The profile `fuzz` was asked for."""
    return settings.get_current_profile_name() == FUZZ


def law(examples: int, *strategies: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorates a test: what its last arguments are drawn from, and how many examples it gets.

    The test's `unshrunk` looks at the same examples and does not make a failing one smaller, which takes long.
    """

    def decorate(body: Callable[..., None]) -> Callable[..., None]:
        number = examples if fuzzing() else max(1, examples // SHARE)
        options: dict[str, Any] = {"max_examples": number, "suppress_health_check": PATIENT}
        test: Any = settings(**options)(given(*strategies)(counted(body)))
        quick = {"phases": [Phase.generate], "derandomize": True, "database": None}
        test.unshrunk = settings(**options, **quick)(given(*strategies)(body))
        return test

    return decorate


def counted(body: Callable[..., None]) -> Callable[..., None]:
    """The body of a test, counting."""
    name = f"{body.__module__.rpartition('.')[2]}.{body.__name__}"

    @functools.wraps(body)
    def run(*arguments: Any, **named: Any) -> None:
        if fuzzing() and time.monotonic() - STARTED > SECONDS:
            pytest.skip(f"out of time after {SECONDS:.0f} seconds")
        body(*arguments, **named)
        COUNTS[name] += 1

    return run
