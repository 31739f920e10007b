"""Images and documents of a message, brought to what its route can take, before any translator sees them.

What the vendor takes goes as it is; what it cannot take becomes text with a note, never silence. An address is fetched
here only where the vendor opens none. Something that cannot be used at all is an error in the newest message, where the
client can still take it out, and a note in an older one: a conversation must not be stuck for ever because of its past.
A genuine Anthropic endpoint gets everything unseen, but for files that lie here.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from app.media.blocks import Place, Rewriting, holds_media, media_of, turns_of
from app.media.filed import Filed, bounded, inlined, no_files
from app.media.inline import data_source
from app.media.links import Link, Links, Opened, Outcome
from app.media.pdf import Pdfs
from translators.core.vendor import Json, Route


class Media:
    """Resolves media for all requests; what was fetched and read is remembered. For any thread."""

    def __init__(self, links: Links, pdfs: Pdfs | None = None) -> None:
        self._links = links
        self._pdfs = pdfs or Pdfs()

        self._all_files: Filed = no_files
        self._most = 0

    def reading(self, files: Filed, most: int) -> Media:
        """The same for a client that has these files; one message may name `most` bytes of them."""
        other = copy.copy(self)
        other._all_files, other._most = files, most
        return other

    @property
    def _files(self) -> Filed:
        """The files for one reading of a message."""
        return bounded(self._all_files, self._most)

    def resolved(self, message: Json, route: Route) -> Json:
        """The message as the route can take it. May fetch, within `links.SECONDS`. Raises `InvalidRequest`."""
        return self._rewritten(message, route, lenient=False)

    def countable(self, message: Json, route: Route) -> Json:
        """The same for counting tokens: nothing is fetched, nothing raised."""
        return self._rewritten(message, route, lenient=True)

    def sources(self, found: Iterable[tuple[Json, Place]], where: str, fetch: bool) -> dict[int, Json]:
        """Identity of each image's block -> its base64 source, fetched on need when `fetch` says so; without those that
        cannot be had. `where` is the conversation.
        """
        placed = {id(block): (block["source"], place) for block, place in found}
        wanted = {Link(str(source["url"]), "image"): place.fresh for source, place in placed.values() if is_far(source)}
        look = self._links.opened if fetch else self._links.known
        opened = look(where, wanted) if wanted else {}
        files = self._files
        made = {key: inside(source, opened, files) for key, (source, _) in placed.items()}
        return {key: source for key, source in made.items() if source is not None}

    def _rewritten(self, message: Json, route: Route, lenient: bool) -> Json:
        found = media(message)
        if route.profile.genuine or not found:
            return inlined(message, self._files) if any(map(is_filed, found)) else message
        rewriting = Rewriting(route=route.carrying(message), pdfs=self._pdfs, lenient=lenient, files=self._files)
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
    if not any(holds_media(turn.get("content")) for turn in message["messages"]):
        return []
    return [found for turn, place in turns_of(message) for found in media_of(turn.get("content"), place)]


def is_filed(found: tuple[Json, Place]) -> bool:
    """Its source is a file."""
    return bool(found[0]["source"].get("type") == "file")


def is_far(source: Mapping[str, Any]) -> bool:
    """Its source is an address of the web."""
    return source.get("type") == "url" and data_source(str(source.get("url") or "")) is None


def inside(source: Mapping[str, Any], links: Mapping[Link, Outcome], files: Filed) -> Json | None:
    """The source with its data inside; None for one whose data is not at hand."""
    url = str(source.get("url") or "")
    match source.get("type"):
        case "base64":
            return dict(source)
        case "file":
            return files(str(source.get("file_id") or ""))
        case "url" if data := data_source(url):
            return data
        case "url" if isinstance(found := links.get(Link(url, "image")), Opened):
            return {"type": "base64", "media_type": found.media_type, "data": found.data}
        case _:
            return None


def conversation(message: Mapping[str, Any], route: Route) -> str:
    """What stays the same from turn to turn: the session, or the first message of a client that names none; without
    its cache marks, because clients move these on with every turn.
    """
    return route.session or hashlib.sha256(json.dumps(unmarked(message["messages"][0])).encode()).hexdigest()


def unmarked(turn: Mapping[str, Any]) -> Json:
    """A message without cache marks; a text is the same as a block of it."""
    content = turn.get("content")
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content or ()
    return {**turn, "content": [{key: block[key] for key in block if key != "cache_control"} for block in blocks]}
