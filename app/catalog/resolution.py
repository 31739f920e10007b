"""Resolution: which vendor and model a public name stands for.

The rules are tried in this order; the first that knows the name wins. A model in the URL path comes before them all.

1. MODEL_MAP_JSON, MODEL_MAP_FILE
2. `vendor/model`, `vendor:model`, `anthropic/vendor/model`
3. BIG_MODEL, MIDDLE_MODEL, SMALL_MODEL for names of Claude's classes
4. the aliases of `conf/models.toml`, exactly, then without `[1m]` and date; then the class of a Claude name
5. known families of names
6. DEFAULT_MODEL, PREFERRED_PROVIDER; for names of Claude's classes the only vendor that is set up
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, replace

from app.api.listing import PREFIX
from app.catalog.conf_files import Conf
from app.catalog.conf_schemas import Facts, Tier
from app.catalog.targets import Target, provider_name, spelled
from app.settings.settings import Settings

OTHER_CLAUDE = "claude"
"""The class of Claude names without a class word."""

_BRACKET = re.compile(r"\[[^\]]*\]$")
_DATE = re.compile(r"(?:[-@](?:20\d{6}|latest))+$")
_QUALIFIED = re.compile(r"([^/:]+)[/:](.+)", re.DOTALL)
NO_FACTS = Facts()


@dataclass(frozen=True, slots=True)
class Pick:
    """What a rule found. A soft one gives way to later rules while its vendor cannot be called. A guess is right only
    as long as there is no other vendor.
    """

    target: Target
    model: str
    facts: Facts = NO_FACTS
    soft: bool = False
    guess: bool = False


Rule = Callable[[str, frozenset[str]], Pick | None]


def without_bracket(name: str) -> str:
    """A model name without the client's mark for a large window, `[1m]`."""
    return _BRACKET.sub("", name)


def plain(name: str) -> str:
    """A public name without `[1m]` and without its date."""
    return _DATE.sub("", without_bracket(name))


class Resolution:
    """The rules. Names that settings and files hold are followed through the same rules, each at most once."""

    def __init__(self, settings: Settings, conf: Conf, targets: Mapping[str, Target]) -> None:
        self.settings = settings
        self.tiers = conf.tiers
        self.targets = targets
        self.named = provider_name(settings, {name: target.vendor for name, target in targets.items()})
        self.preferred = spelled(settings.preferred_provider) or self.named
        self._lone = lone(targets.values())
        self._aliases = dict(_alias_picks(settings, conf, targets))
        self._families = _family_table(conf, targets)
        self._rules: tuple[Rule, ...] = (
            self._mapped,
            self._explicit,
            self._tier_setting,
            self._alias,
            self._family,
            self._default,
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
        direct = self._qualified(name)
        if not name.startswith(PREFIX):
            return direct is not None
        return self._qualified(name.removeprefix(PREFIX)) is not None or bool(direct and direct.target.usable)

    def is_guess(self, name: str) -> bool:
        """Whether a name reaches a vendor only because there is no other."""
        pick = self.find(name)
        return pick is not None and pick.guess

    def tier_of(self, name: str) -> tuple[str, Tier] | None:
        """The class of a Claude name (one that begins with "claude", or is a class word itself), and its word."""
        bare = plain(name).lower()
        if not bare.startswith(OTHER_CLAUDE) and bare not in self.tiers:
            return None
        rest = bare.removeprefix(OTHER_CLAUDE)
        word = next((word for word in self.tiers if word in rest), OTHER_CLAUDE)
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

    def _mapped(self, name: str, followed: frozenset[str]) -> Pick | None:
        table = self.settings.model_map
        return self._follow(table.get(name) or table.get(plain(name)), name, followed)

    def _explicit(self, name: str, followed: frozenset[str]) -> Pick | None:
        direct = self._qualified(name)
        if not name.startswith(PREFIX):
            return direct
        inner = name.removeprefix(PREFIX)
        if pick := self._qualified(inner):
            return pick
        return direct if direct and direct.target.usable else self._follow(inner, name, followed) or direct

    def _qualified(self, name: str) -> Pick | None:
        found = _QUALIFIED.fullmatch(name)
        target = self.targets.get(spelled(found[1])) if found else None
        return Pick(target, without_bracket(found[2])) if found and target else None

    def _tier_setting(self, name: str, followed: frozenset[str]) -> Pick | None:
        found = self.tier_of(name)
        return self._follow(getattr(self.settings, found[1].setting), name, followed) if found else None

    def _alias(self, name: str, followed: frozenset[str]) -> Pick | None:
        found = self.tier_of(name)
        pick = self._aliases.get(name.lower()) or self._aliases.get(plain(name).lower())
        if pick is None and found:
            pick = self._aliases.get(found[1].model.lower()) or self._qualified(found[1].model)
        return replace(pick, soft=True) if pick and found else pick

    def _family(self, name: str, followed: frozenset[str]) -> Pick | None:
        lower = name.lower()
        target = next((target for prefix, target in self._families.items() if lower.startswith(prefix)), None)
        return Pick(target, without_bracket(name), soft=True) if target else None

    def _default(self, name: str, followed: frozenset[str]) -> Pick | None:
        """DEFAULT_MODEL; but a name out of the settings goes to the preferred vendor as it is."""
        found = self.tier_of(name)
        named = self.targets.get(self.preferred)
        preferred = named or (self._lone if found else None)
        if preferred is None or (self.settings.default_model and not followed):
            return self._follow(self.settings.default_model, name, followed)
        model = first_model(preferred, name, found[1]) if found else ""
        return Pick(preferred, model or without_bracket(name), guess=named is None)


def lone(targets: Iterable[Target]) -> Target | None:
    """The only vendor that is set up, where its models are known: not those of the user's own servers and of accounts
    with an address of their own.
    """
    named = {target.vendor.name: target for target in targets if target.configured}
    only = next(iter(named.values())) if len(named) == 1 else None
    if only is None or only.vendor.keyless or not only.vendor.base_url:
        return None
    return only if only.vendor.models or only.vendor.profile.genuine else None


def first_model(target: Target, name: str, tier: Tier) -> str:
    """The model of a vendor for a class of Claude's names; "" for the name itself, which Anthropic knows when it is
    whole.
    """
    is_word = target.vendor.profile.genuine and not plain(name).lower().startswith(OTHER_CLAUDE)
    return next(iter(target.vendor.models or (tier.names if is_word else ())), "")


def _alias_picks(settings: Settings, conf: Conf, targets: Mapping[str, Target]) -> Iterator[tuple[str, Pick]]:
    """Every alias whose vendor exists, with what its variables say of it."""
    for name, alias in conf.aliases.items():
        vendor, _, model = alias.model.partition("/")
        target, own = targets.get(spelled(vendor)), settings.alias_changes.get(name)
        if own and own.context_window:
            alias = replace(alias, context_window=own.context_window)
        if target:
            yield name.lower(), Pick(target, own.model if own and own.model else model, alias)


def _family_table(conf: Conf, targets: Mapping[str, Target]) -> dict[str, Target]:
    """Prefix -> vendor, longest first; of two vendors with one prefix the usable one, then the file's."""
    written = [(prefix, targets.get(spelled(vendor))) for prefix, vendor in conf.families.items()]
    brought = [(prefix, target) for target in targets.values() for prefix in target.vendor.families]
    pairs = [(prefix.lower(), target) for prefix, target in [*written, *brought] if target]
    table: dict[str, Target] = {}
    for prefix, target in sorted(pairs, key=lambda pair: (-len(pair[0]), not pair[1].usable)):
        table.setdefault(prefix, target)
    return table
