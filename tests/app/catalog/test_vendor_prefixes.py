"""Prefixes of names: which vendor they mean in the shipped files, and how the vendor is told the model."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.catalog.catalogs import REAL, catalog, reached

#: Every vendor that has a key of its own.
KEYS = {vendor.key_variable: "k" for vendor in REAL.values() if vendor.key_variable and not vendor.keyless}
#: A name without a vendor -> where it leads.
FAMILIES = {
    "stepfun/step-3.5-flash:free": "openrouter",
    "qwen/qwen3-coder": "openrouter",
    "mistralai/devstral": "openrouter",
    "x-ai/grok-4.5": "openrouter",
    "google/gemini-3": "openrouter",
    "z-ai/glm-5.3": "openrouter",
    "moonshotai/kimi-k3": "openrouter",
    "nvidia/nemotron-3-super-120b-a12b": "nvidia",
    "meta/llama-4": "nvidia",
    "accounts/fireworks/models/kimi-k3": "fireworks",
    "zai-org/GLM-5.1": "siliconflow",
    "MiniMaxAI/MiniMax-M2.5": "siliconflow",
    "deepseek-ai/DeepSeek-V4-Pro": "siliconflow",
    **dict.fromkeys(("gpt-3.5-turbo", "gpt-4.1", "gpt-5.5", "gpt-6-sol"), "openai"),
    "chatgpt-4o": "openai",
    "o1": "openai",
    "o3-pro": "openai",
    "o4-mini": "openai",
    "gemini-3.8-flash": "gemini",
    "grok-4.7": "xai",
    "deepseek-v4-pro": "deepseek",
    "kimi-k3": "kimi",
    "moonshot-v1": "kimi",
    "glm-5.3": "zai",
    "MiniMax-M3": "minimax",
    "mimo-v3": "mimo",
    "mistral-large-4": "mistral",
    "magistral-medium": "mistral",
    "devstral-medium": "mistral",
    "codestral-latest": "mistral",
    "ministral-8b": "mistral",
    "pixtral-12b": "mistral",
    "openrouter/auto": "openrouter",
}


@pytest.mark.parametrize("dress", ["{}", "anthropic/{}", "anthropic/{}[1m]"])
@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_keeps_the_whole_name(name: str, dress: str) -> None:
    found = catalog(vendors=REAL, **KEYS)
    assert reached(found, dress.format(name)) == f"{FAMILIES[name]}/{name}"
    assert reached(catalog(vendors=REAL, **KEYS, BIG_MODEL=name), "opus") == f"{FAMILIES[name]}/{name}"


def test_every_family_is_tried_above() -> None:
    written = {prefix.lower() for prefix in catalog(vendors=REAL).conf.families}
    brought = {prefix.lower() for vendor in REAL.values() for prefix in vendor.families}
    assert not [prefix for prefix in written | brought if not any(name.lower().startswith(prefix) for name in FAMILIES)]


@pytest.mark.parametrize(
    ("name", "path_route", "expected"),
    [
        ("nvidia/nvidia/nemotron", None, "nvidia/nvidia/nemotron"),
        ("anthropic/nvidia/nvidia/nemotron", None, "nvidia/nvidia/nemotron"),
        ("NVIDIA/nemotron", None, "nvidia/nvidia/nemotron"),
        ("nvidia:nemotron", None, "nvidia/nvidia/nemotron"),
        ("nvidia/qwen/qwen3.5", None, "nvidia/qwen/qwen3.5"),
        ("any", "nvidia:nemotron", "nvidia/nvidia/nemotron"),
        ("any", "nvidia:meta/llama-4", "nvidia/meta/llama-4"),
        ("openrouter/openrouter/auto", None, "openrouter/openrouter/auto"),
        ("any", "openrouter:openrouter/auto", "openrouter/openrouter/auto"),
        ("openrouter/z-ai/glm-5.3", None, "openrouter/z-ai/glm-5.3"),
        ("openai/gpt-5.5", None, "openai/gpt-5.5"),
        ("deepseek/deepseek-v4-pro", None, "deepseek/deepseek-v4-pro"),
    ],
)
def test_the_name_of_a_vendor_that_is_part_of_its_models_stays(
    name: str, path_route: str | None, expected: str
) -> None:
    assert reached(catalog(vendors=REAL, **KEYS), name, path_route) == expected


def test_rows_name_such_models_either_way(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text(
        '[aliases]\nshort = "nvidia/nemotron"\nlong = "nvidia/nvidia/nemotron"\n'
        '[models]\n"nvidia/nemotron" = { context_window = 77 }\n'
    )
    (tmp_path / "vendors.toml").write_text('[models."nvidia/nemotron"]\nmax_stops = 2\n')
    found = catalog(tmp_path, REAL, **KEYS)
    routes = [found.resolve(name) for name in ("short", "long")]
    told = {(route.model, route.context_window, route.profile.max_stops) for route in routes}
    assert told == {("nvidia/nemotron", 77, 2)}
