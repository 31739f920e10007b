"""The pictures of a message, and descriptions in their places."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.media.blocks import Place, media_of, turns_of
from translators.core.vendor import Json

Put = Callable[[Json], Json]
"""A picture's block -> what stands in its place."""


def pictures_of(message: Mapping[str, Any]) -> Iterator[tuple[Json, Place]]:
    """All pictures in what users and tools have said, with their places, the newest first."""
    for turn, place in reversed(list(turns_of(message))):
        found = [] if place.spoken else list(media_of(turn.get("content"), place))
        yield from ((block, where) for block, where in reversed(found) if block["type"] == "image" and not where.spoken)


def with_pictures(message: Json, put: Put) -> Json:
    """The message with every picture replaced; whatever holds none is the same object."""
    turns = [within(turn, "content", put) for turn in message["messages"]]
    return {**message, "messages": turns}


def within(whole: Json, key: str, put: Put) -> Json:
    """A message, a result or a source with the pictures in its list of blocks replaced."""
    content = whole.get(key)
    if not isinstance(content, list):
        return whole
    made = [replaced(block, put) for block in content]
    return whole if all(one is other for one, other in zip(made, content, strict=True)) else {**whole, key: made}


def replaced(block: Json, put: Put) -> Json:
    """A block, itself a picture or holding some."""
    match block.get("type"):
        case "image":
            return put(block)
        case "tool_result":
            return within(block, "content", put)
        case "document" if isinstance(block.get("source"), Mapping):
            source = within(block["source"], "content", put)
            return block if source is block["source"] else {**block, "source": source}
        case _:
            return block
