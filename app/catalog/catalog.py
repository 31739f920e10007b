"""Catalog: public model names -> routes. `app/catalog/resolution.py` holds the order of the rules.

While nothing at all is configured the stand-in, the demo, answers instead of vendors without a key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from app.api.listing import Row, row_of, rows_of, with_models
from app.catalog.aids import aid_problems
from app.catalog.conf_files import Conf, load_conf
from app.catalog.conf_schemas import Facts, laid_over
from app.catalog.detours import routing_problems
from app.catalog.names import own_name, without_bracket
from app.catalog.prices import Priced, priced
from app.catalog.resolution import Pick, Resolution
from app.catalog.routing import Rule
from app.catalog.targets import Target, build_targets, spelled, unset
from app.exchange.conformity import mismatch
from app.settings.settings import ROOT, Settings, SettingsError
from translators import vendors as known_vendors
from translators.core.errors import NotFound, Unauthorized
from translators.core.vendor import Route, Vendor, refine

T = TypeVar("T")
KEPT_ROUTES = 4096


class Catalog:
    """Knows every public name. `resolve` is a cached look-up; nothing but learnt limits changes after the start."""

    def __init__(self, settings: Settings, conf: Conf, targets: Mapping[str, Target]) -> None:
        self.conf = conf
        self.targets = targets
        self.names = Resolution(settings, conf, targets)
        self._facts = dict(_by_route(conf.models, targets))
        self._overrides = dict(_by_route(conf.overrides, targets))
        self.configured = _configured(targets, self.names.chosen())
        self.stand_in = next((target for target in targets.values() if target.vendor.stand_in), None)
        self.known: Callable[[Route], Route] = unchanged
        """Adds limits that are learnt while Rialto runs."""
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        """Tells the hour, for prices that depend on it."""
        self._cached = lru_cache(KEPT_ROUTES)(self._resolve)
        self._tools_over = settings.tool_search_over or 0
        self._continues = settings.midstream_continuation
        self.rules: tuple[Rule, ...] = ()
        """Those of `[[routing]]`."""

    @classmethod
    def load(
        cls, settings: Settings, conf_dir: Path = ROOT / "conf", vendors: Mapping[str, Vendor] | None = None
    ) -> Catalog:
        """The catalog of a folder's files. Raises SettingsError with all mistakes."""
        conf = load_conf(conf_dir)
        catalog = cls(
            settings, conf, build_targets(settings, known_vendors() if vendors is None else vendors, conf.servers)
        )
        strangers = [
            f"{place}: no vendor is called {vendor}. Known: {', '.join(sorted(catalog.targets))}."
            for place, vendor in conf.mentions
            if spelled(vendor) not in catalog.targets
        ]
        problems = [*strangers, *catalog.names.problems(), *_lost_fallbacks(catalog)]
        if problems := [*problems, *routing_problems(conf.routing, catalog.names), *aid_problems(settings, catalog)]:
            raise SettingsError(problems)
        catalog.rules = tuple(catalog.canonical(rule) for rule in conf.routing)
        return catalog

    def resolve(self, name: str, path_route: str | None = None) -> Route:
        """The route of a client's model name; `path_route` is `vendor:model` out of the URL.

        Raises NotFound (`model: NAME`, or an unknown vendor in the path) and Unauthorized (a vendor without its key).
        """
        return self.known(self._cached(name, path_route).at(self.now()))

    def written(self, name: str) -> Route:
        """The same without limits that were learnt: as the files and settings have it, with its full prices."""
        return self._cached(name, None).full

    def chain(self, route: Route) -> tuple[Route, ...]:
        """The route, and behind it its fallbacks that can be called, for the same client and conversation."""
        found = {route_name(route): route}
        for name in route.fallbacks:
            try:
                fallback = self.resolve(name)
            except (NotFound, Unauthorized):
                continue
            found.setdefault(route_name(fallback), replace(fallback, alias=route.alias, session=route.session))
        return tuple(found.values())

    def canonical(self, rule: Rule) -> Rule:
        """The rule with its models as routes name them."""
        return replace(rule, models=tuple(route_name(self.written(model)) for model in rule.models))

    def detours(self, name: str) -> list[tuple[Rule, Route]]:
        """The rules that may lead a name elsewhere, and where each leads; none for a name that says its vendor."""
        rules = [] if self.names.is_explicit(name) else [rule for rule in self.rules if rule.is_for(name)]
        return [(rule, self.resolve(model)) for rule in rules for model in rule.models]

    def models(self, own: Mapping[str, tuple[str, ...]] | None = None) -> tuple[Row, ...]:
        """The models that can be called now, for GET /v1/models. `own` holds what a vendor says it has."""
        return with_models(self, self._rows(), own) if own else self._rows()

    def model(self, name: str) -> Row:
        """One model by any of its names. Raises what `resolve` raises."""
        return row_of(self, name)

    def target(self, vendor: str) -> Target:
        """A vendor by its name. Raises NotFound that names the known ones."""
        target = self.targets.get(spelled(vendor))
        if target is None:
            raise NotFound(f"unknown vendor {vendor!r}. Known vendors: {', '.join(sorted(self.targets))}")
        return target

    def facts(self, target: Target, model: str) -> Facts:
        """What `conf/models.toml` knows of a vendor's model."""
        return self._facts.get(f"{target.vendor.name}/{model}", Facts())

    def _rows(self) -> tuple[Row, ...]:
        return rows_of(self)

    def _resolve(self, name: str, path_route: str | None) -> Priced:
        if not is_sound(f"{path_route}/{name}"):
            raise NotFound(f"model: {name}")
        pick = self._at_path(path_route) if path_route else self.names.find(name)
        if (pick is None or not pick.target.usable) and not self.configured and self.stand_in:
            pick = Pick(self.stand_in, self.stand_in.vendor.models[0])
        if pick is None:
            raise NotFound(f"model: {name}")
        if not pick.target.usable:
            raise self._refusal(pick.target, name)
        return self._route(name, pick)

    def _at_path(self, path_route: str) -> Pick:
        vendor, _, model = path_route.partition(":")
        if not model:
            raise NotFound(f"no model in the path: write /{vendor}:MODEL/v1/messages")
        target = self.target(vendor)
        return Pick(target, own_name(target.vendor, without_bracket(model)))

    def _refusal(self, target: Target, name: str) -> Unauthorized:
        found = self.names.tier_of(name)
        if found is None:
            return unset(target)
        named = (f"{one.vendor.name}/{model}" for one in self.configured for model in one.vendor.models)
        example = next((f", such as {model}" for model in named), "")
        return unset(target, f", or set {found[1].setting.upper()} to a model of another vendor{example}")

    def _route(self, name: str, pick: Pick) -> Priced:
        vendor = pick.target.vendor
        facts = laid_over(self.facts(pick.target, pick.model), pick.facts)
        extra = {**pick.target.extra, **facts.extra}
        base_model = extra.get("base_model", pick.model)
        if row := self.conf.responses_row(base_model):
            extra["responses"] = row
        profile = vendor.model_profile(base_model, vendor.profile)
        if facts.vision is not None:
            profile = refine(profile, images=facts.vision)
        route = Route(
            alias=name,
            vendor=vendor,
            model=pick.model,
            profile=refine(profile, **self._overrides.get(f"{vendor.name}/{pick.model}", {})),
            base_url=pick.target.base_url,
            key=pick.target.key,
            keys=pick.target.keys,
            context_window=facts.context_window or pick.target.context_window,
            max_output=facts.max_output,
            fallbacks=self.names.settings.fallback_models if facts.fallback is None else facts.fallback,
            tools_over=self._tools_over if facts.tool_search_over is None else facts.tool_search_over,
            continues=self._continues if facts.midstream_continuation is None else facts.midstream_continuation,
            extra=extra,
            mismatch=mismatch,
        )
        return priced(route, facts.prices)


def is_sound(name: str) -> bool:
    """Whether a name may stand in a vendor's URL: with `..` it would lead to another place there, with our key."""
    return name.isprintable() and not {".", ".."} & set(re.split(r"[/:\\]", name))


def unchanged(route: Route) -> Route:
    """The route as it is."""
    return route


def _by_route(rows: Mapping[str, T], targets: Mapping[str, Target]) -> Iterator[tuple[str, T]]:
    """Rows that are named `vendor/model`, by the names of their routes."""
    for name, row in rows.items():
        vendor, _, model = name.partition("/")
        if target := targets.get(spelled(vendor)):
            yield f"{target.vendor.name}/{own_name(target.vendor, model)}", row


def _lost_fallbacks(catalog: Catalog) -> Iterator[str]:
    for kind, rows in (("aliases", catalog.conf.aliases), ("models", catalog.conf.models)):
        for row, facts in rows.items():
            for name in facts.fallback or ():
                if catalog.names.find(name) is None:
                    yield f"conf/models.toml: [{kind}] {row}: no vendor is known for {name}; write it as vendor/model."


def route_name(route: Route) -> str:
    """The vendor and model that a route leads to."""
    return f"{route.vendor.name}/{route.model}"


def _configured(targets: Mapping[str, Target], chosen: Collection[Target]) -> tuple[Target, ...]:
    """The vendors that the user set up or chose a model of, and that can be called, each once."""
    usable = {
        target.vendor.name: target
        for target in targets.values()
        if target.usable and (target.declared or target in chosen)
    }
    return tuple(target for _, target in sorted(usable.items()))
