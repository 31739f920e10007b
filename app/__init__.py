"""The shell: Flask, network, files, clock. `create_app()` is what a WSGI server imports."""

from __future__ import annotations

import os
import sys

import click
from flask import Response, request

from app import dashboard
from app.api import errors, stopping, visitors
from app.api.batches import batches
from app.api.bodies import discard_rest
from app.api.files import files
from app.api.messages import messages
from app.api.models import models
from app.api.status import status
from app.batches import desk
from app.doctor import commands as doctor_commands
from app.exchange import loops
from app.framework import Flask
from app.logs.application import announced, init_logs
from app.metrics.page import metrics
from app.rialto import build
from app.settings.settings import Settings
from app.setup import commands as setup_commands
from app.startup import banner
from app.usage import requests as usage_requests
from app.vendor_check import commands as vendor_check_commands


def create_app(settings: Settings | None = None) -> Flask:
    """The application. Raises `SettingsError` with every mistake of the settings at once."""
    settings = settings or Settings.load()
    app = Flask("rialto", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.url_map.merge_slashes = False
    app.extensions["rialto"] = rialto = build(settings)
    init_logs(settings.log_level, settings.log_format, rialto.books.redaction)
    errors.init_app(app)
    usage_requests.init_app(app, rialto.books)
    stopping.init_app(app)
    visitors.init_app(app, settings)
    loops.init_app(app, rialto.instance)
    app.before_request(answer_head)
    app.after_request(discard_rest)
    for blueprint in (messages, batches, files, models, status):
        app.register_blueprint(blueprint)
    desk.init_app(app, settings, rialto.keyring, begins=is_serving())
    if settings.monitoring.metrics:
        app.register_blueprint(metrics)
    if settings.dashboard.shown:
        dashboard.init_app(app, settings, rialto.keyring)
    for command in (doctor_commands.doctor, setup_commands.setup, vendor_check_commands.vendor_check):
        app.cli.add_command(command)
    if is_serving() and not os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn"):
        said = banner(rialto.settings, rialto.catalog)  # gunicorn.conf.py prints it once
        print(announced(said, settings.log_format), file=sys.stderr, flush=True)
    return app


def answer_head() -> Response | None:
    """Clients warm their connection up by HEAD on various paths; any of them is fine."""
    return Response(status=200) if request.method == "HEAD" else None


def is_serving() -> bool:
    """False for Flask's commands that only need the application, all but `run`."""
    context = click.get_current_context(silent=True)
    return context is None or context.info_name == "run"
