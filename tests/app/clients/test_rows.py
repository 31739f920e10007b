"""`conf/clients.toml`: its rows, the local file beside it, and every mistake in words."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from app.clients.keys import hash_of
from app.clients.rows import Client, load_clients
from app.settings.settings import ROOT, Settings, SettingsError

HASH, OTHER = hash_of("one"), hash_of("other")


def loaded(folder: Path, text: str, local: str = "") -> tuple[dict[str, Client], list[str]]:
    """The rows of two files, and the mistakes in them."""
    (folder / "clients.toml").write_text(text)
    (folder / "clients.local.toml").write_text(local)
    problems: list[str] = []
    return dict(load_clients(folder / "clients.toml", problems)), problems


def test_a_row(tmp_path: Path) -> None:
    text = f'''
[team-a]
key_hash = "{HASH}"
requests_per_minute = 60
tokens_per_minute = 1_000_000
daily_usd = 5
monthly_usd = 99.5
daily_tokens = 7
monthly_tokens = 70
models = ["kimi/*"]
expires = 2027-12-31
'''
    clients, problems = loaded(tmp_path, text)
    assert problems == []
    assert clients == {
        "team-a": Client(
            name="team-a",
            key_hash=HASH,
            requests_per_minute=60,
            tokens_per_minute=1_000_000,
            daily_usd=5.0,
            monthly_usd=99.5,
            daily_tokens=7,
            monthly_tokens=70,
            models=("kimi/*",),
            expires=datetime.datetime(2028, 1, 1, tzinfo=datetime.UTC),
        )
    }
    assert HASH not in repr(clients)


def test_the_local_file_adds_and_changes(tmp_path: Path) -> None:
    shipped = f'[a]\nkey_hash = "{HASH}"\ndaily_usd = 1.0\nmonthly_usd = 9.0\n'
    clients, problems = loaded(tmp_path, shipped, f'[a]\ndaily_usd = 2.0\n[b]\nkey_hash = "{OTHER}"\n')
    assert problems == []
    assert (clients["a"].daily_usd, clients["a"].monthly_usd, clients["a"].key_hash) == (2.0, 9.0, HASH)
    assert clients["b"].key_hash == OTHER


def test_without_files_there_are_no_clients(tmp_path: Path) -> None:
    problems: list[str] = []
    assert load_clients(tmp_path / "clients.toml", problems) == {} and problems == []


def test_the_shipped_file_names_nobody_and_its_example_is_right(tmp_path: Path) -> None:
    shipped = (ROOT / "conf" / "clients.toml").read_text()
    assert loaded(tmp_path, shipped) == ({}, [])
    lines = [line.removeprefix("# ") for line in shipped.splitlines() if " = " in line or line.startswith("# [")]
    clients, problems = loaded(tmp_path, "\n".join(lines).replace("sha256:...", HASH))
    assert problems == []
    assert set(clients) == {"team-a", "default"}
    team = clients["team-a"]
    assert None not in (team.requests_per_minute, team.monthly_tokens, team.expires) and team.models


MISTAKES = {
    "no key": ("[a]\n", "[a] has no key_hash; `make client NAME=a` makes a key"),
    "a key itself": ('[a]\nkey_hash = "rialto-abc"\n', "[a][key_hash] Write it as sha256:..."),
    "a key of two": (f'[a]\nkey_hash = "{HASH}"\n[b]\nkey_hash = "{HASH}"\n', "[b] has the key_hash of [a]"),
    "the default's key": (f'[default]\nkey_hash = "{HASH}"\n', "[default] has the key BRIDGE_API_KEY"),
    "the default's end": ("[default]\nexpires = 2027-01-01\n", "[default] has the key BRIDGE_API_KEY"),
    "a misspelt limit": (f'[a]\nkey_hash = "{HASH}"\nrequest_per_minute = 6\n', "[a][request_per_minute] Unknown"),
    "no requests at all": (f'[a]\nkey_hash = "{HASH}"\nrequests_per_minute = 0\n', "[a][requests_per_minute]"),
    "no money": (f'[a]\nkey_hash = "{HASH}"\ndaily_usd = 0\n', "[a][daily_usd]"),
    "no models": (f'[a]\nkey_hash = "{HASH}"\nmodels = []\n', "[a][models]"),
    "a date as text": (f'[a]\nkey_hash = "{HASH}"\nexpires = "2027-01-01"\n', "Write a date without quotes"),
    "a name": (f'["A b"]\nkey_hash = "{HASH}"\n', "A client's name is made of"),
    "no table": ("a = 1\n", "[a]"),
    "no TOML": ("[a\n", "clients.toml"),
}


@pytest.mark.parametrize(("text", "words"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes(tmp_path: Path, text: str, words: str) -> None:
    _, problems = loaded(tmp_path, text)
    assert len(problems) == 1
    assert problems[0].startswith("conf/clients.toml") and words in problems[0]


MOMENTS = {
    "a day ends in UTC": ("2027-01-31", "2027-02-01T00:00:00+00:00"),
    "a time without a zone": ("2027-01-31T10:00:00", "2027-01-31T10:00:00+00:00"),
    "a time with a zone": ("2027-01-31T10:00:00+02:00", "2027-01-31T10:00:00+02:00"),
}


@pytest.mark.parametrize(("written", "meant"), MOMENTS.values(), ids=MOMENTS.keys())
def test_expiry(tmp_path: Path, written: str, meant: str) -> None:
    clients, _ = loaded(tmp_path, f'[a]\nkey_hash = "{HASH}"\nexpires = {written}\n')
    assert clients["a"].expires == datetime.datetime.fromisoformat(meant)


def settings_of(folder: Path, text: str, **environ: str) -> Settings:
    """The settings with a file of clients."""
    (folder / "clients.toml").write_text(text)
    return Settings.load({"CLIENTS_FILE": str(folder / "clients.toml"), **environ})


def test_a_client_is_key_enough_for_the_network(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, f'[a]\nkey_hash = "{HASH}"\n', HOST="0.0.0.0")
    assert settings.is_keyed and set(settings.clients) == {"a"}
    settings.check_bind("0.0.0.0:80")


def test_limits_alone_are_not(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="BRIDGE_API_KEY"):
        settings_of(tmp_path, "[default]\ndaily_usd = 1\n", HOST="0.0.0.0")
    assert not settings_of(tmp_path, "[default]\ndaily_usd = 1\n").is_keyed


def test_mistakes_are_told_with_all_others(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_of(tmp_path, "[a]\n", PORT="many", HOST="0.0.0.0")
    told = "\n".join(caught.value.problems)
    assert "PORT" in told and "[a] has no key_hash" in told


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"CLIENTS_FILE: .*gone\.toml is no file"):
        Settings.load({"CLIENTS_FILE": str(tmp_path / "gone.toml")})


NAMES = {
    "all": ((), "any/thing", True),
    "the same": (("kimi/kimi-k3",), "kimi/kimi-k3", True),
    "another": (("kimi/kimi-k3",), "kimi/kimi-k4", False),
    "a star": (("kimi/*", "zai/*"), "zai/glm", True),
    "case": (("Kimi/*",), "kimi/K3", True),
    "only the whole name": (("kimi",), "kimi/k3", False),
}


@pytest.mark.parametrize(("models", "name", "allowed"), NAMES.values(), ids=NAMES.keys())
def test_models(models: tuple[str, ...], name: str, allowed: bool) -> None:
    assert Client(name="a", models=models).may_call(name) is allowed
