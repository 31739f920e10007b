"""What Gemini takes and says: the types of the official `google-genai` SDK, and the rules of its documentation.

Source: https://ai.google.dev/api/generate-content, https://ai.google.dev/gemini-api/docs/function-calling,
https://ai.google.dev/gemini-api/docs/thought-signatures (read 2026-11-21).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from google.genai import types
from pydantic import TypeAdapter, ValidationError

from tests.conformance.vendor_rules import ANTHROPIC_KEYS, ANTHROPIC_TYPES, BILLING, nodes

Json = dict[str, Any]

#: Top-level field of a body -> its type in the SDK. The fields of a config lie beside each other there.
FIELDS: dict[str, TypeAdapter[Any]] = {
    "contents": TypeAdapter(list[types.Content]),
    "systemInstruction": TypeAdapter(types.Content),
    "tools": TypeAdapter(list[types.Tool]),
    "toolConfig": TypeAdapter(types.ToolConfig),
    "generationConfig": TypeAdapter(types.GenerateContentConfig),
}
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
SENTINEL = "skip_thought_signature_validator"
STOPS = 5
MEDIA = frozenset(["image/png", "image/jpeg", "image/webp", "image/heic", "image/heif", "application/pdf"])
#: The kinds of a part; every part has exactly one.
KINDS = frozenset(["text", "inlineData", "fileData", "functionCall", "functionResponse"])


def usages(item: Json) -> Iterator[Json]:
    """Gemini's counts in an object of its answer, in the names of Chat Completions."""
    if counts := item.get("usageMetadata"):
        prompt = counts["promptTokenCount"] + counts.get("toolUsePromptTokenCount", 0)
        output = counts.get("candidatesTokenCount", 0) + counts.get("thoughtsTokenCount", 0)
        yield {"prompt_tokens": prompt, "completion_tokens": output}


def ended(item: Json) -> bool:
    """An object of the answer has a finish reason, or says that the prompt was blocked."""
    reasons = [candidate.get("finishReason") for candidate in item.get("candidates") or ()]
    return any(reasons) or bool((item.get("promptFeedback") or {}).get("blockReason"))


def check(body: Json, model: str) -> None:
    """The body is one that the model takes."""
    typed(body)
    assert list(body)[-1] == "contents", "something follows the contents"
    roles([turn["role"] for turn in body["contents"]])
    for turn in body["contents"]:
        assert turn["parts"], "a content without parts"
        for part in turn["parts"]:
            one_part(part, turn["role"])
    pairs(body["contents"])
    declared(body)
    config(body["generationConfig"], model)
    signatures(body["contents"], model)
    foreign(body)


def typed(body: Json) -> None:
    """The SDK knows every field, and its type."""
    for name, value in body.items():
        assert name in FIELDS, f"{name} is no field of the API"
        try:
            known = FIELDS[name].validate_python(value)
        except ValidationError as error:
            raise AssertionError(f"{name}: {error}") from None
        made = FIELDS[name].dump_python(known, mode="json", by_alias=True, exclude_none=True)
        assert set(shape(made)) >= set(shape(value)), f"{name}: {set(shape(value)) - set(shape(made))}"


def shape(value: Any, path: str = "") -> Iterator[str]:
    """The paths of all keys in a value; what schemas and arguments hold is the client's."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield f"{path}.{key}"
            if key not in ("parametersJsonSchema", "responseJsonSchema", "args", "response"):
                yield from shape(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from shape(item, f"{path}[]")


def roles(found: list[str]) -> None:
    """User and model in turns; the first is the user."""
    assert found and found[0] == "user", f"roles {found}"
    assert set(found) <= {"user", "model"}, f"roles {found}"
    assert all(one != other for one, other in zip(found, found[1:], strict=False)), f"roles {found}"


def one_part(part: Json, role: str) -> None:
    """One kind of content, not empty, at the side where it belongs."""
    kinds = KINDS & part.keys()
    assert len(kinds) == 1, f"a part of {sorted(part)}"
    kind = kinds.pop()
    assert part[kind], f"an empty {kind}"
    assert part.keys() - {kind} <= {"thoughtSignature"}, f"a part of {sorted(part)}"
    assert "thoughtSignature" not in part or role == "model", "a user's signature"
    assert kind != "functionCall" or role == "model", "a user's call"
    assert kind in ("text", "functionCall") or role == "user", f"a model's {kind}"
    for holder in (part, *((part.get("functionResponse") or {}).get("parts") or ())):
        form = (holder.get("inlineData") or {}).get("mimeType")
        assert form is None or form in MEDIA, f"{form} is refused"


def pairs(contents: list[Json]) -> None:
    """The calls of a turn are answered at the start of the next content, in their order, with their names."""
    for turn, following in zip(contents, [*contents[1:], {"parts": []}], strict=True):
        calls = [(call["id"], call["name"]) for call in of_kind(turn, "functionCall")]
        if turn["role"] == "model":
            responses = of_kind(following, "functionResponse")
            assert [(item["id"], item["name"]) for item in responses] == calls, f"{calls} answered by {responses}"
            assert all(isinstance(item["response"], dict) and item["response"] for item in responses)
    assert not of_kind(contents[0], "functionResponse"), "a response without a call"


def of_kind(turn: Json, kind: str) -> list[Json]:
    """The contents of the parts of one kind."""
    return [part[kind] for part in turn["parts"] if kind in part]


def declared(body: Json) -> None:
    """Names that Gemini takes, each once; a choice among them."""
    functions = [function for tool in body.get("tools") or () for function in tool["functionDeclarations"]]
    assert "tools" not in body or functions, "an empty list of tools"
    names = [function["name"] for function in functions]
    assert len(set(names)) == len(names), "two tools of one name"
    assert all(NAME.fullmatch(name) for name in names), f"names {names}"
    for function in functions:
        assert not {"parameters", "parametersJsonSchema"} <= function.keys(), "two schemas"
        schema = function["parametersJsonSchema"]
        assert schema["type"] == "object" and "properties" in schema
        assert '"$ref"' not in json.dumps(schema) and '"const":' not in json.dumps(keywords(schema))
    if calling := (body.get("toolConfig") or {}).get("functionCallingConfig"):
        assert functions, "toolConfig without tools"
        assert calling["mode"] in ("AUTO", "ANY", "NONE")
        assert set(calling.get("allowedFunctionNames", ())) <= set(names)


def keywords(schema: Any) -> Any:
    """A schema with the user's property names out of the way."""
    if isinstance(schema, dict):
        inner = {key: keywords(item) for key, item in schema.items() if key != "properties"}
        return {**inner, "of": [keywords(item) for item in (schema.get("properties") or {}).values()]}
    return [keywords(item) for item in schema] if isinstance(schema, list) else schema


def config(found: Json, model: str) -> None:
    """A limit within the range, few stop sequences, one way to say how much to think."""
    assert 1 <= found["maxOutputTokens"] <= 65_536
    assert len(found.get("stopSequences", ())) <= STOPS
    assert ("responseJsonSchema" in found) == ("responseMimeType" in found)
    thinking = found.get("thinkingConfig", {})
    assert not {"thinkingLevel", "thinkingBudget"} <= thinking.keys()
    newer = not model.startswith("gemini-2.5")
    assert "thinkingBudget" not in thinking or not newer, "a budget for a model with levels"
    assert "thinkingLevel" not in thinking or newer, "a level for a model with budgets"


def signatures(contents: list[Json], model: str) -> None:
    """From Gemini 3 on the first call of each step is signed; before, nothing stands in for a signature."""
    for turn in contents:
        calls = [part for part in turn["parts"] if "functionCall" in part]
        if model.startswith("gemini-2.5"):
            assert all(part.get("thoughtSignature") != SENTINEL for part in calls)
        elif calls:
            assert calls[0].get("thoughtSignature"), "Function call is missing a thought_signature"
            assert all(part.get("thoughtSignature") != SENTINEL for part in calls[1:])


def foreign(body: Json) -> None:
    """Nothing that only Anthropic knows. What tools, arguments and responses hold is the client's."""
    seen = list(nodes({key: value for key, value in body.items() if key != "tools"}))
    keys = {key for key, _ in seen} & ANTHROPIC_KEYS
    assert not keys, f"Anthropic's own fields: {keys}"
    kinds = {kind for _, kind in seen} & ANTHROPIC_TYPES
    assert not kinds, f"Anthropic's own types: {kinds}"
    assert BILLING not in json.dumps(body), "the billing line"
