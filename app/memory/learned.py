"""What vendors' refusals have taught: fields that a model does not take are left out of the next request at once.

A lesson is forgotten after a week, so that a vendor that heals is given the field again.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from app.memory.store import Store
from translators.core.lost_reasoning import without_lost
from translators.core.refusals import refusal, words_of
from translators.core.sight import refuses_images
from translators.core.spare_fields import IMAGES, STRUCTURED, Lessons, fitted, informed, obeyed, taught
from translators.core.vendor import Json, Route

TABLE = "lessons"
WEEK = 7 * 24 * 3600.0
KEPT_DIGESTS = 256
#: What a refusal of images teaches.
BLIND: Lessons = {IMAGES: None}

log = logging.getLogger("rialto")


class Learned:
    """Bodies that keep to the lessons of a vendor's model at one address."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    def lessons(self, route: Route) -> Lessons:
        """What the model does not take, as far as it is known."""
        if route.profile.genuine:
            return {}
        rows: Mapping[str, Any] = self._store.read(TABLE, place(route)) or {}
        now = self._clock()
        return {part: rule for part, (rule, until) in rows.items() if until > now}

    def known(self, route: Route) -> Route:
        """The route as it is to be taken: without images for a model that has refused them."""
        return informed(route, BLIND) if route.profile.images and IMAGES in self.lessons(route) else route

    def remember(self, route: Route, lessons: Lessons) -> None:
        """Keeps lessons that a second try has confirmed."""
        if not lessons:
            return
        until = self._clock() + WEEK
        new = {part: [rule, until] for part, rule in lessons.items()}
        self._store.update(TABLE, place(route), lambda old: {**(old or {}), **new}, WEEK)
        words = ", ".join(in_words(part, rule) for part, rule in lessons.items())
        log.info("%s does not take %s for %s; remembered for a week", route.vendor.title, words, route.model)


def body_of(message: Json, route: Route, lessons: Lessons) -> Json:
    """The body of a request that keeps to the lessons."""
    return obeyed(route.vendor.protocol.request(message, informed(route, lessons)), lessons)


def second_try(
    message: Json, route: Route, body: Json, known: Lessons, status: int, refused: Any
) -> tuple[Json, Lessons] | None:
    """A body that the vendor may take after a refusal, and what that would teach; None when the refusal stands. A
    genuine Anthropic's is the client's to see: it adapts by itself.
    """
    if route.profile.genuine:
        return None
    words = words_of(refused)
    if lesser := without_lost(body, status, words, route.profile.reasoning_placeholder):
        return lesser, {}
    if refuses_images(status, words) and holds_images(message, route, known):
        return body_of(message, route, {**known, **BLIND}), BLIND
    new = taught(body, status, words, informed(route, known).profile.structured)
    if STRUCTURED in new:
        return body_of(message, route, {**known, **new}), new
    if new:
        return obeyed(body, new), new
    lesser = fitted(body, refusal(route, status, refused, {}))
    return (lesser, {}) if lesser else None


def holds_images(message: Json, route: Route, known: Lessons) -> bool:
    """Whether images of the message reach the vendor."""
    return body_of(message, route, known) != body_of(message, route, {**known, **BLIND})


def in_words(part: str, rule: str | int | None) -> str:
    """A lesson for the log: what is not taken, and what is instead."""
    return part if rule is None else f"{part} (but {rule})"


def place(route: Route) -> str:
    """The key of a model at its address."""
    return f"{route.model}@{address(route)}"


def address(route: Route) -> str:
    """The key of a vendor's address."""
    where = digest(f"{route.base_url}?{route.extra.get('query', '')}")
    return f"{route.vendor.name}/{where}"


@lru_cache(KEPT_DIGESTS)
def digest(address: str) -> str:
    """What stands for an address, which may hold a password."""
    return hashlib.sha256(address.encode()).hexdigest()[:12]
