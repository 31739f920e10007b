"""Substitutes: who takes a class of Claude's names where the vendor that the shipped table gives it cannot be called.

Anthropic and gateways to it come first and get the name itself, then the vendors in `[substitutes]` of
`conf/models.toml`, then the others by their names. Where only the user knows the models nothing is guessed: on local
servers, and in accounts with an address of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.catalog.conf_schemas import Tier
from app.catalog.names import own_name, plain, without_bracket
from app.catalog.targets import Target, spelled


class Substitutes:
    """The vendors that are set up. `listed` has the `vendor/model`s for each setting of a class."""

    def __init__(
        self, listed: Mapping[str, Iterable[str]], tiers: Mapping[str, Tier], targets: Iterable[Target]
    ) -> None:
        self._tiers = tiers
        self._listed = {setting: by_vendor(names) for setting, names in listed.items()}
        self._ready = {target.vendor.name: target for target in targets if target.configured}

    def find(self, tier: Tier) -> Target | None:
        """The vendor that takes a class; None when nobody does."""
        listed = list(self._listed.get(tier.setting, ()))
        known = [one for name, one in self._ready.items() if is_known(one) or spelled(name) in listed]
        return min(known, key=lambda one: (rank(one, listed), one.vendor.name), default=None)

    def model(self, target: Target, name: str, tier: Tier) -> str:
        """What a vendor is asked for a name of a class: the name itself where none of its models is known."""
        vendor = target.vendor
        if vendor.profile.genuine:
            is_word = plain(name).lower() in self._tiers
            return next(iter(tier.names), tier.model) if is_word else without_bracket(name)
        listed = self._listed.get(tier.setting, {}).get(spelled(vendor.name))
        return own_name(vendor, listed) if listed else next(iter(vendor.models), without_bracket(name))


def by_vendor(names: Iterable[str]) -> dict[str, str]:
    """`vendor/model`s by the vendor's spelled name, the first of each."""
    found: dict[str, str] = {}
    for name in names:
        vendor, _, model = name.partition("/")
        found.setdefault(spelled(vendor), model)
    return found


def is_known(target: Target) -> bool:
    """What the vendor can be asked for is known without the user."""
    vendor = target.vendor
    return vendor.profile.genuine or bool(vendor.base_url and vendor.models and not vendor.keyless)


def rank(target: Target, listed: list[str]) -> int:
    """The vendor's place: Anthropic's, the listed ones, all others."""
    if target.vendor.profile.genuine:
        return -1
    name = spelled(target.vendor.name)
    return listed.index(name) if name in listed else len(listed)
