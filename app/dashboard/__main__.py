"""The dashboard alone, on DASHBOARD_HOST:DASHBOARD_PORT: `python -m app.dashboard`. It asks no vendor, has no log."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from flask import Flask, redirect, url_for
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from werkzeug.wrappers import Response

from app.api import errors, stopping, visitors
from app.clients.keys import Keyring
from app.dashboard import init_app
from app.settings.settings import Settings, SettingsError

#: Each live page holds a thread.
THREADS = 16


def create_dashboard(settings: Settings) -> Flask:
    """The application."""
    app = Flask("rialto", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    errors.init_app(app)
    stopping.init_app(app)
    visitors.init_app(app, settings)
    init_app(app, settings, Keyring(settings.bridge_api_key, settings.clients))

    @app.get("/")
    def home() -> Response:
        return redirect(url_for("dashboard.overview"))

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    return app


class Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn with one process and some threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Gunicorn's settings; gunicorn.conf.py is the other server's."""
        options: dict[str, Any] = {
            "bind": self.settings.bind,
            "worker_class": "gthread",
            "threads": THREADS,
            "timeout": 120,
            "graceful_timeout": 5,
            "control_socket_disable": True,
            "loglevel": "warning",
            "when_ready": announce,
            "post_worker_init": notice_the_end,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application, in each worker."""
        return create_dashboard(self.settings)


def announce(server: Any) -> None:
    """Says where the page is."""
    settings = server.app.settings
    host, port = server.LISTENERS[0].sock.getsockname()[:2]
    bind = replace(settings, host=host, port=port).bind
    folders = ", ".join(map(str, (settings.log_dir, *settings.other_log_dirs)))
    print(f"Dashboard on http://{bind}/dashboard, showing {folders}", file=sys.stderr, flush=True)


def notice_the_end(worker: Any) -> None:
    """Lets the pages see that their worker has been told to stop."""
    worker.wsgi.config["STOPPING"] = lambda: not worker.alive


def main() -> None:
    """Serves until it is told to stop."""
    try:
        settings = Settings.load()
        settings = replace(settings, host=settings.dashboard.host, port=settings.dashboard.port)
        settings.check_bind(settings.bind)
    except SettingsError as error:
        sys.exit(str(error))
    Server(settings).run()


if __name__ == "__main__":
    main()
