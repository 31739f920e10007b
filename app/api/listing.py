"""The rows of GET /v1/models. Ids begin with "claude" or "anthropic": the client's discovery leaves others out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.catalog.routing import Kind, Rule
from translators.core.errors import RialtoError
from translators.core.vendor import Json, Route

if TYPE_CHECKING:
    from app.catalog.catalog import Catalog

LARGE_WINDOW = 1_000_000
"""Windows from here on are also listed with `[1m]`: without it the client uses 200,000 tokens of them."""
LARGE = "[1m]"
WEB: Json = {
    "model": "",
    "max_tokens": 1,
    "messages": [{"role": "user", "content": ""}],
    "tools": [{"type": "web_search_20250305", "name": "web_search"}],
}
"""A request that offers nothing but the web search."""
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
    web_search: bool
    """The vendor searches by itself."""
    genuine: bool
    """Anthropic's own API takes the requests as they are."""


def rows_of(catalog: Catalog) -> tuple[Row, ...]:
    """Every name that leads somewhere now, each once."""
    rows: dict[str, Row] = {}
    for row in _callable(catalog, _candidates(catalog)):
        name = row.id
        rows.setdefault(name, row)
        if (row.context_window or 0) >= LARGE_WINDOW:
            rows.setdefault(name + LARGE, row_of(catalog, name + LARGE))
    return tuple(rows.values())


def _callable(catalog: Catalog, names: Iterable[str]) -> Iterator[Row]:
    """The rows of those names that lead somewhere."""
    for name in names:
        try:
            yield row_of(catalog, name)
        except RialtoError:
            continue


def row_of(catalog: Catalog, name: str) -> Row:
    """The row of any name that can be resolved."""
    route = catalog.resolve(name)
    tier = catalog.names.tier_of(name)
    seeing = reached(catalog, route, "image")
    return Row(
        id=name,
        display_name=display_name(route),
        line=tier[0] if tier and tier[0] != "claude" else None,
        context_window=widest(reached(catalog, route, "long_context")),
        max_output=route.max_output,
        vision=any(one.profile.images for one in seeing),
        documents=any(one.profile.documents for one in seeing),
        thinking=any(thinks(catalog, one) for one in reached(catalog, route, "thinking")),
        web_search=any(map(searches, reached(catalog, route, "web_search"))),
        genuine=route.profile.genuine,
    )


def reached(catalog: Catalog, route: Route, kind: Kind) -> list[Route]:
    """Where requests of a kind go, whatever the hour: the name's own route and those of rules for that kind alone."""
    rules = [(rule, one) for rule, one in catalog.detours(route.alias) if rule.hours is None]
    if kind == "long_context":
        return filled(route, [(rule, one) for rule, one in rules if is_long(rule)])
    return [route, *(one for rule, one in rules if rule.kind == kind and not rule.over)]


def filled(route: Route, rules: Iterable[tuple[Rule, Route]]) -> list[Route]:
    """The models of a conversation that grows. It never comes to a rule whose limit lies above the windows so far."""
    found, room = [route], route.context_window or 0
    for rule, one in sorted(rules, key=lambda pair: pair[0].over):
        if rule.over <= room:
            found.append(one)
            room = max(room, one.context_window or 0)
    return found


def is_long(rule: Rule) -> bool:
    """A rule for long contexts, whatever the hour."""
    return bool(rule.over) and rule.kind in (None, "long_context") and rule.hours is None


def widest(routes: Sequence[Route]) -> int | None:
    """The largest window; None where the first one's is not known."""
    windows = [route.context_window for route in routes if route.context_window]
    return max(windows) if routes[0].context_window else None


def thinks(catalog: Catalog, route: Route) -> bool:
    """Nothing is known that keeps the model from thinking."""
    return catalog.facts(catalog.target(route.vendor.name), route.model).thinking is not False


def searches(route: Route) -> bool:
    """The vendor searches the web by itself."""
    return route.profile.genuine or route.vendor.search(WEB, route.carrying(WEB)) is not None


def with_models(catalog: Catalog, rows: tuple[Row, ...], own: Mapping[str, tuple[str, ...]]) -> tuple[Row, ...]:
    """The rows with those of some vendors replaced by the models that the vendor says it has."""
    prefixes = tuple(public_id(vendor, "") for vendor in own)
    named = [public_id(vendor, model) for vendor, models in own.items() for model in models]
    return (*(row for row in rows if not row.id.startswith(prefixes)), *_callable(catalog, named))


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
