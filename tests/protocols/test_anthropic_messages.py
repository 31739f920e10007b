"""Anthropic Messages: what passes untouched to a genuine endpoint, and what is repaired for the others."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.catalog.catalog import Catalog
from app.catalog.targets import endpoint
from app.exchange.exchange import Exchange
from app.settings.settings import Settings, SettingsError
from tests.conformance.kit import CALLER, FIXTURES, Json, Reply, Wire, frame_events, means
from translators.anthropic import VENDOR
from translators.core.errors import Broke, PromptTooLong, RialtoError
from translators.core.search import OWN_ID, Page, citation, server_use
from translators.core.search import found as search_found
from translators.core.thinking import Signature, read, sign
from translators.core.vendor import Route, refine
from translators.protocols.anthropic_messages import ANTHROPIC_MESSAGES
from translators.protocols.anthropic_messages.events import told

CAPTURES = FIXTURES / "anthropic_endpoints"
ALIAS = "claude-sonnet-4-6[1m]"
TOOL = {"name": "get_weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
SERVER = """
[local]
base_url = "http://local.test/v1"
protocol = "anthropic_messages"
profile = { betas = ["known-2026-01-01"] }
"""
REAL = {"type": "thinking", "thinking": "theirs", "signature": "EqQBCkYIBRgCIkBh"}


@pytest.fixture
def local(tmp_path: Path) -> Route:
    """A server out of conf/vendors.toml."""
    (tmp_path / "vendors.toml").write_text(SERVER)
    return Catalog.load(Settings.load({}), tmp_path).resolve(ALIAS, "local:small-model")


def genuine(**fields: Any) -> Route:
    return Route(
        alias=ALIAS,
        vendor=VENDOR,
        model="claude-x",
        profile=VENDOR.profile,
        base_url=VENDOR.base_url,
        key="k",
        **fields,
    )


def ours(vendor: str, text: str = "", **opaque: Any) -> Json:
    signature = sign(Signature(vendor, "m", text, tuple(opaque.items())))
    return {"type": "thinking", "thinking": "" if text else "seen", "signature": signature}


def asked(*messages: Json, **fields: Any) -> Json:
    return {"model": ALIAS, "max_tokens": 10, "messages": list(messages) or [user("hi")], **fields}


def user(content: Any) -> Json:
    return {"role": "user", "content": content}


def assistant(*blocks: Json) -> Json:
    return {"role": "assistant", "content": list(blocks)}


def text(words: str, **fields: Any) -> Json:
    return {"type": "text", "text": words, **fields}


def played(data: bytes, target: Route, status: int = 200, **fields: Any) -> tuple[list[Json], list[Json]]:
    """(events of the stream, bodies that went up)."""
    wire: Any = Wire(Reply([data], status))
    frames = Exchange(asked(stream=True, **fields), (target,), means(wire), CALLER).stream()
    return list(frame_events(b"".join(frames))), wire.sent


def whole(data: bytes, target: Route, status: int = 200, **fields: Any) -> Json:
    wire: Any = Wire(Reply([data], status))
    return Exchange(asked(**fields), (target,), means(wire), CALLER).whole()


def sse(*events: Json) -> bytes:
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


def capture(name: str) -> bytes:
    case, _, form = name.partition(".")
    return (CAPTURES / case / f"response.{form}").read_bytes()


def blocks(events: list[Json]) -> list[tuple[str, str]]:
    """(type, everything said in it) of each block; blocks must come one after the other."""
    found: list[tuple[str, str]] = []
    opened = None
    for event in events:
        match event["type"]:
            case "content_block_start":
                assert opened is None and event["index"] == len(found)
                opened = event["index"]
                found.append((event["content_block"]["type"], ""))
            case "content_block_delta":
                assert event["index"] == opened
                words = next((value for key, value in event["delta"].items() if key not in ("type", "signature")), "")
                found[-1] = (found[-1][0], found[-1][1] + words)
            case "content_block_stop":
                assert event["index"] == opened
                opened = None
    return found


START = {"type": "message_start", "message": {"id": "msg_real", "type": "message", "model": "claude-x", "content": []}}
STOP = {"type": "message_stop"}
ANSWER = [
    START,
    {"type": "ping"},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "future_block", "x": 1}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "future_delta", "y": [1]}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "compaction"}, "usage": {"output_tokens": 2}, "z": {}},
    STOP,
]
#: Events of it that say nothing yet.
PREAMBLE = 2


# -- a genuine endpoint


@pytest.mark.parametrize("fields", [{}, {"stream": False}, {"stream": True}])
def test_the_body_passes_but_for_the_model(fields: Json) -> None:
    system = [text("x-anthropic-billing-header: a=b;")]
    body = asked(user([text("hi")]), {"role": "system", "content": "note"}, system=system, future={"a": 1}, **fields)
    wire: Any = Wire(Reply([json.dumps({"type": "message", "content": []}).encode()]))
    Exchange(body, (genuine(),), means(wire), CALLER).whole()
    assert wire.sent == [{**body, "model": "claude-x"}]


def test_anthropics_thinking_stays_and_that_of_others_goes() -> None:
    call = {"type": "tool_use", "id": "t", "name": "n", "input": {}}
    result = user([{"type": "tool_result", "tool_use_id": "t"}])
    redacted = {"type": "redacted_thinking", "data": "opaque"}
    history = [user("a"), assistant(REAL, redacted, ours("kimi"), call), result, assistant(ours("kimi")), user("b")]
    sent = ANTHROPIC_MESSAGES.request(asked(*history), genuine())["messages"]
    assert sent == [user("a"), assistant(REAL, redacted, call), result, user("b")]


def test_the_request_is_not_changed() -> None:
    message = asked(user("a"), assistant(ours("kimi"), text("b")), user("c"))
    before = json.dumps(message)
    ANTHROPIC_MESSAGES.request(message, genuine())
    assert json.dumps(message) == before


def test_searches_of_others_reach_anthropic_in_words() -> None:
    """It refuses an `encrypted_content` that it has not made."""
    page = Page("https://a.test", "A", "Words.")
    others = [server_use(f"{OWN_ID}1", "web_search", {"query": "q"}), search_found(f"{OWN_ID}1", [page])]
    theirs = [server_use("srvtoolu_01A", "web_search", {"query": "q"}), search_found("srvtoolu_01A", [])]
    its_own = {"type": "web_search_result_location", "url": "https://b.test", "encrypted_index": "Eo8BCio"}
    said = [text("So.", citations=[citation(page)]), text("And.", citations=[its_own, citation(page)])]
    sent = ANTHROPIC_MESSAGES.request(asked(user("q"), assistant(text("hi"), *others, *theirs, *said)), genuine())[
        "messages"
    ]
    assert sent[1]["content"] == [
        text("hi"),
        text('[web_search was called with {"query": "q"}]'),
        text("A https://a.test\nWords."),
        *theirs,
        text("So.", citations=None),
        text("And.", citations=[its_own]),
    ]


def test_the_events_pass_but_for_the_model() -> None:
    events, _ = played(sse(*ANSWER), genuine())
    assert events == [{**START, "message": {**START["message"], "model": ALIAS}}, *ANSWER[1:]]


def test_a_whole_message_passes_but_for_the_model() -> None:
    message = {
        "type": "message",
        "model": "claude-x",
        "content": [text("a", citations=None)],
        "usage": {"new": 1},
        "n": 2,
    }
    assert whole(json.dumps(message).encode(), genuine()) == {**message, "model": ALIAS}


def test_a_whole_message_in_answer_to_a_stream_is_told_as_one() -> None:
    call = {"type": "tool_use", "id": "t", "name": "n", "input": {"a": "é"}}
    message = {
        "type": "message",
        "model": "x",
        "content": [REAL, text("a"), call],
        "stop_reason": "tool_use",
        "usage": {},
    }
    events, _ = played(json.dumps(message).encode(), genuine())
    assert blocks(events) == [("thinking", "theirs"), ("text", "a"), ("tool_use", '{"a": "é"}')]
    assert [event["type"] for event in events][-2:] == ["message_delta", "message_stop"]


DETAILS = {"type": "refusal", "category": "bio", "explanation": "No."}


def test_the_details_of_a_refusal_are_told_at_its_end() -> None:
    """Where a whole message comes in answer to a stream."""
    message = {"type": "message", "model": "x", "content": [], "stop_reason": "refusal", "stop_details": DETAILS}
    events, _ = played(json.dumps(message).encode(), genuine())
    assert events[0]["message"]["stop_details"] is None
    assert events[-2]["delta"] == {"stop_reason": "refusal", "stop_sequence": None, "stop_details": DETAILS}


@pytest.mark.parametrize(
    ("details", "explanation"), [(DETAILS, "local: No."), (None, None), ({"explanation": 1}, None)]
)
def test_an_imitators_refusal_keeps_its_explanation(local: Route, details: Any, explanation: str | None) -> None:
    said = {"stop_reason": "refusal", "stop_details": details}
    message = {"type": "message", "role": "assistant", "model": "x", "content": [], "usage": {}, **said}
    found = whole(json.dumps(message).encode(), local)["stop_details"]
    assert found == {"type": "refusal", "category": None, "explanation": explanation}


@pytest.mark.parametrize("count", range(PREAMBLE + 1))
def test_an_answer_that_is_cut_before_its_first_word_is_an_http_error(count: int) -> None:
    with pytest.raises(Broke, match="Anthropic"):
        played(sse(*ANSWER[:count]), genuine())


@pytest.mark.parametrize("count", range(PREAMBLE + 1, len(ANSWER)))
def test_an_answer_that_is_cut_is_an_error(count: int) -> None:
    events, _ = played(sse(*ANSWER[:count]), genuine())
    assert events[-1]["type"] == "error"
    assert "message_stop" not in [event["type"] for event in events]


def test_an_error_event_keeps_type_message_and_details() -> None:
    failure = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded", "details": {"a": 1}}}
    events, _ = played(sse(*ANSWER[:3], failure), genuine())
    assert events[-1] == failure


def test_an_error_event_at_the_start_is_an_http_error() -> None:
    failure = {"type": "error", "error": {"type": "rate_limit_error", "message": "slow"}}
    with pytest.raises(RialtoError, match="slow") as caught:
        played(sse(failure), genuine())
    assert (caught.value.status, caught.value.type) == (429, "rate_limit_error")


def test_the_pulse_is_an_empty_delta_of_the_open_block() -> None:
    stream = ANTHROPIC_MESSAGES.stream and ANTHROPIC_MESSAGES.stream({}, genuine(), str)
    assert stream and stream.start() == [] and stream.pulse() == {"type": "ping"}
    for event in list(told({"content": [text("a")], "type": "message"}))[:2]:
        stream.feed(event)
    empty = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": ""}}
    assert stream.pulse() == empty


@pytest.mark.parametrize("base", ["https://x.test", "https://x.test/v1"])
def test_addresses_with_and_without_their_version(base: str) -> None:
    target = replace(genuine(), base_url=base)
    assert endpoint(target) == "https://x.test/v1/messages"
    count = ANTHROPIC_MESSAGES.count
    assert count and count.url(base, target) == "https://x.test/v1/messages/count_tokens"


def test_tokens_are_counted_with_the_same_body() -> None:
    count = ANTHROPIC_MESSAGES.count
    question = {"model": ALIAS, "messages": [user("a"), assistant(ours("kimi"), text("b"))], "stream": True}
    assert count and count.request(question, genuine()) == {
        "model": "claude-x",
        "messages": [user("a"), assistant(text("b"))],
    }
    assert count.read({"input_tokens": 7}) == 7


# -- endpoints that look like it


def test_a_row_of_the_file_is_an_endpoint(local: Route) -> None:
    assert endpoint(local) == "http://local.test/v1/messages"
    assert not local.profile.genuine


def test_the_gateway_of_a_row_may_be_genuine(tmp_path: Path) -> None:
    row = SERVER.replace('betas = ["known-2026-01-01"]', "genuine = true")
    (tmp_path / "vendors.toml").write_text(row)
    route = Catalog.load(Settings.load({}), tmp_path).resolve(ALIAS, "local:m")
    assert ANTHROPIC_MESSAGES.request(asked(future=1), route)["future"] == 1


def test_the_body_is_plain(local: Route) -> None:
    mark = {"type": "ephemeral", "ttl": "1h", "scope": "global"}
    body = asked(
        user([text("hi", citations=[], cache_control=mark)]),
        {"role": "system", "content": "note"},
        system=[text("x-anthropic-billing-header: a=b;"), text("rules", cache_control=mark)],
        tools=[
            {**TOOL, "type": "custom", "eager_input_streaming": True, "cache_control": mark},
            {"name": "hidden", "input_schema": {}, "defer_loading": True},
            {"type": "web_search_20250305", "name": "web_search"},
            {"type": "bash_20250124", "name": "bash"},
        ],
        tool_choice={"type": "tool", "name": "get_weather", "future": 1},
        thinking={"type": "adaptive", "display": "omitted"},
        output_config={"effort": "high", "task_budget": {}},
        metadata={"user_id": "u"},
        context_management={"edits": []},
        temperature=None,
    )
    plain_mark = {"type": "ephemeral", "ttl": "1h"}
    sent = ANTHROPIC_MESSAGES.request(body, local)
    bash = sent["tools"].pop()
    assert set(bash) == {"name", "description", "input_schema"}
    assert sent == {
        "model": "small-model",
        "max_tokens": 10,
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": "high"},
        "tools": [{**TOOL, "cache_control": plain_mark}],
        "tool_choice": {"type": "tool", "name": "get_weather"},
        "system": [text("rules", cache_control=plain_mark)],
        "messages": [
            user([text("hi", cache_control=plain_mark), text("<system-reminder>\nnote\n</system-reminder>")]),
        ],
    }


def test_automatic_caching_is_a_mark_on_the_last_block(local: Route) -> None:
    mark = {"type": "ephemeral", "ttl": "1h"}
    sent = ANTHROPIC_MESSAGES.request(asked(user("hi"), cache_control=mark), local)
    assert sent["messages"] == [user([text("hi", cache_control=mark)])]
    assert "cache_control" not in sent


def test_automatic_caching_passes_over_words_that_are_gone_in_the_next_request(local: Route) -> None:
    mark = {"type": "ephemeral"}
    passing = {"role": "system", "content": "now", "clear_at": "next_user_message"}
    sent = ANTHROPIC_MESSAGES.request(asked(user("hi"), passing, cache_control=mark), local)
    assert sent["messages"] == [
        user([text("hi", cache_control=mark), text("<system-reminder>\nnow\n</system-reminder>")])
    ]


def test_the_history_is_repaired(local: Route) -> None:
    call = {
        "type": "tool_use",
        "id": "t",
        "name": "get_weather",
        "input": {"city": "Rome"},
        "caller": {"type": "direct"},
    }
    reference = {"type": "tool_reference", "tool_name": "get_weather"}
    results = [text("before"), {"type": "tool_result", "tool_use_id": "t", "content": [reference], "is_error": False}]
    pdf = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AA"}}
    history = [user("a"), assistant(REAL, ours("kimi")), assistant(call), user(results), user([pdf]), assistant(REAL)]
    sent = ANTHROPIC_MESSAGES.request(asked(*history), local)["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "user"]
    assert sent[1]["content"] == [{key: call[key] for key in ("type", "id", "name", "input")}]
    assert [block["type"] for block in sent[2]["content"]] == ["tool_result", "text", "text"]
    assert sent[2]["content"][0]["content"] == [text("Tool get_weather is now available.")]


def test_a_picture_in_an_assistants_turn_is_told_in_words(local: Route) -> None:
    """Anthropic's form has media in users' turns only; other clients' histories have them anywhere."""
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    history = [user([picture]), assistant(text("So:"), picture), user("Go on.")]
    sent = ANTHROPIC_MESSAGES.request(asked(*history), local)["messages"]
    assert [block["type"] for block in sent[0]["content"]] == ["image"]
    assert [block["type"] for block in sent[1]["content"]] == ["text", "text"]


def test_between_tools_is_off(local: Route) -> None:
    assert ANTHROPIC_MESSAGES.request(asked(thinking={"type": "between_tools"}), local)["thinking"] == {
        "type": "disabled"
    }


@pytest.mark.parametrize("display", ["summarized", "omitted"])
def test_thinking_goes_back_as_the_vendor_made_it(local: Route, display: str) -> None:
    made = {
        "type": "message",
        "content": [{**REAL, "thinking": "why"}, {"type": "redacted_thinking", "data": "blob"}, text("so")],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 3, "output_tokens": 4},
    }
    thinking = {"type": "enabled", "budget_tokens": 1024, "display": display}
    answer = whole(json.dumps(made).encode(), local, thinking=thinking)
    assert all(read(block["signature"]) for block in answer["content"] if block["type"] == "thinking")
    history = [user("a"), assistant(*answer["content"]), user("b")]
    assert ANTHROPIC_MESSAGES.request(asked(*history), local)["messages"][1]["content"] == made["content"]
    assert ANTHROPIC_MESSAGES.request(asked(*history), genuine())["messages"][1]["content"] == [text("so")]


@pytest.mark.parametrize("state", [None, 5, ["x"], {"a": 1}])
def test_state_of_a_wrong_type_stays_behind(local: Route, state: Any) -> None:
    forged = ours(local.vendor.name, "why", signature=state, redacted=state)
    sent = ANTHROPIC_MESSAGES.request(asked(user("a"), assistant(forged, text("so")), user("b")), local)
    kept = {"type": "thinking", "thinking": "why", "signature": ""}
    assert sent["messages"][1]["content"] == [kept, text("so")]


def test_overlapping_blocks_come_one_after_the_other(local: Route) -> None:
    events, _ = played(capture("llamacpp_thinking_text_call.sse"), local, tools=[TOOL])
    thought, call = blocks(events)
    assert thought == ("thinking", "Getting the weather in Paris right now.")
    assert call[0] == "tool_use" and json.loads(call[1])["city"] == "Paris"
    opened = [event["content_block"] for event in events if event["type"] == "content_block_start"][1]
    assert opened["input"] == {} and opened["id"].startswith("toolu_")
    final = events[-2]
    assert final["delta"]["stop_reason"] == "tool_use"
    assert final["usage"] == {
        "input_tokens": 256,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 18,
        "output_tokens": 38,
    }


def test_parallel_calls_that_are_open_together(local: Route) -> None:
    events, _ = played(capture("llamacpp_parallel_calls.sse"), local, tools=[TOOL])
    calls = [json.loads(said)["city"] for kind, said in blocks(events) if kind == "tool_use"]
    assert calls == ["Paris", "London"]


@pytest.mark.parametrize("form", ["sse", "json"])
def test_a_stop_sequence_is_said_to_be_one(local: Route, form: str) -> None:
    data = capture(f"llamacpp_stop_sequence.{form}")
    if form == "sse":
        events, _ = played(data, local, stop_sequences=["5"])
        found = events[-2]["delta"]
    else:
        found = whole(data, local, stop_sequences=["5"])
    assert (found["stop_reason"], found["stop_sequence"]) == ("stop_sequence", "5")


def test_a_call_whose_arguments_hold_another_one(local: Route) -> None:
    events, _ = played(capture("vllm_joined_calls.sse"), local, tools=[TOOL])
    calls = [json.loads(said) for kind, said in blocks(events) if kind == "tool_use"]
    assert calls[0]["city"] == "Paris"


def test_an_error_in_the_middle_of_an_answer(local: Route) -> None:
    events, _ = played(capture("llamacpp_midstream_error.sse"), local)
    assert events[-1]["type"] == "error"
    assert "does not match the expected" in events[-1]["error"]["message"]


def test_an_overflow_in_openais_form(local: Route) -> None:
    with pytest.raises(PromptTooLong) as caught:
        whole(capture("llamacpp_overflow.json"), local, 400)
    assert caught.value.message == "prompt is too long: 120030 tokens > 8192 maximum"


def test_an_unknown_model(local: Route) -> None:
    with pytest.raises(RialtoError) as caught:
        whole(capture("vllm_no_model.json"), local, 404)
    assert (caught.value.status, caught.value.type) == (404, "not_found_error")
    assert caught.value.message.startswith(f"model: {ALIAS}")


def test_a_server_tool_passes_whole(local: Route) -> None:
    use = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}}
    found = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}
    made = {"type": "message", "content": [use, found, text("a")], "stop_reason": "end_turn", "usage": {}}
    asked, answered, said = whole(json.dumps(made).encode(), local)["content"]
    assert asked["id"].startswith("srvtoolu_")
    assert (asked, said) == ({**use, "id": asked["id"]}, text("a"))
    assert answered == {**found, "tool_use_id": asked["id"]}


@pytest.mark.parametrize("count", range(1, 4))
def test_a_repaired_answer_that_is_cut_is_an_error(local: Route, count: int) -> None:
    message = {"type": "message", "content": [text("word")], "stop_reason": "end_turn", "usage": {"output_tokens": 1}}
    events = list(told(message))
    frames, _ = played(sse(*events[:-1]), local)
    assert frames[-1]["type"] == "error"
    with pytest.raises(Broke):
        whole(sse(*events[:count]), local)


@pytest.mark.parametrize("value", [b'{"x": 1}', b'{"type": "message_start"}', b'{"type": "message"}'])
def test_something_that_is_no_message(local: Route, value: bytes) -> None:
    for target in (local, genuine()):
        with pytest.raises(Broke, match="unknown form"):
            whole(value, target)
        with pytest.raises(Broke):
            whole(b"data: " + value + b"\n\n", target)


def test_a_stream_in_which_a_whole_message_comes(local: Route) -> None:
    message = {"type": "message", "content": [text("word")], "stop_reason": "end_turn", "usage": {"output_tokens": 1}}
    for target in (local, genuine()):
        events, _ = played(sse(message), target)
        assert blocks(events) == [("text", "word")]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("content", 0, "type"), {"type": "text"}),
        (("content", 0, "type"), None),
        (("stop_reason",), ["end_turn"]),
        (("stop_sequence",), [None]),
        (("stop_sequence",), "said"),
    ],
)
def test_parts_of_wrong_types(local: Route, place: list[Any], value: Any) -> None:
    message = {"type": "message", "content": [text("word")], "stop_reason": "max_tokens", "usage": {"output_tokens": 1}}
    holder: Any = message
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    for data in (json.dumps(message).encode(), sse(message)):
        try:
            found = whole(data, local)
        except Broke as error:
            assert "unknown form" in error.message
        else:
            assert found["stop_sequence"] is None and found["stop_reason"] in ("max_tokens", "end_turn")
            assert found["content"] == [text("word")]


@pytest.mark.parametrize("missing", ["message_start", "content_block_start", "usage", "text"])
def test_events_of_anthropics_own_that_make_no_message(missing: str) -> None:
    message = {"type": "message", "content": [text("word")], "stop_reason": "end_turn", "usage": {"output_tokens": 1}}
    events = [event for event in told(message) if event["type"] != missing]
    for event in events:
        event.pop(missing, None)
        event.get("delta", {}).pop(missing, None)
    with pytest.raises(Broke, match="unknown form"):
        whole(sse(*events), genuine())


@pytest.mark.parametrize("index", [[0], {}, None, "x", 1.5])
def test_positions_of_wrong_types(local: Route, index: Any) -> None:
    call = {"type": "tool_use", "id": "a", "name": "get_weather", "input": {"city": "Paris"}}
    events = told({"type": "message", "content": [call], "stop_reason": "tool_use", "usage": {"output_tokens": 1}})
    answer = whole(sse(*({**event, "index": index} for event in events)), local, tools=[TOOL])
    assert [block["input"] for block in answer["content"]] == [{"city": "Paris"}]


def test_an_event_of_an_unreadable_type(local: Route) -> None:
    with pytest.raises(Broke, match="unknown form"):
        whole(sse({"type": ["message_start"]}), local)


@pytest.mark.parametrize("mode", ["", "native", "anthropic"])
def test_ollamas_own_endpoint(mode: str) -> None:
    route = Catalog.load(Settings.load({"OLLAMA_MODE": mode})).resolve("ollama/qwen3.5:9b").carrying(asked())
    path = "/v1/messages" if mode == "anthropic" else "/api/chat"
    assert endpoint(route) == "http://localhost:11434" + path
    assert not route.profile.genuine


def test_the_mode_is_checked() -> None:
    with pytest.raises(SettingsError, match="OLLAMA_MODE"):
        Settings.load({"OLLAMA_MODE": "openai"})


# -- headers


CLIENT = {
    "anthropic-version": "2026-10-21",
    "anthropic-beta": "unknown-1, known-2026-01-01",
    "anthropic-workspace-id": "w",
    "x-claude-code-session-id": "s",
    "x-api-key": "secret",
    "authorization": "Bearer secret",
    "cookie": "c",
}


def test_a_genuine_endpoint_gets_all_of_anthropics_headers() -> None:
    passed = {name: value for name, value in CLIENT.items() if name.startswith(("anthropic-", "x-claude-code-"))}
    plain = replace(genuine(), alias="claude-x")
    assert ANTHROPIC_MESSAGES.headers(CLIENT, plain) == passed
    assert ANTHROPIC_MESSAGES.headers({}, plain) == {"anthropic-version": "2023-06-01"}


def test_other_endpoints_get_the_betas_that_they_know(local: Route) -> None:
    expected = {"anthropic-version": "2026-10-21", "anthropic-beta": "known-2026-01-01"}
    assert ANTHROPIC_MESSAGES.headers(CLIENT, local) == expected
    unknowing = replace(local, profile=refine(local.profile, betas=frozenset()))
    assert "anthropic-beta" not in ANTHROPIC_MESSAGES.headers(CLIENT, unknowing)


# -- limits of the others


def fitted_body(target: Route, *messages: Json, **fields: Any) -> Json:
    return ANTHROPIC_MESSAGES.request(asked(*messages, **fields), target)


@pytest.mark.parametrize(
    ("fields", "thinking"),
    [
        ({"budget_tokens": 2000}, {"type": "enabled", "budget_tokens": 2000}),
        ({"budget_tokens": 31_999}, {"type": "enabled", "budget_tokens": 7999}),
        ({"budget_tokens": 500}, {"type": "disabled"}),
    ],
)
def test_a_budget_is_less_than_the_limit(local: Route, fields: Json, thinking: Json) -> None:
    where = replace(local, max_output=8000)
    body = fitted_body(where, max_tokens=32_000, thinking={"type": "enabled", **fields})
    assert (body["max_tokens"], body["thinking"]) == (8000, thinking)


def test_a_failed_result_holds_text_only(local: Route) -> None:
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}
    for failed, kinds in ((True, ["text", "text"]), (False, ["text", "image"])):
        call = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}}
        result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [text("x"), picture], "is_error": failed}
        body = fitted_body(local, user("q"), assistant(call), user([result]))
        assert [block["type"] for block in body["messages"][-1]["content"][0]["content"]] == kinds


@pytest.mark.parametrize("call", [{"type": "tool_use", "name": "get_weather", "input": {}}, {"type": "tool_use"}])
def test_a_call_in_a_users_words_is_told_in_words(local: Route, call: Json) -> None:
    [message] = fitted_body(local, user([text("q"), call]))["messages"]
    assert [block["type"] for block in message["content"]] == ["text", "text"]


def test_ids_are_in_anthropics_alphabet(local: Route) -> None:
    call = {"type": "tool_use", "id": "functions.Read:0", "name": "get_weather", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "functions.Read:0", "content": "x"}
    messages = fitted_body(local, user("q"), assistant(call), user([result]))["messages"]
    made = messages[1]["content"][0]["id"]
    assert messages[2]["content"][0]["tool_use_id"] == made
    assert made.replace("_", "").isalnum()


@pytest.mark.parametrize("way", ["json_schema", "json_object", "prompt", "tool"])
def test_ways_of_a_schema(local: Route, way: str) -> None:
    form = {"type": "json_schema", "schema": {"type": "object", "properties": {"a": {"type": "string"}}}}
    where = replace(local, profile=refine(local.profile, structured=way))
    body = fitted_body(where, output_config={"format": form, "effort": "low"})
    assert (body["output_config"].get("format") == form) is (way == "json_schema")
    assert ('"properties": {"a"' in json.dumps(body.get("system", "")).replace('\\"', '"')) is (
        way in ("json_object", "prompt")
    )
    assert (body.get("tool_choice") == {"type": "tool", "name": "answer"}) is (way == "tool")
