"""Which models the doctor asks, all vendors at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from app.catalog.catalog import Catalog
from app.catalog.targets import Target
from app.doctor.asking import FACTOR, LIST_SECONDS, SECONDS, Asker, asker
from app.doctor.examination import Examination, unasked
from app.doctor.findings import Finding, Report, arranged
from app.doctor.lists import listed
from app.rialto import Rialto
from app.startup import TIERS
from translators import vendors as known_vendors
from translators.core.errors import RialtoError
from translators.core.vendor import Route

#: Seconds beyond its own limit after which a vendor's thread is left alone.
GRACE = 15.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A vendor and the names of the models to ask; without names, one of those that it lists."""

    target: Target
    names: tuple[str, ...] = ()


def plans(catalog: Catalog, vendor: str = "", model: str = "") -> list[Plan]:
    """What to ask: one model, one vendor, or all that are set up. Raises NotFound for unknown names, Unauthorized for a
    model of a vendor without its key.
    """
    if model:
        route = catalog.written(model)
        return [Plan(catalog.target(route.vendor.name), (model,))]
    targets = (catalog.target(vendor),) if vendor else catalog.configured
    return [Plan(target, tuple(tier_names(catalog, target))) for target in targets]


def tier_names(catalog: Catalog, target: Target) -> Iterator[str]:
    """The models of a vendor that Claude Code's own names reach, each once; guesses come last."""
    seen: set[str] = set()
    for tier in sorted(TIERS, key=catalog.names.is_guess):
        try:
            route = catalog.written(tier)
        except RialtoError:
            continue
        if catalog.target(route.vendor.name) is target and route.model not in seen:
            seen.add(route.model)
            yield tier


def examined(rialto: Rialto, wanted: Sequence[Plan], seconds: float = SECONDS) -> list[Report]:
    """The reports of all plans, in their order. Raises nothing; bounded in time."""
    found: list[list[Report]] = [[] for _ in wanted]
    threads = [
        threading.Thread(target=fill, args=(place, lambda plan=plan: reports(rialto, plan, seconds)), daemon=True)
        for place, plan in zip(found, wanted, strict=True)
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + FACTOR * seconds + GRACE
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return [report for place, plan in zip(found, wanted, strict=True) for report in place or [late(plan)]]


def fill(place: list[Report], work: Callable[[], list[Report]]) -> None:
    """Puts what the work returns into a list."""
    place.extend(work())


def reports(rialto: Rialto, plan: Plan, seconds: float = SECONDS) -> list[Report]:
    """The reports of one plan, one after the other: a local server may have room for one model only."""
    target = plan.target
    if not target.usable or not (target.key or target.vendor.keyless):
        return [unasked(target)]
    ask = asker(rialto, seconds)
    names = plan.names or (own_model(rialto.catalog, target, ask),)
    return [examination(rialto, target, name, ask).report() for name in names]


def examination(rialto: Rialto, target: Target, name: str, ask: Asker) -> Examination:
    """The examination of a model by its name."""
    route: Route = rialto.catalog.written(name)
    facts = rialto.catalog.facts(target, route.model)
    return Examination(
        target, route, ask, known_vendors(), claims_thinking=facts.thinking is not False, claims_vision=facts.vision
    )


def own_model(catalog: Catalog, target: Target, ask: Asker) -> str:
    """A model of a vendor that no tier reaches: the first that it is known for and lists, else the first of either."""
    vendor = target.vendor
    route = replace(catalog.written(f"{vendor.name}/any"), key=target.key, keys=target.keys[:1])
    found = listed(route, ask.means.upstream, min(LIST_SECONDS, ask.seconds))
    names = found.names if found else ()
    known = [model for model in vendor.models if model in names]
    return f"{vendor.name}/{next(iter([*known, *(names if vendor.keyless else ()), *vendor.models, *names]), 'any')}"


def chosen_name(rialto: Rialto, target: Target) -> str:
    """The model of a vendor that is asked when none is named. Servers of the user's own are asked for their list."""
    if target.vendor.keyless and target.usable and not target.vendor.stand_in:
        return own_model(rialto.catalog, target, asker(rialto))
    return f"{target.vendor.name}/{next(iter(target.vendor.models), 'any')}"


def late(plan: Plan) -> Report:
    """The report of a vendor that kept its thread busy beyond every limit."""
    vendor = plan.target.vendor
    finding = Finding(
        check="answer",
        state="failed",
        words="it took too long",
        category="too slow",
        remedy=f"Check {vendor.address_variable} and the network.",
    )
    return Report(vendor=vendor.name, title=vendor.title, findings=arranged([finding]))
