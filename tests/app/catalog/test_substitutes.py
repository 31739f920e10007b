"""What Claude's names reach where the vendor that the shipped table gives them has no key, and another one has."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.settings.settings import ROOT, Settings, SettingsError
from app.startup import TIERS, banner, client_variables, reach
from tests.app.catalog.catalogs import REAL, catalog, reached
from translators.core.errors import Unauthorized

A, D, K = {"ANTHROPIC_API_KEY": "a"}, {"DEEPSEEK_API_KEY": "d"}, {"KIMI_API_KEY": "k"}
P, G, R, N = {"OPENAI_API_KEY": "o"}, {"GEMINI_API_KEY": "g"}, {"OPENROUTER_API_KEY": "r"}, {"NVIDIA_API_KEY": "n"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped files, for a file of the user's own beside them."""
    for name in ("models.toml", "vendors.toml"):
        shutil.copy(ROOT / "conf" / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("opus", "claude-opus-5-5"),
        ("opus[1m]", "claude-opus-5-5"),
        ("fable", "claude-fable-5-2"),
        ("mythos", "claude-opus-4-7"),
        ("claude-opus-5-5", "claude-opus-5-5"),
        ("claude-opus-4-7[1m]", "claude-opus-4-7"),
        ("claude-fable-5", "claude-fable-5"),
        ("claude-opus-9-20300101", "claude-opus-9-20300101"),
    ],
)
def test_anthropic_gets_the_name_itself(name: str, model: str) -> None:
    assert reached(catalog(vendors=REAL, **A, **D, **P), name) == f"anthropic/{model}"


def test_a_vendor_with_a_key_keeps_its_class() -> None:
    found = catalog(vendors=REAL, **A, **D)
    assert [reached(found, tier) for tier in ("sonnet", "haiku")] == [
        "deepseek/deepseek-v4-pro",
        "deepseek/deepseek-v4-flash",
    ]


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (P | G, ["openai/gpt-5.5", "openai/gpt-5.4", "openai/gpt-5.4-mini"]),
        (D | P, ["deepseek/deepseek-v4-pro", "deepseek/deepseek-v4-pro", "deepseek/deepseek-v4-flash"]),
        (K | P, ["kimi/kimi-for-coding"] * 3),
        (D | {"OLLAMA_HOST": "box"}, ["deepseek/deepseek-v4-pro"] * 2 + ["deepseek/deepseek-v4-flash"]),
        (R | N, ["openrouter/anthropic/claude-sonnet-5"] * 3),
        ({"GROQ_API_KEY": "g", "NVIDIA_API_KEY": "n"}, ["nvidia/nvidia/nemotron-3-super-120b-a12b"] * 3),
        (P | G | {"PREFERRED_PROVIDER": "gemini"}, ["gemini/gemini-3.8-flash"] * 2 + ["gemini/gemini-3.5-flash-lite"]),
        (A | G | {"PREFERRED_PROVIDER": "gemini"}, ["gemini/gemini-3.8-flash"] * 2 + ["gemini/gemini-3.5-flash-lite"]),
        (A | G | {"DEFAULT_MODEL": "gemini/x"}, ["gemini/x"] * 3),
    ],
)
def test_the_first_vendor_that_has_a_model_takes_a_class(environ: dict[str, str], expected: list[str]) -> None:
    found = catalog(vendors=REAL, **environ)
    assert [reached(found, tier) for tier in TIERS] == expected
    assert [reached(found, f"claude-{tier}-9") for tier in TIERS] == expected


@pytest.mark.parametrize("environ", [A | D, P | G, D | P, R | N])
def test_start_list_and_launcher_tell_the_same(environ: dict[str, str]) -> None:
    found = catalog(vendors=REAL, **environ)
    settings = Settings.load(environ, vendors=REAL)
    told = banner(settings, found)
    rows = {row.id: row.display_name for row in found.models()}
    for tier in TIERS:
        route = found.resolve(tier)
        assert f"{tier:<7} -> {route.model} ({route.vendor.title})" in told
        name = client_variables(settings, found)[f"ANTHROPIC_DEFAULT_{tier.upper()}_MODEL"].strip("'")
        assert reach(found, name) == reach(found, tier)
        newest = found.conf.tiers[tier].names[0]
        assert rows[newest] == reach(found, newest)
    assert "nothing:" not in told


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, "kimi/k3"),
        ({}, "anthropic/kimi/k3"),
        ({}, "kimi-k3"),
        ({"BIG_MODEL": "kimi/k3"}, "opus"),
        ({"BIG_MODEL": "kimi-k3"}, "opus"),
        ({"MODEL_MAP_JSON": '{"opus": "kimi-k3"}'}, "opus"),
        ({"DEFAULT_MODEL": "kimi-k3"}, "opus"),
        ({"PREFERRED_PROVIDER": "kimi"}, "opus"),
    ],
)
def test_a_vendor_that_the_user_chose_is_named_where_it_has_no_key(environ: dict[str, str], name: str) -> None:
    with pytest.raises(Unauthorized, match=r"^KIMI_API_KEY is not set"):
        catalog(vendors=REAL, **A, **D, **environ).resolve(name)


def test_a_vendor_in_the_path_is_named_where_it_has_no_key() -> None:
    with pytest.raises(Unauthorized, match=r"^KIMI_API_KEY is not set"):
        catalog(vendors=REAL, **A, **D).resolve("opus", "kimi:k3")


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ('[aliases]\nclaude-opus-4-7 = "kimi/k3"', "claude-opus-4-7"),
        ('[aliases]\nclaude-opus-4-7 = "kimi/k3"', "opus"),
        ('[aliases]\nclaude-mine = "kimi/k3"', "claude-mine[1m]"),
        ('[aliases]\nopus = "kimi/k3"', "opus"),
        ('[tiers.opus]\nmodel = "kimi/k3"', "claude-opus-5-5"),
    ],
)
def test_rows_of_the_user_are_his_choice(folder: Path, row: str, name: str) -> None:
    (folder / "models.local.toml").write_text(row)
    with pytest.raises(Unauthorized, match=r"^KIMI_API_KEY is not set"):
        catalog(folder, REAL, **A, **D).resolve(name)
    assert reached(catalog(folder, REAL, **A, **K), name) == "kimi/k3"


def test_a_row_that_only_adds_facts_chooses_no_vendor(folder: Path) -> None:
    (folder / "models.local.toml").write_text(
        "[aliases]\nclaude-opus-4-7 = { max_output = 9 }\n[tiers.opus]\nnames = ['claude-opus-6']"
    )
    found = catalog(folder, REAL, **A, **D)
    assert [reached(found, name) for name in ("opus", "claude-opus-4-7")] == [
        "anthropic/claude-opus-6",
        "anthropic/claude-opus-4-7",
    ]


def test_the_order_can_be_changed(folder: Path) -> None:
    (folder / "models.local.toml").write_text('[substitutes]\nBIG_MODEL = ["gemini/own", "openai/own"]')
    found = catalog(folder, REAL, **P, **G)
    assert [reached(found, tier) for tier in TIERS[:2]] == ["gemini/own", "openai/gpt-5.4"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('OPUS = ["openai/x"]', r"\[substitutes\]\[OPUS\]"),
        ('BIG_MODEL = ["openai"]', r"\[substitutes\]\[BIG_MODEL\]"),
        ('BIG_MODEL = ["nosuch/x"]', r"\[substitutes\] BIG_MODEL: no vendor is called nosuch"),
    ],
)
def test_mistakes_in_the_order_are_told(folder: Path, row: str, words: str) -> None:
    (folder / "models.local.toml").write_text(f"[substitutes]\n{row}")
    with pytest.raises(SettingsError, match=words):
        catalog(folder, REAL)


def test_a_server_that_passes_to_anthropic_counts_as_anthropic(folder: Path) -> None:
    (folder / "vendors.local.toml").write_text(
        '[gate]\nbase_url = "http://gate"\nprotocol = "anthropic_messages"\nprofile = { genuine = true }\n'
    )
    assert reached(catalog(folder, REAL, **D), "opus") == "gate/claude-opus-5-5"


@pytest.mark.parametrize("environ", [R | N, P | G])
def test_the_clients_dress_of_a_claude_name_chooses_no_vendor(environ: dict[str, str]) -> None:
    found = catalog(vendors=REAL, **environ)
    for name in ("claude-3.5-sonnet", "claude-opus-5-5"):
        assert reached(found, f"anthropic/{name}") == reached(found, name)


@pytest.mark.parametrize(
    "environ", [{"OLLAMA_HOST": "box"}, {"AZURE_API_KEY": "a", "AZURE_API_BASE": "https://a.example"}]
)
def test_the_vendor_that_the_client_wrote_is_named_where_nobody_else_takes_the_name(environ: dict[str, str]) -> None:
    with pytest.raises(Unauthorized, match=r"^ANTHROPIC_API_KEY is not set"):
        catalog(vendors=REAL, **environ).resolve("anthropic/claude-3.5-sonnet")


def test_the_shipped_lists_have_known_vendors_in_one_order() -> None:
    lists = catalog(vendors=REAL).conf.substitutes.values()
    orders = {tuple(name.partition("/")[0] for name in names) for names in lists}
    assert len(lists) == 3 and len(orders) == 1
    assert set(orders.pop()) <= set(REAL)
