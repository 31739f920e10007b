"""TC: tool calls."""

from __future__ import annotations

import json
import re
import threading
from typing import Any

import pytest

from tests.scenarios.answers import Call, Json, answer
from tests.scenarios.over import over
from tests.scenarios.rig import Outcome, Rig, assistant, result, text, tool, use, user
from tests.scenarios.wires import DONE, TRANSLATED, Anthropic, Chat, Gemini, Ollama, Responses, text_of
from tests.support import scripted_server as server
from tests.support.native_wires import event
from tests.support.vendor_histories import history

READ = [tool("Read", path={"type": "string"}, a={"type": "integer"})]
A, B = Call("Read", ('{"path":', '"/a"}'), "a"), Call("Read", ('{"path"', ':"/b"}'), "b")
BOTH = [("Read", {"path": "/a"}), ("Read", {"path": "/b"})]


def inputs(outcome: Outcome) -> list[tuple[str, str]]:
    """Name and exact JSON text of every call."""
    return [(block["name"], block["input"]) for block in outcome.blocks if block["type"] == "tool_use"]


def raw(*fragments: Json, finish: str | None = "tool_calls") -> list[bytes]:
    """A Chat Completions stream of fragments of calls, one a chunk."""
    return [*(Chat.chunk({"tool_calls": [part]}) for part in fragments), Chat.chunk({}, finish), DONE]


INTERLEAVED: dict[str, list[bytes]] = {
    "chat": raw(
        Chat.called(0, "a", "Read", '{"path":'),
        Chat.called(1, "b", "Read", '{"path"'),
        Chat.called(0, arguments='"/a"}'),
        Chat.called(1, arguments=':"/b"}'),
    ),
    "responses": [
        *(
            event({"type": "response.output_item.added", "output_index": place, "item": item | {"arguments": ""}})
            for place, item in enumerate(Responses().whole(answer(A, B))["output"])
        ),
        *(
            event(Responses.delta(place, call, call.pieces[turn]))
            for turn in (0, 1)
            for place, call in enumerate((A, B))
        ),
        *(
            event({"type": "response.output_item.done", "output_index": place, "item": item})
            for place, item in enumerate(Responses().whole(answer(A, B))["output"])
        ),
        event({"type": "response.completed", "response": Responses().whole(answer(A, B))}),
    ],
    "repaired": [
        Anthropic().start(answer(A, B)),
        *(Anthropic.opened(place, Anthropic.opening(call)) for place, call in enumerate((A, B))),
        *(Anthropic.filled(place, call, call.pieces[turn]) for turn in (0, 1) for place, call in enumerate((A, B))),
        *(Anthropic.stopped(place) for place in (0, 1)),
        *Anthropic().ended(answer(A, B)),
    ],
}


@over("chat", "responses", "repaired")
def test_tc_1_interleaved_fragments(rig: Rig) -> None:
    outcome = rig.chunks(*INTERLEAVED[rig.wire.name], tools=READ)
    assert inputs(outcome) == [("Read", '{"path":"/a"}'), ("Read", '{"path":"/b"}')]
    assert outcome.stop == "tool_use"


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@over()
def test_tc_1_two_calls(rig: Rig, stream: bool) -> None:
    outcome = rig.says(answer("Both.", A, B), stream, tools=READ)
    assert outcome.brief == ["Both.", *BOTH]
    assert outcome.stop == "tool_use"
    ids = [block["id"] for block in outcome.blocks if block["type"] == "tool_use"]
    assert len(set(ids)) == 2


TOGETHER: dict[str, list[bytes]] = {
    "chat": [
        Chat.chunk(
            {"tool_calls": [Chat.called(0, "a", "Read", A.arguments), Chat.called(1, "b", "Read", B.arguments)]}
        ),
        Chat.chunk({}, "tool_calls"),
    ],
    "ollama": [
        Ollama.line({"tool_calls": [Ollama.called(0, A), Ollama.called(1, B)]}),
        Ollama.line({}, done=True, done_reason="stop"),
    ],
}


@over("chat", "gemini", "ollama")
def test_tc_2_two_calls_in_one_chunk(rig: Rig) -> None:
    pieces = TOGETHER.get(rig.wire.name) or [b"data: " + json.dumps(rig.wire.whole(answer(A, B))).encode() + b"\n\n"]
    outcome = rig.chunks(*pieces, tools=READ)
    assert outcome.brief == BOTH


@pytest.mark.parametrize("indexes", [(0, 0), (None, None), (1, 2), (7, 7)], ids=["repeated", "absent", "from 1", "odd"])
@over("chat")
def test_tc_3_indexes_that_do_not_count(rig: Rig, indexes: tuple[Any, Any]) -> None:
    """An id-less fragment belongs to the newest call."""
    pieces = [
        part
        for index, call in zip(indexes, (A, B), strict=True)
        for part in (
            Chat.called(index, call.id, call.name, call.pieces[0]),
            Chat.called(index, arguments=call.pieces[1]),
        )
    ]
    assert rig.chunks(*raw(*pieces), tools=READ).brief == BOTH


@over("chat")
def test_tc_3_null_indexes(rig: Rig) -> None:
    pieces = [
        {
            **Chat.called(None, call.id if turn == 0 else None, call.name if turn == 0 else None, call.pieces[turn]),
            "index": None,
        }
        for call in (A, B)
        for turn in (0, 1)
    ]
    assert rig.chunks(*raw(*pieces), tools=READ).brief == BOTH


@over("ollama")
def test_tc_3_calls_that_all_have_index_0(rig: Rig) -> None:
    for place in (0, None):
        lines = []
        for call in (A, B):
            made = Ollama.called(0, call)
            made["function"]["index"] = place
            lines.append(Ollama.line({"tool_calls": [made]}))
        assert rig.chunks(*lines, Ollama.line({}, done=True, done_reason="stop"), tools=READ).brief == BOTH


@over("repaired")
def test_tc_3_blocks_that_all_have_index_0(rig: Rig) -> None:
    pieces = [Anthropic().start(answer(A, B))]
    for call in (A, B):
        pieces += [
            Anthropic.opened(0, Anthropic.opening(call)),
            *(Anthropic.filled(0, call, part) for part in call.pieces),
        ]
        pieces.append(Anthropic.stopped(0))
    assert rig.chunks(*pieces, *Anthropic().ended(answer(A, B)), tools=READ).brief == BOTH


@over("chat")
def test_tc_4_arguments_before_name_and_id(rig: Rig) -> None:
    fragments = (Chat.called(0, arguments='{"a"'), Chat.called(0, "a", "Read"), Chat.called(0, arguments=":1}"))
    outcome = rig.chunks(*raw(*fragments), tools=READ)
    assert inputs(outcome) == [("Read", '{"a":1}')]


def odd_call(wire: str, given: Any) -> Json:
    """A whole answer of one call whose arguments are `given`; `...` leaves them out."""
    told = answer(Call("Ping"))
    match wire:
        case "chat":
            body = Chat().whole(told)
            holder, field = body["choices"][0]["message"]["tool_calls"][0]["function"], "arguments"
        case "responses":
            body = Responses().whole(told)
            holder, field = body["output"][0], "arguments"
        case "gemini":
            body = Gemini().whole(told)
            holder, field = body["candidates"][0]["content"]["parts"][0]["functionCall"], "args"
        case "ollama":
            body = Ollama().whole(told)
            holder, field = body["message"]["tool_calls"][0]["function"], "arguments"
        case _:
            body = Anthropic().whole(told)
            holder, field = body["content"][0], "input"
    if given is ...:
        del holder[field]
    else:
        holder[field] = given
    return body


@pytest.mark.parametrize("given", ["", None, ..., "{}", {}], ids=["empty", "null", "absent", "braces", "object"])
@over(*TRANSLATED)
def test_tc_6_no_arguments(rig: Rig, given: Any) -> None:
    body = odd_call(rig.wire.name, given)
    ping = [{"name": "Ping", "input_schema": {"type": "object"}}]
    assert rig.says(server.json_answer(body), stream=False, tools=ping).brief == [("Ping", {})]
    streamed = rig.says(server.json_answer(body), stream=True, tools=ping)
    joined = [delta["delta"]["partial_json"] for delta in streamed.sound if "partial_json" in delta.get("delta", {})]
    assert joined in ([], ["{}"])
    assert streamed.stop == "tool_use"


@pytest.mark.parametrize("given", [("",), ("{}",), (" ",), ()], ids=["empty", "braces", "blank", "none"])
@over("chat", "responses", "repaired")
def test_tc_6_no_arguments_in_a_stream(rig: Rig, given: tuple[str, ...]) -> None:
    outcome = rig.says(answer(Call("Ping", given)), tools=[{"name": "Ping", "input_schema": {"type": "object"}}])
    assert outcome.brief == [("Ping", {})]
    joined = "".join(part["delta"].get("partial_json", "") for part in outcome.sound if "delta" in part)
    assert joined.strip() in ("", "{}")


@over(*TRANSLATED)
def test_tc_7_arguments_as_an_object(rig: Rig) -> None:
    body = odd_call(rig.wire.name, {"a": 1})
    assert rig.says(server.json_answer(body), stream=False).brief == [("Ping", {"a": 1})]
    assert inputs(rig.says(server.json_answer(body), stream=True)) in ([("Ping", '{"a":1}')], [("Ping", '{"a": 1}')])


@over("chat")
def test_tc_7_arguments_as_an_object_in_a_stream(rig: Rig) -> None:
    outcome = rig.chunks(*raw(Chat.called(0, "a", "Read", {"a": 1})), tools=READ)
    assert [(name, json.loads(given)) for name, given in inputs(outcome)] == [("Read", {"a": 1})]


ENDED: dict[str, list[list[bytes]]] = {
    "chat": [raw(Chat.called(0, "a", "Read", A.arguments), finish=finish) for finish in ("stop", "")],
    "ollama": [[Ollama.line({"tool_calls": [Ollama.called(0, A)]}), Ollama.line({}, done=True, done_reason="stop")]],
    "repaired": [
        [
            *Anthropic().stream(answer(A))[:-2],
            event(
                {
                    "type": "message_delta",
                    "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                    "usage": {"output_tokens": 3},
                }
            ),
            event({"type": "message_stop"}),
        ]
    ],
}


@over(*TRANSLATED)
def test_tc_8_a_turn_with_calls_ends_in_tool_use(rig: Rig) -> None:
    for pieces in ENDED.get(rig.wire.name, [rig.wire.stream(answer(A))]):
        outcome = rig.chunks(*pieces, tools=READ)
        assert outcome.brief == [("Read", {"path": "/a"})]
        assert outcome.stop == "tool_use"


@over("chat", "responses", "repaired", "passthrough")
def test_tc_9_cut_inside_a_call(rig: Rig) -> None:
    """The stop reason tells that the input is unfinished: nothing invents the rest of it."""
    told = answer(Call("Read", ('{"path"', ':"/a')), ending="length")
    outcome = rig.says(told, tools=READ)
    assert outcome.stop == "max_tokens"
    given = "".join(part["delta"].get("partial_json", "") for part in outcome.sound if "delta" in part)
    assert '{"path":"/a'.startswith(given)


@over("chat", "responses")
def test_tc_9_cut_inside_a_call_of_a_whole_answer(rig: Rig) -> None:
    told = answer(Call("Read", ('{"path":"/a',)), ending="length")
    outcome = rig.says(told, stream=False, tools=READ)
    assert outcome.stop == "max_tokens"
    assert {"path": "/a"} not in [block.get("input") for block in outcome.blocks]


MALFORMED = {
    "trailing comma": '{"path":"/a",}',
    "single quotes": "{'path':'/a'}",
    "unquoted key": '{path:"/a"}',
    "fenced": '```json\n{"path":"/a"}\n```',
    "raw line break": '{"path":"/a"\n,\t}',
}


@pytest.mark.parametrize("form", MALFORMED)
@over("chat", "responses", "repaired")
def test_tc_10_broken_json_is_repaired(rig: Rig, form: str) -> None:
    broken = MALFORMED[form]
    outcome = rig.says(answer(Call("Read", (broken[:5], broken[5:]))), tools=READ)
    assert outcome.brief == [("Read", {"path": "/a"})]


@pytest.mark.parametrize("form", MALFORMED)
@over("chat", "responses")
def test_tc_10_broken_json_is_repaired_in_a_whole_answer(rig: Rig, form: str) -> None:
    outcome = rig.says(answer(Call("Read", (MALFORMED[form],))), stream=False, tools=READ)
    assert outcome.brief == [("Read", {"path": "/a"})]


LOST = '{"path": <<see above>>'


@over("chat", "responses", "repaired")
def test_tc_10_unreadable_input_reaches_the_client_as_it_is(rig: Rig) -> None:
    """The client then tells the model what it cannot read; nothing is invented."""
    outcome = rig.says(answer(Call("Read", (LOST,))), tools=READ)
    given = "".join(part["delta"].get("partial_json", "") for part in outcome.events if "delta" in part)
    assert given == LOST
    assert (
        next(part["delta"] for part in outcome.events if part["type"] == "message_delta")["stop_reason"] == "tool_use"
    )


@over("chat", "responses")
def test_tc_10_unreadable_input_of_a_whole_answer(rig: Rig) -> None:
    outcome = rig.says(answer(Call("Read", (LOST,))), stream=False, tools=READ)
    (block,) = outcome.blocks
    assert LOST in text_of(block["input"]).replace("\\", "")


FAILED: dict[str, Any] = {
    "chat": lambda body: body["messages"][-1]["content"],
    "responses": lambda body: body["input"][-1]["output"],
    "gemini": lambda body: json.dumps(body["contents"][-1]["parts"][0]["functionResponse"]["response"]),
    "ollama": lambda body: body["messages"][-1]["content"],
    "repaired": lambda body: json.dumps(body["messages"][-1]["content"][0]),
    "passthrough": lambda body: json.dumps(body["messages"][-1]["content"][0]),
}
MARKS = {
    "chat": "Error: boom",
    "responses": "Error: boom",
    "gemini": '{"error": "boom"}',
    "ollama": "Error: boom",
    "repaired": '"is_error": true',
    "passthrough": '"is_error": true',
}


@over()
def test_tc_12_failed_results_say_so(rig: Rig) -> None:
    def sent(**fields: Any) -> str:
        messages = [user("go"), assistant(use("a")), user(result("a", "boom", **fields))]
        return str(FAILED[rig.wire.name](rig.body(messages=messages, tools=READ)))

    assert MARKS[rig.wire.name] in sent(is_error=True)
    for fields in ({"is_error": False}, {}):
        assert "boom" in sent(**fields)
        assert "error" not in sent(**fields).lower().replace('"is_error": false', "")


ORPHANS: dict[str, list[Json]] = {
    "a call without a result": [user("go"), assistant(text("ok"), use("a")), user("and?")],
    "a call at the end": [user("go"), assistant(use("a"))],
    "one of two results": [user("go"), assistant(use("a"), use("b")), user(result("b", "B"))],
    "a result without a call": [user("go"), assistant("ok"), user(result("z", "left over"), text("and?"))],
    "a result at the start": [user(result("z", "left over"), text("and?"))],
    "the same id twice": [
        *(user("go"), assistant(use("a")), user(result("a", "1")), assistant(use("a")), user(result("a", "2"))),
    ],
    "the same id twice in one turn": [
        user("go"),
        assistant(use("a"), use("a")),
        user(result("a", "1"), result("a", "2")),
    ],
    "a result twice": [user("go"), assistant(use("a")), user(result("a", "1"), result("a", "2"))],
}


@pytest.mark.parametrize("name", ORPHANS)
@over(*TRANSLATED)
def test_tc_13_what_compaction_leaves_behind(rig: Rig, name: str) -> None:
    """`history` refuses what the vendor would refuse; nothing that was said may be lost."""
    body = rig.body(messages=ORPHANS[name], tools=READ)
    past = history(rig.wire.reader, body)
    told = text_of(body)
    assert sum(len(turn.calls) for turn in past) == text_of(ORPHANS[name]).count('"tool_use"')
    for word in ("left over", "and?"):
        assert (word in told) == (word in text_of(ORPHANS[name]))


LEGAL = re.compile(r"[a-zA-Z0-9_-]+")


@pytest.mark.parametrize("made", ["functions.Bash:0", "call_1", "", "ü b/c"])
@over(*TRANSLATED)
def test_tc_14_ids_are_fresh_and_stable(rig: Rig, made: str) -> None:
    """The vendor uses its id in every turn; the client sees others, and they go back the same way each time."""
    messages, ids = [user("go")], []
    for turn in range(2):
        outcome = rig.says(answer(Call("Read", ('{"path":"/a"}',), made)), stream=False, messages=messages, tools=READ)
        block = next(block for block in outcome.blocks if block["type"] == "tool_use")
        ids.append(block["id"])
        messages += [assistant(*outcome.blocks), user(result(block["id"], f"result {turn}"))]
    assert all(LEGAL.fullmatch(id) for id in ids)
    assert len(set(ids)) == 2
    bodies = [rig.body(messages=messages, tools=READ) for _ in range(2)]
    assert bodies[0] == bodies[1]
    assert [turn.results for turn in history(rig.wire.reader, bodies[0])] == [("result 0",), ("result 1",)]


@over("passthrough")
def test_tc_14_anthropics_ids_stay(rig: Rig) -> None:
    outcome = rig.says(answer(Call("Read", id="toolu_01A09q90qw90lq917835lq9")), stream=False, tools=READ)
    assert outcome.blocks[0]["id"] == "toolu_01A09q90qw90lq917835lq9"


@over("chat")
def test_tc_14_mistral_gets_nine_alphanumerics(rig: Rig) -> None:
    calls = [use("toolu_01A09q90qw90lq917835lq9"), use("toolu_01A09q90qw90lq917835lq8")]
    messages = [user("go"), assistant(*calls), user(*(result(call["id"]) for call in calls))]
    body = rig.body(model="mistral/mistral-large-latest", messages=messages, tools=READ)
    made = [call["id"] for told in body["messages"] for call in told.get("tool_calls") or ()]
    assert all(re.fullmatch("[a-zA-Z0-9]{9}", id) for id in made)
    assert len(set(made)) == 2
    assert [told["tool_call_id"] for told in body["messages"] if told["role"] == "tool"] == made


MIXED = [user("go"), assistant(use("a"), use("b")), user(result("b", "B"), text("well?"), result("a", "A"))]


@over(*TRANSLATED)
def test_tc_15_results_first_in_the_order_of_the_calls(rig: Rig) -> None:
    body = rig.body(messages=MIXED, tools=READ)
    behind = [text for role, text in rig.wire.said(body) if text and role != "assistant"]
    assert behind == ["go", "A", "B", "well?"]
    assert history(rig.wire.reader, body)[0].results == ("A", "B")


@over("chat")
def test_tc_15_mistral_takes_no_user_right_behind_a_tool(rig: Rig) -> None:
    body = rig.body(model="mistral/mistral-large-latest", messages=MIXED, tools=READ)
    roles = [told["role"] for told in body["messages"]]
    assert ("tool", "user") not in zip(roles, roles[1:], strict=False)
    assert roles[-1] == "user"


SERVER_TOOL = {"type": "code_execution_20250825", "name": "code_execution"}
CHOICES: dict[str, tuple[Json, Any]] = {
    "none": ({"type": "none"}, "none"),
    "any": ({"type": "any"}, "required"),
    "named": ({"type": "tool", "name": "Write"}, "Write"),
    "auto": ({"type": "auto"}, "auto"),
}


@pytest.mark.parametrize("name", CHOICES)
@over()
def test_tc_16_tool_choice(rig: Rig, name: str) -> None:
    wish, expected = CHOICES[name]
    body = rig.body(tools=[tool("Read"), tool("Write")], tool_choice=wish)
    assert rig.wire.choice(body) == expected
    if rig.wire.name == "ollama" and name == "none":
        assert "tools" not in body
    else:
        assert "Write" in rig.wire.tools(body)


@over(*TRANSLATED)
def test_tc_16_a_server_tool_that_is_not_offered(rig: Rig) -> None:
    """Neither the tool nor a choice of it reaches a vendor that lacks it, alone or beside another one."""
    for choice in ({"type": "any"}, {"type": "tool", "name": "code_execution"}):
        alone = rig.body(tools=[SERVER_TOOL], tool_choice=choice)
        assert {"tools", "tool_choice", "toolConfig"}.isdisjoint(alone)
        beside = rig.body(tools=[SERVER_TOOL, tool("Read")], tool_choice=choice)
        assert list(rig.wire.tools(beside)) == ["Read"]
        assert rig.wire.choice(beside) != "code_execution"


@pytest.mark.parametrize("wish", [{"type": "any"}, {"type": "tool", "name": "Read"}], ids=["any", "named"])
@pytest.mark.parametrize("model", ["deepseek/deepseek-v4-pro", "kimi/kimi-k2.6", "kimi/kimi-k2.7-code"])
@over("chat")
def test_tc_17_a_forced_tool_and_thinking(rig: Rig, model: str, wish: Json) -> None:
    """One of the two gives way: thinking where it can be switched off, else the choice."""
    body = rig.body(
        model=model,
        tools=READ,
        tool_choice=wish,
        thinking={"type": "enabled", "budget_tokens": 2000},
        output_config={"effort": "high"},
    )
    forced = body.get("tool_choice") not in (None, "auto")
    off = body.get("thinking") == {"type": "disabled"}
    assert forced == off
    assert off == (model != "kimi/kimi-k2.7-code")
    assert not off or "reasoning_effort" not in body


@over("repaired")
def test_tc_17_a_forced_tool_and_thinking_at_an_anthropic_endpoint(rig: Rig) -> None:
    """Anthropic's own rule too: thinking goes with auto and none alone."""
    body = rig.body(tools=READ, tool_choice={"type": "any"}, thinking={"type": "enabled", "budget_tokens": 2000})
    forced = body.get("tool_choice", {}).get("type") == "any"
    assert forced != (body.get("thinking", {}).get("type") == "enabled")


LONG = "mcp__" + "x" * 66
#: Gemini takes longer names, and no digit in front.
NAMES = {"gemini": r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}"}
DIGITS = "21st_magic"


@pytest.mark.parametrize("name", [LONG, DIGITS, "mcp__a.b__c:d"])
@over(*TRANSLATED)
def test_tc_18_names_that_a_vendor_refuses(rig: Rig, name: str) -> None:
    tools = [tool(name), tool(LONG + "y")]
    first = rig.body(tools=tools)
    short = next(iter(rig.wire.tools(first)))
    assert re.fullmatch(NAMES.get(rig.wire.name, r"[a-zA-Z0-9_-]{1,64}"), short)
    assert len(set(rig.wire.tools(first))) == 2
    outcome = rig.says(answer(Call(short, ('{"path":"/a"}',))), tools=tools)
    assert outcome.brief == [(name, {"path": "/a"})]
    block = {**outcome.blocks[0], "input": {"path": "/a"}}
    messages = [user("go"), assistant(block), user(result(block["id"]))]
    again = rig.body(tools=tools, messages=messages)
    assert next(iter(rig.wire.tools(again))) == short
    assert history(rig.wire.reader, again)[0].calls == ((short, {"path": "/a"}),)


@over("chat")
def test_tc_18_kimi_wants_a_letter_first(rig: Rig) -> None:
    body = rig.body(model="kimi/kimi-k2.6", tools=[tool(DIGITS), tool("x")])
    assert all(re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_-]{2,63}", name) for name in rig.wire.tools(body))


WRITE = Call("Write", ('{"text":"', *(f"{number:03} " for number in range(200)), '"}'))


@over("chat", "responses", "repaired", "passthrough")
def test_tc_19_arguments_travel_as_they_come(rig: Rig) -> None:
    """The vendor goes on only after the client has seen what came before."""
    pieces: list[Any] = []
    gates: list[tuple[str, threading.Event]] = []
    for piece in rig.wire.stream(answer(WRITE)):
        pieces.append(piece)
        if (found := re.search(rb"(\d\d9) ", piece)) and len(gates) < 20 and b"000 001" not in piece:
            gates.append((found[1].decode(), threading.Event()))
            pieces.append(gates[-1][1])
    assert len(gates) == 20
    rig.play(rig.wire.streamed(pieces))
    fields = {"model": rig.wire.model, "max_tokens": 4000, "stream": True, "messages": [user("go")]}
    reply = rig.client.post(
        "/v1/messages", json={**fields, "tools": [tool("Write", text={"type": "string"})]}, buffered=False
    )
    seen = ""
    waiting = iter(gates)
    number, gate = next(waiting)
    for part in reply.iter_encoded():
        seen += part.decode()
        while gate and f"{number} " in seen:
            gate.set()
            number, gate = next(waiting, ("", None))  # type: ignore[assignment]
    assert not any(request.stalled for request in rig.vendor.requests)
    assert seen.count("input_json_delta") >= 200


def test_tc_19_the_answer_is_complete() -> None:
    """What the test above sends is one input of 200 words."""
    assert len(WRITE.input["text"].split()) == 200
