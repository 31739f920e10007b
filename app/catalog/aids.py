"""The models that Rialto itself asks: the one that describes images for others, the one that summarises prompts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from app.settings.settings import Settings
from translators.core.errors import NotFound, Unauthorized
from translators.core.vendor import Route

if TYPE_CHECKING:
    from app.catalog.catalog import Catalog

VISION, SUMMARY = "VISION_FALLBACK_MODEL", "PROMPT_SUMMARY_MODEL"
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}


def sees(route: Route) -> bool:
    """The route takes images."""
    return route.vendor.protocol.carries(IMAGE, route.profile)


def seeing(settings: Settings, catalog: Catalog) -> list[Route]:
    """The routes to the model that describes images, and to its fallbacks as far as they see; none without one."""
    if not settings.vision.model:
        return []
    return [route for route in catalog.chain(catalog.resolve(settings.vision.model)) if sees(route)]


def writer(settings: Settings, catalog: Catalog) -> Route | None:
    """The route to the model that summarises prompts; None where each model does that for itself."""
    return catalog.resolve(settings.prompt.model) if settings.prompt.model else None


def aid_problems(settings: Settings, catalog: Catalog) -> Iterator[str]:
    """Why the named models cannot be asked. Names that lead nowhere are told elsewhere."""
    for place, name in ((VISION, settings.vision.model), (SUMMARY, settings.prompt.model)):
        try:
            route = catalog.resolve(name) if name else None
        except NotFound:
            continue
        except Unauthorized as error:
            yield f"{place}: {error.message}"
            continue
        if place == VISION and route is not None and not sees(route):
            yield f"{place}: {name} leads to {route.vendor.name}/{route.model}, which cannot see images."
