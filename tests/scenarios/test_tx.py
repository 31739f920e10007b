"""TX: calls and reasoning that a model writes into its text."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.answers import Call, answer, words
from tests.scenarios.over import over
from tests.scenarios.rig import Outcome, Rig, tool
from tests.scenarios.wires import TRANSLATED

TOOLS = [
    tool("Read", path={"type": "string"}),
    tool("Grep", pattern={"type": "string"}, count={"type": "integer"}, deep={"type": "boolean"}),
]
#: Wires on which a model's raw words are seen: local servers, and gateways to them.
LOCAL = ("chat", "ollama", "repaired")

XML: dict[str, str] = {
    "function": "<tool_call><function=Read><parameter=path>/a</parameter></function></tool_call>",
    "function, in lines": "<tool_call>\n<function=Read>\n<parameter=path>\n/a\n</parameter>\n</function>\n</tool_call>",
    "GLM": "<tool_call>Read<arg_key>path</arg_key><arg_value>/a</arg_value></tool_call>",
    "Hermes": '<tool_call>{"name": "Read", "arguments": {"path": "/a"}}</tool_call>',
}
#: Characters of a piece.
STEP = 13
TAGS = ("<tool_call", "</tool_call", "<function", "<parameter", "<arg_", "DSML", "<|", "｜")


def asked(rig: Rig, *pieces: str, stream: bool = True) -> Outcome:
    """The answer that says these words."""
    outcome = rig.says(answer(words(*pieces)), stream, tools=TOOLS)
    visible = "".join(block["text"] for block in outcome.blocks if block["type"] == "text")
    assert [tag for tag in TAGS if tag in visible] == []
    return outcome


@pytest.mark.parametrize("dialect", XML)
@over(*LOCAL)
def test_tx_1_xml_dialects_split_anywhere(rig: Rig, dialect: str) -> None:
    """Every place is the end of a piece in one of the answers."""
    said = XML[dialect]
    for start in range(1, STEP + 1):
        outcome = asked(rig, said[:start], *(said[place : place + STEP] for place in range(start, len(said), STEP)))
        assert outcome.brief == [("Read", {"path": "/a"})], f"split from {start} on"
        assert outcome.stop == "tool_use"
    assert asked(rig, *said).brief == [("Read", {"path": "/a"})]


@pytest.mark.parametrize("dialect", XML)
@over(*LOCAL)
def test_tx_1_xml_dialects_behind_text_and_whole(rig: Rig, dialect: str) -> None:
    for stream in (True, False):
        outcome = asked(rig, "I look.\n", XML[dialect], stream=stream)
        assert [block.strip() if isinstance(block, str) else block for block in outcome.brief] == [
            "I look.",
            ("Read", {"path": "/a"}),
        ]
        assert outcome.stop == "tool_use"


@pytest.mark.parametrize("dialect", XML)
@over(*LOCAL)
def test_tx_1_prose_about_a_tag_stays_text(rig: Rig, dialect: str) -> None:
    """Without a tool of that name it is no call but text that somebody wants to read."""
    said = XML[dialect].replace("Read", "Unheard")
    outcome = rig.says(answer(words(said[:9], said[9:])), tools=TOOLS)
    assert "".join(outcome.brief) == said


BAR = "｜"
PARAMETERS: list[tuple[str, str, str]] = [
    ("pattern", "true", "12"),
    ("count", "false", "12"),
    ("deep", "false", "true"),
]


def dsml(bar: str) -> str:
    """DeepSeek's own markup; `string` says whether a value is text or JSON."""
    given = "".join(
        f'<{bar}DSML{bar}parameter name="{name}" string="{kind}">{value}</{bar}DSML{bar}parameter>\n'
        for name, kind, value in PARAMETERS
    )
    inner = f'<{bar}DSML{bar}invoke name="Grep">\n{given}</{bar}DSML{bar}invoke>\n'
    return f"<{bar}DSML{bar}function_calls>\n{inner}</{bar}DSML{bar}function_calls>"


TYPED = ("Grep", {"pattern": "12", "count": 12, "deep": True})


@pytest.mark.parametrize("bar", [BAR, "|"], ids=["wide bar", "plain bar"])
@over("chat", "ollama")
def test_tx_2_dsml_has_typed_arguments(rig: Rig, bar: str) -> None:
    said = dsml(bar)
    assert asked(rig, *said).brief == [TYPED]
    for place in range(1, len(said), 7):
        outcome = asked(rig, said[:place], said[place:])
        assert outcome.brief == [TYPED], f"split at {place}"
    assert asked(rig, said, stream=False).stop == "tool_use"


@pytest.mark.parametrize("name", ["Read<|channel|>commentary", "functions.Read<|constrain|>json"])
@over("chat", "ollama")
def test_tx_3_harmony_tokens_behind_a_tools_name(rig: Rig, name: str) -> None:
    outcome = rig.says(answer(Call(name, ('{"path":"/a"}',))), tools=TOOLS)
    assert outcome.brief == [("Read", {"path": "/a"})]


@over("chat", "ollama")
def test_tx_3_harmony_tokens_instead_of_a_tools_name(rig: Rig) -> None:
    """The only tool that there is must be meant."""
    outcome = rig.says(answer(Call("assistant<|channel|>analysis", ('{"path":"/a"}',))), tools=TOOLS[:1])
    assert outcome.brief == [("Read", {"path": "/a"})]


HARMONY: dict[str, tuple[str, list[Any]]] = {
    "final": ("<|channel|>final<|message|>Done.<|end|>", ["Done."]),
    "analysis": (
        "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Done.<|return|>",
        [("thinking", "hm"), "Done."],
    ),
    "call": (
        '<|channel|>commentary to=functions.Read <|constrain|>json<|message|>{"path":"/a"}<|call|>',
        [("Read", {"path": "/a"})],
    ),
    "call without a name": ('<|channel|>commentary<|message|>{"path":"/a"}<|end|>', [("Read", {"path": "/a"})]),
}


@pytest.mark.parametrize("form", HARMONY)
@over("chat", "ollama")
def test_tx_3_harmony_tokens_in_the_text(rig: Rig, form: str) -> None:
    said, expected = HARMONY[form]
    outcome = rig.says(answer(words(*said)), tools=TOOLS[:1])
    assert "<|" not in "".join(block.get("text", "") for block in outcome.blocks)
    assert outcome.brief == expected


THOUGHT = [("thinking", "a"), "b"]


@pytest.mark.parametrize("name", ["think", "thinking", "thought"])
@over(*TRANSLATED)
def test_tx_5_think_tags_split_anywhere(rig: Rig, name: str) -> None:
    said = f"<{name}>a</{name}>b"
    for place in range(1, len(said)):
        assert rig.says(answer(words(said[:place], said[place:]))).brief == THOUGHT, f"split at {place}"
    assert rig.says(answer(words(*f"<{name}>\na</{name}>\n\nb"))).brief == THOUGHT


@over(*TRANSLATED)
def test_tx_5_think_tags_of_a_whole_answer(rig: Rig) -> None:
    assert rig.says(answer("<think>a</think>b"), stream=False).brief == THOUGHT


@over("chat", "ollama", "repaired")
def test_tx_5_the_opening_tag_is_missing(rig: Rig) -> None:
    """Chat templates that open the tag in the prompt: only the closing one is in the answer."""
    for stream in (False, True):
        outcome = rig.says(answer(words(*"a</think>b")), stream, model=f"{rig.wire.vendor}/deepseek-r1")
        assert outcome.brief == THOUGHT
        assert "</think>" not in outcome.text


@over(*TRANSLATED)
def test_tx_5_tags_in_prose_stay(rig: Rig) -> None:
    said = "The <think>tag</think> is for reasoning."
    assert rig.says(answer(words(*said))).brief == [said]
