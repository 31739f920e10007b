"""The text of a web page: headings, lists, links and paragraphs as plain lines, without scripts, styles and menus.

One pass without a tree, so that neither a deep nor a broken page can hold a worker up: what is not closed is never
looked for twice. The standard library's parser looks again from every mark, which takes hours for a page made to do so
(https://www.cve.org/CVERecord?id=CVE-2025-6069, read 2026-11-21).
"""

from __future__ import annotations

import html
import re

#: Elements whose content is never text of the page.
HIDDEN = frozenset({"noscript", "template", "svg", "nav", "iframe", "object", "select", "button"})
#: Elements that hold no others: only their own end ends them.
RAW = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in ("script", "style", "title")}
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


#: What begins at a `<`: a comment, a tag, or something else that ends at the next `>`.
MARK = re.compile(r"<(?:(?P<comment>!--)|(?P<end>/?)(?P<name>[a-zA-Z][^\s/<>]*+)|[!?/])")
#: The rest of a tag, with `>` in quotes; one that is longer, or has quotes astray, ends at the next `>`.
REST = re.compile(r"(?:[^\"'<>]++|\"[^\"]*+\"|'[^']*+')*+>")
LONGEST_TAG = 1024
#: Numbers of characters that there cannot be; Python refuses to read very long ones.
NO_CHARACTER = re.compile(r"&#x?[0-9a-f]{9,};?", re.IGNORECASE)


class Reader:
    """Collects the title and the pieces of text."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.title = ""
        self._hidden = ""
        self._depth = 0

    def read(self, markup: str) -> None:
        """A whole page."""
        place = 0
        while mark := MARK.search(markup, place):
            self._say(markup[place : mark.start()])
            place = self._marked(markup, mark)
        self._say(markup[place:])

    def _marked(self, markup: str, mark: re.Match[str]) -> int:
        """Takes what a mark begins, and says where it ends."""
        name = (mark["name"] or "").lower()
        end = ending(markup, mark)
        if end < 0:
            self._say("" if mark["comment"] else markup[mark.start() :])
            return len(markup)
        if mark["end"]:
            self._end(name)
        elif name in RAW and markup[end - 2] != "/":
            return self._raw(markup, name, end)
        elif name:
            self._start(name)
            if name in HIDDEN and markup[end - 2] == "/":
                self._end(name)
        return end

    def _raw(self, markup: str, name: str, place: int) -> int:
        """The content of an element that holds no others: it is a title, or nobody sees it."""
        closing = RAW[name].search(markup, place)
        end = closing.start() if closing else len(markup)
        if name == "title" and not self._hidden:
            self.title = self.title or unescaped(markup[place:end])
        return end

    def _start(self, name: str) -> None:
        """Begins a line, or something that is hidden up to its own end."""
        if self._hidden:
            self._depth += name == self._hidden
        elif name in HIDDEN:
            self._hidden, self._depth = name, 1
        elif name in LINES:
            self.pieces.append("\n" + MARKS.get(name, ""))

    def _end(self, name: str) -> None:
        """Ends what its start began."""
        if name == self._hidden:
            self._depth -= 1
            if not self._depth:
                self._hidden = ""
        elif name in LINES and not self._hidden:
            self.pieces.append("\n")

    def _say(self, text: str) -> None:
        """Text of the page."""
        if text and not self._hidden:
            self.pieces.append(unescaped(text))


def ending(markup: str, mark: re.Match[str]) -> int:
    """The place behind what a mark begins, -1 when it does not end."""
    if mark["comment"]:
        return behind(markup, "-->", mark.start() + 2)
    rest = REST.match(markup, mark.end(), mark.end() + LONGEST_TAG) if mark["name"] else None
    return rest.end() if rest else behind(markup, ">", mark.end())


def behind(markup: str, words: str, place: int) -> int:
    """The place behind the next such words, -1 when there are none."""
    found = markup.find(words, place)
    return found + len(words) if found >= 0 else -1


def unescaped(text: str) -> str:
    """A text with its entities as characters."""
    return html.unescape(NO_CHARACTER.sub("\ufffd", text)) if "&" in text else text


def page_text(markup: str) -> tuple[str, str]:
    """(title, text) of a page."""
    reader = Reader()
    reader.read(markup)
    lines = (SPACES.sub(" ", line).strip() for line in "".join(reader.pieces).split("\n"))
    return SPACES.sub(" ", reader.title).strip(), EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()
