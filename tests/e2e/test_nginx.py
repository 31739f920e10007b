"""Rialto behind a real nginx with the configuration of conf/deploy: nothing is held back, repeated or reworded."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.messages import ask
from tests.support.nginx import nginx
from tests.support.rialto_server import RialtoServer, free_port, vendor_environment
from tests.support.scripted_server import ScriptedServer, json_answer, sse_answer
from tests.support.vendor_bytes import WIRES, Turn

DEEPSEEK = WIRES["deepseek"]
pytestmark = pytest.mark.e2e
#: Seconds a client waits for the next byte, and those after which it is sure that none comes.
PATIENCE, STALLED = 10.0, 1.0
#: nginx as it buffers when nobody tells it not to.
BUFFERED = {
    "proxy_buffering off;": "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;",
    "proxy_http_version 1.1;": "proxy_http_version 1.0;",
}


@pytest.fixture(scope="module")
def node(vendor_server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RialtoServer]:
    folder = tmp_path_factory.mktemp("node")
    with RialtoServer(folder, MAX_BODY_MB="2", **vendor_environment(vendor_server.url, "deepseek")) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(node: RialtoServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """nginx before the one node."""
    with nginx(tmp_path_factory.mktemp("nginx"), [host(node.url)]) as url:
        yield url


def host(url: str) -> str:
    return url.removeprefix("http://")


def message(**fields: Any) -> dict[str, Any]:
    return {**ask(model=DEEPSEEK.public_model, **fields), "max_tokens": 2000}


@contextmanager
def stream(url: str, patience: float = PATIENCE) -> Iterator[Iterator[str]]:
    """The visible texts of one request, as they arrive; then its last event's type."""
    body = json.dumps(message(stream=True, thinking={"type": "enabled", "budget_tokens": 1024}))
    with closing(http.client.HTTPConnection(host(url), timeout=patience)) as connection:
        connection.request("POST", "/v1/messages", body, {"content-type": "application/json"})
        with connection.getresponse() as response:
            assert response.status == 200, response.read()
            yield texts(response)


def texts(response: http.client.HTTPResponse) -> Iterator[str]:
    event: dict[str, Any] = {}
    while line := response.readline():
        if line.startswith(b"data:"):
            event = json.loads(line[5:])
            delta = event.get("delta", {})
            if text := delta.get("text") or delta.get("thinking"):
                yield text
    yield event.get("type", "")


def gated(turn: Turn) -> tuple[list[Any], list[tuple[str, threading.Event]]]:
    """The turn's chunks with a gate after every visible one; and what opens each gate."""
    pieces: list[Any] = []
    gates: list[tuple[str, threading.Event]] = []
    for chunk in DEEPSEEK.stream(turn, 0):
        pieces.append(chunk)
        delta = chunk["choices"][0]["delta"] if isinstance(chunk, dict) else {}
        if text := delta.get("content") or delta.get("reasoning_content"):
            gates.append((text, threading.Event()))
            pieces.append(gates[-1][1])
    return pieces, gates


def test_each_event_passes_before_the_next_chunk_is_sent(proxy: str, vendor: ScriptedServer) -> None:
    pieces, gates = gated(Turn("alpha bravo charlie", thinking="weigh this"))
    assert len(gates) == 4
    vendor.play([sse_answer(pieces)])
    with stream(proxy) as seen:
        for expected, gate in gates:
            assert next(seen) == expected
            gate.set()
        assert list(seen) == ["message_stop"]
    assert not vendor.requests[0].stalled


def test_an_nginx_that_buffers_would_be_noticed(node: RialtoServer, vendor: ScriptedServer, tmp_path: Path) -> None:
    """The method itself: with the usual settings of nginx the first word does not come."""
    pieces, _ = gated(Turn("alpha bravo"))
    vendor.play([sse_answer(pieces)])
    with (
        nginx(tmp_path / "nginx", [host(node.url)], BUFFERED) as url,
        pytest.raises(TimeoutError),
        stream(url, STALLED) as seen,
    ):
        next(seen)


def test_a_client_that_leaves_ends_the_vendors_call(proxy: str, vendor: ScriptedServer) -> None:
    pieces, gates = gated(Turn("alpha bravo"))
    vendor.play([sse_answer(pieces)])
    with stream(proxy) as seen:
        assert next(seen) == gates[0][0]
    assert vendor.wait_for(1)[0].peer_closed.wait(PATIENCE), "Rialto went on reading for nobody"


def test_a_large_body_passes_and_one_too_large_is_refused_by_rialto(proxy: str, vendor: ScriptedServer) -> None:
    vendor.play([json_answer({"choices": [{"index": 0, "message": {"content": "ok"}, "finish_reason": "stop"}]})])
    fits, exceeds = ("x" * 1_500_000, "x" * 4_000_000)
    answer = requests.post(f"{proxy}/v1/messages", json=said(fits), timeout=30)
    assert (answer.status_code, answer.json()["content"]) == (200, [{"type": "text", "text": "ok"}])
    assert vendor.bodies[0]["messages"][-1]["content"] == fits
    refusal = requests.post(f"{proxy}/v1/messages", json=said(exceeds), timeout=30)
    assert (refusal.status_code, refusal.json()["error"]["type"]) == (413, "request_too_large")
    assert "MAX_BODY_MB" in refusal.text
    assert refusal.headers["request-id"]


def test_nginx_refuses_in_the_clients_own_form(node: RialtoServer, tmp_path: Path) -> None:
    small = {"client_max_body_size 300m;": "client_max_body_size 1m;"}
    with nginx(tmp_path / "nginx", [host(node.url)], small) as url:
        refusal = requests.post(f"{url}/v1/messages", json=said("x" * 1_500_000), timeout=30)
    assert (refusal.status_code, refusal.json()["error"]["type"]) == (413, "request_too_large")


def said(words: str) -> dict[str, Any]:
    return {**message(), "messages": [{"role": "user", "content": words}]}


def test_a_vendors_error_passes_untouched(proxy: str, vendor: ScriptedServer) -> None:
    """nginx's own failures are 502 too; the vendor's must not become one of those."""
    vendor.play([json_answer({"error": {"message": "the disk is full"}}, 502), limited()])
    failed = requests.post(f"{proxy}/v1/messages", json=message(), timeout=30)
    assert "the disk is full" in failed.json()["error"]["message"]
    assert failed.headers["request-id"] == failed.json()["request_id"]
    answer = requests.post(f"{proxy}/v1/messages", json=message(), timeout=30)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "17")


def limited() -> Any:
    return json_answer({"error": {"message": "slow down"}}, 429, retry_after="17")


def test_a_node_that_is_down_is_passed_over(node: RialtoServer, vendor: ScriptedServer, tmp_path: Path) -> None:
    with nginx(tmp_path / "nginx", [f"127.0.0.1:{free_port()}", host(node.url)]) as url:
        found = {requests.get(f"{url}/health", timeout=30).status_code for _ in range(20)}
        refusals = {requests.post(f"{url}/v1/messages", json={}, timeout=30).status_code for _ in range(20)}
    assert (found, refusals) == ({200}, {400})


class Abrupt:
    """A node that reads a whole request, perhaps begins an answer, and dies."""

    def __init__(self, words: bytes = b"") -> None:
        self.words = words
        self.requests = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer:
                while not peer.recv(65536).endswith(b'"end"}'):
                    pass
                self.requests += 1
                peer.sendall(self.words)


@pytest.fixture
def abrupt() -> Iterator[tuple[Abrupt, Abrupt]]:
    nodes = (Abrupt(), Abrupt())
    yield nodes
    for node in nodes:
        node.listener.close()


def test_a_post_that_was_read_is_never_repeated(abrupt: tuple[Abrupt, Abrupt], tmp_path: Path) -> None:
    """A vendor may be at work on it. The client gets an error that it repeats by itself."""
    with nginx(tmp_path / "nginx", [node.address for node in abrupt]) as url:
        for count in range(1, 4):
            answer = requests.post(f"{url}/v1/messages", data=b'{"x": "end"}', timeout=30)
            assert sum(node.requests for node in abrupt) == count
            assert (answer.status_code, answer.json()["error"]["type"]) == (529, "overloaded_error")
            assert (answer.headers["retry-after"], answer.headers["x-should-retry"]) == ("1", "true")


def test_a_stream_whose_node_dies_never_ends_cleanly(abrupt: tuple[Abrupt, Abrupt], tmp_path: Path) -> None:
    begun = b'event: message_start\ndata: {"type":"message_start"}\n\n'
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    for node in abrupt:
        node.words = head + b"%x\r\n%b\r\n" % (len(begun), begun)
    with nginx(tmp_path / "nginx", [node.address for node in abrupt]) as url:
        answer = requests.post(f"{url}/v1/messages", data=b'{"x": "end"}', stream=True, timeout=30)
        pieces = answer.iter_content(None)
        assert (answer.status_code, next(pieces)) == (200, begun)
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            next(pieces)
    assert sum(node.requests for node in abrupt) == 1
