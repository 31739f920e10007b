"""The rows of GET /v1/models. Ids begin with "claude" or "anthropic": the client's discovery leaves others out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from translators.core.errors import RialtoError
from translators.core.vendor import Route

if TYPE_CHECKING:
    from app.catalog.catalog import Catalog

LARGE_WINDOW = 1_000_000
"""Windows from here on are also listed with `[1m]`: without it the client uses 200,000 tokens of them."""
LARGE = "[1m]"
PREFIX = "anthropic/"
"""Begins the public names of vendors' models; the client leaves out what does not begin like this or with "claude"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A model as clients see it. `line` is the class of a Claude name. Limits are tokens, None when unknown."""

    id: str
    display_name: str
    line: str | None
    context_window: int | None
    max_output: int | None
    vision: bool
    documents: bool
    thinking: bool


def rows_of(catalog: Catalog) -> tuple[Row, ...]:
    """Every name that leads somewhere now, each once."""
    rows: dict[str, Row] = {}
    for name in _candidates(catalog):
        try:
            row = row_of(catalog, name)
        except RialtoError:
            continue
        rows.setdefault(name, row)
        if (row.context_window or 0) >= LARGE_WINDOW:
            rows.setdefault(name + LARGE, row_of(catalog, name + LARGE))
    return tuple(rows.values())


def row_of(catalog: Catalog, name: str) -> Row:
    """The row of any name that can be resolved."""
    route = catalog.resolve(name)
    tier = catalog.names.tier_of(name)
    return Row(
        id=name,
        display_name=display_name(route),
        line=tier[0] if tier and tier[0] != "claude" else None,
        context_window=route.context_window,
        max_output=route.max_output,
        vision=route.profile.images,
        documents=route.profile.documents,
        thinking=catalog.facts(catalog.target(route.vendor.name), route.model).thinking is not False,
    )


def with_models(catalog: Catalog, rows: tuple[Row, ...], own: Mapping[str, tuple[str, ...]]) -> tuple[Row, ...]:
    """The rows with those of some vendors replaced by the models that the vendor says it has."""
    prefixes = tuple(public_id(vendor, "") for vendor in own)
    named = [public_id(vendor, model) for vendor, models in own.items() for model in models]
    return (*(row for row in rows if not row.id.startswith(prefixes)), *(row_of(catalog, name) for name in named))


def display_name(route: Route) -> str:
    """The real model and who runs it."""
    return f"{route.model} ({route.vendor.title})"


def public_id(vendor: str, model: str) -> str:
    """A vendor's model as a name that passes the client's filter."""
    return f"{PREFIX}{vendor}/{model}"


def _candidates(catalog: Catalog) -> Iterator[str]:
    for tier in catalog.conf.tiers.values():
        yield from tier.names
    yield from (name for name in catalog.conf.aliases if name.startswith("claude"))
    for target in catalog.configured or filter(None, [catalog.stand_in]):
        vendor = target.vendor
        yield from (public_id(vendor.name, model) for model in _models_of(catalog, vendor.name))
        yield from (public_id(vendor.name, model) for model in vendor.models)


def _models_of(catalog: Catalog, vendor: str) -> Iterator[str]:
    """The models of a vendor that the files name."""
    targets = (alias.model for alias in catalog.conf.aliases.values())
    return (name.partition("/")[2] for name in (*targets, *catalog.conf.models) if name.partition("/")[0] == vendor)
