"""Answers that break off within their text, behind a real server: what the client gets is the text as it was meant, or
an error event. A case's number is in the question, so that many can run at once.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import requests

from tests.scenarios.answers import Answer, Call, Thought, Words, answer
from tests.scenarios.rig import Outcome, environment
from tests.scenarios.wires import WIRES, Wire
from tests.support.rialto_server import RialtoServer
from tests.support.scripted_server import CUT, Request, ScriptedServer
from tests.support.scripted_server import Answer as Bytes
from tests.support.usage_lines import lines_where

Json = dict[str, Any]
TEXT = """# Häfen am alten Fluss

The wall was built in 1820, and it was built again in 1871. Here is what is left of it:

- [ ] the old crane, the old crane's house
- [ ] a shed
- [ ] a shed

```python
def depth(tide: int) -> int:
    if tide > 3:
        return tide * 2
    return tide * 2 - 1
```

| year | ships |
|------|-------|
| 1820 | 12    |
| 1821 | 12    |

ha ha ha ha! 潮が満ちると、船は港に入る。🚢🚢 Well, well, hello: the wall was built in 1820 … and nobody knows why.
"""
Vendor = ScriptedServer
USAGE_TOKENS = 1000


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    with ScriptedServer() as started:
        yield started


@pytest.fixture(scope="module")
def rialto(vendor: Vendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RialtoServer]:
    folder = tmp_path_factory.mktemp("continuing")
    with RialtoServer(folder, **environment(vendor.url), MIDSTREAM_CONTINUATION="1") as server:
        yield server


def pieces(text: str, chance: random.Random) -> tuple[str, ...]:
    found = []
    while text:
        size = chance.randint(1, 9)
        found.append(text[:size])
        text = text[size:]
    return tuple(found)


def broken(wire: Wire, told: Answer, how: str) -> Bytes:
    """An answer without its end: reset, ended, or with an error that heals."""
    said = wire.stream(Answer(told.parts, ending="", counts=None))
    more: dict[str, list[Any]] = {"reset": [CUT], "end": [], "fault": [wire.fault("busy just now", "server_error")]}
    return wire.streamed([*said, *more[how]])


def asked_words(wire: Wire, request: Request) -> str | None:
    """The words that the model is asked to begin with, None where it goes on by itself."""
    last = wire.said(request.json)[-1]
    return last[1].split(":\n<end>", 1)[1].rsplit("</end>\n", 1)[0] if last[0] == "user" else None


class Play:
    """One case: where the answer breaks off, and how the vendor goes on with it."""

    def __init__(self, wire: Wire, way: str, number: int) -> None:
        self.wire, self.way = wire, way
        self.chance = random.Random(f"{wire.name} {way} {number}")
        self.cut = self.chance.randrange(1, len(TEXT))
        self.how = self.chance.choice(["reset", "end", "fault"])
        self.letters = self.chance.randint(1, 60)
        self.words = self.chance.randint(1, 12)
        self.asked = 0

    def answer(self, request: Request) -> Bytes:
        """What the vendor says to the case's next request."""
        self.asked += 1
        if self.asked == 1:
            return self.broken(TEXT[: self.cut])
        known = len([text for role, text in self.wire.said(request.json) if role == "assistant"][-1])
        return self.again(asked_words(self.wire, request), TEXT[known:])

    def again(self, words: str | None, missing: str) -> Bytes:
        """`missing` is what the request does not hold."""
        rest, said = TEXT[self.cut :], TEXT[: self.cut]
        match self.way:
            case "as asked":
                return self.whole((words or "") + missing)
            case "deaf":
                return self.whole(rest)
            case "letters":
                return self.whole(said[-self.letters :] + rest)
            case "words":
                return self.whole(" ".join(said.split(" ")[-self.words :]) + rest)
            case "all of it":
                return self.whole(TEXT)
            case "no space":
                return self.whole(rest.lstrip())
            case "cut twice" if self.asked == 2:
                return self.broken((words or "") + missing[: self.chance.randint(1, len(missing))])
            case "cut twice":
                return self.whole((words or "") + missing)
        return self.wire.refusal(400, "no")

    def broken(self, text: str) -> Bytes:
        return broken(self.wire, answer(Words(pieces(text, self.chance))), self.how)

    def whole(self, text: str) -> Bytes:
        return self.wire.answered(answer(Words(pieces(text, self.chance))))


def ask(rialto: RialtoServer, wire: Wire, words: str, **fields: Any) -> Outcome:
    message = {
        "model": wire.model,
        "max_tokens": 4000,
        "messages": [{"role": "user", "content": words}],
        "stream": True,
    }
    found = requests.post(f"{rialto.url}/v1/messages", json={**message, **fields}, timeout=30)
    found.encoding = "utf-8"
    return Outcome(found.status_code, found.headers, found.text)


#: How the vendor goes on -> the least of a hundred answers that must be whole; the others must tell of the cut.
WAYS = {
    "as asked": {"chat": 100, "gemini": 100, "responses": 100, "ollama": 90},
    "deaf": {"chat": 5, "gemini": 5, "responses": 5, "ollama": 50},
    "letters": {"chat": 40, "gemini": 40, "responses": 40, "ollama": 40},
    "words": {"chat": 40, "gemini": 40, "responses": 40, "ollama": 40},
    "all of it": {"chat": 95, "gemini": 95, "responses": 95, "ollama": 95},
    "no space": {"chat": 0, "gemini": 0, "responses": 0},
    "cut twice": {"chat": 90, "gemini": 90, "responses": 90, "ollama": 80},
    "refused": {"chat": 0, "gemini": 0, "responses": 0, "ollama": 0},
}


@pytest.mark.parametrize("cases", [25, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("name", "way"), [(name, way) for way, least in WAYS.items() for name in least])
def test_random_cuts(rialto: RialtoServer, vendor: Vendor, name: str, way: str, cases: int) -> None:
    wire = WIRES[name]
    plays = [Play(wire, way, number) for number in range(cases)]
    vendor.play(lambda request: plays[number_of(wire, request)].answer(request))

    def run(number: int) -> str:
        outcome = ask(rialto, wire, f"case {number}")
        play = plays[number]
        told = "".join(block["text"] for block in outcome_blocks(outcome))
        if outcome.end["type"] == "error":
            assert TEXT.startswith(told), (number, play.cut, told[-60:])
            return "reported"
        assert told == TEXT, (number, play.cut, told[-60:])
        assert outcome.sound[-1] == {"type": "message_stop"}
        assert [block["type"] for block in outcome.blocks] == ["text"]
        return "whole"

    with ThreadPoolExecutor(6) as threads:
        found = Counter(threads.map(run, range(cases)))
    print(f"\n{name:10} {way:10} {dict(found)}")
    assert found["whole"] * 100 >= WAYS[way][name] * cases
    assert max(play.asked for play in plays) <= 3


def outcome_blocks(outcome: Outcome) -> list[Json]:
    texts: dict[int, Json] = {}
    for event in outcome.events:
        if event["type"] == "content_block_delta":
            block = texts.setdefault(event["index"], {"text": ""})
            block["text"] += event["delta"]["text"]
    return [*texts.values()]


def number_of(wire: Wire, request: Request) -> int:
    return int(next(text for role, text in wire.said(request.json) if role == "user").split()[-1])


# -- what else may be

CHAT = WIRES["chat"]
SAID, REST = "The boats lie behind the old wall of", " the harbour.\nEnd."


def rest_of(wire: Wire, request: Request, rest: str = REST, **more: Any) -> Bytes:
    """The vendor goes on as it was asked to."""
    return wire.answered(answer((asked_words(wire, request) or "") + rest, **more), wire.wants_stream(request))


def script(vendor: Vendor, *answers: Any) -> None:
    """What comes in turn; a function is asked with the request."""
    waiting = list(answers)

    def next_answer(request: Request) -> Bytes:
        told = waiting.pop(0)
        return told(request) if callable(told) else told

    vendor.play(next_answer)


def cut_off(*parts: Any, wire: Wire = CHAT) -> Bytes:
    return broken(wire, answer(*parts), "reset")


def test_counts_limits_and_the_usage_log(rialto: RialtoServer, vendor: Vendor) -> None:
    script(vendor, cut_off(Thought(("Well",)), SAID), lambda request: rest_of(CHAT, request, ending="length"))
    fields = {"stop_sequences": ["\nHuman:"], "thinking": {"type": "enabled", "budget_tokens": 1024}}
    outcome = ask(rialto, CHAT, "count", **fields)
    assert outcome.brief == [("thinking", "Well"), SAID + REST]
    assert outcome.stop == "max_tokens"
    first, second = vendor.bodies
    assert second["stop"] == first["stop"]
    limits = [body.get("max_tokens") or body["max_completion_tokens"] for body in (first, second)]
    assert limits[0] > limits[1] > limits[0] - 40
    assert outcome.delta["usage"]["input_tokens"] > USAGE_TOKENS
    line = lines_where(rialto.folder / "logs", lambda line: line["request_id"] == outcome.headers["request-id"])[0]
    told = (line["continuations"], line["retries"], line["estimated"], line["stop_reason"], line["status"])
    assert told == (1, 0, True, "max_tokens", 200)
    assert line["input_tokens"] == outcome.delta["usage"]["input_tokens"]


def test_a_continuation_that_says_nothing_costs_nothing(rialto: RialtoServer, vendor: Vendor) -> None:
    def spent(silent: Bytes) -> Any:
        script(vendor, cut_off(SAID), silent)
        outcome = ask(rialto, CHAT, "costs")
        assert (outcome.end["type"], len(vendor.requests)) == ("error", 2)
        line = lines_where(rialto.folder / "logs", lambda line: line["request_id"] == outcome.headers["request-id"])[0]
        return line["input_tokens"], line["output_tokens"]

    refused = spent(CHAT.refusal(500, "busy just now"))
    assert refused[0] > 0
    assert spent(CHAT.streamed([CHAT.fault("busy just now", "server_error")])) == refused
    assert spent(CHAT.streamed([b"data: [DONE]\n\n"])) == refused


def test_a_stop_sequence_across_the_seam(rialto: RialtoServer, vendor: Vendor) -> None:
    script(vendor, cut_off(f"{SAID} HA"), lambda request: rest_of(CHAT, request, "HALT and more"))
    outcome = ask(rialto, CHAT, "stop", stop_sequences=["HALT"])
    assert (outcome.brief, outcome.stop) == ([f"{SAID} "], "stop_sequence")


REPORTED = {
    "a call has begun": (SAID, Call("Read", ('{"file', "_path"))),
    "only thinking": (Thought(("One", "Two")),),
    "a call is complete": (Call("Read", ('{"file_path": "a"}',)), SAID),
}


@pytest.mark.parametrize("parts", REPORTED.values(), ids=REPORTED)
def test_what_is_reported(rialto: RialtoServer, vendor: Vendor, parts: tuple[Any, ...]) -> None:
    script(vendor, cut_off(*parts))
    tool = {"name": "Read", "description": "d", "input_schema": {"type": "object"}}
    outcome = ask(rialto, CHAT, "call", tools=[tool])
    assert outcome.end["type"] == "error"
    assert len(vendor.requests) == 1


def test_a_call_behind_the_seam(rialto: RialtoServer, vendor: Vendor) -> None:
    def called(request: Request) -> Bytes:
        words = asked_words(CHAT, request) or ""
        return CHAT.answered(answer(words + REST, Call("Read", ('{"file_path": "a"}',))))

    script(vendor, cut_off(SAID), called)
    tool = {"name": "Read", "description": "d", "input_schema": {"type": "object"}}
    outcome = ask(rialto, CHAT, "call", tools=[tool])
    assert outcome.brief == [SAID + REST, ("Read", {"file_path": "a"})]
    assert outcome.stop == "tool_use"


SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}
FORM = {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}


@pytest.mark.parametrize(
    ("second", "whole"), [('{"a": 17}', '{"a": 17}'), ("7}", None), ('{"a": 99}', None), ('{"a": 1x', None)]
)
def test_an_answer_with_a_schema(rialto: RialtoServer, vendor: Vendor, second: str, whole: str | None) -> None:
    wire = WIRES["responses"]
    script(vendor, cut_off('{"a": 1', wire=wire), *[wire.answered(answer(second))] * 2)
    outcome = ask(rialto, wire, "schema", **FORM)
    if whole is None:
        assert outcome.end["type"] == "error"
    else:
        assert outcome.brief == [whole]
        assert wire.said(vendor.bodies[1]) == wire.said(vendor.bodies[0])


def test_a_whole_answer(rialto: RialtoServer, vendor: Vendor) -> None:
    """A vendor may stream unasked."""
    script(vendor, cut_off(SAID), lambda request: CHAT.answered(answer((asked_words(CHAT, request) or "") + REST)))
    outcome = ask(rialto, CHAT, "whole", stream=False)
    assert outcome.brief == [SAID + REST]
    assert outcome.json["usage"]["input_tokens"] > USAGE_TOKENS


def test_a_whole_answer_that_nobody_can_go_on_with(rialto: RialtoServer, vendor: Vendor) -> None:
    script(vendor, cut_off(SAID), CHAT.refusal(500, "down"))
    outcome = ask(rialto, CHAT, "whole", stream=False)
    assert (outcome.status, outcome.error["type"]) == (502, "api_error")


def test_no_more_than_two(rialto: RialtoServer, vendor: Vendor) -> None:
    def again(request: Request) -> Bytes:
        return cut_off((asked_words(CHAT, request) or "") + " and more")

    script(vendor, cut_off(SAID), again, again)
    outcome = ask(rialto, CHAT, "often")
    assert outcome_blocks(outcome) == [{"text": SAID + " and more" * 2}]
    assert outcome.end["type"] == "error" and len(vendor.requests) == 3


def test_genuine_events_pass(rialto: RialtoServer, vendor: Vendor) -> None:
    wire = WIRES["passthrough"]
    script(vendor, cut_off(SAID, wire=wire))
    outcome = ask(rialto, wire, "own")
    assert outcome.end["type"] == "error" and len(vendor.requests) == 1


def test_an_endpoint_of_anthropics_kind(vendor: Vendor, tmp_path: Path) -> None:
    wire = WIRES["repaired"]
    settings = {**environment(vendor.url), "MIDSTREAM_CONTINUATION": "1", "OLLAMA_MODE": "anthropic"}
    script(vendor, cut_off(SAID, wire=wire), lambda request: rest_of(wire, request))
    with RialtoServer(tmp_path, **settings) as server:
        assert ask(server, wire, "own").brief == [SAID + REST]


def test_the_fallback_goes_on(vendor: Vendor, tmp_path: Path) -> None:
    fallback = WIRES["gemini"]
    script(vendor, cut_off(SAID), CHAT.refusal(503, "down"), lambda request: rest_of(fallback, request))
    settings = {**environment(vendor.url), "MIDSTREAM_CONTINUATION": "1", "FALLBACK_MODELS": fallback.model}
    with RialtoServer(tmp_path, **settings) as server:
        outcome = ask(server, CHAT, "chain")
        assert outcome.brief == [SAID + REST]
        line = lines_where(tmp_path / "logs", lambda line: line["vendor"] == "gemini")[0]
    assert (line["continuations"], line["fallbacks"]) == (1, 1)


def test_silence_in_the_middle(vendor: Vendor, tmp_path: Path) -> None:
    silent = CHAT.streamed([*CHAT.stream(Answer((Words((SAID,)),), ending="", counts=None)), Event()])
    script(vendor, silent, lambda request: rest_of(CHAT, request))
    settings = {
        **environment(vendor.url),
        "MIDSTREAM_CONTINUATION": "1",
        "IDLE_TIMEOUT": "2",
        "FIRST_BYTE_TIMEOUT": "2",
    }
    with RialtoServer(tmp_path, **settings) as server:
        assert ask(server, CHAT, "silence").brief == [SAID + REST]


def test_a_client_that_leaves_while_it_is_gone_on_with(rialto: RialtoServer, vendor: Vendor) -> None:
    gate = Event()
    script(vendor, cut_off(SAID), CHAT.streamed([*CHAT.stream(Answer((Words((SAID,)),), ending="")), gate]))
    message = {
        "model": CHAT.model,
        "max_tokens": 400,
        "messages": [{"role": "user", "content": "leave"}],
        "stream": True,
    }
    with requests.post(f"{rialto.url}/v1/messages", json=message, stream=True, timeout=30) as found:
        assert found.status_code == 200
        second = vendor.wait_for(2)[1]
    assert second.peer_closed.wait(5) and not second.stalled
    line = lines_where(rialto.folder / "logs", lambda line: line["request_id"] == found.headers["request-id"])[0]
    assert (line["status"], line["continuations"]) == (499, 1)


def test_without_the_setting_nothing_is_gone_on_with(vendor: Vendor, tmp_path: Path) -> None:
    script(vendor, cut_off(SAID))
    with RialtoServer(tmp_path, **environment(vendor.url)) as server:
        outcome = ask(server, CHAT, "off")
    assert outcome.end["type"] == "error" and len(vendor.requests) == 1


def test_captures_of_it_play(vendor: Vendor, tmp_path: Path) -> None:
    from app.capture.difference import verdict
    from app.capture.replay import replayed

    script(vendor, cut_off(SAID), lambda request: rest_of(CHAT, request))
    settings = {**environment(vendor.url), "MIDSTREAM_CONTINUATION": "1", "BRIDGE_DEBUG": "1"}
    with RialtoServer(tmp_path, **settings) as server:
        assert ask(server, CHAT, "capture").brief == [SAID + REST]
        lines_where(tmp_path / "logs", lambda line: line["continuations"] == 1)
    found = [json.loads(line) for path in tmp_path.glob("logs/**/*.jsonl*") for line in path.read_text().splitlines()]
    entry = next(line for line in found if "tries" in line)
    outcome = replayed(entry)
    assert len(outcome.requests) == 2
    assert verdict(entry, outcome).lines == ()
