"""Retries, fallbacks, keys, queues and the end of a server: the real server against a vendor that fails."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.rialto_server import RialtoServer
from tests.support.scripted_server import CUT, Answer, ScriptedServer, json_answer, sse_answer
from tests.support.usage_lines import lines_where

pytestmark = pytest.mark.e2e

DEADLINE = 20.0
WORD = {"choices": [{"index": 0, "delta": {"content": "word"}}]}
END = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
MODEL = "deepseek/deepseek-v4-pro"


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def rialto(folder: Path, vendor: ScriptedServer, kind: str = "gevent", **more: str) -> RialtoServer:
    environment = {
        "DEEPSEEK_BASE_URL": f"{vendor.url}/deepseek/v1",
        "DEEPSEEK_API_KEY": "deepseek-upstream-key",
        "KIMI_BASE_URL": f"{vendor.url}/kimi/v1",
        "KIMI_API_KEY": "kimi-upstream-key",
        "RETRY_BUDGET": "30",
        **more,
    }
    return RialtoServer(folder, kind, **environment)


def connected(server: RialtoServer, timeout: float = DEADLINE) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)


def asked(server: RialtoServer, stream: bool = True, **fields: Any) -> tuple[int, dict[str, str], bytes]:
    """(status, headers, body) of a request."""
    with closing(connected(server)) as connection:
        answer = sent(connection, stream, **fields)
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def sent(connection: http.client.HTTPConnection, stream: bool = True, **fields: Any) -> http.client.HTTPResponse:
    """The answer's head, its body unread."""
    send(connection, stream, **fields)
    return connection.getresponse()


def send(connection: http.client.HTTPConnection, stream: bool = True, **fields: Any) -> None:
    """A request whose answer nobody waits for yet."""
    message = {"model": MODEL, "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}], "stream": stream}
    connection.request("POST", "/v1/messages", json.dumps({**message, **fields}), {"content-type": "application/json"})


def kinds(body: bytes) -> list[str]:
    return [line[7:].decode() for line in body.splitlines() if line.startswith(b"event: ")]


FAULTS = {
    "refused": json_answer({"error": {"message": "busy"}}, 503),
    "limited": json_answer({"error": {"message": "slow down"}}, 429, retry_after="1"),
    "failed": json_answer({"error": {"message": "oops"}}, 500),
    "cut before the head": Answer([CUT], framing="length"),
    "cut before the first word": sse_answer([CUT]),
    "empty": sse_answer([END]),
}


@pytest.mark.parametrize("kind", ["gevent", "gthread", "waitress"])
def test_faults_before_the_first_word_are_invisible(kind: str, vendor: ScriptedServer, tmp_path: Path) -> None:
    with rialto(tmp_path, vendor, kind) as server:
        for name, fault in FAULTS.items():
            vendor.play([fault, sse_answer([WORD, END])])
            status, _, body = asked(server)
            assert (status, kinds(body)[-1]) == (200, "message_stop"), name
            assert len(vendor.bodies) == 2, name


def test_parallel_requests_wait_for_their_turn(vendor: ScriptedServer, tmp_path: Path) -> None:
    running = threading.BoundedSemaphore(2)

    def play(request: Any) -> Answer:
        def pieces() -> Iterator[bytes]:
            assert running.acquire(blocking=False), "more than two at once"
            yield b"data: " + json.dumps(WORD).encode() + b"\n\n"
            running.release()
            yield b"data: " + json.dumps(END).encode() + b"\n\n"

        return Answer(pieces(), headers={"content-type": "text/event-stream"})

    vendor.play(play)
    outcomes: list[list[str]] = []
    with rialto(tmp_path, vendor, VENDOR_CONCURRENCY="deepseek=2") as server:
        threads = [threading.Thread(target=lambda: outcomes.append(kinds(asked(server)[2]))) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
    assert [kind[-1] for kind in outcomes] == ["message_stop"] * 20


def test_a_client_that_leaves_the_queue_is_not_asked_for(vendor: ScriptedServer, tmp_path: Path) -> None:
    gate = threading.Event()
    vendor.play(lambda request: sse_answer([WORD, gate, END]))
    with rialto(tmp_path, vendor, VENDOR_CONCURRENCY="1") as server, closing(connected(server)) as first:
        stream = sent(first)
        head = stream.readline()
        with closing(connected(server)) as impatient:
            send(impatient)
        (left,) = lines_where(tmp_path / "logs", lambda line: line["status"] == 499)
        with closing(connected(server)) as patient:
            send(patient)
            gate.set()
            assert kinds(head + stream.read())[-1] == "message_stop"
            assert kinds(patient.getresponse().read())[-1] == "message_stop"
    assert left["upstream_ms"] is None
    assert len(vendor.bodies) == 2


def test_a_stopping_server_finishes_streams_and_sends_new_requests_away(vendor: ScriptedServer, tmp_path: Path) -> None:
    gate = threading.Event()
    vendor.play(lambda request: sse_answer([WORD, gate, END]))
    with (
        rialto(tmp_path, vendor, GUNICORN_CMD_ARGS="--keep-alive 2") as server,
        closing(connected(server)) as running,
        closing(connected(server)) as idle,
    ):
        idle.request("GET", "/health")
        assert idle.getresponse().read() == b'{"status":"ok"}'
        stream = sent(running)
        head = stream.readline()
        assert server.process
        os.kill(server.process.pid, signal.SIGTERM)
        status, headers = 200, {}
        while status == 200:
            idle.request("GET", "/health")
            answer = idle.getresponse()
            status, headers = answer.status, dict(answer.getheaders())
            words = json.loads(answer.read())
        assert (status, words["error"]["type"], headers["x-should-retry"]) == (503, "api_error", "true")
        gate.set()
        assert kinds(head + stream.read())[-1] == "message_stop"
        assert server.wait_for_end() == 0


@pytest.mark.parametrize("kind", ["gevent", "gthread"])
def test_a_client_that_stays_and_never_reads_is_let_go(kind: str, vendor: ScriptedServer, tmp_path: Path) -> None:
    word = {"choices": [{"index": 0, "delta": {"content": "word " * 10_000}}]}
    vendor.play(lambda request: sse_answer([*[word] * 1000, END]))
    with rialto(tmp_path, vendor, kind, TOTAL_TIMEOUT="1") as server, closing(connected(server)) as deaf:
        send(deaf)
        (left,) = lines_where(tmp_path / "logs", lambda line: line["status"] == 499)
        assert vendor.requests[0].peer_closed.wait(DEADLINE)
    assert left["stop_reason"] is None
