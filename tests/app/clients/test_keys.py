"""Keys: made, hashed, found."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from app.clients import __main__ as command
from app.clients import keys
from app.clients.keys import Keyring, fresh_key, hash_of
from app.clients.rows import Client, ClientsSchema


def test_keys_differ_and_are_long() -> None:
    made = {fresh_key() for _ in range(100)}
    assert len(made) == 100
    assert all(key.startswith("rialto-") and len(key) >= 50 for key in made)


def test_every_key_is_compared_with_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the place of the row nor a hit before it shows in the time."""
    compared: list[tuple[str, str]] = []
    true = keys.hmac.compare_digest

    def counted(one: str, other: str) -> Any:
        compared.append((one, other))
        return true(one, other)

    monkeypatch.setattr(keys.hmac, "compare_digest", counted)
    rows = {name: Client(name=name, key_hash=hash_of(f"key-{name}")) for name in "abc"}
    for presented in (["key-a"], ["key-c"], ["nobody's"], ["bridge"]):
        compared.clear()
        Keyring("bridge", rows).holder(presented)
        assert len(compared) == 4
    compared.clear()
    assert Keyring("bridge", rows).holder(["key-b", "key-a"]) is rows["b"]
    assert len(compared) == 8


def test_the_default_client_is_nobody_where_only_others_have_keys() -> None:
    rows = {"a": Client(name="a", key_hash=hash_of("key-a"))}
    assert Keyring("", rows).named("default") is None
    for keyring in (Keyring("", {}), Keyring("bridge", rows)):
        assert keyring.named("default") is keyring.default
    assert Keyring("", rows).named("a") is rows["a"] and Keyring("", rows).named("b") is None


def test_no_key_is_kept() -> None:
    keyring = Keyring("bridge-secret", {"a": Client(name="a", key_hash=hash_of("row-secret"))})
    assert "secret" not in str(vars(keyring)) + repr(keyring)


def test_the_command_prints_a_key_once_and_a_row_that_fits_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["team-a"]) == 0
    printed = capsys.readouterr().out
    key = next(line for line in printed.splitlines() if line.startswith("rialto-"))
    assert printed.count(key) == 1
    row = tomllib.loads(printed[printed.index("[team-a]") :])
    ClientsSchema().load(row)
    assert row == {"team-a": {"key_hash": hash_of(key)}}
    every_limit = tomllib.loads(printed[printed.index("[team-a]") :].replace("# ", ""))
    ClientsSchema().load(every_limit)
    assert "daily_usd" in every_limit["team-a"]


@pytest.mark.parametrize("arguments", [[], [""], ["Team A"], ["a", "b"], ["default"], ["x]\n[y"]])
def test_a_bad_name_makes_no_key(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and "name" in printed.err
