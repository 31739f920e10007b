"""One conversation that goes to another vendor at each turn, three times through all six.

In the second round a vendor's own state comes home; in the third Anthropic meets the call ids that Kimi used twice.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.messages import send
from tests.support.native_wires import NATIVE_WIRES, seal
from tests.support.rialto_server import RialtoServer
from tests.support.scripted_server import Answer, Request, ScriptedServer
from tests.support.vendor_bytes import WIRES, Call, Json, Turn, Wire
from tests.support.vendor_histories import Past, history, messages_of
from translators.core.message import fold

pytestmark = pytest.mark.e2e

VENDORS = ("deepseek", "gemini", "openai", "anthropic", "kimi", "ollama")
TOUR = VENDORS * 3
ALL_WIRES: dict[str, Wire] = {**WIRES, **NATIVE_WIRES}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [{"name": "Weather", "description": "Tells the weather.", "input_schema": SCHEMA}]
#: Vendor -> what stands for reasoning that it did not make, on a turn with calls; {} on one without, if not here.
FOREIGN: dict[str, Json] = {
    "deepseek": {"reasoning_content": " "},
    "kimi": {"reasoning_content": "."},
    "gemini": {"thoughtSignature": "skip_thought_signature_validator"},
}
FOREIGN_WORDS: dict[str, Json] = {"deepseek": {"reasoning_content": " "}}


class Voices:
    """All six vendors. Each reads what comes to it as strictly as the real one, and thinks and calls, or answers."""

    def __init__(self, closing: bool) -> None:
        self.closing = closing
        self.said: list[tuple[str, Turn]] = []
        self.seen: dict[str, list[Json]] = {}

    def __call__(self, request: Request) -> Answer:
        vendor = request.path.split("/")[1]
        self.check(vendor, request)
        turn = self.next_turn(vendor)
        self.said.append((vendor, turn))
        return ALL_WIRES[vendor].answer(turn, len(self.said), request)

    def next_turn(self, vendor: str) -> Turn:
        """A turn that thinks; with two calls, unless it closes the one before it."""
        number = len(self.said)
        thinking = f"{vendor} thought number {number}, naïvely → so"
        if self.closing and self.said and self.said[-1][1].calls:
            return Turn(f"{vendor} answered {number}", thinking)
        calls = tuple(Call("Weather", {"city": f"{place} {number}"}) for place in ("Oslo", "Bergen"))
        return Turn(f"{vendor} asks {number}", thinking, calls)

    def check(self, vendor: str, request: Request) -> None:
        """Words, calls and results of everyone, reasoning of this vendor alone, and nothing rewritten."""
        assert b"rialto1." not in request.body
        assert history(vendor, request.json) == [expected(vendor, maker, turn) for maker, turn in self.said]
        text = json.dumps(request.json, ensure_ascii=False)
        strange = [turn.thinking for maker, turn in self.said if maker != vendor]
        assert not [thinking for thinking in strange if thinking in text or seal(thinking) in text]
        messages = messages_of(vendor, request.json)
        before = self.seen.get(vendor, [])
        assert messages[: len(before)] == before, "what the vendor knows was rewritten"
        self.seen[vendor] = messages


def expected(vendor: str, maker: str, turn: Turn) -> Past:
    """How a turn of `maker` must look to `vendor`."""
    own = ALL_WIRES[vendor].fields(turn.thinking)
    if vendor == "gemini" and not turn.calls:
        own = {}  # the signature of a text that ends a turn is not carried
    foreign = (FOREIGN if turn.calls else FOREIGN_WORDS).get(vendor, {})
    calls = tuple((call.name, call.arguments) for call in turn.calls)
    results = tuple(weather(call.arguments) for call in turn.calls)
    return Past(turn.text, own if maker == vendor else foreign, calls, results)


def weather(arguments: Json) -> str:
    """What the tool says."""
    return f"Rain in {arguments['city']}."


class Client:
    """A client that keeps what it was answered and sends it back as it is."""

    def __init__(self, rialto: RialtoServer, streamed: bool) -> None:
        self.rialto = rialto
        self.streamed = streamed
        self.messages: list[Json] = []

    def ask(self, vendor: str, *blocks: Json) -> Json:
        """One request to the vendor's model. The assistant message."""
        self.messages.append({"role": "user", "content": list(blocks)})
        reply = send(
            self.rialto.port, "POST", "/v1/messages", self.request(vendor), {"anthropic-version": "2023-06-01"}
        )
        assert reply.status == 200, reply.body.decode()
        answer = fold(events(reply.body)) if self.streamed else reply.json
        self.messages.append({"role": "assistant", "content": answer["content"]})
        return answer

    def request(self, vendor: str) -> Json:
        """The body, with all that was said."""
        body = {"model": ALL_WIRES[vendor].public_model, "max_tokens": 4000, "stream": self.streamed, "tools": TOOLS}
        return {**body, "system": "Be brief.", "thinking": {"type": "adaptive"}, "messages": self.messages}


def events(body: bytes) -> list[Any]:
    """The events of a stream that did not fail."""
    found = [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: ")]
    assert found[-1]["type"] == "message_stop", found[-1]
    return found


def results_of(answer: Json) -> list[Json]:
    """The results of an answer's calls."""
    return [
        {"type": "tool_result", "tool_use_id": block["id"], "content": weather(block["input"])}
        for block in answer["content"]
        if block["type"] == "tool_use"
    ]


def words(text: str) -> Json:
    """A block of text."""
    return {"type": "text", "text": text}


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
def test_switch_while_results_are_pending(streamed: bool, native_rialto: RialtoServer, vendor: ScriptedServer) -> None:
    """The results of one vendor's calls go to the next vendor, with a word of the user."""
    voices = Voices(closing=False)
    vendor.play(voices)
    client = Client(native_rialto, streamed)
    results: list[Json] = []
    for name in TOUR:
        answer = client.ask(name, *results, words(f"Now {name}."))
        assert_answer(answer, voices)
        results = results_of(answer)
        assert len(results) == 2
    assert [name for name, _ in voices.said] == list(TOUR)


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
def test_switch_after_a_finished_loop(streamed: bool, native_rialto: RialtoServer, vendor: ScriptedServer) -> None:
    """Each vendor calls, reads the results and answers; the user then goes to the next one."""
    voices = Voices(closing=True)
    vendor.play(voices)
    client = Client(native_rialto, streamed)
    for name in TOUR:
        calling = client.ask(name, words(f"Now {name}."))
        assert_answer(calling, voices)
        closing = client.ask(name, *results_of(calling))
        assert_answer(closing, voices)
        assert closing["stop_reason"] == "end_turn"
    assert [name for name, _ in voices.said[::2]] == list(TOUR)


def assert_answer(answer: Json, voices: Voices) -> None:
    """The client sees the thinking, the words and the calls of the turn."""
    _, turn = voices.said[-1]
    thinking = "".join(block["thinking"] for block in answer["content"] if block["type"] == "thinking")
    text = "".join(block["text"] for block in answer["content"] if block["type"] == "text")
    calls = [(block["name"], block["input"]) for block in answer["content"] if block["type"] == "tool_use"]
    assert (thinking, text) == (turn.thinking, turn.text)
    assert calls == [(call.name, call.arguments) for call in turn.calls]
