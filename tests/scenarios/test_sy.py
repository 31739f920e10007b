"""SY: system messages."""

from __future__ import annotations

import pytest

from tests.scenarios.answers import Json
from tests.scenarios.over import over
from tests.scenarios.rig import Rig, assistant, result, text, tool, use, user
from tests.scenarios.wires import TRANSLATED, text_of

NOTE = {"role": "system", "content": "Mind the gap."}
BLOCKS = {"role": "system", "content": [text("Mind the gap.")]}
PLACES: dict[str, list[Json]] = {
    "behind the first question": [user("go"), NOTE, assistant("one"), user("on")],
    "last": [user("go"), assistant("one"), user("on"), NOTE],
    "behind a result": [user("go"), assistant(use("a")), user(result("a", "A")), NOTE, assistant("one"), user("on")],
    "between a call and its result": [user("go"), assistant(use("a")), NOTE, user(result("a", "A"), text("on"))],
    "first": [NOTE, user("go"), assistant("one"), user("on")],
    "as blocks": [user("go"), BLOCKS, assistant("one"), user("on")],
}


@pytest.mark.parametrize("place", PLACES)
@over(*TRANSLATED)
def test_sy_1_system_inside_the_conversation(rig: Rig, place: str) -> None:
    """It stays where it stands, in a role that the vendor takes, and the first prompt stays as it was."""
    body = rig.body(messages=PLACES[place], system="Be brief.", tools=[tool()])
    assert rig.wire.prompt(body).startswith("Be brief.")
    sent = text_of(body)
    assert sent.count("Mind the gap.") == 1
    if place not in ("first", "between a call and its result"):
        assert sent.index("Mind the gap.") > sent.index("go")
        assert place == "last" or sent.index("Mind the gap.") < sent.index("one")
    roles = {role for role, _ in rig.wire.said(body)}
    assert roles <= {"user", "assistant", "tool", "developer", "system"}
    if rig.wire.name in ("gemini", "repaired"):
        assert "system" not in roles


@over("passthrough")
def test_sy_1_anthropic_takes_them_as_they_are(rig: Rig) -> None:
    for messages in PLACES.values():
        assert rig.body(messages=messages, system="Be brief.", tools=[tool()])["messages"] == messages


@over("passthrough")
def test_sy_1_the_words_that_make_the_client_adapt_pass(rig: Rig) -> None:
    refused = "messages.1: role 'system' is not supported on this model"
    rig.repeat_answer(rig.wire.refusal(400, refused))
    outcome = rig.ask(messages=PLACES["last"])
    assert (outcome.status, outcome.error["message"]) == (400, refused)


@over("chat", "ollama", "repaired")
def test_sy_2_local_servers_get_one_leading_system_message(rig: Rig) -> None:
    """Strict templates refuse a system message anywhere else."""
    system = [text("Be brief."), text("Be kind."), {**text("Be exact."), "cache_control": {"type": "ephemeral"}}]
    for messages in PLACES.values():
        body = rig.body(messages=messages, system=system, tools=[tool()])
        roles = [told["role"] for told in body["messages"]]
        assert "system" not in roles[1:]
        if rig.wire.name == "repaired":
            assert "system" not in roles
        else:
            assert roles[0] == "system"
            assert body["messages"][0]["content"].startswith("Be brief.\nBe kind.\nBe exact.")


@over("chat", "responses", "gemini")
def test_sy_2_the_first_prompt_is_the_same_in_every_turn(rig: Rig) -> None:
    """What a cloud has cached stays at its place: nothing moves to the front later."""
    model = {"chat": "deepseek/deepseek-v4-pro"}.get(rig.wire.name, rig.wire.model)
    turns = PLACES["behind a result"]
    sent = []
    for count in (1, 4, 6):
        rig.body(model=model, messages=turns[:count], system="Be brief.", tools=[tool()])
        sent.append(rig.sent.body)
    start = sent[0][: sent[0].index(b'"go"') + 3]
    assert all(body.startswith(start) for body in sent)
