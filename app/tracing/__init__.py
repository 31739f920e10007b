"""Traces for OpenTelemetry: one span for each exchange. Nothing of it is imported while no collector is named."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from importlib.util import find_spec

from app.settings.logs import MonitoringSettings
from app.usage.watching import Watcher

PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")

log = logging.getLogger("rialto")


def open_tracing(settings: MonitoringSettings) -> Sequence[Watcher]:
    """What watches the exchanges; nothing where no collector is named, or the packages are missing."""
    if not settings.traces:
        return ()
    if missing := [name for name in PACKAGES if not is_there(name)]:
        words = (
            "a collector of traces is named, but %s cannot be imported: .venv/bin/pip install -r requirements-otel.txt"
        )
        log.warning(words, missing[0])
        return ()
    for name, value in settings.telemetry.items():
        os.environ.setdefault(name, value)  # the packages read the environment, and no .env
    from app.tracing.spans import Spans

    return (Spans(),)


def is_there(package: str) -> bool:
    """Whether a package is installed."""
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False
