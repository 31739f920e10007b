"""Every environment variable, read once, at start.

`.env` in the project's folder is read too; the real environment wins.
`conf/env.example` says what each variable is for.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from environs import validate

from app.clients.rows import DEFAULT, Client, load_clients
from app.settings.aids import PromptSettings, VisionSettings, aid_values
from app.settings.forms import AliasChange, Provider
from app.settings.logs import CaptureSettings, DashboardSettings, MonitoringSettings, log_values
from app.settings.storage import StorageSettings, storage_values
from app.settings.variables import (
    SettingsError,
    Variables,
    concurrency,
    custom_headers,
    existing_file,
    header_value,
    host_of,
    is_loopback,
    name_table,
    name_table_file,
    names,
    redis_address,
    validated,
    web_address,
)
from translators import vendors as known_vendors
from translators.core.variables import Form, Variable
from translators.core.vendor import Vendor

__all__ = ["ROOT", "AliasChange", "Provider", "Settings", "SettingsError", "environment", "spelled"]

ROOT = Path(__file__).resolve().parents[2]
STATE_DIR: Path | None = ROOT / "state"
"""Where the store keeps its file when BRIDGE_STATE_DIR says nothing."""
CLIENTS_FILE = ROOT / "conf" / "clients.toml"

LOG_DIR = ROOT / "logs"
"""Where the logs are when BRIDGE_LOG_DIR says nothing."""

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
POSITIVE = validate.Range(min=1)
SECONDS = validate.Range(min=0, min_inclusive=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Timeouts are seconds. Nothing secret is in the repr."""

    host: str = "127.0.0.1"
    port: int = 4001
    bridge_api_key: str = field(default="", repr=False)
    clients: Mapping[str, Client] = field(default_factory=dict)
    """The rows of `conf/clients.toml`."""
    allowed_hosts: tuple[str, ...] = ()
    """Names by which Rialto is called, besides those of this machine."""
    log_dir: Path = field(default_factory=lambda: LOG_DIR)
    other_log_dirs: tuple[Path, ...] = ()
    """Those of other machines, for the dashboard."""
    dashboard: DashboardSettings = field(default_factory=DashboardSettings)
    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)
    log_format: str = "human"
    usage_log_bytes: int = 100_000_000
    usage_log_files: int = 10
    state_dir: Path | None = None
    """None keeps what is learnt in memory."""
    storage: StorageSettings = field(default_factory=StorageSettings)
    vision: VisionSettings = field(default_factory=VisionSettings)
    prompt: PromptSettings = field(default_factory=PromptSettings)
    redis_url: str = field(default="", repr=False)
    rates_url: str = field(default="", repr=False)
    """A Redis server that counts clients' requests; "" counts them in each process."""
    log_level: str = "INFO"
    capture: CaptureSettings = field(default_factory=CaptureSettings)

    preferred_provider: str = ""
    fallback_models: tuple[str, ...] = ()
    default_model: str = ""
    big_model: str = ""
    middle_model: str = ""
    small_model: str = ""
    provider: Provider = field(default_factory=Provider)
    model_map: Mapping[str, str] = field(default_factory=dict)
    alias_changes: Mapping[str, AliasChange] = field(default_factory=dict)
    """Alias -> what the variables of its vendor change."""

    max_output_tokens: int | None = None
    max_tokens_limit: int | None = None
    min_tokens_limit: int | None = None
    tool_search_over: int | None = None
    """Tools of one request above which models search for them; None is never."""
    midstream_continuation: bool = False
    max_body_bytes: int = 32 * 1024 * 1024
    url_fetch: str = "public"
    learn_limits: bool = True
    """Vendors are asked for the limits of models that the catalog does not know."""

    connect_timeout: float = 10.0
    first_byte_timeout: float = 300.0
    idle_timeout: float = 300.0
    total_timeout: float = 3600.0
    queue_timeout: float = 300.0
    retry_budget: float = 30.0
    graceful_timeout: int = 30
    vendor_concurrency: Mapping[str, int] = field(default_factory=dict)
    """Vendor -> exchanges at once; "" is the number for those that are not named."""

    custom_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    vendor_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Vendor -> key, for those that have one."""
    vendor_urls: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Vendor -> address, for those moved away from their own."""
    lender: str = ""
    """The vendor that was moved without a key and therefore is a server of the user's own."""
    vendor_headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    """Vendor -> headers made of its own variables."""
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
        variables = Variables(environment() if environ is None else dict(environ))
        values = _values(variables, known_vendors() if vendors is None else vendors)
        mistakes: list[str] = []
        values["clients"] = load_clients(values.pop("clients_file"), mistakes)
        keyed = _is_keyed(values["bridge_api_key"], values["clients"])
        problems = [*variables.problems(), *mistakes, *_bind_problems(values["host"], keyed)]
        if problems:
            raise SettingsError(problems)
        return cls(**values)

    @property
    def bind(self) -> str:
        """HOST:PORT as a server takes it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def check_bind(self, address: str | tuple[Any, ...]) -> None:
        """Refuses an address beyond loopback while no key is asked for. Raises SettingsError."""
        if problems := _bind_problems(host_of(address), self.is_keyed):
            raise SettingsError(problems)

    @property
    def is_keyed(self) -> bool:
        """Whether clients need a key."""
        return _is_keyed(self.bridge_api_key, self.clients)

    def variable(self, name: str) -> str:
        """The value of any variable, "" when it is not set."""
        return self.environment.get(name, "").strip()


def spelled(name: str) -> str:
    """A vendor's name in the spelling of the tables' keys."""
    return name.lower().replace("-", "_")


def environment() -> dict[str, str]:
    """The variables of .env with those of the real environment over them."""
    written = dotenv_values(ROOT / ".env", interpolate=False)
    return {name: value for name, value in written.items() if value is not None} | dict(os.environ)


def _is_keyed(bridge_api_key: str, clients: Mapping[str, Client]) -> bool:
    return bool(bridge_api_key or clients.keys() - {DEFAULT})


def _bind_problems(host: str | None, keyed: bool) -> list[str]:
    if host is None or keyed or is_loopback(host):
        return []
    return [
        f"HOST: {host or 'every address'} is reachable from other machines, and whoever reaches it spends "
        "your vendors' credit. Set BRIDGE_API_KEY to a secret of your choice, or HOST to 127.0.0.1."
    ]


def _values(variables: Variables, vendors: Mapping[str, Vendor]) -> dict[str, Any]:
    values = {
        **_server(variables),
        **_models(variables),
        **_limits(variables),
        **_timeouts(variables),
        **_vendor_options(variables, vendors.values()),
        **_vendor_access(variables, vendors.values()),
        "environment": variables.given,
    }
    return values | {"lender": _lender(vendors.values(), values["provider"], values)}


def _server(variables: Variables) -> dict[str, Any]:
    nobody: tuple[str, ...] = ()
    return {
        "host": variables.str("HOST", "127.0.0.1"),
        "port": variables.int("PORT", 4001, validate=validate.Range(0, 65535)),
        "bridge_api_key": variables.parsed("BRIDGE_API_KEY", header_value, ""),
        "clients_file": variables.parsed("CLIENTS_FILE", existing_file, CLIENTS_FILE),
        "allowed_hosts": tuple(map(str.lower, variables.parsed("BRIDGE_ALLOWED_HOSTS", names, nobody))),
        "rates_url": variables.parsed("RATELIMIT_STORAGE_URI", redis_address, ""),
        **log_values(variables, LOG_DIR),
        "state_dir": variables.path("BRIDGE_STATE_DIR", STATE_DIR),
        **storage_values(variables),
        **aid_values(variables),
        "redis_url": variables.parsed("REDIS_URL", redis_address, ""),
        "log_level": variables.parsed("LOG_LEVEL", _log_level, "INFO"),
        "custom_headers": custom_headers(variables),
    }


def _log_level(text: str) -> str:
    validate.OneOf(LOG_LEVELS, error="must be one of {choices}.")(text.upper())
    return text.upper()


def _models(variables: Variables) -> dict[str, Any]:
    nothing: dict[str, str] = {}
    nobody: tuple[str, ...] = ()
    file = variables.parsed("MODEL_MAP_FILE", name_table_file, nothing)
    return {
        "preferred_provider": variables.str("PREFERRED_PROVIDER", ""),
        "default_model": variables.str("DEFAULT_MODEL", ""),
        "fallback_models": variables.parsed("FALLBACK_MODELS", names, nobody),
        "big_model": variables.str("BIG_MODEL", ""),
        "middle_model": variables.str("MIDDLE_MODEL", ""),
        "small_model": variables.str("SMALL_MODEL", ""),
        "model_map": file | variables.parsed("MODEL_MAP_JSON", name_table, nothing),
        "provider": Provider(
            variables.str("PROVIDER", ""),
            variables.parsed("PROVIDER_BASE_URL", web_address, ""),
            variables.parsed("PROVIDER_API_KEY", header_value, ""),
        ),
    }


def _limits(variables: Variables) -> dict[str, Any]:
    names = ("MAX_OUTPUT_TOKENS", "MAX_TOKENS_LIMIT", "MIN_TOKENS_LIMIT", "TOOL_SEARCH_OVER")
    limits: dict[str, Any] = {name.lower(): variables.int(name, None, validate=POSITIVE) for name in names}
    megabytes = variables.int("MAX_BODY_MB", 32, validate=POSITIVE) or 0
    reach = variables.str("URL_FETCH", "public", validate=validate.OneOf(["public", "private", "off"]))
    learn = variables.bool("LEARN_LIMITS", True)
    return limits | {"max_body_bytes": megabytes * 1024 * 1024, "url_fetch": reach, "learn_limits": learn}


def _timeouts(variables: Variables) -> dict[str, Any]:
    """REQUEST_TIMEOUT and PROVIDER_TIMEOUT_MS limit silence: both the wait for the first byte and later pauses."""
    milliseconds = variables.float("PROVIDER_TIMEOUT_MS", None, validate=SECONDS)
    silence = variables.float("REQUEST_TIMEOUT", milliseconds / 1000 if milliseconds else 300.0, validate=SECONDS)
    defaults = {"CONNECT": 10.0, "FIRST_BYTE": silence, "IDLE": silence, "TOTAL": 3600.0, "QUEUE": 300.0}
    timeouts: dict[str, Any] = {
        f"{word.lower()}_timeout": variables.float(f"{word}_TIMEOUT", default, validate=SECONDS)
        for word, default in defaults.items()
    }
    nobody: dict[str, int] = {}
    return timeouts | {
        "retry_budget": variables.float("RETRY_BUDGET", 30.0, validate=validate.Range(min=0)),
        "graceful_timeout": variables.int("GRACEFUL_TIMEOUT", 30, validate=POSITIVE),
        "vendor_concurrency": variables.parsed("VENDOR_CONCURRENCY", concurrency, nobody),
    }


def _vendor_options(variables: Variables, vendors: Collection[Vendor]) -> dict[str, Any]:
    """What the vendors' own variables say; one that several vendors share is read once."""
    declared = {entry.name: entry for vendor in vendors for entry in vendor.variables}
    values = {name: _declared(variables, entry) for name, entry in declared.items()}
    found = {vendor.name: [(entry, values[entry.name]) for entry in vendor.variables] for vendor in vendors}
    windows = {vendor.name: _declared(variables, vendor.window) for vendor in vendors if vendor.window}
    changes = {alias: _change(variables, prefix) for vendor in vendors for alias, prefix in vendor.aliases.items()}
    return {
        "vendor_headers": {
            name: {entry.header: value for entry, value in pairs if entry.header and value}
            for name, pairs in found.items()
        },
        "vendor_extras": {
            name: {entry.extra: value for entry, value in pairs if entry.extra and value}
            for name, pairs in found.items()
        },
        "vendor_windows": {name: int(window) for name, window in windows.items() if window},
        "alias_changes": changes,
    }


def _declared(variables: Variables, entry: Variable) -> str:
    return variables.parsed(entry.name, validated(entry.form), entry.default)


def _change(variables: Variables, prefix: str) -> AliasChange:
    return AliasChange(
        variables.str(f"{prefix}_MODEL", None),
        variables.int(f"{prefix}_CONTEXT_WINDOW", None, validate=POSITIVE),
    )


def _vendor_access(variables: Variables, vendors: Collection[Vendor]) -> dict[str, Any]:
    keys = {vendor.name: _key(variables, vendor) for vendor in vendors if vendor.key_variable}
    urls = {vendor.name: _address(variables, vendor) for vendor in vendors if _is_remote(vendor)}
    return {
        "vendor_keys": {name: key for name, key in keys.items() if key},
        "vendor_urls": {name: url for name, url in urls.items() if url},
    }


def _key(variables: Variables, vendor: Vendor) -> str:
    return _first(variables, (vendor.key_variable, *vendor.other_key_variables), header_value)


def _address(variables: Variables, vendor: Vendor) -> str:
    names = (vendor.address_variable, *vendor.other_base_url_variables)
    return _first(variables, names, validated(vendor.base_url_form))


def _first(variables: Variables, names: Collection[str], form: Form) -> str:
    """The value of the first variable that is set."""
    return next(filter(None, (variables.parsed(name, form, "") for name in names)), "")


def _lender(vendors: Collection[Vendor], provider: Provider, values: Mapping[str, Any]) -> str:
    for name in [vendor.name for vendor in vendors if vendor.lends_address]:
        named = spelled(provider.name) == name
        moved = name in values["vendor_urls"] or (named and provider.base_url)
        has_key = name in values["vendor_keys"] or (named and provider.api_key)
        if moved and not has_key:
            return name
    return ""


def _is_remote(vendor: Vendor) -> bool:
    """Whether its address is one of the web, not one inside this process."""
    return vendor.base_url.startswith(("http://", "https://")) or not vendor.base_url
