"""The way to the vendor: what cutting a line does to a request, whatever it is at."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from urllib3.util import connection as urllib3_connection

from app.upstream.upstream import Line, Upstream
from tests.conformance.kit import route
from tests.support.rialto_server import free_port
from tests.support.scripted_server import Answer, ScriptedServer, json_answer
from translators.core.errors import TimedOut, Unreachable


@pytest.mark.parametrize("cut", ["cut", "expire"])
def test_a_line_that_is_cut_while_it_connects_sends_nothing(cut: str, monkeypatch: pytest.MonkeyPatch) -> None:
    line, connected = Line(), urllib3_connection.create_connection

    def cut_meanwhile(*args: object, **options: object) -> object:
        getattr(line, cut)()
        return connected(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(urllib3_connection, "create_connection", cut_meanwhile)
    with ScriptedServer(lambda request: json_answer({})) as vendor:
        where = route("openai_compatible", base_url=vendor.url)
        with pytest.raises(Unreachable):
            Upstream(5, 5, {}).send(where, f"{vendor.url}/v1", {}, b"{}", line)
        assert vendor.requests == []


#: Address (`{port}` is nobody's, `{mute}` closes at once, `{vendor}` answers HTTP) -> what is said of it.
UNREACHABLE = {
    "http://127.0.0.1:{port}": "Connection refused",
    "http://nowhere.invalid": "Failed to resolve 'nowhere.invalid' (",
    f"http://{'x' * 70}.test": f"Failed to parse: '{'x' * 70}.test', label empty or too long;",
    "https://{vendor}": "[SSL: WRONG_VERSION_NUMBER] wrong version number;",
    "http://{mute}": "Remote end closed connection without response;",
    "http://{vendor}/huge": "got more than 65536 bytes when reading header line;",
}


@contextmanager
def raw_server(answer: bytes = b"", heard: list[bytes] | None = None) -> Iterator[str]:
    """Host and port of a server that sends these bytes to whoever asks something, and closes; `heard` takes the
    requests.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    peer, _ = listener.accept()
                    with peer:
                        data = b""
                        while not data.endswith(b"{}"):  # bytes that nobody reads would reset the connection
                            data += peer.recv(65536)
                        if heard is not None:
                            heard.append(data)
                        peer.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("address", UNREACHABLE)
def test_an_address_that_does_not_answer_is_told_with_the_reason(address: str) -> None:
    with raw_server() as mute, ScriptedServer(lambda request: Answer(headers={"x-long": "x" * 70_000})) as vendor:
        url = address.format(port=free_port(), vendor=vendor.url.removeprefix("http://"), mute=mute)
        where = route("openai_compatible", base_url=url)
        with pytest.raises(Unreachable) as raised:
            Upstream(5, 5, {}).send(where, url, {}, b"{}", Line())
    message = raised.value.message
    assert f": cannot be reached: {UNREACHABLE[address]}" in message.replace("[Errno 111] ", "")
    assert f"; check PROVIDER_BASE_URL ({url})" in message


def test_a_vendors_broken_header_is_no_traceback_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with raw_server(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nno header\r\n\r\n{}") as vendor:
        where = route("openai_compatible", base_url=f"http://{vendor}")
        reply = Upstream(5, 5, {}).send(where, f"http://{vendor}/", {}, b"{}", Line())
        reply.close()
    assert reply.status == 200
    assert caplog.records == []


def head(*lines: str) -> bytes:
    """The head of an answer."""
    return "\r\n".join((*lines, "", "")).encode()


OK = "HTTP/1.1 200 OK"
HINTS = head("HTTP/1.1 103 Early Hints", "link: </a.css>; rel=preload", "content-length: 7")
#: What a vendor sends, all of which is an empty JSON object.
ANSWERS = {
    "hints": HINTS + head(OK, "content-length: 2") + b"{}",
    "many interim answers": head("HTTP/1.1 100 Continue")
    + HINTS * 2
    + head("HTTP/1.1 102 Processing")
    + head(OK)
    + b"{}",
    "identity": head(OK, "content-encoding: identity") + b"{}",
    "identity and gzip": head(OK, "content-encoding: identity, gzip") + gzip.compress(b"{}"),
    "gzip and identity": head(OK, "content-encoding: GZIP ,Identity,") + gzip.compress(b"{}"),
    "two headers": head(OK, "content-encoding: identity", "content-encoding: gzip") + gzip.compress(b"{}"),
    "two codings": head(OK, "content-encoding: deflate, gzip") + gzip.compress(zlib.compress(b"{}")),
}


@pytest.mark.parametrize("sent", ANSWERS)
def test_what_stands_before_and_around_an_answer_is_taken_off(sent: str) -> None:
    with raw_server(ANSWERS[sent]) as vendor:
        where = route("openai_compatible", base_url=f"http://{vendor}")
        reply = Upstream(5, 5, {}).send(where, f"http://{vendor}/", {}, b"{}", Line())
        assert (reply.status, reply.body()) == (200, b"{}")
        reply.close()


def test_status_101_is_no_interim_answer() -> None:
    with raw_server(head("HTTP/1.1 101 Switching Protocols") + head(OK)) as vendor:
        where = route("openai_compatible", base_url=f"http://{vendor}")
        reply = Upstream(5, 5, {}).send(where, f"http://{vendor}/", {}, b"{}", Line())
        reply.close()
    assert reply.status == 101


#: What a vendor sends and how often it is asked: only of a closed connection nobody knows whether it has heard.
NO_ANSWERS = {b"": 2, b"SSH-2.0-OpenSSH_9.6\r\n": 1, b"HTTP/1.1 2000 OK\r\n\r\n": 1, b"HTTP/7\r\n\r\n": 1}


@pytest.mark.parametrize("sent", NO_ANSWERS)
def test_a_vendor_that_has_said_something_is_not_asked_again(sent: bytes) -> None:
    heard: list[bytes] = []
    with raw_server(sent, heard) as vendor:
        where = route("openai_compatible", base_url=f"http://{vendor}")
        with pytest.raises(Unreachable):
            Upstream(5, 5, {}).send(where, f"http://{vendor}/", {}, b"{}", Line())
    assert len(heard) == NO_ANSWERS[sent]


def test_silence_behind_the_first_word_has_a_limit_of_its_own() -> None:
    gate = threading.Event()
    with ScriptedServer() as vendor:
        where = route("openai_compatible", base_url=vendor.url)
        vendor.play([Answer([b"a word", gate], headers={"content-type": "text/event-stream"})])
        reply = Upstream(5, 60, {}, idle_timeout=0.1).send(where, f"{vendor.url}/v1", {}, b"{}", Line())
        with pytest.raises(TimedOut, match="stopped coming"):
            list(reply.pieces())
        reply.close()
        assert vendor.requests[0].peer_closed.wait(10)
