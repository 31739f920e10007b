"""Every environment variable, read once, at start.

`.env` in the project's folder is read too; the real environment wins.
`conf/env.example` says what each variable is for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from environs import validate

from app.variables import (
    SettingsError,
    Variables,
    custom_headers,
    duration,
    header_value,
    host_of,
    is_loopback,
    local_address,
    name_table,
    name_table_file,
    web_address,
)
from translators import vendors as known_vendors
from translators.core.vendor import Vendor
from translators.protocols.ollama_chat.request import NUM_CTX

__all__ = ["ROOT", "OllamaModel", "Provider", "Settings", "SettingsError"]

ROOT = Path(__file__).resolve().parent.parent

THINKING_SWITCHES = ("effort", "template", "flag", "object", "nothing")
"""How a compatible server is told to think, see `translators/openai_compatible.py`."""
OPENAI_WIRES = ("auto", "chat", "responses")
"""Which of OpenAI's wires is used, see `translators/openai.py`."""
OLLAMA_MODES = ("native", "anthropic")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
OLLAMA_ALIASES = {
    "ollama-sonnet": "OLLAMA_SONNET",
    "ollama-haiku": "OLLAMA_HAIKU",
    "ollama-gpt-oss": "OLLAMA_GPTOSS",
    "ollama-gemma": "OLLAMA_GEMMA",
}
#: Vendor -> header -> variable. OpenRouter shows the caller's name in its rankings.
VENDOR_HEADERS = {"openrouter": {"HTTP-Referer": "OPENROUTER_SITE_URL", "X-Title": "OPENROUTER_APP_NAME"}}
#: Vendor -> key in `Route.extra` -> variable.
VENDOR_EXTRAS = {
    "anthropic": {"forward_client_key": "ANTHROPIC_FORWARD_CLIENT_KEY"},
    "azure": {"api_version": "AZURE_API_VERSION", "base_model": "AZURE_BASE_MODEL", "api": "OPENAI_API"},
    "nvidia": {"reasoning_budget": "NVIDIA_REASONING_BUDGET", "enable_thinking": "NVIDIA_ENABLE_THINKING"},
    "openai": {"api": "OPENAI_API"},
    "openai_compatible": {"thinking": "PROVIDER_THINKING"},
    "ollama": {"keep_alive": "OLLAMA_KEEP_ALIVE", "mode": "OLLAMA_MODE"},
}
#: Vendor -> the variable with the window of those of its models that have none of their own, and its default in tokens.
VENDOR_WINDOWS = {"ollama": ("OLLAMA_NUM_CTX", NUM_CTX)}
#: Vendor -> another common name of the variable with its address.
OTHER_ADDRESSES = {"ollama": "OLLAMA_API_BASE"}
#: Vendor -> the form of its address, where it is not the usual one.
ADDRESS_FORMS = {"ollama": local_address}

#: Vendor -> the variable that many users keep its key in already, read when its own is not set.
OTHER_KEYS = {"gemini": "GOOGLE_API_KEY"}

POSITIVE = validate.Range(min=1)
SECONDS = validate.Range(min=0, min_inclusive=False)


@dataclass(frozen=True, slots=True)
class Provider:
    """PROVIDER, PROVIDER_BASE_URL, PROVIDER_API_KEY: one server, named after a vendor or not at all."""

    name: str = ""
    base_url: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class OllamaModel:
    """What an ollama alias stands for; None leaves it to `conf/models.toml`."""

    model: str | None = None
    context_window: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Timeouts are seconds. Nothing secret is in the repr."""

    host: str = "127.0.0.1"
    port: int = 4001
    bridge_api_key: str = field(default="", repr=False)
    log_dir: Path = Path("logs")
    log_level: str = "INFO"
    debug: bool = False

    preferred_provider: str = ""
    default_model: str = ""
    big_model: str = ""
    middle_model: str = ""
    small_model: str = ""
    provider: Provider = Provider()
    model_map: Mapping[str, str] = field(default_factory=dict)
    ollama_aliases: Mapping[str, OllamaModel] = field(default_factory=dict)

    max_output_tokens: int | None = None
    max_tokens_limit: int | None = None
    min_tokens_limit: int | None = None
    max_body_bytes: int = 32 * 1024 * 1024

    connect_timeout: float = 10.0
    first_byte_timeout: float = 300.0
    idle_timeout: float = 300.0
    total_timeout: float = 3600.0

    custom_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    anthropic_forward_client_key: bool | None = None
    azure_api_version: str = ""
    azure_base_model: str = ""
    nvidia_reasoning_budget: int | None = None
    nvidia_enable_thinking: bool | None = None
    openai_api: str = ""
    openrouter_site_url: str = ""
    openrouter_app_name: str = ""
    provider_thinking: str = ""
    ollama_keep_alive: str = ""
    ollama_mode: str = ""

    vendor_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Vendor -> key, for those that have one."""
    vendor_urls: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Vendor -> address, for those moved away from their own."""
    vendor_headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    """Vendor -> headers made of its own settings."""
    vendor_extras: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    """Vendor -> what its routes carry in `Route.extra`."""
    vendor_windows: Mapping[str, int] = field(default_factory=dict)
    """Vendor -> tokens, for models whose window is not known otherwise."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """All variables, for the keys that `conf/vendors.toml` names."""

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, *, vendors: Mapping[str, Vendor] | None = None) -> Settings:
        """The checked settings; `.env` is read only when no `environ` is given.

        Raises SettingsError with all mistakes.
        """
        variables = Variables(_environment() if environ is None else dict(environ))
        values = _values(variables, known_vendors() if vendors is None else vendors)
        problems = [*variables.problems(), *_bind_problems(values["host"], values["bridge_api_key"])]
        if problems:
            raise SettingsError(problems)
        return cls(**values)

    @property
    def bind(self) -> str:
        """HOST:PORT as a server takes it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def check_bind(self, address: str | tuple[Any, ...]) -> None:
        """Refuses an address beyond loopback without BRIDGE_API_KEY. Raises SettingsError."""
        if problems := _bind_problems(host_of(address), self.bridge_api_key):
            raise SettingsError(problems)

    def variable(self, name: str) -> str:
        """The value of any variable, "" when it is not set."""
        return self.environment.get(name, "").strip()


def _environment() -> dict[str, str]:
    written = dotenv_values(ROOT / ".env", interpolate=False)
    return {name: value for name, value in written.items() if value is not None} | dict(os.environ)


def _bind_problems(host: str | None, key: str | None) -> list[str]:
    if host is None or key or is_loopback(host):
        return []
    return [
        f"HOST: {host or 'every address'} is reachable from other machines, and whoever reaches it spends "
        "your vendors' credit. Set BRIDGE_API_KEY to a secret of your choice, or HOST to 127.0.0.1."
    ]


def _values(variables: Variables, vendors: Mapping[str, Vendor]) -> dict[str, Any]:
    return {
        **_server(variables),
        **_models(variables),
        **_limits(variables),
        **_timeouts(variables),
        **_vendor_options(variables),
        **_vendor_access(variables, vendors),
        "environment": variables.given,
    }


def _server(variables: Variables) -> dict[str, Any]:
    return {
        "host": variables.str("HOST", "127.0.0.1"),
        "port": variables.int("PORT", 4001, validate=validate.Range(0, 65535)),
        "bridge_api_key": variables.parsed("BRIDGE_API_KEY", header_value, ""),
        "log_dir": variables.path("BRIDGE_LOG_DIR", Path("logs")),
        "log_level": variables.parsed("LOG_LEVEL", _log_level, "INFO"),
        "debug": variables.bool("BRIDGE_DEBUG", False),
        "custom_headers": custom_headers(variables),
    }


def _log_level(text: str) -> str:
    validate.OneOf(LOG_LEVELS, error="must be one of {choices}.")(text.upper())
    return text.upper()


def _openai_wire(text: str) -> str:
    validate.OneOf(OPENAI_WIRES, error="must be one of {choices}.")(text.lower())
    return text.lower()


def _thinking_switch(text: str) -> str:
    validate.OneOf(THINKING_SWITCHES, error="must be one of {choices}.")(text)
    return text


def _ollama_mode(text: str) -> str:
    validate.OneOf(OLLAMA_MODES, error="must be one of {choices}.")(text)
    return text


def _models(variables: Variables) -> dict[str, Any]:
    nothing: dict[str, str] = {}
    file = variables.parsed("MODEL_MAP_FILE", name_table_file, nothing)
    return {
        "preferred_provider": variables.str("PREFERRED_PROVIDER", ""),
        "default_model": variables.str("DEFAULT_MODEL", ""),
        "big_model": variables.str("BIG_MODEL", ""),
        "middle_model": variables.str("MIDDLE_MODEL", ""),
        "small_model": variables.str("SMALL_MODEL", ""),
        "model_map": file | variables.parsed("MODEL_MAP_JSON", name_table, nothing),
        "ollama_aliases": {alias: _ollama(variables, prefix) for alias, prefix in OLLAMA_ALIASES.items()},
        "provider": Provider(
            variables.str("PROVIDER", ""),
            variables.parsed("PROVIDER_BASE_URL", web_address, ""),
            variables.parsed("PROVIDER_API_KEY", header_value, ""),
        ),
    }


def _ollama(variables: Variables, prefix: str) -> OllamaModel:
    return OllamaModel(
        variables.str(f"{prefix}_MODEL", None),
        variables.int(f"{prefix}_CONTEXT_WINDOW", None, validate=POSITIVE),
    )


def _limits(variables: Variables) -> dict[str, Any]:
    names = ("MAX_OUTPUT_TOKENS", "MAX_TOKENS_LIMIT", "MIN_TOKENS_LIMIT")
    limits: dict[str, Any] = {name.lower(): variables.int(name, None, validate=POSITIVE) for name in names}
    megabytes = variables.int("MAX_BODY_MB", 32, validate=POSITIVE) or 0
    return limits | {"max_body_bytes": megabytes * 1024 * 1024}


def _timeouts(variables: Variables) -> dict[str, Any]:
    """REQUEST_TIMEOUT and PROVIDER_TIMEOUT_MS limit silence: both the wait for the first byte and later pauses."""
    milliseconds = variables.float("PROVIDER_TIMEOUT_MS", None, validate=SECONDS)
    silence = variables.float("REQUEST_TIMEOUT", milliseconds / 1000 if milliseconds else 300.0, validate=SECONDS)
    defaults = {"CONNECT": 10.0, "FIRST_BYTE": silence, "IDLE": silence, "TOTAL": 3600.0}
    return {
        f"{word.lower()}_timeout": variables.float(f"{word}_TIMEOUT", default, validate=SECONDS)
        for word, default in defaults.items()
    }


def _vendor_options(variables: Variables) -> dict[str, Any]:
    options: dict[str, Any] = {
        "anthropic_forward_client_key": variables.bool("ANTHROPIC_FORWARD_CLIENT_KEY", False) or None,
        "azure_api_version": variables.parsed("AZURE_API_VERSION", header_value, ""),
        "azure_base_model": variables.parsed("AZURE_BASE_MODEL", header_value, ""),
        "nvidia_reasoning_budget": variables.int("NVIDIA_REASONING_BUDGET", None, validate=POSITIVE),
        "nvidia_enable_thinking": variables.bool("NVIDIA_ENABLE_THINKING", None),
        "openai_api": variables.parsed("OPENAI_API", _openai_wire, ""),
        "openrouter_site_url": variables.parsed("OPENROUTER_SITE_URL", header_value, ""),
        "openrouter_app_name": variables.parsed("OPENROUTER_APP_NAME", header_value, ""),
        "ollama_keep_alive": variables.parsed("OLLAMA_KEEP_ALIVE", duration, ""),
        "ollama_mode": variables.parsed("OLLAMA_MODE", _ollama_mode, ""),
        "provider_thinking": variables.parsed("PROVIDER_THINKING", _thinking_switch, ""),
    }
    headers = {vendor: _set_ones(options, names) for vendor, names in VENDOR_HEADERS.items()}
    extras = {vendor: _set_ones(options, names) for vendor, names in VENDOR_EXTRAS.items()}
    windows = {vendor: variables.int(*window, validate=POSITIVE) for vendor, window in VENDOR_WINDOWS.items()}
    return {**options, "vendor_headers": headers, "vendor_extras": extras, "vendor_windows": windows}


def _set_ones(options: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """The options that are set, as texts; switches as "true" and "false"."""
    values = {key: options[name.lower()] for key, name in names.items()}
    return {
        key: str(value).lower() if value in (True, False) else str(value)
        for key, value in values.items()
        if _is_set(value)
    }


def _is_set(value: Any) -> bool:
    return value is not None and value != ""


def _vendor_access(variables: Variables, vendors: Mapping[str, Vendor]) -> dict[str, Any]:
    keyed = {vendor.name: vendor.key_variable for vendor in vendors.values() if vendor.key_variable}
    keys = {name: variables.parsed(variable, header_value, "") for name, variable in keyed.items()}
    for name in OTHER_KEYS.keys() & keys.keys():
        keys[name] = keys[name] or variables.parsed(OTHER_KEYS[name], header_value, "")
    moved = {vendor.name: vendor.address_variable for vendor in vendors.values() if _is_remote(vendor)}
    urls = {name: _address(variables, name, variable) for name, variable in moved.items()}
    return {
        "vendor_keys": {name: key for name, key in keys.items() if key},
        "vendor_urls": {name: url for name, url in urls.items() if url},
    }


def _address(variables: Variables, vendor: str, variable: str) -> str:
    form, other = ADDRESS_FORMS.get(vendor, web_address), OTHER_ADDRESSES.get(vendor)
    return variables.parsed(variable, form, "") or (variables.parsed(other, form, "") if other else "")


def _is_remote(vendor: Vendor) -> bool:
    """Whether its address is one of the web; the demo's is not."""
    return vendor.base_url.startswith(("http://", "https://")) or not vendor.base_url
