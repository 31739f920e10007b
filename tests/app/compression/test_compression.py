"""Which prompts are compressed for which route."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.asides.once import Once
from app.asides.shelf import Shelf
from app.catalog.catalog import Catalog
from app.compression.compression import Compression
from app.memory.store import Store
from app.settings.aids import PromptSettings
from app.settings.settings import Settings, SettingsError
from tests.support.messages import ask
from tests.support.prompts import system_blocks
from translators.core.tokens import content_tokens
from translators.core.vendor import Route

KEYS = {"DEEPSEEK_API_KEY": "k", "ANTHROPIC_API_KEY": "k"}
ROWS = """
[aliases]
short = { model = "deepseek/deepseek-v4-pro", prompt_compression = "compact", prompt_max_system_tokens = 2500 }
[models]
"deepseek/small" = { prompt_compression = "compact" }
"deepseek/large" = { prompt_compression = "none" }
"""


@pytest.fixture
def routed(tmp_path: Path) -> Callable[[str], Route]:
    (tmp_path / "models.toml").write_text(ROWS)
    return Catalog.load(Settings.load(KEYS), tmp_path).resolve


def compressed(route: Route, **settings: Any) -> int:
    """Tokens of the prompt for a route."""
    once = Once(Shelf(None, "", 1_000), 1.0, "test")
    found = Compression(PromptSettings(**settings), once, Store())
    return content_tokens(found.compressed(ask(system=system_blocks()), route)["system"])


FULL = content_tokens(system_blocks())


@pytest.mark.parametrize(
    ("name", "settings", "most"),
    [
        ("short", {}, 2_500),
        ("deepseek/small", {}, 4_000),
        ("deepseek/small", {"most": 3_000}, 3_000),
        ("deepseek/other", {"compression": "compact"}, 4_000),
        ("deepseek/other", {}, None),
        ("deepseek/large", {"compression": "compact"}, None),
        ("deepseek/small", {"most": 100_000}, None),
    ],
)
def test_a_row_comes_before_the_settings(
    routed: Callable[[str], Route], name: str, settings: dict[str, Any], most: int | None
) -> None:
    size = compressed(routed(name), **settings)
    assert (size == FULL) if most is None else (0.6 * most < size <= most)


@pytest.mark.parametrize(
    "row", ['"deepseek/small" = { prompt_compression = "zip" }', '"deepseek/small" = { prompt_max_system_tokens = 0 }']
)
def test_a_wrong_row_stops_the_start(tmp_path: Path, row: str) -> None:
    (tmp_path / "models.toml").write_text(f"[models]\n{row}")
    with pytest.raises(SettingsError, match=r"deepseek/small.*prompt_"):
        Catalog.load(Settings.load(KEYS), tmp_path)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"PROMPT_COMPRESSION": "zip"}, "PROMPT_COMPRESSION: "),
        ({"PROMPT_MAX_SYSTEM_TOKENS": "0"}, "PROMPT_MAX_SYSTEM_TOKENS: "),
        ({"PROMPT_SUMMARY_MODEL": "gemini/gemini-flash"}, "PROMPT_SUMMARY_MODEL: GEMINI_API_KEY is not set"),
        ({"PROMPT_SUMMARY_MODEL": "nobody-knows-it"}, "PROMPT_SUMMARY_MODEL: no vendor is known"),
    ],
)
def test_a_wrong_setting_stops_the_start(variables: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Catalog.load(Settings.load({**KEYS, **variables}))
