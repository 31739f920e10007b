"""The bytes of a request body, decompressed when they are compressed, never larger than the limit."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from contextlib import suppress

from flask import Request, Response, request

from translators.core.errors import InvalidRequest, TooLarge

#: content-encoding -> window bits of zlib.
WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 47}
#: Bytes of a large body that are looked at before other requests get their turn.
PIECE = 65536


def read_body(request: Request, limit: int) -> bytes:
    """The body. Raises `InvalidRequest` for an unknown or broken encoding, `TooLarge` above `limit` bytes."""
    data = request.get_data(cache=False)
    if request.content_length is None and len(data) >= limit:  # the framework cuts a chunked body off without a word
        raise TooLarge(f"Request exceeds the maximum size of {limit // 1_000_000} MB (MAX_BODY_MB sets it)")
    encoding = encoding_of(request)
    return unpacked(data, WINDOWS[encoding], encoding, limit) if encoding else data


def encoding_of(request: Request) -> str:
    """The encoding of the body, "" for none. Raises `InvalidRequest` for an unknown one."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        return ""
    if encoding not in WINDOWS:
        raise InvalidRequest(f"content-encoding {encoding} is not supported; send gzip, deflate or plain JSON")
    return encoding


def discard_rest(response: Response) -> Response:
    """Reads what a refused request has left of its body, with turns for others: gunicorn would read it in one go before
    the next request, and under gevent nobody else would be served meanwhile. Only where the server ends the input.
    """
    source = request.environ.get("wsgi.input")
    if source is not None and request.environ.get("wsgi.input_terminated"):
        with suppress(OSError):
            while source.read(PIECE):
                time.sleep(0)
    return response


def large_body(request: Request, limit: int, setting: str) -> Iterator[bytes]:
    """A body in pieces, decompressed, with a turn for others between two of them. Raises what `read_body` raises;
    `setting` sets the limit.
    """
    encoding = encoding_of(request)
    over = TooLarge(f"Request exceeds the maximum size of {limit // 1_000_000} MB ({setting} sets it)")
    if (request.content_length or 0) > limit:
        raise over
    request.max_content_length = limit + 1
    pieces, size = arriving(request), 0
    for piece in unpacked_pieces(pieces, encoding) if encoding else pieces:
        size += len(piece)
        if size > limit:
            raise over
        if piece:
            yield piece
        time.sleep(0)


def arriving(request: Request) -> Iterator[bytes]:
    """The pieces of a body as they come."""
    while piece := request.stream.read(PIECE):
        yield piece


def unpacked_pieces(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Decompressed pieces, none much larger than `PIECE`, however well they were compressed."""
    unpacker = zlib.decompressobj(WINDOWS[encoding])
    try:
        for piece in pieces:
            while piece:
                yield unpacker.decompress(piece, PIECE)
                piece = unpacker.unconsumed_tail
    except zlib.error as error:
        raise InvalidRequest(f"The request body is not valid {encoding}: {error}") from None
    if not unpacker.eof or unpacker.unused_data:
        raise InvalidRequest(f"The request body is not valid {encoding}: it does not end where it should")


def unpacked(data: bytes, window: int, encoding: str, limit: int) -> bytes:
    """Decompressed bytes, given up as soon as they pass the limit."""
    try:
        unpacker = zlib.decompressobj(window)
        found = unpacker.decompress(data, limit + 1)
    except zlib.error as error:
        raise InvalidRequest(f"The request body is not valid {encoding}: {error}") from None
    if len(found) > limit:
        raise TooLarge("Request exceeds the maximum size after decompression (MAX_BODY_MB sets it)")
    if unpacker.unused_data:
        raise InvalidRequest(f"The request body is not valid {encoding}: there is more behind its end")
    if not unpacker.eof:
        raise InvalidRequest(f"The request body is not valid {encoding}: it ends too early")
    return found
