"""Metrics: all numbers of this process, and the text of those of all."""

from __future__ import annotations

import logging
import os

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from app.catalog.catalog import Catalog
from app.metrics.exchanges import Exchanges
from app.metrics.folder import Folder, shared
from app.metrics.models import Models
from app.metrics.vendors import Vendors

__all__ = ["CONTENT_TYPE_LATEST", "Metrics", "open_metrics"]

log = logging.getLogger("rialto")

disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """`folder` is where all processes keep their numbers; without one they are this process's. Raises OSError."""

    def __init__(self, models: Models, folder: Folder | None) -> None:
        self._folder = folder
        self._registry = None if folder else CollectorRegistry()
        if folder:
            folder.reserve(os.getpid())
        self.exchanges = Exchanges(models, self._registry)
        self.vendors = Vendors(self._registry)

    def text(self, more: Collector) -> bytes:
        """All numbers, those of `more` too, in Prometheus' text format."""
        registry = CollectorRegistry()
        registry.register(more)
        if self._folder is None:
            return generate_latest(registry) + (generate_latest(self._registry) if self._registry else b"")
        MultiProcessCollector(registry, str(self._folder.path))  # type: ignore[no-untyped-call]
        with self._folder.turn():
            return generate_latest(registry)


def open_metrics(catalog: Catalog) -> Metrics | None:
    """The metrics of this process; None where there is no room for them."""
    known = {f"{target.vendor.name}/{model}" for target in catalog.targets.values() for model in target.vendor.models}
    try:
        return Metrics(Models(known | set(catalog.conf.models)), shared())
    except OSError as error:
        log.warning("there are no metrics: their files cannot be written (%s)", error)
        return None
