"""What a client asks for beyond words arrives over every wire: forms of the answer, prefills, edits, tools."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.settings.settings import Settings
from tests.support.native_wires import NATIVE_WIRES, native_environment
from tests.support.rialto_server import vendor_environment
from tests.support.scripted_server import Request, ScriptedServer, json_answer
from tests.support.vendor_bytes import WIRES, Call, Json, Turn, Wire
from translators.core.context_edits import CLEARED
from translators.core.message import fold
from translators.core.prefill import GO_ON


@dataclass(frozen=True)
class Way:
    """A model and the wire that leads to it."""

    model: str
    wire: Wire
    environment: Callable[[str], dict[str, str]]


def chat(url: str) -> dict[str, str]:
    """Chat Completions."""
    return vendor_environment(url, "deepseek", "kimi", "groq", "openai")


WAYS = {
    "json_object": Way("deepseek/deepseek-v4-pro", WIRES["deepseek"], chat),
    "a tool": Way("groq/openai/gpt-oss-120b", WIRES["deepseek"], chat),
    "chat": Way("openai/some-model", WIRES["deepseek"], chat),
    "gemini": Way("gemini/gemini-3.1-pro-preview", NATIVE_WIRES["gemini"], native_environment),
    "responses": Way("openai/gpt-5.6", NATIVE_WIRES["openai"], native_environment),
    "ollama": Way("ollama/qwen3.5:9b", NATIVE_WIRES["ollama"], native_environment),
    "lookalike": Way(
        "ollama/qwen3.5:9b",
        NATIVE_WIRES["anthropic"],
        lambda url: {**native_environment(url), "OLLAMA_MODE": "anthropic"},
    ),
}


class Bridge:
    """Rialto before a vendor that says what a test tells it to."""

    def __init__(self, way: Way, server: ScriptedServer) -> None:
        self.way = way
        self.server = server
        self.client: FlaskClient = create_app(Settings.load(way.environment(server.url))).test_client()

    def says(self, *turns: Turn) -> None:
        """The vendor's answers."""
        left = list(turns)
        self.server.play(lambda request: self.way.wire.answer(left.pop(0), len(left), request))

    def asked(self, stream: bool = False, **fields: Any) -> Json:
        """The message or the error that the client gets."""
        message = {"model": self.way.model, "max_tokens": 4000, "messages": user("Hello."), "stream": stream, **fields}
        answer = self.client.post("/v1/messages", json=message)
        if not stream or answer.status_code != 200:
            found: Json = answer.json
            return found
        events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
        failed = [event for event in events if event["type"] == "error"]
        return failed[0] if failed else fold(events)

    def close(self) -> None:
        """Lets go of the vendor."""
        self.client.application.extensions["rialto"].means.upstream.close()

    @property
    def body(self) -> Json:
        """The last body that the vendor got."""
        found: Json = self.server.bodies[-1]
        return found


def user(words: str) -> list[Json]:
    """One message of the user."""
    return [{"role": "user", "content": words}]


def text(message: Json) -> str:
    """The text of a message."""
    return "".join(block["text"] for block in message["content"] if block["type"] == "text")


@pytest.fixture(params=WAYS.values(), ids=list(WAYS))
def bridge(request: pytest.FixtureRequest) -> Iterator[Bridge]:
    with ScriptedServer() as server:
        made = Bridge(request.param, server)
        yield made
        made.close()


STREAMED = pytest.mark.parametrize("stream", [True, False])

# -- forms of the answer

SCHEMA: Json = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}},
    "required": ["title"],
    "additionalProperties": False,
}
CONFIG: Json = {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}
GOOD = '{"title": "A list", "tags": ["x"]}'


@STREAMED
def test_json_comes_out_of_what_is_around_it(bridge: Bridge, stream: bool) -> None:
    bridge.says(Turn(f"Here it is:\n```json\n{GOOD}\n```\nAnything else?", "Let me think."))
    message = bridge.asked(stream, **CONFIG)
    assert json.loads(text(message)) == json.loads(GOOD)
    assert message["stop_reason"] == "end_turn"
    assert '"title"' in json.dumps(bridge.body).replace('\\"', '"')


@STREAMED
@pytest.mark.parametrize("words", ["No.", '{"title": 5}', '{"title": "x", "more": 1}', '{"title": "x", "tags": [1]}'])
def test_what_does_not_match_is_never_an_answer(bridge: Bridge, words: str, stream: bool) -> None:
    bridge.says(Turn(words), Turn(words), Turn(words))
    answer = bridge.asked(stream, **CONFIG)
    assert (answer["type"], answer["error"]["type"]) == ("error", "api_error")
    assert "does not match the JSON schema" in answer["error"]["message"]


def test_a_schema_beside_tools_leaves_room_for_calls(bridge: Bridge) -> None:
    bridge.says(Turn("I look.", calls=(Call("Read", {"path": "a"}),)))
    message = bridge.asked(tools=[READ], **CONFIG)
    assert [block["type"] for block in message["content"]] == ["text", "tool_use"]
    assert message["stop_reason"] == "tool_use"


@STREAMED
def test_a_call_gives_the_answer_where_a_tool_takes_it(stream: bool) -> None:
    with ScriptedServer() as server:
        groq = Bridge(WAYS["a tool"], server)
        groq.says(Turn("I answer.", calls=(Call("answer", json.loads(GOOD)),)))
        message = groq.asked(stream, **CONFIG)
        assert [block["type"] for block in message["content"]] == ["text"]
        assert json.loads(text(message)) == json.loads(GOOD)
        assert message["stop_reason"] == "end_turn"
        assert groq.body["tool_choice"]["function"]["name"] == "answer"
        groq.close()


# -- prefill


@STREAMED
def test_a_prefill_is_gone_on_with(bridge: Bridge, stream: bool) -> None:
    bridge.says(Turn('"title": "x"}'))
    message = bridge.asked(stream, messages=[*user("JSON, please."), {"role": "assistant", "content": "{"}])
    assert text(message) == '"title": "x"}'
    asked = json.dumps(bridge.body)
    native = bridge.way.model.startswith(("ollama", "deepseek"))
    assert (GO_ON in asked) is not native
    assert ('"prefix": true' in asked) is bridge.way.model.startswith("deepseek")


def test_what_is_repeated_of_a_prefill_goes(bridge: Bridge) -> None:
    """Where the vendor goes on by itself a repetition is meant."""
    repeated = "{" if bridge.way.model.startswith("ollama") else ""
    bridge.says(Turn('{"title": "x"}'))
    message = bridge.asked(messages=[*user("JSON, please."), {"role": "assistant", "content": "{"}])
    assert text(message) == repeated + '"title": "x"}'


def test_a_prefill_that_needs_nothing_more(bridge: Bridge) -> None:
    bridge.says(Turn("Done."))
    message = bridge.asked(messages=[*user("Go."), {"role": "assistant", "content": "Done."}])
    native = bridge.way.model.startswith("ollama")
    assert (text(message), message["stop_reason"]) == ("Done." if native else "", "end_turn")


# -- thinking


@STREAMED
def test_hidden_thinking_is_hidden(bridge: Bridge, stream: bool) -> None:
    bridge.says(Turn("Hi.", "A secret."))
    message = bridge.asked(stream, thinking={"type": "adaptive", "display": "omitted"})
    assert "A secret." not in json.dumps(message)
    [thinking] = [block for block in message["content"] if block["type"] == "thinking"]
    assert thinking["signature"]


# -- tools

READ: Json = {
    "name": "Read",
    "description": "Sample.",
    "input_schema": {
        "type": "object",
        "properties": {"path": {"type": "string"}, "limit": {"type": "integer"}},
        "required": ["path"],
        "additionalProperties": False,
    },
}
DEFERRED: Json = {**READ, "name": "Write", "defer_loading": True}
STAND_IN: Json = {"name": "StandIn", "input_schema": {"type": "object"}, "defer_loading": True}


@STREAMED
def test_arguments_and_names_are_what_the_client_knows(bridge: Bridge, stream: bool) -> None:
    bridge.says(Turn(calls=(Call("read", {"path": "a", "limit": None, "colour": "red"}),)))
    [block] = bridge.asked(stream, tools=[READ])["content"]
    assert (block["name"], block["input"]) == ("Read", {"path": "a"})


def test_anthropics_own_tools_have_a_schema(bridge: Bridge) -> None:
    bridge.says(Turn(calls=(Call("Bash", {"command": "ls", "restart": None}),)))
    [block] = bridge.asked(tools=[{"type": "bash_20250124", "name": "bash"}])["content"]
    assert (block["name"], block["input"]) == ("bash", {"command": "ls"})


def found(*names: str) -> list[Json]:
    """A conversation in which a search has found tools."""
    searched = {"type": "tool_use", "id": "toolu_s", "name": "Search", "input": {"query": "w"}}
    result = [{"type": "tool_reference", "tool_name": name} for name in names]
    return [
        *user("Go."),
        {"role": "assistant", "content": [searched]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_s", "content": result}]},
    ]


def offered(body: Json) -> set[str]:
    """The tools of a body of any wire."""
    tools = body.get("tools") or ()
    declared = [item for tool in tools for item in tool.get("functionDeclarations", [tool])]
    return {(tool.get("function") or tool)["name"] for tool in declared}


def test_only_loaded_tools_are_offered(bridge: Bridge) -> None:
    search = {**READ, "name": "Search"}
    bridge.says(Turn("Hi."), Turn("Hi."))
    bridge.asked(tools=[search, DEFERRED, STAND_IN])
    assert offered(bridge.body) == {"Search"}
    bridge.asked(tools=[search, DEFERRED, STAND_IN], messages=found("Write"))
    assert offered(bridge.body) == {"Search", "Write"}
    assert "Tool Write is now available." in json.dumps(bridge.body)
    assert "StandIn" not in json.dumps(bridge.body)


def test_a_tool_that_is_only_known_by_name_may_be_called(bridge: Bridge) -> None:
    bridge.says(Turn(calls=(Call("write", {"path": "a", "limit": None}),)))
    [block] = bridge.asked(tools=[READ, DEFERRED])["content"]
    assert (block["name"], block["input"]) == ("Write", {"path": "a"})


def test_tools_change_in_the_middle(bridge: Bridge) -> None:
    changes = [
        {"type": "tool_addition", "tool": {"type": "tool_definition", "definition": {**READ, "name": "Edit"}}},
        {"type": "tool_addition", "tool": {"type": "tool_reference", "name": "Write"}},
        {"type": "tool_removal", "tool": {"type": "tool_reference", "name": "Read"}},
    ]
    bridge.says(Turn("Hi."))
    bridge.asked(tools=[READ, DEFERRED], messages=[*user("Go."), {"role": "system", "content": changes}])
    assert offered(bridge.body) == {"Edit", "Write"}
    assert "Tool Read is no longer available." in json.dumps(bridge.body)


# -- edits of the context

WORDS = "A very long result. " * 60
EDIT: Json = {
    "type": "clear_tool_uses_20250919",
    "trigger": {"type": "tool_uses", "value": 2},
    "keep": {"type": "tool_uses", "value": 1},
}
EDITS: Json = {"context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}, EDIT]}}


def calls() -> list[Json]:
    """A conversation with three calls."""
    messages = user("Go.")
    for number in range(3):
        call = {"type": "tool_use", "id": f"toolu_{number}", "name": "Read", "input": {"path": "a"}}
        result = {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": f"Number {number}. {WORDS}"}
        messages += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    return messages


@STREAMED
def test_old_results_are_cleared_and_reported(bridge: Bridge, stream: bool) -> None:
    bridge.says(Turn("Hi."))
    message = bridge.asked(stream, tools=[READ], messages=calls(), **EDITS)
    asked = json.dumps(bridge.body)
    assert [f"Number {number}." in asked for number in range(3)] == [False, False, True]
    assert asked.count(CLEARED) == 2
    [report] = message["context_management"]["applied_edits"]
    assert (report["type"], report["cleared_tool_uses"]) == (EDIT["type"], 2)
    assert 400 < report["cleared_input_tokens"] < 1_200


@STREAMED
def test_no_edit_is_reported_as_none(bridge: Bridge, stream: bool) -> None:
    bridge.says(Turn("Hi."), Turn("Hi."))
    assert bridge.asked(stream, **EDITS)["context_management"] == {"applied_edits": []}
    assert "context_management" not in bridge.asked(stream)


def test_a_count_knows_both_numbers(bridge: Bridge) -> None:
    message = {"model": bridge.way.model, "tools": [READ], "messages": calls(), **EDITS}
    answer = bridge.client.post("/v1/messages/count_tokens", json=message).json
    assert answer is not None
    assert 400 < answer["context_management"]["original_input_tokens"] - answer["input_tokens"] < 1_200


# -- what cannot be done is said


def test_a_thread_that_goes_on_is_refused(bridge: Bridge) -> None:
    bridge.says(Turn("Hi."))
    answer = bridge.asked(thread={"type": "continue", "previous_message_id": "msg_1"})
    assert (answer["error"]["type"], bridge.server.bodies) == ("invalid_request_error", [])
    assert bridge.asked(thread={"type": "create"})["stop_reason"] == "end_turn"


def test_a_summary_by_the_server_is_refused(bridge: Bridge) -> None:
    """The client would take an ordinary answer for the summary, and forget the conversation."""
    bridge.says(Turn("Hi."))
    answer = bridge.asked(compaction={"type": "summarize"})
    assert (answer["error"]["type"], bridge.server.bodies) == ("invalid_request_error", [])
    assert "compaction" in answer["error"]["message"]
    assert bridge.asked(compaction=None)["stop_reason"] == "end_turn"


@pytest.mark.parametrize(
    "fields",
    [
        {"stream": True},
        {"thinking": {"type": "enabled", "budget_tokens": 1024}},
        CONFIG,
        {"tools": [READ], "tool_choice": {"type": "any"}},
    ],
)
def test_no_answer_goes_with_nothing_else(bridge: Bridge, fields: Json) -> None:
    answer = bridge.client.post(
        "/v1/messages", json={"model": bridge.way.model, "max_tokens": 0, "messages": user("Hello."), **fields}
    )
    assert answer.status_code == 400 and answer.json
    assert answer.json["error"]["message"].startswith("max_tokens: 0 asks for no answer")
    assert bridge.server.requests == []


# -- Anthropic itself


def test_anthropic_gets_what_was_sent() -> None:
    with ScriptedServer() as server:
        anthropic = Bridge(Way("anthropic/claude-sonnet-5", NATIVE_WIRES["anthropic"], native_environment), server)
        anthropic.says(Turn("Not JSON."))
        sent = {"temperature": 1, "top_p": 0.5, "messages": calls(), **EDITS, **CONFIG}
        assert text(anthropic.asked(**sent)) == "Not JSON."
        assert {name: anthropic.body[name] for name in sent} == sent
        assert '"temperature":1,' in server.requests[-1].body.decode()


@pytest.mark.parametrize("number", [2**63 - 1, 2**64, -(2**63) - 1, 10**40, -(10**40)])
def test_anthropic_gets_every_digit_of_a_call(number: int) -> None:
    with ScriptedServer() as server:
        anthropic = Bridge(Way("anthropic/claude-sonnet-5", NATIVE_WIRES["anthropic"], native_environment), server)
        anthropic.says(Turn("Fine."))
        called = {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {"at": number}}
        result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "x"}
        schema = {"type": "object", "properties": {"at": {"type": "integer", "maximum": number}}}
        sent = {
            "messages": [*user("q"), {"role": "assistant", "content": [called]}, {"role": "user", "content": [result]}],
            "tools": [{"name": "Read", "input_schema": schema}],
        }
        assert text(anthropic.asked(**sent)) == "Fine."
        assert json.loads(server.requests[-1].body)["messages"] == sent["messages"]
        assert server.requests[-1].body.decode().count(str(number)) == 2


@pytest.mark.parametrize("stream", [False, True])
def test_a_call_of_anthropics_keeps_every_digit(stream: bool) -> None:
    with ScriptedServer() as server:
        anthropic = Bridge(Way("anthropic/claude-sonnet-5", NATIVE_WIRES["anthropic"], native_environment), server)
        anthropic.says(Turn(calls=(Call("Read", {"at": 10**40}, "toolu_1"),)))
        message = anthropic.asked(stream, tools=[{"name": "Read", "input_schema": {"type": "object"}}])
        assert message["content"][0]["input"] == {"at": 10**40}


def test_anthropic_counts_by_itself() -> None:
    told = {"input_tokens": 7, "context_management": {"original_input_tokens": 9}}

    def answer(request: Request) -> Any:
        assert request.json["context_management"] == EDITS["context_management"]
        return json_answer(told)

    with ScriptedServer(answer) as server:
        client = create_app(Settings.load(native_environment(server.url))).test_client()
        message = {"model": "anthropic/claude-sonnet-5", "messages": calls(), **EDITS}
        assert client.post("/v1/messages/count_tokens", json=message).json == told
