"""Text that only mentions calls, or has nothing to do with them, passes as it is and at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.written_calls import at_every_cut, fed, filters, in_pieces, written
from translators.core.deltas import Delta, Text
from translators.core.text_calls.dialects import DIALECTS

HERMES = '<tool_call>{"name": "Read", "arguments": {"path": "/a"}}</tool_call>'
QWEN = "<tool_call>\n<function=Read>\n<parameter=path>\n/a\n</parameter>\n</function>\n</tool_call>"
CALL = ("Read", {"path": "/a"})

PROSE = [
    'Use it so:\n```\n<tool_call>{"name": ...}</tool_call>\n```\nand not otherwise.',
    f"Use it so:\n```xml\n{QWEN}\n```\nand not otherwise.",
    f"Use it so:\n~~~\n{HERMES}\n~~~\nand not otherwise.",
    f"> ```\n> {HERMES}\n> ```\n",
    f"1. So:\n   ```\n   {HERMES}\n   ```\n",
    f"- ```\n  {HERMES}\n  ```\n",
    f"````\n```\n{HERMES}\n```\n{HERMES}\n````\n",
    f"```\nnever closed\n{HERMES}",
    f"```\n```xml\n{HERMES}\n```\n",
    f"It writes `{HERMES}` and waits.",
    f"It writes ``{HERMES} `x` `` and waits.",
    f"``` {HERMES} ``` in a line",
    "Write a < b, or open with <tool_call",
    "Write a < b, or open with <tool_call>",
    "The model writes <tool_call> when it calls a tool, and </tool_call> behind it.",
    '<tool_call>{"name": ...}</tool_call> is how it looks.',
    "Read the <function=NAME> tag, or [TOOL_CALLS] and [ARGS], or <invoke name=x>.",
    "A section begins with <minimax:tool_call> and <function_calls> is its older form.",
    "<|tool_calls_section_begin|> is a token, <|python_tag|> and <｜tool▁calls▁begin｜> too.",
    "<｜DSML｜ is how DeepSeek marks it.\n",
    "<|channel|> is for Harmony; so are <|start|>, <|end|> and <|message|>.",
    "See [TOOL_CALLS](https://example.com) and [TODO] and a[0] < b[1].",
]


@pytest.mark.parametrize("text", PROSE)
def test_prose_passes_as_it_is(text: str) -> None:
    assert at_every_cut(text) == [text]


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("```\ncode\n```\n", ""),
        ("```\ncode\n```", ""),
        ("~~~\n```\n~~~\n", ""),
        ("``` x ``` y\n", ""),
        ("A lone ` tick.\n", "\nand ` another"),
        ("`a` and ``b ` c`` then ", "\n"),
        ("Fences are ``` made so.\n", ""),
        ("````\n```\n````\n", " behind"),
    ],
)
def test_a_call_beside_code_is_a_call(before: str, behind: str) -> None:
    assert at_every_cut(before + HERMES + behind) == [item for item in (before, CALL, behind) if item not in ("", "\n")]


@pytest.mark.parametrize("piece", ["word", " two words", "a\n", "1 < 2", "x[0]", "<b>", "`x`", "<tools>", "\n```\n"])
def test_text_goes_out_at_once(piece: str) -> None:
    assert held(piece) == ""


def held(text: str) -> str:
    """What the filters hold back of a text."""
    passed = "".join(item for item in brief_with_blanks(fed(filters(), [Text(text)])))
    assert text.startswith(passed)
    return text[len(passed) :]


def brief_with_blanks(deltas: list[Delta]) -> list[str]:
    return [delta.text for delta in deltas if isinstance(delta, Text)]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a <", "<"),
        ("a <b", ""),
        ("a <tool_", "<tool_"),
        ("a [", "["),
        ("a [b", ""),
        ("`a <", ""),
        ("<tool_call> the", "<tool_call> the"),
        ("<tool_call> the ", "<tool_call> the "),
        ("<tool_call> the t", ""),
        ('<tool_call>{"name": "Unknown"', ""),
        ('<tool_call>{"other"', ""),
        ("<function=Unknown>", ""),
        ("<minimax:tool_call> is", ""),
        ('<invoke name="Unknown">', ""),
        ("<|channel|>other", ""),
        ("<tool_call>" + " " * 1000, ""),
    ],
)
def test_only_what_may_become_a_call_is_held_back(text: str, kept: str) -> None:
    assert held(text) == kept


FRAGMENTS = sorted(
    {mark[:size] for mark in DIALECTS for size in (1, 3, len(mark) - 1)} | {"`", "```", "\n", "a", " ", "[x]"}
)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12), st.lists(st.integers(0, 150), max_size=8))
def test_text_without_a_whole_mark_is_never_changed(fragments: list[str], cuts: list[int]) -> None:
    text = "".join(fragments)
    if any(mark in text for mark in (*DIALECTS, "<|channel|>", "<|start|>")):
        return
    assert in_pieces(text, cuts) == ([text] if text.strip() else [])


@given(st.text(), st.lists(st.integers(0, 100), max_size=8))
def test_any_text_passes(text: str, cuts: list[int]) -> None:
    assert in_pieces(text, cuts) == ([text] if text.strip() else [])


PIECES = [
    "<tool_call>",
    '{"name": "Read", ',
    '"arguments": {}}',
    "</tool_call>",
    "`",
    "```",
    "\n",
    "a",
    "<function=Read>",
]


@given(st.lists(st.sampled_from(PIECES), max_size=10), st.lists(st.integers(0, 150), max_size=8))
def test_any_mixture_gives_the_same_however_it_is_split(pieces: list[str], cuts: list[int]) -> None:
    text = "".join(pieces)
    assert in_pieces(text, cuts) == written(text)


@given(st.lists(st.sampled_from(PIECES[:4] + PIECES[6:8]), max_size=6), st.integers(1, 3))
def test_fences_protect_anything(pieces: list[str], more: int) -> None:
    fence = "`" * (2 + more)
    text = f"So:\n{fence}xml\n{''.join(pieces)}\n{fence}\nDone."
    assert written(text) == [text]
