"""The client's key: in either header, compared whole."""

from __future__ import annotations

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from app.auth import check, keys, own_credentials
from translators.core.errors import Unauthorized

KEY = "bridge-key-1"


def request(**headers: str) -> Request:
    """A request; header names with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(EnvironBuilder(headers=named).get_environ())


ACCEPTED = {
    "x-api-key": {"x_api_key": KEY},
    "bearer": {"authorization": f"Bearer {KEY}"},
    "bearer in lower case": {"authorization": f"bearer {KEY}"},
    "spaces": {"authorization": f"  Bearer   {KEY} ", "x_api_key": " "},
    "both": {"x_api_key": KEY, "authorization": f"Bearer {KEY}"},
    "one of two": {"x_api_key": KEY, "authorization": "Bearer another"},
    "the other of two": {"x_api_key": "another", "authorization": f"Bearer {KEY}"},
}


@pytest.mark.parametrize("headers", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepted(headers: dict[str, str]) -> None:
    check(request(**headers), KEY)


REFUSED = {
    "nothing": ({}, "required"),
    "empty": ({"x_api_key": "", "authorization": "Bearer "}, "required"),
    "another scheme": ({"authorization": f"Basic {KEY}"}, "required"),
    "no scheme": ({"authorization": KEY}, "required"),
    "a wrong key": ({"x_api_key": "wrong"}, "invalid"),
    "a part of it": ({"x_api_key": KEY[:-1]}, "invalid"),
    "more than it": ({"x_api_key": KEY + "x"}, "invalid"),
    "another case": ({"x_api_key": KEY.upper()}, "invalid"),
    "two wrong keys": ({"x_api_key": "a", "authorization": "Bearer b"}, "invalid"),
    "letters of elsewhere": ({"x_api_key": "é"}, "invalid"),
}


@pytest.mark.parametrize(("headers", "word"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(headers: dict[str, str], word: str) -> None:
    with pytest.raises(Unauthorized, match=word) as refused:
        check(request(**headers), KEY)
    assert (refused.value.status, refused.value.type) == (401, "authentication_error")
    assert KEY not in refused.value.message
    assert "BRIDGE_API_KEY" in refused.value.message


@pytest.mark.parametrize("headers", [{}, {"x_api_key": "anything"}])
def test_without_a_key_everyone_may_come(headers: dict[str, str]) -> None:
    check(request(**headers), "")


def test_keys_of_a_request() -> None:
    assert keys(request(x_api_key="a", authorization="Bearer b")) == ["a", "b"]


OWN = {
    "none": ({}, {}),
    "only Rialto's": ({"x_api_key": KEY, "authorization": f"Bearer {KEY}"}, {}),
    "its own beside Rialto's": ({"x_api_key": "sk-own", "authorization": f"Bearer {KEY}"}, {"x-api-key": "sk-own"}),
    "its own bearer": ({"x_api_key": KEY, "authorization": "Bearer own"}, {"authorization": "Bearer own"}),
    "an empty bearer": ({"authorization": "Bearer "}, {}),
}


@pytest.mark.parametrize(("headers", "expected"), OWN.values(), ids=OWN.keys())
def test_only_the_clients_own_key_travels_on(headers: dict[str, str], expected: dict[str, str]) -> None:
    assert own_credentials(request(**headers), KEY) == expected
