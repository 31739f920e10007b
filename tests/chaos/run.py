"""One chaos run: the vendor, the real server with two workers, all the clients, and the report."""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from tests.chaos import watch
from tests.chaos.clients import Client, Outcome
from tests.chaos.judge import SECRET, Judge
from tests.chaos.plans import PROTOCOLS, Plan, Stage
from tests.real.conftest import project_copy
from tests.support.rialto_server import ROOT, RialtoServer, free_port
from tests.support.waiting import settled

WORKERS = 2
#: Seconds for everything to come to rest behind the last client.
SETTLING = 15.0
#: What must not be in the server's log.
BAD_WORDS = ("Traceback", "unexpected failure", "could not be", "Exception ignored", "failed with", "CRITICAL")
#: Bytes of memory for which the workers may grow with each exchange in the second half, and a run's noise.
GROWTH, NOISE = 10_000, 40_000_000
#: Exchanges below which growth says nothing: the workers are still warming up.
WARM = 150


@dataclass(frozen=True)
class Size:
    """How large a run is: faulty exchanges, how many at once, rows of each wire, and the server's limits in seconds."""

    count: int
    at_once: int = 90
    rows: int = 30
    late: bool = True
    first_byte: float = 15.0
    total: float = 25.0

    @property
    def deadline(self) -> float:
        """Seconds that one exchange may take for its client."""
        return self.total + 25.0

    @property
    def settings(self) -> dict[str, str]:
        """The server's environment."""
        return {
            "FIRST_BYTE_TIMEOUT": str(self.first_byte),
            "IDLE_TIMEOUT": str(self.first_byte),
            "TOTAL_TIMEOUT": str(self.total),
            "QUEUE_TIMEOUT": str(self.first_byte),
            "CONNECT_TIMEOUT": "2",
            "RETRY_BUDGET": "2.5",
            "WEB_CONCURRENCY": str(WORKERS),
        }


SMALL = Size(count=150, at_once=75, rows=8, late=False, first_byte=3.0, total=8.0)


@dataclass
class Report:
    """What a run came to."""

    seed: int
    faulty: int = 0
    seconds: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[int, str, str]] = field(default_factory=list)
    """(exchange, what was to happen, complaint); exchange -1 is the run as a whole."""
    memory: dict[int, int] = field(default_factory=dict)
    """Percent of the run -> bytes."""
    growth: float = 0.0
    sockets: Counter[str] = field(default_factory=Counter)
    vendor: Counter[str] = field(default_factory=Counter)
    tries: int = 0
    releases: list[float] = field(default_factory=list)
    log: str = ""

    def table(self) -> str:
        """The figures."""
        rows: list[tuple[str, str]] = [
            ("seed", str(self.seed)),
            ("exchanges, faulty", f"{sum(self.kinds.values())}, {self.faulty}"),
            ("seconds", f"{self.seconds:.0f}"),
            ("tries at the vendor, kinds of faults", f"{self.tries}, {len(self.faults)}"),
            *((f"clients: {kind}", str(count)) for kind, count in self.kinds.most_common()),
            ("vendor's connections", ", ".join(f"{count} {state}" for state, count in sorted(self.vendor.items()))),
            ("workers' sockets to it", ", ".join(f"{n} {state}" for state, n in sorted(self.sockets.items())) or "0"),
            ("workers' memory, MB at 5 to 100 %", " ".join(f"{size / 1e6:.0f}" for size in self.memory.values())),
            ("growth in the second half", f"{self.growth:.0f} bytes an exchange"),
            ("vendor let go behind the client", f"{max(self.releases, default=0):.1f} s at most"),
            ("violations", str(len(self.wrong))),
        ]
        return "\n".join(f"{name:38}{value}" for name, value in rows)

    def usual_memory(self, begin: int, end: int) -> float:
        """The workers' memory in a part of the run; the median, for answers of megabytes come and go."""
        return median(size for share, size in self.memory.items() if begin <= share <= end)


class Run:
    """A run in a folder. `only` is one exchange, to repeat it."""

    def __init__(self, seed: int, size: Size, folder: Path, only: int | None = None) -> None:
        self.size = size
        self.folder = folder
        self.stage = Stage(seed, size.rows, size.late)
        self.plans = [self.stage.plan(only)] if only is not None else self._plans()
        self.report = Report(seed, faulty=sum(plan.is_faulty for plan in self.plans))
        self.pids: list[int] = []

    def _plans(self) -> list[Plan]:
        """As many plans as make the wanted number of faulty exchanges."""
        plans: list[Plan] = []
        faulty = 0
        while faulty < self.size.count:
            plans.append(self.stage.plan(len(plans)))
            faulty += plans[-1].is_faulty
        return plans

    def play(self) -> Report:
        """The whole run."""
        with self._vendor() as port, self._server(port) as server:
            self.pids = watch.children(server.process.pid) if watch.available() and server.process else []
            began = time.monotonic()
            outcomes = asyncio.run(self._exchanges(server.port))
            self.report.seconds = time.monotonic() - began
            testimony = self._settled(port)
            self._sockets(port)
        self._judge(outcomes, testimony)
        self._whole_run(server.log)
        return self.report

    @contextmanager
    def _vendor(self) -> Iterator[int]:
        """The vendor's port."""
        stage = self.stage
        late = "late" if stage.late else "soon"
        command = [sys.executable, "-m", "tests.chaos.vendor", str(stage.seed), str(stage.rows), late]
        with (self.folder / "vendor.log").open("wb") as log:
            process = subprocess.Popen(
                [*command, str(self.size.first_byte)], cwd=ROOT, stdout=subprocess.PIPE, stderr=log
            )
        try:
            assert process.stdout
            yield int(process.stdout.readline())
        finally:
            process.kill()
            process.communicate()

    def _server(self, port: int) -> RialtoServer:
        """Rialto with a row for each of the vendor's."""
        rows = self.stage.row_names()
        keys = {key_variable(row): keys_of(row, place) for place, row in enumerate(rows)}
        server = RialtoServer(self.folder / "home", **self.size.settings, **keys)
        server.root = project_copy(self.folder / "project")
        server.at_the_end = signal.SIGTERM
        (server.root / "conf" / "vendors.local.toml").write_text("\n".join(self._rows(port)))
        (server.root / "conf" / "models.local.toml").write_text("\n".join(self._aliases()))
        return server

    def _rows(self, port: int) -> Iterator[str]:
        for row, wire in self.stage.row_names().items():
            more = [f'key_variable = "{key_variable(row)}"']
            more += ["profile = { genuine = true }"] if wire == "passthrough" else []
            yield vendor_row(row, f"http://127.0.0.1:{port}/{row}/v1", PROTOCOLS[wire], *more)
        yield vendor_row("chaos-refused", f"http://127.0.0.1:{free_port()}/v1", "openai_chat")
        yield vendor_row("chaos-nowhere", "http://nowhere.invalid/v1", "openai_chat")
        yield vendor_row("chaos-misspelt", f"http://{'x' * 70}.test/v1", "ollama_chat")
        yield vendor_row("chaos-secure", f"https://127.0.0.1:{port}/v1", "gemini")

    def _aliases(self) -> Iterator[str]:
        yield "[aliases]"
        for alias, (first, second) in self.stage.pairs().items():
            yield f'{alias} = {{ model = "{first}", fallback = ["{second}"] }}'

    async def _exchanges(self, port: int) -> list[Outcome]:
        """All exchanges, so many at once."""
        turns = asyncio.Semaphore(self.size.at_once)
        ended: list[Outcome] = []
        marks = {max(1, len(self.plans) * share // 100): share for share in range(5, 101, 5)}

        async def one(plan: Plan) -> None:
            async with turns:
                ended.append(await Client(port, plan).run(self.size.deadline))
            if (share := marks.get(len(ended))) and self.pids:
                self.report.memory[share] = watch.resident(self.pids)

        await asyncio.gather(*map(one, self.plans))
        return ended

    def _settled(self, port: int) -> Any:
        """The vendor's testimony, as soon as it has no more work and every exchange is in the books."""
        wanted = len(self.plans) - sum(plan.manner.reading == "leaves_asking" for plan in self.plans)
        return settled(
            lambda: testimony(port),
            lambda told: told["states"].count("busy") <= 1 and sum(map(len, self._books().values())) >= wanted,
            SETTLING,
        )

    def _sockets(self, port: int) -> None:
        if self.pids:
            self.report.sockets = watch.sockets(self.pids, port)

    def _books(self) -> dict[str, list[Any]]:
        """Session -> its usage lines."""
        found: dict[str, list[Any]] = {}
        path = self.folder / "home" / "logs" / "usage.jsonl"
        for line in path.read_text().splitlines() if path.exists() else ():
            entry = json.loads(line)
            found.setdefault(str(entry["session_id"]), []).append(entry)
        return found

    def _judge(self, outcomes: list[Outcome], told: Any) -> None:
        judge = Judge(told["tries"], self._books(), self.size.first_byte)
        for outcome in outcomes:
            plan = self.stage.plan(outcome.number)
            try:
                kind, wrong = judge.complaints(plan, outcome)
            except (ValueError, KeyError, TypeError) as error:
                kind, wrong = "unreadable", [f"unreadable: {error!r}"]
            self.report.kinds[kind] += 1
            self.report.wrong += [(outcome.number, described(plan), complaint) for complaint in wrong]
        self.report.releases = judge.releases
        self.report.vendor = Counter(told["states"])
        self.report.vendor["busy"] -= 1  # who asked for the testimony
        self.report.tries = sum(map(len, told["tries"].values()))
        for plan in self.plans:
            tries = len(told["tries"].get(str(plan.number), []))
            self.report.faults.update(plan.act(place).fault for place in range(tries))

    def _whole_run(self, log: str) -> None:
        """What is wrong with the run as a whole."""
        report, wrong = self.report, list[str]()
        report.log = log
        lines = [line for line in log.splitlines() if any(word in line for word in BAD_WORDS)]
        wrong += [f"in the server's log: {line}" for line in lines[:5]]
        if report.vendor["busy"]:
            wrong.append(f"{report.vendor['busy']} connections of the vendor are still at work")
        if report.sockets["established"] > report.vendor["idle"]:
            wrong.append(
                f"the workers hold {report.sockets['established']} connections, the vendor {report.vendor['idle']}"
            )
        if report.memory and len(self.plans) >= WARM:
            grown = report.usual_memory(80, 100) - report.usual_memory(30, 50)
            report.growth = grown / (len(self.plans) / 2)
            if grown > NOISE + GROWTH * len(self.plans) / 2:
                wrong.append(f"the workers grew by {grown / 1e6:.0f} MB in the second half")
        report.wrong += [(-1, "the whole run", complaint) for complaint in wrong]


def vendor_row(name: str, url: str, protocol: str, *more: str) -> str:
    """A row of vendors.toml."""
    return "\n".join([f"[{name}]", f'base_url = "{url}"', f'protocol = "{protocol}"', *more, ""])


def key_variable(row: str) -> str:
    """The variable with a row's keys."""
    return f"{row.upper().replace('-', '_')}_KEY"


def keys_of(row: str, place: int) -> str:
    """A row's keys: every third one has two."""
    return ",".join(f"{SECRET}-{row}-{number}" for number in range(1 + (place % 3 == 0)))


def described(plan: Plan) -> str:
    """A plan for people."""
    form = "stream" if plan.manner.stream else "whole"
    return f"{plan.model}, {form}, client {plan.manner.reading}, vendor {' then '.join(act.fault for act in plan.acts)}"


def testimony(port: int) -> Any:
    """What the vendor has to say."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/testimony")
        return json.load(connection.getresponse())
