"""The parts of a running Rialto, kept in `app.extensions["rialto"]`."""

from __future__ import annotations

import hashlib
import os
import socket
from dataclasses import dataclass

from app.catalog import Catalog
from app.ollama_models import PulledModels
from app.patience import Patience
from app.settings import Settings
from app.upstream import Upstream


@dataclass(frozen=True, slots=True)
class Rialto:
    """Settings, catalog and the way to the vendors; `instance` names this server in request loops, `pulled` knows what
    the local Ollama has.
    """

    settings: Settings
    catalog: Catalog
    upstream: Upstream
    patience: Patience
    instance: str
    pulled: PulledModels


def build(settings: Settings) -> Rialto:
    """Everything that a server needs."""
    upstream = Upstream(
        settings.connect_timeout, max(settings.idle_timeout, settings.first_byte_timeout), settings.custom_headers
    )
    patience = Patience(settings.first_byte_timeout, settings.total_timeout)
    catalog = Catalog.load(settings)
    return Rialto(settings, catalog, upstream, patience, instance_of(settings), PulledModels(catalog, upstream))


def instance_of(settings: Settings) -> str:
    """The same name in all workers of one server, another one elsewhere. The server's process id tells two servers of
    one machine apart.
    """
    place = f"{socket.gethostname()} {os.getcwd()} {settings.host} {settings.port} {os.getppid()}"
    return hashlib.sha256(place.encode()).hexdigest()[:16]
