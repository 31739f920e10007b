"""A Messages request -> the body of generateContent and countTokens."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.vendors.bodies import TOOLS, route, sent
from translators.core.answer import tool_names
from translators.core.vendor import Json, refine
from translators.core.wishes import offer
from translators.gemini import VENDOR
from translators.protocols.gemini.count import COUNT
from translators.protocols.gemini.declarations import tool_fields
from translators.protocols.gemini.request import request

MODEL = "gemini-3.8-flash"
IMAGE: Json = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
PDF: Json = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}}


def user(*blocks: Json | str) -> Json:
    content = [{"type": "text", "text": block} if isinstance(block, str) else block for block in blocks]
    return {"role": "user", "content": content}


def contents(*messages: Json, model: str = MODEL) -> list[Json]:
    found: list[Json] = sent(VENDOR, model, messages=list(messages), tools=TOOLS)["contents"]
    return found


def call(name: str, id: str) -> Json:
    return {"type": "tool_use", "id": id, "name": name, "input": {"path": id}}


def result(id: str, content: Any, **fields: Any) -> Json:
    return {"type": "tool_result", "tool_use_id": id, "content": content, **fields}


def test_the_order_of_the_body_keeps_prefixes() -> None:
    body = sent(VENDOR, MODEL, system="s", tools=TOOLS, tool_choice={"type": "auto"})
    assert list(body) == ["systemInstruction", "tools", "toolConfig", "generationConfig", "contents"]


def test_the_system_prompt() -> None:
    blocks = [{"type": "text", "text": text} for text in ("x-anthropic-billing-header: a", "One.", " ", "Two.")]
    assert sent(VENDOR, MODEL, system=blocks)["systemInstruction"] == {"parts": [{"text": "One."}, {"text": "Two."}]}
    assert "systemInstruction" not in sent(VENDOR, MODEL, system=blocks[:1])


def test_stop_sequences_are_five_at_most() -> None:
    config = sent(VENDOR, MODEL, stop_sequences=["a", "", "b", "c", "d", "e", "f"])["generationConfig"]
    assert config["stopSequences"] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, None),
        ({"type": "auto"}, {"mode": "AUTO"}),
        ({"type": "any", "disable_parallel_tool_use": True}, {"mode": "ANY"}),
        ({"type": "none"}, {"mode": "NONE"}),
        ({"type": "tool", "name": "Read"}, {"mode": "ANY", "allowedFunctionNames": ["Read"]}),
        ({"type": "tool", "name": "web_search"}, {"mode": "ANY"}),
    ],
)
def test_tool_choice(choice: Any, expected: Any) -> None:
    body = sent(VENDOR, MODEL, tools=TOOLS, tool_choice=choice)
    assert body.get("toolConfig") == (expected and {"functionCallingConfig": expected})
    assert "toolConfig" not in sent(VENDOR, MODEL, tool_choice=choice)


def test_names_that_gemini_refuses() -> None:
    tools = [{**TOOLS[0], "name": name} for name in ("1st", "m" * 130, "m" * 128)]
    message = {"role": "assistant", "content": [call("1st", "t1")]}
    body = sent(VENDOR, MODEL, tools=tools, messages=[user("go"), message, user(result("t1", "r"))])
    declared = [made["name"] for made in body["tools"][0]["functionDeclarations"]]
    assert [len(name) for name in declared] == [13, 128, 128] and declared[2] == "m" * 128
    assert declared[0][0].isalpha() and declared[1] != declared[2]
    parts = [body["contents"][1]["parts"][0]["functionCall"], body["contents"][2]["parts"][0]["functionResponse"]]
    assert [part["name"] for part in parts] == [declared[0]] * 2


@pytest.mark.parametrize(
    ("dialect", "schema", "expected"),
    [
        ("google", {"type": "object"}, {"parametersJsonSchema": {"type": "object", "properties": {}}}),
        ("openapi", {"type": "object"}, {}),
        (
            "openapi",
            {"properties": {"a": {"type": "string"}}, "additionalProperties": False},
            {"parameters": {"type": "object", "properties": {"a": {"type": "string"}}}},
        ),
    ],
)
def test_schema_fields(dialect: str, schema: Json, expected: Json) -> None:
    profile = refine(VENDOR.profile, schema=dialect)
    tools = [{"name": "Read", "input_schema": schema}]
    message = {"tools": tools, "messages": []}
    fields = tool_fields(offer(message, profile), None, tool_names(message, profile), profile)
    assert fields == {"tools": [{"functionDeclarations": [{"name": "Read", **expected}]}]}


def test_roles_and_neighbours() -> None:
    found = contents(
        {"role": "assistant", "content": "first"},
        user("a"),
        {"role": "system", "content": "note"},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "t", "signature": "foreign"}]},
        user("b", " "),
    )
    assert [turn["role"] for turn in found] == ["user", "model", "user"]
    assert [part["text"] for part in found[2]["parts"]] == ["a", "<system-reminder>\nnote\n</system-reminder>", "b"]


@pytest.mark.parametrize("messages", [[user(" ")], [user({"type": "thinking", "thinking": "x"})]])
def test_a_conversation_without_words_still_has_a_part(messages: list[Json]) -> None:
    found = contents(*messages)
    assert found and all(turn["parts"] for turn in found)


def test_results_in_one_content_in_the_order_of_the_calls() -> None:
    found = contents(
        user("go"),
        {"role": "assistant", "content": [call("Read", "t1"), call("Glob", "t2"), call("Read", "t3")]},
        user("by the way", result("t3", [{"type": "text", "text": "three"}]), result("t1", "", is_error=False)),
    )
    responses = [part["functionResponse"] for part in found[2]["parts"] if "functionResponse" in part]
    assert responses[0] == {"id": "t1", "name": "Read", "response": {"output": "(no output)"}}
    assert responses[1]["name"] == "Glob" and list(responses[1]["response"]) == ["error"]
    assert responses[2] == {"id": "t3", "name": "Read", "response": {"output": "three"}}
    assert found[2]["parts"][-1] == {"text": "by the way"}


def test_a_failed_result() -> None:
    found = contents(
        user("go"), {"role": "assistant", "content": [call("Read", "t1")]}, user(result("t1", "no", is_error=True))
    )
    assert found[2]["parts"][0]["functionResponse"]["response"] == {"error": "no"}


@pytest.mark.parametrize("model", [MODEL, "gemini-2.5-pro"])
def test_media_in_results(model: str) -> None:
    found = contents(
        user("go"),
        {"role": "assistant", "content": [call("Read", "t1")]},
        user(result("t1", [{"type": "text", "text": "seen"}, IMAGE, PDF]), "more"),
        model=model,
    )
    media = [
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
        {"inlineData": {"mimeType": "application/pdf", "data": "JVBE"}},
    ]
    first, *rest = found[2]["parts"]
    inside = first["functionResponse"].get("parts", [])
    assert first["functionResponse"]["response"] == {"output": "seen"}
    assert (inside, rest) == ((media, [{"text": "more"}]) if model == MODEL else ([], [*media, {"text": "more"}]))


def test_a_result_that_is_an_image_alone() -> None:
    found = contents(user("go"), {"role": "assistant", "content": [call("Read", "t1")]}, user(result("t1", [IMAGE])))
    assert found[2]["parts"][0]["functionResponse"]["response"] == {"output": "(see the attachment)"}


def test_attachments() -> None:
    gif = {"type": "image", "source": {"type": "base64", "media_type": "image/gif", "data": "R0lG"}}
    address = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png?x=1"}}
    text = {
        "type": "document",
        "title": "notes",
        "source": {"type": "text", "media_type": "text/plain", "data": "words"},
    }
    parts = contents(user(IMAGE, PDF, gif, address, text))[0]["parts"]
    assert parts[:2] == [
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
        {"inlineData": {"mimeType": "application/pdf", "data": "JVBE"}},
    ]
    assert "image" in parts[2]["text"]
    assert parts[3] == {"fileData": {"mimeType": "image/png", "fileUri": "https://example.com/a.png?x=1"}}
    assert parts[4] == {"text": "# notes\nwords"}


def test_arguments_are_an_object() -> None:
    found = contents(user("go"), {"role": "assistant", "content": [{**call("Read", "t1"), "input": ["a"]}]})
    assert found[1]["parts"][0]["functionCall"]["args"] == {"input": ["a"]}


def test_a_request_is_not_changed() -> None:
    message = {"model": MODEL, "max_tokens": 9, "tools": TOOLS, "messages": [user("a"), user("b"), user(IMAGE)]}
    before = copy.deepcopy(message)
    request(message, route(VENDOR, MODEL))
    assert message == before


def test_counting() -> None:
    message = {"model": MODEL, "messages": [user("a")], "tools": TOOLS, "system": "s", "tool_choice": {"type": "any"}}
    target = route(VENDOR, MODEL)
    body = COUNT.request(message, target)["generateContentRequest"]
    assert body["model"] == f"models/{MODEL}"
    assert set(body) == {"model", "systemInstruction", "tools", "contents"}
    assert COUNT.url("https://x/v1beta", target) == f"https://x/v1beta/models/{MODEL}:countTokens"
    assert COUNT.read({"totalTokens": 31, "cachedContentTokenCount": 0}) == 31
