"""Fitting: a message as the model of one route is to see it, beyond what its wire demands: with a compressed prompt,
and with descriptions in the place of pictures that the model cannot see. What fails stays as it was.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.catalog.catalog import Catalog
from app.compression.compression import Compression, compression_for
from app.exchange.asking import Asking
from app.media import Media
from app.memory.store import Store
from app.settings.settings import Settings
from app.vision.vision import Vision, vision_for
from translators.core.vendor import Json, Route


@dataclass(frozen=True, slots=True)
class Fitting:
    """What fits messages to routes. For any thread."""

    compression: Compression
    vision: Vision | None = None

    def message(self, message: Json, route: Route, asking: Asking) -> Json:
        """The message for a route; pictures may be waited for."""
        if route.profile.genuine:
            return message
        fitted = self.compression.compressed(message, route, asking)
        return self.vision.described(fitted, route, asking.means.media, asking) if self.vision else fitted

    def countable(self, message: Json, route: Route, media: Media) -> Json:
        """The same for counting tokens: with what is known, nobody is asked."""
        if route.profile.genuine:
            return message
        fitted = self.compression.compressed(message, route)
        return self.vision.described(fitted, route, media) if self.vision else fitted


def fitting_for(settings: Settings, catalog: Catalog, store: Store) -> Fitting:
    """Fitting as the settings want it."""
    return Fitting(compression_for(settings, catalog, store), vision_for(settings, catalog))
