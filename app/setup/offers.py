"""What setup offers: servers on this machine first, then every vendor, and what must be asked for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.catalog.catalog import Catalog
from app.doctor.local import Found
from app.doctor.remedies import owner_of
from translators import vendors as known_vendors
from translators.core.variables import header_value
from translators.core.vendor import Vendor

#: Models of a server that the menu names.
NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One line of the menu. `known` are variables that need no question."""

    label: str
    vendor: Vendor
    known: Mapping[str, str] = field(default_factory=dict)
    models: tuple[str, ...] = ()

    @property
    def wants_address(self) -> bool:
        """The vendor has no address of its own."""
        return not self.vendor.base_url and not self.known

    @property
    def wants_key(self) -> bool:
        """There is a key to ask for, perhaps one that may be left out."""
        return bool(self.vendor.key_variable) and not self.known


def offers(catalog: Catalog, found: Sequence[Found]) -> list[Offer]:
    """The menu."""
    return [*map(local_offer, found), *vendor_offers(catalog)]


def local_offer(found: Found) -> Offer:
    """A server that runs on this machine."""
    known = [
        f"{name}, {f'{tokens:,} tokens' if tokens else 'window unknown'}" for name, tokens in found.windows.items()
    ]
    models = "; ".join(known[:NAMED]) or "no models yet"
    state = ", set up" if found.configured else ""
    label = f"{found.server.title} on {found.address} ({models}{state})"
    return Offer(label=label, vendor=found.vendor, known=found.variables, models=found.names)


def vendor_offers(catalog: Catalog) -> Iterator[Offer]:
    """Every vendor that needs a key or an address."""
    for name, vendor in known_vendors().items():
        if not vendor.key_variable:
            continue
        state = " (set up)" if catalog.target(name) in catalog.configured else ""
        yield Offer(label=f"{vendor.title}{state}", vendor=vendor)


def chosen(text: str, menu: Sequence[Offer]) -> list[Offer]:
    """The offers of an answer: numbers, or vendors' names, separated by blanks or commas. Raises ValueError."""
    picked: list[Offer] = []
    for word in text.replace(",", " ").split():
        named = [offer for offer in menu if word.lower() in (offer.vendor.name, offer.vendor.title.lower())]
        if word.isdecimal() and 1 <= int(word) <= len(menu):
            named = [menu[int(word) - 1]]
        if not named:
            raise ValueError(f"{word} is no number of the list, and no vendor's name")
        picked += [offer for offer in named[:1] if offer not in picked]
    return picked


def key_problem(key: str, vendor: Vendor) -> str:
    """What is wrong with a key at first sight; "" for nothing."""
    try:
        header_value(key)
    except ValueError as error:
        return f"The key {error}"
    owner = owner_of(key, known_vendors())
    if owner and owner.key_variable != vendor.key_variable:
        return f"This begins like a key of {owner.title}."
    return ""


def variables() -> set[str]:
    """Every variable that setup may set: keys and addresses."""
    known = known_vendors().values()
    names = {name for vendor in known for name in (vendor.key_variable, *vendor.other_key_variables)}
    names |= {name for vendor in known for name in (vendor.address_variable, *vendor.other_base_url_variables)}
    return names - {""}
