"""The settings of the logs, of the dashboard that shows them, of captures, metrics and traces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from environs import ValidationError, validate

from app.settings.variables import Variables, names

#: Variables that name a collector (https://opentelemetry.io/docs/specs/otel/protocol/exporter/, read 2026-11-21).
COLLECTORS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


Contents = Literal["", "all", "shapes"]
NONE: Contents = ""
#: What BRIDGE_DEBUG may say -> what captures hold.
CONTENTS: Mapping[tuple[str, ...], Contents] = {
    ("0", "false", "no", "off"): NONE,
    ("1", "true", "yes", "on"): "all",
    ("shapes",): "shapes",
}


@dataclass(frozen=True, slots=True)
class DashboardSettings:
    """`shown` is whether the server itself has the pages. `host` and `port` are those of `make dashboard`."""

    shown: bool = True
    host: str = "127.0.0.1"
    port: int = 4002


@dataclass(frozen=True, slots=True)
class CaptureSettings:
    """`contents` is what whole exchanges are kept with: "all" that was said, only its "shapes", or "" for no captures.
    `bytes` is what all their files may take.
    """

    contents: Contents = NONE
    bytes: int = 500_000_000


@dataclass(frozen=True, slots=True)
class MonitoringSettings:
    """`metrics` is whether there is /metrics, `traces` whether a collector of OpenTelemetry is named. `telemetry` are
    the variables that the packages of OpenTelemetry read by themselves.
    """

    metrics: bool = True
    traces: bool = False
    telemetry: Mapping[str, str] = field(default_factory=dict, repr=False)


def log_values(variables: Variables, usual: Path) -> dict[str, Any]:
    """What the variables say. The first folder is the one that is written to."""
    one: tuple[Path, ...] = (usual,)
    log_dir, *others = variables.parsed("BRIDGE_LOG_DIR", folders, one)
    collectors = [variables.str(name, "") for name in COLLECTORS]
    size = variables.float("USAGE_LOG_MB", 100.0, validate=validate.Range(min=0, min_inclusive=False)) or 0
    debug = variables.float("BRIDGE_DEBUG_MB", 500.0, validate=validate.Range(min=1)) or 0
    return {
        "log_dir": log_dir,
        "capture": CaptureSettings(variables.parsed("BRIDGE_DEBUG", contents, NONE), round(debug * 1_000_000)),
        "other_log_dirs": tuple(others),
        "log_format": variables.str("LOG_FORMAT", "human", validate=validate.OneOf(["human", "json"])),
        "usage_log_bytes": round(size * 1_000_000),
        "usage_log_files": variables.int("USAGE_LOG_FILES", 10, validate=validate.Range(min=1)),
        "dashboard": DashboardSettings(
            variables.bool("DASHBOARD", True),
            variables.str("DASHBOARD_HOST", "127.0.0.1"),
            variables.int("DASHBOARD_PORT", 4002, validate=validate.Range(0, 65535)),
        ),
        "monitoring": MonitoringSettings(
            variables.bool("METRICS", True),
            any(collectors),
            {f"OTEL_{name}": value for name, value in variables.with_prefix("OTEL_").items()},
        ),
    }


def contents(text: str) -> Contents:
    """What captures hold."""
    for words, found in CONTENTS.items():
        if text.lower() in words:
            return found
    raise ValidationError("must be 1, 0 or shapes.")


def folders(text: str) -> tuple[Path, ...]:
    """Paths, separated by commas."""
    found = tuple(map(Path, names(text)))
    if not found:
        raise ValidationError("must name a folder.")
    return found
