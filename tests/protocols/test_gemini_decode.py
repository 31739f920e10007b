"""Gemini's answers -> deltas."""

from __future__ import annotations

from typing import Any

import pytest

from translators.core.deltas import Opaque, Stop, Text, Thinking, ToolCall, Usage
from translators.core.errors import Fault
from translators.core.vendor import Json
from translators.protocols.gemini.decode import BROKEN, chunk, whole


def answer(*parts: Json, finish: str = "", **fields: Any) -> Json:
    candidate = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    return {"candidates": [candidate | ({"finishReason": finish} if finish else {})], **fields}


def call(name: str = "Read", **fields: Any) -> Json:
    return {"functionCall": {"name": name, "args": {"path": "a"}, **fields}}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"text": "hi"}, [Text("hi")]),
        ({"text": "hm", "thought": True}, [Thinking("hm")]),
        ({"text": ""}, []),
        ({"text": "", "thoughtSignature": "S"}, [Opaque("text", "S")]),
        ({"text": "hi", "thoughtSignature": "S"}, [Text("hi"), Opaque("text", "S")]),
        (call(), [ToolCall(name="Read", arguments={"path": "a"})]),
        (call(id="n1"), [ToolCall(id="n1", name="Read", arguments={"path": "a"})]),
        (call() | {"thoughtSignature": "S"}, [ToolCall(name="Read", arguments={"path": "a"}, opaque="S")]),
        (call("default_api:Read"), [ToolCall(name="Read", arguments={"path": "a"})]),
        (call(args=None), [ToolCall(name="Read", arguments={})]),
        ({"executableCode": {"language": "PYTHON", "code": "1+1"}}, [Text("\n```python\n1+1\n```\n")]),
        ({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "2"}}, [Text("\n```\n2\n```\n")]),
        ({"inlineData": {"mimeType": "image/png", "data": ""}}, []),
    ],
)
def test_parts(part: Json, expected: list[Any]) -> None:
    assert list(chunk(answer(part))) == expected


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("STOP", "end_turn"),
        ("MAX_TOKENS", "max_tokens"),
        ("CONTINUATION", "max_tokens"),
        *((reason, "refusal") for reason in ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII")),
        ("IMAGE_SAFETY", "refusal"),
        ("LANGUAGE", "end_turn"),
        ("OTHER", "end_turn"),
        ("A_NEW_ONE", "end_turn"),
    ],
)
def test_finish_reasons(reason: str, expected: Any) -> None:
    explanation = reason if expected == "refusal" else None
    assert list(chunk(answer({"text": "x"}, finish=reason))) == [Text("x"), Stop(expected, explanation=explanation)]


@pytest.mark.parametrize("reason", sorted(BROKEN))
def test_unusable_answers(reason: str) -> None:
    data = {"candidates": [{"finishReason": reason, "finishMessage": "the words"}]}
    with pytest.raises(Fault) as caught:
        list(chunk(data))
    assert reason in str(caught.value.body) and "the words" in str(caught.value.body)


def test_an_unspecified_reason_ends_nothing() -> None:
    assert list(chunk(answer({"text": "x"}, finish="FINISH_REASON_UNSPECIFIED"))) == [Text("x")]


def test_a_refusal_says_why() -> None:
    filtered = {"candidates": [{"finishReason": "SPII", "finishMessage": "It holds an address."}]}
    assert list(chunk(filtered)) == [Stop("refusal", explanation="SPII: It holds an address.")]


@pytest.mark.parametrize(
    ("feedback", "explanation"),
    [({}, "SAFETY"), ({"blockReasonMessage": "Not this."}, "SAFETY: Not this."), ({"blockReasonMessage": 1}, "SAFETY")],
)
def test_a_blocked_prompt_is_a_refusal(feedback: Json, explanation: str) -> None:
    blocked = {
        "promptFeedback": {"blockReason": "SAFETY", **feedback},
        "usageMetadata": {"promptTokenCount": 5},
    }
    expected = [Stop("refusal", explanation=explanation), Usage(5, 0)]
    assert list(chunk(blocked)) == list(whole(blocked)) == expected


def test_usage() -> None:
    counts = {
        "promptTokenCount": 29,
        "toolUsePromptTokenCount": 10,
        "cachedContentTokenCount": 9,
        "candidatesTokenCount": 30,
        "thoughtsTokenCount": 91,
        "totalTokenCount": 160,
    }
    assert list(chunk({"usageMetadata": counts})) == [Usage(30, 121, 9, 0, 91)]


@pytest.mark.parametrize("counts", [{}, None, {"totalTokenCount": 3}, {"promptTokenCount": None}])
def test_usage_that_says_nothing(counts: Any) -> None:
    assert list(chunk({"usageMetadata": counts})) == []


@pytest.mark.parametrize("data", [{}, {"candidates": []}, {"candidates": None}, {"candidates": [{"index": 0}]}])
def test_chunks_that_say_nothing(data: Json) -> None:
    assert list(chunk(data)) == []


@pytest.mark.parametrize("data", [{}, {"candidates": []}, {"error": {"code": 500}}, {"promptFeedback": {}}])
def test_whole_answers_that_are_none(data: Json) -> None:
    with pytest.raises(Fault):
        list(whole(data))


def test_a_whole_answer_has_an_end() -> None:
    assert list(whole(answer({"text": "x"}))) == [Text("x"), Stop("end_turn")]
    assert list(whole(answer({"text": "x"}, finish="MAX_TOKENS"))) == [Text("x"), Stop("max_tokens")]


def test_one_candidate_is_enough() -> None:
    data = answer({"text": "x"})
    data["candidates"].append({"content": {"parts": [{"text": "y"}]}})
    assert list(chunk(data)) == [Text("x")]


def test_an_error_inside_the_stream() -> None:
    error = {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}
    with pytest.raises(Fault) as caught:
        list(chunk(error))
    assert caught.value.body == error
