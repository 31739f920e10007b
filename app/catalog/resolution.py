"""Resolution: which vendor and model a public name stands for.

The rules are tried in this order; the first that knows the name wins. A model in the URL path comes before them all.

1. MODEL_MAP_JSON, MODEL_MAP_FILE
2. `vendor/model`, `vendor:model`, `anthropic/vendor/model`; a vendor that begins its own models so keeps the whole name
3. BIG_MODEL, MIDDLE_MODEL, SMALL_MODEL for names of Claude's classes
4. the aliases of `conf/models.toml`, exactly, then without `[1m]` and date; then the class of a Claude name
5. known families of names
6. DEFAULT_MODEL, PREFERRED_PROVIDER
7. for names of Claude's classes a vendor that is set up, see `app/catalog/substitutes.py`

What the shipped table and the families say is soft: without a key it gives way to later rules. What the user wrote, in
a setting, a file or the name itself, stays, and the missing key is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, dataclass, replace

from app.api.listing import PREFIX
from app.catalog.conf_files import Conf
from app.catalog.conf_schemas import Facts, Tier
from app.catalog.names import own_name, plain, without_bracket
from app.catalog.substitutes import Substitutes
from app.catalog.targets import Target, provider_name, spelled
from app.settings.settings import Settings

OTHER_CLAUDE = "claude"
"""The class of Claude names without a class word."""

_QUALIFIED = re.compile(r"([^/:]+)[/:](.+)", re.DOTALL)
NO_FACTS = Facts()


@dataclass(frozen=True, slots=True)
class Pick:
    """What a rule found. A soft one gives way to later rules while its vendor cannot be called. A guess is what nobody
    chose.
    """

    target: Target
    model: str
    facts: Facts = NO_FACTS
    soft: bool = False
    guess: bool = False


Rule = Callable[[str, frozenset[str]], Pick | None]


class Resolution:
    """The rules. Names that settings and files hold are followed through the same rules, each at most once."""

    def __init__(self, settings: Settings, conf: Conf, targets: Mapping[str, Target]) -> None:
        self.settings = settings
        self.tiers = conf.tiers
        self.targets = targets
        self.named = provider_name(settings, {name: target.vendor for name, target in targets.items()})
        self.preferred = spelled(settings.preferred_provider) or self.named
        self._substitutes = Substitutes(conf.substitutes, conf.tiers, targets.values())
        self._own_aliases, self._own_tiers = conf.own_aliases, conf.own_tiers
        self._aliases = dict(_alias_picks(settings, conf, targets))
        self._families = _family_table(conf, targets)
        self._rules: tuple[Rule, ...] = (
            self._mapped,
            self._explicit,
            self._tier_setting,
            self._alias,
            self._family,
            self._default,
            self._substitute,
        )

    def find(self, name: str, followed: frozenset[str] = frozenset()) -> Pick | None:
        """What a name stands for; `followed` are the names that led here."""
        second_best: Pick | None = None
        for rule in self._rules:
            pick = rule(name, followed)
            if pick and (pick.target.usable or not pick.soft):
                return pick
            second_best = second_best or pick
        return second_best

    def is_explicit(self, name: str) -> bool:
        """Whether a name says its vendor itself."""
        return self._stated(name) is not None

    def is_guess(self, name: str) -> bool:
        """Whether a name reaches a vendor that nobody chose for it."""
        pick = self.find(name)
        return pick is not None and pick.guess

    def tier_of(self, name: str) -> tuple[str, Tier] | None:
        """The class of a Claude name (one that begins with "claude", or is a class word itself), and its word. Of
        several words the first one counts: a client that may call `claude-haiku-*` must not reach another class by a
        word behind it.
        """
        bare = plain(name).lower()
        if not bare.startswith(OTHER_CLAUDE) and bare not in self.tiers:
            return None
        rest = bare.removeprefix(OTHER_CLAUDE)
        word = min((word for word in self.tiers if word in rest), key=rest.find, default=OTHER_CLAUDE)
        return (word, self.tiers[word]) if word in self.tiers else None

    def problems(self) -> Iterator[str]:
        """Names in the settings that lead nowhere."""
        known = f"Known: {', '.join(sorted(self.targets))}."
        if self.preferred and self.preferred not in self.targets:
            yield f"PREFERRED_PROVIDER: no vendor is called {self.settings.preferred_provider}. {known}"
        provider = self.settings.provider.name
        if provider and spelled(provider) not in self.targets:
            yield f"PROVIDER: no vendor is called {provider}; set PROVIDER_BASE_URL to use another server. {known}"
        if self.settings.provider.api_key and not self.named:
            yield "PROVIDER_API_KEY: set PROVIDER_BASE_URL (a server's address) or PROVIDER (a vendor's name) too."
        for place, name in self._configured_names():
            if name and self.find(name, frozenset({place})) is None:
                yield f"{place}: no vendor is known for {name}; write it as vendor/model. {known}"

    def chosen(self) -> tuple[Target, ...]:
        """The vendors of the network that the names in the settings lead to, and those whose aliases are set."""
        picks = [self.find(name, frozenset({place})) for place, name in self._configured_names() if name]
        picks += [self._aliases.get(alias) for alias, own in self.settings.alias_changes.items() if any(astuple(own))]
        return tuple(pick.target for pick in picks if pick and pick.target.base_url.startswith("http"))

    def _configured_names(self) -> Iterator[tuple[str, str]]:
        for setting in ("default_model", "big_model", "middle_model", "small_model"):
            yield setting.upper(), getattr(self.settings, setting)
        for name, target in self.settings.model_map.items():
            yield f"MODEL_MAP {name}", target
        for name in self.settings.fallback_models:
            yield "FALLBACK_MODELS", name
        yield "VISION_FALLBACK_MODEL", self.settings.vision.model
        yield "PROMPT_SUMMARY_MODEL", self.settings.prompt.model

    def _follow(self, target: str | None, name: str, followed: frozenset[str]) -> Pick | None:
        """What another name stands for; None when this name has been followed before (a circle)."""
        if not target or name in followed:
            return None
        return self.find(target, followed | {name})

    def _set(self, target: str | None, name: str, followed: frozenset[str]) -> Pick | None:
        """What a name out of the settings stands for: the user's choice."""
        pick = self._follow(target, name, followed)
        return pick and replace(pick, soft=False)

    def _mapped(self, name: str, followed: frozenset[str]) -> Pick | None:
        table = self.settings.model_map
        return self._set(table.get(name) or table.get(plain(name)), name, followed)

    def _explicit(self, name: str, followed: frozenset[str]) -> Pick | None:
        stated = self._stated(name)
        if stated or not name.startswith(PREFIX):
            return stated
        inner = name.removeprefix(PREFIX)
        pick = self._follow(inner, name, followed)
        is_lost = pick is None or (not pick.target.usable and pick.soft and self.tier_of(inner))
        return self._qualified(name) or pick if is_lost else pick

    def _stated(self, name: str) -> Pick | None:
        """What a name says itself. `anthropic/` is the vendor only while it can be called and the rest is no family's:
        it may be nothing but what clients put before every name.
        """
        direct = self._qualified(name)
        if not name.startswith(PREFIX):
            return direct
        inner = name.removeprefix(PREFIX)
        if pick := self._qualified(inner):
            return pick
        if direct is None or not direct.target.usable:
            return None
        family = self._family_of(inner)
        return None if family and family.usable and family is not direct.target else direct

    def _qualified(self, name: str) -> Pick | None:
        found = _QUALIFIED.fullmatch(name)
        target = self.targets.get(spelled(found[1])) if found else None
        return Pick(target, own_name(target.vendor, without_bracket(found[2]))) if found and target else None

    def _tier_setting(self, name: str, followed: frozenset[str]) -> Pick | None:
        found = self.tier_of(name)
        return self._set(getattr(self.settings, found[1].setting), name, followed) if found else None

    def _alias(self, name: str, followed: frozenset[str]) -> Pick | None:
        found = self.tier_of(name)
        key = name.lower() if name.lower() in self._aliases else plain(name).lower()
        if pick := self._aliases.get(key):
            return replace(pick, soft=found is not None and key not in self._own_aliases)
        if found is None:
            return None
        word, tier = found
        key = tier.model.lower()
        named = self._aliases.get(key) or self._qualified(tier.model)
        return named and replace(named, soft=word not in self._own_tiers and key not in self._own_aliases)

    def _family(self, name: str, followed: frozenset[str]) -> Pick | None:
        target = self._family_of(name)
        return Pick(target, without_bracket(name), soft=True) if target else None

    def _family_of(self, name: str) -> Target | None:
        lower = name.lower()
        return next((target for prefix, target in self._families.items() if lower.startswith(prefix)), None)

    def _default(self, name: str, followed: frozenset[str]) -> Pick | None:
        """DEFAULT_MODEL; but a name out of the settings goes to the preferred vendor as it is."""
        preferred = self.targets.get(self.preferred)
        if preferred is None or (self.settings.default_model and not followed):
            return self._set(self.settings.default_model, name, followed)
        found = self.tier_of(name)
        model = self._substitutes.model(preferred, name, found[1]) if found else without_bracket(name)
        return Pick(preferred, model)

    def _substitute(self, name: str, followed: frozenset[str]) -> Pick | None:
        found = self.tier_of(name)
        target = self._substitutes.find(found[1]) if found else None
        return Pick(target, self._substitutes.model(target, name, found[1]), guess=True) if found and target else None


def _alias_picks(settings: Settings, conf: Conf, targets: Mapping[str, Target]) -> Iterator[tuple[str, Pick]]:
    """Every alias whose vendor exists, with what its variables say of it."""
    for name, alias in conf.aliases.items():
        vendor, _, model = alias.model.partition("/")
        target, own = targets.get(spelled(vendor)), settings.alias_changes.get(name)
        if own and own.context_window:
            alias = replace(alias, context_window=own.context_window)
        if target:
            model = own.model if own and own.model else model
            yield name.lower(), Pick(target, own_name(target.vendor, model), alias)


def _family_table(conf: Conf, targets: Mapping[str, Target]) -> dict[str, Target]:
    """Prefix -> vendor, longest first; of two vendors with one prefix the usable one, then the file's."""
    written = [(prefix, targets.get(spelled(vendor))) for prefix, vendor in conf.families.items()]
    brought = [(prefix, target) for target in targets.values() for prefix in target.vendor.families]
    pairs = [(prefix.lower(), target) for prefix, target in [*written, *brought] if target]
    table: dict[str, Target] = {}
    for prefix, target in sorted(pairs, key=lambda pair: (-len(pair[0]), not pair[1].usable)):
        table.setdefault(prefix, target)
    return table
