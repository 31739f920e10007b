"""The real Claude Code client works through Rialto on the bytes of Gemini, OpenAI Responses, Ollama and Anthropic."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.claude_code import run_client
from tests.support.native_wires import NativeWire, packed, seal
from tests.support.rialto_server import RialtoServer
from tests.support.scripted_server import Answer, Request, ScriptedServer, json_answer
from tests.support.vendor_bytes import Call, Json, Turn
from tests.support.vendor_histories import Past, history, messages_of

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("claude")]

#: Vendor -> what in a request asks for the thinking, and for the state that must come back.
ASKS: dict[str, Any] = {
    "gemini": lambda body: body["generationConfig"]["thinkingConfig"]["includeThoughts"] is True,
    "openai": lambda body: body["include"] == ["reasoning.encrypted_content"] and body["store"] is False,
    "ollama": lambda body: bool(body["think"]),
    "anthropic": lambda body: body["thinking"]["type"] in ("adaptive", "enabled"),
}


class Loop:
    """Plays one turn after the other, as far as the history that came with the request holds all before it."""

    def __init__(self, wire: NativeWire, turns: tuple[Turn, ...]) -> None:
        self.wire = wire
        self.turns = turns
        self.pasts: list[list[Past]] = []

    def __call__(self, request: Request) -> Answer:
        past = history(self.wire.name, request.json)
        if len(past) != len(self.pasts):
            text = f"the history holds {len(past)} answers, {len(self.pasts)} were given"
            return json_answer({"error": {"type": "invalid_request_error", "message": text}}, 400)
        self.pasts.append(past)
        return self.wire.answer(self.turns[len(past)], len(past), request)


def bash(command: str) -> Call:
    return Call("Bash", {"command": command, "description": "run a command"})


def tool_loop(target: Path) -> tuple[Turn, ...]:
    """A file is found, read, edited and looked at twice at once, with thinking before each step."""
    change = {"file_path": str(target), "old_string": "hullo world", "new_string": "hello world"}
    return (
        Turn("I look around first.", "The folder comes first, naïvely.", (bash("ls"),)),
        Turn(thinking="Now the file → its words.", calls=(Call("Read", {"file_path": str(target)}),)),
        Turn("Now I correct it.", 'A "quoted" plan.\nTwo lines.', (Call("Edit", {**change, "replace_all": False}),)),
        Turn(thinking="Two looks at once.", calls=(bash(f"cat {target}"), bash("echo second-result"))),
        Turn("The greeting is right now.", "That is all."),
    )


@pytest.fixture
def loop(native: NativeWire, native_rialto: RialtoServer, vendor: ScriptedServer, tmp_path: Path) -> Loop:
    """One run of the client over the loop, ended well and with the file changed."""
    target = tmp_path / "work" / "greeting.txt"
    target.parent.mkdir()
    target.write_text("first line\nhullo world\n")
    played = Loop(native, tool_loop(target))
    vendor.play(played)
    run = run_client("Think hard and correct the greeting", native_rialto.url, tmp_path, model=native.public_model)
    assert (run.status, run.result["is_error"]) == (0, False), run.result["result"] or run.errors
    assert run.result["result"] == "The greeting is right now."
    assert len(vendor.bodies) == len(played.turns), "the client asked again, or stopped early"
    assert target.read_text() == "first line\nhello world\n"
    return played


def test_tool_loop_with_thinking(loop: Loop, vendor: ScriptedServer) -> None:
    assert_asked(loop.wire, vendor.requests)
    assert_said(loop)
    assert_state_came_back(loop)
    assert_prefix_kept(loop.wire, vendor.bodies)
    if loop.wire.name == "anthropic":
        assert_blocks_untouched(loop, vendor.requests)


def assert_asked(wire: NativeWire, requests: list[Request]) -> None:
    """Every request went where it belongs and asks for the thinking."""
    assert {request.path.partition("?")[0] for request in requests} == {wire.path}
    assert all(b"rialto1." not in request.body for request in requests)
    assert all(ASKS[wire.name](request.json) for request in requests)


def assert_said(loop: Loop) -> None:
    """Words, calls and results of every turn are in the last history."""
    last = loop.pasts[-1]
    for past, turn in zip(last, loop.turns, strict=False):
        assert past.text == turn.text
        assert past.calls == tuple((call.name, call.arguments) for call in turn.calls)
    (listing,), (reading,), _, (proof, second) = (past.results for past in last)
    assert "greeting.txt" in listing
    assert "hullo world" in reading
    assert "hello world" in proof
    assert second.strip() == "second-result"


def assert_state_came_back(loop: Loop) -> None:
    """Signature, encrypted item or thinking stand on the turn that they came with, in every later request."""
    for past in loop.pasts:
        expected = [loop.wire.fields(turn.thinking) for turn in loop.turns[: len(past)]]
        assert [turn.state for turn in past] == expected


def assert_blocks_untouched(loop: Loop, requests: list[Request]) -> None:
    """Anthropic's thinking blocks are there byte for byte."""
    body = json.dumps(requests[-1].json, ensure_ascii=False, separators=(",", ":")).encode()
    for turn in loop.turns[:-1]:
        assert packed(loop.wire.fields(turn.thinking)) in body
        assert f'"signature":"{seal(turn.thinking)}"'.encode() in requests[-1].body


def assert_prefix_kept(wire: NativeWire, bodies: list[Json]) -> None:
    """A conversation only grows, else the vendor's prompt cache is lost."""
    for earlier, later in zip(bodies, bodies[1:], strict=False):
        before, after = (unmarked(messages_of(wire.name, body)) for body in (earlier, later))
        assert after[: len(before)] == before
        assert later["tools"] == earlier["tools"]


def unmarked(value: Any) -> Any:
    """The value without cache marks, which the client moves along; a mark makes it write a text as a block."""
    if isinstance(value, dict):
        return {key: unmarked(item) for key, item in value.items() if key != "cache_control"}
    if isinstance(value, list) and len(value) == 1 and set(value[0]) - {"cache_control"} == {"type", "text"}:
        return value[0]["text"]
    return [unmarked(item) for item in value] if isinstance(value, list) else value
