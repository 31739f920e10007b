"""The structure of a system prompt: headings, list items, paragraphs, tables, code, tagged regions; and which of them
say something that no summary may change.

It knows Markdown and tags, and a few English words that headings are made of; no prompt of anybody's. What cannot be
told apart counts as protected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Kind = Literal["blank", "heading", "item", "paragraph", "table", "fence", "tag"]

#: Characters below which a block is left alone: a line on who is who, or a client's mark.
SHORT_BLOCK = 400

HEADING = re.compile(r"(#{1,6})\s+(.*)")
ITEM = re.compile(r"(\s*)(?:[-*+•]|\d{1,3}[.)])\s+")
FENCE = re.compile(r"\s*(`{3,}|~{3,})")
OPENING = re.compile(r"\s*<([A-Za-z][\w:.-]*)(?:\s[^<>]*)?>")
TAG = re.compile(r"<(/?)([A-Za-z][\w:.-]*)(?:\s[^<>]*)?(?<!/)>")
EXAMPLE_WORDS = re.compile(r"\bexamples?\b|\be\.g\.|\bfor instance\b|\bsuch as\b", re.IGNORECASE)

#: Words of headings whose sections hold facts, the user's own words, or how tools are used.
PROTECTED_HEADINGS = re.compile(
    r"\b(environment|platform|workspace|working director\w*|project\w*|repositor\w+|codebase|git|dates?|session|"
    r"context|users?|memor(?:y|ies)|instructions?|preferences?|languages?|output styles?|tools?|functions?|mcp|"
    r"servers?|permissions?|hooks?|skills?|agents?|safety|security|sandbox\w*)\b|\.md\b",
    re.IGNORECASE,
)
MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\b"
NAME_BEGINS = r"(?<![\w.@+/~-])"
#: Paths, dates, addresses, long ids: what describes this machine, this day, this session.
FACTS = re.compile(
    "|".join(
        (
            r"(?<![\w.~<])~?(?:/[\w.@+-]+){2,}|\b[A-Za-z]:\\",
            rf"{NAME_BEGINS}(?:~|\.\.?)/\w",
            rf"{NAME_BEGINS}[\w@+-][\w.@+-]*(?:(?:/[\w.@+-]+){{2,}}|/[\w@+-]+\.\w)",
            rf"\b\d{{4}}-\d\d-\d\d\b|\b\d\d?[./]\d\d?[./]\d\d|\b{MONTH}\.?\s\d|\b\d\d?(?:st|nd|rd|th)?\.?\s{MONTH}",
            r"\bhttps?://|\b\d{1,3}(?:\.\d{1,3}){3}\b|\blocalhost\b|(?<![\w.+-])[\w.+-]+@[\w-]+\.\w",
            r"\b[0-9a-f]{8}-[0-9a-f]{4}-|\b[0-9a-f]{12,}\b",
        )
    )
)
#: `key: value` with a value that is no sentence.
SETTING = re.compile(r"^\s*(?:[-*+]\s+)?[\w .()'/-]{2,40}:[ \t]+\S{1,40}(?:[ \t]\S{1,20}){0,2}[ \t]*$", re.MULTILINE)
TOOL_WORDS = re.compile(r"\btools?\b|\bmcp__|\bCLAUDE\.md\b|\bAGENTS\.md\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a prompt. `block` is the number of its text block, `section` all headings above it, `name` a tag's.
    The texts of a block's parts, joined by line breaks, are the block.
    """

    block: int
    kind: Kind
    text: str
    section: str = ""
    name: str = ""
    protected: bool = False


@dataclass(slots=True)
class Reader:
    """Cuts the text of one block into parts."""

    block: int
    lines: list[str]
    tools: re.Pattern[str] | None
    headings: dict[int, str] = field(default_factory=dict)
    """Level -> heading."""
    spans: dict[int, tuple[Kind, int]] = field(default_factory=dict)
    """First line of code or of a tagged region -> which of them, last line."""

    def parts(self) -> Iterator[Part]:
        """All parts in their order."""
        fences = dict(fence_spans(self.lines))
        tags = tag_spans(self.lines, fences)
        self.spans = {first: ("tag", last) for first, last in tags.items() if OPENING.match(self.lines[first])}
        self.spans |= {first: ("fence", last) for first, last in fences.items()}
        place = 0
        while place < len(self.lines):
            kind, end = self._next(place)
            text = "\n".join(self.lines[place:end])
            if found := HEADING.match(text) if kind == "heading" else None:
                self.headings = {level: words for level, words in self.headings.items() if level < len(found[1])}
                self.headings[len(found[1])] = found[2]
            opened = OPENING.match(text) if kind == "tag" else None
            name = opened[1].lower() if opened else ""
            part = Part(self.block, kind, text, " / ".join(self.headings.values()), name)
            yield replace(part, protected=self._is_protected(part))
            place = end

    def _next(self, place: int) -> tuple[Kind, int]:
        """Kind and end of the part that begins at a line."""
        line = self.lines[place]
        if not line.strip():
            return "blank", place + 1
        if place in self.spans:
            kind, last = self.spans[place]
            return kind, last + 1
        if HEADING.match(line):
            return "heading", place + 1
        kind = "table" if line.lstrip().startswith("|") else "item" if ITEM.match(line) else "paragraph"
        end = place + 1
        while end < len(self.lines) and end not in self.spans and self._goes_on(kind, place, end):
            end += 1
        return kind, end

    def _goes_on(self, kind: Kind, first: int, place: int) -> bool:
        """Whether a line belongs to the part that began at `first`."""
        line = self.lines[place]
        if not line.strip() or HEADING.match(line):
            return False
        is_row, item = line.lstrip().startswith("|"), ITEM.match(line)
        if kind == "table":
            return is_row
        if is_row or item:
            return False
        opened = ITEM.match(self.lines[first])
        return kind == "paragraph" or (opened is not None and indent(line) > len(opened[1]))

    def _is_protected(self, part: Part) -> bool:
        if part.kind in ("blank", "heading"):
            return part.kind == "heading"
        if part.kind == "tag":
            return "example" not in part.name or bool(FACTS.search(part.text))
        marks = (PROTECTED_HEADINGS.search(part.section), FACTS.search(part.text), TOOL_WORDS.search(part.text))
        named = self.tools is not None and self.tools.search(part.text)
        return bool(any(marks) or named or (part.kind != "table" and SETTING.search(part.text)))


def parts_of(texts: Sequence[str], tools: Iterable[str] = ()) -> list[Part]:
    """The parts of all text blocks of a prompt. What names one of the `tools` is protected, and so are short blocks."""
    names = "|".join(map(re.escape, sorted(tools)))
    pattern = re.compile(rf"(?<!\w)(?:{names})(?!\w)") if names else None
    found = (part for block, text in enumerate(texts) for part in Reader(block, text.split("\n"), pattern).parts())
    return [replace(part, protected=True) if len(texts[part.block]) < SHORT_BLOCK else part for part in found]


def joined(parts: Iterable[Part], block: int) -> str:
    """The text of one block."""
    return "\n".join(part.text for part in parts if part.block == block)


def indent(line: str) -> int:
    """Blanks at the beginning of a line."""
    return len(line) - len(line.lstrip())


def fence_spans(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """First and last line of each piece of fenced code; one that is never closed is none."""
    opened: tuple[int, str] | None = None
    for place, line in enumerate(lines):
        found = FENCE.match(line)
        if not found:
            continue
        if opened is None:
            opened = place, found[1]
        elif found[1][0] == opened[1][0] and len(found[1]) >= len(opened[1]) and line.strip() == found[1]:
            yield opened[0], place
            opened = None


def tag_spans(lines: Sequence[str], fences: Mapping[int, int]) -> dict[int, int]:
    """First and last line of each tagged region whose tag begins a line; one that is never closed is none."""
    spans: dict[int, int] = {}
    stack: list[tuple[str, int]] = []
    waiting: dict[str, int] = {}
    for place, closes, name in tags_in(lines, fences):
        if not closes:
            stack.append((name, place))
            waiting[name] = waiting.get(name, 0) + 1
        while closes and waiting.get(name) and stack:
            inner, begin = stack.pop()
            waiting[inner] -= 1
            if inner == name:
                spans[begin] = place
                break
    return spans


def tags_in(lines: Sequence[str], fences: Mapping[int, int]) -> Iterator[tuple[int, bool, str]]:
    """(line, whether it closes, name) of every tag outside of code."""
    place = 0
    while place < len(lines):
        if place in fences:
            place = fences[place] + 1
            continue
        yield from ((place, bool(found[1]), found[2].lower()) for found in TAG.finditer(lines[place]))
        place += 1


def system_texts(system: Any) -> list[str]:
    """The texts of a `system` field, a string or a list of text blocks."""
    if isinstance(system, str):
        return [system]
    blocks = system if isinstance(system, list) else []
    return [str(block.get("text") or "") if isinstance(block, Mapping) else "" for block in blocks]


def with_texts(system: Any, texts: Sequence[str]) -> Any:
    """The field with other texts: the same blocks in the same order, cache marks and all."""
    if isinstance(system, str):
        return texts[0]
    return [
        {**block, "text": text} if isinstance(block, Mapping) and block.get("text") != text and text else block
        for block, text in zip(system, texts, strict=True)
    ]
