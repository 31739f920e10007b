"""The shell: Flask, network, files, clock. `create_app()` is what a WSGI server imports."""

from __future__ import annotations

import logging
import os
import sys

from flask import Flask, Response, request

from app import errors, loops, stopping
from app.messages import messages
from app.models import models
from app.rialto import build
from app.settings import Settings
from app.startup import banner
from app.status import status


def create_app(settings: Settings | None = None) -> Flask:
    """The application. Raises `SettingsError` with every mistake of the settings at once."""
    settings = settings or Settings.load()
    app = Flask("rialto", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.url_map.merge_slashes = False
    app.extensions["rialto"] = rialto = build(settings)
    errors.init_app(app)
    stopping.init_app(app)
    loops.init_app(app, rialto.instance)
    app.before_request(answer_head)
    for blueprint in (messages, models, status):
        app.register_blueprint(blueprint)
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if not os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn"):
        print(banner(rialto.settings, rialto.catalog), file=sys.stderr, flush=True)  # gunicorn.conf.py prints it once
    return app


def answer_head() -> Response | None:
    """Clients warm their connection up by HEAD on various paths; any of them is fine."""
    return Response(status=200) if request.method == "HEAD" else None
