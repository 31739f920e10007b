"""Rewrites the blocks of one message for the vendor of one route. See `media.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast
from urllib.parse import urlsplit

from app.media.filed import Filed, no_files
from app.media.inline import Decoded, data_source, decoded
from app.media.links import Kind, Link, Opened, Outcome
from app.media.pdf import MAX_CHARACTERS, Pdfs
from translators.core.errors import InvalidRequest
from translators.core.pictures import PDF, media_type
from translators.core.vendor import Json, Route

#: Characters of a PDF's text for each token of the model's window: about half of it.
CHARACTERS_PER_TOKEN = 2
NO_FILE = "File not found: {id}"
NO_FILE_NOTE = "[A file was attached here that is not there any more.]"
DAMAGED = "invalid base64 data"
UNKNOWN = "a document of type {form} cannot be read; send a PDF or plain text"
FAILED_NOTE = "[The {kind} at {url} could not be opened.]"
DAMAGED_NOTE = "[Something was attached here, but its data is damaged.]"
FOREIGN_NOTE = "[An image of type {form} was here, but {title} takes {taken} only. Convert it.]"
TOO_LARGE_NOTE = "[An image was here, but it is larger than the model's vendor takes.]"
UNKNOWN_NOTE = "[A document was attached here, but its type ({form}) cannot be read.]"


@dataclass(frozen=True, slots=True)
class Place:
    """Where blocks stand. `fresh`: in the newest message. `spoken`: where the vendor takes words only."""

    path: str
    fresh: bool = False
    spoken: bool = False

    def at(self, *steps: object) -> Place:
        """A place inside."""
        return replace(self, path=".".join([self.path, *map(str, steps)]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting:
    """What the rewriting of one message needs to know. `lenient` makes notes of all errors."""

    route: Route
    pdfs: Pdfs
    links: Mapping[Link, Outcome] = field(default_factory=dict)
    files: Filed = no_files
    lenient: bool = False

    def message(self, message: Json) -> Json:
        """The whole message. Raises `InvalidRequest` for what cannot be used in its newest part."""
        turns = [self.turn(turn, place) for turn, place in turns_of(message)]
        return {**message, "messages": turns}

    def turn(self, turn: Json, place: Place) -> Json:
        """One message of the conversation; the same object when nothing changes."""
        content = turn.get("content")
        return with_content(turn, self.blocks(content, place)) if isinstance(content, list) else turn

    def blocks(self, content: Sequence[Json], place: Place) -> list[Json]:
        """All blocks of a list."""
        return [made for position, block in enumerate(content) for made in self.block(block, place.at(position))]

    def block(self, block: Json, place: Place) -> list[Json]:
        """What one block becomes."""
        content = block.get("content")
        match block.get("type"):
            case "image" | "document" if is_medium(block):
                return self.medium(block, place)
            case "tool_result" if isinstance(content, list):
                return [with_content(block, self.blocks(content, place.at("tool_result", "content")))]
            case "web_fetch_tool_result" if isinstance(content, Mapping) and is_medium(content.get("content")):
                inside = self.medium(content["content"], replace(place.at("content"), spoken=True))
                return [{**block, "content": {**content, "content": inside[0]}}]
            case _:
                return [block]

    def medium(self, block: Json, place: Place) -> list[Json]:
        """An image or a document, by the kind of its source."""
        kind = block["source"].get("type")
        if block["type"] == "image" and not self.sees(block):
            return [block]
        rewrite = SOURCES.get(str(kind))
        return rewrite(self, block, place) if rewrite else [block]

    def sees(self, image: Json) -> bool:
        """The vendor takes an image in some form; otherwise the translators leave a note."""
        return self.carries(image) or self.carries(inline_form(image))

    def carries(self, block: Json) -> bool:
        """The block goes to the vendor as it is."""
        return self.route.vendor.protocol.carries(block, self.route.profile)

    def inline(self, block: Json, place: Place) -> list[Json]:
        """Base64: of a picture, a PDF or a text."""
        source = block["source"]
        found = decoded(str(source.get("data") or ""))
        if found is None:
            return self.problem(block, place.at(block["type"], "source", "base64"), DAMAGED, DAMAGED_NOTE)
        declared = str(source.get("media_type") or "").lower()
        form = declared if declared.startswith("text/") else media_type(found.data) or declared
        if form == PDF or not form and block["type"] == "document":
            return self.pdf(inlined(block, "document", PDF, found.text), found.data, place)
        if form.startswith("image/") or block["type"] == "image":
            form = form or "image/png"
            return self.picture(inlined(block, "image", form, found.text), form, found.data, place)
        return self.text(block, form, found, place)

    def picture(self, block: Json, form: str, data: bytes, place: Place) -> list[Json]:
        """A picture, unless the vendor is known to refuse its type or its size."""
        types = self.route.profile.image_types
        if types and form not in types:
            taken = " and ".join(sorted(one.removeprefix("image/").upper() for one in types))
            return [noted(block, FOREIGN_NOTE.format(form=form, title=self.route.vendor.title, taken=taken))]
        most, size = self.route.profile.image_bytes, len(data)
        if most and size > most:
            problem = f"image exceeds {most // 2**20} MB maximum: {size} bytes > {most} bytes"
            return self.problem(block, place.at("image", "source", "base64"), problem, TOO_LARGE_NOTE)
        return [block]

    def pdf(self, block: Json, data: bytes, place: Place) -> list[Json]:
        """A PDF where the vendor takes it, else its text."""
        if self.carries(block) and not place.spoken:
            return [block]
        most = min(MAX_CHARACTERS, (self.route.context_window or MAX_CHARACTERS) * CHARACTERS_PER_TOKEN)
        return [as_text(block, self.pdfs.read(data).words(most))]

    def text(self, block: Json, form: str, found: Decoded, place: Place) -> list[Json]:
        """A document of another type: text, or what the vendor may know."""
        try:
            return [as_text(block, found.data.decode(errors="replace" if form.startswith("text/") else "strict"))]
        except UnicodeDecodeError:
            if self.carries(block) and not place.spoken:
                return [block]
            problem, note = UNKNOWN.format(form=form), UNKNOWN_NOTE.format(form=form)
            return self.problem(block, place.at("document", "source", "base64"), problem, note)

    def linked(self, block: Json, place: Place) -> list[Json]:
        """An address: the vendor's to open, or opened by Rialto."""
        url = str(block["source"].get("url") or "")
        if source := data_source(url):
            return self.inline({**block, "source": source}, place)
        link = self.link(block, place)
        outcome = self.links.get(link) if link else None
        if link is None or outcome is None:
            return [block]
        if isinstance(outcome, Opened):
            source = {"type": "base64", "media_type": outcome.media_type, "data": outcome.data}
            return self.inline({**block, "source": source}, place)
        host = f" from {name}" if (name := host_of(url)) else ""
        note = FAILED_NOTE.format(kind=link.kind, url=url)
        return self.problem(block, place.at(link.kind, "source", "url"), f"could not be fetched{host}: {outcome}", note)

    def link(self, block: Json, place: Place) -> Link | None:
        """The address that Rialto must open for this block."""
        source = block["source"]
        url = str(source.get("url") or "")
        if source.get("type") != "url" or data_source(url) or (self.carries(block) and not place.spoken):
            return None
        kind = cast(Kind, block["type"])
        useless = kind == "image" and (place.spoken or not self.sees(block))
        return None if useless else Link(url, kind)

    def unfolded(self, block: Json, place: Place) -> list[Json]:
        """A document made of blocks. Its pictures step out of it, behind its title: inside they would not be seen."""
        inner = block["source"].get("content")
        if place.spoken or not isinstance(inner, list) or not any(self.is_seen(part) for part in inner):
            return [block]
        words = "\n".join(filter(None, (f"# {block.get('title') or 'document'}", block.get("context"))))
        made = [{"type": "text", "text": words}, *self.blocks(inner, place.at("document", "source", "content"))]
        mark = {"cache_control": block["cache_control"]} if block.get("cache_control") else {}
        return [*made[:-1], {**made[-1], **mark}]

    def is_seen(self, part: Any) -> bool:
        """The part of a document is a picture that the vendor takes."""
        return is_medium(part) and part["type"] == "image" and self.sees(part)

    def filed(self, block: Json, place: Place) -> list[Json]:
        """A file that the client has left here."""
        id = str(block["source"].get("file_id") or "")
        source = self.files(id)
        if source is None:
            where = place.at(block["type"], "source", "file_id")
            return self.problem(block, where, NO_FILE.format(id=id), NO_FILE_NOTE, 404)
        return self.inline({**block, "source": source}, place)

    def problem(self, block: Json, place: Place, sentence: str, note: str, status: int = 400) -> list[Json]:
        """An error in the newest message, a note in an older one."""
        if place.fresh and not self.lenient:
            raise InvalidRequest(f"{place.path}: {sentence}", status=status)
        return [noted(block, note)]


MEDIA = ("image", "document")
SOURCES: dict[str, Callable[[Rewriting, Json, Place], list[Json]]] = {
    "base64": Rewriting.inline,
    "url": Rewriting.linked,
    "content": Rewriting.unfolded,
    "file": Rewriting.filed,
}


def turns_of(message: Mapping[str, Any]) -> Iterator[tuple[Json, Place]]:
    """The messages of the conversation with their places. System messages behind the newest one do not count."""
    turns = message["messages"]
    newest = max((position for position, turn in enumerate(turns) if turn.get("role") != "system"), default=-1)
    for position, turn in enumerate(turns):
        spoken = turn.get("role") != "user"
        yield turn, Place(f"messages.{position}.content", position == newest, spoken)


def holds_media(content: Any) -> bool:
    """Whether `media_of` may find something; most conversations have none, and need no places."""
    for part in content if isinstance(content, list) else (content,):
        if isinstance(part, dict):
            if part.get("type") in MEDIA:
                return True
            part = part.get("content")
        if isinstance(part, (list, dict)) and holds_media(part):
            return True
    return False


def media_of(content: Any, place: Place) -> Iterator[tuple[Json, Place]]:
    """The images and documents in a value, however deep, with their places."""
    if isinstance(content, list):
        for position, part in enumerate(content):
            yield from media_of(part, place.at(position))
    elif is_medium(content):
        yield content, place
        yield from media_of(content["source"].get("content"), place)
    elif isinstance(content, Mapping):
        fetched = content.get("type") == "web_fetch_tool_result"
        yield from media_of(content.get("content"), replace(place, spoken=True) if fetched else place)


def is_medium(block: Any) -> bool:
    """An image or a document."""
    return isinstance(block, Mapping) and block.get("type") in MEDIA and isinstance(block.get("source"), Mapping)


def with_content(whole: Json, content: list[Json]) -> Json:
    """A message or a result with other content; the same object when it is the same."""
    old = whole["content"]
    same = len(old) == len(content) and all(one is other for one, other in zip(old, content, strict=True))
    return whole if same else {**whole, "content": content}


def host_of(url: str) -> str:
    """The host of a URL, "" when it has none; the rest of it may be secret."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def noted(block: Json, note: str) -> Json:
    """A text in place of the block, with its cache mark."""
    mark = {"cache_control": block["cache_control"]} if block.get("cache_control") else {}
    return {"type": "text", "text": note, **mark}


def inline_form(block: Json) -> Json:
    """The block as it would be with its data inside."""
    return {**block, "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}


def inlined(block: Json, kind: Kind, form: str, data: str) -> Json:
    """The block with the right kind, media type and base64; the same object when it has them."""
    source = {"type": "base64", "media_type": form, "data": data}
    return block if block["type"] == kind and block["source"] == source else {**block, "type": kind, "source": source}


def as_text(block: Json, text: str) -> Json:
    """The document with a text in place of its file."""
    return {**block, "source": {"type": "text", "media_type": "text/plain", "data": text}}
