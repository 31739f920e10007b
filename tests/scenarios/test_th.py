"""TH: thinking, its signatures and its effort."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.scenarios.answers import Call, Json, answer, thought
from tests.scenarios.over import over
from tests.scenarios.rig import Outcome, Rig, assistant, result, text, tool, use, user
from tests.scenarios.wires import TRANSLATED, text_of
from tests.support.native_wires import seal
from tests.support.vendor_histories import history
from translators.core.thinking import Signature, sign

READ = [tool("Read")]
ON = {"type": "enabled", "budget_tokens": 2000}
ANSWER = answer(thought("I ", "weigh."), Call("Read", ('{"path":"/a"}',)))


def blocks_of(outcome: Outcome) -> list[Json]:
    """The blocks of a whole answer, as a client keeps them."""
    assert outcome.json["content"]
    return list(outcome.json["content"])


def second_turn(rig: Rig, blocks: list[Json], **fields: Any) -> Json:
    """The body of the turn behind a call."""
    call = next(block for block in blocks if block["type"] == "tool_use")
    messages = [user("go"), assistant(*blocks), user(result(call["id"], "content"))]
    return rig.body(messages=messages, tools=READ, **fields)


def called_turns(body: Json) -> list[Json]:
    return [told for told in body["messages"] if told.get("tool_calls")]


def assert_reasoning_returns(rig: Rig, model: str, lost: str) -> None:
    """The reasoning of a turn with a call comes back, a placeholder where the client has dropped it."""
    fields = {"model": model, "thinking": ON}
    blocks = blocks_of(rig.says(ANSWER, stream=False, tools=READ, **fields))
    assert [block["type"] for block in blocks] == ["thinking", "tool_use"]
    kept = second_turn(rig, blocks, **fields)
    assert [told["reasoning_content"] for told in called_turns(kept)] == ["I weigh."]
    stripped = second_turn(rig, blocks[1:], **fields)
    assert [told["reasoning_content"] for told in called_turns(stripped)] == [lost]
    foreign = [{**blocks[0], "signature": "made elsewhere"}, blocks[1]]
    assert [told["reasoning_content"] for told in called_turns(second_turn(rig, foreign, **fields))] == [lost]


@pytest.mark.parametrize("model", ["deepseek-v4-pro", "deepseek-v4-flash"])
@over("chat")
def test_th_1_deepseek_gets_its_reasoning_back(rig: Rig, model: str) -> None:
    assert_reasoning_returns(rig, f"deepseek/{model}", " ")


@over("chat")
def test_th_1_every_assistant_message_has_the_field(rig: Rig) -> None:
    """V4 thinks unless told not to, so a silent request needs it too; while thinking is off it is not needed."""
    messages = [user("go"), assistant("sure"), user("on"), assistant(use("a")), user(result("a"))]
    body = rig.body(model="deepseek/deepseek-v4-pro", messages=messages, tools=READ)
    assert all(told["reasoning_content"] for told in body["messages"] if told["role"] == "assistant")
    off = rig.body(model="deepseek/deepseek-v4-pro", messages=messages, tools=READ, thinking={"type": "disabled"})
    assert off["thinking"] == {"type": "disabled"}


@pytest.mark.parametrize("model", ["kimi-k2.5", "kimi-k2.6", "kimi-k3", "kimi-for-coding"])
@over("chat")
def test_th_2_kimi_gets_its_reasoning_back(rig: Rig, model: str) -> None:
    assert_reasoning_returns(rig, f"kimi/{model}", ".")


@over("responses", "ollama", "repaired", "passthrough")
def test_th_2_other_wires_get_theirs_back(rig: Rig) -> None:
    """Streamed and whole alike: what came with the thinking goes back with it, untouched."""
    blocks = blocks_of(rig.says(ANSWER, stream=False, tools=READ, thinking=ON))
    body = second_turn(rig, blocks, thinking=ON)
    match rig.wire.name:
        case "ollama":
            assert body["messages"][1]["thinking"] == "I weigh."
        case "responses":
            (reasoning,) = [item for item in body["input"] if item.get("type") == "reasoning"]
            assert reasoning["encrypted_content"] == seal("I weigh.")
        case _:
            block = body["messages"][1]["content"][0]
            assert block == {"type": "thinking", "thinking": "I weigh.", "signature": seal("I weigh.")}


OFF = {"thinking": {"type": "disabled"}, "output_config": {"effort": "high"}}
#: Model -> how it is told to think as little as it can, and no more.
SWITCHED_OFF: dict[str, Json] = {
    "deepseek/deepseek-v4-pro": {"thinking": {"type": "disabled"}},
    "kimi/kimi-k2.6": {"thinking": {"type": "disabled"}},
    "kimi/kimi-for-coding": {"thinking": {"type": "disabled"}},
    "siliconflow/Qwen/Qwen3.5-397B-A17B": {"enable_thinking": False},
    "mimo/mimo-v2.5-pro": {"thinking": {"type": "disabled"}},
    "openrouter/deepseek/deepseek-v4-pro": {"reasoning": {"enabled": False}},
}
SWITCHES = (
    *("thinking", "reasoning_effort", "reasoning", "enable_thinking", "thinking_budget", "chat_template_kwargs"),
    *("output_config", "think", "effort"),
)


def switches(body: Json) -> Json:
    """The fields that say how to think."""
    return {key: value for key, value in body.items() if key in SWITCHES}


@pytest.mark.parametrize("model", SWITCHED_OFF)
@over("chat")
def test_th_3_disabled_thinking_has_no_effort(rig: Rig, model: str) -> None:
    found = switches(rig.body(model=model, tools=READ, **OFF))
    assert found in (SWITCHED_OFF[model], {"reasoning": {"effort": "none"}})


@over("responses", "gemini", "ollama", "repaired")
def test_th_3_disabled_thinking_has_no_effort_elsewhere(rig: Rig) -> None:
    body = rig.body(tools=READ, **OFF)
    expected: dict[str, Json] = {
        "responses": {"reasoning": {"effort": "none"}},
        "ollama": {"think": False},
        "repaired": {"thinking": {"type": "disabled"}},
        "gemini": {},
    }
    assert switches(body) == expected[rig.wire.name]
    if rig.wire.name == "gemini":
        assert body["generationConfig"]["thinkingConfig"] == {"thinkingLevel": "low"}
    assert "high" not in text_of(switches(body))


def parts(body: Json) -> list[Json]:
    return [part for content in body["contents"] if content["role"] == "model" for part in content["parts"]]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@over("gemini")
def test_th_4_the_signature_returns_on_its_part(rig: Rig, stream: bool) -> None:
    """The first of two calls bears it."""
    two = answer(thought("I weigh."), "Both.", Call("Read", ('{"path":"/a"}',)), Call("Read", ('{"path":"/b"}',)))
    outcome = rig.says(two, stream, tools=READ, thinking=ON)
    blocks = [{**block, "input": dict(outcome_input(block))} if "input" in block else block for block in outcome.blocks]
    ids = [block["id"] for block in blocks if block["type"] == "tool_use"]
    messages = [user("go"), assistant(*blocks), user(*(result(id) for id in ids))]
    sent = parts(rig.body(messages=messages, tools=READ, thinking=ON))
    assert [
        (part["functionCall"]["args"], part.get("thoughtSignature")) for part in sent if "functionCall" in part
    ] == [
        ({"path": "/a"}, seal("I weigh.")),
        ({"path": "/b"}, None),
    ]


def outcome_input(block: Json) -> Any:
    """The input of a call, whichever form it came in."""
    return json.loads(block["input"]) if isinstance(block["input"], str) else block["input"]


@over("gemini")
def test_th_4_a_lost_signature_is_replaced(rig: Rig) -> None:
    messages = [user("go"), assistant(use("a"), use("b")), user(result("a"), result("b"))]
    signed = [part.get("thoughtSignature") for part in parts(rig.body(messages=messages, tools=READ))]
    assert signed == ["skip_thought_signature_validator", None]


OURS = {"type": "thinking", "thinking": "elsewhere", "signature": sign(Signature("deepseek", "deepseek-v4-pro"))}
THEIRS = {"type": "thinking", "thinking": "here", "signature": "EqQBCkYIARgCKkA+made/up=="}


@over("passthrough")
def test_th_5_anthropic_sees_only_its_own_signatures(rig: Rig) -> None:
    messages = [
        *(user("go"), assistant(OURS, text("one")), user("on")),
        *(assistant(THEIRS, text("two")), user("on"), assistant(OURS), user("end")),
    ]
    sent = rig.body(messages=messages, thinking=ON)["messages"]
    assert sent[1]["content"] == [text("one")]
    assert sent[3]["content"] == [THEIRS, text("two")]
    assert [told["role"] for told in sent] == ["user", "assistant", "user", "assistant", "user", "user"]
    assert "rialto1." not in text_of(sent)


@over(*TRANSLATED)
def test_th_5_no_vendor_sees_another_ones_signature(rig: Rig) -> None:
    messages = [user("go"), assistant(OURS, THEIRS, text("one"), use("a")), user(result("a"))]
    body = rig.body(messages=messages, tools=READ, thinking=ON)
    sent = text_of(body)
    assert "elsewhere" not in sent and "rialto1." not in sent and THEIRS["signature"] not in sent
    assert history(rig.wire.reader, body)[0].text == "one"


@over("responses")
def test_th_6_encrypted_reasoning_returns_verbatim(rig: Rig) -> None:
    blocks = blocks_of(rig.says(ANSWER, stream=False, tools=READ, thinking=ON))
    body = second_turn(rig, blocks, thinking=ON)
    item = rig.wire.whole(ANSWER)["output"][0]
    (sent,) = [item for item in body["input"] if item.get("type") == "reasoning"]
    assert sent == item
    assert body["include"] == ["reasoning.encrypted_content"]
    assert body["store"] is False
    assert [item.get("type") for item in body["input"]].index("reasoning") == 1


@over("responses")
def test_th_6_stale_reasoning_is_left_out_once(rig: Rig) -> None:
    blocks = blocks_of(rig.says(ANSWER, stream=False, tools=READ, thinking=ON))
    call = blocks[1]
    messages = [user("go"), assistant(*blocks), user(result(call["id"]))]
    stale = "The encrypted content for item rs_0 could not be verified."
    rig.play(rig.wire.refusal(400, stale, "invalid_encrypted_content"), answer("Done."))
    outcome = rig.ask(messages=messages, tools=READ, thinking=ON)
    assert outcome.brief == ["Done."]
    first, second = rig.vendor.bodies
    assert [item for item in first["input"] if item.get("type") != "reasoning"] == second["input"]
    assert len(first["input"]) == len(second["input"]) + 1


EFFORTS = ("low", "medium", "high", "xhigh", "max")
#: Model -> the values that stand for the five efforts.
LEVELS: dict[str, tuple[Any, ...]] = {
    "deepseek/deepseek-v4-pro": ("low", "high", "high", "high", "max"),
    "kimi/kimi-k3": ("low", "high", "high", "max", "max"),
    "openai_compatible/served-model": ("low", "medium", "high", "xhigh", "xhigh"),
    "xai/grok-4.3": ("low", "medium", "high", "high", "high"),
    "groq/openai/gpt-oss-120b": ("low", "medium", "high", "high", "high"),
}


@pytest.mark.parametrize("model", LEVELS)
@over("chat")
def test_th_8_the_nearest_effort(rig: Rig, model: str) -> None:
    for adaptive in ({}, {"thinking": {"type": "adaptive"}}):
        sent = tuple(
            rig.body(model=model, output_config={"effort": effort}, **adaptive).get("reasoning_effort")
            for effort in EFFORTS
        )
        assert sent == LEVELS[model]


#: Wire -> (where the effort stands, its five values).
WIRE_LEVELS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "responses": (lambda body: body["reasoning"]["effort"], EFFORTS),
    "gemini": (
        lambda body: body["generationConfig"]["thinkingConfig"]["thinkingLevel"],
        ("low", "medium", "high", "high", "high"),
    ),
    "ollama": (lambda body: body["think"], ("low", "medium", "high", "max", "max")),
    "repaired": (lambda body: body["output_config"]["effort"], EFFORTS),
    "passthrough": (lambda body: body["output_config"]["effort"], EFFORTS),
}


@over(*WIRE_LEVELS)
def test_th_8_the_nearest_effort_elsewhere(rig: Rig) -> None:
    read, expected = WIRE_LEVELS[rig.wire.name]
    for adaptive in ({}, {"thinking": {"type": "adaptive"}}):
        bodies = [rig.body(output_config={"effort": effort}, **adaptive) for effort in EFFORTS]
        assert tuple(map(read, bodies)) == expected


@pytest.mark.parametrize("model", ["kimi/kimi-k2.6", "mimo/mimo-v2.5-pro", "openrouter/deepseek/deepseek-v4-pro"])
@over("chat")
def test_th_8_a_vendor_without_levels_gets_the_switch(rig: Rig, model: str) -> None:
    body = rig.body(model=model, thinking={"type": "adaptive"}, output_config={"effort": "low"})
    assert "reasoning_effort" not in body
    assert switches(body)
    assert "adaptive" not in text_of(switches(body))


@over("responses")
def test_th_8_a_model_that_does_not_think_is_not_told_to(rig: Rig) -> None:
    body = rig.body(model="openai/gpt-4.1", thinking={"type": "adaptive"}, output_config={"effort": "high"})
    assert switches(body) == {}


@over()
def test_th_9_thinking_first_in_a_whole_answer(rig: Rig) -> None:
    outcome = rig.says(answer(thought("hm"), "Hello."), stream=False, thinking=ON)
    assert [block["type"] for block in outcome.json["content"]][:2] == ["thinking", "text"]
    assert outcome.brief == [("thinking", "hm"), "Hello."]


@over("chat", "ollama")
def test_th_9_whatever_the_order_of_the_fields(rig: Rig) -> None:
    """`content` stands before the reasoning in what these vendors send."""
    body = rig.wire.whole(answer(thought("hm"), "Hello."))
    message = body["choices"][0]["message"] if "choices" in body else body["message"]
    assert list(message).index("content") < list(message).index(
        "thinking" if "thinking" in message else "reasoning_content"
    )
    assert rig.says(answer(thought("hm"), "Hello."), stream=False).brief == [("thinking", "hm"), "Hello."]
