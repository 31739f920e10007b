"""`flask --app wsgi setup`, and `make setup`: at a terminal a dialogue, else lines like NAME=value from stdin."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from dotenv import dotenv_values
from flask import current_app
from flask.cli import with_appcontext

from app.catalog.catalog import Catalog
from app.doctor.asking import SECONDS
from app.doctor.findings import Report, exit_status
from app.doctor.local import lines, search
from app.doctor.text import section
from app.rialto import Rialto
from app.settings.settings import ROOT
from app.setup.dialogue import NEXT, Dialogue
from app.setup.env_file import store
from app.setup.offers import variables
from app.setup.trying import hidden, lost_tiers, problems, settings_of_tiers, tier_lines, tried
from translators import vendors as known_vendors

ENV_FILE = ROOT / ".env"
NO_TERMINAL = """\
This is no terminal, so nothing can be asked. Give the answers on stdin, one variable a line:

    printf 'NAME=%s\\n' "$VALUE" | make setup

NAME is the variable of a key or an address, or BIG_MODEL, MIDDLE_MODEL, SMALL_MODEL; conf/env.example has them all."""


@click.command()
@click.option("--no-test", is_flag=True, help="Ask no vendor.")
@click.option("--timeout", default=SECONDS, type=click.FloatRange(1), help="Seconds for one question to a vendor.")
@click.option("--port", "ports", multiple=True, type=int, help="Look for local servers here, not at the usual ports.")
@with_appcontext
def setup(no_test: bool, timeout: float, ports: tuple[int, ...]) -> None:
    """Choose vendors, store their keys in .env, try them, and see what opus, sonnet and haiku reach."""
    rialto: Rialto = current_app.extensions["rialto"]
    logging.getLogger("rialto").setLevel(logging.CRITICAL)
    seconds = 0.0 if no_test else timeout
    if sys.stdin.isatty():
        sys.exit(Dialogue(ENV_FILE, seconds).run(rialto.catalog, search(rialto.catalog, ports)))
    sys.exit(unattended(rialto.catalog, ENV_FILE, seconds, ports))


def unattended(catalog: Catalog, path: Path, seconds: float, ports: Sequence[int]) -> int:
    """Takes the answers from stdin. The exit status is the doctor's."""
    values = {name: value or "" for name, value in dotenv_values(stream=sys.stdin, interpolate=False).items()}
    if not values:
        click.echo(NO_TERMINAL, err=True)
        click.echo("\n".join(["", *lines(search(catalog, ports))]).rstrip(), err=True)
        return 2
    if wrong := [*unknown(catalog, values), *problems(values)]:
        click.echo("\n".join(f"  - {line}" for line in ["Nothing is stored:", *wrong])[4:], err=True)
        return 2
    kept(path, values)
    rialto, reports = tried(vendors_of(values) if seconds else (), seconds or SECONDS)
    for report in reports:
        click.echo("\n".join(section(report)))
    if chosen := proposed(rialto, reports):
        kept(path, chosen)
        rialto, _ = tried((), SECONDS)
    click.echo("\n".join(["Claude Code's names:", *tier_lines(rialto.catalog), NEXT]))
    return exit_status(reports) if reports else 0


def unknown(catalog: Catalog, values: Mapping[str, str]) -> list[str]:
    """Complaints about variables that are not setup's."""
    known = variables() | set(settings_of_tiers(catalog).values()) | {"DEFAULT_MODEL", "PREFERRED_PROVIDER"}
    return [f"{name} is no key, no address and no choice of a model" for name in values.keys() - known]


def vendors_of(values: Mapping[str, str]) -> list[str]:
    """The vendors that the variables are about."""
    return [
        name
        for name, vendor in known_vendors().items()
        if {vendor.key_variable, *vendor.other_key_variables, vendor.address_variable, *vendor.other_base_url_variables}
        & values.keys()
    ]


def proposed(rialto: Rialto, reports: Sequence[Report]) -> dict[str, str]:
    """A model for every class that reaches nothing: that of the first vendor that works."""
    good = next((f"{report.vendor}/{report.model}" for report in reports if report.finding_is_ok("answer")), "")
    names = settings_of_tiers(rialto.catalog)
    return {names[tier]: good for tier in lost_tiers(rialto)} if good else {}


def kept(path: Path, values: Mapping[str, str]) -> None:
    """Stores the variables and says which, without their values."""
    store(path, values)
    click.echo(f"Stored in {path.name}: {', '.join(values)}")
    for name in hidden(values):
        click.echo(f"Warning: {name} is also set in the environment, which wins over {path.name}.", err=True)
