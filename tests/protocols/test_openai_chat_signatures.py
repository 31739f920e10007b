"""What must come back beside an answer: details with the ids of calls, thought signatures, and only to their model."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.support.routes import route
from tests.vendors.bodies import TOOLS
from translators.core.answer import message_stream
from translators.core.message import fold
from translators.core.thinking import Signature, sign
from translators.core.vendor import Json, Route
from translators.protocols.openai_chat.decode import chunk
from translators.protocols.openai_chat.request import request

DETAILED = route(reasoning_field="reasoning_details")
SIGNED = {"extra_content": {"google": {"thought_signature": "U0lH"}}}


def called(place: int, **more: Any) -> Json:
    """The first fragment of a call."""
    function = {"name": "Read", "arguments": '{"path":"a"}'}
    return {"index": place, "id": f"tool_{place}_Read", "type": "function", "function": function, **more}


def sealed(place: int, data: str, **more: Any) -> Json:
    """Encrypted reasoning of one call."""
    made = {"type": "reasoning.encrypted", "id": f"tool_{place}_Read", "data": data, "index": 0}
    return {**made, "format": "google-gemini-v1", **more}


def answered(*deltas: Json, where: Route = DETAILED, prefix: str = "") -> list[Json]:
    """The content blocks that the client gets."""
    numbers = itertools.count(1)
    stream = message_stream({"messages": [], "tools": TOOLS}, where, lambda kind: f"{kind}{prefix}{next(numbers)}")
    choices: list[Json] = [*({"delta": delta} for delta in deltas), {"delta": {}, "finish_reason": "tool_calls"}]
    events = stream.start()
    for choice in choices:
        events += [event for delta in chunk({"choices": [choice]}) for event in stream.feed(delta)]  # type: ignore[arg-type]
    content: list[Json] = fold(events + stream.close())["content"]
    return content


def history(*contents: list[Json]) -> list[Json]:
    """Answers, each with results for its calls."""
    messages: list[Json] = [{"role": "user", "content": "go"}]
    for content in contents:
        calls = [block["id"] for block in content if block["type"] == "tool_use"]
        results = [{"type": "tool_result", "tool_use_id": call, "content": "r"} for call in calls]
        messages += [{"role": "assistant", "content": content}, {"role": "user", "content": results or "go on"}]
    return messages


def returned(*contents: list[Json], where: Route = DETAILED) -> list[Json]:
    """The assistant messages of the next request."""
    body = request({"max_tokens": 9, "tools": TOOLS, "messages": history(*contents)}, where)
    return [message for message in body["messages"] if message["role"] == "assistant"]


def ids(message: Json) -> tuple[list[str], list[str]]:
    """The ids of a message's calls, and those in its details."""
    return [call["id"] for call in message["tool_calls"]], [detail["id"] for detail in message["reasoning_details"]]


TEXT: Json = {"type": "reasoning.text", "text": "Hm.", "format": "google-gemini-v1", "index": 0}
ORDERS: dict[str, list[Json]] = {
    "before the calls": [
        {"reasoning_details": [TEXT, sealed(0, "U0lHQQ=="), sealed(1, "U0lHQg==")]},
        {"tool_calls": [called(0), called(1)]},
    ],
    "with each call": [
        {"reasoning_details": [TEXT, sealed(0, "U0lHQQ==")], "tool_calls": [called(0)]},
        {"reasoning_details": [sealed(1, "U0lHQg==")], "tool_calls": [called(1)]},
    ],
    "behind the calls": [
        {"reasoning_details": [TEXT], "tool_calls": [called(0), called(1)]},
        {"reasoning_details": [sealed(0, "U0lHQQ=="), sealed(1, "U0lHQg==")]},
    ],
    "before a text": [
        {"reasoning_details": [TEXT, sealed(0, "U0lHQQ=="), sealed(1, "U0lHQg==")], "content": "I look."},
        {"tool_calls": [called(0), called(1)]},
    ],
}


@pytest.mark.parametrize("order", ORDERS)
def test_details_name_the_calls_by_the_ids_that_go_out(order: str) -> None:
    [message] = returned(answered(*ORDERS[order]))
    calls = [call["id"] for call in message["tool_calls"]]
    assert len(set(calls)) == 2
    assert message["reasoning_details"] == [
        TEXT,
        sealed(0, "U0lHQQ==") | {"id": calls[0]},
        sealed(1, "U0lHQg==") | {"id": calls[1]},
    ]


def test_calls_of_one_id_are_two_calls() -> None:
    twin = {**called(1), "id": "tool_0_Read"}
    [message] = returned(answered({"reasoning_details": [sealed(0, "x")], "tool_calls": [called(0), twin]}))
    calls, named = ids(message)
    assert (len(set(calls)), named) == (2, calls[:1])


def test_encrypted_data_that_come_twice_are_one_detail() -> None:
    said = {"reasoning_details": [sealed(0, "x"), sealed(0, "x"), sealed(0, "y"), TEXT | {"data": None}]}
    [message] = returned(answered(said, {"content": "a", "tool_calls": [called(0)]}))
    assert [detail.get("data") for detail in message["reasoning_details"]] == ["x", "y", None]


def test_a_vendor_that_repeats_its_ids_in_every_turn() -> None:
    said = {"reasoning_details": [sealed(0, "x")], "tool_calls": [called(0)]}
    messages = returned(answered(said), answered(said, prefix="second_"))
    assert [ids(message)[0] for message in messages] == [ids(message)[1] for message in messages]
    assert len({ids(message)[0][0] for message in messages}) == 2


def test_neighbouring_messages_keep_their_own() -> None:
    said = {"reasoning_details": [sealed(0, "x")], "tool_calls": [called(0)]}
    [message] = returned([*answered(said), *answered(said, prefix="second_")])
    assert ids(message)[0] == ids(message)[1]


def test_ids_that_are_no_calls_stay() -> None:
    item = {"type": "reasoning.encrypted", "id": "rs_1", "data": "gAAA", "format": "openai-responses-v1", "index": 0}
    content = answered({"reasoning_details": [item], "tool_calls": [called(0)]})
    assert [block.get("id") for block in content] == [None, "toolu_2"]
    assert returned(content)[0]["reasoning_details"] == [item]


def test_a_call_that_the_client_has_taken_out_leaves_its_detail_as_it_was() -> None:
    content = answered({"content": "I look.", "reasoning_details": [sealed(0, "x")], "tool_calls": [called(0)]})
    [message] = returned([block for block in content if block["type"] != "tool_use"])
    assert message["reasoning_details"] == [sealed(0, "x")]


@pytest.mark.parametrize("plain", [False, True])
def test_ids_that_the_vendor_takes_in_another_form(plain: bool) -> None:
    where = route(reasoning_field="reasoning_details", plain_call_ids=plain, call_id_length=0 if plain else 9)
    content = answered({"reasoning_details": [sealed(0, "x")], "tool_calls": [called(0)]}, where=where, prefix=".")
    [message] = returned(content, where=where)
    assert ids(message)[0] == ids(message)[1] != [""]


# -- only what the model itself has said


def thought(model: str, text: str = "t", **detail: Any) -> Json:
    """A thinking block with a detail of its text."""
    opaque = (("reasoning_details", {"type": "reasoning.text", "index": 0, "text": text, **detail}),)
    return {"type": "thinking", "thinking": text, "signature": sign(Signature("acme", model, opaque=opaque))}


SAID: Json = {"type": "text", "text": "a"}


def test_another_models_reasoning_goes_as_plain_text() -> None:
    [message] = returned([thought("m-0", signature="S"), SAID])
    assert (message.get("reasoning_details"), message["reasoning"]) == (None, "t")


def test_what_the_model_has_signed_itself_goes_alone() -> None:
    [message] = returned([thought("m-0", "A", signature="SA"), thought("m-1", "B", signature="SB"), SAID])
    assert "reasoning" not in message
    assert [detail["text"] for detail in message["reasoning_details"]] == ["B"]


def test_two_answers_in_one_turn_keep_their_own_signatures() -> None:
    [message] = returned([thought("m-1", "A", signature="SA"), SAID, thought("m-1", "B", signature="SB"), SAID])
    assert [(detail["text"], detail["signature"]) for detail in message["reasoning_details"]] == [
        ("A", "SA"),
        ("B", "SB"),
    ]


def test_plain_reasoning_goes_to_every_model_of_its_vendor() -> None:
    [message] = returned([thought("m-0"), SAID], where=route(reasoning_field="reasoning_content"))
    assert message["reasoning_content"] == "t"


# -- Gemini's thought signatures on calls


def test_a_signed_call_comes_back_signed() -> None:
    content = answered({"tool_calls": [called(0, **SIGNED), called(1)]}, where=route())
    [message] = returned(content, where=route())
    assert [call.get("extra_content") for call in message["tool_calls"]] == [SIGNED["extra_content"], None]


def test_another_model_sees_no_signature() -> None:
    content = answered({"tool_calls": [called(0, **SIGNED)]}, where=route(model="m-0"))
    [message] = returned(content, where=route())
    assert "extra_content" not in message["tool_calls"][0]


@pytest.mark.parametrize("forged", [7, None, {"a": 1}, ["x"], ""])
def test_a_signature_that_is_no_text_stays_away(forged: Any) -> None:
    block = {"type": "thinking", "thinking": "", "signature": sign(Signature("acme", "m-1", "", (("call:c", forged),)))}
    call = {"type": "tool_use", "id": "c", "name": "Read", "input": {}}
    assert "extra_content" not in returned([block, call], where=route())[0]["tool_calls"][0]
