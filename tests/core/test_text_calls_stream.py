"""Which requests are searched for written calls, and the whole message that they become, on both wires."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from tests.support.routes import route
from tests.support.streams import content, ending
from tests.support.written_calls import OFFERED
from translators import vendors
from translators.core.answer import message_stream
from translators.core.vendor import Route
from translators.protocols.ollama_chat import OLLAMA_CHAT
from translators.protocols.openai_chat import OPENAI_CHAT

WRITTEN = "I look.\n<tool_call>\n<function=read>\n<parameter=path>\n/a\n</parameter>\n</function>\n</tool_call>"
ANSWER = ["I look.\n", ("Read", '{"path":"/a"}')]
SAMPLE = {
    "model": "m",
    "max_tokens": 999,
    "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    "tools": list(OFFERED),
}


def answered(values: list[Any], target: Route, **fields: Any) -> list[Any]:
    """The events of an answer of chunks, or of one whole answer."""
    count = itertools.count()
    protocol = target.vendor.protocol
    made = message_stream({**SAMPLE, **fields}, target, lambda prefix: f"{prefix}{next(count)}")
    read = protocol.whole if len(values) == 1 else protocol.chunk
    events = made.start()
    for value in values:
        events += [event for delta in read(value) for event in made.feed(delta)]
    return events + made.close()


def chat(text: str, reason: str = "stop", size: int = 1) -> list[Any]:
    """Chunks of Chat Completions."""
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return [
        *({"choices": [{"delta": {"content": piece}}]} for piece in pieces),
        {"choices": [{"delta": {}, "finish_reason": reason}]},
    ]


def whole_chat(text: str, reason: str = "stop") -> list[Any]:
    """A whole answer of Chat Completions."""
    return [{"choices": [{"message": {"content": text}, "finish_reason": reason}]}]


def ollama(text: str, reason: str = "stop") -> list[Any]:
    """Lines of Ollama's."""
    return [
        *({"message": {"content": piece}, "done": False} for piece in text),
        {"message": {"content": ""}, "done": True, "done_reason": reason},
    ]


def whole_ollama(text: str, reason: str = "stop") -> list[Any]:
    """A whole answer of Ollama's."""
    return [{"message": {"content": text}, "done": True, "done_reason": reason}]


def local() -> Route:
    """A route to a server that speaks Ollama's wire."""
    made = route()
    return replace(made, vendor=replace(made.vendor, protocol=OLLAMA_CHAT))


WIRES = {
    "chat": (route, chat),
    "whole chat": (route, whole_chat),
    "ollama": (local, ollama),
    "whole": (local, whole_ollama),
}


@pytest.mark.parametrize("wire", WIRES)
def test_a_written_call_is_a_call_on_every_wire(wire: str) -> None:
    target, values = WIRES[wire]
    events = answered(values(WRITTEN), target())
    assert (content(events), ending(events)) == (ANSWER, "tool_use")


@pytest.mark.parametrize("wire", WIRES)
def test_a_cut_one_is_text_on_every_wire(wire: str) -> None:
    target, values = WIRES[wire]
    events = answered(values(WRITTEN[:-30], "length"), target())
    assert (content(events), ending(events)) == ([WRITTEN[:-30]], "max_tokens")


@pytest.mark.parametrize(
    "fields",
    [{"tools": []}, {"tools": OFFERED[1:]}, {"tool_choice": {"type": "none"}}],
    ids=["no", "other", "forbidden"],
)
def test_without_the_tool_it_is_text(fields: dict[str, Any]) -> None:
    events = answered(chat(WRITTEN), route(), **fields)
    assert (content(events), ending(events)) == ([WRITTEN], "end_turn")


def test_a_profile_switches_the_search_off_at_the_vendors_own_address() -> None:
    target = route(text_calls=False)
    events = answered(chat(WRITTEN), target)
    assert (content(events), ending(events)) == ([WRITTEN], "end_turn")
    moved = replace(target, base_url="http://localhost:8000/v1")
    assert content(answered(chat(WRITTEN), moved)) == ANSWER


def test_control_tokens_go_without_tools_too() -> None:
    text = "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Hi.<|return|>"
    assert content(answered(chat(text), route(), tools=[])) == [("thinking", "Hm."), "Hi."]


def test_reasoning_without_an_answer_but_with_a_call_is_an_answer() -> None:
    values = [
        {"choices": [{"delta": {"reasoning_content": WRITTEN}}]},
        {"choices": [{"delta": {}, "finish_reason": "stop"}]},
    ]
    events = answered(values, route())
    assert (content(events), ending(events)) == ([("thinking", WRITTEN), ANSWER[1]], "tool_use")


def test_think_tags_and_a_call() -> None:
    events = answered(chat(f"<think>\nHm.\n</think>\n\n{WRITTEN}"), route())
    assert content(events) == [("thinking", "Hm.\n"), *ANSWER]


def test_a_call_in_both_forms_is_made_once() -> None:
    call = {"index": 0, "id": "a", "function": {"name": "Read", "arguments": '{"path": "/a"}'}}
    values = [
        {"choices": [{"delta": {"content": WRITTEN, "tool_calls": [call]}}]},
        {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]},
    ]
    events = answered(values, route())
    assert (content(events), ending(events)) == (ANSWER, "tool_use")


def test_a_tool_name_with_control_tokens() -> None:
    for written in ("Read<|channel|>commentary", "assistant<|channel|>analysis"):
        call = {"index": 0, "id": "a", "function": {"name": written, "arguments": '{"path": "/a"}'}}
        values = [
            {"choices": [{"delta": {"tool_calls": [call]}}]},
            {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]},
        ]
        events = answered(values, route())
        assert content(events) == [ANSWER[1]]


def test_an_opened_reasoning_needs_no_tag() -> None:
    target = route(reasoning_opened=True)
    assert content(answered(chat("first</think>second"), target)) == [("thinking", "first"), "second"]
    off = {"thinking": {"type": "disabled"}}
    assert content(answered(chat("second"), target, **off)) == ["second"]


@pytest.mark.parametrize(
    ("model", "opened"),
    [
        ("qwen/qwq-32b", True),
        ("Qwen3-235B-A22B-Thinking-2507", True),
        ("deepseek-r1:32b", True),
        ("MiniMax-M2", True),
        ("qwen3-coder", False),
        ("MiniMax-M3", False),
        ("deepseek-v4", False),
    ],
)
def test_models_whose_prompt_opens_the_reasoning(model: str, opened: bool) -> None:
    events = answered(chat("first</think>second"), route(model=model))
    assert content(events) == ([("thinking", "first"), "second"] if opened else ["first</think>second"])


#: Vendors whose own models never leave a call in the text.
CLEAN = {"openai", "azure", "gemini", "xai"}


@pytest.mark.parametrize("name", sorted(vendors()))
def test_which_vendors_are_searched(name: str) -> None:
    assert vendors()[name].profile.text_calls is (name not in CLEAN)


def test_the_wire_of_chat_is_the_default() -> None:
    assert route().vendor.protocol is OPENAI_CHAT
