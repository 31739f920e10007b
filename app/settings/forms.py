"""Small values among the settings."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Provider:
    """PROVIDER, PROVIDER_BASE_URL, PROVIDER_API_KEY: one server, named after a vendor or not at all."""

    name: str = ""
    base_url: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AliasChange:
    """What an alias stands for instead; None leaves it to `conf/models.toml`."""

    model: str | None = None
    context_window: int | None = None
