"""Long system prompts through the running server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.messages import Json, Reply, ask, send
from tests.support.prompts import IDENTITY, PROTECTED, TOOLS, system_blocks
from tests.support.rialto_server import RialtoServer, vendor_environment
from tests.support.scripted_server import Answer, Request, ScriptedServer, json_answer
from tests.support.usage_lines import lines_where
from tests.support.vendor_bytes import WIRES, Turn

pytestmark = pytest.mark.e2e
SUMMARY = "# In short\n- Paint all boats, and ask before every launch."
OFFERED = [
    {"name": name, "description": "Does  it.   Does  it.", "input_schema": {"type": "object", "properties": {}}}
    for name in TOOLS
]


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.play(says)
        yield server


def says(request: Request) -> Answer:
    """The vendor, which also writes summaries."""
    if "/kimi/" in request.path and not is_summary(request.json):
        return json_answer({"error": {"message": "not today", "type": "invalid_request_error"}}, 400)
    return WIRES["deepseek"].answer(Turn(SUMMARY if is_summary(request.json) else "Ahoy."), 1, request)


def is_summary(body: Any) -> bool:
    return "instructions for an AI assistant" in json.dumps(body)


def environment(vendor: ScriptedServer, **more: str) -> dict[str, str]:
    return vendor_environment(vendor.url, "deepseek", "kimi") | more


def message(session: str = "", *turns: str, seed: int = 1) -> Json:
    """A request of a coding client, with as many turns as words were said."""
    said = [
        {"role": role, "content": f"{words}   {words}"}
        for place, words in enumerate(("Hello there.", *turns))
        for role in (("user", "assistant")[place % 2],)
    ]
    more: Json = {"metadata": {"user_id": json.dumps({"session_id": session})}} if session else {}
    return ask(model="deepseek/deepseek-v4-pro", system=system_blocks(seed=seed), tools=OFFERED, messages=said, **more)


def post(server: RialtoServer, body: Json, path: str = "/v1/messages") -> Reply:
    reply = send(server.port, "POST", path, body)
    assert reply.status == 200, reply.body
    return reply


def answered(vendor: ScriptedServer) -> list[Any]:
    """What was asked for clients."""
    return [body for body in vendor.bodies if not is_summary(body)]


def prompt_of(body: Any) -> str:
    return "\n".join(str(one["content"]) for one in body["messages"] if one["role"] == "system")


def test_compact(vendor: ScriptedServer, tmp_path: Path) -> None:
    body = message("one")
    counting = {key: value for key, value in body.items() if key != "max_tokens"}
    counts = []
    for way in ("none", "compact"):
        with RialtoServer(tmp_path / way, **environment(vendor, PROMPT_COMPRESSION=way)) as server:
            counts.append(post(server, counting, "/v1/messages/count_tokens").json["input_tokens"])
            post(server, body)
            post(server, message("one", "Ahoy.", "And now?"))
    full, _, short, later = answered(vendor)
    assert counts[1] < 0.75 * counts[0]
    assert len(prompt_of(short)) < 0.75 * len(prompt_of(full))
    assert later["messages"][: len(short["messages"])] == short["messages"]
    assert [words in prompt_of(short) for words in (*PROTECTED, IDENTITY)] == [True] * 4
    assert without_prompt(short) == without_prompt(full)


def without_prompt(body: Any) -> Json:
    """A vendor's body but for the system prompt."""
    return {**body, "messages": [one for one in body["messages"] if one["role"] != "system"]}


def test_nothing_is_compressed_by_default(vendor: ScriptedServer, tmp_path: Path) -> None:
    with RialtoServer(tmp_path, **environment(vendor)) as server:
        post(server, message())
    assert system_blocks()[2]["text"] in prompt_of(vendor.bodies[0])


def test_a_summary_is_made_once_and_serves_the_next_conversations(vendor: ScriptedServer, tmp_path: Path) -> None:
    conf = environment(vendor, PROMPT_COMPRESSION="summarize", PROMPT_SUMMARY_MODEL="kimi/kimi-k2.6")
    with RialtoServer(tmp_path, **conf) as server:
        post(server, message("first"))
        lines = lines_where(tmp_path / "logs", lambda line: True, 2)
        post(server, message("first", "Ahoy.", "And now?"))
        post(server, message("second"))
    with RialtoServer(tmp_path, **conf) as server:
        post(server, message("third"))
        post(server, message("first", "Ahoy.", "And now?", "Ahoy.", "Well?"))
    first, again, second, third, last = map(prompt_of, answered(vendor))
    assert SUMMARY not in first
    assert (again, last) == (first, first)
    assert SUMMARY in second
    assert third == second
    assert [words in second for words in (*PROTECTED, IDENTITY)] == [True] * 4
    assert len(second) < 0.7 * len(first)
    (asked,) = [body for body in vendor.bodies if is_summary(body)]
    assert [words in json.dumps(asked) for words in ("/srv/harbour", "Fetcher", "2026-11-21")] == [False] * 3
    (spent,) = [line for line in lines if line["kind"] == "summary"]
    assert (spent["vendor"], spent["output_tokens"]) == ("kimi", 83)
    assert spent["parent_id"] in {line["request_id"] for line in lines if line["kind"] != "summary"}


def test_without_a_summary_the_rules_do_it(vendor: ScriptedServer, tmp_path: Path) -> None:
    def fails(request: Request) -> Answer:
        if is_summary(request.json):
            return json_answer({"error": {"message": "no words left", "type": "invalid_request_error"}}, 400)
        return says(request)

    vendor.play(fails)
    with RialtoServer(tmp_path / "a", **environment(vendor, PROMPT_COMPRESSION="summarize")) as server:
        post(server, message("first"))
        lines_where(tmp_path / "a" / "logs", lambda line: line["kind"] == "summary")
        post(server, message("second"))
    with RialtoServer(tmp_path / "b", **environment(vendor, PROMPT_COMPRESSION="compact")) as server:
        post(server, message("third"))
    assert len({prompt_of(body) for body in answered(vendor)}) == 1
    assert len(vendor.bodies) == 4
    assert "a prompt was not summarised: DeepSeek: no words left" in (tmp_path / "a" / "output.log").read_text()
