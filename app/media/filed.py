"""Files that clients have left with Rialto, in the place of `source: {"type": "file"}`."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from translators.core.errors import TooLarge
from translators.core.pictures import PDF
from translators.core.vendor import Json

Filed = Callable[[str], Json | None]
"""The base64 source of a file by its id; None when the client has none of that id."""


def no_files(id: str) -> Json | None:
    """The client has no file."""
    return None


def bounded(files: Filed, most: int) -> Filed:
    """The files, as long as all together have at most so many bytes: a few words that name one again and again could
    fill the memory. Beyond that they raise `TooLarge`.
    """
    taken = 0

    def find(id: str) -> Json | None:
        nonlocal taken
        source = files(id)
        taken += len(source["data"]) * 3 // 4 if source else 0
        if taken > most:
            raise TooLarge(f"the files of one message have more than {most // 1_000_000} MB (MAX_FILE_MB sets it)")
        return source

    return find


def inlined(message: Json, files: Filed) -> Json:
    """The message with the client's files inside; other ids stay, for whoever gave them."""
    turns = within(message["messages"], files)
    return message if turns is message["messages"] else {**message, "messages": turns}


def within(part: Any, files: Filed) -> Any:
    """A message, a block or a list of them, with the files inside; the same object when there are none."""
    if isinstance(part, list):
        made = [within(inner, files) for inner in part]
        return part if all(one is other for one, other in zip(part, made, strict=True)) else made
    if not isinstance(part, Mapping):
        return part
    source = part.get("source")
    if part.get("type") in ("image", "document") and isinstance(source, Mapping):
        return block_of(part, source, files)
    content = within(part.get("content"), files)
    return part if content is part.get("content") else {**part, "content": content}


def block_of(block: Mapping[str, Any], source: Mapping[str, Any], files: Filed) -> Mapping[str, Any]:
    """An image or a document with its file inside."""
    if source.get("type") != "file":
        content = within(source.get("content"), files)
        return block if content is source.get("content") else {**block, "source": {**source, "content": content}}
    found = files(str(source.get("file_id") or ""))
    return block if found is None else {**block, "source": plain(found)}


def plain(source: Json) -> Json:
    """The source as Anthropic takes it: images and PDFs as base64, words as text."""
    form = source["media_type"]
    if form.startswith("image/") or form == PDF:
        return source
    try:
        words = base64.b64decode(source["data"]).decode()
    except UnicodeDecodeError:
        return source
    return {"type": "text", "media_type": "text/plain", "data": words}
