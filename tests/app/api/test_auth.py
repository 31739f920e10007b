"""The client's key: in either header, compared whole."""

from __future__ import annotations

import datetime

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from app.api.auth import check, check_operator, keys, own_credentials
from app.clients.keys import Keyring, hash_of
from app.clients.rows import Client
from translators.core.errors import Forbidden, Unauthorized

KEY = "bridge-key-1"
TEAM_KEY = "rialto-team-key"
ONE_KEY = Keyring(KEY)
TEAM = Client(name="team", key_hash=hash_of(TEAM_KEY))
GONE = Client(name="gone", key_hash=hash_of("rialto-gone"), expires=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
ROWS = {"team": TEAM, "gone": GONE}


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
    assert check(request(**headers), ONE_KEY).name == "default"


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
        check(request(**headers), ONE_KEY)
    assert (refused.value.status, refused.value.type) == (401, "authentication_error")
    assert refused.value.should_retry is False, "Claude Code would ask again for three minutes"
    assert KEY not in refused.value.message
    assert "BRIDGE_API_KEY" in refused.value.message


@pytest.mark.parametrize("headers", [{}, {"x_api_key": "anything"}])
def test_without_a_key_everyone_may_come(headers: dict[str, str]) -> None:
    assert check(request(**headers), Keyring()).name == "default"


def test_keys_of_a_request() -> None:
    assert keys(request(x_api_key="a", authorization="Bearer b").headers) == ["a", "b"]


OWN = {
    "none": ({}, {}),
    "only Rialto's": ({"x_api_key": KEY, "authorization": f"Bearer {KEY}"}, {}),
    "its own beside Rialto's": ({"x_api_key": "sk-own", "authorization": f"Bearer {KEY}"}, {"x-api-key": "sk-own"}),
    "its own bearer": ({"x_api_key": KEY, "authorization": "Bearer own"}, {"authorization": "Bearer own"}),
    "an empty bearer": ({"authorization": "Bearer "}, {}),
    "another client's": ({"x_api_key": KEY, "authorization": f"Bearer {TEAM_KEY}"}, {}),
    "an expired one": ({"x_api_key": TEAM_KEY, "authorization": "Bearer rialto-gone"}, {}),
}


@pytest.mark.parametrize(("headers", "expected"), OWN.values(), ids=OWN.keys())
def test_only_the_clients_own_key_travels_on(headers: dict[str, str], expected: dict[str, str]) -> None:
    assert own_credentials(request(**headers).headers, Keyring(KEY, ROWS)) == expected


HOLDERS = {
    "the bridge's key": (KEY, "default"),
    "a row's": (TEAM_KEY, "team"),
}


@pytest.mark.parametrize(("key", "name"), HOLDERS.values(), ids=HOLDERS.keys())
@pytest.mark.parametrize("form", ["x_api_key", "authorization"])
def test_a_key_names_its_client(form: str, key: str, name: str) -> None:
    presented = key if form == "x_api_key" else f"Bearer {key}"
    assert check(request(**{form: presented}), Keyring(KEY, ROWS)).name == name


def test_rows_alone_ask_for_a_key() -> None:
    keyring = Keyring("", ROWS)
    assert check(request(x_api_key=TEAM_KEY), keyring) is TEAM
    with pytest.raises(Unauthorized, match=r"required \(a key of conf/clients.toml") as refused:
        check(request(), keyring)
    assert "BRIDGE_API_KEY" not in refused.value.message
    with pytest.raises(Unauthorized, match="invalid"):
        check(request(x_api_key=TEAM.key_hash), keyring)


def test_an_expired_key_is_refused_by_its_name() -> None:
    with pytest.raises(Unauthorized, match="client gone expired at 2020-01-01 00:00 UTC") as refused:
        check(request(x_api_key="rialto-gone"), Keyring(KEY, ROWS))
    assert refused.value.should_retry is False


def test_limits_of_the_default_client_ask_for_no_key() -> None:
    row = Client(name="default", daily_usd=1.0)
    assert check(request(), Keyring("", {"default": row})) is row
    assert check(request(x_api_key=KEY), Keyring(KEY, {"default": row})) is row


def test_only_the_operator_sees_what_belongs_to_all() -> None:
    keyring = Keyring(KEY, ROWS)
    assert check_operator(request(x_api_key=KEY), keyring).name == "default"
    with pytest.raises(Forbidden, match="client team may only send messages"):
        check_operator(request(x_api_key=TEAM_KEY), keyring)
    with pytest.raises(Unauthorized):
        check_operator(request(x_api_key="wrong"), keyring)
    assert check_operator(request(), Keyring()).name == "default"
