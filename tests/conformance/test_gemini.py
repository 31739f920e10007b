"""The laws of requests on Gemini's wire: whatever the conversation, the body is one that the model takes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from tests.conformance import gemini_rules
from tests.conformance.answer_laws import difference
from tests.conformance.gemini_rules import SENTINEL
from tests.conformance.kit import Case, Json, cases_of, played, route, shapes, upstream_body
from tests.conformance.request_laws import continued, fresh_answer
from translators.core.vendor import Route

VENDOR = "gemini"
MODELS = ("gemini-3.8-flash", "gemini-2.5-pro")
CASES = cases_of(VENDOR)
ANSWERED = [case for case in CASES if case.expected.get("content")]
CALLING = [case for case in ANSWERED if any(block["type"] == "tool_use" for block in case.expected["content"])]


def accepted(message: Json, where: Route) -> Json:
    """The body of a message, which the model takes."""
    body = upstream_body(message, where)
    gemini_rules.check(body, where.model)
    return body


def answer_of(case: Case) -> Json:
    """The message that the client gets."""
    answer = played(case).message
    assert answer is not None
    return answer


def last_turn(body: Json) -> list[Json]:
    """The parts of the model's newest turn."""
    parts: list[Json] = [turn for turn in body["contents"] if turn["role"] == "model"][-1]["parts"]
    return parts


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_body_is_accepted(case: Case) -> None:
    accepted(case.request, case.route)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("shape", shapes())
def test_every_shape_is_accepted(shape: str, model: str) -> None:
    accepted(shapes()[shape], route(VENDOR, model))


def parts_of(data: bytes) -> list[Json]:
    """What the vendor said and gets back: neighbouring texts joined; no thoughts, no empty texts, no signature of a
    text that ends the turn.
    """
    said: list[Json] = []
    for line in data.decode().splitlines():
        chunk = json.loads(line.removeprefix("data:")) if line.startswith(("data:", "{")) else {}
        for candidate in chunk.get("candidates") or ():
            for part in (candidate.get("content") or {}).get("parts") or ():
                if not part.get("thought"):
                    add(said, dict(part))
    if said and "text" in said[-1]:
        said[-1].pop("thoughtSignature", None)
    return said


def add(said: list[Json], part: Json) -> None:
    """A part behind the others; a text continues the text before it."""
    if "text" in part and said and "text" in said[-1]:
        said[-1] = {**said[-1], **part, "text": said[-1]["text"] + part["text"]}
    elif part.get("text") != "":
        said.append(part)


@pytest.mark.parametrize("case", ANSWERED, ids=str)
def test_the_models_own_parts_come_back(case: Case) -> None:
    body = accepted(continued(case.request, answer_of(case)), case.route)
    assert without_ids(last_turn(body)) == without_ids(parts_of(case.answer))


def without_ids(parts: list[Json]) -> list[Json]:
    """Parts without the ids of calls: Rialto's are its own."""
    calls = [dict(part.get("functionCall") or {}) for part in parts]
    for call in calls:
        call.pop("id", None)
    return [{**part, "functionCall": call} if call else part for part, call in zip(parts, calls, strict=True)]


@pytest.mark.parametrize("case", ANSWERED, ids=str)
def test_a_client_that_forgets_thinking(case: Case) -> None:
    answer = answer_of(case)
    kept = [block for block in answer["content"] if block["type"] != "thinking"]
    body = accepted(continued(case.request, {**answer, "content": kept}), case.route)
    signatures = {part["thoughtSignature"] for part in last_turn(body) if "thoughtSignature" in part}
    assert signatures <= {SENTINEL}


@pytest.mark.parametrize("case", ANSWERED, ids=str)
def test_a_client_that_hides_thinking(case: Case) -> None:
    bodies: list[Any] = []
    for display in ("summarized", "omitted"):
        message = {**case.request, "thinking": {"type": "adaptive", "display": display}}
        body = accepted(continued(message, answer_of(case.asking(message))), case.route)
        bodies.append([without_ids(turn["parts"]) for turn in body["contents"] if turn["role"] == "model"])
    assert bodies[0] == bodies[1], difference(bodies[1], bodies[0])


@pytest.mark.parametrize("case", CALLING, ids=str)
def test_calls_without_results(case: Case) -> None:
    follow = continued(case.request, answer_of(case))
    reply = follow["messages"][-1]
    for keep in range(len(reply["content"])):
        accepted(
            {**follow, "messages": [*follow["messages"][:-1], {**reply, "content": reply["content"][:keep]}]},
            case.route,
        )


@pytest.mark.parametrize("case", ANSWERED, ids=str)
def test_turns_share_their_bytes(case: Case) -> None:
    answer, turns = answer_of(case), [case.request]
    for number in (1, 2, 3):
        turns.append(continued(turns[-1], fresh_answer(answer, number)))
    written = [orjson.dumps(accepted(turn, case.route)) for turn in turns]
    for shorter, longer in zip(written, written[1:], strict=False):
        assert longer.startswith(shorter.removesuffix(b"]}")), "a turn changes the bytes of the turns before it"


GOOD: Json = {
    "contents": [
        {"role": "user", "parts": [{"text": "go"}]},
        {
            "role": "model",
            "parts": [{"functionCall": {"id": "a", "name": "Read", "args": {}}, "thoughtSignature": SENTINEL}],
        },
        {"role": "user", "parts": [{"functionResponse": {"id": "a", "name": "Read", "response": {"output": "r"}}}]},
    ]
}
READ: Json = {"name": "Read", "parametersJsonSchema": {"type": "object", "properties": {}}}
#: What is wrong -> how a good body becomes so.
WRONG: dict[str, Callable[[Json], Any]] = {
    "an unknown field": lambda body: body["generationConfig"].update(max_tokens=1),
    "a wrong type": lambda body: body["generationConfig"].update(maxOutputTokens="many"),
    "no output limit that is legal": lambda body: body["generationConfig"].update(maxOutputTokens=70_000),
    "level and budget": lambda body: body["generationConfig"].update(
        thinkingConfig={"thinkingLevel": "low", "thinkingBudget": 1}
    ),
    "six stop sequences": lambda body: body["generationConfig"].update(stopSequences=list("abcdef")),
    "the model first": lambda body: body["contents"].pop(0),
    "an empty text": lambda body: body["contents"][0]["parts"].append({"text": ""}),
    "no parts": lambda body: body["contents"][0].update(parts=[]),
    "no signature": lambda body: body["contents"][1]["parts"][0].pop("thoughtSignature"),
    "no response": lambda body: body["contents"][2].update(parts=[{"text": "r"}]),
    "a nameless response": lambda body: body["contents"][2]["parts"][0]["functionResponse"].update(name=""),
    "a name that is refused": lambda body: body["tools"][0]["functionDeclarations"][0].update(name="1st"),
    "a tool twice": lambda body: body["tools"][0]["functionDeclarations"].append(READ),
    "a choice that is no tool": lambda body: body.update(
        toolConfig={"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["Glob"]}}
    ),
    "a GIF": lambda body: body["contents"][0]["parts"].append(
        {"inlineData": {"mimeType": "image/gif", "data": "R0lG"}}
    ),
    "a field of Anthropic's": lambda body: body["contents"][0]["parts"][0].update(cache_control={"type": "ephemeral"}),
}


def good() -> Json:
    """A body that Gemini takes."""
    body = {"tools": [{"functionDeclarations": [READ]}], "generationConfig": {"maxOutputTokens": 9}, **GOOD}
    return copy.deepcopy(body)


@pytest.mark.parametrize("change", WRONG.values(), ids=list(WRONG))
def test_a_wrong_body_is_noticed(change: Callable[[Json], Any]) -> None:
    body = good()
    gemini_rules.check(body, MODELS[0])
    change(body)
    ordered = {**{key: value for key, value in body.items() if key != "contents"}, "contents": body["contents"]}
    with pytest.raises(AssertionError):
        gemini_rules.check(ordered, MODELS[0])
