"""`flask --app wsgi doctor`, and `make doctor`."""

from __future__ import annotations

import json
import logging
import sys

import click
from flask import current_app
from flask.cli import with_appcontext

from app.doctor.asking import SECONDS
from app.doctor.findings import exit_status
from app.doctor.local import search
from app.doctor.plan import examined, plans
from app.doctor.storage import examined_files
from app.doctor.text import document, missing, page
from app.rialto import Rialto
from translators.core.errors import RialtoError


@click.command()
@click.option("--vendor", default="", help="Only this vendor.")
@click.option("--model", default="", help="Only this model, by any name that Rialto knows.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.option("--timeout", default=SECONDS, type=click.FloatRange(1), help="Seconds for one question.")
@click.option("--port", "ports", multiple=True, type=int, help="Look for local servers here, not at the usual ports.")
@with_appcontext
def doctor(vendor: str, model: str, as_json: bool, timeout: float, ports: tuple[int, ...]) -> None:
    """Ask the vendors that are set up, and say what is wrong. Exit status: 0 all is well, 1 something failed, 2 nothing
    is configured.
    """
    rialto: Rialto = current_app.extensions["rialto"]
    logging.getLogger("rialto").setLevel(logging.CRITICAL)  # the table says it
    try:
        wanted = plans(rialto.catalog, vendor, model)
    except RialtoError as error:
        raise click.ClickException(error.message) from None
    if wanted and not as_json:
        click.echo(f"Asking {', '.join(plan.target.vendor.title for plan in wanted)} ...", err=True)
    reports = examined(rialto, wanted, timeout)
    everything = not (vendor or model)
    found = search(rialto.catalog, ports) if everything else []
    waiting = missing(rialto.catalog) if everything else []
    files = examined_files(rialto.files, rialto.means.redact) if everything else []
    told = document(reports, found, waiting, files)
    click.echo(json.dumps(told, indent=2, ensure_ascii=False) if as_json else page(reports, found, waiting, files))
    sys.exit(exit_status(reports, files))
