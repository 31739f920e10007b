"""Every check: an answer in which it finds something, and one much like it in which it does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.vendor_check.answer import Answer
from app.vendor_check.check import Check
from app.vendor_check.checks import CHECKS
from tests.app.vendor_check.judged_answers import (
    QUESTION,
    STREAM,
    USAGE,
    WHOLE,
    answer,
    call,
    calls,
    changed,
    chat,
    error,
    gemini,
    message_events,
    messages,
    recorded,
    refusal,
    whole,
)
from tests.scenarios.catalogue import CATALOGUE

BY_NAME = {check.name: check for check in CHECKS}
HELLO = {"content": "Hello."}
THOUGHT = {"reasoning_content": "I greet."}
GOOD = chat(THOUGHT, HELLO, calls(call()), calls(call(1, "call_2", "Glob")))
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WITH_SCHEMA = {"response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}}}
FUNCTION = {"tool_choice": {"type": "function", "function": {"name": "Read"}}}
WINDOW = "the prompt of 9000 tokens exceeds what fits"
LIMIT = error("slow down")
EVENTS = message_events()
RESPONSES = recorded("openai/responses_thinking_calls")


def text_of(found: Answer, old: bytes, new: bytes) -> Answer:
    """The answer with some of its bytes changed."""
    assert old in found.data
    return changed(found, data=found.data.replace(old, new))


def first(case: str) -> Answer:
    return recorded(case)[0]


def usage(**counts: Any) -> Answer:
    return chat(HELLO, usage={**USAGE, **counts})


#: Check -> (an answer in which it finds something, one in which it finds nothing).
CASES: dict[str, tuple[Answer, Answer]] = {
    "line ends": (text_of(GOOD, b"\n", b"\r\n"), GOOD),
    "tight fields": (text_of(GOOD, b"data: {", b"data:{"), GOOD),
    "byte-order mark": (changed(GOOD, data=b"\xef\xbb\xbf" + GOOD.data), GOOD),
    "broken UTF-8": (text_of(GOOD, b"Hello", b"Hell\xf0\x9f"), text_of(GOOD, b"Hello", "Hell😀".encode())),
    "half surrogate pair": (chat({"content": "\ud83d"}), chat({"content": "😀"})),
    "no end mark": (first("openai_compatible/transformers_text"), GOOD),
    "no finish reason": (chat(HELLO, reason=None), chat(HELLO)),
    "cut off": (first("ollama/truncated"), first("ollama/plain")),
    "unreadable event": (text_of(GOOD, b'data: {"id": "c1"', b'data: {"id": c1'), GOOD),
    "stray bytes": (first("gemini/raw_error_in_stream"), first("gemini/error_event")),
    "foreign end mark": (gemini({"text": "Hi."}, end=b"data: [DONE]\n\n"), gemini({"text": "Hi."})),
    "whole for a stream": (changed(whole(), message={"stream": True, "messages": QUESTION}), whole()),
    "stream for a whole": (changed(GOOD, message={"stream": False, "messages": QUESTION}), GOOD),
    "content type": (changed(GOOD, headers=WHOLE), changed(GOOD, headers=STREAM)),
    "other types": (answer("deepseek", b'{"choices": 3}', stream=False), whole()),
    "event names": (messages(*EVENTS, name=False), messages(*EVENTS)),
    "late start": (messages(*EVENTS[1:]), messages(*EVENTS)),
    "block indexes": (messages(*message_events(1)), messages(*EVENTS)),
    "stop with calls": (first("openai_compatible/vllm_named_tool"), chat(calls(call()))),
    "calls missing": (chat(HELLO, reason="tool_calls"), chat(calls(call()))),
    "unknown finish reason": (recorded("xai/empty_finish_reason")[0], chat(HELLO, reason="length")),
    "call without id": (chat(calls(call(id=None))), GOOD),
    "repeated id": (chat(calls(call(), call(1))), chat(calls(call(), call(1, "call_2")))),
    "changing id": (
        chat(calls(call()), calls(call(0, "call_9", None, "{}"))),
        chat(calls(call(arguments="{")), calls(call(0, "call_1", None, "}"))),
    ),
    "odd id": (first("kimi/repeated_ids"), GOOD),
    "index gaps": (first("mistral/thinking_text_calls"), GOOD),
    "shared index": (chat(calls(call(), call(0, "call_2"))), chat(calls(call(), call(1, "call_2")))),
    "late name": (chat(calls(call(name=None)), calls(call(0, None, "Read", ""))), GOOD),
    "empty name": (first("mistral/empty_names"), GOOD),
    "unknown tool": (chat(calls(call(name="read"))), GOOD),
    "control tokens in a name": (chat(calls(call(name="Read<|channel|>commentary"))), GOOD),
    "forced call missing": (chat(HELLO, body=FUNCTION), chat(calls(call()), body=FUNCTION)),
    "parallel calls not asked for": (
        chat(calls(call(), call(1, "call_2")), body={"parallel_tool_calls": False}),
        chat(calls(call()), body={"parallel_tool_calls": False}),
    ),
    "arguments are no JSON": (chat(calls(call(arguments="{'path': 'a'}"))), GOOD),
    "several values as arguments": (first("openai_compatible/vllm_fenced_arguments"), GOOD),
    "arguments encoded twice": (chat(calls(call(arguments=json.dumps('{"path":"a"}')))), GOOD),
    "arguments are no object": (chat(calls(call(arguments='["a"]'))), GOOD),
    "arguments as an object": (chat(calls(call(arguments={"path": "a"}))), GOOD),
    "arguments as text": (
        gemini({"functionCall": {"name": "Read", "args": '{"path":"a"}'}}),
        gemini({"functionCall": {"name": "Read", "args": {"path": "a"}}}),
    ),
    "no arguments": (chat(calls(call(arguments=""))), chat(calls(call(arguments="{}")))),
    "think tags": (first("minimax/think_tags"), chat({"content": "Write ```<think>``` here."})),
    "calls as text": (
        chat({"content": '<tool_call>{"name": "Read"}</tool_call>'}),
        chat({"content": "```\n<tool_call>\n```"}),
    ),
    "calls as bare JSON": (
        chat({"content": '{"name": "Read", "arguments": {}}'}),
        chat({"content": '{"name": "Rome"}'}),
    ),
    "control tokens": (chat({"content": "Hi.<|end|>"}), chat({"content": "a <| b"})),
    "reasoning in another field": (recorded("groq/thinking_text_calls")[0], GOOD),
    "reasoning twice": (chat({**THOUGHT, "reasoning": "I greet."}, HELLO), GOOD),
    "empty answer": (first("deepseek/empty_stop"), GOOD),
    "no byte": (first("openai_compatible/lcpy_empty_stream"), first("nvidia/empty_429")),
    "role": (whole({"role": "user", "content": "Hi."}), whole()),
    "no role": (whole({"content": "Hi."}), whole()),
    "no content": (
        whole({"role": "assistant", **calls(call())}, "tool_calls"),
        whole({"role": "assistant", "content": None, **calls(call())}, "tool_calls"),
    ),
    "usage missing": (chat(HELLO, usage=None), chat(HELLO)),
    "usage incomplete": (first("ollama/prompt_cached"), first("ollama/plain")),
    "usage elsewhere": (first("groq/usage_only_under_x_groq"), recorded("groq/thinking_text_calls")[0]),
    "usage disagrees": (usage(total_tokens=20), usage()),
    "part over whole": (
        usage(completion_tokens_details={"reasoning_tokens": 5}),
        usage(completion_tokens_details={"reasoning_tokens": 4}),
    ),
    "model changes": (text_of(GOOD, b'deepseek-v4-pro", "choices": []', b'another", "choices": []'), GOOD),
    "another model": (chat(HELLO, model="another"), chat(HELLO, model="deepseek/deepseek-v4-pro-2026-11-01")),
    "model not named": (text_of(whole(), b'"model": "deepseek-v4-pro"', b'"model": null'), whole()),
    "over max_tokens": (chat(HELLO, body={"max_tokens": 3}), chat(HELLO, body={"max_tokens": 4})),
    "stop sequence told": (chat(HELLO, body={"stop": ["llo"]}), chat(HELLO, body={"stop": ["END"]})),
    "schema not kept": (
        chat({"content": '{"town": "Rome"}'}, body=WITH_SCHEMA),
        chat({"content": '{"city": "Rome"}'}, body=WITH_SCHEMA),
    ),
    "unknown model answered": (
        chat(HELLO, probe="unknown model"),
        refusal(404, error("no such model"), probe="unknown model"),
    ),
    "unknown field refused": (
        refusal(400, error("unknown"), probe="unknown field"),
        chat(HELLO, probe="unknown field"),
    ),
    "image refused": (refusal(400, error("no images"), probe="image"), chat(HELLO, probe="image")),
    "overflow answered": (chat(HELLO, probe="overflow"), refusal(400, error("too long"), probe="overflow")),
    "error in a 200": (first("openrouter/error_in_200"), first("openrouter/provider_broke")),
    "error envelope": (recorded("siliconflow/bad_parameter")[0], first("deepseek/no_balance")),
    "error event": (first("minimax/overflow_in_stream"), first("openrouter/error_in_200")),
    "HTML page": (refusal(502, "<html><title>Bad gateway</title></html>"), refusal(502, error("bad gateway"))),
    "error without words": (first("nvidia/empty_429"), refusal(429, LIMIT)),
    "overflow in other words": (first("kimi/overflow"), first("deepseek/overflow")),
    "limit without a time": (refusal(429, LIMIT), refusal(429, LIMIT, headers={"retry-after": "3"})),
    "key under another status": (first("gemini/wrong_key"), refusal(401, error("Incorrect API key provided"))),
}


def test_every_check_has_its_cases() -> None:
    assert sorted(CASES) == sorted(BY_NAME)
    assert len(BY_NAME) == len(CHECKS)


@pytest.mark.parametrize("name", CASES)
def test_it_is_found(name: str) -> None:
    found = BY_NAME[name].evidence(CASES[name][0])
    assert found and found[0].words
    assert all(one.at is None or one.at < max(1, len(CASES[name][0].frames)) for one in found)


@pytest.mark.parametrize("name", CASES)
def test_it_is_not_found_where_it_is_not(name: str) -> None:
    assert BY_NAME[name].evidence(CASES[name][1]) == []


@pytest.mark.parametrize(
    "good",
    [GOOD, whole(), messages(*EVENTS), gemini({"text": "Hi."}), first("ollama/plain"), *RESPONSES],
    ids=["chat", "whole", "messages", "gemini", "ollama", "responses", "responses whole"],
)
def test_a_right_answer_has_no_findings(good: Answer) -> None:
    assert {check.name: found for check in CHECKS if (found := check.evidence(good))} == {}


def test_scenarios_are_in_the_catalogue() -> None:
    known = {entry.id for entry in CATALOGUE}
    assert {check.scenario for check in CHECKS} <= known


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_what_is_said_are_sentences(check: Check) -> None:
    assert check.says[0].isupper() and check.says.endswith(".")
    assert check.expects.endswith((".", "}"))
    assert check.remedy and not check.remedy.endswith(".")


GARBAGE = (
    *(b"", b"\x00\xff", b"data: [1]\n\n", b"data:", b"[]", b"{", b'{"choices": 3}', b'{"choices": [null]}'),
    *(b'{"usage": {"total_tokens": "x"}}', b'{"candidates": {"a": 1}}', b'{"message": {"tool_calls": 5}}'),
    *(b'data: {"type": "content_block_start", "index": []}\n\n', b'{"type": "message", "content": "x"}'),
)


@pytest.mark.parametrize("data", GARBAGE, ids=repr)
@pytest.mark.parametrize("vendor", ["deepseek", "gemini", "ollama", "anthropic_endpoints"])
def test_garbage_is_a_finding_and_no_failure(vendor: str, data: bytes) -> None:
    for status in (200, 400):
        found = answer(vendor, data, status=status, headers={"content-type": "text/plain"})
        assert sum(bool(check.evidence(found)) for check in CHECKS) > 0
