"""The benchmark: `make bench`, or `python -m tests.bench`. What it does and finds: docs/performance.md."""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tests.bench import loads, meter, peers, report, servers, traffic
from tests.bench.figures import Round, percentile
from tests.bench.report import Found, Slow

#: Requests of one round for each workload, and the seconds after which a slow server is let off.
COUNTS, SECONDS = {"W1": 40, "W2": 30, "W3": 10, "W3x2": 6, "W5": 150}, 2.0
CLIENTS, CROWD_SECONDS = 8, 0.6
#: W6: the same request as W2 on other wires; path of the wire, what sends Rialto there.
WIRES = {
    "gemini": ("/v1beta/models/bench-w2:streamGenerateContent?alt=sse", "gemini/", "GEMINI_BASE_URL", "GEMINI_API_KEY"),
    "ollama": ("/api/chat", "ollama/", "OLLAMA_HOST", "OLLAMA_API_KEY"),
    "responses": ("/v1/responses", "openai_compatible/", "PROVIDER_BASE_URL", "PROVIDER_API_KEY"),
}
#: W4: so many streams, opened over so many seconds.
STREAMS, SPREAD = 1000, 10.0


def main(arguments: argparse.Namespace) -> None:
    """Runs what is asked for and writes it down."""
    found = Found(rounds=arguments.rounds, busy=os.getloadavg()[0])
    only = set(filter(None, arguments.only.upper().replace("W3X2", "W3x2").split(",")))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        vendor = stack.enter_context(start(servers.vendor(), place))
        plans = [servers.relay(vendor.plan.port), servers.rialto(vendor.plan.port, place)]
        chosen = plans + peer_plans(arguments.peers, vendor.plan.port, place, found)
        running = [vendor, *(stack.enter_context(start(plan, place)) for plan in chosen)]
        found.versions = {server.plan.name: server.plan.version for server in running[3:]}
        for workload in COUNTS:
            if not only or workload in only:
                found.rounds_of[workload] = side_by_side(running, workload, arguments.rounds)
    for name, measure in (("W6", wires), ("W4", slow_streams), ("START", starts), ("MEMORY", memory)):
        if not only or name in only:
            measure(found, arguments.rounds)
    if only:
        print(report.table(found))
    else:
        report.write(found)


def start(plan: servers.Plan, folder: Path) -> servers.Server:
    """A server whose output goes to a file in the folder."""
    return servers.Server(plan, folder / f"{plan.name}.log")


def peer_plans(wished: str, vendor_port: int, place: Path, found: Found) -> list[servers.Plan]:
    """The peers that can be installed; why the others cannot is said."""
    plans = []
    for name in [] if wished.lower() == "none" else filter(None, wished.split(",")):
        folder = place / name
        folder.mkdir()
        try:
            plans.append(peers.PEERS[name](vendor_port, folder))
        except peers.Missing as why:
            found.missing[name] = str(why).splitlines()[-1][:200]
            say(f"{name} is left out: {found.missing[name]}")
    return plans


def side_by_side(running: Sequence[servers.Server], workload: str, rounds: int) -> dict[str, list[Round]]:
    """The rounds of all servers, one round of each after the other."""
    found: dict[str, list[Round]] = {server.plan.name: [] for server in running}
    for number in range(rounds + 1):
        for server in running:
            try:
                one = one_round(server, workload, warming=number == 0)
            except (loads.Failed, OSError) as error:
                raise SystemExit(f"{server.plan.name} failed at {workload}: {error}") from None
            if number:
                found[server.plan.name].append(one)
        if number:
            say(f"{workload} {number}: " + "  ".join(f"{name} {each[-1].cpu:.1f}" for name, each in found.items()))
    return found


def one_round(server: servers.Server, workload: str, warming: bool = False, model: str = "") -> Round:
    """Requests one after the other, then some at once."""
    plan, count = server.plan, COUNTS[workload]
    marks = plan.marks[workload == "W5"]
    body = traffic.request(workload, plan.models + (model or workload.lower()))
    asked = loads.message(f"127.0.0.1:{plan.port}", plan.path, body, servers.KEY)
    before = meter.cpu_seconds(server.pid)
    times = loads.ask_often(plan.port, asked, (marks,), max(3, count // 4) if warming else count, seconds=SECONDS)
    cpu = 1000 * (meter.cpu_seconds(server.pid) - before) / len(times)
    began = time.perf_counter()
    crowd = loads.ask_often(plan.port, asked, (marks,), 10_000, CLIENTS, 0.0 if warming else CROWD_SECONDS)
    return Round(
        cpu=cpu,
        first=1000 * statistics.median(one.first for one in times),
        total=1000 * statistics.median(one.total for one in times),
        rate=len(crowd) / (time.perf_counter() - began),
        memory=sum(meter.resident(server.pid)),
    )


def wires(found: Found, rounds: int) -> None:
    """W6: Rialto and the relay on other wires."""
    for wire, (path, prefix, address, key) in WIRES.items():
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            place = Path(folder)
            vendor = stack.enter_context(start(servers.vendor(), place))
            base = f"http://127.0.0.1:{vendor.plan.port}" + ("/v1" if wire == "responses" else "")
            more = {address: base, key: servers.KEY, **({"OPENAI_API": "responses"} if wire == "responses" else {})}
            own = servers.rialto(vendor.plan.port, place, **more)
            own = replace(own, models=prefix + traffic.MODEL)
            plans = [servers.relay(vendor.plan.port, path), own]
            running = [stack.enter_context(start(plan, place)) for plan in plans]
            found.rounds_of[f"W6 {wire}"] = side_by_side(running, "W2", rounds)


def slow_streams(found: Found, rounds: int) -> None:
    """W4: many streams of one chunk a second, by the relay and by Rialto."""
    for make in (servers.relay, servers.rialto):
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            place = Path(folder)
            vendor = stack.enter_context(start(servers.vendor(), place))
            plan = make(vendor.plan.port) if make is servers.relay else servers.rialto(vendor.plan.port, place)
            server = stack.enter_context(start(plan, place))
            body = traffic.request("W4", plan.models + "w4")
            asked = loads.message(f"127.0.0.1:{plan.port}", plan.path, body, servers.KEY)
            loads.ask_often(plan.port, asked.replace(b"bench-w4", b"bench-w1"), (), 20)
            before, most, cpu = max(meter.resident(server.pid)), 0.0, meter.cpu_seconds(server.pid)
            known = loads.Slow()
            for _ in loads.stream_slowly(plan.port, asked, STREAMS, SPREAD, SPREAD + traffic.W4_CHUNKS + 40, known):
                most = max(most, *meter.resident(server.pid))
            found.slow[plan.name] = Slow(
                streams=STREAMS,
                complete=known.complete,
                late=percentile(known.late, 0.99) if known.late else 0.0,
                stream_kilobytes=(most - before) * 1024 / STREAMS,
                chunk_milliseconds=1000 * (meter.cpu_seconds(server.pid) - cpu) / max(1, len(known.late)),
            )
            say(f"W4 {plan.name}: {found.slow[plan.name]}")


def starts(found: Found, rounds: int) -> None:
    """Seconds from the start of the process to the first whole answer."""
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            place = Path(folder)
            vendor = stack.enter_context(start(servers.vendor(), place))
            began = time.perf_counter()
            server = stack.enter_context(start(servers.rialto(vendor.plan.port, place), place))
            body = traffic.request("W5", server.plan.models + "w5")
            asked = loads.message("127.0.0.1", server.plan.path, body, servers.KEY)
            loads.ask_often(server.plan.port, asked, (server.plan.marks[1],), 1)
            found.starts.append(time.perf_counter() - began)
    say(f"start to first answer: {statistics.median(found.starts):.2f} s")


def memory(found: Found, rounds: int) -> None:
    """Megabytes of the worker after many W2 requests, and after five times as many."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        place = Path(folder)
        vendor = stack.enter_context(start(servers.vendor(), place))
        server = stack.enter_context(start(servers.rialto(vendor.plan.port, place), place))
        body = traffic.request("W2", server.plan.models + "w2")
        asked = loads.message("127.0.0.1", server.plan.path, body, servers.KEY)
        done = 0
        for count in (1000, 5000):
            loads.ask_often(server.plan.port, asked, (server.plan.marks[0],), count - done, seconds=300)
            done = count
            found.memory[count] = meter.resident(server.pid)[-1]
    say(f"memory of the worker: {found.memory}")


def say(words: str) -> None:
    """One line of progress."""
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--only", default="", help="W1,W2,W3,W3x2,W4,W5,W6,START,MEMORY; prints, and writes no document"
    )
    parser.add_argument("--peers", default=",".join(peers.PEERS), help="or none")
    main(parser.parse_args())
