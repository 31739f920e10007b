"""The parts of a running Rialto, kept in `app.extensions["rialto"]`."""

from __future__ import annotations

import hashlib
import os
import socket
from dataclasses import dataclass

from app.catalog import Catalog
from app.means import Means
from app.media import Media
from app.media.links import links_for
from app.memory import Memory, open_store
from app.own_models import OwnModels
from app.patience import Patience
from app.resilience.policy import Policy
from app.resilience.traffic import Traffic
from app.settings import Settings
from app.upstream import Upstream


@dataclass(frozen=True, slots=True)
class Rialto:
    """Settings, catalog and what exchanges use; `instance` names this server in request loops, `own_models`
    knows what vendors list themselves.
    """

    settings: Settings
    catalog: Catalog
    means: Means
    instance: str
    own_models: OwnModels


def build(settings: Settings) -> Rialto:
    """Everything that a server needs."""
    upstream = Upstream(
        settings.connect_timeout, max(settings.idle_timeout, settings.first_byte_timeout), settings.custom_headers
    )
    patience = Patience(settings.first_byte_timeout, settings.total_timeout)
    catalog = Catalog.load(settings)
    memory = Memory(open_store(settings), upstream if settings.learn_limits else None)
    traffic = Traffic(Policy(settings.retry_budget), settings.vendor_concurrency, settings.queue_timeout)
    means = Means(upstream, patience, memory, traffic, Media(links_for(settings.url_fetch)))
    rialto = Rialto(settings, catalog, means, instance_of(settings), OwnModels(catalog, upstream))
    catalog.known = memory.limits.known  # last: from now on a look-up may ask a vendor
    return rialto


def instance_of(settings: Settings) -> str:
    """The same name in all workers of one server, another one elsewhere. The server's process id tells two servers of
    one machine apart.
    """
    place = f"{socket.gethostname()} {os.getcwd()} {settings.host} {settings.port} {os.getppid()}"
    return hashlib.sha256(place.encode()).hexdigest()[:16]
