"""The answers: the overview with its charts, and the tables, as values that JSON can say."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .columns import INPUT, MEASURES, PAIRED, PAIRS, SUMS, USAGE
from .index import Index
from .selection import Period, Selection, conditions, period

Answer = dict[str, Any]
Question = Mapping[str, Any]

PAGE = 50
#: What can be chosen from, and how many values are offered.
CHOICES = ("vendor", "model", "client", "kind", "place")
MOST_CHOICES = 200
#: Kinds of failures that are listed.
MOST_CAUSES = 12

#: Table -> what makes a row, and further columns of it.
GROUPS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "models": (("vendor", "model"), {}),
    "vendors": (("vendor",), {"models": "count(DISTINCT model)"}),
    "clients": (("client",), {"sessions": "count(DISTINCT session_id)"}),
    "kinds": (("kind",), {}),
    "places": (("place",), {"sessions": "count(DISTINCT session_id)"}),
    "sessions": (
        ("session_id",),
        {
            "began": "epoch_ms(min(time))",
            "ended": "epoch_ms(max(time))",
            "models": "count(DISTINCT (vendor, model))",
            "model": "mode(model)",
            "client": "any_value(client)",
        },
    ),
}
#: Tables of single exchanges.
LISTS: dict[str, Selection] = {"exchanges": Selection("TRUE"), "errors": Selection("error_type IS NOT NULL")}
FIELDS = [name for name in USAGE.columns if name != "time"]
#: What an exchange can be sorted by besides its fields.
SORTS = {"time": "time", "tokens_in": INPUT}


def overview(index: Index, question: Question) -> Answer:
    """The measures of the period and of each column of the charts, and why exchanges failed."""
    chosen = conditions(question)
    span = period(question, lambda: bounds(index, chosen))
    during = chosen.during(span)
    found = columns(index, during, span)
    return {
        "period": {"begin": span.begin, "end": span.end, "step": span.step},
        "totals": totals(index, during, found),
        "series": series(found, span),
        "causes": causes(index, during),
        **lines(index),
    }


def table(index: Index, question: Question) -> Answer:
    """A page of a table: its rows and how many there are in all."""
    name = question["table"]
    chosen = conditions(question)
    span = period(question, lambda: bounds(index, chosen))
    during = chosen.during(span)
    if name == "times":
        return timeline(index, during, span, question)
    return (listed if name in LISTS else grouped)(index, during, question)


def lines(index: Index) -> Answer:
    """How many exchanges are known in all, and how many lines are none."""
    known, every = rows(index, "SELECT count(time), count(*) FROM usage")[0]
    return {"known": known, "unreadable": every - known}


def bounds(index: Index, chosen: Selection) -> tuple[int, int] | None:
    """The times of the first and the last exchange; None when there is none."""
    query = f"SELECT epoch_ms(min(time)), epoch_ms(max(time)) FROM usage WHERE {chosen.words}"
    first, last = rows(index, query, chosen.values)[0]
    return None if first is None else (first, last)


def totals(index: Index, chosen: Selection, found: Sequence[Answer]) -> Answer:
    """All measures over all exchanges; what adds up is the sum of the columns."""
    pairs = ", ".join(f"{words} AS {name}" for name, words in PAIRED.items())
    values = rows(index, f"SELECT {pairs} FROM usage WHERE {chosen.words}", chosen.values)[0]
    sums = {name: math.fsum(row[name] for row in found) for name in SUMS}
    whole = {name: value if name == "cost" else int(value) for name, value in sums.items()}
    rate = whole["counted_cache"] / whole["counted_in"] if whole["counted_in"] else None
    return {**whole, "hit_rate": rate, **named(PAIRS, values)}


def series(found: Sequence[Answer], span: Period) -> Answer:
    """Measure -> its values, one for each column of the charts; "time" has where they begin."""
    known = {row["time"]: row for row in found}
    starts = span.starts()
    nothing = dict.fromkeys(MEASURES, 0) | dict.fromkeys(["hit_rate", *PAIRS])
    values = [known.get(start, nothing) for start in starts]
    return {"time": starts} | {name: [row[name] for row in values] for name in MEASURES}


def columns(index: Index, chosen: Selection, span: Period) -> list[Answer]:
    """The columns of the charts in which something happened."""
    start = "(epoch_ms(time) + ?) // ? * ? - ?"
    query = f"SELECT {start} AS start, {measures()} FROM usage WHERE {chosen.words} GROUP BY start ORDER BY start"
    values = [span.offset, span.step, span.step, span.offset, *chosen.values]
    return [named(["time", *MEASURES], row) for row in rows(index, query, values)]


def choices(index: Index, question: Question) -> Answer:
    """Field -> the values that occur, the most frequent first, null for none."""
    sets = ", ".join(f"({name})" for name in CHOICES)
    query = f"SELECT grouping({', '.join(CHOICES)}) AS field, coalesce({', '.join(CHOICES)}), count(*) FROM usage "
    query += f"WHERE time IS NOT NULL GROUP BY GROUPING SETS ({sets}) ORDER BY 3 DESC, 2"
    found = rows(index, query)
    return {name: [row[1] for row in found if row[0] == mark][:MOST_CHOICES] for name, mark in marks(CHOICES)}


def marks(names: Sequence[str]) -> list[tuple[str, int]]:
    """Name -> what `grouping()` says of its set: a bit for every field but that one, the last field's the lowest."""
    every = (1 << len(names)) - 1
    return [(name, every ^ (1 << (len(names) - 1 - place))) for place, name in enumerate(names)]


def causes(index: Index, chosen: Selection) -> list[Answer]:
    """How often which error came from which vendor."""
    query = f"SELECT vendor, error_type, status, count(*) FROM usage WHERE {chosen.words} AND error_type IS NOT NULL "
    query += f"GROUP BY ALL ORDER BY 4 DESC, 1, 2, 3 LIMIT {MOST_CAUSES}"
    names = ["vendor", "error_type", "status", "requests"]
    return [dict(zip(names, row, strict=True)) for row in rows(index, query, chosen.values)]


def timeline(index: Index, chosen: Selection, span: Period, question: Question) -> Answer:
    """The numbers of the charts, the youngest first."""
    found = columns(index, chosen, span)
    wish = question.get("sort") or "time"
    wish = wish if wish in ("time", *MEASURES) else "time"
    place = (lambda row: row[wish][1]) if wish in PAIRS else (lambda row: row[wish])
    known = [row for row in found if row[wish] is not None]
    unknown = [row for row in found if row[wish] is None]
    ordered = sorted(known, key=place, reverse=bool(question.get("down", True))) + unknown
    begin = question.get("page", 0) * PAGE
    return {"rows": ordered[begin : begin + PAGE], "total": len(ordered), "page_size": PAGE}


def grouped(index: Index, chosen: Selection, question: Question) -> Answer:
    """Rows of measures."""
    keys, more = GROUPS[question["table"]]
    names = [*keys, *more, *MEASURES]
    also = "".join(f"{words} AS {name}, " for name, words in more.items() if name not in keys)
    wanted = chosen.plus("session_id IS NOT NULL") if keys == ("session_id",) else chosen
    groups = f"SELECT {', '.join(keys)}, {also}{measures()} FROM usage WHERE {wanted.words} GROUP BY {', '.join(keys)}"
    order = ordering(question, names, "requests", keys)
    query = f"SELECT count(*) OVER (), {', '.join(names)} FROM ({groups}) ORDER BY {order} {limits(question)}"
    found = rows(index, query, wanted.values)
    total = found[0][0] if found else 0
    return {"rows": [named(names, row[1:]) for row in found], "total": total, "page_size": PAGE}


def listed(index: Index, chosen: Selection, question: Question) -> Answer:
    """Exchanges with all their fields, and what is known of their failure."""
    where = chosen.plus(LISTS[question["table"]].words)
    order = ordering(question, [*SORTS, *FIELDS], "time", ("request_id",), SORTS)
    page = f"SELECT * FROM usage WHERE {where.words} ORDER BY {order} {limits(question)}"
    told = "SELECT request_id, any_value(message) AS message, any_value(by_vendor) AS by_vendor FROM errors"
    told += " WHERE request_id IN (SELECT request_id FROM page) GROUP BY request_id"
    query = f"WITH page AS MATERIALIZED ({page}) SELECT epoch_ms(time), {', '.join(FIELDS)}, message, by_vendor "
    query += f"FROM page LEFT JOIN ({told}) USING (request_id) ORDER BY {order}"
    names = ["time", *FIELDS, "message", "by_vendor"]
    found = [dict(zip(names, row, strict=True)) for row in rows(index, query, where.values)]
    total = first_value(index, f"SELECT count(*) FROM usage WHERE {where.words}", where.values)
    return {"rows": found, "total": total, "page_size": PAGE}


def ordering(
    question: Question, known: Sequence[str], usual: str, ties: Sequence[str], words: Mapping[str, str] | None = None
) -> str:
    """The ORDER BY of a question; of pairs the higher number counts."""
    wish = question.get("sort") or usual
    wish = wish if wish in known else usual
    direction = "DESC" if question.get("down", True) else "ASC"
    key = (words or {}).get(wish, f"{wish}[2]" if wish in PAIRS else wish)
    return ", ".join([f"{key} {direction} NULLS LAST", *ties])


def limits(question: Question) -> str:
    """The LIMIT of a page."""
    return f"LIMIT {PAGE} OFFSET {int(question.get('page', 0)) * PAGE}"


def measures() -> str:
    """All measures, by their names."""
    return ", ".join(f"{words} AS {name}" for name, words in MEASURES.items())


def named(names: Sequence[str], values: Sequence[Any]) -> Answer:
    """A row by its names; a pair that nobody knows is none."""
    row = dict(zip(names, values, strict=True))
    return row | {name: None for name in PAIRS if row[name] is not None and row[name][0] is None}


def first_value(index: Index, query: str, values: Sequence[Any] = ()) -> Any:
    """The only value of a result."""
    return rows(index, query, values)[0][0]


def rows(index: Index, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """A whole result."""
    return index.connection.execute(query, list(values)).fetchall()


VIEWS: dict[str, Callable[[Index, Question], Answer]] = {"overview": overview, "table": table, "choices": choices}
