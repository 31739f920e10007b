"""The dashboard: pages that show what the log files hold. It reads them and nothing else.

A server has it at `/dashboard`; `python -m app.dashboard` serves it alone. The files are read by a program of its own,
see `engine/`.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask

from app.clients.keys import Keyring
from app.dashboard.pages import dashboard
from app.dashboard.reader import Reader
from app.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What the pages use, kept in `app.extensions["dashboard"]`."""

    settings: Settings
    keyring: Keyring
    reader: Reader


def init_app(app: Flask, settings: Settings, keyring: Keyring) -> None:
    """Adds the pages."""
    places = [str(place) for place in (settings.log_dir, *settings.other_log_dirs)]
    app.extensions["dashboard"] = Dashboard(settings, keyring, Reader(settings.state_dir, places))
    app.register_blueprint(dashboard)
