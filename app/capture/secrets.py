"""What no capture may hold: keys, in values, headers, addresses and raw bytes."""

from __future__ import annotations

import base64
import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, quote_plus

from app.logs.redaction import KEY, LEAST_KEY

#: What looks like a key: those of vendors, of Rialto's own clients, of places that are often named in files. Unlike the
#: pattern of the logs it stops at a backslash, so that escaped JSON stays JSON, and begins behind an escaped line feed.
LOOKS = (
    rb"(?:\b|(?<=\\[bfnrt]))(?:(?:sk|tp|gsk|nvapi|fw|xai|csk|pplx|hf|r8|ghp|gho|ghs|github_pat|glpat|xox[abp])[-_]|AIza)"
    rb"[A-Za-z0-9_\-]{12,}|rialto-[A-Za-z0-9_\-]{40,}|(?:\b|(?<=\\[bfnrt]))AKIA[A-Z0-9]{16}\b"
    rb"|(?<=[Bb]earer )[^\s\"',;\\\[]+"
)
#: The client's headers whose values are of use and say nothing about who sends them: names, and their beginnings.
PLAIN = frozenset({"user-agent", "x-app", "x-rialto-via", "traceparent", "retry-after", "retry-after-ms"})
PLAIN_BEGINNINGS = ("accept", "anthropic-", "content-", "x-stainless-", "x-claude-", "x-should-", "x-dashscope")
#: Headers that say who sends them, or prove it.
PRIVATE = re.compile(r"auth|key|token|secret|password|cookie|session|signature|forwarded|-ip$|user$")
#: Those that say whose the account is, whatever they begin with, and those that hold an address.
OWNER = re.compile(r"organi[sz]ation|workspace|user-profile|^openai-project$")
ADDRESSES = frozenset({"location", "content-location", "link", "referer", "refresh"})
#: A part of an address whose value is a secret, and a name and password before the host.
QUERY = re.compile(
    r"((?:^|[?&])[^=&#]*(?:key|token|secret|sig|pass|pwd|auth|code|credential|jwt)[^=&#]*=)[^&#>]*", re.IGNORECASE
)
#: The words of an answer in the events of every wire: the name of their field, and what is said.
TOLD = re.compile(
    rb'(?<!\\)"(text|content|arguments|partial_json|thinking|delta|reasoning|reasoning_content|reasoning_text|input)"'
    rb'\s*+:\s*+"((?:[^"\\]|\\.)*+)"'
)
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
        whole = unspoken(b"".join(pieces), self._pattern)
        spans = [found.span() for found in self._pattern.finditer(whole)]
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
        if OWNER.search(name):
            return KEY
        if name in ADDRESSES and not plain_only:
            return self.address(value)
        if name in PLAIN or name.startswith(PLAIN_BEGINNINGS):
            return self.text(value)
        return KEY if plain_only or PRIVATE.search(name) else self.text(value)


def unspoken(data: bytes, pattern: re.Pattern[bytes]) -> bytes:
    """The bytes of an answer without secrets in what a model has said, of which each event may hold a part: every
    letter of one becomes an x. Nothing moves, so that a replay, which cuts and joins the words again, says the same.
    """
    told: dict[bytes, list[tuple[int, int]]] = {}
    for found in TOLD.finditer(data):
        told.setdefault(found[1], []).append(found.span(2))
    clean = bytearray(data)
    for spans in told.values():
        text, edges = b"".join(data[start:end] for start, end in spans), [0]
        for start, end in spans:
            edges.append(edges[-1] + end - start)
        for secret in pattern.finditer(text):
            hide(clean, secret.span(), spans, edges)
    return bytes(clean)


def hide(data: bytearray, secret: tuple[int, int], spans: Sequence[tuple[int, int]], edges: Sequence[int]) -> None:
    """Writes over a secret, which may lie in several spans; `edges` are their borders in the joined text."""
    first, last = bisect_right(edges, secret[0]) - 1, bisect_left(edges, secret[1]) - 1
    for at in range(first, last + 1):
        start = spans[at][0] + max(0, secret[0] - edges[at])
        end = spans[at][0] + min(edges[at + 1], secret[1]) - edges[at]
        data[start:end] = b"x" * (end - start)


def spellings(text: str) -> Iterator[str]:
    """The forms in which a text may be repeated: as it is, in an address, inside JSON, inside of something in base64,
    where its first and last letters share theirs with what is around it.
    """
    yield from (text, quote(text, safe=""), quote(text), quote_plus(text))
    data = text.encode("utf-8", "replace")
    for before in range(3):
        coded = base64.b64encode(bytes(before) + data).decode()
        yield coded[(before * 8 + 5) // 6 : (before + len(data)) * 8 // 6]
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
