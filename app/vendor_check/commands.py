"""`flask --app wsgi vendor-check`, and `make vendor-check`."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from app.doctor.asking import SECONDS
from app.rialto import Rialto
from translators.core.errors import RialtoError

FOLDER = Path("tests/fixtures")


@click.command("vendor-check")
@click.option("--vendor", required=True, help="Whose answers are judged.")
@click.option("--model", default="", help="The model that is asked with --live.")
@click.option(
    "--live", is_flag=True, help="Ask the vendor, with the key of the settings. It costs a few thousand tokens."
)
@click.option("--overflow", is_flag=True, help="With --live: also a prompt over the window, which may cost much.")
@click.option("--probe", "probes", multiple=True, help="With --live: only this one, such as 'stream'.")
@click.option("--file", "capture", type=click.Path(path_type=Path), help="Judge the answers in this capture.")
@click.option("--id", default="", help="Only the exchange of the capture with this request id.")
@click.option("--folder", default=FOLDER, type=click.Path(path_type=Path), help="Holds a folder for each vendor.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the page for the vendor into this file.")
@click.option("--timeout", default=SECONDS, type=click.FloatRange(1), help="Seconds for one question.")
@with_appcontext
def vendor_check(
    vendor: str,
    model: str,
    live: bool,
    overflow: bool,
    probes: tuple[str, ...],
    capture: Path | None,
    id: str,
    folder: Path,
    as_json: bool,
    out: Path | None,
    timeout: float,
) -> None:
    """Judge a vendor's bytes by the scenarios. Exit status: 0 nothing found, 1 findings, 2 nothing judged."""
    from app.vendor_check.page import page  # a server that starts needs none of it
    from app.vendor_check.reports import kept_report, live_report
    from app.vendor_check.sources import NoAnswers
    from app.vendor_check.text import document, table

    rialto: Rialto = current_app.extensions["rialto"]
    logging.getLogger("rialto").setLevel(logging.CRITICAL)  # the report says it
    try:
        if live:
            report = live_report(rialto, vendor, model, probes, overflow, timeout, said)
        else:
            report = kept_report(rialto, vendor, capture, id, folder)
    except (RialtoError, NoAnswers) as error:
        click.echo(getattr(error, "message", str(error)), err=True)
        sys.exit(2)
    click.echo(json.dumps(document(report), indent=2, ensure_ascii=False) if as_json else table(report))
    if out:
        out.write_text(page(report), "utf-8")
    sys.exit(report.exit_status)


def said(name: str) -> None:
    """Tells which probe is asked."""
    click.echo(f"Asking: {name} ...", err=True)
