"""A POST that is prepared once for each address is, byte for byte, what the session sends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest
import requests

from app.upstream.posts import PooledAdapter, Posts
from app.upstream.upstream import TrackedAdapter
from tests.support.scripted_server import Answer, ScriptedServer, json_answer

TIMEOUT = (5.0, 5.0)
HEADERS = {
    "content-type": "application/json",
    "accept-encoding": "identity",
    "user-agent": "rialto",
    "authorization": "Bearer key",
    "x-more": "a b",
}
Send = Callable[[str, Mapping[str, str], bytes], requests.Response]


def session() -> requests.Session:
    """A session as the way to a vendor has it."""
    made = requests.Session()
    made.trust_env = False
    made.mount("http://", TrackedAdapter(pool_connections=4, pool_maxsize=10))
    return made


def ways() -> tuple[Send, Send]:
    """The session's own POST and the quick one, each with a session of its own."""
    slow, quick = session(), Posts(session())

    def by_session(url: str, headers: Mapping[str, str], body: bytes) -> requests.Response:
        return slow.post(url, data=body, headers=headers, stream=True, timeout=TIMEOUT, allow_redirects=False)

    return by_session, lambda url, headers, body: quick.send(url, headers, body, TIMEOUT)


@contextmanager
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A port, and the bytes of every request that came there."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    data = b""
                    while b"\r\n\r\n" not in data or not data.endswith(b"!"):
                        data += connection.recv(65536)
                    heard.append(data)
                    connection.sendall(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], heard
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.mark.parametrize("path", ["/v1/chat", "/v1/a b?x=1&y=%20", "/é", ""])
@pytest.mark.parametrize("user", ["", "me:secret@"])
@pytest.mark.parametrize("headers", [HEADERS, {}, {"Accept": "x", "HOST": "other"}])
def test_the_same_bytes_are_sent(path: str, user: str, headers: Mapping[str, str]) -> None:
    with listener() as (port, heard):
        for send in ways():
            for body in (b'{"a":1}!', "{é}!".encode()):
                assert send(f"http://{user}127.0.0.1:{port}{path}", headers, body).status_code == 204
    assert heard[:2] == heard[2:]
    assert len(heard) == 4


def test_cookies_of_a_vendor_come_back() -> None:
    def told(cookies: list[str | None], send: Send, url: str) -> None:
        for _ in range(2):
            send(url, {}, b"{}").close()
        cookies += [request.headers.get("cookie") for request in server.requests[-2:]]

    found: list[str | None] = []
    with ScriptedServer(lambda _: json_answer({}, set_cookie="a=1; Path=/")) as server:
        for send in ways():
            told(found, send, f"{server.url}/v1/chat")
    assert found == [None, "a=1", None, "a=1"]


@pytest.mark.parametrize("url", ["nonsense", "http://", "ftp://127.0.0.1/x", "http://127.0.0.1:1/x", "http://[::1/x"])
def test_the_same_errors_are_raised(url: str) -> None:
    raised = []
    for send in ways():
        with pytest.raises(requests.RequestException) as caught:
            send(url, {}, b"")
        raised.append(type(caught.value))
    assert raised[0] is raised[1]


def test_a_bad_header_is_refused_by_both() -> None:
    for send in ways():
        with pytest.raises(requests.exceptions.InvalidHeader):
            send("http://127.0.0.1:1/x", {"x-bad": "a\r\nb: c"}, b"")


def test_a_redirect_is_not_followed() -> None:
    with ScriptedServer(lambda _: Answer([], 302, {"location": "/elsewhere"}, "length")) as server:
        assert [send(f"{server.url}/x", {}, b"{}").status_code for send in ways()] == [302, 302]
        assert [request.path for request in server.requests] == ["/x", "/x"]


def test_a_pool_that_had_to_make_room_is_opened_again() -> None:
    made = requests.Session()
    made.mount("http://", PooledAdapter(pool_connections=1, pool_maxsize=1))
    posts = Posts(made)
    with ScriptedServer(lambda _: json_answer({})) as one, ScriptedServer(lambda _: json_answer({})) as two:
        found = [posts.send(f"{server.url}/x", {}, b"{}", TIMEOUT).status_code for server in (one, two, one)]
    assert found == [200, 200, 200]


def test_addresses_are_forgotten_before_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.upstream.posts.ADDRESSES", 3)
    posts = Posts(session())
    with ScriptedServer(lambda _: json_answer({})) as server:
        for number in range(8):
            posts.send(f"{server.url}/{number}", {}, b"{}", TIMEOUT).close()
    assert 0 < len(posts._prepared) <= 3
    assert 0 < len(posts._merged) <= 3


def test_what_another_thread_has_made_forget_is_sent_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.upstream.posts.remember", lambda known, name, value: known.clear())
    with ScriptedServer(lambda _: json_answer({})) as server:
        Posts(session()).send(f"{server.url}/v1/chat", HEADERS, b"{}", TIMEOUT).close()
        assert server.requests[0].headers["authorization"] == "Bearer key"


def test_each_client_sends_its_own_key_and_length() -> None:
    posts = Posts(session())
    sent = [("Bearer one", b"{}"), ("Bearer two", b'{"a": 1}'), ("Bearer one", b""), ("Bearer two", b"{}")]
    with ScriptedServer(lambda _: json_answer({})) as server:
        for key, body in sent:
            answer = posts.send(f"{server.url}/v1/chat", {**HEADERS, "authorization": key}, body, TIMEOUT)
            assert answer.json() == {}
        heard = [(request.headers["authorization"], request.headers["content-length"]) for request in server.requests]
    assert heard == [(key, str(len(body))) for key, body in sent]
