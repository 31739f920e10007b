"""What no capture may hold: keys, in values, headers, addresses and raw bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, quote_plus

from app.logs.redaction import KEY, LEAST_KEY

#: What looks like a key. Unlike the pattern of the logs it stops at a backslash, so that escaped JSON stays JSON.
LOOKS = rb"\b(?:(?:sk|tp|gsk|nvapi|fw|xai)[-_]|AIza)[A-Za-z0-9_\-]{12,}|(?<=[Bb]earer )[^\s\"',;\\\[]+"
#: The client's headers whose values are of use and say nothing about who sends them: names, and their beginnings.
PLAIN = frozenset({"user-agent", "x-app", "x-rialto-via", "traceparent", "retry-after", "retry-after-ms"})
PLAIN_BEGINNINGS = ("accept", "anthropic-", "content-", "x-stainless-", "x-claude-", "x-should-", "x-dashscope")
#: Headers that say who sends them, or prove it.
PRIVATE = re.compile(r"auth|key|token|secret|password|cookie|session|signature|organi[sz]ation|forwarded|-ip$|user$")
#: A part of an address whose value is a secret, and a name and password before the host.
QUERY = re.compile(r"((?:^|[?&])[^=&#]*(?:key|token|secret|sig|password|auth|code)[^=&#]*=)[^&#]*", re.IGNORECASE)
LOGIN = re.compile(r"(?<=://)[^/@\s]+@")


class Secrets:
    """Takes secrets out of everything that a capture holds."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts = tuple(text for text in texts if len(text) >= LEAST_KEY)
        forms = sorted({form for text in self._texts for form in spellings(text)}, key=len, reverse=True)
        known = b"|".join(re.escape(form.encode("utf-8", "replace")) for form in forms)
        self._pattern = re.compile(known + b"|" + LOOKS if known else LOOKS)

    def and_others(self, texts: Iterable[str]) -> Secrets:
        """With further texts."""
        more = [text for text in texts if len(text) >= LEAST_KEY]
        return Secrets((*self._texts, *more)) if more else self

    def data(self, data: bytes) -> bytes:
        """The bytes without secrets."""
        return self._pattern.sub(KEY.encode(), data)

    def text(self, text: str) -> str:
        """The text without secrets."""
        return self.data(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def value(self, value: Any) -> Any:
        """The JSON value without secrets in its texts."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(name): self.value(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(inner) for inner in value]
        return value

    def pieces(self, pieces: Sequence[bytes]) -> list[bytes]:
        """Bytes that came in pieces, cut at the same places; a secret that was cut goes with its first piece."""
        whole = b"".join(pieces)
        spans = [found.span() for found in self._pattern.finditer(whole)]
        if not spans:
            return list(pieces)
        clean, edges, end = self.data(whole), [0], 0
        for piece in pieces:
            end += len(piece)
            edges.append(moved(end, spans))
        return [clean[start:stop] for start, stop in zip(edges, edges[1:], strict=False)]

    def headers(self, headers: Mapping[str, str], plain_only: bool = False) -> dict[str, str]:
        """The headers; the values of some are hidden. `plain_only` hides all that are not known to say nothing."""
        return {name: self._header(name.lower(), value, plain_only) for name, value in headers.items()}

    def address(self, url: str) -> str:
        """The address, or its query string, without what proves who asks."""
        return self.text(QUERY.sub(rf"\1{KEY}", LOGIN.sub(f"{KEY}@", url)))

    def _header(self, name: str, value: str, plain_only: bool) -> str:
        if name in PLAIN or name.startswith(PLAIN_BEGINNINGS):
            return self.text(value)
        return KEY if plain_only or PRIVATE.search(name) else self.text(value)


def spellings(text: str) -> Iterator[str]:
    """The forms in which a text may be repeated: as it is, in an address, inside JSON."""
    yield from (text, quote(text, safe=""), quote(text), quote_plus(text))
    yield from (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])


def moved(place: int, spans: Iterable[tuple[int, int]]) -> int:
    """Where a cut is once each span has become the mark of a key."""
    shift = 0
    for start, end in spans:
        if start >= place:
            break
        if end > place:
            return start + shift + len(KEY)
        shift += len(KEY) - (end - start)
    return place + shift
