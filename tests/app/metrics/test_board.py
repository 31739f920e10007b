"""The board, the alerts and the page on metrics speak of metrics and labels that there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Counter, Gauge, Histogram

from app.metrics.exchanges import DIRECTIONS, REQUEST_KINDS
from app.metrics.metrics import Metrics
from app.metrics.models import Models
from app.metrics.vendors import STATES
from app.usage.kind import KINDS
from tests.app.metrics.conftest import Opener
from tests.support.metric_numbers import Numbers
from tests.support.rialto_server import ROOT

DEPLOY = ROOT / "conf" / "deploy"
BOARD = DEPLOY / "grafana" / "rialto.json"
RULES = DEPLOY / "prometheus" / "rialto.rules.yml"
PAGE = ROOT / "docs" / "metrics.md"
TESTS = Path(__file__).with_name("alerts.yml")

NAME = re.compile(r"\b(rialto_[a-z_]+)\b")
MATCHED = re.compile(r"[{,]\s*([a-z_]+)\s*(?:=~|!~|!=|=)")
GROUPED = re.compile(r"\b(?:by|on|without)\s*\(([^)]*)\)")
#: Labels and metrics that Prometheus adds.
ADDED = {"le", "job", "instance"}
ROW = re.compile(r"^\| `(rialto_[a-z_]+)` \| (\w+) \|([^|]*)\| [^|]+ \|$", re.MULTILINE)


@pytest.fixture
def numbers(opened: Opener) -> Numbers:
    """What a Rialto that has done nothing says: all families are there."""
    return Numbers(opened().get("/metrics").text)


def names(numbers: Numbers) -> set[str]:
    """What a query may name."""
    found = set[str]()
    for family in numbers.families.values():
        match family.type:
            case "counter":
                found.add(f"{family.name}_total")
            case "histogram":
                found |= {f"{family.name}{end}" for end in ("_bucket", "_sum", "_count")}
            case _:
                found.add(family.name)
    return found


def labels() -> set[str]:
    """Every label of every metric."""
    metrics = Metrics(Models(()), None)
    families = [value for part in (metrics.exchanges, metrics.vendors) for value in vars(part).values()]
    known = [family._labelnames for family in families if isinstance(family, Counter | Gauge | Histogram)]
    return {label for names in known for label in names} | {"client", "period", "version"}


def board_queries() -> list[str]:
    """Every query of the board."""
    return list(queries_in(json.loads(BOARD.read_text("utf-8"))))


def queries_in(node: Any) -> Iterator[str]:
    """The texts at `expr` and `query` that name metrics of ours."""
    if isinstance(node, list):
        for item in node:
            yield from queries_in(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in ("expr", "query") and isinstance(value, str) and "rialto_" in value:
                yield value
            yield from queries_in(value)


def rule_queries() -> list[str]:
    """Every query of the alerts, as it stands behind `expr:`."""
    blocks = re.findall(r"^ +expr: (?:\|\n((?: {10,}.*\n)+)|(.+)\n)", RULES.read_text("utf-8"), re.MULTILINE)
    return [folded or plain for folded, plain in blocks]


def promtool(*arguments: str, text: str | None = None) -> str:
    """What it says; fails when it complains. Skips where it is not installed."""
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed (Debian: prometheus)")
    done = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def strangers(query: str, numbers: Numbers) -> set[str]:
    """Metrics and labels of a query that do not exist."""
    unknown = set(NAME.findall(query)) - names(numbers)
    used = set(MATCHED.findall(query))
    used |= {label.strip() for found in GROUPED.findall(query) for label in found.split(",") if label.strip()}
    return unknown | (used - labels() - ADDED)


def test_every_query_of_the_board_names_what_there_is(numbers: Numbers) -> None:
    queries = board_queries()
    assert len(queries) > 20
    assert {query: strangers(query, numbers) for query in queries if strangers(query, numbers)} == {}


def test_every_alert_names_what_there_is(numbers: Numbers) -> None:
    queries = rule_queries()
    assert len(queries) == RULES.read_text("utf-8").count("- alert:")
    assert {query: strangers(query, numbers) for query in queries if strangers(query, numbers)} == {}


def test_a_stranger_is_noticed(numbers: Numbers) -> None:
    assert strangers('sum by (vendor, city) (rate(rialto_requests[5m]{state="x", colour=~"red"}))', numbers) == {
        *("rialto_requests", "city", "colour")
    }


def test_the_board_shows_every_metric(numbers: Numbers) -> None:
    shown = {name for query in board_queries() for name in NAME.findall(query)}
    families = {name for name in numbers.families if not any(text.startswith(name) for text in shown)}
    assert families == {"rialto_unpriced_requests", "rialto_breaker_openings"}


def test_the_page_lists_every_metric_with_its_labels(numbers: Numbers) -> None:
    rows = {name: (kind, label) for name, kind, label in ROW.findall(PAGE.read_text("utf-8"))}
    ends = {"counter": "_total"}
    assert {name: kind for name, (kind, _) in rows.items()} == {
        f"{family.name}{ends.get(family.type, '')}": family.type for family in numbers.families.values()
    }
    metrics = Metrics(Models(()), None)
    for part in (metrics.exchanges, metrics.vendors):
        for family in vars(part).values():
            if isinstance(family, Counter | Gauge | Histogram):
                name = f"{family._name}{ends.get(family._type, '')}"
                assert re.findall(r"`(\w+)`", rows[name][1]) == list(family._labelnames), name


def test_the_page_explains_every_label() -> None:
    text = PAGE.read_text("utf-8")
    section = text[text.index("| label | values |") : text.index("## The board")]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", section, re.MULTILINE))
    assert set(rows) == labels()
    assert all(f"`{value}`" in rows["direction"] for value in DIRECTIONS)
    assert all(f"`{value}`" in rows["state"] for value in STATES)


def test_the_kinds_are_those_of_the_usage_log() -> None:
    assert REQUEST_KINDS - set(KINDS) == {"test"}


def test_prometheus_takes_the_files() -> None:
    assert "rules found" in promtool("check", "rules", str(RULES))
    assert "SUCCESS" in promtool("check", "config", str(DEPLOY / "prometheus" / "prometheus.yml"))


def test_prometheus_takes_the_queries_of_the_board(tmp_path: Path) -> None:
    queries = [query for query in board_queries() if not query.startswith("label_values")]
    rules = [{"record": "x", "expr": filled(query), "labels": {"n": str(n)}} for n, query in enumerate(queries)]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "board", "rules": rules}]}))
    assert f"{len(queries)} rules found" in promtool("check", "rules", str(tmp_path / "rules.yml"))


def filled(query: str) -> str:
    """A query with Grafana's variables replaced."""
    return re.sub(r"\$__(rate_interval|range)", "5m", query).replace("$vendor", ".*").replace("$model", ".*")


def test_prometheus_likes_the_metrics(numbers: Numbers) -> None:
    """Names, units and help, as its linter wants them."""
    assert promtool("check", "metrics", text=numbers.text) == ""


def test_the_alerts_fire_when_they_should() -> None:
    assert "SUCCESS" in promtool("test", "rules", str(TESTS))


def test_each_panel_has_a_place_and_a_name() -> None:
    panels = json.loads(BOARD.read_text("utf-8"))["panels"]
    taken = [(p["gridPos"]["x"] + x, p["gridPos"]["y"] + y) for p in panels for x, y in area(p["gridPos"])]
    assert len(taken) == len(set(taken)) and max(x for x, _ in taken) < 24
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)


def area(place: dict[str, int]) -> list[tuple[int, int]]:
    """The cells of a panel."""
    return [(x, y) for x in range(place["w"]) for y in range(place["h"])]


def test_the_page_lists_every_attribute_of_a_span() -> None:
    source = (ROOT / "app" / "tracing" / "spans.py").read_text("utf-8")
    set_there = set(re.findall(r'"((?:gen_ai|rialto|server|http|error)\.[a-z_.]+)"', source))
    section = PAGE.read_text("utf-8").partition("## Traces")[2]
    listed = set(re.findall(r"`((?:gen_ai|rialto|server|http|error)\.[a-z_.]+)`", section))
    assert listed == set_there and len(listed) > 20
