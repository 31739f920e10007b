"""docs/performance.md: the generated part between its marks, and the chart. What is written by hand around it stays."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from math import log10
from pathlib import Path
from xml.sax.saxutils import escape

from tests.bench.figures import NAMES, Round, added, figures, ratio

DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"
CHART = DOCUMENT.with_suffix(".svg")
BEGIN, END = "<!-- written by make bench: begin -->", "<!-- written by make bench: end -->"
OURS, RELAY, DIRECT = "Rialto", "relay", "direct"
PACKAGES = ("gunicorn", "gevent", "flask", "requests", "urllib3", "orjson")
#: Workload -> most times the relay's CPU, most times the best peer's; None: no limit was set.
LIMITS: Mapping[str, tuple[float, float | None]] = {
    "W1": (2.0, 0.8),
    "W2": (3.0, 0.35),
    "W3": (5.0, 0.1),
    "W5": (1.5, None),
}


@dataclass(frozen=True, slots=True)
class Slow:
    """Slow streams at once: `late` is the seconds that 99 of 100 chunks stay below."""

    streams: int
    complete: int
    late: float
    stream_kilobytes: float
    chunk_milliseconds: float


@dataclass
class Found:
    """All that one run has measured."""

    rounds: int
    busy: float
    """The machine's load before the run."""
    rounds_of: dict[str, dict[str, list[Round]]] = field(default_factory=dict)
    """Workload -> server -> rounds."""
    versions: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    slow: dict[str, Slow] = field(default_factory=dict)
    starts: list[float] = field(default_factory=list)
    memory: dict[int, float] = field(default_factory=dict)


def write(found: Found) -> None:
    """Puts the figures into the document and draws the chart."""
    CHART.write_text(chart(medians(found)), "utf-8")
    DOCUMENT.write_text(replaced(DOCUMENT.read_text("utf-8"), generated(found)), "utf-8")


def replaced(text: str, part: str) -> str:
    """The text with another generated part. Raises ValueError when it has no place for one."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"there are no marks: {BEGIN} and {END}")
    return f"{head}{BEGIN}\n\n{part.strip()}\n\n{END}{tail}"


def generated(found: Found) -> str:
    """The part that is generated."""
    return "\n\n".join(filter(None, (circumstances(found), table(found), ratios(found), others(found))))


def circumstances(found: Found) -> str:
    """When, where and what."""
    own = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    others = ", ".join(f"{name} {number}" for name, number in found.versions.items())
    lines = [
        f"Measured on {datetime.datetime.now(datetime.UTC):%Y-%m-%d} with Python {platform.python_version()} on "
        f"{os.cpu_count()} processors, {found.rounds} rounds; load before the run {found.busy:.1f}.",
        f"Rialto and relay: {own}." + (f" Peers: {others}." if others else " No peers."),
        *(f"Left out: {name} ({escape(why)})." for name, why in found.missing.items()),
    ]
    return "\n".join(lines)


def table(found: Found) -> str:
    """All figures of all servers: medians, and the spread of the CPU time."""
    rows = ["| workload | server | " + " | ".join(NAMES.values()) + " |", "|---|---|" + "---:|" * len(NAMES)]
    for workload, servers in found.rounds_of.items():
        for name, rounds in servers.items():
            known = figures(rounds)
            cells = [f"{each.median:,.{1 if each.median < 1000 else 0}f}" for each in known.values()]
            cells[0] = f"{known['cpu'].median:.2f} ±{known['cpu'].spread:.0f} %" if name != DIRECT else "–"
            rows.append(f"| {workload} | {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def ratios(found: Found) -> str:
    """Rialto against the relay and the best peer, beside the limits that it has to keep."""
    head = "| workload | CPU, times the relay's | CPU, times the best peer's | first byte, ms behind the relay |"
    rows = [head, "|---|---:|---:|---:|"]
    for workload, servers in found.rounds_of.items():
        if OURS in servers and RELAY in servers:
            limit, peer_limit = LIMITS.get(workload, (None, None))
            cells = [
                judged(ratio(servers[OURS], servers[RELAY]), limit),
                judged(against_peers(servers), peer_limit),
                f"{added(servers[OURS], servers[RELAY], 'first'):.1f}",
            ]
            rows.append(f"| {workload} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def against_peers(servers: Mapping[str, Sequence[Round]]) -> float | None:
    """Rialto's CPU time in times of the best peer's; None without peers."""
    peers = [name for name in servers if name not in (OURS, RELAY, DIRECT)]
    return max((ratio(servers[OURS], servers[name]) for name in peers), default=None)


def judged(value: float | None, limit: float | None) -> str:
    """A ratio and its limit."""
    if value is None:
        return "–"
    return f"{value:.2f}" + (f" (at most {limit:g}{'' if value <= limit else ', **missed**'})" if limit else "")


def others(found: Found) -> str:
    """Slow streams, start and memory."""
    return "\n".join(f"- {line}" for line in other_lines(found))


def other_lines(found: Found) -> Iterator[str]:
    """One sentence for each."""
    for name, slow in found.slow.items():
        yield (
            f"W4, {name}: {slow.complete:,} of {slow.streams:,} streams complete, 99 % of the chunks less than "
            f"{slow.late * 1000:.0f} ms late, {slow.stream_kilobytes:.0f} KB and "
            f"{slow.chunk_milliseconds * 1000:.0f} µs of CPU a chunk"
        )
    if found.starts:
        yield f"Start to first whole answer: {statistics.median(found.starts):.2f} s"
    for count, size in found.memory.items():
        yield f"Memory of the worker after W2 x {count:,}: {size:.0f} MB"


def medians(found: Found) -> dict[str, dict[str, float]]:
    """Workload -> server -> CPU milliseconds, without the vendor itself."""
    return {
        workload: {name: figures(rounds)["cpu"].median for name, rounds in servers.items() if name != DIRECT}
        for workload, servers in found.rounds_of.items()
    }


# -- the chart

COLORS = ("#9aa5b1", "#0b6e4f", "#c8553d", "#e0a458", "#5f6caf")
LEFT, WIDTH, BAR, GAP = 190, 560, 16, 14
#: The axis begins here, in milliseconds; each further line is ten times more.
LEAST = 0.1


def chart(times: Mapping[str, Mapping[str, float]]) -> str:
    """Bars of CPU milliseconds per request on a logarithmic axis, as SVG."""
    most = max((value for servers in times.values() for value in servers.values()), default=1.0)
    decades = max(1, -(-int(log10(most / LEAST) * 1000) // 1000))
    names = list(dict.fromkeys(name for servers in times.values() for name in servers))
    shapes, top = list[str](), 34
    for workload, servers in times.items():
        shapes.append(text(8, top + BAR, workload, "font-weight='bold'"))
        for name, value in servers.items():
            wide = max(1.0, WIDTH * log10(max(value, LEAST) / LEAST) / decades)
            color = COLORS[names.index(name) % len(COLORS)]
            shapes.append(text(LEFT - 6, top + BAR - 4, name, "text-anchor='end'"))
            shapes.append(f"<rect x='{LEFT}' y='{top}' width='{wide:.1f}' height='{BAR - 3}' fill='{color}'/>")
            shapes.append(text(LEFT + wide + 5, top + BAR - 4, f"{value:.1f}"))
            top += BAR
        top += GAP
    lines = [axis(LEFT + WIDTH * decade / decades, top, LEAST * 10**decade) for decade in range(decades + 1)]
    title = text(8, 16, "CPU milliseconds per request (logarithmic, less is better)", "font-weight='bold'")
    size = f"viewBox='0 0 {LEFT + WIDTH + 70} {top + 10}' width='{LEFT + WIDTH + 70}' height='{top + 10}'"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' {size} font-family='sans-serif' font-size='11'>\n"
        "<rect width='100%' height='100%' fill='#fff'/>\n" + "\n".join([title, *lines, *shapes]) + "\n</svg>\n"
    )


def text(x: float, y: float, words: str, more: str = "") -> str:
    """Words in the chart."""
    return f"<text x='{x:.0f}' y='{y:.0f}' {more}>{escape(words)}</text>"


def axis(x: float, bottom: int, value: float) -> str:
    """A line of the axis with its value."""
    return f"<line x1='{x:.0f}' x2='{x:.0f}' y1='28' y2='{bottom}' stroke='#ddd'/>" + text(
        x, 26, f"{value:g}", "text-anchor='middle' fill='#777'"
    )
