"""The shell: Flask, network, files, clock. `create_app()` is what a WSGI server imports."""

from __future__ import annotations

import os
import sys

from flask import Flask, Response, request

from app import dashboard
from app.api import errors, stopping, visitors
from app.api.messages import messages
from app.api.models import models
from app.api.status import status
from app.exchange import loops
from app.logs.application import init_logs
from app.rialto import build
from app.settings.settings import Settings
from app.startup import banner
from app.usage import requests as usage_requests


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
    for blueprint in (messages, models, status):
        app.register_blueprint(blueprint)
    if settings.dashboard.shown:
        dashboard.init_app(app, settings, rialto.keyring)
    if not os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn"):
        print(banner(rialto.settings, rialto.catalog), file=sys.stderr, flush=True)  # gunicorn.conf.py prints it once
    return app


def answer_head() -> Response | None:
    """Clients warm their connection up by HEAD on various paths; any of them is fine."""
    return Response(status=200) if request.method == "HEAD" else None
