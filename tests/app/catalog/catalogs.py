"""A small world of vendors for the tests of catalog and models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from app.catalog.catalog import Catalog
from app.settings.settings import ROOT, Settings
from translators import vendors as real_vendors
from translators.core.vendor import Profile, Protocol, Vendor

WIRE = Protocol(
    name="openai_chat",
    framing="sse",
    path="/chat/completions",
    request=lambda message, route: {},
    chunk=lambda chunk: iter(()),
    whole=lambda body: iter(()),
    drops={},
)


REAL = real_vendors()


def vendor(name: str, **fields: Any) -> Vendor:
    """A vendor with a key variable and an address of its own, and the further settings of the real one."""
    defaults = {
        "variables": REAL[name].variables,
        "aliases": REAL[name].aliases,
        "title": name.title(),
        "protocol": WIRE,
        "base_url": f"https://{name}.example/v1",
        "documentation": "",
        "key_variable": f"{name.upper()}_API_KEY",
    }
    return Vendor(name=name, **{**defaults, **fields})


VENDORS = {
    entry.name: entry
    for entry in (
        vendor("azure", base_url="", base_url_variable="AZURE_API_BASE"),
        vendor("deepseek", title="DeepSeek", models=("deepseek-v4-pro",), families=("deepseek-",)),
        vendor(
            "demo",
            title="Demo",
            base_url="demo://rialto",
            key_variable="",
            keyless=True,
            models=("demo",),
            stand_in=True,
        ),
        vendor("kimi", families=("kimi-",), profile=Profile(max_stops=5)),
        vendor("openai", families=("gpt-",), lends_address=True),
        vendor(
            "openai_compatible",
            base_url="http://localhost:8000/v1",
            base_url_variable="PROVIDER_BASE_URL",
            key_variable="PROVIDER_API_KEY",
            keyless=True,
            serves=(WIRE,),
            headers={"a": "1"},
        ),
        vendor("openrouter"),
        vendor(
            "ollama", base_url="http://localhost:11434", base_url_variable="OLLAMA_HOST", key_variable="", keyless=True
        ),
    )
}
WITH_ANTHROPIC = {**VENDORS, "anthropic": vendor("anthropic", families=("claude-",))}
BLIND_PRO = {
    **VENDORS,
    "kimi": replace(VENDORS["kimi"], model_profile=lambda model, profile: replace(profile, tool_name_max=len(model))),
}


def catalog(folder: Path = ROOT / "conf", vendors: dict[str, Vendor] | None = None, **environ: str) -> Catalog:
    """The catalog of an environment."""
    vendors = vendors or VENDORS
    return Catalog.load(Settings.load(environ, vendors=vendors), folder, vendors)


def reached(catalog: Catalog, name: str, path_route: str | None = None) -> str:
    """Where a name leads, as vendor/model."""
    route = catalog.resolve(name, path_route)
    assert route.alias == name
    return f"{route.vendor.name}/{route.model}"
