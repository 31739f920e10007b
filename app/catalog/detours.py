"""Detours: the rules of `[[routing]]` applied to a request, its conversation and the models of this catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from app.catalog.resolution import Resolution
from app.catalog.routing import Asked, Rule, destination, home_of, kinds_of
from translators.core.vendor import Json, Route

if TYPE_CHECKING:
    from app.catalog.catalog import Catalog


def rerouted(
    catalog: Catalog,
    route: Route,
    message: Json,
    headers: Mapping[str, str],
    moment: datetime,
    size: Callable[[Json, Route], int],
) -> Route:
    """The route of a request whose name leads along `route`: another one where a rule fits, with the client's name for
    it. `size` estimates the tokens of the input; `headers` have lower-case names.
    """
    detours = catalog.detours(route.alias)
    if not detours:
        return route
    rules = list(dict.fromkeys(rule for rule, _ in detours))
    routes = {name_of(one): one for _, one in detours}
    tier = catalog.names.tier_of(route.alias)
    asked = Asked(
        name=route.alias,
        kinds=kinds_of(message, headers, tier[0] if tier else ""),
        tokens=size(message, route) if any(rule.over or len(rule.models) > 1 for rule in rules) else 0,
        moment=moment,
        usual=name_of(route),
        home=home_of(message),
        prices={name: one.prices for name, one in routes.items()},
    )
    chosen = destination(rules, asked)
    return replace(routes[chosen], alias=route.alias, session=route.session) if chosen else route


def routing_problems(rules: Sequence[Rule], names: Resolution) -> Iterator[str]:
    """Models of rules that nobody can be asked for."""
    for place, rule in enumerate(rules, 1):
        for model in rule.models:
            pick = names.find(model)
            if pick is None or not names.is_explicit(model):
                yield f"conf/models.toml: [[routing]] {place}: no vendor is known for {model}."
            elif not pick.target.usable:
                yield f"conf/models.toml: [[routing]] {place}: {model} needs {pick.target.missing} to be set."


def name_of(route: Route) -> str:
    """Where a route leads, as `vendor/model`."""
    return f"{route.vendor.name}/{route.model}"
