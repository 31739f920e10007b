"""The parts of a running Rialto, kept in `app.extensions["rialto"]`."""

from __future__ import annotations

import hashlib
import logging
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from app.asides.fitting import fitting_for
from app.capture.capture import open_capture
from app.catalog.catalog import Catalog
from app.catalog.own_models import OwnModels
from app.clients.budgets import Budgets
from app.clients.keys import Keyring
from app.clients.quotas import Quotas
from app.clients.rates import Rates
from app.exchange.means import Means
from app.exchange.patience import Patience
from app.files import open_files
from app.files.store import Files
from app.logs.redaction import Redaction
from app.media import Media
from app.media.links import links_for
from app.memory.memory import Memory, open_store
from app.metrics.metrics import Metrics, open_metrics
from app.resilience.keys import KeyRing
from app.resilience.policy import Policy
from app.resilience.traffic import Traffic
from app.resilience.watch import unwatched
from app.search.conf import load_search
from app.search.web import web_for
from app.settings.settings import Settings
from app.tracing import open_tracing
from app.upstream.upstream import Upstream
from app.usage.books import Books
from app.usage.watching import Watchers

#: Characters from which on a header of the user's own may be a secret.
LONG_HEADER = 16

log = logging.getLogger("rialto")


@dataclass(frozen=True, slots=True)
class Rialto:
    """Settings, catalog and what exchanges use; `instance` names this server in request loops, `own_models`
    knows what vendors list themselves, `keyring` the clients, `quotas` what they have used, `books` what was done,
    `files` what clients have left here, `metrics` its numbers, None where there are none.
    """

    settings: Settings
    catalog: Catalog
    means: Means
    instance: str
    own_models: OwnModels
    keyring: Keyring
    quotas: Quotas
    books: Books
    files: Files
    metrics: Metrics | None = None


def build(settings: Settings) -> Rialto:
    """Everything that a server needs."""
    upstream = Upstream(
        settings.connect_timeout, settings.first_byte_timeout, settings.custom_headers, settings.idle_timeout
    )
    patience = Patience(settings.first_byte_timeout, settings.total_timeout)
    catalog = Catalog.load(settings)
    memory = Memory(open_store(settings), upstream if settings.learn_limits else None)
    metrics = open_metrics(catalog) if settings.monitoring.metrics else None
    watch = metrics.vendors.watch if metrics else unwatched
    policy, keys = Policy(settings.retry_budget), KeyRing(store=memory.store)
    traffic = Traffic(policy, settings.vendor_concurrency, settings.queue_timeout, watch=watch, keys=keys)
    search = load_search(settings)
    hidden = [*secrets(settings, catalog), *(engine.key for engine in search.engines)]
    redaction = Redaction(hidden)
    watchers = Watchers([*([metrics.exchanges] if metrics else []), *open_tracing(settings.monitoring)])
    books = Books(settings.log_dir, settings.usage_log_bytes, settings.usage_log_files, redaction, watchers)
    media, web = Media(links_for(settings.url_fetch)), web_for(search, settings.url_fetch)
    capture = open_capture(settings, hidden)
    fitting = fitting_for(settings, catalog)
    means = Means(
        upstream, patience, memory, traffic, media, books.settle, redaction, web, capture=capture, fitting=fitting
    )
    keyring = Keyring(settings.bridge_api_key, settings.clients)
    quotas = Quotas(Budgets(memory.store), rates_for(settings))
    own_models = OwnModels(catalog, upstream)
    files = open_files(settings)
    rialto = Rialto(settings, catalog, means, instance_of(settings), own_models, keyring, quotas, books, files, metrics)
    books.recover()
    catalog.known = memory.known  # last: from now on a look-up may ask a vendor
    return rialto


def rates_for(settings: Settings) -> Rates:
    """What counts clients' minutes; no other place than this process when no client has such limits."""
    if not any(client.has_rates for client in settings.clients.values()):
        return Rates()
    address = settings.rates_url or settings.redis_url
    if not address and settings.variable("WEB_CONCURRENCY") not in ("", "1"):
        log.warning("each process counts clients' rates for itself; RATELIMIT_STORAGE_URI lets them count together")
    return Rates(address)


def secrets(settings: Settings, catalog: Catalog) -> Iterator[str]:
    """What neither logs nor answers may hold: keys, and what long headers and query strings of the user's own say."""
    yield from (settings.bridge_api_key, settings.redis_url, settings.rates_url)
    yield from settings.storage.bucket.secrets if settings.storage.bucket else ()
    own = list(settings.custom_headers.values())
    for target in catalog.targets.values():
        yield from target.keys
        own += [value for _, value in parse_qsl(urlsplit(target.base_url).query)]
    for server in catalog.conf.servers.values():
        own += [*server.headers.values(), *server.query.values()]
    yield from (value for value in own if len(value) >= LONG_HEADER)


def instance_of(settings: Settings) -> str:
    """The same name in all workers of one server, another one elsewhere. The server's process id tells two servers of
    one machine apart.
    """
    place = f"{socket.gethostname()} {os.getcwd()} {settings.host} {settings.port} {os.getppid()}"
    return hashlib.sha256(place.encode()).hexdigest()[:16]
