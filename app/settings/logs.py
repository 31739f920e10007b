"""The settings of the logs, and of the dashboard that shows them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environs import ValidationError, validate

from app.settings.variables import Variables, names


@dataclass(frozen=True, slots=True)
class DashboardSettings:
    """`shown` is whether the server itself has the pages. `host` and `port` are those of `make dashboard`."""

    shown: bool = True
    host: str = "127.0.0.1"
    port: int = 4002


def log_values(variables: Variables, usual: Path) -> dict[str, Any]:
    """What the variables say. The first folder is the one that is written to."""
    one: tuple[Path, ...] = (usual,)
    log_dir, *others = variables.parsed("BRIDGE_LOG_DIR", folders, one)
    size = variables.float("USAGE_LOG_MB", 100.0, validate=validate.Range(min=0, min_inclusive=False)) or 0
    return {
        "log_dir": log_dir,
        "other_log_dirs": tuple(others),
        "log_format": variables.str("LOG_FORMAT", "human", validate=validate.OneOf(["human", "json"])),
        "usage_log_bytes": round(size * 1_000_000),
        "usage_log_files": variables.int("USAGE_LOG_FILES", 10, validate=validate.Range(min=1)),
        "dashboard": DashboardSettings(
            variables.bool("DASHBOARD", True),
            variables.str("DASHBOARD_HOST", "127.0.0.1"),
            variables.int("DASHBOARD_PORT", 4002, validate=validate.Range(0, 65535)),
        ),
    }


def folders(text: str) -> tuple[Path, ...]:
    """Paths, separated by commas."""
    found = tuple(map(Path, names(text)))
    if not found:
        raise ValidationError("must name a folder.")
    return found
