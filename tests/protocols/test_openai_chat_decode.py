"""Chat Completions chunks and whole answers as deltas, with every deviation that compatible servers are known for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.routes import route
from translators.core.deltas import Opaque, Stop, Text, Thinking, ToolCall, Usage
from translators.core.errors import Fault
from translators.core.refusals import refusal
from translators.protocols.openai_chat.decode import chunk, whole

Json = dict[str, Any]


def choice(delta: Json | None = None, reason: Any = None, **fields: Any) -> Json:
    """A chunk with one choice."""
    return {"choices": [{"index": 0, "delta": delta if delta is not None else {}, "finish_reason": reason}], **fields}


def call(arguments: Any = "", **fields: Any) -> Json:
    """A chunk with one fragment of a call."""
    function = {"name": "Read", "arguments": arguments}
    return choice({"tool_calls": [{"index": 0, "id": "x", "type": "function", "function": function, **fields}]})


TEXTS = {
    "text": (choice({"content": "a"}), [Text("a")]),
    "the first chunk": (choice({"role": "assistant", "content": ""}), []),
    "null": (choice({"role": "assistant", "content": None}), []),
    "no delta": ({"choices": [{"index": 0, "finish_reason": None}]}, []),
    "a null delta": ({"choices": [{"index": 0, "delta": None}]}, []),
    "no choices": ({"choices": [], "prompt_filter_results": []}, []),
    "null choices": ({"choices": None}, []),
    "nothing": ({}, []),
    "a message in a stream": ({"choices": [{"message": {"content": "a"}}]}, [Text("a")]),
    "text and end": (choice({"content": "a"}, "stop"), [Text("a"), Stop("end_turn")]),
    "a list of parts": (
        choice({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}),
        [Text("a"), Text("b")],
    ),
    "empty parts": (
        choice({"content": [{"type": "text", "text": ""}, {"type": "thinking", "thinking": []}, None, "x"]}),
        [],
    ),
    "a refusal": (choice({"refusal": "No."}), [Text("No."), Stop("refusal", final=False)]),
    "an empty refusal": (choice({"content": "a", "refusal": ""}), [Text("a")]),
    "no refusal": (choice({"content": "a", "refusal": None}), [Text("a")]),
}

REASONING = {
    "reasoning_content": (choice({"reasoning_content": "t", "content": None}), [Thinking("t")]),
    "reasoning": (choice({"reasoning": "t"}), [Thinking("t")]),
    "reasoning_text": (choice({"reasoning_text": "t"}), [Thinking("t")]),
    "empty": (choice({"reasoning_content": "", "content": "a"}), [Text("a")]),
    "two keys with the same text": (choice({"reasoning": "t", "reasoning_content": "t"}), [Thinking("t")]),
    "an empty key beside a full one": (choice({"reasoning_content": "", "reasoning": "t"}), [Thinking("t")]),
    "details beside the text": (
        choice({"reasoning": "t", "reasoning_details": [{"type": "reasoning.text", "text": "t"}]}),
        [Thinking("t"), Opaque("reasoning_details", {"type": "reasoning.text", "text": "t"})],
    ),
    "details alone": (
        choice({"reasoning_details": [{"type": "reasoning.summary", "summary": "s"}, {"type": "x", "data": "d"}]}),
        [
            Thinking("s"),
            Opaque("reasoning_details", {"type": "reasoning.summary", "summary": "s"}),
            Opaque("reasoning_details", {"type": "x", "data": "d"}),
        ],
    ),
    "details of another form": (choice({"reasoning_details": "x"}), []),
    "parts": (
        choice(
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "t"}]},
                    {"type": "text", "text": "a"},
                ]
            }
        ),
        [Thinking("t"), Text("a")],
    ),
    "a part with a string": (choice({"content": [{"type": "thinking", "thinking": "t"}]}), [Thinking("t")]),
    "before the text of one chunk": (choice({"content": "a", "reasoning_content": "t"}), [Thinking("t"), Text("a")]),
}

CALLS = {
    "a call": (call('{"a":1}'), [ToolCall(0, "x", "Read", '{"a":1}')]),
    "an object": (call({"a": 1}), [ToolCall(0, "x", "Read", {"a": 1})]),
    "null arguments": (call(None), [ToolCall(0, "x", "Read", "")]),
    "arguments of another form": (call(7), [ToolCall(0, "x", "Read", "")]),
    "no index": (call("{}", index=None), [ToolCall(None, "x", "Read", "{}")]),
    "an index of another form": (call("{}", index="0"), [ToolCall(None, "x", "Read", "{}")]),
    "no id": (call("{}", id=None), [ToolCall(0, "", "Read", "{}")]),
    "a continuation": (
        choice({"tool_calls": [{"index": 1, "function": {"arguments": "1}"}}]}),
        [ToolCall(1, "", "", "1}")],
    ),
    "a continuation with empty fields": (
        choice({"tool_calls": [{"index": 1, "id": "", "function": {"name": "", "arguments": "1}"}}]}),
        [ToolCall(1, "", "", "1}")],
    ),
    "a null function": (choice({"tool_calls": [{"index": 0, "id": "x", "function": None}]}), [ToolCall(0, "x")]),
    "two calls": (
        choice({"tool_calls": [{"id": "x", "function": {"name": "A"}}, {"id": "y", "function": {"name": "B"}}]}),
        [ToolCall(None, "x", "A"), ToolCall(None, "y", "B")],
    ),
    "null calls": (choice({"content": "a", "tool_calls": None}), [Text("a")]),
    "text before the call": (
        choice({"content": "a", "tool_calls": [{"index": 0, "id": "x", "function": {"name": "A"}}]}),
        [Text("a"), ToolCall(0, "x", "A")],
    ),
    "a legacy call": (
        choice({"function_call": {"name": "A", "arguments": "{}"}}, "function_call"),
        [ToolCall(0, "", "A", "{}"), Stop("tool_use")],
    ),
    "Gemini's signature": (
        call("{}", extra_content={"google": {"thought_signature": "sig"}}),
        [ToolCall(0, "x", "Read", "{}", "sig")],
    ),
    "null extras": (call("{}", extra_content=None), [ToolCall(0, "x", "Read", "{}")]),
}

STOPS = {
    "stop": "end_turn",
    "eos": "end_turn",
    "length": "max_tokens",
    "model_length": "max_tokens",
    "max_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "MAX_TOKENS": "max_tokens",
    "tool_use": "tool_use",
    "refusal": "refusal",
    "safety": "refusal",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
    "sensitive": "refusal",
    "model_context_window_exceeded": "model_context_window_exceeded",
}


@pytest.mark.parametrize(
    ("data", "deltas"), [*TEXTS.values(), *REASONING.values(), *CALLS.values()], ids=[*TEXTS, *REASONING, *CALLS]
)
def test_chunk(data: Json, deltas: list[Any]) -> None:
    assert list(chunk(data)) == deltas


@pytest.mark.parametrize(("reason", "stop"), STOPS.items())
def test_finish_reason(reason: str, stop: Any) -> None:
    assert list(chunk(choice({}, reason))) == [Stop(stop)]


MATCHED = {
    "vLLM": ({"stop_reason": "END"}, Stop("stop_sequence", "END")),
    "vLLM, a token": ({"stop_reason": 151645}, Stop("end_turn")),
    "vLLM, nothing": ({"stop_reason": None}, Stop("end_turn")),
    "SGLang": ({"matched_stop": "END"}, Stop("stop_sequence", "END")),
    "SGLang, a token": ({"matched_stop": 2}, Stop("end_turn")),
    "OpenRouter": ({"native_finish_reason": "stop_sequence"}, Stop("stop_sequence")),
    "OpenRouter, an end": ({"native_finish_reason": "end_turn"}, Stop("end_turn")),
}


@pytest.mark.parametrize(("fields", "stop"), MATCHED.values(), ids=MATCHED.keys())
def test_what_a_vendor_says_of_a_stop_sequence(fields: Json, stop: Stop) -> None:
    assert list(chunk({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", **fields}]})) == [stop]


def test_a_limit_is_no_stop_sequence() -> None:
    assert list(chunk({"choices": [{"delta": {}, "finish_reason": "length", "stop_reason": "END"}]})) == [
        Stop("max_tokens")
    ]


def ended(*functions: Json) -> Json:
    """A chunk with calls and an empty finish reason."""
    return choice({"tool_calls": [{"index": 0, "id": "x", "function": function} for function in functions]}, "")


EMPTY_REASONS = {
    "with a whole call": (ended({"name": "A", "arguments": '{"a":1}'}), True),
    "with an object": (ended({"name": "A", "arguments": {"a": 1}}), True),
    "with the start of a call": (ended({"name": "A", "arguments": ""}), False),
    "with a piece of a call": (ended({"arguments": '{"a":'}), False),
    "with a whole call and a piece": (
        ended({"name": "A", "arguments": "{}"}, {"name": "B", "arguments": '{"a"'}),
        False,
    ),
    "alone": (choice({}, ""), True),
    "with text": (choice({"content": "a"}, ""), False),
    "on the first chunk": (choice({"role": "assistant", "content": ""}, ""), False),
    "null": (choice({}, None), False),
}


@pytest.mark.parametrize(("data", "stops"), EMPTY_REASONS.values(), ids=EMPTY_REASONS.keys())
def test_an_empty_finish_reason(data: Json, stops: bool) -> None:
    assert (Stop("end_turn") in list(chunk(data))) is stops


ERRORS = {
    "an object": {"error": {"message": "boom", "code": 500}},
    "text": {"error": "boom"},
    "beside choices": choice({"content": ""}, "error", error={"message": "boom", "code": 502}),
    "flat": {"object": "error", "message": "boom", "type": "InternalServerError", "code": 500},
    "broken off": choice({}, "error"),
    "aborted": choice({}, "abort"),
    "network_error": choice({}, "network_error"),
    "no resources": choice({}, "insufficient_system_resource"),
}


@pytest.mark.parametrize("data", ERRORS.values(), ids=ERRORS.keys())
@pytest.mark.parametrize("reader", [chunk, whole])
def test_an_error_inside_an_answer(reader: Any, data: Json) -> None:
    with pytest.raises(Fault):
        list(reader(data))


def test_words_before_the_break_are_kept() -> None:
    deltas = chunk(choice({"content": "a"}, "network_error"))
    assert next(deltas) == Text("a")
    with pytest.raises(Fault):
        next(deltas)


def broken_choice(**fields: Any) -> Json:
    """A last chunk without words."""
    return {"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error", **fields}]}


#: An error that has no `error` at its top -> the client's status, words that it tells.
WORDS_OF_ERRORS: dict[str, tuple[Json, int, str]] = {
    "Groq": ({"id": "c", "choices": [], "x_groq": {"error": "over capacity"}}, 529, "Acme: over capacity"),
    "Groq, an object": ({"x_groq": {"error": {"type": "rate_limit_exceeded", "message": "slow"}}}, 429, "slow"),
    "SiliconFlow": ({"code": 50505, "message": "Model service overloaded.", "data": None}, 529, "service overloaded"),
    "a gateway": ({"code": 500, "msg": "no worker"}, 500, "Acme: no worker"),
    "a code as text": ({"code": "429", "message": "wait"}, 429, "Acme: wait"),
    "in the choice": (broken_choice(error={"code": 429, "message": "slow down"}), 429, "Acme: slow down"),
    "in the choice, as text": (broken_choice(error="model is busy"), 529, "model is busy"),
    "a call that nobody can read": (
        broken_choice(native_finish_reason="MALFORMED_FUNCTION_CALL"),
        502,
        "MALFORMED_FUNCTION_CALL",
    ),
    "the same as an end": (
        broken_choice(finish_reason="stop", native_finish_reason="MALFORMED_FUNCTION_CALL"),
        502,
        "MALFORMED_FUNCTION_CALL",
    ),
    "a lack of means": (broken_choice(finish_reason="insufficient_system_resource"), 529, "broke off"),
    "no words": (broken_choice(native_finish_reason=None), 502, "the vendor broke off: error"),
}


@pytest.mark.parametrize(("data", "status", "words"), WORDS_OF_ERRORS.values(), ids=WORDS_OF_ERRORS.keys())
def test_the_words_of_an_error_reach_the_client(data: Json, status: int, words: str) -> None:
    with pytest.raises(Fault) as fault:
        list(chunk(data))
    error = refusal(route(), 200, fault.value.body, {})
    assert (error.status, words in error.message) == (status, True), error.message


@pytest.mark.parametrize(
    "data",
    [
        {"code": 0, "message": "success", "data": None},
        {"code": 200, "msg": "OK"},
        {"code": 20000, "message": "Ok"},
        {"message": "Still thinking."},
        {"code": 500, "message": {"nested": True}},
        {"x_groq": {"id": "req_1", "error": None}},
        choice(code=500, message="a field of somebody's own"),
        {"choices": [], "usage": None, "code": 7, "message": "x"},
    ],
    ids=str,
)
def test_a_frame_that_is_no_error(data: Json) -> None:
    assert list(chunk(data)) == []


def test_no_error_is_no_error() -> None:
    assert list(chunk(choice({"content": "a"}, error=None))) == [Text("a")]


# -- usage


def counts(prompt: int, output: int, **fields: Any) -> Json:
    """Usage as vendors send it."""
    return {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output, **fields}


USAGES = {
    "plain": (counts(10, 5), Usage(10, 5)),
    "OpenAI": (
        counts(
            1000, 50, prompt_tokens_details={"cached_tokens": 800}, completion_tokens_details={"reasoning_tokens": 20}
        ),
        Usage(200, 50, cache_read=800, reasoning=20),
    ),
    "cache writes": (
        counts(1000, 50, prompt_tokens_details={"cached_tokens": 600, "cache_write_tokens": 300}),
        Usage(100, 50, 600, 300),
    ),
    "DeepSeek": (counts(1000, 5, prompt_cache_hit_tokens=800, prompt_cache_miss_tokens=200), Usage(200, 5, 800)),
    "Kimi": (counts(1000, 5, cached_tokens=800, prompt_tokens_details={"cached_tokens": 0}), Usage(200, 5, 800)),
    "null details": (counts(10, 5, prompt_tokens_details=None, completion_tokens_details=None), Usage(10, 5)),
    "null cached": (counts(10, 5, prompt_tokens_details={"cached_tokens": None}), Usage(10, 5)),
    "more cached than sent": (counts(10, 5, cached_tokens=50), Usage(0, 5, 10)),
    "more written than left": (
        counts(10, 5, prompt_tokens_details={"cached_tokens": 8, "cache_write_tokens": 8}),
        Usage(0, 5, 8, 2),
    ),
    "xAI": (
        {**counts(291, 26, completion_tokens_details={"reasoning_tokens": 196}), "total_tokens": 513},
        Usage(291, 222, reasoning=196),
    ),
    "SGLang": (counts(10, 50, reasoning_tokens=20), Usage(10, 50, reasoning=20)),
    "more reasoning than output": (counts(10, 5, reasoning_tokens=20), Usage(10, 5, reasoning=5)),
    "no output yet": ({"prompt_tokens": 10}, Usage(10, 0)),
    "fractions": ({"prompt_tokens": 10.0, "completion_tokens": 5.0}, Usage(10, 5)),
    "negative": ({"prompt_tokens": 10, "completion_tokens": -1}, Usage(10, 0)),
}

WHERE = {
    "behind the choices": lambda usage: {"choices": [], "usage": usage},
    "on the last chunk": lambda usage: choice({}, None, usage=usage),
    "inside the choice": lambda usage: {"choices": [{"delta": {}, "usage": usage}]},
    "at Groq": lambda usage: {"choices": [], "x_groq": {"id": "r", "usage": usage}},
}


@pytest.mark.parametrize("place", WHERE.values(), ids=WHERE.keys())
@pytest.mark.parametrize(("usage", "expected"), USAGES.values(), ids=USAGES.keys())
def test_usage(usage: Json, expected: Usage, place: Any) -> None:
    assert list(chunk(place(usage))) == [expected]


NO_USAGE = [
    None,
    {},
    {"prompt_tokens": None},
    {"prompt_tokens": 0, "completion_tokens": 0},
    [],
    "12",
    {"queue_time": 1},
]


@pytest.mark.parametrize("usage", NO_USAGE)
def test_no_usage(usage: Any) -> None:
    assert list(chunk({"choices": [], "usage": usage})) == []


def test_text_end_and_usage_in_one_chunk() -> None:
    assert list(chunk(choice({"content": "x"}, "stop", usage=counts(3, 1)))) == [
        Text("x"),
        Stop("end_turn"),
        Usage(3, 1),
    ]


NUMBERS = st.none() | st.integers(-5, 50) | st.floats(-5, 50) | st.text(max_size=2)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_counts_add_up_whatever_a_vendor_says(
    prompt: Any, output: Any, cached: Any, written: Any, thought: Any
) -> None:
    details = {"cached_tokens": cached, "cache_write_tokens": written}
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "prompt_tokens_details": details,
        "reasoning_tokens": thought,
    }
    for delta in chunk({"choices": [], "usage": usage}):
        assert isinstance(delta, Usage)
        assert min(delta.input, delta.output, delta.cache_read, delta.cache_write, delta.reasoning) >= 0
        assert delta.reasoning <= delta.output
        if isinstance(prompt, int):
            assert delta.input + delta.cache_read + delta.cache_write == max(0, prompt)


# -- whole answers


def test_a_whole_answer() -> None:
    message = {
        "role": "assistant",
        "content": "a",
        "reasoning_content": "t",
        "tool_calls": [{"id": "x", "type": "function", "function": {"name": "Read", "arguments": "{}"}}],
    }
    answer = {"choices": [{"message": message, "finish_reason": "tool_calls"}], "usage": counts(10, 5)}
    assert list(whole(answer)) == [
        *(Thinking("t"), Text("a"), ToolCall(None, "x", "Read", "{}"), Stop("tool_use"), Usage(10, 5)),
    ]


@pytest.mark.parametrize("reason", [None, ""])
def test_a_whole_answer_without_a_reason_is_complete(reason: Any) -> None:
    assert Stop("end_turn") in list(whole({"choices": [{"message": {"content": "a"}, "finish_reason": reason}]}))


@pytest.mark.parametrize(
    "data", [{}, {"choices": []}, {"choices": None}, {"code": 20015, "message": "x"}, [], "x", None]
)
def test_a_whole_answer_without_choices_is_an_error(data: Any) -> None:
    with pytest.raises(Fault):
        list(whole(data))
