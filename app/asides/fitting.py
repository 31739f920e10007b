"""Fitting: a message as the model of one route is to see it, beyond what its wire demands: with a compressed prompt,
and with descriptions in the place of pictures that the model cannot see. What fails stays as it was.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from app.catalog.catalog import Catalog
from app.compression.compression import Compression, compression_for
from app.exchange.asking import Asking
from app.media import Media
from app.settings.settings import Settings
from app.vision.vision import Vision, vision_for
from translators.core.vendor import Json, Route

UNFIT = "a message could not be fitted to %s and goes as it is"

log = logging.getLogger("rialto")


@dataclass(frozen=True, slots=True)
class Fitting:
    """What fits messages to routes. For any thread."""

    compression: Compression
    vision: Vision | None = None

    def message(self, message: Json, route: Route, asking: Asking) -> Json:
        """The message for a route; pictures may be waited for."""
        return self._fitted(message, route, asking.means.media, asking)

    def described(self, message: Json, route: Route, asking: Asking) -> Json:
        """The message with descriptions alone, for a model that has just refused its images."""
        return self._sighted(message, route, asking.means.media, asking)

    def countable(self, message: Json, route: Route, media: Media) -> Json:
        """The same for counting tokens: with what is known, nobody is asked."""
        return self._fitted(message, route, media, None)

    def _fitted(self, message: Json, route: Route, media: Media, asking: Asking | None) -> Json:
        if route.profile.genuine:
            return message
        try:
            fitted = self.compression.compressed(message, route, asking)
        except Exception:
            log.exception(UNFIT, route.model)
            return message
        return self._sighted(fitted, route, media, asking)

    def _sighted(self, message: Json, route: Route, media: Media, asking: Asking | None) -> Json:
        try:
            return self.vision.described(message, route, media, asking) if self.vision else message
        except Exception:
            log.exception(UNFIT, route.model)
            return message


def fitting_for(settings: Settings, catalog: Catalog) -> Fitting:
    """Fitting as the settings want it."""
    return Fitting(compression_for(settings, catalog), vision_for(settings, catalog))
