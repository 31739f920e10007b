"""What a vendor's own search has found, as the blocks that Anthropic's would be.

Vendors tell the pages beside the search, with the text, or behind it. Anthropic's order is search, pages, text with
citations. So from the search on, or from the start where a vendor tells it late, the text waits until the answer ends
or a tool is called; then titles are known too. Decoders say `Looked` and `Cited`; other filters never see them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from translators.core.deltas import Block, Cite, Delta, Opaque, Text, Thinking, ToolCall
from translators.core.search import SEARCH, Page, citation, failed, found, server_use


@dataclass(frozen=True, slots=True)
class Looked:
    """A search that the vendor has made: "" stands for a query that it does not tell."""

    query: str = ""
    pages: tuple[Page, ...] = ()
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Cited:
    """The text rests on a page. `place` is the vendor's position of it, told apart from others only."""

    page: Page
    place: Any = None


class Searches:
    """A filter: searches and citations become blocks. `late` vendors tell of them behind the text."""

    def __init__(self, late: bool) -> None:
        self._late = late
        self._looked: list[Looked] = []
        self._cited: list[Cited] = []
        self._held: list[Any] = []
        self._searches = 0

    def feed(self, delta: Any) -> Iterator[Delta]:
        """What becomes of one delta."""
        match delta:
            case Looked():
                self._looked.append(delta)
            case Cited():
                self._cite(delta)
            case Text():
                return self._text(delta)
            case Thinking() | Opaque() if self._held:
                self._held.append(delta)
            case ToolCall():
                return iter((*self.close(), delta))
            case _:
                return iter((delta,))
        return iter(())

    def close(self) -> Iterator[Delta]:
        """What was held back, behind the searches that it rests on."""
        looked, held = self._completed(), self._held
        self._looked, self._cited, self._held = [], [], []
        for search in looked:
            yield from self._blocks(search)
        known = {page.url: page for search in looked for page in search.pages}
        for item in held:
            yield Cite(citation(known.get(item.page.url, item.page))) if isinstance(item, Cited) else item

    def _text(self, delta: Text) -> Iterator[Delta]:
        if not (self._late or self._looked):
            return iter((delta,))
        self._held.append(delta)
        return iter(())

    def _cite(self, cited: Cited) -> None:
        """Some vendors tell a citation twice, with the text and at the end."""
        if cited in self._cited or not cited.page.url:
            return
        self._cited.append(cited)
        self._held.append(cited)

    def _completed(self) -> list[Looked]:
        """The searches: titles out of the citations, and cited pages that belong to none with the last one."""
        titles = {cited.page.url: cited.page for cited in self._cited}
        known = {page.url for search in self._looked for page in search.pages}
        looked = [replace(one, pages=tuple(better(page, titles) for page in one.pages)) for one in self._looked]
        more = tuple(page for url, page in titles.items() if url not in known)
        if not more:
            return looked
        last = looked[-1] if looked else Looked()
        return [*looked[:-1], replace(last, pages=(*last.pages, *more), failed=False)]

    def _blocks(self, search: Looked) -> Iterator[Delta]:
        """The two blocks; the stream gives them their ids."""
        self._searches += 1
        id = f"search_{self._searches}"
        yield Block(server_use(id, SEARCH, {"query": search.query} if search.query else {}))
        yield Block(failed(id, SEARCH, "unavailable") if search.failed else found(id, search.pages))


def better(page: Page, known: dict[str, Page]) -> Page:
    """The page with what a citation adds."""
    cited = known.get(page.url)
    if cited is None:
        return page
    return replace(page, title=page.title or cited.title, text=page.text or cited.text, age=page.age or cited.age)
