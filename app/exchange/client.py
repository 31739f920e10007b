"""Is the client still there? Servers differ in what they let an application see; where they show nothing, only a failed
write tells.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Mapping
from typing import Any

from app.batches.origin import origin_of

#: The state of a TCP connection that both sides keep open, as Linux numbers it (include/net/tcp_states.h).
ESTABLISHED = 1


class ClientGone(Exception):
    """Nobody is left to answer."""


def presence(environ: Mapping[str, Any]) -> Callable[[], bool]:
    """A function that is true once the client of this WSGI request has closed its connection, or once nobody wants the
    answer of a request from inside.
    """
    if origin := origin_of(environ):
        return origin.gone
    if gone := environ.get("waitress.client_disconnected"):
        return lambda: bool(gone())
    sock = environ.get("gunicorn.socket")
    return (lambda: hung_up(sock)) if sock is not None else lambda: False


def end_writes(environ: Mapping[str, Any], seconds: float) -> None:
    """From now on a write to this client fails that takes over `seconds`: one that stays and never reads would hold its
    exchange for good. Waitress, which shows no socket, ends such connections itself.
    """
    if (sock := environ.get("gunicorn.socket")) is not None:
        sock.settimeout(seconds)


def hung_up(sock: socket.socket) -> bool:
    """The peer has closed: a read would return nothing at once. Data that waits is left alone.

    The socket is polled first, because under gevent a read without data waits whatever its flags say. Its state comes
    before that: polling a thousand idle clients four times a second costs more than all that they are told.
    """
    if is_connected(sock):
        return False
    try:
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0)) and peeked(sock) == b""
    except (OSError, ValueError):
        return True


def is_connected(sock: socket.socket) -> bool:
    """The kernel says at once that neither side has closed; False where it says nothing (other systems and sockets)."""
    try:
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == ESTABLISHED
    except (OSError, AttributeError, ValueError):
        return False


def peeked(sock: socket.socket) -> bytes | None:
    """The next byte, left where it is; None for a TLS socket, which cannot look ahead and must not count as closed."""
    try:
        return sock.recv(1, socket.MSG_PEEK)
    except ValueError:
        return None
