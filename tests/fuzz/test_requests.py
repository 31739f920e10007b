"""Laws of requests: whatever the conversation, the vendor gets a body that it takes."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.conformance.answer_laws import difference
from tests.conformance.request_laws import acceptable, continued, parting
from tests.fuzz.blocks import THINKING, call_of
from tests.fuzz.conversations import requests
from tests.fuzz.counting import law
from tests.fuzz.wires import WIRES, adopted, genuine, received, sent, sent_if_usable, somewhere
from tests.fuzz.words import WORDS
from tests.sizes import ROOT
from translators.core.thinking import PREFIX
from translators.core.vendor import Json

ALL = pytest.mark.parametrize("wire", WIRES)


@ALL
@law(1_500, requests(), st.booleans(), st.data())
def test_the_vendor_takes_it(wire: str, message: Json, own: bool, data: st.DataObject) -> None:
    message, where = received(message), somewhere(wire, data)
    message = adopted(message, where) if own else message
    if made := sent_if_usable(message, where):
        acceptable(json.loads(made), where.carrying(message))


@ALL
@law(300, requests(), st.data())
def test_building_is_pure(wire: str, message: Json, data: st.DataObject) -> None:
    where = somewhere(wire, data)
    message = received(message)
    before = copy.deepcopy(message)
    first = sent_if_usable(message, where)
    assert message == before, f"the message was changed: {difference(message, before)}"
    assert sent_if_usable(message, where) == first, "a second time the body is another one"
    assert sent_if_usable(before, where) == first, "an equal message gives another body"


def test_other_hashes_make_the_same_bodies() -> None:
    command = [sys.executable, "-m", "tests.fuzz.bodies"]
    runs = [
        subprocess.run(
            command, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, timeout=120
        )
        for seed in ("1", "2", "3")
    ]
    assert len({run.stdout for run in runs}) == 1 and len(runs[0].stdout.strip()) == 64, [run.stderr for run in runs]


@st.composite
def answers(draw: st.DrawFn) -> Json:
    """An answer of the model: words, perhaps thinking before them and calls behind them."""
    blocks: list[Any] = [*draw(st.lists(THINKING, max_size=1)), {"type": "text", "text": draw(WORDS)}]
    return {"content": blocks + [draw(call_of(f"toolu_n{number}")) for number in range(draw(st.integers(0, 2)))]}


@ALL
@law(400, requests(ends_with_user=True), answers(), st.data())
def test_the_next_turn_keeps_the_bytes(wire: str, message: Json, answer: Json, data: st.DataObject) -> None:
    where = somewhere(wire, data)
    message, answer = adopted(message, where), adopted(answer, where)
    message.pop("cache_control", None)  # its mark moves on to the end of every turn
    shorter, longer = (sent_if_usable(received(turn), where) for turn in (message, continued(message, answer)))
    if shorter and longer:
        head = shorter.removesuffix(b"]}")
        assert longer.startswith(head), f"they part at {parting(head, longer)}"


@law(500, requests())
def test_anthropic_gets_the_clients_own_words(message: Json) -> None:
    message, where = received(message), genuine()
    body = json.loads(sent(message, where))
    assert body.pop("model") == where.model
    pairs = [(turn, without_ours(turn)) for turn in message["messages"]]
    kept = [made for turn, made in pairs if made["content"] or made == turn]
    assert body == {**{key: value for key, value in message.items() if key != "model"}, "messages": kept}


def without_ours(turn: Json) -> Json:
    """A message without the thinking of other vendors; one that held nothing else holds nothing."""
    content = turn["content"]
    kept = [block for block in content if not is_ours(block)] if isinstance(content, list) else content
    return {**turn, "content": kept}


def is_ours(block: Json) -> bool:
    """A thinking block with a signature of Rialto's."""
    return block["type"] == "thinking" and str(block.get("signature")).startswith(PREFIX)
