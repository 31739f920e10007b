"""Waiting for what another process or thread will have done."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

#: Seconds, and those between two looks.
DEADLINE, PAUSE = 30.0, 0.05


def until(look: Callable[[], Any], is_right: Callable[[Any], bool] = bool, seconds: float = DEADLINE) -> Any:
    """What a look shows as soon as it is right. Raises AssertionError when it is not in time."""
    found = settled(look, is_right, seconds)
    assert is_right(found), f"not within {seconds:g} s: {found}"
    return found


def settled(look: Callable[[], Any], is_right: Callable[[Any], bool], seconds: float = DEADLINE) -> Any:
    """The same, or what a look shows when the time is over."""
    end = time.monotonic() + seconds
    while not is_right(found := look()) and time.monotonic() < end:
        time.sleep(PAUSE)
    return found
