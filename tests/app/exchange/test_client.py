"""Noticing that the client is gone, with what each server shows of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import gevent
import gevent.socket
import pytest

from app.exchange.client import hung_up, peeked, presence

Pair = tuple[Any, Any]
#: Seconds after which a look at the socket counts as stuck.
PATIENCE = 5.0


@pytest.fixture(params=[socket.socketpair, gevent.socket.socketpair], ids=["plain", "gevent"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """Our end of a connection and the client's."""
    ours, theirs = request.param()
    ours.settimeout(PATIENCE)
    yield ours, theirs
    ours.close()
    theirs.close()


def looked(sock: Any) -> bool:
    """What `hung_up` says; fails when it waits."""
    with gevent.Timeout(PATIENCE):
        return hung_up(sock)


def test_a_client_that_waits_is_there(pair: Pair) -> None:
    assert looked(pair[0]) is False


def test_a_client_that_sends_is_there_and_loses_nothing(pair: Pair) -> None:
    ours, theirs = pair
    theirs.send(b"more")
    assert looked(ours) is False
    assert looked(ours) is False
    assert ours.recv(10) == b"more"


def test_a_client_that_closes_is_gone(pair: Pair) -> None:
    ours, theirs = pair
    theirs.close()
    assert looked(ours) is True
    assert looked(ours) is True


def test_a_client_that_sent_and_closed_is_found_gone_later(pair: Pair) -> None:
    ours, theirs = pair
    theirs.send(b"x")
    theirs.close()
    assert looked(ours) is False
    ours.recv(1)
    assert looked(ours) is True


def test_our_own_closed_end_counts_as_gone(pair: Pair) -> None:
    pair[0].close()
    assert looked(pair[0]) is True


def test_gunicorn_shows_its_socket(pair: Pair) -> None:
    ours, theirs = pair
    gone = presence({"gunicorn.socket": ours})
    assert gone() is False
    theirs.close()
    assert gone() is True


@pytest.mark.parametrize("answer", [True, False])
def test_waitress_has_a_function_of_its_own(answer: bool) -> None:
    assert presence({"waitress.client_disconnected": lambda: answer})() is answer


def test_other_servers_show_nothing() -> None:
    assert presence({})() is False


def test_a_socket_that_cannot_look_ahead_is_not_gone() -> None:
    class NoFlags:
        def recv(self, size: int, flags: int) -> bytes:
            raise ValueError("non-zero flags not allowed in calls to recv()")

    assert peeked(NoFlags()) is None  # type: ignore[arg-type]


@pytest.fixture
def connection() -> Iterator[Pair]:
    """Both ends of a TCP connection, ours first."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        theirs = socket.create_connection(server.getsockname())
        ours, _ = server.accept()
    with ours, theirs:
        ours.settimeout(PATIENCE)
        yield ours, theirs


def test_the_state_of_a_tcp_connection_tells_first(connection: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("select.poll")
    assert looked(connection[0]) is False


def test_a_tcp_client_that_closes_is_gone_behind_what_it_sent(connection: Pair) -> None:
    ours, theirs = connection
    theirs.send(b"x")
    theirs.close()
    assert looked(ours) is False
    ours.recv(1)
    assert looked(ours) is True
