"""Request bodies: plain, compressed, broken and too large."""

import gzip
import tracemalloc
import zlib

import pytest
from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.test import EnvironBuilder

from app.api.bodies import read_body
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
