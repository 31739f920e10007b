"""Harmony's channels in the text of gpt-oss."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.written_calls import CUT, END, PING, READ, at_every_cut, in_pieces, written

CALL = ("Read", {"path": "/a"})
ANALYSIS = "<|channel|>analysis<|message|>Let us see.<|end|>"
TO_READ = "<|channel|>commentary to=functions.Read <|constrain|>json<|message|>"

CASES: dict[str, tuple[str, list[Any]]] = {
    "final": ("<|channel|>final<|message|>Hello.<|return|>", ["Hello."]),
    "final, not ended": ("<|channel|>final<|message|>Hello.", ["Hello."]),
    "analysis and final": (
        f"{ANALYSIS}<|start|>assistant<|channel|>final<|message|>Hello.<|return|>",
        [("thinking", "Let us see."), "Hello."],
    ),
    "call": (f'{TO_READ}{{"path": "/a"}}<|call|>', [CALL]),
    "call, the stop token swallowed": (f'{TO_READ}{{"path": "/a"}}', [CALL]),
    "call behind an analysis": (
        f'{ANALYSIS}<|start|>assistant{TO_READ}{{"path": "/a"}}<|call|>',
        [("thinking", "Let us see."), CALL],
    ),
    "recipient in the role": (
        '<|start|>assistant to=functions.Read<|channel|>commentary json<|message|>{"path": "/a"}<|call|>',
        [CALL],
    ),
    "call on the analysis channel": (
        '<|channel|>analysis to=functions.Read code<|message|>\n{"path": "/a"}<|call|>',
        [CALL],
    ),
    "header on lines": (
        '<|channel|>commentary to=functions.Read\n<|constrain|>json\n<|message|>{"path": "/a"}\n<|call|>',
        [CALL],
    ),
    "two calls": (
        f'{TO_READ}{{"path": "/a"}}<|call|><|start|>assistant<|channel|>commentary to=functions.Ping<|message|>{{}}'
        "<|call|>",
        [CALL, ("Ping", {})],
    ),
    "preamble": (
        f'<|channel|>commentary<|message|>I read it.<|end|><|start|>assistant{TO_READ}{{"path": "/a"}}<|call|>',
        ["I read it.", CALL],
    ),
    "no recipient": ('<|channel|>commentary<|message|>{\n  "path": "/a"\n}<|end|>', [CALL]),
    "no recipient, no tool fits": ('<|channel|>commentary<|message|>{"a": 1}<|end|>', ['{"a": 1}']),
    "unknown recipient": (
        '<|channel|>commentary to=functions.Unknown<|message|>{"path": "/a"}<|call|>',
        ['{"path": "/a"}'],
    ),
    "broken arguments": (f'{TO_READ}{{"path": <|call|>', ['{"path": ']),
    "text in front": (f'I read it.\n{TO_READ}{{"path": "/a"}}<|call|>', ["I read it.\n", CALL]),
    "a lone fence in the analysis": (
        "<|channel|>analysis<|message|>```\n<|end|><|start|>assistant<|channel|>final<|message|>Hello.",
        [("thinking", "```\n"), "Hello."],
    ),
    "strays behind": ("<|channel|>final<|message|>Hello.<|end|> More.<|return|>", ["Hello. More."]),
    "code in the answer": (
        "<|channel|>final<|message|>Write `<|end|>`:\n```\n<|call|>\n```<|return|>",
        ["Write `<|end|>`:\n```\n<|call|>\n```"],
    ),
    "a written call of another form inside": (
        '<|channel|>final<|message|><tool_call>{"name": "Ping"}</tool_call><|return|>',
        [("Ping", {})],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_channels_however_they_are_split(name: str) -> None:
    text, wanted = CASES[name]
    assert at_every_cut(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "<|start|>system says",
        "<|start|>",
        "<|channel|>news<|message|>x",
        "A <|message|> alone and an <|end|>.",
        f"```\n{ANALYSIS}\n```\n",
        "<|channel|>final, as it is called",
    ],
)
def test_what_is_no_message_is_text(text: str) -> None:
    assert at_every_cut(text) == [text]


def test_a_call_that_was_cut_is_text() -> None:
    assert at_every_cut(f'{TO_READ}{{"path": "/a', CUT) == ['{"path": "/a']
    assert at_every_cut(f'{TO_READ}{{"path": "/a"}}', CUT) == ['{"path": "/a"}']


def test_arguments_that_two_tools_take_are_no_call() -> None:
    twin = {**READ, "name": "Look"}
    text = '<|channel|>commentary<|message|>{"path": "/a"}<|end|>'
    assert written(text, END, READ, twin) == ['{"path": "/a"}']
    assert written("<|channel|>commentary<|message|>{}<|end|>", END, PING) == ["{}"]


@given(st.sampled_from(sorted(CASES)), st.lists(st.integers(0, 200), max_size=8))
def test_any_split_gives_the_same(name: str, cuts: list[int]) -> None:
    text, wanted = CASES[name]
    assert in_pieces(text, cuts) == wanted
