"""Which exchanges are meant: a period and some conditions, as SQL with values."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

SECOND = 1000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86400 * SECOND

#: Name -> milliseconds up to now; "all" has no beginning.
RANGES = {"15m": 15 * MINUTE, "1h": HOUR, "6h": 6 * HOUR, "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY, "all": None}
#: Lengths of a column of a chart, and how many columns there may be.
STEPS = (
    *(SECOND, 5 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE),
    *(HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY),
)
COLUMNS = 60

#: Conditions that ask for one value of a field; an empty one asks for those that have none.
EQUAL = {
    "vendor": "vendor",
    "model": "model",
    "client": "client",
    "kind": "kind",
    "session": "session_id",
    "place": "place",
    "error": "error_type",
    "request": "request_id",
}
OUTCOMES = {
    "ok": "error_type IS NULL AND status <> '499'",
    "failed": "error_type IS NOT NULL",
    "left": "status = '499'",
}
#: Where a searched text may stand.
SEARCHED = ("session_id", "request_id", "alias", "model", "vendor", "client", "error_type")
Bounds = Callable[[], tuple[int, int] | None]
LIKE = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


@dataclass(frozen=True, slots=True)
class Period:
    """Milliseconds since 1970; `end` is exclusive. `open` tells that it goes on with the clock."""

    begin: int
    end: int
    step: int
    offset: int
    """The time zone: milliseconds that are added to the clock of UTC."""
    open: bool

    def starts(self) -> list[int]:
        """Where the columns of the charts begin."""
        return list(range(self.floor(self.begin), self.end, self.step))

    def floor(self, moment: int) -> int:
        """The beginning of the column that a moment falls into, by the clock of the time zone."""
        return (moment + self.offset) // self.step * self.step - self.offset


@dataclass(frozen=True, slots=True)
class Selection:
    """The condition of a WHERE, and the values in it."""

    words: str = "time IS NOT NULL"
    values: list[Any] = field(default_factory=list)

    def plus(self, words: str, *values: Any) -> Selection:
        """One condition more."""
        return Selection(f"{self.words} AND {words}", [*self.values, *values])

    def during(self, period: Period) -> Selection:
        """The part of a period."""
        later = self.plus("time >= make_timestamp_ms(?)", period.begin)
        return later if period.open else later.plus("time < make_timestamp_ms(?)", period.end)


def conditions(question: Mapping[str, Any]) -> Selection:
    """What a question asks for, whatever the time."""
    chosen = Selection()
    for name, column in EQUAL.items():
        value = question.get(name)
        if value:
            chosen = chosen.plus(f"{column} = ?", value)
        elif value is not None:
            chosen = chosen.plus(f"{column} IS NULL")
    if outcome := question.get("outcome"):
        chosen = chosen.plus(f"({OUTCOMES[outcome]})")
    if searched := question.get("text"):
        pattern = f"%{searched.translate(LIKE)}%"
        either = " OR ".join(f"{column} ILIKE ? ESCAPE '\\'" for column in SEARCHED)
        chosen = chosen.plus(f"({either})", *[pattern] * len(SEARCHED))
    return chosen


def period(question: Mapping[str, Any], bounds: Bounds) -> Period:
    """The period of a question; `bounds` finds the times of the first and the last exchange that it may mean."""
    now, offset = question["now"], question.get("zone", 0) * MINUTE
    begin, end = question.get("from"), question.get("to")
    if begin is None and end is None:
        span = RANGES[question.get("range") or "24h"]
        past = "session" in question  # what is over has an end
        return everything(0 if past else now, offset, bounds) if span is None else recent(span, now, offset)
    end = now if end is None else end
    begin = (bounds() or (end - DAY, end))[0] if begin is None else begin
    return Period(begin, max(end, begin + SECOND), step_for(end - begin), offset, False)


def everything(now: int, offset: int, bounds: Bounds) -> Period:
    """From the first exchange to the last one, or to a later moment."""
    first, last = bounds() or (now, now)
    end = max(now, last) + 1
    return Period(first, end, step_for(end - first), offset, True)


def recent(span: int, now: int, offset: int) -> Period:
    """A period that goes on; it begins with a whole column, so that a minute later its numbers are the same."""
    whole = Period(now - span, now + 1, step_for(span), offset, True)
    return replace(whole, begin=whole.floor(now - span))


def step_for(span: int) -> int:
    """The length of a column."""
    return STEPS[min(bisect.bisect_left(STEPS, span / COLUMNS), len(STEPS) - 1)]
