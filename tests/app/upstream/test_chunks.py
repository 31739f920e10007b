"""Chunks that are taken at once hold what the library reads one by one, and break where it breaks."""

from __future__ import annotations

import http.client
import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError

from app.upstream.chunks import PIECE, Arrived, Chunks

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
SIZES = [b"%x\r\n", b"%X ; name=value\r\n", b"00%x\n", b" %x\r\n", b"%x;\r\n"]
DAMAGE = [
    b"",
    b"zz\r\n",
    b"-1\r\n",
    b"\r\n",
    b"5",
    b"0",
    b"0\r\n",
    b"0\r\nx: y\r\n",
    b"3\r\nab",
    b"3\r\nabc",
    b"3\r\nabc\r",
]
ENDS = [b"0\r\n\r\n", b"000\n\n", b"0;last\r\nx-trailer: 1\r\n\r\n", b"0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"]


class Wire(io.RawIOBase):
    """A socket's file that gives the bytes in these pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = [piece for piece in pieces if piece]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self.pieces:
            return 0
        size = min(len(buffer), len(self.pieces[0]))
        buffer[:size] = self.pieces[0][:size]
        self.pieces[0] = self.pieces[0][size:]
        if not self.pieces[0]:
            self.pieces.pop(0)
        return size

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)


def answer(pieces: list[bytes]) -> HTTPResponse:
    """The answer as urllib3 has it when its head has been read."""
    inner = http.client.HTTPResponse(Wire(pieces))  # type: ignore[arg-type]
    inner.begin()
    return HTTPResponse(body=inner, headers=dict(inner.headers), original_response=inner, preload_content=False)  # type: ignore[arg-type]


def outcome(pieces: Iterator[bytes]) -> tuple[bytes, str]:
    """All bytes, and how they ended."""
    found = b""
    try:
        for piece in pieces:
            found += piece
    except ProtocolError as error:
        return found, type(error.args[1]).__name__
    return found, "end"


def both(data: bytes, cuts: list[int]) -> list[tuple[bytes, str]]:
    """What the two ways make of an answer that comes in pieces."""
    whole = HEAD + data
    places = sorted({0, len(whole), *(place % (len(whole) + 1) for place in cuts)})
    pieces = [whole[begin:end] for begin, end in zip(places, places[1:], strict=False)]
    slow = answer(list(pieces))
    return [
        outcome(iter(lambda: slow.read1(PIECE, decode_content=True), b"")),
        outcome(Arrived(answer(list(pieces)))),
    ]


@given(
    bodies=st.lists(st.tuples(st.binary(min_size=1, max_size=40), st.sampled_from(SIZES)), max_size=6),
    end=st.sampled_from([*ENDS, *ENDS, *DAMAGE]),
    cuts=st.lists(st.integers(0, 400), max_size=10),
)
def test_both_ways_give_the_same(bodies: list[tuple[bytes, bytes]], end: bytes, cuts: list[int]) -> None:
    data = b"".join(size % len(body) + body + b"\r\n" for body, size in bodies) + end
    slow, quick = both(data, cuts)
    assert quick == slow


def test_a_line_without_an_end_is_given_up() -> None:
    slow, quick = both(b"1" * 70_000, [])
    assert slow[1] == quick[1] == "LineTooLong"


def test_all_that_has_arrived_comes_at_once() -> None:
    assert list(Arrived(answer([HEAD + b"1\r\na\r\n2\r\nbc\r\n", b"1\r\nd\r\n0\r\n\r\n"]))) == [b"abc", b"d"]


def test_a_chunk_comes_out_with_its_last_byte() -> None:
    chunks = Chunks()
    assert [chunks.feed(bytes([byte])) for byte in b"2\r\nab\r\n1\r\nc"] == [
        *(b"", b"", b"", b"a", b"b", b"", b"", b"", b"", b"", b"c")
    ]
    assert not chunks.ended


@contextmanager
def vendor(*answers: bytes) -> Iterator[tuple[str, list[socket.socket]]]:
    """A server that gives one answer after the other on whatever connections it gets."""
    connections: list[socket.socket] = []
    left = list(answers)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk(connection: socket.socket) -> None:
            with connection:
                while left and connection.recv(65536):
                    connection.sendall(left.pop(0))

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connections.append(connection)
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", connections
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.mark.parametrize(("behind", "expected"), [(b"", 1), (b"HTTP/1.1 500 Old\r\n\r\n", 2)])
def test_a_connection_is_used_again_unless_more_came_than_the_answer(behind: bytes, expected: int) -> None:
    body = HEAD + b"1\r\na\r\n0\r\n\r\n"
    with vendor(body + behind, body) as (url, connections), requests.Session() as session:
        found = [b"".join(Arrived(session.get(url, stream=True, timeout=5).raw)) for _ in range(2)]
    assert found == [b"a", b"a"]
    assert len(connections) == expected


def test_the_rest_can_be_read_by_another() -> None:
    arrived = Arrived(answer([HEAD, b"1\r\na\r\n", b"1\r\nb\r\n0\r\n\r\n"]))
    assert next(iter(arrived)) == b"a"
    assert next(arrived, b"") == b"b"
    assert next(arrived, b"") == b""
