"""Which failures heal, which go to another vendor, and how long to wait before the next try."""

from __future__ import annotations

import random
from dataclasses import dataclass

from translators.core.errors import (
    Empty,
    NotFound,
    Overloaded,
    RateLimited,
    Rejected,
    RialtoError,
    UpstreamError,
)

#: Tries at one vendor. The client repeats the request too; more would only multiply.
TRIES = 5
#: Seconds: the first pause, which doubles each time, and the longest.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0
#: Seconds that a key rests when the vendor names no time: after a limit, and after a refusal of the key or the account.
LIMIT_REST = 20.0
REFUSAL_REST = 600.0
#: Statuses that say something about the key rather than the request.
KEY_STATUSES = frozenset({401, 402, 403})


class Resting(Overloaded):
    """A vendor that has failed several times in a row is not asked before `retry_after` seconds are over."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`budget` is the seconds after an exchange's start within which another try at the same vendor may begin; 0 means
    that there is none.
    """

    budget: float = 30.0

    def pause(self, error: RialtoError, tried: int, elapsed: float) -> float | None:
        """Seconds until the next try at the same vendor, None when there is to be none.

        `tried` counts the tries so far, `elapsed` is the seconds since the exchange began.
        """
        if tried >= TRIES or not heals(error):
            return None
        wait = error.retry_after or min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tried - 1)) * random.uniform(0.75, 1.25)
        return wait if elapsed + wait < self.budget else None


def heals(error: RialtoError) -> bool:
    """The same request may succeed at the same vendor a little later. An empty answer's advice is for the client, who
    has had Rialto's second try.
    """
    if isinstance(error, Rejected | Resting) or (error.should_retry is False and not isinstance(error, Empty)):
        return False
    return isinstance(error, UpstreamError)


def moves(error: RialtoError) -> bool:
    """Another vendor may answer what this one did not: it is down, busy, out of money or without the model."""
    if isinstance(error, Rejected):
        return error.status == 402
    return isinstance(error, UpstreamError | NotFound)


def is_outage(error: RialtoError) -> bool:
    """The vendor itself is down, whatever was asked of it. One that is busy, has limits, nothing to say or a conflict
    with another request (409) is not.
    """
    alive = isinstance(error, Rejected | RateLimited | Overloaded | Empty) or error.status == 409
    return isinstance(error, UpstreamError) and not alive


def rest(error: RialtoError) -> float:
    """Seconds that the key should rest after an error; 0 when it is not about the key."""
    if isinstance(error, RateLimited):
        return error.retry_after or (REFUSAL_REST if error.should_retry is False else LIMIT_REST)
    if isinstance(error, Rejected) and error.status in KEY_STATUSES:
        return error.retry_after or REFUSAL_REST
    return 0.0
