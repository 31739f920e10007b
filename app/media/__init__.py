"""Images and documents of a message, brought to what its route can take, before any translator sees them.

What the vendor takes goes as it is; what it cannot take becomes text with a note, never silence. An address is fetched
here only where the vendor opens none. Something that cannot be used at all is an error in the newest message, where the
client can still take it out, and a note in an older one: a conversation must not be stuck for ever because of its past.
A genuine Anthropic endpoint gets everything unseen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.media.blocks import Place, Rewriting, media_of, turns_of
from app.media.links import Link, Links
from app.media.pdf import Pdfs
from translators.core.vendor import Json, Route


class Media:
    """Resolves media for all requests; what was fetched and read is remembered. For any thread."""

    def __init__(self, links: Links, pdfs: Pdfs | None = None) -> None:
        self._links = links
        self._pdfs = pdfs or Pdfs()

    def resolved(self, message: Json, route: Route) -> Json:
        """The message as the route can take it. May fetch, within `links.SECONDS`. Raises `InvalidRequest`."""
        return self._rewritten(message, route, lenient=False)

    def countable(self, message: Json, route: Route) -> Json:
        """The same for counting tokens: nothing is fetched, nothing raised."""
        return self._rewritten(message, route, lenient=True)

    def _rewritten(self, message: Json, route: Route, lenient: bool) -> Json:
        found = [] if route.profile.genuine else media(message)
        if not found:
            return message
        rewriting = Rewriting(route=route.carrying(message), pdfs=self._pdfs, lenient=lenient)
        wanted: dict[Link, bool] = {}
        for block, place in found:
            if link := rewriting.link(block, place):
                wanted[link] = wanted.get(link, False) or place.fresh
        if wanted:
            look = self._links.known if lenient else self._links.opened
            rewriting = replace(rewriting, links=look(conversation(message, route), wanted))
        return rewriting.message(message)


def media(message: Mapping[str, Any]) -> list[tuple[Json, Place]]:
    """All images and documents with their places."""
    return [found for turn, place in turns_of(message) for found in media_of(turn.get("content"), place)]


def conversation(message: Mapping[str, Any], route: Route) -> str:
    """What stays the same from turn to turn: the session, or the first message of a client that names none."""
    return route.session or hashlib.sha256(json.dumps(message["messages"][0]).encode()).hexdigest()
