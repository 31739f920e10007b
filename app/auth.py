"""The client's key: `x-api-key` or `Authorization: Bearer`, either or both, compared in constant time."""

from __future__ import annotations

import hmac

from flask import Request

from translators.core.errors import Unauthorized


def check(request: Request, expected: str) -> None:
    """Raises `Unauthorized` unless one of the presented keys is the expected one; "" expects none."""
    if not expected:
        return
    found = keys(request)
    if not found:
        raise Unauthorized(
            "x-api-key header is required (the value of BRIDGE_API_KEY; Authorization: Bearer works too)"
        )
    matches = [hmac.compare_digest(key.encode(), expected.encode()) for key in found]  # all of them: no short cut
    if not any(matches):
        raise Unauthorized("invalid x-api-key: it is not the value of BRIDGE_API_KEY")


def own_credentials(request: Request, bridge_key: str) -> dict[str, str]:
    """The headers whose key is not Rialto's: the client's own key for the vendor."""
    headers = {name: request.headers.get(name, "").strip() for name in ("x-api-key", "authorization")}
    return {
        name: value
        for name, value in headers.items()
        if value.lower() != "bearer" and value.split()[-1:] not in ([], [bridge_key])
    }


def keys(request: Request) -> list[str]:
    """The keys that a request presents."""
    scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
    found = [request.headers.get("x-api-key", "").strip(), token.strip() if scheme.lower() == "bearer" else ""]
    return [key for key in found if key]
