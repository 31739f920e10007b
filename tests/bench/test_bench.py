"""The arithmetic of the benchmark, its document and chart, and the bytes that it sends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import pytest

from tests.bench import loads, meter, report, servers, traffic
from tests.bench.figures import Figure, Round, added, figure, figures, percentile, ratio
from tests.bench.report import BEGIN, END, Found, Slow
from tests.support import project


def rounds(*cpu: float, first: float = 1.0) -> list[Round]:
    """Rounds with these CPU times."""
    return [Round(cpu=one, first=first, total=2.0, rate=10.0, memory=50.0) for one in cpu]


def test_a_figure_is_the_median_and_half_the_range() -> None:
    assert figure([4.0, 2.0, 3.0]) == Figure(3.0, pytest.approx(100 / 3))
    assert figure([5.0]) == Figure(5.0, 0.0)
    with pytest.raises(ValueError, match="no rounds"):
        figure([])


def test_figures_are_taken_for_each_name() -> None:
    assert figures(rounds(1.0, 3.0, 2.0))["cpu"].median == 2.0
    assert figures(rounds(1.0, first=7.0))["first"].median == 7.0


def test_ratios_are_taken_round_by_round() -> None:
    # The machine was slow in the second round; the medians alone would say 2 / 1.
    assert ratio(rounds(2.0, 20.0, 2.0), rounds(1.0, 10.0, 4.0)) == 2.0
    assert added(rounds(1.0, 1.0, first=5.0), rounds(1.0, 1.0, first=3.5), "first") == 1.5
    with pytest.raises(ValueError, match="zip"):
        ratio(rounds(1.0), rounds(1.0, 2.0))


@pytest.mark.parametrize(("share", "expected"), [(0.99, 99), (0.5, 50), (1.0, 100), (0.0, 1)])
def test_percentiles(share: float, expected: int) -> None:
    assert percentile(range(1, 101), share) == expected


def found() -> Found:
    """What a run might have found."""
    servers = {"direct": rounds(0.0), "relay": rounds(2.0), "Rialto": rounds(5.0, first=4.0), "Slow": rounds(50.0)}
    slow = {"Rialto": Slow(streams=1000, complete=998, late=0.2, stream_kilobytes=90, chunk_milliseconds=0.1)}
    return Found(
        rounds=1,
        busy=0.5,
        rounds_of={"W1": servers},
        versions={"Slow": "1.2"},
        missing={"Other": "no <such> package"},
        slow=slow,
        starts=[1.2, 0.9, 1.0],
        memory={1000: 70.0},
    )


def test_the_document_says_what_was_found() -> None:
    said = report.generated(found())
    assert "| W1 | relay | 2.00 ±0 % |" in said
    assert "| W1 | 2.50 (at most 2, **missed**) | 0.10 (at most 0.8) | 3.0 |" in said
    assert "998 of 1,000 streams complete, 99 % of the chunks less than 200 ms late" in said
    assert "first whole answer: 1.00 s" in said
    assert "no &lt;such&gt; package" in said


def test_what_is_written_by_hand_stays() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nbehind\n"
    assert report.replaced(page, "new") == f"before\n{BEGIN}\n\nnew\n\n{END}\nbehind\n"
    assert report.replaced(report.replaced(page, "one"), "two") == report.replaced(page, "two")
    with pytest.raises(ValueError, match="no marks"):
        report.replaced("nothing", "new")


def test_the_page_has_a_place_for_the_figures() -> None:
    assert "new figures" in report.replaced(report.DOCUMENT.read_text("utf-8"), "new figures")


def test_the_chart_is_an_image_with_a_longer_bar_for_more_time() -> None:
    drawn = xml.etree.ElementTree.fromstring(report.chart({"W<1>": {"relay": 1.0, "Rialto": 10.0, "Slow": 1000.0}}))
    bars = [float(shape.get("width", "0")) for shape in drawn if shape.get("fill") in report.COLORS]
    assert bars == [pytest.approx(140), pytest.approx(280), pytest.approx(560)]
    assert "W<1>" in [shape.text for shape in drawn]


@pytest.mark.parametrize(
    ("workload", "turns", "size"), [("W2", 22, 118_000), ("W3", 602, 1_000_000), ("W3x2", 1202, 2e6)]
)
def test_requests_have_their_size(workload: str, turns: int, size: float) -> None:
    body = traffic.request(workload, "m")
    assert len(body["messages"]) == turns
    assert len(json.dumps(body)) == pytest.approx(size, rel=0.05)
    assert len(body["tools"]) == 24


@pytest.mark.parametrize("wire", traffic.SPOKEN)
@pytest.mark.parametrize("workload", ["W1", "W2"])
def test_answers_have_about_500_pieces(wire: str, workload: str) -> None:
    assert len(traffic.answer(wire, workload)) == pytest.approx(505, abs=5)


def test_cpu_time_and_memory_are_those_of_the_tree() -> None:
    below_it = "sum(range(10**7)); print(1, flush=True); input()"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{below_it}'])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdin
        process.stdout.readline()
        below = [pid for pid in meter.tree(process.pid) if pid != process.pid]
        assert len(below) == 1
        assert meter.cpu_seconds(process.pid) > meter.own_seconds(process.pid) > 0
        assert meter.cpu_seconds(process.pid) > meter.own_seconds(below[0]) > 0.05
        assert sum(meter.resident(process.pid)) > max(meter.resident(process.pid)) > 1
        process.stdin.close()
    assert meter.own_seconds(process.pid) == 0.0
    assert meter.resident(process.pid) == []


def test_the_clock_is_the_kernels() -> None:
    assert meter.own_seconds(os.getpid()) == pytest.approx(sum(os.times()[:2]), abs=0.2)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na", False),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n", False),
        (b"HTTP/1.1 200 OK\r\n", False),
    ],
)
def test_the_end_of_an_answer_is_seen(answer: bytes, expected: bool) -> None:
    assert loads.ended(bytearray(answer)) is expected


def test_a_developers_own_rows_are_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = project.project_copy(tmp_path / "checkout")
    monkeypatch.setattr(project, "ROOT", checkout)
    assert servers.rialto(1, tmp_path / "shipped").folder == checkout
    (checkout / "conf" / "models.local.toml").write_text("")
    served = servers.rialto(1, tmp_path / "own").folder
    assert project.own_rows(served / "conf") == [] and (served / "conf" / "models.toml").exists()
