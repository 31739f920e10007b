"""/metrics of the real server: all workers together say what the usage log says, whatever happens to them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.metric_numbers import Numbers, numbers_of, totals_in, totals_of
from tests.support.otlp import accepted, attributes, spans, spans_when
from tests.support.rialto_server import BINARIES, ROOT, RialtoServer, server_environment, vendor_environment
from tests.support.scripted_server import CUT, Answer, Request, ScriptedServer, json_answer, sse_answer
from tests.support.usage_lines import Line, lines_where, usage_lines

pytestmark = pytest.mark.e2e

DEADLINE = 30.0
WORD = {"choices": [{"index": 0, "delta": {"content": "word"}}]}
END = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
USAGE = {
    **{"prompt_tokens": 1003, "completion_tokens": 57, "prompt_tokens_details": {"cached_tokens": 601}},
    "completion_tokens_details": {"reasoning_tokens": 31},
}
SPENT = {"choices": [], "usage": USAGE}
ANSWER = {"choices": [{"index": 0, "message": {"content": "word"}, "finish_reason": "stop"}], "usage": USAGE}
MODEL = "deepseek/deepseek-v4-pro"
#: Another vendor, whose breaker may open.
FRAGILE = "kimi/kimi-k2.6"
#: What a request asks the vendor to do, told by its `max_tokens`.
WELL, BUSY, BREAKS, SILENT = 50, 51, 52, 53


class Vendor:
    """Answers, refuses, breaks off or says nothing until `gate` opens."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.server = ScriptedServer(self.answer)

    def answer(self, request: Request) -> Answer:
        wanted = request.json.get("max_tokens") or request.json.get("max_completion_tokens")
        match wanted, request.json.get("stream"):
            case 51, _:
                return json_answer({"error": {"message": "slow down"}}, 429)
            case 52, True:
                return sse_answer([WORD, CUT])
            case 52, _:
                return Answer([b'{"choices"', CUT], headers={"content-type": "application/json"})
            case 53, _:
                return sse_answer([WORD, self.gate, END])
            case _, True:
                return sse_answer([WORD, END, SPENT])
            case _:
                return json_answer(ANSWER)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    found = Vendor()
    with found.server:
        yield found
        found.gate.set()


def rialto(folder: Path, vendor: Vendor, kind: str = "gevent", **more: str) -> RialtoServer:
    environment = vendor_environment(vendor.server.url, "deepseek", "kimi")
    (folder / "tmp").mkdir(parents=True)
    return RialtoServer(folder, kind, TMPDIR=str(folder / "tmp"), **environment, **more)


def sent(connection: http.client.HTTPConnection, **fields: Any) -> http.client.HTTPResponse:
    """The answer's head, its body unread."""
    message = {"model": MODEL, "max_tokens": WELL, "messages": [{"role": "user", "content": "hi"}], **fields}
    connection.request("POST", "/v1/messages", json.dumps(message), {"content-type": "application/json"})
    return connection.getresponse()


def connected(server: RialtoServer) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE)


def asked(server: RialtoServer, **fields: Any) -> str:
    """The request id of an answer that was read to its end."""
    with closing(connected(server)) as connection:
        answer = sent(connection, **fields)
        answer.read()
        return str(answer.headers["request-id"])


def left(server: RialtoServer, **fields: Any) -> str:
    """The request id of one whose client leaves after the first words."""
    with closing(connected(server)) as connection, sent(connection, stream=True, max_tokens=SILENT, **fields) as stream:
        assert stream.readline() == b"event: message_start\n"
        return str(stream.headers["request-id"])


def numbers_when(server: RialtoServer, wanted: Callable[[Numbers], bool]) -> Numbers:
    """What the server says, as soon as it says so."""
    end = time.monotonic() + DEADLINE
    while not wanted(found := numbers_of(server)):
        if time.monotonic() > end:
            raise AssertionError(found.text)
        time.sleep(0.05)
    return found


def settled(numbers: Numbers) -> bool:
    return numbers.sum("rialto_exchanges_in_flight") == 0 and numbers.sum("rialto_vendor_exchanges") == 0


def workers(server: RialtoServer) -> list[int]:
    """The process ids of the server's workers."""
    assert server.process
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    return [int(child) for child in children.split()]


def folders(server: RialtoServer) -> list[Path]:
    """Where its processes keep their numbers."""
    return list((server.folder / "tmp").glob("rialto-metrics-*"))


def agree(numbers: Numbers, lines: list[Line]) -> None:
    """Both say the same."""
    assert totals_in(numbers) == pytest.approx(totals_of(lines), abs=1e-9)


def test_four_workers_under_load_say_what_the_log_says(vendor: Vendor, tmp_path: Path) -> None:
    plan: list[Callable[[RialtoServer], str]] = [
        lambda server: asked(server, stream=True),
        lambda server: asked(server),
        lambda server: asked(server, max_tokens=BUSY),
        lambda server: asked(server, max_tokens=BREAKS, stream=True),
        lambda server: asked(server, max_tokens=BREAKS, model=FRAGILE),
        left,
        lambda server: asked(server, model="nobody/knows"),
        lambda server: asked(server, max_tokens="many"),
    ]
    with rialto(tmp_path, vendor, WEB_CONCURRENCY="4", QUEUE_TIMEOUT="60") as server:
        assert len(workers(server)) == 4
        with ThreadPoolExecutor(32) as pool:
            jobs = [pool.submit(plan[number % len(plan)], server) for number in range(480)]
            ids = [job.result(DEADLINE * 2) for job in jobs]
        lines = lines_where(tmp_path / "logs", lambda line: True, count=480)
        numbers = numbers_when(server, settled)
        (folder,) = folders(server)
        assert len(list(folder.glob("counter_[0-9]*.db"))) == 4
        text = (tmp_path / "logs" / "usage.jsonl").read_text("utf-8")
    assert sorted(line["request_id"] for line in lines) == sorted(ids)
    assert len([json.loads(line) for line in text.splitlines()]) == len(set(ids)) == 480
    statuses = Counter((line["status"], line["error_type"]) for line in lines)
    assert statuses[499, None] == statuses[404, "not_found_error"] == statuses[400, "invalid_request_error"] == 60
    assert statuses[200, None] == 120
    assert statuses[429, "rate_limit_error"] == statuses[200, "api_error"] == 60
    assert statuses[502, "api_error"] + statuses[529, "overloaded_error"] == 60
    assert numbers.sum("rialto_breaker_openings_total", vendor="kimi") >= 1
    agree(numbers, lines)
    for (status, kind), count in statuses.items():
        labels = {"status": str(status), "error_type": kind or "none"}
        assert numbers.sum("rialto_requests_total", **labels) == count, labels
    assert numbers.sum("rialto_cost_usd_total") > 0
    assert folders(server) == []


def test_killed_workers_are_counted_and_forgotten(vendor: Vendor, tmp_path: Path) -> None:
    with rialto(tmp_path, vendor, WEB_CONCURRENCY="3") as server:
        for _ in range(12):
            asked(server)
        with ThreadPoolExecutor(6) as pool:
            streams = [pool.submit(interrupted, server) for _ in range(6)]
            vendor.server.wait_for(18, DEADLINE)
            busy = numbers_when(server, lambda told: told.sum("rialto_exchanges_in_flight") == 6)
            for worker in workers(server):
                os.kill(worker, signal.SIGKILL)
            for stream in streams:
                stream.result(DEADLINE)
        lines = lines_where(tmp_path / "logs", lambda line: line["status"] == "lost", count=6)
        numbers = numbers_when(server, lambda told: told.sum("rialto_requests_total", status="lost") == 6)
        (folder,) = folders(server)
        left_behind = {path.name.rpartition("_")[2] for path in folder.glob("counter_*.db")}
        assert "dead.db" in left_behind <= {"dead.db", *(f"{worker}.db" for worker in workers(server))}
    assert busy.sum("rialto_vendor_exchanges", vendor="deepseek") == 6
    assert settled(numbers)
    assert {line["error_type"] for line in lines} == {"worker_killed"}
    agree(numbers, usage_lines(tmp_path / "logs"))
    assert len(usage_lines(tmp_path / "logs")) == 18


def interrupted(server: RialtoServer) -> None:
    """A stream that ends with its worker."""
    with closing(connected(server)) as connection, pytest.raises((OSError, http.client.HTTPException)):
        sent(connection, stream=True, max_tokens=SILENT).read()


def test_a_reload_keeps_the_counts(vendor: Vendor, tmp_path: Path) -> None:
    with rialto(tmp_path, vendor, WEB_CONCURRENCY="2") as server:
        for _ in range(5):
            asked(server)
        before = workers(server)
        assert server.process
        os.kill(server.process.pid, signal.SIGHUP)
        end = time.monotonic() + DEADLINE
        while set(before) & set(workers(server)) or len(workers(server)) < 2:
            assert time.monotonic() < end, server.log
            time.sleep(0.05)
        for _ in range(4):
            asked(server)
        lines = lines_where(tmp_path / "logs", lambda line: True, count=9)
        numbers = numbers_when(server, lambda told: settled(told) and 1 <= told.sum("rialto_breakers") <= 2)
        assert len(folders(server)) == 1
    agree(numbers, lines)


@pytest.mark.parametrize("kind", ["gthread", "waitress"])
def test_other_servers(kind: str, vendor: Vendor, tmp_path: Path) -> None:
    with rialto(tmp_path, vendor, kind) as server:
        for fields in ({"stream": True}, {}, {"max_tokens": BUSY}, {"max_tokens": BREAKS, "stream": True}):
            asked(server, **fields)
        left(server)
        lines = lines_where(tmp_path / "logs", lambda line: True, count=5)
        agree(numbers_when(server, settled), lines)


def test_nothing_stays_behind(vendor: Vendor, tmp_path: Path) -> None:
    with rialto(tmp_path, vendor) as server:
        asked(server)
        assert len(folders(server)) == 1
        command = [str(BINARIES / "gunicorn"), "--check-config", "wsgi:app"]
        environment = server_environment(tmp_path, server.environment)
        subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=60)
        assert len(folders(server)) == 1
        assert server.process
        os.killpg(server.process.pid, signal.SIGKILL)
        server.wait_for_end()
    assert len(folders(server)) == 1
    with RialtoServer(tmp_path, **server.environment) as next_server:
        asked(next_server)
        assert len(folders(next_server)) == 1
        assert numbers_of(next_server).sum("rialto_requests_total") == 1
        next_server.stop()
    assert folders(server) == []


def test_without_metrics_there_is_no_folder(vendor: Vendor, tmp_path: Path) -> None:
    with rialto(tmp_path, vendor, METRICS="0") as server, closing(connected(server)) as connection:
        asked(server)
        connection.request("GET", "/metrics")
        assert connection.getresponse().status == 404
        assert folders(server) == []


@pytest.mark.parametrize("kind", ["gevent", "gthread"])
def test_the_spans_of_all_workers_arrive_when_the_server_stops(kind: str, vendor: Vendor, tmp_path: Path) -> None:
    later = {"OTEL_BSP_SCHEDULE_DELAY": "600000", "WEB_CONCURRENCY": "2"}
    with ScriptedServer(accepted) as collector:
        with rialto(tmp_path, vendor, kind, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, **later) as server:
            ids = {asked(server, stream=number % 2 == 0) for number in range(10)}
            assert collector.requests == []
            server.stop()
        told = [attributes(span) for span in spans(collector)]
    assert {entry["rialto.request_id"] for entry in told} == ids and len(told) == 10
    sent_on = {request.headers["traceparent"].split("-")[2] for request in vendor.server.requests}
    assert sent_on == {span.span_id.hex() for span in spans(collector)}


def test_spans_are_sent_while_the_server_runs(vendor: Vendor, tmp_path: Path) -> None:
    soon = {"OTEL_BSP_SCHEDULE_DELAY": "50"}
    with (
        ScriptedServer(accepted) as collector,
        rialto(tmp_path, vendor, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, **soon) as server,
    ):
        asked(server)
        (span,) = spans_when(collector, 1)
    assert span.name == "chat deepseek-v4-pro"
