"""A Messages request as a Chat Completions body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest

from tests.support.routes import route
from translators.core.intent import Intent
from translators.core.vendor import ALL_CHOICES, AUTO_OR_NONE, Route
from translators.protocols.openai_chat.request import DROPS, request

Json = dict[str, Any]

READ = {"name": "Read", "description": "d", "input_schema": {"type": "object", "properties": {"p": {"type": "string"}}}}
WRITE = {**READ, "name": "Write"}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}


def body(message: Mapping[str, Any] | None = None, **fields: Any) -> Json:
    """The body for a small request with more fields."""
    base = {"model": "my-model", "max_tokens": 100, "stream": False, "messages": [{"role": "user", "content": "q"}]}
    return request({**base, **(message or {})}, route(**fields))


def test_the_smallest_request() -> None:
    assert body() == {
        "model": "m-1",
        "stream": False,
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "q"}],
    }


def test_the_messages_come_last() -> None:
    made = body({"tools": [READ], "stop_sequences": ["x"], "system": "s", "temperature": 1})
    assert list(made)[-1] == "messages"


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("knows", [True, False])
def test_usage_of_a_stream(stream: bool, knows: bool) -> None:
    made = body({"stream": stream}, stream_usage=knows)
    assert made["stream"] is stream
    assert (made.get("stream_options") == {"include_usage": True}) is (stream and knows)


LIMITS: dict[str, tuple[int, Json, Json]] = {
    "as wished": (100, {}, {"max_tokens": 100}),
    "under another name": (100, {"token_field": "max_completion_tokens"}, {"max_completion_tokens": 100}),
    "too few": (1, {"min_output": 16}, {"max_tokens": 16}),
    "too many": (128_000, {"max_output": 32_000}, {"max_tokens": 32_000}),
    "few enough": (100, {"max_output": 32_000}, {"max_tokens": 100}),
}


@pytest.mark.parametrize(("wished", "fields", "expected"), LIMITS.values(), ids=LIMITS.keys())
def test_output_limit(wished: int, fields: Json, expected: Json) -> None:
    made = body({"max_tokens": wished}, **fields)
    assert {name: value for name, value in made.items() if name.startswith("max_")} == expected


@pytest.mark.parametrize(
    "passed", [frozenset(), frozenset({"temperature"}), frozenset({"temperature", "top_p", "top_k"})]
)
def test_sampling(passed: frozenset[str]) -> None:
    wishes = {"temperature": 0.5, "top_p": 0.9, "top_k": 3}
    made = body(wishes, sampling=passed)
    assert {name: made[name] for name in wishes if name in made} == {name: wishes[name] for name in passed}


def test_sampling_that_is_zero_or_null() -> None:
    made = body({"temperature": 0, "top_p": None})
    assert (made["temperature"], "top_p" in made) == (0, False)


STOPS: dict[str, tuple[Any, Json, Any]] = {
    "none": (None, {}, None),
    "empty": ([], {}, None),
    "some": (["a", "b"], {}, ["a", "b"]),
    "empty strings": (["", "a"], {}, ["a"]),
    "too many": (["a", "b", "c"], {"max_stops": 2}, ["a", "b"]),
    "none taken": (["a"], {"max_stops": 0}, None),
}


@pytest.mark.parametrize(("stops", "fields", "expected"), STOPS.values(), ids=STOPS.keys())
def test_stop_sequences(stops: Any, fields: Json, expected: Any) -> None:
    assert body({"stop_sequences": stops}, **fields).get("stop") == expected


# -- tools


def test_a_tool() -> None:
    [tool] = body(
        {"tools": [{**READ, "strict": True, "cache_control": {"type": "ephemeral"}, "eager_input_streaming": True}]}
    )["tools"]
    assert tool == {
        "type": "function",
        "function": {"name": "Read", "description": "d", "parameters": READ["input_schema"]},
    }


def test_what_some_vendors_take_of_a_tool() -> None:
    given = {**READ, "strict": True, "cache_control": {"type": "ephemeral", "ttl": "1h", "scope": "global"}}
    [tool] = body({"tools": [given]}, tools_strict=True, cache_control=True)["tools"]
    assert (tool["function"]["strict"], tool["cache_control"]) == (True, {"type": "ephemeral", "ttl": "1h"})


@pytest.mark.parametrize(
    ("mark", "kept"),
    [
        ({"type": "ephemeral"}, {"type": "ephemeral"}),
        ({"type": "ephemeral", "ttl": None}, {"type": "ephemeral"}),
        ({"type": "ephemeral", "ttl": "5m", "scope": "global"}, {"type": "ephemeral", "ttl": "5m"}),
        (None, None),
        ("yes", None),
    ],
)
def test_a_cache_mark_keeps_its_lifetime(mark: Any, kept: Any) -> None:
    content = [{"type": "text", "text": "q", "cache_control": mark}]
    [asked] = body({"messages": [{"role": "user", "content": content}]}, cache_control=True)["messages"]
    assert asked["content"][0].get("cache_control") == kept


@pytest.mark.parametrize("schema", [None, {}, {"type": "object"}, {"type": "object", "properties": {}}])
def test_a_tool_without_parameters(schema: Any) -> None:
    [tool] = body({"tools": [{"name": "Now", "input_schema": schema}]})["tools"]
    assert tool["function"] == {"name": "Now", "parameters": {"type": "object", "properties": {}}}


NO_TOOLS = {"none": None, "empty": [], "a server tool": [SEARCH], "a deferred tool": [{**READ, "defer_loading": True}]}


@pytest.mark.parametrize("tools", NO_TOOLS.values(), ids=NO_TOOLS.keys())
@pytest.mark.parametrize("choice", ["auto", "any", "tool", "none"])
def test_no_tools_no_choice(tools: Any, choice: str) -> None:
    made = body({"tools": tools, "tool_choice": {"type": choice, "name": "Read", "disable_parallel_tool_use": True}})
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & made.keys()


def test_a_deferred_tool_that_is_loaded() -> None:
    loaded = {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "tool_reference", "tool_name": "Read"}]}
    made = body(
        {"tools": [{**READ, "defer_loading": True}, WRITE], "messages": [{"role": "user", "content": [loaded]}]}
    )
    assert [tool["function"]["name"] for tool in made["tools"]] == ["Read", "Write"]
    assert "defer_loading" not in json.dumps(made)


NAMED = {"type": "function", "function": {"name": "Read"}}
CHOICES: dict[str, tuple[Any, Json, Any]] = {
    "nothing": (None, {}, None),
    "auto": ({"type": "auto"}, {}, "auto"),
    "any": ({"type": "any"}, {}, "required"),
    "none": ({"type": "none"}, {}, "none"),
    "named": ({"type": "tool", "name": "Read"}, {}, NAMED),
    "a tool that is not there": ({"type": "tool", "name": "Gone"}, {}, "auto"),
    "a server tool": ({"type": "tool", "name": "web_search"}, {}, "auto"),
    "any, where only auto is known": ({"type": "any"}, {"tool_choices": AUTO_OR_NONE}, "auto"),
    "named, where only auto is known": ({"type": "tool", "name": "Read"}, {"tool_choices": AUTO_OR_NONE}, "auto"),
    "named, where required is known": (
        {"type": "tool", "name": "Read"},
        {"tool_choices": frozenset({"auto", "none", "required"})},
        "required",
    ),
    "a kind of the future": ({"type": "whim"}, {}, "auto"),
}


@pytest.mark.parametrize(("choice", "fields", "expected"), CHOICES.values(), ids=CHOICES.keys())
def test_tool_choice(choice: Any, fields: Json, expected: Any) -> None:
    assert body({"tools": [READ, SEARCH], "tool_choice": choice}, **fields).get("tool_choice") == expected


ANY_TOOL, THE_TOOL = "Answer with a call of one of the tools.", "Answer with a call of the tool."
LACKING: dict[str, tuple[Json, Any, Any, list[str], list[str]]] = {
    # what the client wants, what the vendor takes: the field, the tools, the words
    "any, taken": ({"type": "any"}, {"auto", "required"}, "required", ["Read", "Write"], []),
    "any, auto alone": ({"type": "any"}, {"auto"}, "auto", ["Read", "Write"], [ANY_TOOL]),
    "any, nothing taken": ({"type": "any"}, (), None, ["Read", "Write"], [ANY_TOOL]),
    "named, required taken": ({"type": "tool", "name": "Write"}, {"auto", "required"}, "required", ["Write"], []),
    "named, auto alone": ({"type": "tool", "name": "Write"}, {"auto"}, "auto", ["Write"], [THE_TOOL]),
    "named, nothing taken": ({"type": "tool", "name": "Write"}, (), None, ["Write"], [THE_TOOL]),
    "not there": ({"type": "tool", "name": "Gone"}, (), None, ["Read", "Write"], []),
    "auto, nothing taken": ({"type": "auto"}, (), None, ["Read", "Write"], []),
    "none, nothing taken": ({"type": "none"}, (), None, [], []),
}


@pytest.mark.parametrize(("choice", "taken", "field", "names", "words"), LACKING.values(), ids=LACKING.keys())
def test_a_choice_that_the_vendor_lacks(choice: Json, taken: Any, field: Any, names: list[str], words: Any) -> None:
    made = body({"tools": [READ, WRITE], "tool_choice": choice, "system": "s"}, tool_choices=frozenset(taken))
    assert made.get("tool_choice") == field
    assert [tool["function"]["name"] for tool in made.get("tools", ())] == names
    assert made["messages"][0]["content"] == "\n".join(["s", *words])


@pytest.mark.parametrize(("known", "expected"), [(True, False), (False, None)])
def test_one_call_at_a_time(known: bool, expected: Any) -> None:
    made = body(
        {"tools": [READ], "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}, parallel_tool_calls=known
    )
    assert made.get("parallel_tool_calls") is expected


def test_long_names_are_short_everywhere() -> None:
    name = "mcp__" + "server" * 12 + "__do_it"
    history = [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": name, "input": {}}]},
    ]
    made = body({"tools": [{**READ, "name": name}], "tool_choice": {"type": "tool", "name": name}, "messages": history})
    names = {
        made["tools"][0]["function"]["name"],
        made["tool_choice"]["function"]["name"],
        made["messages"][1]["tool_calls"][0]["function"]["name"],
    }
    assert [len(short) for short in names] == [64]


# -- thinking and forced tools


def told(intent: Intent, target: Route) -> Json:
    """A vendor's field that shows what it was told."""
    return {"thinking": [intent.on, intent.level]}


AUTO_WHILE_THINKING = {"tool_choices_thinking": AUTO_OR_NONE}
WISHES: dict[str, tuple[Json, Json, list[Any], Any]] = {
    "forced while thinking": ({"tool_choice": {"type": "any"}}, AUTO_WHILE_THINKING, [False, None], "required"),
    "named while thinking": (
        {"tool_choice": {"type": "tool", "name": "Read"}},
        AUTO_WHILE_THINKING,
        [False, None],
        NAMED,
    ),
    "auto while thinking": ({"tool_choice": {"type": "auto"}}, AUTO_WHILE_THINKING, [True, "high"], "auto"),
    "forced, taken together": ({"tool_choice": {"type": "any"}}, {}, [True, "high"], "required"),
    "forced and silent": (
        {"tool_choice": {"type": "any"}, "thinking": None, "output_config": None},
        AUTO_WHILE_THINKING,
        [False, None],
        "required",
    ),
    "forced, never taken": (
        {"tool_choice": {"type": "any"}},
        {"tool_choices": AUTO_OR_NONE, **AUTO_WHILE_THINKING},
        [True, "high"],
        "auto",
    ),
    "a tool that is not there": (
        {"tool_choice": {"type": "tool", "name": "Gone"}},
        AUTO_WHILE_THINKING,
        [True, "high"],
        "auto",
    ),
    "forced without tools": ({"tool_choice": {"type": "any"}, "tools": []}, AUTO_WHILE_THINKING, [True, "high"], None),
    "none while thinking": ({"tool_choice": {"type": "none"}}, AUTO_WHILE_THINKING, [True, "high"], "none"),
}


@pytest.mark.parametrize(("message", "fields", "thinking", "choice"), WISHES.values(), ids=WISHES.keys())
def test_thinking_gives_way_to_a_forced_tool(message: Json, fields: Json, thinking: Any, choice: Any) -> None:
    base = {"tools": [READ], "thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}
    made = body({**base, **message}, thinking=told, **fields)
    assert (made["thinking"], made.get("tool_choice")) == (thinking, choice)


# -- the form of the answer

SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}}
FORM = {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}


def test_a_schema_as_a_parameter() -> None:
    made = body(FORM)
    assert made["response_format"] == {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}
    assert "title" not in json.dumps(made["messages"])


@pytest.mark.parametrize(("how", "expected"), [("json_object", {"type": "json_object"}), ("prompt", None)])
@pytest.mark.parametrize("system", ["s", None, [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}]])
@pytest.mark.parametrize("marks", [True, False])
def test_a_schema_in_words(how: str, expected: Any, system: Any, marks: bool) -> None:
    made = body({**FORM, "system": system}, structured=how, cache_control=marks)
    first = made["messages"][0]
    assert made.get("response_format") == expected
    assert first["role"] == "system"
    assert "title" in json.dumps(first)
    assert (system is None) or ("s" in str(first["content"]))
    assert [message["role"] for message in made["messages"]] == ["system", "user"]


def test_a_schema_in_words_stands_behind_the_system_prompt() -> None:
    marked = {"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}
    talk = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}, {"role": "user", "content": "r"}]
    made = body({**FORM, "system": [marked], "messages": talk}, structured="prompt", cache_control=True)
    first, rule = made["messages"][0]["content"]
    assert (first, rule["type"]) == (marked, "text")
    assert json.dumps(SCHEMA) in rule["text"]
    assert [message["role"] for message in made["messages"]] == ["system", "user", "assistant", "user"]


@pytest.mark.parametrize("message", [{"output_format": FORM["output_config"]["format"]}, FORM])
def test_the_old_name_of_the_form(message: Json) -> None:
    assert body(message)["response_format"]["type"] == "json_schema"


@pytest.mark.parametrize("form", [None, {}, {"format": None}, {"format": {"type": "text"}}, {"effort": "low"}])
@pytest.mark.parametrize("how", ["json_schema", "json_object", "prompt"])
def test_no_form(form: Any, how: str) -> None:
    assert "response_format" not in body({"output_config": form}, structured=how)


# -- caches


def test_a_stable_key_of_the_conversation() -> None:
    made = body(session="s" * 64, cache_key_field="prompt_cache_key")
    assert made["prompt_cache_key"] == "s" * 64


@pytest.mark.parametrize("fields", [{"session": "s"}, {"cache_key_field": "prompt_cache_key"}])
def test_no_key_where_none_is_wanted_or_known(fields: Json) -> None:
    assert body(**fields).keys() == body().keys()


def system(cch: str) -> list[Json]:
    """Claude Code's system prompt in short."""
    return [
        {"type": "text", "text": f"x-anthropic-billing-header: cc_version=2; cch={cch};"},
        {"type": "text", "text": "be kind"},
    ]


def test_the_billing_line_changes_nothing() -> None:
    assert json.dumps(body({"system": system("1a2b3")})) == json.dumps(body({"system": system("4c5d6")}))


def test_a_longer_conversation_begins_with_the_same_bytes() -> None:
    talk: list[Json] = [{"role": "user", "content": [{"type": "text", "text": "q"}]}]
    for turn in range(4):
        call = {"type": "tool_use", "id": f"a{turn}", "name": "Read", "input": {"p": turn}}
        talk += [
            {"role": "assistant", "content": [{"type": "text", "text": f"turn {turn}"}, call]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"a{turn}", "content": "done"}]},
        ]
    bodies = [json.dumps(body({"messages": talk[:size], "tools": [READ]})) for size in range(1, len(talk) + 1, 2)]
    for shorter, longer in zip(bodies, bodies[1:], strict=False):
        assert longer.startswith(shorter.removesuffix("]}"))


# -- what stays behind

LEFT_BEHIND = {
    "metadata": {"user_id": "user_abc"},
    "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]},
    "container": "container_1",
    "mcp_servers": [{"name": "m"}],
    "service_tier": "auto",
    "inference_geo": "us",
    "speed": "fast",
    "diagnostics": {"x": 1},
    "cache_control": {"type": "ephemeral"},
    "top_k": 5,
}


@pytest.mark.parametrize(("name", "value"), LEFT_BEHIND.items())
def test_a_dropped_field_is_named_and_leaves_no_trace(name: str, value: Any) -> None:
    assert name in DROPS
    assert body({name: value}) == body()


def test_the_clients_request_stays_as_it_is() -> None:
    message = {"tools": [deepcopy(READ)], "system": system("x"), "stop_sequences": ["a"], **FORM}
    before = repr(message)
    body(message, cache_control=True, structured="prompt")
    assert repr(message) == before


def test_the_vendor_has_the_last_word() -> None:
    made = body(shape=lambda body, target: {**body, "extra": target.model})
    assert made["extra"] == "m-1"
    assert list(made)[-1] == "messages"


def test_every_choice_is_known() -> None:
    assert {"auto", "none", "required", "named"} == ALL_CHOICES


# -- the mark beside the messages

AUTOMATIC: Json = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
CALLED: Json = {"type": "tool_use", "id": "a", "name": "Read", "input": {}}


def marks_of(message: Json, **fields: Any) -> list[tuple[str, Any]]:
    """(role, mark) of every part that has one."""
    made = body(message, **{"cache_control": True, **fields})
    lists = [(said["role"], said["content"]) for said in made["messages"] if isinstance(said["content"], list)]
    parts = [(role, part) for role, content in lists for part in content]
    return [(role, part["cache_control"]) for role, part in parts if "cache_control" in part]


Q: Json = {"role": "user", "content": "q"}
ENDS: dict[str, tuple[list[Json], list[str]]] = {
    "a string": ([Q], ["user"]),
    "a result": (
        [
            Q,
            {"role": "assistant", "content": [CALLED]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "r"}]},
        ],
        ["tool"],
    ),
    "a note": ([Q, {"role": "system", "content": "n"}], ["user"]),
    "the start of the answer": (
        [Q, {"role": "assistant", "content": "{"}],
        ["assistant"],
    ),
    "blank words": (
        [{**Q, "content": [{"type": "text", "text": text} for text in ("q", " ")]}],
        ["user"],
    ),
    "nothing": ([{**Q, "content": []}], []),
}


@pytest.mark.parametrize(("talk", "roles"), ENDS.values(), ids=ENDS.keys())
def test_automatic_caching_marks_the_end(talk: list[Json], roles: list[str]) -> None:
    found = marks_of({"messages": talk, "tools": [READ], **AUTOMATIC}, prefill="last")
    assert found == [(role, AUTOMATIC["cache_control"]) for role in roles]
    assert not marks_of({"messages": talk, "tools": [READ], **AUTOMATIC}, prefill="last", cache_control=False)


def test_automatic_caching_leaves_a_mark_that_is_there() -> None:
    mark = {"type": "ephemeral"}
    talk = [{"role": "user", "content": [{"type": "text", "text": "q", "cache_control": mark}]}]
    assert marks_of({"messages": talk, **AUTOMATIC}) == [("user", mark)]


@pytest.mark.parametrize("tools", [0, 1])
def test_a_request_has_four_marks_at_most(tools: int) -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    texts = [{"type": "text", "text": "s", **mark} for _ in range(3)]
    found = marks_of({"system": texts, "tools": [{**READ, **mark}] * tools, **AUTOMATIC})
    assert len(found) + tools == 4 and found[-1][0] == ("system" if tools else "user")
