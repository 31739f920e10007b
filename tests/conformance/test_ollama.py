"""The laws of requests on Ollama's wire: whatever the conversation, the body is one that the server takes whole."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance import ollama_rules
from tests.conformance.answer_laws import difference
from tests.conformance.kit import Case, Json, cases_of, played, route, shapes, upstream_body
from tests.conformance.request_laws import NEXT, RESULT, calls_of, continued, fresh_answer, fresh_ids, shared_prefix
from translators.core.vendor import Route

VENDOR = "ollama"
MODELS = ("qwen3.5:9b", "gpt-oss:20b")
CASES = cases_of(VENDOR)
ANSWERED = [case for case in CASES if case.expected.get("content")]
CALLING = [case for case in ANSWERED if calls_of(case.expected)]


def accepted(message: Json, where: Route) -> Json:
    """The body of a message, which the model takes."""
    body = upstream_body(message, where)
    ollama_rules.check(body, where.model)
    return body


def answer_of(case: Case) -> Json:
    """The message that the client gets."""
    answer = played(case).message
    assert answer is not None
    return answer


def last_said(body: Json) -> Json:
    """The newest assistant message."""
    found: Json = [message for message in body["messages"] if message["role"] == "assistant"][-1]
    return found


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_body_is_accepted(case: Case) -> None:
    accepted(case.request, case.route)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("shape", shapes())
def test_every_shape_is_accepted(shape: str, model: str) -> None:
    accepted(shapes()[shape], route(VENDOR, model))


@pytest.mark.parametrize("case", ANSWERED, ids=str)
def test_the_answer_comes_back(case: Case) -> None:
    answer = answer_of(case)
    body = accepted(continued(case.request, answer), case.route)
    said = last_said(body)
    of_kind: dict[str, list[Any]] = {"text": [], "thinking": [], "tool_use": []}
    for block in answer["content"]:
        of_kind[block["type"]].append(block)
    assert said["content"] == "".join(block["text"] for block in of_kind["text"])
    assert said.get("thinking", "") == "".join(block["thinking"] for block in of_kind["thinking"])
    calls = [(call["function"]["name"], call["function"]["arguments"]) for call in said.get("tool_calls") or ()]
    assert calls == [(call["name"], call["input"]) for call in of_kind["tool_use"]]
    results = body["messages"][-1 - len(calls) : -1]
    assert [(result["role"], result["content"]) for result in results] == [("tool", RESULT)] * len(calls)
    assert body["messages"][-1] == {"role": "user", "content": NEXT}


@pytest.mark.parametrize("case", ANSWERED, ids=str)
def test_a_client_that_forgets_thinking(case: Case) -> None:
    answer = answer_of(case)
    kept = [block for block in answer["content"] if block["type"] != "thinking"]
    body = accepted(continued(case.request, {**answer, "content": kept}), case.route)
    assert "thinking" not in last_said(body)


@pytest.mark.parametrize("case", ANSWERED, ids=str)
def test_a_client_that_hides_thinking(case: Case) -> None:
    bodies = []
    for display in ("summarized", "omitted"):
        message = {**case.request, "thinking": {"type": "adaptive", "display": display}}
        bodies.append(fresh_ids(accepted(continued(message, answer_of(case.asking(message))), case.route)))
    assert bodies[0] == bodies[1], difference(bodies[1], bodies[0])


@pytest.mark.parametrize("case", CALLING, ids=str)
def test_calls_without_results(case: Case) -> None:
    follow = continued(case.request, answer_of(case))
    reply = follow["messages"][-1]
    for keep in range(len(reply["content"])):
        shorter = {**reply, "content": reply["content"][:keep]}
        accepted({**follow, "messages": [*follow["messages"][:-1], shorter]}, case.route)


@pytest.mark.parametrize("case", ANSWERED, ids=str)
def test_turns_share_their_bytes(case: Case) -> None:
    turns, answer = [case.request], answer_of(case)
    for number in (1, 2):
        turns.append(continued(turns[-1], fresh_answer(answer, number)))
    shared_prefix([upstream_body(turn, case.route) for turn in turns])
