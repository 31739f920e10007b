"""Prompt compression by rules: what goes, and above all what must not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.prompts import PROTECTED, TOOLS, Filler, refilled, system_blocks, system_prompt
from translators.core.prompt_parts import Part, joined, parts_of
from translators.core.prompt_rules import compacted
from translators.core.prompt_summary import named_tools, outline, summarised
from translators.core.tokens import content_tokens

REQUESTS = Path(__file__).parents[1] / "fixtures" / "requests"
LONG = "This sentence is long enough to be worth a second look at it."
PADDING = "\n".join(f"Filler line number {number} only keeps this block from being a short one." for number in range(8))


def compact(text: str, most: int = 1, tools: tuple[str, ...] = ()) -> str:
    """A prompt after the rules, without the lines that make it long enough for them."""
    found: str = compacted(f"{text}\n\n{PADDING}", tools, most)
    return found.partition("\n\nFiller line")[0]


# -- what goes


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("One.  Only two.   \n\n\n\nThree.", "One. Only two.\n\nThree.", id="blanks"),
        pytest.param(f"- {LONG}\n- other\n* {LONG}", f"- {LONG}\n- other", id="an item twice"),
        pytest.param(f"{LONG} Never sing. {LONG} Ask.", f"{LONG} Never sing. Ask.", id="a sentence twice"),
        pytest.param(f"- {LONG}\n\n- {LONG} Never sing.", f"- {LONG}\n\n- Never sing.", id="an item keeps its mark"),
        pytest.param("- yes\n- no\n- yes", "- yes\n- no\n- yes", id="short words may come again"),
        pytest.param("| a   | b    |\n| --- | --- |", "|a|b|\n|---|---|", id="a table's padding"),
        pytest.param("Sing songs (e.g. old ones, or new ones) well.", "Sing songs well.", id="examples in brackets"),
        pytest.param(
            "Always paint the old wooden boats with blue colour in spring.\n\n"
            "Always paint the old wooden boats with the blue colour in spring.",
            "Always paint the old wooden boats with blue colour in spring.",
            id="nearly the same words",
        ),
        pytest.param(
            "Sing in the morning. That makes the birds listen to songs.",
            "Sing in the morning.",
            id="a reason",
        ),
    ],
)
def test_what_costs_tokens_for_nothing_goes(before: str, after: str) -> None:
    assert compact(before) == after


def test_examples_are_cut_to_the_first_ones() -> None:
    items = [f"- thing number {number} of the list" for number in range(12)]
    rows = [f"|{number}|row|" for number in range(12)]
    tagged = [f"<example>\n{number}\n</example>" for number in range(3)]
    text = "\n".join(["# Some examples", *tagged, "Things, for instance:", *items, "", "|a|b|", "|---|---|", *rows])
    made = compact(text)
    assert made.count("<example>") == 1
    assert [item in made for item in items] == [True] * 6 + [False] * 6
    assert [row in made for row in rows] == [True] * 6 + [False] * 6
    assert made.count("[6 more left out]") == 2


@pytest.mark.parametrize(
    "text",
    [
        "Always paint the old wooden boats with blue colour.\n\nNever paint the old wooden boats with blue colour.",
        "Wait for 10 seconds before a painted boat leaves.\n\nWait for 20 seconds before a painted boat leaves.",
        "Write `left` on each of the many painted boats.\n\nWrite `right` on each of the many painted boats.",
        "\n".join(f"- Rule {number} for all of the boats" for number in range(20)),
        "| key | does |\n".replace(" ", "") + "\n".join(f"|k{number}|row|" for number in range(20)),
        "Sing in the morning. Never sing at night. You must not sing `aloud`.",
        "```\nall  of   this\n\n\nis code\n```",
        "<rules>\nno   rule\n\n\nis lost here\n</rules>",
        "You work in  /srv/boats/blue  and nowhere else.  It is there.",
        "Today is  2026-11-21.  Be glad.  Be glad.",
        "Platform:  linux",
    ],
)
def test_what_says_something_stays(text: str) -> None:
    assert compact(text) == text


PAIRS = [
    ("run the checks of the harbour before you write the report", "before", "after"),
    ("show the public keys of the harbour to the person who asks", "public", "private"),
    ("Enable the verbose words of the runner in every harbour", "Enable", "Disable"),
    ("forward the questions about the boats to Alice in the harbour", "Alice", "Robert"),
    ('answer with the word "yes" when the boat is painted', '"yes"', '"no"'),
    ("write the names of all the boats in C++ for the harbour", "C++", "C#"),
    ("report the loss to the US and to everybody in the harbour", "US", "us"),
    ("a captain may delete the boats of a sailor in the harbour", "captain", "sailor"),
    ("put the tests of the harbour into the folder web/tests", "web", "api"),
]


@pytest.mark.parametrize(("words", "one", "other"), PAIRS, ids=[one for _, one, _ in PAIRS])
def test_a_single_word_may_be_what_matters(words: str, one: str, other: str) -> None:
    again = words.replace(one, other)
    for second in (again, swapped(words)):
        text = "\n\n".join(f"- On every day of the year and in any weather {said}." for said in (words, second))
        assert compact(text) == text


def swapped(words: str) -> str:
    """The same words in another order."""
    first, second, *rest = words.split()
    return " ".join([*rest, second, first])


@pytest.mark.parametrize(
    "order", ["Answer in German.", "Stop at once.", "Delete nothing.", "Greet the harbour master.", "Sign with a bow."]
)
def test_an_order_without_a_word_that_tells_stays(order: str) -> None:
    text = f"- Sing in the morning. {order} "
    assert compact(f"{text}That makes the birds listen to songs.") == text.strip()


@pytest.mark.parametrize(
    "fact",
    [
        *("~/notes", "./run.sh", "../boats", "src/app/boats", "boats/paint.py", "ann@harbour.example", "10.0.0.1"),
        *("localhost", "Nov 21, 2026", "21 November", "3rd of May 2026, or 3rd May", "21.11.2026", "11/21/26"),
    ],
)
def test_a_passage_with_a_fact_stays(fact: str) -> None:
    text = f"Sing in the morning.  The songs of it belong to {fact} and the people there.  They are glad."
    assert compact(text) == text


@pytest.mark.parametrize(
    "heading", ["Environment", "User's instructions", "Using your tools", "CLAUDE.md", "Git status"]
)
def test_sections_with_facts_and_the_users_words_stay(heading: str) -> None:
    text = f"# {heading}\n{LONG}  {LONG}\n\n## Below it\n- {LONG}\n- {LONG}"
    assert compact(text) == text
    assert compact(text.replace(heading, "Songs")) != text


def test_what_names_a_tool_stays() -> None:
    text = f"{LONG} {LONG} Grinder is for that."
    assert compact(text, tools=("Grinder",)) == text
    assert compact(text) != text


def test_a_prompt_within_the_limit_is_left_alone() -> None:
    system = system_blocks()
    assert compacted(system, TOOLS, content_tokens(system)) == system
    assert compacted("a  \n\n\n\nb", (), 100) == "a  \n\n\n\nb"


def test_it_stops_as_soon_as_the_prompt_is_small_enough() -> None:
    system = system_blocks()
    sizes = [content_tokens(compacted(system, TOOLS, most)) for most in (6_000, 4_000, 3_000)]
    assert sizes == sorted(sizes, reverse=True)
    assert [size <= most for size, most in zip(sizes, (6_000, 4_000, 3_000), strict=True)] == [True] * 3


# -- what must not


def recorded() -> Iterator[Any]:
    """The recorded requests that have a long prompt, with made-up ones of the same length in its place."""
    for seed, path in enumerate(sorted(REQUESTS.glob("*.json"))):
        body = json.loads(path.read_text("utf-8"))["body"]
        blocks = body.get("system") or ()
        if any(len(block["text"]) > 1_000 for block in blocks):
            yield pytest.param(refilled(body, seed), id=path.stem)


@pytest.mark.parametrize("request_body", list(recorded()))
def test_nothing_forbidden_is_touched(request_body: Any) -> None:
    before = request_body["system"]
    after = compacted(before, TOOLS, 500)
    assert content_tokens(after) < 0.75 * content_tokens(before)
    assert len(after) == len(before)
    for old, new in zip(before, after, strict=True):
        assert {**new, "text": ""} == {**old, "text": ""}
        assert new["text"] == old["text"] or all(words in new["text"] for words in PROTECTED if words in old["text"])
    assert [block["text"] for block in after[:2]] == [block["text"] for block in before[:2]]
    assert kept_in_order(before, after)
    assert compacted(after, TOOLS, 500) == after
    assert compacted(before, TOOLS, 500) == after


WORDS = st.sampled_from(
    ["paint", "boats", "Never", "`x`", "/srv/a/b", "2026-11-21", "Grinder", "e.g.", "(e.g. blue)", "ok."]
)
LINES = st.one_of(
    st.sampled_from(
        ["", "# Songs", "## Examples", "# Environment", "```", "<a>", "</a>", "<example>", "</example>", "|a|b|"]
    ),
    st.builds(
        lambda lead, words: lead + " ".join(words), st.sampled_from(["", "- ", "  - ", "1. ", "| "]), st.lists(WORDS)
    ),
    st.integers(0, 9).map(lambda seed: Filler(seed).rule()),
    st.integers(0, 9).map(lambda seed: f"- {Filler(seed).reason()} {Filler(seed).rule()}"),
)
TEXTS = st.lists(st.lists(LINES, max_size=25).map("\n".join), min_size=1, max_size=3)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(0, 200))
def test_any_text(texts: list[str], most: int) -> None:
    parts = parts_of(texts, ["Grinder"])
    assert [joined(parts, block) for block in range(len(texts))] == texts
    before = [{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}} for text in texts]
    after = compacted(before, ["Grinder"], most)
    assert kept_in_order(before, after)
    assert compacted(after, ["Grinder"], most) == after
    assert sum(len(block["text"]) for block in after) <= sum(map(len, texts))
    assert [{**block, "text": ""} for block in after] == [{**block, "text": ""} for block in before]


def kept_in_order(before: list[Any], after: list[Any]) -> bool:
    """Every protected part of the blocks stands in them afterwards, byte for byte and in order."""
    for part_block, block in enumerate(after):
        place = 0
        for part in protected(before, part_block):
            place = block["text"].find(part.text, place)
            if place < 0:
                return False
            place += len(part.text)
    return True


def protected(blocks: list[Any], number: int) -> list[Part]:
    """The protected parts of a block."""
    parts = parts_of([block["text"] for block in blocks], TOOLS)
    return [part for part in parts if part.protected and part.block == number]


def test_a_hostile_prompt_is_soon_done() -> None:
    for line in ("<a>\n", "- " + "word " * 30 + "\n", "```\n", "(e.g. ", "# a\n", "| a ", "a", "a/", "a.", "1.", "a@"):
        compacted(line * (200_000 // len(line)), (), 1)


# -- a summary


def test_a_summary_stands_for_all_that_is_free() -> None:
    system = system_blocks()
    made = summarised(system, TOOLS, "# In short\n- Paint the boats.")
    text = made[2]["text"]
    assert text.startswith("# In short\n- Paint the boats.") or "\n# In short\n- Paint the boats." in text
    assert [words in text for words in PROTECTED] == [True] * 3
    assert made[:2] == system[:2]
    assert made[2]["cache_control"] == system[2]["cache_control"]
    assert content_tokens(made) < 0.2 * content_tokens(system)


def test_what_is_summarised_is_the_same_in_another_place_on_another_day() -> None:
    text = system_prompt()
    other = text.replace("/srv/harbour/boats", "/home/somebody/else").replace("2026-11-21", "2027-01-02")
    assert other != text
    assert outline(other, TOOLS) == outline(text, TOOLS)
    assert [fact in outline(text, TOOLS) for fact in ("/srv", "2026", "Fetcher", "Paint  the boats")] == [False] * 4


def test_a_block_of_which_nothing_is_left_goes_and_leaves_its_mark() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    free = [{"type": "text", "text": PADDING}, {"type": "text", "text": PADDING.replace("Filler", "Stuffing"), **mark}]
    assert summarised(free, (), "Short.") == [{"type": "text", "text": "Short.", **mark}]


def test_the_tools_that_a_prompt_names() -> None:
    tools = [{"name": "Grinder"}, {"name": "Fetcher"}, {"name": "Unnamed"}]
    assert named_tools({"system": system_prompt(), "tools": tools}) == ("Fetcher", "Grinder")
