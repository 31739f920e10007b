"""The bytes of a request body, decompressed when they are compressed, never larger than the limit."""

from __future__ import annotations

import zlib

from flask import Request

from translators.core.errors import InvalidRequest, TooLarge

#: content-encoding -> window bits of zlib.
WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 47}


def read_body(request: Request, limit: int) -> bytes:
    """The body. Raises `InvalidRequest` for an unknown or broken encoding, `TooLarge` above `limit` bytes."""
    data = request.get_data(cache=False)
    if request.content_length is None and len(data) >= limit:  # the framework cuts a chunked body off without a word
        raise TooLarge(f"Request exceeds the maximum size of {limit // 1_000_000} MB (MAX_BODY_MB sets it)")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        return data
    if encoding not in WINDOWS:
        raise InvalidRequest(f"content-encoding {encoding} is not supported; send gzip, deflate or plain JSON")
    return unpacked(data, WINDOWS[encoding], encoding, limit)


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
