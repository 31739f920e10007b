"""Desk: the batches of a running Rialto, kept in `app.extensions["batches"]`: the store, and who works on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Flask

from app.batches.batch import Lease, Result
from app.batches.execution import Pause, executed
from app.batches.runner import Runner
from app.batches.store import BatchStore
from app.batches.store_sqlite import SqliteBatches
from app.clients.keys import Keyring
from app.settings.settings import Settings, SettingsError


@dataclass(frozen=True, slots=True)
class Desk:
    """Where batches are kept, and who runs them."""

    store: BatchStore
    runner: Runner


def init_app(app: Flask, settings: Settings, keyring: Keyring, begins: bool = True) -> None:
    """Opens the store and `begins` to work, also on what an earlier process has left."""
    store = open_batches(settings)
    runner = Runner(
        store, partial(run, app.wsgi_app, keyring), settings.storage.at_once, lambda: bool(app.config["STOPPING"]())
    )
    app.extensions["batches"] = Desk(store, runner)
    if begins and (settings.state_dir or settings.redis_url):
        runner.start()
        app.before_request(runner.start)  # a process that was forked behind this


def run(application: Any, keyring: Keyring, lease: Lease, gone: Callable[[], bool]) -> Result | Pause:
    """Answers an item for the client that made its batch."""
    return executed(application, lease, keyring.named(lease.batch.client), gone)


def open_batches(settings: Settings) -> BatchStore:
    """The store where the settings want it. Raises SettingsError when the package for it is missing."""
    if not settings.redis_url:
        return SqliteBatches(settings.state_dir)
    try:
        from app.batches.store_redis import RedisBatches
    except ImportError:
        raise SettingsError(["REDIS_URL: needs the package redis: .venv/bin/pip install redis"]) from None
    return RedisBatches(settings.redis_url)
