"""Where a report's answers come from: the vendor itself, a capture, a folder of recorded ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.rialto import Rialto
from app.vendor_check.judge import Report, judged
from app.vendor_check.live import interviewed, route_to
from app.vendor_check.probes import chosen
from app.vendor_check.sources import of_capture, of_folder


def live_report(
    rialto: Rialto,
    vendor: str,
    model: str,
    probes: tuple[str, ...],
    overflow: bool,
    timeout: float,
    tell: Callable[[str], None],
) -> Report:
    """The report on what the vendor answers now. Raises RialtoError for unknown names and missing keys."""
    route = route_to(rialto, vendor, model)
    target = rialto.catalog.target(vendor)
    sees = rialto.catalog.facts(target, route.model).vision is not False and route.profile.images
    wanted = chosen(sees, overflow, route.context_window, probes)
    found = interviewed(rialto, route, wanted, timeout, tell)
    return judged(target.vendor.name, f"{target.vendor.title} {route.model}", found.answers())


def kept_report(rialto: Rialto, vendor: str, capture: Path | None, id: str, folder: Path) -> Report:
    """The report on answers that were kept. Raises `NoAnswers`, and NotFound for an unknown vendor."""
    if capture:
        answers, skipped = of_capture(capture, vendor, id)
        return judged(vendor, answers[0].route.vendor.title, answers, skipped)
    found = rialto.catalog.target(vendor).vendor
    return judged(found.name, found.title, of_folder(folder / found.name, found))
