"""Request bodies: plain, compressed, broken and too large."""

import gzip
import tracemalloc
import zlib
from io import BytesIO

import pytest
from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.test import EnvironBuilder

from app import create_app
from app.api.bodies import PIECE, large_body, read_body
from app.settings.settings import Settings
from translators.core.errors import InvalidRequest, TooLarge

LIMIT = 1000


def request(data: bytes, encoding: str | None) -> Request:
    headers = {"content-encoding": encoding} if encoding else {}
    return Request(EnvironBuilder(method="POST", data=data, headers=headers).get_environ())


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"{}", None),
        (b"{}", "identity"),
        (gzip.compress(b"{}"), "gzip"),
        (gzip.compress(b"{}"), "GZIP"),
        (zlib.compress(b"{}"), "deflate"),
    ],
)
def test_body_is_decoded(data: bytes, encoding: str | None) -> None:
    assert read_body(request(data, encoding), LIMIT) == b"{}"


@pytest.mark.parametrize(
    ("data", "encoding", "words"),
    [
        (b"{}", "br", "content-encoding br is not supported"),
        (b"{}", "zstd", "content-encoding zstd is not supported"),
        (gzip.compress(gzip.compress(b"{}")), "gzip, gzip", "content-encoding gzip, gzip is not supported"),
        (gzip.compress(b"{}") + gzip.compress(b"x"), "gzip", "more behind its end"),
        (b"", "gzip", "ends too early"),
        (b"{}", "gzip", "not valid gzip"),
        (gzip.compress(b"x" * 500)[:-9], "gzip", "ends too early"),
    ],
)
def test_bad_encoding_is_said(data: bytes, encoding: str, words: str) -> None:
    with pytest.raises(InvalidRequest, match=words):
        read_body(request(data, encoding), LIMIT)


BOMBS = {"gzip": gzip.compress, "deflate": zlib.compress}


@pytest.mark.parametrize("encoding", BOMBS)
def test_bomb_is_not_unpacked(encoding: str) -> None:
    """Neither answered nor held: what is unpacked ends at the limit."""
    bomb = request(BOMBS[encoding](b"x" * 50_000_000), encoding)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match="MAX_BODY_MB"):
            read_body(bomb, LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_a_chunked_body_over_the_limit_is_refused_as_too_large() -> None:
    builder = EnvironBuilder(method="POST", data=b"x" * (LIMIT + 10))
    environ = builder.get_environ()
    del environ["CONTENT_LENGTH"]
    environ.update({"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"})
    chunked = Request(environ)
    chunked.max_content_length = LIMIT
    with pytest.raises((TooLarge, RequestEntityTooLarge)):
        read_body(chunked, LIMIT)


@pytest.mark.parametrize("encoding", [None, *BOMBS])
def test_a_large_body_comes_in_pieces(encoding: str | None) -> None:
    data = bytes(range(256)) * 2000
    packed = BOMBS[encoding](data) if encoding else data
    pieces = list(large_body(request(packed, encoding), len(data), "MAX_BATCH_MB"))
    assert b"".join(pieces) == data
    assert len(pieces) > 5 and max(map(len, pieces)) <= PIECE


@pytest.mark.parametrize("encoding", [None, *BOMBS])
def test_a_large_body_has_a_limit(encoding: str | None) -> None:
    data = b"x" * 50_000_000
    packed = BOMBS[encoding](data) if encoding else data
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match="MAX_BATCH_MB"):
            list(large_body(request(packed, encoding), 1_000_000, "MAX_BATCH_MB"))
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("data", [b"{}", gzip.compress(b"x" * 500)[:-9], gzip.compress(b"{}") + b"more"])
def test_a_large_body_that_is_damaged(data: bytes) -> None:
    with pytest.raises(InvalidRequest, match="not valid gzip"):
        list(large_body(request(data, "gzip"), LIMIT, "MAX_BATCH_MB"))


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/batches", "/v1/files", "/nowhere"])
def test_the_body_of_a_refused_request_is_read_to_its_end(path: str) -> None:
    """Else the server reads it, in one go."""
    client = create_app(Settings(bridge_api_key="secret")).test_client()
    source = BytesIO(b"x" * 1_000_000)
    reply = client.post(path, input_stream=source, environ_overrides={"wsgi.input_terminated": True})
    assert reply.status_code in (401, 404)
    assert source.read() == b""
