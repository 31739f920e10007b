"""CA: counts of tokens, and what keeps a vendor's prompt cache warm."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.scenarios.answers import Counts, Json, answer, words
from tests.scenarios.over import over
from tests.scenarios.rig import Rig, text, tool, user
from tests.scenarios.wires import TRANSLATED
from tests.support.scripted_server import json_answer
from tests.support.usage_lines import usage_lines

TOLD = answer(words("Hel", "lo."))


def billed(value: str) -> list[Json]:
    """A system prompt as the client sends it, with its line for the bill."""
    line = f"x-anthropic-billing-header: cc_version=2.1.329.{value[:3]}; cc_entrypoint=cli; cch={value};"
    return [text(line), text("You are a coding agent."), {**text("Be brief."), "cache_control": {"type": "ephemeral"}}]


@over(*TRANSLATED)
def test_ca_1_the_billing_line_stays_behind(rig: Rig) -> None:
    sent = []
    for value in ("00000", "fa690"):
        rig.says(TOLD, system=billed(value), tools=[tool()])
        sent.append(rig.sent.body)
    assert sent[0] == sent[1]
    assert b"billing" not in sent[0] and b"cch" not in sent[0]
    assert b"You are a coding agent." in sent[0]


@over(*TRANSLATED)
def test_ca_1_a_longer_conversation_begins_with_the_same_bytes(rig: Rig) -> None:
    messages = [user("one"), {"role": "assistant", "content": "1"}, user("two")]
    bodies = []
    for count in (1, 3):
        rig.says(TOLD, system=billed(str(count) * 5), tools=[tool()], messages=messages[:count])
        bodies.append(rig.sent.body)
    start = bodies[0][: bodies[0].index(b"one") + 3]
    assert bodies[1].startswith(start)
    assert b"You are a coding agent." in start and b"The tool Read." in start


CACHED = answer("Hello.", counts=Counts(prompt=1000, cached=800, output=20))


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@over("chat", "responses", "gemini", "repaired", "passthrough")
def test_ca_2_cached_tokens_are_not_input(rig: Rig, stream: bool) -> None:
    outcome = rig.says(CACHED, stream)
    usage = outcome.delta["usage"] if stream else outcome.json["usage"]
    assert (usage["input_tokens"], usage["cache_read_input_tokens"], usage["output_tokens"]) == (200, 800, 20)


@over("chat")
def test_ca_2_deepseeks_own_field(rig: Rig) -> None:
    counts = {"prompt_tokens": 1000, "completion_tokens": 20, "total_tokens": 1020}
    body = {**rig.wire.whole(TOLD), "usage": counts | {"prompt_cache_hit_tokens": 800, "prompt_cache_miss_tokens": 200}}
    usage = rig.says(json_answer(body), stream=False, model="deepseek/deepseek-v4-pro").json["usage"]
    assert (usage["input_tokens"], usage["cache_read_input_tokens"]) == (200, 800)


@over()
def test_ca_3_an_estimate_first_and_the_vendors_numbers_last(rig: Rig) -> None:
    cached = 0 if rig.wire.name == "ollama" else 500
    told = answer("Hello.", counts=Counts(prompt=1200, cached=cached, output=33))
    outcome = rig.says(told, model=f"{rig.wire.vendor}/never-asked", messages=[user("word " * 400)])
    first = outcome.sound[0]["message"]["usage"]
    assert first["input_tokens"] > 0
    assert rig.wire.name == "passthrough" or 300 <= first["input_tokens"] <= 900
    last = outcome.delta["usage"]
    assert (last["input_tokens"], last["cache_read_input_tokens"], last["output_tokens"]) == (1200 - cached, cached, 33)


SESSION = "0b6e2f5a-2f0e-4a9e-9c1b-6d8f1c2a7e55"


def user_id(session: str) -> str:
    """The client's user id: a JSON text."""
    return json.dumps({"device_id": "d" * 64, "account_uuid": "", "session_id": session})


#: Wire -> models whose vendor takes a key for its cache.
KEYED = {"chat": ("kimi/kimi-k2.6", "openai_compatible/served-model"), "responses": ("openai/gpt-5.6",)}


@over("chat", "responses")
def test_ca_5_ten_turns_share_key_and_account(rig: Rig) -> None:
    model = KEYED[rig.wire.name][0]
    seen = set()
    messages: list[Json] = []
    for turn in range(10):
        messages += [user(f"question {turn}")]
        rig.says(TOLD, model=model, messages=messages, metadata={"user_id": user_id(SESSION)})
        messages += [{"role": "assistant", "content": "answer"}]
        seen.add((rig.sent.json["prompt_cache_key"], rig.sent.headers["authorization"]))
    assert len(seen) == 1
    rig.says(TOLD, model=model, metadata={"user_id": user_id("another-session")})
    assert rig.sent.json["prompt_cache_key"] not in {key for key, _ in seen}


@over(*TRANSLATED)
def test_ca_5_nothing_in_a_body_changes_by_chance(rig: Rig) -> None:
    bodies = set()
    for _ in range(3):
        rig.says(TOLD, tools=[tool()], metadata={"user_id": user_id(SESSION)})
        bodies.add(rig.sent.body)
    assert len(bodies) == 1


UNCOUNTED = answer(words("Hello, ", "this answer has some words."), counts=None)


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@over(*TRANSLATED)
def test_ca_6_estimates_where_the_vendor_counts_nothing(rig: Rig, stream: bool) -> None:
    outcome = rig.says(UNCOUNTED, stream, model=f"{rig.wire.vendor}/never-asked", messages=[user("word " * 100)])
    usage = outcome.delta["usage"] if stream else outcome.json["usage"]
    assert usage["input_tokens"] > 50
    assert usage["output_tokens"] > 3
    assert None not in usage.values()


@over(*TRANSLATED)
def test_ca_6_the_log_says_that_counts_are_estimates(rig: Rig) -> None:
    logs = rig.client.application.extensions["rialto"].settings.log_dir
    for told, estimated in ((UNCOUNTED, True), (TOLD, False)):
        outcome = rig.says(told)
        line = next(line for line in usage_lines(logs) if line["request_id"] == outcome.headers["request-id"])
        assert line["estimated"] is estimated


def key(rig: Rig, **fields: Any) -> Any:
    """The cache key of a request."""
    rig.says(TOLD, **fields)
    return rig.sent.json.get("prompt_cache_key")


LONG = "0123456789" * 12


@over("chat", "responses")
def test_ca_7_long_sessions_become_short_stable_keys(rig: Rig) -> None:
    """Two sessions that differ at their end only must not share a key."""
    model = KEYED[rig.wire.name][0]
    for place in (
        lambda session: {"headers": {"x-claude-code-session-id": session}},
        lambda session: {"metadata": {"user_id": user_id(session)}},
    ):
        keys = [key(rig, model=model, **place(session)) for session in (LONG + "a", LONG + "b", LONG + "a")]
        assert all(0 < len(made) <= 64 for made in keys)
        assert keys[0] == keys[2] != keys[1]


OLD_USER = "user_" + "d" * 64 + "_account_0b6e2f5a-2f0e-4a9e-9c1b-6d8f1c2a7e56_session_" + SESSION


@over()
def test_ca_7_the_user_id_reaches_nobody_but_anthropic(rig: Rig) -> None:
    """It names a device and an account."""
    for value in (user_id(SESSION), OLD_USER):
        rig.says(TOLD, metadata={"user_id": value})
        told = rig.sent.body.decode() + str(rig.sent.headers)
        assert ("d" * 64 in told) == (rig.wire.name == "passthrough")
        assert all(len(str(rig.sent.json.get(field) or "")) <= 64 for field in ("user", "prompt_cache_key"))
