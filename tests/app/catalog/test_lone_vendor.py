"""What Claude's names reach when one vendor alone is set up, and what is said where nobody can know."""

from __future__ import annotations

import pytest

from app.startup import TIERS, reach
from tests.app.catalog.catalogs import REAL, catalog, reached
from translators.core.errors import NotFound, Unauthorized

#: The one variable that is set -> what opus, sonnet and haiku reach, and full names of Claude's.
LONE = {
    "deepseek": ["deepseek-v4-pro", "deepseek-v4-pro", "deepseek-v4-flash", "deepseek-v4-pro"],
    "kimi": ["kimi-for-coding"] * 4,
    "zai": ["glm-5.3", "glm-5.3", "glm-5.3-flash", "glm-5.3"],
    "openrouter": ["anthropic/claude-sonnet-5"] * 4,
    "anthropic": ["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-opus-4-7"],
}


@pytest.mark.parametrize("name", LONE)
def test_all_classes_reach_the_only_vendor_that_has_a_key(name: str) -> None:
    found = catalog(vendors=REAL, **{REAL[name].key_variable: "k"})
    wanted = ("opus", "sonnet[1m]", "haiku", "claude-opus-4-7[1m]")
    assert [reached(found, alias) for alias in wanted] == [f"{name}/{model}" for model in LONE[name]]
    assert reached(found, "claude-brand-new-9").startswith(f"{name}/")
    with pytest.raises(Unauthorized if name != "kimi" else NotFound):
        found.resolve("kimi/k3" if name != "kimi" else "unheard-of")


def test_every_vendor_with_a_key_is_reached_by_all_classes_or_names_the_setting() -> None:
    for name, vendor in REAL.items():
        if not vendor.key_variable or vendor.keyless:
            continue
        found = catalog(vendors=REAL, **{vendor.key_variable: "k", "AZURE_API_BASE": "https://a.example"})
        for tier in TIERS:
            words = reach(found, tier)
            assert words.endswith(f"({vendor.title})") or f"such as {name}/" in words


@pytest.mark.parametrize(
    ("environ", "example"),
    [
        ({"AZURE_API_KEY": "a", "AZURE_API_BASE": "https://a.example"}, "azure/my-deployment"),
        ({"OLLAMA_HOST": "box"}, "ollama/qwen3.5:9b"),
        ({"AZURE_API_KEY": "a", "AZURE_API_BASE": "https://a.example", "OLLAMA_HOST": "box"}, "azure/my-deployment"),
    ],
)
def test_what_a_class_should_reach_is_asked_where_nobody_can_know(environ: dict[str, str], example: str) -> None:
    with pytest.raises(Unauthorized) as caught:
        catalog(vendors=REAL, **environ).resolve("opus")
    assert f"or set BIG_MODEL to a model of another vendor, such as {example}." in caught.value.message
