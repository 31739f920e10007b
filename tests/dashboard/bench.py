"""How fast and how heavy the dashboard is with a log of a million exchanges: `make bench-dashboard`.

Prints the size of the files, the time until the first numbers are there (with nothing read before, then with an index),
the time of each question, the memory of each process, how long the server's own requests take meanwhile, and whether
the totals are those of the files. Leaves nothing behind.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.dashboard import generated
from tests.dashboard.browser import Missing, opened_browser, profile
from tests.dashboard.servers import DashboardServer, processes
from tests.support.rialto_server import RialtoServer
from tests.support.usage_lines import usage_lines

#: Seconds within which the first numbers must be there.
LIMIT = 1.0
TABLES = ("models", "sessions", "clients", "exchanges", "errors", "times")
RANGES = ("24h", "7d", "30d", "all")
#: Requests of a client, to see what the dashboard takes from them.
CALLS = 150
QUESTION = {"model": "demo", "max_tokens": 64, "messages": [{"role": "user", "content": "Hello"}]}


def main(lines: int) -> None:
    """Runs everything and prints it. Ends with 1 when a promise is not kept."""
    with tempfile.TemporaryDirectory(prefix="rialto-bench-") as name:
        folder = Path(name)
        logs = folder / "alone" / "logs"
        took = timed(lambda: generated.write(logs, lines, time.time()))
        size = sum(path.stat().st_size for path in logs.glob("usage.jsonl*"))
        files = len(list(logs.glob("usage.jsonl*")))
        say("log", f"{lines:,} exchanges, {size / 1e6:,.0f} MB in {files} files (made in {took:.0f} s)")
        kept = [cold(folder), warm(folder), same(folder, logs), beside(folder, logs)]
    sys.exit(0 if all(kept) else 1)


def cold(folder: Path) -> bool:
    """The first look ever."""
    with DashboardServer(folder / "alone") as server:
        first: dict[str, Any] = {}
        took = timed(lambda: first.update(asked(server.url, "overview", range="24h")))
        requests_seen = first["totals"]["requests"]
        say(
            "nothing read before",
            f"first numbers after {took * 1000:,.0f} ms ({requests_seen:,} requests of the last day)",
        )
        whole = timed(lambda: wait_until_read(server.url))
        index = sum(path.stat().st_size for path in (folder / "alone" / "state").rglob("*.parquet"))
        say("", f"everything read after {took + whole:.1f} s, the index has {index / 1e6:.0f} MB")
        say("memory", memory(server))
    return took < LIMIT


def warm(folder: Path) -> bool:
    """A server that starts beside an index; then each question alone."""
    with DashboardServer(folder / "alone") as server:
        took = timed(lambda: asked(server.url, "overview", range="30d"))
        say("started beside an index", f"first numbers of 30 days after {took * 1000:,.0f} ms, engine's start included")
        for span in RANGES:
            times = {"overview": often(server.url, "overview", range=span)}
            times |= {table: often(server.url, "table", range=span, table=table) for table in TABLES}
            say(f"questions, {span}", ", ".join(f"{name} {value * 1000:.0f}" for name, value in times.items()) + " ms")
        say("memory", memory(server))
        paint(server.url)
    return took < LIMIT


def paint(url: str) -> None:
    """The first numbers in a browser."""
    try:
        with opened_browser() as browser:
            page = profile(browser).new_page()
            for span in ("24h", "all"):
                page.goto(f"{url}/dashboard?range={span}")
                page.wait_for_selector("#cards .card")
                shown = page.evaluate("performance.now()")
                say(f"browser, {span}", f"numbers on the screen {shown:.0f} ms after the address was opened")
    except Missing as missing:
        say("browser", str(missing))


def same(folder: Path, logs: Path) -> bool:
    """The totals of the page and those of the files."""
    with DashboardServer(folder / "alone") as server:
        shown = asked(server.url, "overview", range="all")["totals"]
    found = usage_lines(logs)
    told = {
        "requests": len(found),
        "tokens in": sum(inputs(line) for line in found),
        "tokens out": sum(line["output_tokens"] or 0 for line in found),
        "cost": round(math.fsum(line["cost_usd"] or 0 for line in found), 2),
    }
    page = {
        "requests": shown["requests"],
        "tokens in": shown["tokens_in"],
        "tokens out": shown["tokens_out"],
        "cost": round(shown["cost"], 2),
    }
    say("totals of the page", str(page))
    say("sum over the files", f"{told} {'(the same)' if told == page else '(ANOTHER)'}")
    return told == page


def beside(folder: Path, logs: Path) -> bool:
    """What a server's clients notice while somebody looks at the dashboard that it serves itself."""
    environment = {"BRIDGE_LOG_DIR": f"{folder / 'own'},{logs}"}
    with RialtoServer(folder / "server", **environment) as server:
        asked(server.url, "overview", range="24h")
        wait_until_read(server.url)
        answered(server.url)  # the first calls load what later ones need
        alone = answered(server.url)
        with hammered(server.url):
            busy = answered(server.url)
        say("client's calls", f"alone {milliseconds(alone)}; while the page asks without a pause {milliseconds(busy)}")
        say("memory", memory(server))
    return True


@contextmanager
def hammered(url: str) -> Iterator[None]:
    """Somebody asks for everything again and again."""
    stop = threading.Event()

    def ask() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            asked(url, "overview", range="all", text="", zone=str(number % 600))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def answered(url: str) -> list[float]:
    """How long a client's calls take, in seconds."""
    with requests.Session() as session:
        return [
            timed(lambda: session.post(f"{url}/v1/messages", json=QUESTION).raise_for_status()) for _ in range(CALLS)
        ]


def asked(url: str, view: str, **query: str) -> dict[str, Any]:
    """An answer of the dashboard."""
    response = requests.get(f"{url}/dashboard/data/{view}", params=query, timeout=120)
    response.raise_for_status()
    found: dict[str, Any] = json.loads(response.content)
    return found


def often(url: str, view: str, **query: str) -> float:
    """The median of five askings, none of which is answered from memory."""
    zones = iter(range(5))
    return statistics.median(timed(lambda: asked(url, view, **query, zone=str(next(zones)))) for _ in range(5))


def wait_until_read(url: str) -> None:
    """Until all files are in the index."""
    reading = {"done": 0, "size": 1}
    while reading["done"] < reading["size"]:
        reading = asked(url, "overview", range="15m")["reading"]


def inputs(line: dict[str, Any]) -> int:
    """All input of an exchange."""
    return sum(line[name] or 0 for name in ("input_tokens", "cache_read_tokens", "cache_write_tokens"))


def memory(server: DashboardServer | RialtoServer) -> str:
    """What each process of a server holds, and has held at most."""
    assert server.process
    return "; ".join(f"{name} {now:.0f} MB (at most {most:.0f})" for name, now, most in processes(server.process.pid))


def milliseconds(times: list[float]) -> str:
    """Median and the 95th of 100."""
    ordered = sorted(times)
    return f"p50 {ordered[len(ordered) // 2] * 1000:.1f} ms, p95 {ordered[len(ordered) * 95 // 100] * 1000:.1f} ms"


def timed(work: Callable[[], Any]) -> float:
    """How long it takes, in seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def say(title: str, words: str) -> None:
    """One line."""
    print(f"{title:<24} {words}", flush=True)


if __name__ == "__main__":
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
