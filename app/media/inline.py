"""Base64 as clients send it: mended where that is safe, and the bytes in it."""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

URL_ALPHABET = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text in strict base64 and its bytes."""

    text: str
    data: bytes


def decoded(text: str) -> Decoded | None:
    """The bytes of a base64 text; None for one that is empty or damaged.

    Line breaks, missing padding, the URL alphabet and a data URL's head in front are mended.
    """
    found = strict(text) or strict(mended(text))
    return found if found and found.data else None


def strict(text: str) -> Decoded | None:
    """The bytes of a text that needs no mending."""
    try:
        return Decoded(text, a2b_base64(text, strict_mode=True))
    except ValueError:
        return None


def mended(text: str) -> str:
    """The text in the alphabet and with the padding of strict base64."""
    body = text.partition(",")[2] if text.startswith("data:") else text
    letters = "".join(body.split()).translate(URL_ALPHABET).rstrip("=")
    return letters + "=" * (-len(letters) % 4)


def data_source(url: str) -> dict[str, Any] | None:
    """The base64 source that a data URL stands for; None for any other URL."""
    head, comma, body = url.partition(",")
    if not comma or not head.lower().startswith("data:"):
        return None
    kind, *parameters = head[len("data:") :].split(";")
    if "base64" in map(str.lower, parameters):
        return {"type": "base64", "media_type": kind.lower(), "data": body}
    data = b2a_base64(unquote_to_bytes(body), newline=False).decode()
    return {"type": "base64", "media_type": kind.lower() or "text/plain", "data": data}
