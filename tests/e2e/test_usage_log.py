"""The usage log of the real server: several workers, full files, clients that leave, workers that are killed."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.rialto_server import RialtoServer
from tests.support.scripted_server import ScriptedServer, json_answer, sse_answer
from tests.support.usage_lines import Line, lines_where, usage_lines

pytestmark = pytest.mark.e2e

DEADLINE = 20.0
WORD = {"choices": [{"index": 0, "delta": {"content": "word"}}]}
END = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
SPENT = {"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 2}}
ANSWER = {"choices": [{"index": 0, "message": {"content": "word"}, "finish_reason": "stop"}], "usage": SPENT["usage"]}
MODEL = "deepseek/deepseek-v4-pro"


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def rialto(folder: Path, vendor: ScriptedServer, kind: str = "gevent", **more: str) -> RialtoServer:
    environment = {"DEEPSEEK_BASE_URL": f"{vendor.url}/deepseek/v1", "DEEPSEEK_API_KEY": "deepseek-upstream-key"}
    return RialtoServer(folder, kind, **environment, **more)


def connected(server: RialtoServer, timeout: float = DEADLINE) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)


def sent(connection: http.client.HTTPConnection, **fields: Any) -> http.client.HTTPResponse:
    """The answer's head, its body unread."""
    message = {"model": MODEL, "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}], **fields}
    connection.request("POST", "/v1/messages", json.dumps(message), {"content-type": "application/json"})
    return connection.getresponse()


def asked(server: RialtoServer, **fields: Any) -> tuple[str, int]:
    """(request id, status) of a request whose answer was read to its end."""
    with closing(connected(server)) as connection:
        answer = sent(connection, **fields)
        answer.read()
        return str(answer.headers["request-id"]), answer.status


def endings(lines: list[Line]) -> list[tuple[str, Any, Any]]:
    return sorted((line["request_id"], str(line["status"]), line["error_type"]) for line in lines)


def test_four_workers_write_a_line_for_each_of_many_exchanges(vendor: ScriptedServer, tmp_path: Path) -> None:
    vendor.play(
        lambda request: (
            json_answer({"error": {"message": "slow down"}}, 429)
            if request.json["max_tokens"] == 7
            else sse_answer([WORD, END, SPENT])
            if request.json["stream"]
            else json_answer(ANSWER)
        )
    )
    kinds: list[dict[str, Any]] = [{"stream": True}, {}, {"max_tokens": 7}, {"model": "nobody/knows"}, {"model": 1}]
    with rialto(tmp_path, vendor, WEB_CONCURRENCY="4", USAGE_LOG_MB="0.01", USAGE_LOG_FILES="1000") as server:
        with ThreadPoolExecutor(40) as pool:
            jobs = [pool.submit(asked, server, **kinds[number % len(kinds)]) for number in range(400)]
            answers = [job.result(DEADLINE) for job in jobs]
        lines = lines_where(tmp_path / "logs", lambda line: True, count=400)
    assert sorted((line["request_id"], line["status"]) for line in lines) == sorted(answers)
    assert Counter(line["status"] for line in lines) == {200: 160, 429: 80, 404: 80, 400: 80}
    assert len(set(answers)) == 400
    assert {line["input_tokens"] for line in lines if line["status"] == 200} == {10}
    assert len(list((tmp_path / "logs").glob("usage.jsonl.[0-9]*"))) > 10


@pytest.mark.parametrize("kind", ["gevent", "gthread", "waitress"])
def test_a_client_that_leaves(kind: str, vendor: ScriptedServer, tmp_path: Path) -> None:
    gate = threading.Event()
    vendor.play(lambda request: sse_answer([WORD, gate, END]))
    with rialto(tmp_path, vendor, kind) as server:
        with closing(connected(server)) as reader, sent(reader, stream=True) as stream:
            assert stream.readline() == b"event: message_start\n"
        with closing(connected(server, timeout=0.5)) as waiting, pytest.raises(TimeoutError):
            sent(waiting)
        lines = lines_where(tmp_path / "logs", lambda line: line["status"] == 499, count=2)
        gate.set()
    assert sorted(line["stream"] for line in lines) == [False, True]
    assert [line["error_type"] for line in lines] == [None, None]
    assert len(usage_lines(tmp_path / "logs")) == 2


def workers(server: RialtoServer) -> list[int]:
    """The process ids of the server's workers."""
    assert server.process
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    return [int(child) for child in children.split()]


def working_for(request_id: str, logs: Path) -> int:
    """The process id of the worker that has an exchange."""
    (path,) = [path for path in (logs / "running").iterdir() if request_id.encode() in path.read_bytes()]
    return int(path.name.partition(".")[0])


def finished(stream: http.client.HTTPResponse) -> bool:
    """The answer came to its end."""
    try:
        return b"message_stop" in stream.read()
    except (http.client.HTTPException, OSError):
        return False


def test_a_worker_that_is_killed_loses_no_line(vendor: ScriptedServer, tmp_path: Path) -> None:
    gate = threading.Event()
    vendor.play(lambda request: sse_answer([WORD, gate, END, SPENT] if request.json["stream"] else [WORD, END]))
    logs = tmp_path / "logs"
    with rialto(tmp_path, vendor, WEB_CONCURRENCY="2") as server, ExitStack() as stack:
        done = [asked(server)[0] for _ in range(6)]
        connections = [stack.enter_context(closing(connected(server))) for _ in range(12)]
        streams = [sent(connection, stream=True) for connection in connections]
        assert {stream.readline() for stream in streams} == {b"event: message_start\n"}
        ids = [str(stream.headers["request-id"]) for stream in streams]
        victim = working_for(ids[0], logs)
        assert victim in workers(server)
        os.kill(victim, signal.SIGKILL)
        lines_where(logs, lambda line: line["request_id"] == ids[0])
        gate.set()
        whole = [finished(stream) for stream in streams]
        lines = lines_where(logs, lambda line: True, count=18)
    assert not whole[0]
    ends = {True: ("200", None), False: ("lost", "worker_killed")}
    expected = [(name, *ends[True]) for name in done] + [
        (name, *ends[end]) for name, end in zip(ids, whole, strict=True)
    ]
    assert endings(usage_lines(logs)) == sorted(expected) == endings(lines)
    assert {line["model"] for line in lines} == {"deepseek-v4-pro"}


def test_the_next_start_writes_what_a_killed_server_was_doing(vendor: ScriptedServer, tmp_path: Path) -> None:
    gate = threading.Event()
    vendor.play(lambda request: sse_answer([WORD, gate, END]))
    logs = tmp_path / "logs"
    with rialto(tmp_path, vendor, WEB_CONCURRENCY="2") as server, closing(connected(server)) as connection:
        stream = sent(connection, stream=True)
        assert stream.readline() == b"event: message_start\n"
        assert server.process
        os.killpg(server.process.pid, signal.SIGKILL)
        server.wait_for_end()
    assert usage_lines(logs) == []
    gate.set()
    with rialto(tmp_path, vendor, WEB_CONCURRENCY="2"):
        (line,) = lines_where(logs, lambda line: True)
    assert (line["request_id"], line["status"]) == (stream.headers["request-id"], "lost")
    with rialto(tmp_path, vendor):
        assert len(usage_lines(logs)) == 1


@pytest.mark.parametrize("kind", ["gevent", "gthread"])
def test_a_server_that_stops_waiting_says_what_it_cut_off(kind: str, vendor: ScriptedServer, tmp_path: Path) -> None:
    gate = threading.Event()
    vendor.play(lambda request: sse_answer([WORD, gate, END]))
    impatient = {"GUNICORN_CMD_ARGS": "--graceful-timeout 1"}
    with rialto(tmp_path, vendor, kind, **impatient) as server, closing(connected(server)) as connection:
        stream = sent(connection, stream=True)
        assert stream.readline() == b"event: message_start\n"
        assert server.process
        os.kill(server.process.pid, signal.SIGTERM)
        server.wait_for_end()
        gate.set()
    with rialto(tmp_path, vendor):
        lines = lines_where(tmp_path / "logs", lambda line: True)
    assert [(line["request_id"], line["status"]) for line in lines] == [(stream.headers["request-id"], "lost")]


def test_the_application_log_as_json(vendor: ScriptedServer, tmp_path: Path) -> None:
    vendor.play([sse_answer([WORD, END, SPENT])])
    with rialto(tmp_path, vendor, LOG_FORMAT="json") as server:
        request_id, _ = asked(server, stream=True)
        lines_where(tmp_path / "logs", lambda line: True)
        server.stop()
    told = [json.loads(line) for line in server.log.splitlines()]
    assert {"rialto", "gunicorn.error"} == {line["logger"] for line in told}
    (line,) = [line for line in told if line.get("request_id") == request_id]
    assert (line["level"], line["path"], line["status"], line["vendor"]) == ("INFO", "/v1/messages", 200, "deepseek")
    assert (line["input_tokens"], line["output_tokens"]) == (10, 2)
