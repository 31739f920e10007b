"""The real Claude Code client when a vendor fails: it compacts, goes on, stops or leaves, as the fault asks for."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.support.claude_code import run_client, start_client
from tests.support.claude_terminal import ESCAPE, Terminal
from tests.support.native_wires import NATIVE_WIRES, native_environment
from tests.support.rialto_server import RialtoServer, vendor_environment
from tests.support.scripted_server import CUT, Answer, Request, ScriptedServer, json_answer, sse_answer
from tests.support.vendor_bytes import WIRES, Call, Json, Turn, Wire

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("claude")]

KIMI = WIRES["kimi"]
LOCAL = replace(KIMI, name="openai_compatible", model="qwen3-coder")
#: What makes the client repeat whatever may be repeated.
PATIENT = {"CLAUDE_CODE_MAX_RETRIES": "10"}
#: Seconds for the vendor to see that somebody has left.
DEADLINE = 10.0
#: Seconds without a word, longer than any limit of the client for silence, and those for the whole run.
SILENCE, SLOW_RUN = 370.0, 500.0


@pytest.fixture(scope="module")
def server(vendor_server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RialtoServer]:
    """Rialto with Kimi, Gemini, OpenAI and a server of the user's own."""
    url = vendor_server.url
    own = {"PROVIDER_BASE_URL": f"{url}/own/v1", "PROVIDER_API_KEY": "own-upstream-key"}
    environment = vendor_environment(url, "kimi") | native_environment(url) | own
    with RialtoServer(tmp_path_factory.mktemp("faults"), FIRST_BYTE_TIMEOUT="600", **environment) as running:
        yield running


def refusal(message: str, kind: str = "invalid_request_error", **more: object) -> Json:
    """The error body of OpenAI and many others."""
    return {"error": {"message": message, "type": kind, "param": None, "code": None, **more}}


def bash(command: str) -> Call:
    return Call("Bash", {"command": command, "description": "run a command"})


# -- a conversation that has become too long


@dataclass(frozen=True)
class Overflow:
    """Whose words, and what the client is told of them."""

    wire: Wire
    body: Json
    numbers: str = ""


OVERFLOWS = {
    "OpenAI": Overflow(
        LOCAL,
        refusal(
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 130512 tokens. "
            "Please reduce the length of the messages.",
            code="context_length_exceeded",
        ),
        ": 130512 tokens > 128000 maximum",
    ),
    "OpenAI Responses": Overflow(
        NATIVE_WIRES["openai"],
        refusal(
            "Your input exceeds the context window of this model. Please adjust your input and try again.",
            code="context_length_exceeded",
        ),
    ),
    "vLLM": Overflow(
        LOCAL,
        {
            "object": "error",
            "message": "This model's maximum context length is 131072 tokens. However, your request has 140000 input "
            "tokens. Please reduce the length of the input messages.",
            "type": "BadRequestError",
            "param": None,
            "code": 400,
        },
        ": 140000 tokens > 131072 maximum",
    ),
    "Gemini": Overflow(
        NATIVE_WIRES["gemini"],
        {
            "error": {
                "code": 400,
                "message": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
                "status": "INVALID_ARGUMENT",
            }
        },
        ": 1200000 tokens > 1048576 maximum",
    ),
    "Kimi": Overflow(
        KIMI,
        refusal("Invalid request: Your request exceeded model token limit: 262144 (requested: 301030)"),
        ": 301030 tokens > 262144 maximum",
    ),
    "llama.cpp": Overflow(
        LOCAL,
        refusal(
            "the request exceeds the available context size, try increasing it",
            "exceed_context_size_error",
            n_prompt_tokens=140000,
            n_ctx=131072,
        ),
        ": 140000 tokens > 131072 maximum",
    ),
}
STEPS = 4
SUMMARY = "The counting has come to several thousand."


@pytest.mark.parametrize("name", OVERFLOWS)
def test_a_conversation_that_is_too_long_is_compacted_and_goes_on(
    name: str, server: RialtoServer, vendor: ScriptedServer, tmp_path: Path
) -> None:
    overflow = OVERFLOWS[name]
    steps = [Turn(f"Step {step}.", calls=(bash(f"seq {step}000 {step}900"),)) for step in range(1, STEPS + 1)]
    turns = [*steps, None, Turn(f"<summary>{SUMMARY}</summary>"), Turn("All is counted.")]

    def play(request: Request) -> Answer:
        number = len(vendor.requests) - 1
        turn = turns[number]
        return overflow.wire.answer(turn, number, request) if turn else json_answer(overflow.body, 400)

    vendor.play(play)
    told = len(errors(server))
    run = run_client("Count far", server.url, tmp_path, model=overflow.wire.public_model, **PATIENT)
    assert (run.status, run.result["result"]) == (0, "All is counted.")
    refused, compacting, after = vendor.requests[STEPS:]
    assert errors(server)[told:] == [f"prompt is too long{overflow.numbers}"]
    assert SUMMARY.encode() in after.body
    assert b"1000\\n1001" not in after.body, "the oldest step is still there"
    assert len(compacting.body) < len(refused.body) + 10_000


def errors(server: RialtoServer) -> list[str]:
    """The messages in the error log, the oldest first."""
    path = server.folder / "logs" / "errors.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(line)["message"] for line in lines]


# -- failures that are told, and those that nobody notices


def test_a_wrong_key_stops_the_client_at_once(server: RialtoServer, vendor: ScriptedServer, tmp_path: Path) -> None:
    vendor.play(lambda request: json_answer(refusal("Invalid Authentication", "invalid_authentication_error"), 401))
    run = run_client("Say hello", server.url, tmp_path, model=KIMI.public_model, **PATIENT)
    assert run.result["is_error"] is True
    assert "Kimi: Invalid Authentication (check KIMI_API_KEY)" in run.result["result"]
    assert len(vendor.bodies) == 1


#: Where the answer breaks off -> the turn, and how many of its chunks are sent.
CUTS = {
    "before the first word": (Turn("Never said."), 0),
    "in the reasoning": (Turn("Never said.", thinking="Half a thought"), 2),
    "in the text": (Turn("Half a sentence"), 2),
    "behind the text": (Turn("Before the call.", calls=(bash("touch ran"),)), 3),
    "in a call": (Turn("Before the call.", calls=(bash("touch ran"),)), 5),
}


@pytest.mark.parametrize("place", CUTS)
def test_the_client_goes_on_after_a_cut(
    place: str, server: RialtoServer, vendor: ScriptedServer, tmp_path: Path
) -> None:
    turn, count = CUTS[place]

    def play(request: Request) -> Answer:
        if len(vendor.requests) == 1:
            return sse_answer([*list(KIMI.stream(turn, 0))[:count], CUT])
        return KIMI.answer(Turn("The whole answer."), 1, request)

    vendor.play(play)
    run = run_client("Say hello", server.url, tmp_path, model=KIMI.public_model, **PATIENT)
    assert (run.status, run.result["result"]) == (0, "The whole answer.")
    assert len(vendor.bodies) == 2
    assert not (tmp_path / "work" / "ran").exists(), "half a call has been run"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("spoken", [0, 2])
def test_a_client_that_ends_lets_the_vendor_go(
    spoken: int, number: signal.Signals, server: RialtoServer, vendor: ScriptedServer, tmp_path: Path
) -> None:
    chunks = list(KIMI.stream(Turn("Half a sentence"), 0))[:spoken]
    vendor.play(lambda request: sse_answer([*chunks, threading.Event()]))
    client = start_client("Say hello", server.url, tmp_path, model=KIMI.public_model)
    try:
        (asked,) = vendor.wait_for(1)
        os.killpg(client.pid, number)
        assert asked.peer_closed.wait(DEADLINE), "Rialto went on reading for nobody"
    finally:
        client.kill()
        client.communicate()
    assert len(vendor.requests) == 1


def test_escape_lets_the_vendor_go_and_the_client_stays(
    server: RialtoServer, vendor: ScriptedServer, tmp_path: Path
) -> None:
    chunks = list(KIMI.stream(Turn("Half a sentence"), 0))[:2]
    vendor.play(lambda request: sse_answer([*chunks, threading.Event()]))
    with Terminal("Say hello", server.url, tmp_path, model=KIMI.public_model) as terminal:
        (asked,) = vendor.wait_for(1)
        terminal.wait_for("to interrupt")
        terminal.type(ESCAPE)
        assert asked.peer_closed.wait(DEADLINE), "Rialto went on reading for nobody"
        terminal.wait_for("Interrupted")
    assert len(vendor.requests) == 1


@pytest.mark.slow
def test_six_minutes_without_a_word_are_waited_for(
    server: RialtoServer, vendor: ScriptedServer, tmp_path: Path
) -> None:
    def play(request: Request) -> Answer:
        time.sleep(SILENCE)
        return KIMI.answer(Turn("At last."), 0, request)

    vendor.play(play)
    run = run_client("Think long", server.url, tmp_path, model=KIMI.public_model, deadline=SLOW_RUN, **PATIENT)
    assert (run.status, run.result["result"]) == (0, "At last.")
    assert len(vendor.bodies) == 1, "the client asked again"
