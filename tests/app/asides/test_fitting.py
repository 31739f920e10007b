"""What the genuine Anthropic gets is nobody's to change."""

from __future__ import annotations

import pytest

from app.asides.fitting import fitting_for
from app.catalog.catalog import Catalog
from app.media import Media
from app.media.links import links_for
from app.settings.settings import Settings
from tests.support.media_samples import image
from tests.support.messages import ask
from tests.support.prompts import system_blocks

SETTINGS = {
    "ANTHROPIC_API_KEY": "k",
    "DEEPSEEK_API_KEY": "k",
    "PROMPT_COMPRESSION": "compact",
    "VISION_FALLBACK_MODEL": "deepseek/deepseek-flash",
    "BRIDGE_STATE_DIR": "",
}


@pytest.mark.parametrize(("model", "same"), [("anthropic/claude-opus-5-5", True), ("deepseek/deepseek-v4-pro", False)])
def test_it_goes_as_it_is(model: str, same: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.settings.settings.STATE_DIR", None)
    settings = Settings.load(SETTINGS)
    catalog = Catalog.load(settings)
    fitting = fitting_for(settings, catalog)
    message = ask(system=system_blocks(), messages=[{"role": "user", "content": [image()]}])
    fitted = fitting.countable(message, catalog.resolve(model), Media(links_for("off")))
    assert (fitted is message) is same
    assert (fitted == message) is same


def test_a_defect_costs_the_fitting_only(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.compression.compression.compacted", lambda *given: 1 / 0)
    monkeypatch.setattr("app.settings.settings.STATE_DIR", None)
    settings = Settings.load({**SETTINGS, "VISION_FALLBACK_MODEL": ""})
    catalog = Catalog.load(settings)
    message = ask(system=system_blocks(seed=77))
    route = catalog.resolve("deepseek/deepseek-v4-pro")
    assert fitting_for(settings, catalog).countable(message, route, Media(links_for("off"))) is message
    assert "could not be fitted" in caplog.text
