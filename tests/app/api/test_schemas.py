"""Request bodies: what is accepted, what is refused in which words; and that translators survive what is accepted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from app.api.schemas import COUNT_REQUEST, MESSAGE_REQUEST, narrowed, parse, wanted
from tests.support.routes import route
from translators.core.answer import message_stream
from translators.core.errors import InvalidRequest
from translators.core.tokens import estimate_request
from translators.protocols.openai_chat.request import request

Json = dict[str, Any]
Path = tuple[Any, ...]


def body(**fields: Any) -> Json:
    """The smallest request with more fields; a field that is `...` is left out."""
    base = {"model": "m", "max_tokens": 10, "messages": [{"role": "user", "content": "q"}], **fields}
    return {name: value for name, value in base.items() if value is not ...}


def refused(value: Any, schema: Any = MESSAGE_REQUEST) -> str:
    """The message of the refusal."""
    with pytest.raises(InvalidRequest) as refusal:
        parse(json.dumps(value).encode() if not isinstance(value, bytes) else value, schema)
    assert (refusal.value.status, refusal.value.type) == (400, "invalid_request_error")
    return refusal.value.message


def user(content: Any) -> list[Json]:
    """One user message."""
    return [{"role": "user", "content": content}]


def assistant(*content: Json) -> list[Json]:
    """One message of the model."""
    return [{"role": "assistant", "content": list(content)}]


def found_tools(*references: Any) -> Json:
    """The result of a search of tools."""
    content = {"type": "tool_search_tool_search_result", "tool_references": list(references)}
    return {"type": "tool_search_tool_result", "tool_use_id": "s", "content": content}


REFUSED: dict[str, tuple[Json, str]] = {
    "no max_tokens": (body(max_tokens=...), "max_tokens: Field required"),
    "no messages": (body(messages=...), "messages: Field required"),
    "no model": (body(model=...), "model: Field required"),
    "an empty model": (body(model=""), "model: "),
    "a model of another type": (body(model=5), "model: "),
    "a fraction": (body(max_tokens=1.5), "max_tokens: "),
    "a number in text": (body(max_tokens="10"), "max_tokens: "),
    "a negative number": (body(max_tokens=-1), "max_tokens: "),
    "null": (body(max_tokens=None), "max_tokens: "),
    "no list": (body(messages={}), "messages: Input should be a valid list"),
    "an empty list": (body(messages=[]), "messages: at least one message is required"),
    "no message": (body(messages=["q"]), "messages.0: Input should be an object with role and content"),
    "an unknown role": (body(messages=[{"role": "tool", "content": "x"}]), 'messages.0.role: Unexpected role "tool"'),
    "the second message": (
        body(messages=[*user("q"), {"role": "robot", "content": "x"}]),
        'messages.1.role: Unexpected role "robot"',
    ),
    "no content": (body(messages=[{"role": "user"}]), "messages.0.content: Input should be a string or a list"),
    "content of another type": (body(messages=user(5)), "messages.0.content: Input should be a string or a list"),
    "a block in text": (
        body(messages=user(["q"])),
        "messages.0.content.0: Input should be a content block with a type",
    ),
    "a block without a type": (body(messages=user([{"text": "q"}])), "messages.0.content.0: "),
    "a text of another type": (body(messages=user([{"type": "text", "text": 5}])), "messages.0.content.0.text: "),
    "an input in text": (
        body(messages=[{"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "R", "input": "x"}]}]),
        "messages.0.content.0.input: ",
    ),
    "a block in a result": (
        body(messages=user([{"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": []}]}])),
        "messages.0.content.0.content.0.text: ",
    ),
    "a source in text": (body(messages=user([{"type": "image", "source": "x"}])), "messages.0.content.0.source: "),
    "a system of another type": (body(system=5), "system: Input should be a string or a list of text blocks"),
    "a system of strings": (body(system=["x"]), "system: Input should be a string or a list of text blocks"),
    "a system text of another type": (body(system=[{"type": "text", "text": 5}]), "system.0.text: "),
    "stream in text": (body(stream="yes"), "stream: "),
    "a tool in text": (body(tools=["Read"]), "tools.0: "),
    "a tool without a name": (body(tools=[{"input_schema": {}}]), "tools.0.name: Field required"),
    "a choice in text": (body(tool_choice="auto"), "tool_choice: "),
    "thinking in text": (body(thinking="on"), "thinking: "),
    "a budget in text": (body(thinking={"type": "enabled", "budget_tokens": "many"}), "thinking.budget_tokens: "),
    "an effort of another type": (body(output_config={"effort": 5}), "output_config.effort: "),
    "stops in text": (body(stop_sequences="x"), "stop_sequences: "),
    "a stop of another type": (body(stop_sequences=[5]), "stop_sequences.0: "),
    "a temperature in words": (body(temperature="warm"), "temperature: "),
    "an id of a server tool in a list": (
        body(messages=assistant({"type": "server_tool_use", "id": ["s"], "name": "web_search", "input": {}})),
        "messages.0.content.0.id: ",
    ),
    "a name of a server tool in a list": (
        body(messages=assistant({"type": "server_tool_use", "id": "s", "name": {}, "input": {}})),
        "messages.0.content.0.name: ",
    ),
    "a result of a server tool for a list": (
        body(messages=assistant({"type": "web_search_tool_result", "tool_use_id": ["s"], "content": []})),
        "messages.0.content.0.tool_use_id: ",
    ),
    "a found tool without a type": (
        body(messages=assistant(found_tools({"type": ["tool_reference"], "tool_name": "Read"}))),
        "messages.0.content.0.content.tool_references.0: ",
    ),
    "a citation in text": (
        body(messages=assistant({"type": "text", "text": "t", "citations": ["page 1"]})),
        "messages.0.content.0.citations.0: ",
    ),
}


@pytest.mark.parametrize(("value", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(value: Json, words: str) -> None:
    assert refused(value).startswith(words)


NO_JSON: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "The request body is not valid JSON"),
    "cut": (b'{"model": "m"', "The request body is not valid JSON"),
    "no UTF-8": (b'{"model": "\xff"}', "The request body is not valid JSON"),
    "NaN": (b'{"temperature": NaN}', "The request body is not valid JSON"),
    "a list": (b"[]", "The request body should be a JSON object"),
    "null": (b"null", "The request body should be a JSON object"),
    "nested without end": (b'{"a":' + b"[" * 100_000, "The request body is"),
    "nested deeply": (b'{"a":' + b"[" * 240 + b"]" * 240 + b"}", "The request body is nested too deeply"),
}


@pytest.mark.parametrize(("data", "words"), NO_JSON.values(), ids=NO_JSON.keys())
def test_no_request(data: bytes, words: str) -> None:
    assert refused(data).startswith(words)


def test_all_problems_are_named() -> None:
    assert refused({"max_tokens": "x"}).count("; ") == 2


ACCEPTED: dict[str, Json] = {
    "the smallest": body(),
    "a field of the future": body(telepathy={"on": True}),
    "nulls": body(
        **dict.fromkeys(("system", "tools", "tool_choice", "thinking", "output_config", "stream", "metadata"))
    ),
    "more nulls": body(**dict.fromkeys(("stop_sequences", "temperature", "top_p", "top_k"))),
    "no tokens": body(max_tokens=0),
    "a block of the future": body(messages=user([{"type": "hologram", "beam": 1}])),
    "a system message": body(messages=[*user("q"), {"role": "system", "content": "s"}]),
    "a system message without content": body(
        messages=[*user("q"), {"role": "system", "output_config": {"effort": "low"}}]
    ),
    "an assistant first": body(messages=[{"role": "assistant", "content": "a"}]),
    "no blocks": body(messages=user([])),
    "a result without content": body(messages=user([{"type": "tool_result", "tool_use_id": "a"}])),
    "a list as input": body(messages=user([{"type": "tool_use", "id": "a", "name": "R", "input": []}])),
    "a server tool without a schema": body(tools=[{"type": "web_search_20250305", "name": "web_search"}]),
    "a toolset without a name": body(tools=[{"type": "mcp_toolset", "mcp_server_name": "x"}]),
    "a whole temperature": body(temperature=1, top_p=0, top_k=0),
    "system blocks with marks": body(
        system=[{"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    ),
    "found tools": body(messages=assistant(found_tools({"type": "tool_reference", "tool_name": "Read"}))),
    "a search that failed": body(messages=assistant({**found_tools(), "content": {"error_code": "unavailable"}})),
    "citations": body(messages=assistant({"type": "text", "text": "t", "citations": [{"type": "char_location"}]})),
    "betas": body(context_management={"edits": []}, container="c", mcp_servers=[], service_tier="auto"),
}


@pytest.mark.parametrize("value", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepted_and_unchanged(value: Json) -> None:
    assert parse(json.dumps(value).encode(), MESSAGE_REQUEST) == value


def test_half_characters_are_accepted() -> None:
    data = (
        b'{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a\\ud83d"}],"n":[18446744073709551616,1E2]}'
    )
    assert parse(data, MESSAGE_REQUEST) == parse(data.replace(b"\\ud83d", b"?"), MESSAGE_REQUEST)


def test_many_digits_stay_what_they_are() -> None:
    digits = "9" * 19
    call = f'{{"type":"tool_use","id":"t","name":"n","input":{{"a":-{digits},"b":"{digits}","c":0.{digits},"d":1E2}}}}'
    data = f'{{"model":"m","max_tokens":1,"messages":[{{"role":"assistant","content":[{call}]}}]}}'
    [block] = parse(data.encode(), MESSAGE_REQUEST)["messages"][0]["content"]
    assert block["input"] == {"a": -int(digits), "b": digits, "c": float(f"0.{digits}"), "d": 100.0}


@pytest.mark.parametrize("number", ["9" * 5000, "1" * 30])
def test_a_setting_of_too_many_digits_is_refused(number: str) -> None:
    data = f'{{"model":"m","max_tokens":{number},"messages":[{{"role":"user","content":"q"}}]}}'
    with pytest.raises(InvalidRequest, match=r"max_tokens|not valid JSON"):
        parse(data.encode(), MESSAGE_REQUEST)


def test_more_digits_than_python_reads_are_a_number_all_the_same() -> None:
    call = f'{{"type":"tool_use","id":"t","name":"n","input":{{"a":{"9" * 5000}e-4990}}}}'
    data = f'{{"model":"m","max_tokens":1,"messages":[{{"role":"assistant","content":[{call}]}}]}}'
    [block] = parse(data.encode(), MESSAGE_REQUEST)["messages"][0]["content"]
    assert block["input"]["a"] == pytest.approx(1e10)


@pytest.mark.parametrize(("field", "value"), [("max_tokens", [1]), ("stop_sequences", "x"), ("temperature", "warm")])
def test_counting_looks_at_the_other_fields_too(field: str, value: Any) -> None:
    assert refused(body(**{field: value}), COUNT_REQUEST).startswith(f"{field}")


def test_counting_needs_no_limit() -> None:
    assert parse(json.dumps(body(max_tokens=...)).encode(), COUNT_REQUEST)["model"] == "m"
    assert refused(body(messages=...), COUNT_REQUEST) == "messages: Field required"


# -- what is accepted can be translated

PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}}
RICH = body(
    system=[{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
    tools=[
        {
            "name": "Read",
            "description": "d",
            "input_schema": {"type": "object", "properties": {"p": {"type": "string"}}},
        },
        {"type": "bash_20250124", "name": "bash", "defer_loading": True},
    ],
    tool_choice={"type": "tool", "name": "Read", "disable_parallel_tool_use": True},
    thinking={"type": "enabled", "budget_tokens": 2000, "display": "omitted"},
    output_config={"effort": "high", "format": {"type": "json_schema", "schema": {"type": "object"}}},
    stop_sequences=["x"],
    metadata={"user_id": "u"},
    stream=True,
    messages=[
        {"role": "user", "content": [{"type": "text", "text": "q"}, PICTURE]},
        {"role": "system", "content": [{"type": "text", "text": "s"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "t", "signature": "rialto1.x"},
                {"type": "tool_use", "id": "a", "name": "Read", "input": {"p": "x"}},
                {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}},
                {
                    "type": "web_search_tool_result",
                    "tool_use_id": "s",
                    "content": [{"type": "web_search_result", "title": "T"}],
                },
                {
                    "type": "web_fetch_tool_result",
                    "content": {"type": "web_fetch_result", "content": {"type": "document"}},
                },
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "a",
                    "is_error": False,
                    "content": [
                        {"type": "text", "text": "r"},
                        PICTURE,
                        {"type": "tool_reference", "tool_name": "bash"},
                    ],
                },
                {
                    "type": "document",
                    "title": "T",
                    "source": {"type": "content", "content": [{"type": "text", "text": "d"}]},
                },
                {"type": "search_result", "title": "T", "source": "u", "content": [{"type": "text", "text": "d"}]},
            ],
        },
    ],
)


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in a value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*path, key))


def replaced(value: Any, path: Path, new: Any) -> Any:
    """The value with something else at one place."""
    if not path:
        return new
    made = deepcopy(value)
    target = made
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = new
    return made


PLACES = [path for path in paths(RICH) if path]
ODDITIES = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        2.5,
        10**30,
        "",
        "x",
        "\ud83d",
        [],
        [None],
        ["x"],
        [[]],
        [{}],
        {},
        {"type": "x"},
        {"type": None},
    ]
)


@settings(max_examples=400)
@given(st.sampled_from(PLACES), ODDITIES)
def test_a_body_is_refused_or_can_be_translated(path: Path, oddity: Any) -> None:
    data = json.dumps(replaced(RICH, path, oddity)).encode()
    try:
        message = parse(data, MESSAGE_REQUEST)
    except InvalidRequest:
        return
    for target in (route(), route(documents=True, cache_control=True, call_id_length=9, structured="prompt")):
        json.dumps(request({**message, "stream": bool(message.get("stream"))}, target))
        message_stream(message, target, lambda prefix: prefix).start()
    assert estimate_request(message) > 0


def test_the_rich_body_itself_is_accepted() -> None:
    assert parse(json.dumps(RICH).encode(), MESSAGE_REQUEST) == RICH


@pytest.mark.parametrize("sent", ["1", "0.5", "1.0", "0"])
def test_numbers_stay_as_they_were_sent(sent: str) -> None:
    data = json.dumps(body()).replace('"m"', f'"m", "temperature": {sent}, "top_p": {sent}')
    found = parse(data.encode(), MESSAGE_REQUEST)
    assert (json.dumps(found["temperature"]), json.dumps(found["top_p"])) == (sent, sent)


def outcome(check: Callable[[], Any]) -> Any:
    """What comes of it, or the sentences of the refusal."""
    try:
        return check()
    except ValidationError as error:
        return error.messages


@given(st.sets(st.sampled_from(sorted(RICH))), st.sampled_from(PLACES), ODDITIES, st.booleans())
def test_fields_that_a_body_does_not_have_change_nothing(
    left_out: set[str], path: Path, odd: Any, counts: bool
) -> None:
    schema = COUNT_REQUEST if counts else MESSAGE_REQUEST
    sent = {name: value for name, value in replaced(RICH, path, odd).items() if name not in left_out}
    quick = outcome(lambda: narrowed(schema, wanted(schema, sent)).load(deepcopy(sent)))
    assert quick == outcome(lambda: schema.load(deepcopy(sent)))
