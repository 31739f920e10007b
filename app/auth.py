"""The client's key: `x-api-key` or `Authorization: Bearer`, either or both, compared in constant time."""

from __future__ import annotations

import hmac

from flask import Request

from translators.core.errors import Unauthorized


def check(request: Request, expected: str) -> None:
    """Raises `Unauthorized` unless one of the presented keys is the expected one; "" expects none."""
    if not expected:
        return
    presented = keys(request)
    if not presented:
        raise Unauthorized(
            "x-api-key header is required (the value of BRIDGE_API_KEY; Authorization: Bearer works too)"
        )
    matches = [hmac.compare_digest(key.encode(), expected.encode()) for key in presented]  # all of them: no short cut
    if not any(matches):
        raise Unauthorized("invalid x-api-key: it is not the value of BRIDGE_API_KEY")


def keys(request: Request) -> list[str]:
    """The keys that a request presents."""
    scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
    found = [request.headers.get("x-api-key", "").strip(), token.strip() if scheme.lower() == "bearer" else ""]
    return [key for key in found if key]
