"""Prompt compression by rules: what a system prompt says twice, at length or by way of example goes, what it demands
stays.

The rules run in steps, each costing more of the meaning than the one before, and stop as soon as the prompt is small
enough: blanks and exact repetition; near repetition and surplus examples; sentences that demand nothing, the longest
passages first. Protected parts (`prompt_parts.py`), headings and the order of everything stay byte for byte. The same
prompt always gives the same bytes, and a compressed one is not compressed further.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from translators.core import tokens
from translators.core.prompt_parts import (
    EXAMPLE_WORDS,
    ITEM,
    Part,
    joined,
    parts_of,
    system_texts,
    with_texts,
)

Parts = list[Part]

#: Characters below which a passage may be said twice ("- yes").
SHORT = 40
#: Rows, list items and lines of code that are kept of examples; a list is only cut when it loses more than one.
KEPT_ROWS, KEPT_ITEMS, KEPT_LINES = 6, 6, 12
LEFT_OUT = "[{count} more left out]"
MARKER = re.compile(r"\[\d+ more left out\]")

SENTENCE_END = re.compile(r"(?<=[.!?])[)\"']?\s+(?=[A-Z`*\"'(\[<])")
ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|etc|vs|cf|Mr|Ms|Dr|No)\.$")
#: What makes a sentence a rule, or names something that must be spelled right.
WEIGHT = re.compile(
    r"(?i:\b(?:not|never|no|none|nor|must|always|only|except|unless|without|\w+n't|cannot|should|shall|may|avoid|ensure|"
    r"before|after|instead|require[sd]?|mandatory|forbid\w*|prohibit\w*|refuse\w*|ask|do|if|when|use|prefer)\b)"
    r"|[`\d<>{}]|\b[A-Z]{3,}\b|\b\w+_\w+\b"
)
#: How a sentence begins that explains. One that begins otherwise may be an order: "Answer in German."
STATEMENT = re.compile(r"(?:This|That|These|Those|It|Its|They|Their|There|Such|The|An?|Because|Since|Thus)\b")
#: Words and signs by which two passages may differ that say the same. Every other word may be what matters: of "before"
#: and "after", "public" and "private", two names, no list has them all.
SMALL_WORDS = frozenset(("a", "an", "the", "this", "that", "these", "those", "which", "also", "just", "really", "very"))
AROUND_WORDS = ".,;:!?*_\"'"
#: What must be the same to the letter.
CODE = re.compile(r"`[^`\n]*`|\"[^\"\n]*\"|\b[A-Z]{2,}\b")
ASIDE = re.compile(r"[ \t]*\((?:e\.g\.|for example|for instance|such as)[^()\n]*\)", re.IGNORECASE)
CELL = re.compile(r"[ \t]*\|[ \t]*")
RULE_LINE = re.compile(r"[|:\-\s]+")


def compacted(system: Any, tools: Iterable[str] = (), most: int = 0) -> Any:
    """A `system` field of about `most` tokens, as far as the rules reach; unchanged when it has no more than these.
    `tools` are the names whose mention is protected.
    """
    texts = system_texts(system)
    names = tuple(tools)
    while sum(map(tokens.estimate, texts)) > most:
        parts = shortened(parts_of(texts, names), most)
        made = [joined(parts, block) or text for block, text in enumerate(texts)]
        if sum(map(len, made)) >= sum(map(len, texts)):
            break
        texts = made
    return with_texts(system, texts)


def shortened(parts: Parts, most: int) -> Parts:
    """The parts after as many steps as it takes."""
    for step in STEPS:
        parts = settled(parts, step)
        if size(parts) <= most:
            return parts
    return settled(parts, lambda found: briefed(found, most))


def settled(parts: Parts, step: Callable[[Parts], Parts]) -> Parts:
    """The parts once the step finds nothing more to do. It only ever takes away, so it comes to an end."""
    while (after := step(parts)) != parts:
        parts = after
    return parts


def size(parts: Iterable[Part]) -> int:
    """Tokens of all parts."""
    return tokens.estimate("\n".join(part.text for part in parts))


def is_free(part: Part) -> bool:
    """The part may be changed."""
    return not part.protected and part.kind not in ("blank", "heading")


# -- first step: nothing is lost


def tidied(parts: Parts) -> Parts:
    """Without needless blanks and exact repetition."""
    tidy = [replace(part, text=tidy_text(part)) if not part.protected else part for part in parts]
    return unblanked(once(without_repeated_sentences(tidy), said))


def tidy_text(part: Part) -> str:
    """Text without trailing and doubled blanks; a table without its padding. Code and regions keep theirs."""
    if part.kind == "table":
        return "\n".join(CELL.sub("|", line.strip()) for line in part.text.split("\n"))
    if part.kind in ("fence", "tag"):
        return part.text
    return "\n".join(re.sub(r"(?<=\S)[ \t]{2,}", " ", line.rstrip()) for line in part.text.split("\n"))


def unblanked(parts: Parts) -> Parts:
    """One blank line where there are several, none at the beginning and the end of a block."""
    kept: Parts = []
    for part in parts:
        opens = not kept or kept[-1].block != part.block
        while opens and kept and kept[-1].kind == "blank":
            kept.pop()
        if part.kind != "blank" or not (opens or kept[-1].kind == "blank"):
            kept.append(part)
    while kept and kept[-1].kind == "blank":
        kept.pop()
    return kept


def once(parts: Parts, key: Callable[[Part], Any]) -> Parts:
    """Each passage once: free ones go whose key was there before, or stands in a protected one."""
    seen = {key(part) for part in parts if part.protected} - {None}
    kept: Parts = []
    for part in parts:
        mark = key(part) if is_free(part) else None
        if mark is None or mark not in seen:
            kept.append(part)
            seen.add(mark)
    return kept


def said(part: Part) -> str | None:
    """What a passage says, whatever stands in front of it; None when it is too short to tell."""
    words = " ".join(ITEM.sub("", part.text, count=1).split()) if part.kind != "fence" else part.text
    return words if len(words) >= SHORT else None


def without_repeated_sentences(parts: Parts) -> Parts:
    """Free passages without sentences that an earlier one has in the same words."""
    seen = {sentence for part in parts if part.protected for sentence in sentences(part.text)}
    kept: Parts = []
    for part in parts:
        if is_free(part) and part.kind in ("paragraph", "item"):
            part = replace(part, text=filtered(part.text, lambda place, words: is_new(words, seen)))
        if part.text or part.kind == "blank":
            kept.append(part)
    return kept


def is_new(sentence: str, seen: set[str]) -> bool:
    """A sentence that is short or was not there before; from now on it was."""
    bare = ITEM.sub("", sentence, count=1)
    if len(bare) < SHORT:
        return True
    new = bare not in seen
    seen.add(bare)
    return new


# -- second step: examples, and what was said in nearly the same words


def exemplified(parts: Parts) -> Parts:
    """With few examples, and without near repetition."""
    found = [replace(part, text=plain_text(part)) if is_free(part) else part for part in parts]
    return tidied(once(fewer_items(fewer_examples(found)), gist))


def plain_text(part: Part) -> str:
    """A passage without examples in brackets."""
    return ASIDE.sub("", part.text) if part.kind in ("paragraph", "item") else part.text


def first_of(lines: list[str], most: int, note: str) -> list[str]:
    """The first lines and a note on the others; all of them where that would save next to nothing."""
    if len(lines) <= most + 1:
        return lines
    return [*lines[:most], note.format(count=len(lines) - most)]


def fewer_examples(parts: Parts) -> Parts:
    """The first tagged example of each section."""
    seen: set[tuple[int, str, str]] = set()
    kept: Parts = []
    for part in parts:
        if part.kind == "tag" and is_free(part):
            mark = (part.block, part.section, part.name)
            if mark in seen:
                continue
            seen.add(mark)
        kept.append(part)
    return kept


def fewer_items(parts: Parts) -> Parts:
    """Long lists, tables and code that are called examples, cut to their beginning."""
    kept: Parts = []
    for run, lead in runs(parts):
        called = EXAMPLE_WORDS.search(lead) or EXAMPLE_WORDS.search(run[0].section)
        kept += cut(run) if called and all(map(is_free, run)) else run
    return kept


def cut(run: Parts) -> Parts:
    """A list, a table or a piece of code, cut to its beginning; anything else as it is."""
    first = run[0]
    lines = first.text.split("\n")
    if first.kind == "item" and len(run) > KEPT_ITEMS + 1:
        note = f"- {LEFT_OUT.format(count=len(run) - KEPT_ITEMS)}"
        return [*run[:KEPT_ITEMS], replace(first, text=note)]
    if first.kind == "table":
        head = 2 if len(lines) > 1 and RULE_LINE.fullmatch(lines[1]) else 0
        return [replace(first, text="\n".join(first_of(lines, KEPT_ROWS + head, f"|{LEFT_OUT}|")))]
    if first.kind == "fence":
        return [replace(first, text="\n".join([*first_of(lines[:-1], KEPT_LINES + 1, LEFT_OUT), lines[-1]]))]
    return run


def runs(parts: Parts) -> Iterator[tuple[Parts, str]]:
    """The parts in runs: list items that follow each other, everything else alone; with the text in front."""
    run: Parts = []
    lead = ""
    for part in parts:
        if run and (part.kind != "item" or part.block != run[0].block):
            yield run, lead
            lead, run = run[-1].text, []
        if part.kind == "item":
            run.append(part)
            continue
        yield [part], lead
        lead = part.text if part.kind != "blank" else lead
    if run:
        yield run, lead


def gist(part: Part) -> tuple[tuple[str, ...], frozenset[str]] | None:
    """The words of a passage that carry its meaning, in their order; None when it is too short to tell."""
    if part.kind not in ("paragraph", "item") or len(part.text) < SHORT or MARKER.search(part.text):
        return None
    bare = ITEM.sub("", part.text, count=1)
    words = (word.strip(AROUND_WORDS).lower() for word in bare.split())
    return tuple(word for word in words if word and word not in SMALL_WORDS), frozenset(CODE.findall(bare))


# -- third step: what explains


def briefed(parts: Parts, most: int) -> Parts:
    """Without sentences that explain and are not the first of their passage; the longest passages first, until the
    prompt is small enough.
    """
    over = size(parts) - most
    shorter: dict[int, Part] = {}
    for place in sorted(range(len(parts)), key=lambda place: (-len(parts[place].text), place)):
        part = parts[place]
        if over <= 0 or not is_free(part) or part.kind not in ("paragraph", "item"):
            continue
        text = filtered(part.text, lambda number, words: number == 0 or not explains(words))
        over -= tokens.estimate(part.text) - tokens.estimate(text)
        shorter[place] = replace(part, text=text)
    return [shorter.get(place, part) for place, part in enumerate(parts)]


def explains(sentence: str) -> bool:
    """A sentence that demands nothing and names nothing that must be spelled right."""
    return STATEMENT.match(sentence) is not None and WEIGHT.search(sentence) is None


def sentences(text: str) -> list[str]:
    """The sentences of a passage; an abbreviation ends none."""
    found: list[str] = []
    begin = 0
    for end in SENTENCE_END.finditer(text):
        if not ABBREVIATION.search(text[max(begin, end.start() - 8) : end.start()]):
            found.append(text[begin : end.start() + len(end[0].rstrip())])
            begin = end.end()
    return [*found, text[begin:]]


def filtered(text: str, keeps: Callable[[int, str], bool]) -> str:
    """The sentences that are kept, behind the mark of the list item; the very same text when all are kept."""
    found = sentences(text)
    kept = [words for number, words in enumerate(found) if keeps(number, words)]
    if len(kept) == len(found) or not kept:
        return text if kept else ""
    item = ITEM.match(text)
    lead = item[0] if item and kept[0] is not found[0] else ""
    return lead + " ".join([kept[0], *(words.strip() for words in kept[1:])])


STEPS: Sequence[Callable[[Parts], Parts]] = (tidied, exemplified)
