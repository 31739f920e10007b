"""The text of a web page: headings, lists, links and paragraphs as plain lines, without scripts, styles and menus.

One pass without a tree, so that neither a deep nor a broken page can hold a worker up.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

#: Elements whose content is never text of the page.
HIDDEN = frozenset({"script", "style", "noscript", "template", "svg", "nav", "iframe", "object", "select", "button"})
#: Elements that begin a line.
LINES = frozenset(
    [
        *("p", "div", "br", "li", "tr", "section", "article", "header", "footer", "main", "aside", "blockquote"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "pre", "table", "ul", "ol", "dl", "dt", "dd", "figure", "hr", "form"),
    ]
)
MARKS = {"li": "- ", "h1": "# ", "h2": "## ", "h3": "### ", "h4": "#### "}
SPACES = re.compile(r"[ \t\r\f\v\xa0]+")
EMPTY_LINES = re.compile(r"\n\s*\n\s*")


class Reader(HTMLParser):
    """Collects the title and the pieces of text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.title = ""
        self._hidden = ""
        self._depth = 0
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begins a line, or something that is hidden up to its own end."""
        if self._hidden:
            self._depth += tag == self._hidden
        elif tag in HIDDEN:
            self._hidden, self._depth = tag, 1
        elif tag == "title":
            self._in_title = not self.title
        elif tag in LINES:
            self.pieces.append("\n" + MARKS.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        """Ends what its start began."""
        if tag == self._hidden:
            self._depth -= 1
            if not self._depth:
                self._hidden = ""
        elif tag == "title":
            self._in_title = False
        elif tag in LINES and not self._hidden:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        """Text of the page, or its title."""
        if self._in_title:
            self.title += data
        elif not self._hidden:
            self.pieces.append(data)


def page_text(markup: str) -> tuple[str, str]:
    """(title, text) of a page."""
    reader = Reader()
    reader.feed(markup)
    reader.close()
    lines = (SPACES.sub(" ", line).strip() for line in "".join(reader.pieces).split("\n"))
    return SPACES.sub(" ", reader.title).strip(), EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()
