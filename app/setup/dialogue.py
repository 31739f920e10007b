"""The dialogue at a terminal. Keys are typed unseen; nothing is stored before it is sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import click

from app.catalog.catalog import Catalog
from app.doctor.asking import SECONDS
from app.doctor.findings import Report, exit_status
from app.doctor.local import Found
from app.doctor.text import section
from app.setup.env_file import store
from app.setup.offers import Offer, chosen, key_problem, offers
from app.setup.trying import hidden, lost_tiers, problems, settings_of_tiers, tier_lines, tried

#: How often a key is asked for.
TRIES = 3
NEXT = "Next: make run (make restart, if Rialto runs in the background), and in a second terminal: make claude"
PICK = "Which ones? Numbers or names, separated by blanks; Enter for none"


T = TypeVar("T")


class Dialogue:
    """Asks, stores, tries. `seconds` limit one question to a vendor; with 0 none is asked."""

    def __init__(self, path: Path, seconds: float) -> None:
        self._path = path
        self._seconds = seconds
        self._reports: dict[str, Report] = {}

    def run(self, catalog: Catalog, found: Sequence[Found]) -> int:
        """The exit status: that of the doctor, 0 when nothing was tried."""
        menu = offers(catalog, found)
        click.echo("Rialto can use:")
        for number, offer in enumerate(menu, 1):
            click.echo(f"  {number:>2}  {offer.label}")
        picked = asked(PICK, lambda text: chosen(text, menu), default="")
        for offer in picked:
            self._set_up(offer)
        self._tiers(picked)
        return exit_status(list(self._reports.values())) if self._reports else 0

    def _set_up(self, offer: Offer) -> None:
        """Asks for what one vendor needs, until it works or the user has enough."""
        click.echo(f"\n{offer.vendor.title}")
        values = dict(offer.known)
        if offer.wants_address:
            values[offer.vendor.address_variable] = self._address(offer)
        for _ in range(TRIES):
            if offer.wants_key:
                key = self._key(offer)
                if not key and not values:
                    return
                values |= {offer.vendor.key_variable: key} if key else {}
            if not self._keep(values) or self._works(offer):
                return
            if not offer.wants_key or not click.confirm("Give another key?", default=True):
                return

    def _address(self, offer: Offer) -> str:
        return asked(f"{offer.vendor.address_variable} (its address)", offer.vendor.base_url_form)

    def _key(self, offer: Offer) -> str:
        """A key, "" for none."""
        if offer.vendor.desk.page:
            click.echo(f"Keys: {offer.vendor.desk.page}")
        optional = ", Enter for none" if offer.vendor.keyless else ", Enter to leave it out"
        while True:
            words = f"{offer.vendor.key_variable} (not shown{optional})"
            key: str = click.prompt(words, default="", hide_input=True, show_default=False).strip()
            problem = key_problem(key, offer.vendor)
            if not problem:
                return key
            click.echo(problem)
            if click.confirm("Use it all the same?", default=False):
                return key

    def _keep(self, values: dict[str, str]) -> bool:
        """Stores sound values."""
        if not values:
            return False
        if wrong := problems(values):
            click.echo("\n".join(["Not stored:", *(f"  - {line}" for line in wrong)]))
            return False
        store(self._path, values)
        click.echo(f"Stored in {self._path.name}: {', '.join(values)}")
        for name in hidden(values):
            click.echo(f"Warning: {name} is also set in the environment, which wins over {self._path.name}.")
        return True

    def _works(self, offer: Offer) -> bool:
        """Tries the vendor; false when another key may help."""
        if not self._seconds:
            return True
        click.echo(f"Asking {offer.vendor.title} ...")
        _, reports = tried([offer.vendor.name], self._seconds)
        for report in reports:
            self._reports[f"{report.vendor}/{report.model}"] = report
            click.echo("\n".join(section(report)))
        return not any(finding.check == "key" and finding.state == "failed" for r in reports for finding in r.findings)

    def _tiers(self, picked: Sequence[Offer]) -> None:
        """Shows what Claude Code's names reach, and asks for those that reach nothing."""
        rialto, _ = tried((), SECONDS)
        lost = list(lost_tiers(rialto))
        names = settings_of_tiers(rialto.catalog)
        good = [name for name, report in self._reports.items() if report.finding_is_ok("answer")]
        known = [f"{offer.vendor.name}/{model}" for offer in picked for model in offer.vendor.models]
        first = next(iter([*good, *(name for offer in picked for name in offer.models), *known]), "")
        for tier in lost if picked else ():
            words = f"Model for {tier} ({names[tier]}), as vendor/model"
            name = asked(words, partial(sound, names[tier]), default=first or None)
            self._keep({names[tier]: name})
        rialto, _ = tried((), SECONDS)
        click.echo("\n".join(["\nClaude Code's names:", *tier_lines(rialto.catalog), NEXT]))


def asked(words: str, parse: Callable[[str], T], default: str | None = None) -> T:
    """An answer that `parse` takes; its ValueErrors are told and the question comes again."""
    while True:
        text: str = click.prompt(words, default=default, show_default=bool(default))
        try:
            return parse(text.strip())
        except ValueError as error:
            click.echo(str(error))


def sound(name: str, text: str) -> str:
    """A model's name that Rialto takes. Raises ValueError."""
    if wrong := problems({name: text}):
        raise ValueError("; ".join(wrong))
    return text
