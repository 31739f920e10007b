"""Ollama's wire: bodies, messages, lines, refusals."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.bodies import TOOLS, route, sent, tool_history
from translators.core.deltas import Stop, Text, Thinking, ToolCall, Usage
from translators.core.errors import Fault, NotFound, PromptTooLong, Rejected, UpstreamError
from translators.core.refusals import refusal
from translators.core.thinking import Signature, sign
from translators.core.vendor import Json, Route, refine
from translators.ollama import VENDOR
from translators.protocols.ollama_chat import OLLAMA_CHAT
from translators.protocols.ollama_chat.request import NUM_CTX, request

MODEL = "qwen3.5:9b"
PICTURE: Json = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
LINKED: Json = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
SCHEMA: Json = {"type": "object", "properties": {"word": {"type": "string"}}}
FORMAT: Json = {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}


def body(**message: Any) -> Json:
    return sent(VENDOR, MODEL, **message)


def on(where: Route, **message: Any) -> Json:
    return request({"max_tokens": 9000, "messages": [{"role": "user", "content": "Hello"}], **message}, where)


def deltas(*lines: Json) -> list[Any]:
    return [delta for line in lines for delta in OLLAMA_CHAT.chunk(line)]


# -- the body


def test_a_small_body() -> None:
    assert body(stream=True) == {
        "model": MODEL,
        "stream": True,
        "truncate": False,
        "shift": False,
        "options": {"num_ctx": NUM_CTX, "num_predict": 9000},
        "messages": [{"role": "user", "content": "Hello"}],
    }
    assert body()["stream"] is False, "Ollama streams unless it is told not to"


def test_options() -> None:
    found = body(temperature=0, top_p=0.9, top_k=7, stop_sequences=["A", "", "B", "C", "D", "E"])["options"]
    assert (found["temperature"], found["top_p"], found["top_k"]) == (0, 0.9, 7)
    assert found["stop"] == ["A", "B", "C", "D", "E"]


@pytest.mark.parametrize(
    ("window", "output", "expected"), [(32_768, None, (32_768, 9000)), (None, 512, (NUM_CTX, 512))]
)
def test_the_limits_of_the_route(window: int | None, output: int | None, expected: tuple[int, int]) -> None:
    found = on(route(VENDOR, MODEL, context_window=window, max_output=output))["options"]
    assert (found["num_ctx"], found["num_predict"]) == expected


@pytest.mark.parametrize(
    ("given", "expected"), [("5m", "5m"), ("300", 300), ("-1", -1), ("0", 0), ("-1m", "-1m"), ("1.5h", "1.5h")]
)
def test_keep_alive(given: str, expected: int | str) -> None:
    assert on(route(VENDOR, MODEL, extra={"keep_alive": given}))["keep_alive"] == expected
    assert "keep_alive" not in body()


# -- tools and forms


@pytest.mark.parametrize(
    ("choice", "offered", "words"),
    [
        ({"type": "auto"}, ["Read", "Glob"], None),
        ({"type": "none"}, [], None),
        ({"type": "any"}, ["Read", "Glob"], "Answer with a call of one of the tools."),
        ({"type": "tool", "name": "Glob"}, ["Glob"], "Answer with a call of the tool."),
        ({"type": "auto", "disable_parallel_tool_use": True}, ["Read", "Glob"], "Call no more than one tool"),
    ],
)
def test_tool_choice(choice: Json, offered: list[str], words: str | None) -> None:
    found = body(tools=[*TOOLS, {**TOOLS[0], "name": "Glob"}], tool_choice=choice, system="Sample.")
    assert [tool["function"]["name"] for tool in found.get("tools", [])] == offered
    assert "tool_choice" not in found
    prompt = found["messages"][0]["content"]
    assert prompt.startswith("Sample.") and (words is None) == (prompt == "Sample.") and (words or "") in prompt


def test_a_forced_tool_without_a_system_prompt() -> None:
    assert [message["role"] for message in body(tools=TOOLS, tool_choice={"type": "any"})["messages"]] == [
        "system",
        "user",
    ]


def test_a_schema_is_the_format_unless_there_are_tools() -> None:
    assert body(**FORMAT)["format"] == SCHEMA
    beside = body(**FORMAT, tools=TOOLS)
    assert "format" not in beside and '"word"' in beside["messages"][0]["content"]
    assert body(**FORMAT, tools=TOOLS, tool_choice={"type": "none"})["format"] == SCHEMA


@pytest.mark.parametrize(("form", "expected"), [("json_object", "json"), ("prompt", None)])
def test_the_profile_says_how_a_schema_travels(form: Any, expected: str | None) -> None:
    where = route(VENDOR, MODEL)
    found = on(
        Route(alias="a", vendor=VENDOR, model=MODEL, profile=refine(where.profile, structured=form), base_url=""),
        **FORMAT,
    )
    assert found.get("format") == expected and '"word"' in found["messages"][0]["content"]


def test_schemas_say_what_the_server_would_drop() -> None:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "$defs": {"Mode": {"const": "fast"}},
        "required": ["mode"],
        "properties": {
            "mode": {"$ref": "#/$defs/Mode", "description": "How."},
            "anything": True,
            "size": {"oneOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]},
            "both": {"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}}, {"required": ["a"]}]},
            "list": {"type": "array", "items": {"type": ["string", "null"], "format": "uri"}, "minItems": 1},
        },
    }
    found = body(tools=[{"name": "T", "input_schema": schema}])["tools"][0]["function"]
    assert found["parameters"] == {
        "type": "object",
        "required": ["mode"],
        "properties": {
            "mode": {"enum": ["fast"], "description": "How."},
            "anything": {},
            "size": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "both": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
            "list": {"type": "array", "items": {"type": ["string", "null"]}},
        },
    }


# -- messages


def test_one_system_message() -> None:
    system = [
        {"type": "text", "text": "x-anthropic-billing-header: a"},
        {"type": "text", "text": "One."},
        {"type": "text", "text": "Two.", "cache_control": {"type": "ephemeral"}},
    ]
    history = [{"role": "user", "content": "a"}, {"role": "system", "content": "Inside."}]
    found = body(system=system, messages=history)["messages"]
    assert found[0] == {"role": "system", "content": "One.\nTwo."}
    assert found[1:] == [{"role": "user", "content": "a\n<system-reminder>\nInside.\n</system-reminder>"}]


def test_pictures_are_bare_and_beside_the_text() -> None:
    content = [{"type": "text", "text": "See"}, PICTURE, {"type": "text", "text": "and"}, LINKED]
    found = body(messages=[{"role": "user", "content": content}])["messages"][0]
    assert found["images"] == ["aGk="]
    assert found["content"].startswith("See\nand\n[There is an image at https://example.com/a.png.")


def test_a_model_without_eyes_gets_a_note() -> None:
    where = route(VENDOR, MODEL)
    blind = Route(alias="a", vendor=VENDOR, model=MODEL, profile=refine(where.profile, images=False), base_url="")
    found = on(blind, messages=[{"role": "user", "content": [PICTURE]}])["messages"][0]
    assert "images" not in found and "cannot see images" in found["content"]


def test_a_picture_alone() -> None:
    assert body(messages=[{"role": "user", "content": [PICTURE]}])["messages"] == [
        {"role": "user", "content": "", "images": ["aGk="]}
    ]


def test_calls_and_results() -> None:
    thought = {"type": "thinking", "thinking": "why", "signature": sign(Signature("ollama", MODEL))}
    found = body(messages=tool_history(thought), tools=TOOLS)["messages"]
    assert found[1] == {
        "role": "assistant",
        "content": "",
        "thinking": "why",
        "tool_calls": [{"id": "t1", "function": {"name": "Read", "arguments": {}}}],
    }
    assert found[2] == {"role": "tool", "tool_name": "Read", "tool_call_id": "t1", "content": "r"}


def test_another_vendors_thinking_stays_behind() -> None:
    thought = {"type": "thinking", "thinking": "why", "signature": sign(Signature("kimi", "k"))}
    assert "thinking" not in body(messages=tool_history(thought))["messages"][1]


@pytest.mark.parametrize(
    ("content", "failed", "expected"),
    [
        ("r", False, "r"),
        ("r", True, "Error: r"),
        ([], False, "(no output)"),
        ([PICTURE], False, "(see the attachment below)"),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], False, "a\nb"),
    ],
)
def test_result_texts(content: Any, failed: bool, expected: str) -> None:
    history = tool_history()
    history[2] = {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": "t1", "content": content, "is_error": failed}],
    }
    found = body(messages=history[:3])["messages"]
    assert found[2]["content"] == expected
    assert [message.get("images") for message in found[3:]] == ([["aGk="]] if content == [PICTURE] else [])


def test_long_tool_names_are_shortened_everywhere() -> None:
    long = "mcp__" + "x" * 90
    history = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": long, "input": {"a": [1]}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "r"}]},
    ]
    found = body(messages=history, tools=[{"name": long, "input_schema": SCHEMA}])
    short = found["tools"][0]["function"]["name"]
    assert len(short) <= 64
    assert found["messages"][1]["tool_calls"][0]["function"] == {"name": short, "arguments": {"a": [1]}}
    assert found["messages"][2]["tool_name"] == short


# -- answers


def said(message: Json | None = None, **fields: Any) -> Json:
    return {"model": MODEL, "message": {"role": "assistant", "content": "", **(message or {})}, "done": False, **fields}


def test_lines() -> None:
    call = {"id": "c1", "function": {"index": 1, "name": "Read", "arguments": {"path": "a"}}}
    found = deltas(
        said({"thinking": "Plan"}),
        said({"content": "Text"}),
        said({"tool_calls": [call]}),
        said(done=True, done_reason="stop", prompt_eval_count=12, eval_count=3),
    )
    assert found == [
        Thinking("Plan"),
        Text("Text"),
        ToolCall(1, "c1", "Read", {"path": "a"}),
        Usage(12, 3),
        Stop("end_turn"),
    ]


@pytest.mark.parametrize(
    ("reason", "expected"), [("stop", "end_turn"), ("length", "max_tokens"), (None, "end_turn"), ("new", "end_turn")]
)
def test_done_reasons(reason: str | None, expected: Any) -> None:
    assert deltas(said(done=True, done_reason=reason)) == [Stop(expected)]


def test_a_call_of_an_older_server() -> None:
    assert deltas(said({"tool_calls": [{"function": {"name": "Read", "arguments": None}}]})) == [
        ToolCall(None, "", "Read", {})
    ]


@pytest.mark.parametrize("reason", ["load", "unload"])
def test_loading_is_no_answer(reason: str) -> None:
    with pytest.raises(Fault, match="error"):
        deltas(said(done=True, done_reason=reason))


def test_an_error_line() -> None:
    with pytest.raises(Fault) as fault:
        deltas({"error": "runner died"})
    assert fault.value.body == {"error": "runner died"}


def test_a_whole_answer() -> None:
    answer = said({"content": "Hi", "thinking": "Hm"}, done=True, done_reason="stop", prompt_eval_count=2, eval_count=1)
    assert list(OLLAMA_CHAT.whole(answer)) == [Thinking("Hm"), Text("Hi"), Usage(2, 1), Stop("end_turn")]
    with pytest.raises(Fault):
        list(OLLAMA_CHAT.whole({"models": []}))


# -- refusals


@pytest.mark.parametrize(
    ("status", "words", "kind", "seen", "part"),
    [
        (404, "model 'qwen3.5:9b' not found", NotFound, 404, "model: ollama/qwen3.5:9b (Ollama: model"),
        (404, 'model "x" not found, try pulling it first', NotFound, 404, "`ollama pull qwen3.5:9b`"),
        (400, '"x" does not support tools', Rejected, 400, "`ollama show qwen3.5:9b`"),
        (500, "model requires more system memory (9 GiB) than is available", UpstreamError, 500, "smaller"),
        (401, "unauthorized", Rejected, 401, "`ollama signin`, or check OLLAMA_API_KEY"),
        (400, "the prompt is longer than the context length currently available", PromptTooLong, 400, "prompt is too"),
        (400, "{broken", Rejected, 400, "Ollama: {broken"),
    ],
)
def test_refusals(status: int, words: str, kind: type[Exception], seen: int, part: str) -> None:
    error = refusal(route(VENDOR, MODEL), status, {"error": words}, {})
    assert (type(error), error.status) == (kind, seen)
    assert part in error.message


def test_the_runners_own_numbers() -> None:
    inner = '{"error":{"code":400,"type":"exceed_context_size_error","message":"m","n_prompt_tokens":70,"n_ctx":64000}}'
    error = refusal(route(VENDOR, MODEL), 400, {"error": inner.replace("70,", "70010,")}, {})
    assert isinstance(error, PromptTooLong) and (error.used, error.limit) == (70010, 64000)
