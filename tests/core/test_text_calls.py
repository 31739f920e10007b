"""Calls that a model writes as text, in every form that is known."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.written_calls import CUT, END, at_every_cut, brief, fed, filters, in_pieces, run, written
from translators.core.deltas import Block, Opaque, Stop, Text, Thinking, Usage
from translators.core.text_calls.capture import ATTEMPTS

CALL = ("Read", {"path": "/a"})
LIMITED = ("Read", {"path": "/a", "limit": 5})
KIMI = "<|tool_call_begin|>functions.{}:{}<|tool_call_argument_begin|>{}<|tool_call_end|>"
V3 = "<｜tool▁call▁begin｜>function<｜tool▁sep｜>{}\n```json\n{}\n```<｜tool▁call▁end｜>"
PATH = '{"path": "/a"}'
V31 = "<｜tool▁call▁begin｜>{}<｜tool▁sep｜>{}<｜tool▁call▁end｜>"


def dsml(bar: str, wrapper: str = "function_calls") -> str:
    """Two calls in DSML with this kind of bars."""
    mark = f"{bar}DSML{bar}"
    return (
        f'<{mark}{wrapper}>\n<{mark}invoke name="Read">\n'
        f'<{mark}parameter name="path" string="true">/a</{mark}parameter>\n'
        f'<{mark}parameter name="limit" string="false">5</{mark}parameter>\n</{mark}invoke>\n'
        f'<{mark}invoke name="Ping">\n</{mark}invoke>\n</{mark}{wrapper}>'
    )


FORMS: dict[str, tuple[str, list[Any]]] = {
    "hermes": ('<tool_call>\n{"name": "Read", "arguments": {"path": "/a", "limit": 5}}\n</tool_call>', [LIMITED]),
    "hermes, parameters": ('<tool_call>{"name":"Read","parameters":{"path":"/a"}}</tool_call>', [CALL]),
    "hermes, arguments first": ('<tool_call>{"arguments":{"path":"/a"},"name":"Read"}</tool_call>', [CALL]),
    "hermes, function inside": (
        '<tool_call>{"type":"function","function":{"name":"Read","arguments":{"path":"/a"}}}</tool_call>',
        [CALL],
    ),
    "hermes, arguments as text": (
        json.dumps({"name": "Read", "arguments": '{"path": "/a"}'}).join(("<tool_call>", "</tool_call>")),
        [CALL],
    ),
    "hermes, no arguments": ('<tool_call>{"name": "Ping"}</tool_call>', [("Ping", {})]),
    "hermes, an array": (
        '<tool_call>[{"name":"Read","arguments":{"path":"/a"}}, {"name":"Ping","arguments":{}}]</tool_call>',
        [CALL, ("Ping", {})],
    ),
    "hermes, two objects": (
        '<tool_call>{"name":"Read","arguments":{"path":"/a"}}\n{"name":"Ping","arguments":{}}</tool_call>',
        [CALL, ("Ping", {})],
    ),
    "hermes, two tags": (
        '<tool_call>{"name":"Read","arguments":{"path":"/a"}}</tool_call>\n<tool_call>{"name":"Ping"}</tool_call>',
        [CALL, ("Ping", {})],
    ),
    "hermes, Python's quotes": ("<tool_call>{'name': 'Read', 'arguments': {'path': '/a'}}</tool_call>", [CALL]),
    "hermes, a bracket too few": ('<tool_call>{"name":"Read","arguments":{"path":"/a"}</tool_call>', [CALL]),
    "hermes, a bracket too many": ('<tool_call>{"name":"Read","arguments":{"path":"/a"}}}</tool_call>', [CALL]),
    "hermes, not closed": ('<tool_call>{"name":"Read","arguments":{"path":"/a"}}', [CALL]),
    "hermes, its own tag inside": (
        '<tool_call>{"name":"Write","arguments":{"path":"/a","content":"a </tool_call> b\n"}}</tool_call>',
        [("Write", {"path": "/a", "content": "a </tool_call> b\n"})],
    ),
    "qwen": ("<tool_call><function=Read><parameter=path>/a</parameter></function></tool_call>", [CALL]),
    "qwen, on lines": (
        "<tool_call>\n<function=Read>\n<parameter=path>\n/a\n</parameter>\n<parameter=limit>\n5\n</parameter>\n"
        "</function>\n</tool_call>",
        [LIMITED],
    ),
    "qwen, no outer tag": ("<function=Read>\n<parameter=path>\n/a\n</parameter>\n</function>\n</tool_call>", [CALL]),
    "qwen, outer tag open": ("<tool_call><function=Read><parameter=path>/a</parameter></function>", [CALL]),
    "qwen, two functions": (
        "<tool_call><function=Read><parameter=path>/a</parameter></function><function=Ping></function></tool_call>",
        [CALL, ("Ping", {})],
    ),
    "qwen, its own tags inside": (
        "<tool_call><function=Write><parameter=path>/a</parameter><parameter=content>\n</parameter> or </function>\n"
        "</tool_call> x\n\n</parameter></function></tool_call>",
        [("Write", {"path": "/a", "content": "</parameter> or </function>\n</tool_call> x\n"})],
    ),
    "llama's function": ('<function=Read>{"path": "/a"}</function>', [CALL]),
    "glm": ("<tool_call>Read<arg_key>path</arg_key><arg_value>/a</arg_value></tool_call>", [CALL]),
    "glm, on lines": (
        "<tool_call>Read\n<arg_key>path</arg_key>\n<arg_value>/a</arg_value>\n<arg_key>limit</arg_key>\n"
        "<arg_value>5</arg_value>\n</tool_call>",
        [LIMITED],
    ),
    "glm, no arguments": ("<tool_call>Ping</tool_call>", [("Ping", {})]),
    "glm, not closed": ("<tool_call>Read<arg_key>path</arg_key><arg_value>/a</arg_value>", [CALL]),
    **{f"dsml {bar}": (dsml(bar), [LIMITED, ("Ping", {})]) for bar in ("｜", "｜｜", "|", "||", "‖")},
    "dsml of V4": (dsml("｜", "tool_calls"), [LIMITED, ("Ping", {})]),
    "dsml with spaces": (
        '< ｜ DSML ｜ tool_use>< ｜ DSML ｜ invoke name="Read">< ｜ DSML ｜ parameter name="path">/a'
        "</ ｜ DSML ｜ parameter></ ｜ DSML ｜ invoke>",
        [CALL],
    ),
    "deepseek V3": (
        f"<｜tool▁calls▁begin｜>{V3.format('Read', PATH)}\n{V3.format('Ping', '{}')}<｜tool▁calls▁end｜>",
        [CALL, ("Ping", {})],
    ),
    "deepseek V3.1": (f"<｜tool▁calls▁begin｜>{V31.format('Read', PATH)}<｜tool▁calls▁end｜>", [CALL]),
    "deepseek, other gaps": (
        '<｜tool_calls_begin｜><｜tool_call_begin｜>Read<｜tool_sep｜>{"path": "/a"}<｜tool_call_end｜>'
        "<｜tool_calls_end｜>",
        [CALL],
    ),
    "kimi": (
        f"<|tool_calls_section_begin|>{KIMI.format('Read', 0, PATH)}{KIMI.format('Ping', 1, '')}"
        "<|tool_calls_section_end|>",
        [CALL, ("Ping", {})],
    ),
    "kimi, spaces and the singular": (
        '<|tool_call_section_begin|> <|tool_call_begin|> functions.Read:0 <|tool_call_argument_begin|> {"path": "/a"} '
        "<|tool_call_end|> <|tool_call_section_end|>",
        [CALL],
    ),
    "kimi, no end": ('<|tool_call_begin|>functions.Read:0<|tool_call_argument_begin|>{"path": "/a"}', [CALL]),
    "kimi K3": (
        '<|open|>tools<|sep|><|open|>call tool="Read" index="1"<|sep|><|open|>argument key="path" type="string"<|sep|>'
        '/a<|close|>argument<|sep|><|open|>argument key="limit" type="number"<|sep|>5<|close|>argument<|sep|>'
        "<|close|>call<|sep|><|close|>tools<|sep|><|close|>message<|sep|>",
        [LIMITED],
    ),
    "minimax": (
        '<minimax:tool_call>\n<invoke name="Read">\n<parameter name="path">/a</parameter>\n<parameter name="limit">5'
        '</parameter>\n</invoke>\n<invoke name="Ping">\n</invoke>\n</minimax:tool_call>',
        [LIMITED, ("Ping", {})],
    ),
    "minimax, no outer tag": ('<invoke name="Read"><parameter name="path">/a</parameter></invoke>', [CALL]),
    "mistral": ('[TOOL_CALLS] [{"name": "Read", "arguments": {"path": "/a]"}}]', [("Read", {"path": "/a]"})]),
    "mistral, newer": ('[TOOL_CALLS]Read[ARGS]{"path": "/a"}[TOOL_CALLS]Ping[ARGS]{}', [CALL, ("Ping", {})]),
    "mistral, with ids": ('[TOOL_CALLS]Read[CALL_ID]abcdefghi[ARGS]{"path": "/\\"{"}', [("Read", {"path": '/"{'})]),
    "llama": ('<|python_tag|>{"name": "Read", "parameters": {"path": "/a"}}<|eom_id|>', [CALL]),
}


#: Forms whose last call has no end of its own.
OPEN = ("not closed", "no end")


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_a_call_however_it_is_split(name: str) -> None:
    text, calls = FORMS[name]
    assert at_every_cut(text) == calls


@pytest.mark.parametrize("name", FORMS)
def test_text_before_and_behind_keeps_its_place(name: str) -> None:
    text, calls = FORMS[name]
    if name.endswith(OPEN):
        assert written(f"I look.\n{text}") == ["I look.\n", *calls]
    else:
        assert written(f"I look. {text} Done") == ["I look. ", *calls, " Done"]


@pytest.mark.parametrize("name", FORMS)
def test_without_these_tools_it_is_text(name: str) -> None:
    text, _ = FORMS[name]
    other = {"name": "Other", "input_schema": {}}
    assert written(text, END, other) == [text]


@pytest.mark.parametrize("name", [name for name in FORMS if name.endswith(OPEN)])
@pytest.mark.parametrize("stop", [CUT, None, Stop("stop_sequence", "x")])
def test_an_open_call_of_an_answer_that_was_cut_is_text(name: str, stop: Stop | None) -> None:
    text, _ = FORMS[name]
    assert at_every_cut(text, stop) == [text]


@pytest.mark.parametrize("stop", [END, CUT])
@pytest.mark.parametrize(
    "name", ["hermes", "qwen, on lines", "glm, on lines", "deepseek V3.1", "kimi K3", "minimax, no outer tag", "llama"]
)
def test_nothing_of_an_unfinished_call_is_lost(name: str, stop: Stop) -> None:
    text = FORMS[name][0]
    for end in range(1, text.index("/a") + 2):
        assert written(text[:end], stop) == [text[:end]]


def test_a_call_is_made_as_soon_as_it_ends() -> None:
    steps = filters()
    text = FORMS["minimax"][0]
    first = text.index("</invoke>") + len("</invoke>")
    assert brief(fed(steps, [Text(text[: first - 1])])) == []
    assert brief(fed(steps, [Text(text[first - 1 : first])])) == [LIMITED]


def test_names_are_corrected() -> None:
    assert written('<tool_call>{"name": "functions.READ", "arguments": {"path": "/a"}}</tool_call>') == [
        ("Read", {"path": "/a"})
    ]
    assert written("<function=read><parameter=path>/a</parameter></function>") == [CALL]


def test_a_part_that_is_no_call_makes_none_of_the_others() -> None:
    text = '<tool_call>[{"name":"Read","arguments":{"path":"/a"}}, {"name":"Unknown","arguments":{}}]</tool_call>'
    assert at_every_cut(text) == [text]
    text = '<tool_call>{"name":"Read","arguments":{"path":"/a"}} and so on</tool_call>'
    assert at_every_cut(text) == [text]


def test_a_call_behind_one_that_was_given_up() -> None:
    begun, call = '<tool_call>{"name": "Read", "arg', FORMS["hermes"][0]
    assert at_every_cut(f"{begun}\n{call}") == [f"{begun}\n", LIMITED]


def test_deltas_of_other_kinds_end_the_wait() -> None:
    begun = '<tool_call>{"name": "Read", '
    for delta in (Thinking("x"), Block({"type": "x"})):
        assert run(filters(), [Text(begun), delta, END])[0] == begun
    for delta in (Usage(1, 1), Opaque("k", 1)):
        assert run(filters(), [Text(begun), delta, Text('"arguments": {"path": "/a"}}</tool_call>'), END]) == [CALL]


def test_many_closings_inside_a_value_do_not_hurt() -> None:
    content = "</function> </tool_call>" * (ATTEMPTS // 2 - 1)
    arguments = {"path": "/a", "content": content}
    text = f"<tool_call>{json.dumps({'name': 'Write', 'arguments': arguments})}</tool_call>"
    assert written(text) == in_pieces(text, range(len(text))) == [("Write", arguments)]


def test_endless_attempts_end() -> None:
    text = '<tool_call>{"name": "Read", "x": "' + "</tool_call>" * (ATTEMPTS + 1)
    assert written(text) == [text]
    assert written(text * 3 + FORMS["hermes"][0]) == [text * 3 + FORMS["hermes"][0]]


@given(
    st.sampled_from(sorted(FORMS)),
    st.lists(st.integers(0, 400), max_size=8),
    st.text(alphabet="a b.\n<|[", max_size=12),
    st.text(alphabet="a b.\n<|[", max_size=12),
)
def test_any_split_and_any_words_around(name: str, cuts: list[int], before: str, behind: str) -> None:
    text, calls = FORMS[name]
    whole = f"{before}x {text}"
    if not name.endswith(OPEN):
        whole += f" y{behind}"
    found = in_pieces(whole, cuts)
    assert [item for item in found if not isinstance(item, str)] == calls
    assert found[0] == f"{before}x "
    assert name.endswith(OPEN) or found[-1] == f" y{behind}"


@given(
    st.dictionaries(st.sampled_from(["path", "content"]), st.text(alphabet='ab{}[]"\\\n<>/', max_size=20), min_size=1),
    st.lists(st.integers(0, 200), max_size=6),
)
def test_any_arguments_in_json(arguments: dict[str, str], cuts: list[int]) -> None:
    body = json.dumps({"name": "Write", "arguments": arguments})
    for text in (f"<tool_call>{body}</tool_call>", f"[TOOL_CALLS][{body}]", f"<|python_tag|>{body}"):
        assert in_pieces(text, cuts) == [("Write", arguments)]


@given(st.text(alphabet="ab {}\n<>/`'\"&", max_size=30), st.lists(st.integers(0, 200), max_size=6))
def test_any_value_between_tags(value: str, cuts: list[int]) -> None:
    text = f"<function=Write><parameter=content>\n{value}\n</parameter></function>"
    assert in_pieces(text, cuts) == [("Write", {"content": value})]
    text = f"<tool_call>Write<arg_key>content</arg_key><arg_value>{value}</arg_value></tool_call>"
    assert in_pieces(text, cuts) == [("Write", {"content": value})]
