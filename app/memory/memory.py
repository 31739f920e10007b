"""What Rialto remembers of the vendors' models, for every request."""

from __future__ import annotations

from collections.abc import Callable

from app.memory.calibration import Calibration
from app.memory.learned import Learned
from app.memory.limits import LearntLimits
from app.memory.store import Place, Store
from app.memory.store_sqlite import SqlitePlace
from app.settings.settings import Settings, SettingsError
from app.upstream.upstream import Upstream
from translators.core.vendor import Route


class Memory:
    """The lessons of refusals, the calibration of token counts and the vendors' limits, in one store. Without an
    `upstream` no vendor is asked for limits.
    """

    def __init__(self, store: Store | None = None, upstream: Upstream | None = None) -> None:
        self.store = store or Store()
        self.learned = Learned(self.store)
        self.calibration = Calibration(self.store)
        self.limits = LearntLimits(self.store, upstream)

    def known(self, route: Route) -> Route:
        """The route with what is known of its model."""
        return self.learned.known(self.limits.known(route))


def remembered(settings: Settings, upstream: Upstream | None = None) -> Callable[[Route], Route]:
    """Adds the limits that an earlier run has learnt to a route. It keeps nothing open: for what is said at the start.
    Without an `upstream` it asks nobody, with one it waits for the vendor where nothing has been learnt.
    """
    file = SqlitePlace(settings.state_dir) if settings.state_dir and not settings.redis_url else None
    limits = LearntLimits(Store.copy_of(file) if file else Store(), upstream)
    return limits.awaited if upstream else limits.known


def open_store(settings: Settings) -> Store:
    """The store where the settings want it; with neither of them, in this process's memory."""
    store = Store(place_of(settings))
    store.start()
    return store


def place_of(settings: Settings) -> Place | None:
    """Redis before a file. Raises SettingsError when the package for it is missing."""
    if not settings.redis_url:
        return SqlitePlace(settings.state_dir) if settings.state_dir else None
    try:
        from app.memory.store_redis import RedisPlace
    except ImportError:
        raise SettingsError(["REDIS_URL: needs the package redis: .venv/bin/pip install redis"]) from None
    try:
        return RedisPlace(settings.redis_url)
    except ValueError as error:
        raise SettingsError([f"REDIS_URL: {error}"]) from None
