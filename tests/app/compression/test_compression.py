"""Which prompts are compressed for which route."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.asides.once import Once
from app.asides.shelf import Shelf
from app.catalog.catalog import Catalog
from app.compression.compression import DAY, LONGEST, Compression, compression_for
from app.exchange.asking import Asking
from app.exchange.call import Caller, anyone
from app.exchange.means import Means
from app.settings.aids import PromptSettings
from app.settings.settings import Settings, SettingsError
from app.upstream.upstream import Line
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
    shelf = Shelf(None, "", 1_000)
    found = Compression(PromptSettings(**settings), Once(shelf, 1.0, "test"), shelf)
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


def test_a_prompt_beyond_all_measure_is_left_alone(routed: Callable[[str], Route]) -> None:
    shelf = Shelf(None, "", 1_000)
    found = Compression(PromptSettings(compression="compact"), Once(shelf, 1.0, "test"), shelf)
    message = ask(system="- a\n" * (LONGEST // 4 + 1))
    assert found.compressed(message, routed("deepseek/other")) is message


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


SUMMARY = "# In short\n- Paint all boats."


def prompt(
    worker: Compression, route: Route, session: str, seed: int = 1, may_ask: Callable[[Route], bool] = anyone
) -> str:
    """The long block of a turn's prompt as a worker makes it. A summary that it begins is there at the end."""
    asking = Asking(cast(Means, None), Caller(lambda: False, "", may_ask=may_ask), Line())
    made = worker.compressed(ask(system=system_blocks(seed=seed)), route.within(session), asking)["system"]
    for thread in threading.enumerate():
        if thread.name == "rialto-aside":
            thread.join(9)
    return str(made[2]["text"])


def test_a_summary_in_between_changes_no_conversation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its turns come to several workers, one right after the other."""
    monkeypatch.setattr("app.compression.compression.ask", lambda *given: SUMMARY)
    settings = Settings.load({**KEYS, "PROMPT_COMPRESSION": "summarize", "BRIDGE_STATE_DIR": str(tmp_path)})
    catalog = Catalog.load(settings)
    route = catalog.resolve("deepseek/deepseek-v4-pro")
    one, other = (compression_for(settings, catalog) for _ in range(2))
    prompt(other, route, "busy", seed=2)
    compact = prompt(one, route, "earlier")
    began = prompt(one, route, "late")
    assert {prompt(worker, route, "late") for worker in (other, one, other)} == {began}
    assert {prompt(worker, route, "earlier") for worker in (other, one)} == {compact}
    assert (SUMMARY in began, SUMMARY in compact) == (True, False)
    monkeypatch.setattr("app.compression.compression.time", SimpleNamespace(time=lambda: time.time() + DAY))
    assert {prompt(worker, route, "earlier") for worker in (other, one)} == {began}


def test_a_client_has_nothing_summarised_by_a_model_that_it_may_not_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("app.compression.compression.ask", lambda *given: asked.append("once") or SUMMARY)
    variables = {"PROMPT_COMPRESSION": "summarize", "PROMPT_SUMMARY_MODEL": "deepseek/other"}
    settings = Settings.load({**KEYS, **variables, "BRIDGE_STATE_DIR": str(tmp_path)})
    catalog = Catalog.load(settings)
    worker, route = compression_for(settings, catalog), catalog.resolve("deepseek/deepseek-v4-pro")
    for session in ("one", "two"):
        assert SUMMARY not in prompt(worker, route, session, may_ask=lambda other: other.model != "other")
    assert asked == []
    prompt(worker, route, "three")
    assert SUMMARY in prompt(worker, route, "four")
    assert asked == ["once"]
