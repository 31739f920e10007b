"""What the pages show is what the files say: totals, charts, tables, filters, periods."""

from __future__ import annotations

import datetime
import json
import math
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from app.dashboard.engine.columns import MEASURES
from app.dashboard.engine.index import Index
from app.dashboard.engine.selection import COLUMNS, DAY, HOUR, MINUTE, RANGES, period
from app.dashboard.engine.views import GROUPS, LISTS
from app.dashboard.questions import TABLES
from tests.dashboard.conftest import Opened
from tests.dashboard.logs import NOW, Record, ask, read, sample, written

LINES = sample(2000)
NOW_MS = int(NOW * 1000)
SESSION = LINES[1000]["session_id"]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("views") / "logs", LINES)


@pytest.fixture
def index(logs: Path, opened: Opened) -> Index:
    return read(opened(logs))


def at(line: Record) -> int:
    """The time of a line in milliseconds since 1970."""
    return round(datetime.datetime.fromisoformat(line["time"]).timestamp() * 1000)


def whole_input(line: Record) -> int:
    return sum(line[name] or 0 for name in ("input_tokens", "cache_read_tokens", "cache_write_tokens"))


def quantile(values: list[int], share: float) -> float:
    """Between two values in proportion, as most people do it."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def expected(lines: list[Record]) -> Record:
    """The totals, worked out from the lines alone."""
    counted = [line for line in lines if line["estimated"] is False]
    well = [line for line in lines if line["error_type"] is None]
    first = [line["first_token_ms"] for line in well if line["first_token_ms"] is not None]
    read_in = sum(whole_input(line) for line in counted)
    return {
        "requests": len(lines),
        "errors": sum(line["error_type"] is not None for line in lines),
        "tokens_in": sum(map(whole_input, lines)),
        "tokens_out": sum(line["output_tokens"] or 0 for line in lines),
        "cache_read": sum(line["cache_read_tokens"] or 0 for line in lines),
        "reasoning": sum(line["reasoning_tokens"] or 0 for line in lines),
        "estimated": sum(line["estimated"] is True for line in lines),
        "unpriced": sum(line["cost_usd"] is None and line["input_tokens"] is not None for line in lines),
        "cost": pytest.approx(math.fsum(line["cost_usd"] or 0 for line in lines), abs=1e-9),
        "hit_rate": pytest.approx(sum(line["cache_read_tokens"] for line in counted) / read_in) if read_in else None,
        "first_token": pytest.approx([quantile(first, 0.5), quantile(first, 0.95)]) if first else None,
        "latency": pytest.approx([quantile([one["latency_ms"] for one in well], share) for share in (0.5, 0.95)])
        if well
        else None,
    }


def same(told: Record, lines: list[Record]) -> None:
    """The measures are those of the lines."""
    wanted = expected(lines)
    assert {name: told[name] for name in wanted} == wanted


QUESTIONS: dict[str, tuple[Record, Callable[[Record], bool]]] = {
    "everything": ({}, lambda line: True),
    "a vendor": ({"vendor": "kimi"}, lambda line: line["vendor"] == "kimi"),
    "a model": ({"model": "glm-5.3", "vendor": "zai"}, lambda line: line["model"] == "glm-5.3"),
    "a client": ({"client": "ci"}, lambda line: line["client"] == "ci"),
    "no client": ({"client": ""}, lambda line: line["client"] is None),
    "a kind": ({"kind": "subagent"}, lambda line: line["kind"] == "subagent"),
    "a session": ({"session": SESSION}, lambda line: line["session_id"] == SESSION),
    "answered": ({"outcome": "ok"}, lambda line: line["error_type"] is None and line["status"] != 499),
    "failed": ({"outcome": "failed"}, lambda line: line["error_type"] is not None),
    "left": ({"outcome": "left"}, lambda line: line["status"] == 499),
    "an error": ({"error": "overloaded_error"}, lambda line: line["error_type"] == "overloaded_error"),
    "words": ({"text": "GPT-5"}, lambda line: "gpt-5" in line["model"]),
    "a part of a request": ({"text": LINES[7]["request_id"][4:20]}, lambda line: line is LINES[7]),
    "two conditions": (
        {"vendor": "deepseek", "kind": "title"},
        lambda line: (line["vendor"], line["kind"]) == ("deepseek", "title"),
    ),
    "a period": (
        {"from": NOW_MS - 9 * DAY, "to": NOW_MS - 4 * DAY},
        lambda line: NOW_MS - 9 * DAY <= at(line) < NOW_MS - 4 * DAY,
    ),
    "since": ({"from": NOW_MS - 9 * DAY}, lambda line: at(line) >= NOW_MS - 9 * DAY),
    "nothing": ({"vendor": "nobody"}, lambda line: False),
    "a quote": ({"model": "it's"}, lambda line: False),
    "wild cards": ({"text": "%_%"}, lambda line: False),
}


@pytest.mark.parametrize(("question", "wanted"), QUESTIONS.values(), ids=QUESTIONS)
def test_the_totals_are_those_of_the_lines(index: Index, question: Record, wanted: Callable[[Record], bool]) -> None:
    same(ask(index, "overview", **question)["totals"], [line for line in LINES if wanted(line)])


def test_the_sample_has_a_bit_of_everything() -> None:
    chosen = [sum(map(wanted, LINES)) for _, wanted in QUESTIONS.values()]
    assert all(chosen[:-3])


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
def test_the_cost_is_what_jq_finds_to_the_cent(index: Index, logs: Path) -> None:
    told = subprocess.run(
        ["jq", "-s", "map(.cost_usd // 0) | add", logs / "usage.jsonl"], capture_output=True, text=True, check=True
    )
    assert round(ask(index, "overview")["totals"]["cost"], 2) == round(json.loads(told.stdout), 2) > 1


@pytest.mark.parametrize("span", RANGES)
@pytest.mark.parametrize("zone", [0, 120, -210])
def test_the_charts_add_up_to_the_totals(index: Index, span: str, zone: int) -> None:
    told = ask(index, "overview", range=span, zone=zone)
    series, totals, when = told["series"], told["totals"], told["period"]
    for name in ("requests", "errors", "tokens_in", "tokens_out", "cache_read"):
        assert sum(series[name]) == totals[name], name
    assert math.fsum(series["cost"]) == pytest.approx(totals["cost"])
    starts = series["time"]
    assert len(starts) <= COLUMNS + 2
    assert all(later - sooner == when["step"] for sooner, later in zip(starts, starts[1:], strict=False))
    assert {(start + zone * MINUTE) % when["step"] for start in starts} == {0}
    assert all(len(values) == len(starts) for values in series.values())
    same(totals, [line for line in LINES if at(line) >= when["begin"]])


def test_each_column_of_the_charts_has_its_own_measures(index: Index) -> None:
    told = ask(index, "overview", range="all")
    step, starts = told["period"]["step"], told["series"]["time"]
    busiest = max(range(len(starts)), key=lambda place: told["series"]["requests"][place])
    row = {name: values[busiest] for name, values in told["series"].items()}
    same(row, [line for line in LINES if starts[busiest] <= at(line) < starts[busiest] + step])


def test_a_period_without_exchanges_is_empty_columns(index: Index) -> None:
    told = ask(index, "overview", **{"from": NOW_MS - 900 * DAY, "to": NOW_MS - 899 * DAY})
    assert told["totals"]["requests"] == 0
    assert set(told["series"]["requests"]) == {0}
    assert set(told["series"]["latency"]) == {None}
    assert told["known"] == len(LINES)


def test_nothing_at_all(opened: Opened, tmp_path: Path) -> None:
    told = ask(opened(tmp_path), "overview")
    assert (told["totals"]["requests"], told["totals"]["cost"], told["totals"]["hit_rate"]) == (0, 0, None)
    assert (told["known"], told["unreadable"]) == (0, 0)


def test_the_choices_are_what_occurs(index: Index, logs: Path) -> None:
    told = ask(index, "choices")
    wanted = {name: dict(Counter(line[name] for line in LINES)) for name in ("vendor", "model", "client", "kind")}
    assert {name: set(told[name]) for name in wanted} == {name: set(counts) for name, counts in wanted.items()}
    for name, counts in wanted.items():
        assert [counts[value] for value in told[name]] == sorted(counts.values(), reverse=True)
    assert told["place"] == [str(logs)]


def test_the_causes_are_counted(index: Index) -> None:
    wanted = Counter(
        (line["vendor"], line["error_type"], str(line["status"])) for line in LINES if line["error_type"] is not None
    )
    told = ask(index, "overview")["causes"]
    found = {(row["vendor"], row["error_type"], row["status"]): row["requests"] for row in told}
    assert list(found.values()) == sorted(wanted.values(), reverse=True)[: len(found)]
    assert found.items() <= wanted.items()


@pytest.mark.parametrize("table", GROUPS)
def test_the_rows_of_a_table_are_those_of_their_lines(index: Index, table: str) -> None:
    keys = GROUPS[table][0]
    told = ask(index, "table", table=table)
    assert told["rows"]
    for row in told["rows"][:20]:
        if table != "places":
            same(row, [line for line in LINES if all(line[key] == row[key] for key in keys)])
    assert sum(row["requests"] for row in every_row(index, table)) == len(LINES)


def every_row(index: Index, table: str, **question: Any) -> list[Record]:
    """The rows of all pages."""
    told = ask(index, "table", table=table, **question)
    pages = range(1, -(-told["total"] // told["page_size"]))
    more = [ask(index, "table", table=table, page=page, **question)["rows"] for page in pages]
    return [*told["rows"], *(row for rows in more for row in rows)]


@pytest.mark.parametrize("table", LISTS)
def test_the_pages_hold_every_exchange_once(index: Index, table: str) -> None:
    found = every_row(index, table, sort="kind")
    wanted = [line["request_id"] for line in LINES if table == "exchanges" or line["error_type"]]
    assert sorted(row["request_id"] for row in found) == sorted(wanted)


def test_an_exchange_is_shown_with_all_its_fields(index: Index) -> None:
    line = next(line for line in LINES if line["kind"] == "subagent" and line["cost_usd"])
    (row,) = ask(index, "table", table="exchanges", request=line["request_id"])["rows"]
    kept = {name: value for name, value in line.items() if name != "cache_hit_rate"}
    assert {name: row[name] for name in kept} == {**kept, "time": at(line), "status": str(line["status"])}


def test_an_error_is_shown_with_what_was_said(index: Index) -> None:
    told = ask(index, "table", table="errors")
    assert told["rows"]
    assert all(row["message"] and row["error_type"] for row in told["rows"])
    limited = next(row for row in told["rows"] if row["error_type"] == "rate_limit_error")
    assert "is limiting requests" in limited["message"]
    assert limited["by_vendor"] is True


def test_an_error_without_its_line_is_shown_all_the_same(opened: Opened, tmp_path: Path) -> None:
    lost = {**LINES[0], "status": "lost", "error_type": "worker_killed"}
    folder = written(tmp_path / "logs", [])
    (folder / "usage.jsonl").write_text(json.dumps(lost) + "\n")
    (row,) = ask(read(opened(folder)), "table", table="errors")["rows"]
    assert (row["status"], row["error_type"], row["message"]) == ("lost", "worker_killed", None)


def test_a_session_is_shown_in_order(index: Index) -> None:
    found = every_row(index, "exchanges", session=SESSION, sort="time", down=False)
    wanted = [line["request_id"] for line in LINES if line["session_id"] == SESSION]
    assert [row["request_id"] for row in found] == wanted
    told = ask(index, "overview", session=SESSION, range="all")["period"]
    times = [at(line) for line in LINES if line["session_id"] == SESSION]
    assert (told["begin"], told["end"]) == (times[0], times[-1] + 1)


SORTS = [(table, name) for table in GROUPS for name in [*GROUPS[table][0], *GROUPS[table][1], *MEASURES]]
SORTS += [("exchanges", name) for name in ("time", "tokens_in", "cost_usd", "first_token_ms", "model", "status")]
SORTS += [("times", name) for name in ("time", "requests", "cost", "latency")]


@pytest.mark.parametrize("down", [True, False], ids=["down", "up"])
@pytest.mark.parametrize(("table", "name"), SORTS, ids=[f"{table}-{name}" for table, name in SORTS])
def test_tables_are_sorted_with_the_unknown_last(index: Index, table: str, name: str, down: bool) -> None:
    rows = ask(index, "table", table=table, sort=name, down=down, **{"from": NOW_MS - 3 * DAY})["rows"]
    values = [sort_value(row, name) for row in rows]
    known = [value for value in values if value is not None]
    assert known
    assert values == [*sorted(known, reverse=down), *[None] * (len(values) - len(known))]


def sort_value(row: Record, name: str) -> Any:
    """What a row is sorted by."""
    if name == "tokens_in" and name not in row:
        return None if row["input_tokens"] is None else whole_input(row)
    value = row[name]
    return value[1] if isinstance(value, list) else value


@pytest.mark.parametrize("table", TABLES)
def test_an_unknown_column_sorts_as_usual(index: Index, table: str) -> None:
    assert ask(index, "table", table=table, sort="1; DROP TABLE x") == ask(index, "table", table=table)


def lengths(spans: Iterable[int | None]) -> list[int]:
    """How many columns each period has."""
    found = [period({"now": NOW_MS, "range": name}, lambda: None) for name, span in RANGES.items() if span in spans]
    return [len(one.starts()) for one in found]


def test_a_period_has_neither_few_columns_nor_many() -> None:
    assert all(20 <= count <= COLUMNS + 2 for count in lengths([span for span in RANGES.values() if span]))


def test_a_recent_period_begins_with_a_whole_column() -> None:
    found = period({"now": NOW_MS + 7 * MINUTE, "range": "24h", "zone": 90}, lambda: None)
    assert found.begin == found.starts()[0]
    assert NOW_MS + 7 * MINUTE - DAY - HOUR < found.begin <= NOW_MS + 7 * MINUTE - DAY
