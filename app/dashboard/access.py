"""Who may look: everybody on a loopback server without keys; else whoever has BRIDGE_API_KEY.

A browser sends the key once, with the form of the login page, and gets a cookie that is signed with it: nothing has to
be remembered, all workers know it, and another key ends it.
"""

from __future__ import annotations

import hashlib

from flask import Request, Response
from itsdangerous import BadSignature, TimestampSigner

from app.api import auth
from app.clients.keys import Keyring
from translators.core.errors import RialtoError

COOKIE = "rialto_dashboard"
PATH = "/dashboard"
#: Seconds until the key is asked for again.
LIFETIME = 7 * 86400
OPERATOR = b"operator"


def check(request: Request, keyring: Keyring, key: str) -> None:
    """Raises `Unauthorized` or `Forbidden` for those who may not look; `key` is BRIDGE_API_KEY."""
    if keyring.asks and not is_signed(request.cookies.get(COOKIE, ""), key):
        auth.check_operator(request, keyring)


def is_welcome(request: Request, keyring: Keyring, key: str) -> bool:
    """Whether that would raise nothing."""
    try:
        check(request, keyring, key)
    except RialtoError:
        return False
    return True


def refusal(typed: str, keyring: Keyring) -> str:
    """Why a typed key opens nothing; "" when it does."""
    client = keyring.holder([typed])
    if client is None:
        return "This is not the key."
    if client is not keyring.default:
        return f"This is the key of client {client.name}. The dashboard shows all clients, so it needs BRIDGE_API_KEY."
    return ""


def let_in(response: Response, key: str, *, secure: bool) -> None:
    """Gives the cookie."""
    value = signer(key).sign(OPERATOR).decode()
    response.set_cookie(COOKIE, value, LIFETIME, path=PATH, secure=secure, httponly=True, samesite="Strict")


def let_out(response: Response) -> None:
    """Takes the cookie away."""
    response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="Strict")


def is_signed(cookie: str, key: str) -> bool:
    """Whether the cookie was given by somebody who has the key, and not too long ago."""
    try:
        return bool(cookie and key) and signer(key).unsign(cookie, max_age=LIFETIME) == OPERATOR
    except BadSignature:
        return False


def signer(key: str) -> TimestampSigner:
    """Signs with the key."""
    return TimestampSigner(key, salt=b"rialto dashboard", digest_method=hashlib.sha256)
