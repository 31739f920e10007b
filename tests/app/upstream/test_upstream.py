"""The way to the vendor: what cutting a line does to a request, whatever it is at."""

from __future__ import annotations

import socket
import threading
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
def raw_server(answer: bytes = b"") -> Iterator[str]:
    """Host and port of a server that sends these bytes to whoever asks something, and closes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    peer, _ = listener.accept()
                    with peer:
                        peer.recv(65536)
                        peer.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
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
