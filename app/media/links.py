"""Images and PDFs behind addresses, for vendors that open none: fetched once in a conversation, so that its every turn
has the same bytes.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from app.media.cache import Bounded
from app.upstream.fetch import Fetcher
from app.upstream.guard import Unfetched, checked
from translators.core.pictures import PDF, media_type

Kind = Literal["image", "document"]

#: Bytes of one file.
MOST: Mapping[Kind, int] = {"image": 10 * 2**20, "document": 32 * 2**20}
ACCEPT: Mapping[Kind, str] = {"image": "image/*", "document": PDF}
NAMES: Mapping[Kind, str] = {"image": "image", "document": "PDF"}
#: Seconds for all addresses of one request.
SECONDS = 20.0
#: Addresses that are opened at once.
AT_ONCE = 8
#: Bytes in base64 that are kept of all conversations.
KEPT = 128 * 2**20
#: Seconds for which a failure in an older turn is not tried again.
REST = 300.0
SWITCHED_OFF = "Rialto fetches no addresses (URL_FETCH=off)"


@dataclass(frozen=True, slots=True)
class Opened:
    """A file as it goes into a request: media type and base64."""

    media_type: str
    data: str


@dataclass(frozen=True, slots=True)
class Link:
    """An address and what it should be."""

    url: str
    kind: Kind


Outcome = Opened | Unfetched


class Links:
    """Opens addresses and remembers what was there. For any thread. Without a fetcher every address fails."""

    def __init__(self, fetcher: Fetcher | None) -> None:
        self._fetcher = fetcher
        self._known: Bounded[Opened] = Bounded(KEPT)
        self._failed: Bounded[tuple[float, Unfetched]] = Bounded(10_000)

    def known(self, conversation: str, wanted: Iterable[Link]) -> dict[Link, Outcome]:
        """What is remembered."""
        found = {link: self._known.read((conversation, link)) for link in wanted}
        return {link: opened for link, opened in found.items() if opened}

    def opened(self, conversation: str, wanted: Mapping[Link, bool]) -> dict[Link, Outcome]:
        """What is behind each address, fetched where it is not remembered. `wanted` says whether the newest message
        has it: then a failure is tried again each time, otherwise it may rest.
        """
        found = self.known(conversation, wanted)
        for link, fresh in wanted.items():
            if not fresh and link not in found and (failure := self._failure(conversation, link)):
                found[link] = failure
        for link, outcome in self._fetched([link for link in wanted if link not in found]):
            found[link] = outcome
            if isinstance(outcome, Opened):
                self._known.write((conversation, link), outcome, len(outcome.data))
            else:
                self._failed.write((conversation, link), (time.monotonic(), outcome), 1)
        return found

    def _failure(self, conversation: str, link: Link) -> Unfetched | None:
        failed = self._failed.read((conversation, link))
        return failed[1] if failed and time.monotonic() - failed[0] < REST else None

    def _fetched(self, links: list[Link]) -> Iterator[tuple[Link, Outcome]]:
        if self._fetcher is None:
            yield from ((link, Unfetched(SWITCHED_OFF)) for link in links)
            return
        end = time.monotonic() + SECONDS
        for start in range(0, len(links), AT_ONCE):
            seconds = round(end - time.monotonic(), 1)
            if seconds <= 0:
                yield from ((link, Unfetched("there are too many addresses")) for link in links[start:])
                return
            begun = [
                (link, self._fetcher.start(link.url, accept=ACCEPT[link.kind], most=MOST[link.kind], seconds=seconds))
                for link in links[start : start + AT_ONCE]
            ]
            for link, trip in begun:
                try:
                    fetched = trip.result()
                    yield link, opened(fetched.data, fetched.content_type, link.kind)
                except Unfetched as problem:
                    yield link, problem


def opened(data: bytes, called: str, kind: Kind) -> Opened:
    """A file that its bytes show to be of the kind; `called` is what the server says of it. Raises `Unfetched`."""
    found = media_type(data)
    if not (found.startswith("image/") if kind == "image" else found == PDF):
        raise Unfetched(f"it is no {NAMES[kind]} (but {found or called or 'something unknown'})")
    return Opened(found, base64.b64encode(data).decode())


def links_for(reach: str) -> Links:
    """The links of a URL_FETCH setting: public, private or off."""
    return Links(fetcher_for(reach))


def fetcher_for(reach: str) -> Fetcher | None:
    """What opens addresses under that setting."""
    if reach == "off":
        return None
    return Fetcher(partial(checked, reach="private" if reach == "private" else "public"))
