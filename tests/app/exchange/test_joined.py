"""What has come together is told together: the same answer, however the vendor's pieces fall; and work is done once."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.api import sse
from app.exchange import call
from app.exchange.pump import Pump
from app.settings.settings import Settings
from tests.bench import traffic
from tests.support.grammar import joined
from tests.support.scripted_server import CUT, Answer, ScriptedServer, sse_piece
from translators.core import json_schema, tokens
from translators.core.deltas import Text
from translators.core.errors import Broke
from translators.core.stream import MessageStream

ID = re.compile(r'"id":"\w+"')
BROKEN = {"choices": [{"index": 0, "delta": {}, "finish_reason": "error"}]}


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def client(vendor: ScriptedServer) -> FlaskClient:
    environment = {"OPENAI_BASE_URL": f"{vendor.url}/v1", "OPENAI_API_KEY": "vendor-key"}
    return create_app(Settings.load(environment)).test_client()


def answer(pieces: list[Any], together: int) -> Answer:
    """A streamed answer whose HTTP chunks hold so many pieces each."""
    groups = [pieces[at : at + together] for at in range(0, len(pieces), together)]
    parts = [part for group in groups for part in (group if CUT in group else [b"".join(map(sse_piece, group))])]
    return Answer([sse_piece(part) for part in parts], headers={"content-type": "text/event-stream"})


def told(client: FlaskClient, vendor: ScriptedServer, pieces: list[Any], together: int) -> list[Any]:
    """The answer's events, with ids made equal."""
    vendor.play([answer(pieces, together)])
    reply = client.post("/v1/messages", json=traffic.request("W2", "openai/test-model"))
    lines = ID.sub('"id":""', reply.text).splitlines()
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]


@pytest.mark.parametrize("end", [[], [BROKEN], [CUT]])
def test_the_same_answer_one_by_one_and_together(
    client: FlaskClient, vendor: ScriptedServer, monkeypatch: pytest.MonkeyPatch, end: list[Any]
) -> None:
    pieces = [*traffic.answer("chat", "W2")[: -3 if end else None], *end]
    with monkeypatch.context() as alone:
        alone.setattr(Pump, "waiting", lambda self: [])
        alone.setattr(call, "joined", list)
        single = told(client, vendor, pieces, 1)
    found = [told(client, vendor, pieces, together) for together in (1, 3, len(pieces))]
    assert (single[-1]["type"] == "error") is bool(end)
    assert len(found[2]) < len(single)
    expected = joined(single)
    assert "content_block_delta" in [event["type"] for event in expected]
    assert [joined(events) for events in found] == [expected] * 3


def test_what_came_before_a_failure_is_told_before_it(
    client: FlaskClient, vendor: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = MessageStream.feed

    def failing(self: MessageStream, delta: Any) -> list[Any]:
        if isinstance(delta, Text):
            raise Broke("the filter gave up")
        return feed(self, delta)

    monkeypatch.setattr(MessageStream, "feed", failing)
    pieces = traffic.answer("chat", "W2")
    events = told(client, vendor, pieces, len(pieces))
    thoughts = "".join(event["delta"]["thinking"] for event in events if "thinking" in event.get("delta", ()))
    assert thoughts
    assert thoughts == said(pieces, "reasoning_content")
    assert events[-1]["type"] == "error"


def said(pieces: list[bytes], key: str) -> str:
    """What the vendor's pieces say under one key."""
    values = [json.loads(piece.removeprefix(b"data: ")) for piece in pieces if b"{" in piece]
    deltas = [choice["delta"] for value in values for choice in value["choices"]]
    return "".join(delta.get(key) or "" for delta in deltas)


def watch(place: ModuleType, name: str, done: Counter[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts the calls of a function, wherever it has been imported."""
    work = getattr(place, name)

    def counted(*given: Any) -> Any:
        done[name] += 1
        return work(*given)

    for module in list(sys.modules.values()):
        if getattr(module, name, None) is work:
            monkeypatch.setattr(module, name, counted)


def test_work_on_a_body_is_done_once(
    client: FlaskClient, vendor: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = Counter[str]()
    watch(json_schema, "clean", done, monkeypatch)
    watch(tokens, "measure", done, monkeypatch)
    dumps, large = sse.dumps, list[int]()
    monkeypatch.setattr(sse, "dumps", lambda value: large.append(len(dumps(value))) or dumps(value))
    told(client, vendor, traffic.answer("chat", "W2"), 50)
    body = len(json.dumps(traffic.request("W2", "openai/test-model")))
    assert done == {"clean": 24, "measure": 1}
    assert len([size for size in large if size > body / 2]) == 1
