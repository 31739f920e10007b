"""Settings that are about to be stored, or have just been: are they sound, do they work, what do they reach."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from app.catalog.catalog import Catalog
from app.doctor.asking import LIST_SECONDS
from app.doctor.findings import Report
from app.doctor.lists import listed
from app.doctor.plan import Plan, examined, plans
from app.rialto import Rialto, build
from app.settings.settings import Settings, SettingsError, environment
from app.startup import TIERS, reach
from translators.core.errors import RialtoError


def problems(values: Mapping[str, str]) -> list[str]:
    """What Rialto would say of the settings with these variables."""
    try:
        Catalog.load(Settings.load(environment() | dict(values)))
    except SettingsError as error:
        return error.problems
    return []


def hidden(values: Mapping[str, str]) -> list[str]:
    """The variables that the real environment sets to something else: it wins over .env."""
    return [name for name, value in values.items() if os.environ.get(name, value) != value]


def tried(vendors: Sequence[str], seconds: float) -> tuple[Rialto, list[Report]]:
    """Rialto as the stored settings make it, and what the doctor says of some vendors."""
    rialto = build(Settings.load())
    wanted = [
        sensible(rialto.catalog, plan) for vendor in dict.fromkeys(vendors) for plan in plans(rialto.catalog, vendor)
    ]
    return rialto, examined(rialto, wanted, seconds)


def sensible(catalog: Catalog, plan: Plan) -> Plan:
    """A server of the user's own takes every name, those of the classes too, and an only vendor is given them: one of
    the models that it lists is asked instead.
    """
    keyless = plan.target.vendor.keyless
    return replace(plan, names=tuple(name for name in plan.names if not keyless and not catalog.names.is_guess(name)))


def settings_of_tiers(catalog: Catalog) -> dict[str, str]:
    """Claude Code's classes of models -> the variables that choose theirs."""
    return {tier: catalog.conf.tiers[tier].setting.upper() for tier in TIERS}


def lost_tiers(rialto: Rialto) -> Iterator[str]:
    """The classes that reach nothing, or the only vendor there is, or a server that does not list their model."""
    for tier in TIERS:
        try:
            route = rialto.catalog.resolve(tier)
        except RialtoError:
            yield tier
            continue
        if rialto.catalog.names.is_guess(tier):
            yield tier
            continue
        found = listed(route, rialto.means.upstream, LIST_SECONDS) if route.vendor.keyless else None
        if found and found.names and route.model not in found.names:
            yield tier


def tier_lines(catalog: Catalog) -> Iterator[str]:
    """What each class reaches."""
    yield from (f"  {tier:<7} -> {reach(catalog, tier)}" for tier in TIERS)
