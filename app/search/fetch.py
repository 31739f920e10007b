"""Opens a page that a model asks for: through the guard, within the domains of the request, and only what somebody
other than the model has named.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime

from app.search.named import is_named
from app.search.text import page_text
from app.upstream.fetch import Fetched, Fetcher
from app.upstream.guard import MAX_URL, Unfetched
from app.upstream.upstream import Line
from translators.core.pictures import PDF
from translators.core.search import FETCH, WebTool, failed, fetched
from translators.core.vendor import Json

#: Characters of a page's markup that are read.
MOST_MARKUP = 2 * 2**20
#: Bytes of one page; tokens of its text that are kept when the request says nothing; characters to a token.
MOST_BYTES = 5 * 2**20
MOST_TOKENS = 20_000
CHARACTERS_PER_TOKEN = 4
ACCEPT = "text/html, text/plain, application/pdf, application/json;q=0.9, text/*;q=0.8"
TEXTS = re.compile(r"text/|application/(?:[\w.+-]*\+)?(?:json|xml)\b")
CHARSET = re.compile(rb"charset=[\"']?([\w-]+)")
#: Python's own encodings of names of hosts, which take hours for a long text.
NO_CHARSETS = frozenset({"punycode", "idna"})
CUT = "\n[The page goes on; the rest is left out.]"


class Pages:
    """Opens pages. Without a fetcher none is opened."""

    def __init__(self, fetcher: Fetcher | None = None, seconds: float = 15.0) -> None:
        self._fetcher = fetcher
        self._seconds = seconds

    def result(self, id: str, given: Json, tool: WebTool, seen: Callable[[], str], line: Line) -> Json:
        """The result block of a call. `seen` gives the text in which an address must stand."""
        url = given.get("url")
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            return failed(id, FETCH, "invalid_tool_input")
        if code := self._refusal(url, tool, seen):
            return failed(id, FETCH, code)
        assert self._fetcher is not None
        trip = self._fetcher.start(url, accept=ACCEPT, most=MOST_BYTES, seconds=self._seconds)
        try:
            found = trip.result(line.wait)
        except Unfetched:
            return failed(id, FETCH, "url_not_accessible")
        if not tool.admits(found.url):
            return failed(id, FETCH, "url_not_allowed")
        document = document_of(found, tool.most_tokens or MOST_TOKENS)
        if document is None:
            return failed(id, FETCH, "unsupported_content_type")
        return fetched(id, url, document, datetime.now(UTC).isoformat(timespec="seconds"))

    def _refusal(self, url: str, tool: WebTool, seen: Callable[[], str]) -> str:
        """Why an address is not even tried; "" for one that is."""
        if self._fetcher is None:
            return "unavailable"
        if len(url) > MAX_URL:
            return "url_too_long"
        if not tool.admits(url):
            return "url_not_allowed"
        return "" if is_named(url, seen()) else "url_not_in_prior_context"


def document_of(found: Fetched, most_tokens: int) -> Json | None:
    """A page as a document block; None for a file that is neither text nor PDF."""
    if found.data.startswith(b"%PDF-"):
        data = base64.b64encode(found.data).decode()
        return {"type": "document", "source": {"type": "base64", "media_type": PDF, "data": data}}
    if found.content_type and not TEXTS.match(found.content_type):
        return None
    title, text = readable(found)
    most = most_tokens * CHARACTERS_PER_TOKEN
    kept = text if len(text) <= most else text[:most] + CUT
    source = {"type": "text", "media_type": "text/plain", "data": kept or "(The page holds no text.)"}
    return {"type": "document", "source": source, **({"title": title} if title else {})}


def readable(found: Fetched) -> tuple[str, str]:
    """(title, text) of a file."""
    named = CHARSET.search(found.data[:2048])
    charset = named[1].decode() if named else "utf-8"
    try:
        words = found.data.decode("utf-8" if charset.lower() in NO_CHARSETS else charset, "replace")
    except (LookupError, UnicodeError):
        words = found.data.decode("utf-8", "replace")
    is_markup = "html" in found.content_type or words.lstrip()[:15].lower().startswith(("<!doctype html", "<html"))
    return page_text(words[:MOST_MARKUP]) if is_markup else ("", words)
