"""Counts of a real tokenizer: exact where the server counts, near after three answers where it is only estimated."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.messages import Json, ask, send
from tests.support.rialto_server import RialtoServer

pytestmark = pytest.mark.real
TOOLS = [
    {
        "name": name,
        "description": f"Finds the {name} of a place. Give the name of the place and, when there are several, the "
        "country that it lies in. The answer is one line of text.",
        "input_schema": {
            "type": "object",
            "properties": {"place": {"type": "string"}, "country": {"type": "string", "enum": ["France", "Peru"]}},
            "required": ["place"],
        },
    }
    for name in ("weather", "population", "mayor", "timezone")
]
WORDS = "The old bridge over the river was closed for repairs in March; since then every cart takes the long road. "
QUESTIONS = (WORDS * 12, WORDS * 20 + "What is 12 * (7 + 35) / 4?", "def cross(river):\n    return river.bridge\n" * 30)


def request(model: str, text: str, **fields: Any) -> Json:
    return ask(text, model=model, tools=TOOLS, system=WORDS * 4, max_tokens=2, **fields)


def used(rialto: RialtoServer, body: Json) -> int:
    """The input tokens that the server reports."""
    usage = (send(rialto.port, "POST", "/v1/messages", body).json or {})["usage"]
    total: int = usage["input_tokens"] + usage["cache_read_input_tokens"] + usage["cache_creation_input_tokens"]
    return total


def counted(rialto: RialtoServer, body: Json) -> int:
    question = {name: value for name, value in body.items() if name != "max_tokens"}
    count: int = (send(rialto.port, "POST", "/v1/messages/count_tokens", question).json or {})["input_tokens"]
    return count


@pytest.mark.parametrize("text", QUESTIONS)
def test_the_server_counts(rialto: RialtoServer, model: str, text: str) -> None:
    body = request(model, text)
    assert counted(rialto, body) == used(rialto, body)


def test_the_window_that_is_served(rialto: RialtoServer, model: str) -> None:
    counted(rialto, request(model, "hi"))
    row = send(rialto.port, "GET", f"/v1/models/{model}").json or {}
    assert row["max_input_tokens"] == 8192


def test_three_answers_calibrate(uncounted: RialtoServer) -> None:
    model = "openai_compatible/smol"
    true = [used(uncounted, request(model, text)) for text in QUESTIONS]
    estimates = [counted(uncounted, request(model, text)) for text in QUESTIONS]
    assert estimates == [pytest.approx(tokens, rel=0.05) for tokens in true]
