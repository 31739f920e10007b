"""The real Claude Code client works through Rialto on a server that speaks the Responses API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.protocols.responses_bodies import call, done, said, summary
from tests.support.claude_code import run_client
from tests.support.rialto_server import RialtoServer
from tests.support.scripted_server import Answer, Request, ScriptedServer, sse_answer

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("claude")]

Json = dict[str, Any]
USAGE = {"input_tokens": 900, "input_tokens_details": {"cached_tokens": 800}, "output_tokens": 20}


@pytest.fixture
def openai(vendor: ScriptedServer, tmp_path: Path) -> Iterator[RialtoServer]:
    """Rialto with OpenAI's Responses API at the scripted server."""
    environment = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": f"{vendor.url}/v1", "OPENAI_API": "responses"}
    with RialtoServer(tmp_path / "rialto", **environment) as server:
        yield server


def thought(number: int) -> Json:
    """A finished reasoning item."""
    item = {"type": "reasoning", "id": f"rs_{number}", "encrypted_content": f"gAAAA-{number}", "summary": []}
    return {"type": "response.output_item.done", "output_index": 0, "item": item}


def command(number: int, line: str) -> list[Json]:
    """A turn that thinks and runs a command."""
    arguments = f'{{"command":"{line}","description":"run a command"}}'
    return [summary("I plan."), thought(number), call(1, "Bash", arguments), done(usage=USAGE)]


TURNS = [command(1, "echo one > a.txt"), command(2, "cat a.txt"), [said("It says one."), done(usage=USAGE)]]


def answers(request: Request) -> Answer:
    """The turn that follows the calls which the request holds."""
    calls = [item for item in request.json["input"] if item.get("type") == "function_call"]
    return sse_answer(TURNS[len(calls)])


def test_tool_loop_with_encrypted_reasoning(openai: RialtoServer, vendor: ScriptedServer, tmp_path: Path) -> None:
    vendor.play(answers)
    run = run_client("Write a file and read it.", openai.url, tmp_path, model="openai/gpt-5.6")
    assert run.status == 0, (run.output, run.errors)
    assert run.result["result"] == "It says one."
    assert (tmp_path / "work" / "a.txt").read_text() == "one\n"
    assert {request.path.partition("?")[0] for request in vendor.requests} == {"/v1/responses"}
    last = vendor.bodies[-1]["input"]
    kinds = [item["type"] for item in last if item.get("type")]
    assert kinds == ["reasoning", "function_call", "function_call_output"] * 2
    assert [item["id"] for item in last if item.get("type") == "reasoning"] == ["rs_1", "rs_2"]
    assert [item["output"] for item in last if item.get("type") == "function_call_output"][1] == "one"
