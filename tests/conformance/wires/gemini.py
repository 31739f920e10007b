"""Gemini: the types of the official `google-genai` SDK, and the rules of its documentation.

Source: https://ai.google.dev/api/generate-content, https://ai.google.dev/gemini-api/docs/function-calling,
https://ai.google.dev/gemini-api/docs/thought-signatures (read 2026-11-21).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from google.genai import types
from pydantic import TypeAdapter, ValidationError

from tests.conformance.vendor_rules import keywords
from tests.conformance.wires.common import paths
from tests.conformance.wires.wire import Call, Json, Result, Turn, Wire
from tests.support.native_wires import gemini_message, gemini_stream, packed
from tests.support.vendor_bytes import Turn as Said
from translators.core.vendor import Route

#: Top-level field of a body -> its type in the SDK. The fields of a config lie beside each other there.
FIELDS: dict[str, TypeAdapter[Any]] = {
    "contents": TypeAdapter(list[types.Content]),
    "systemInstruction": TypeAdapter(types.Content),
    "tools": TypeAdapter(list[types.Tool]),
    "toolConfig": TypeAdapter(types.ToolConfig),
    "generationConfig": TypeAdapter(types.GenerateContentConfig),
}
FREE = frozenset({"parametersJsonSchema", "responseJsonSchema", "args", "response"})
NAME = "[A-Za-z_][A-Za-z0-9_.:-]{0,%d}"
SENTINEL = "skip_thought_signature_validator"
STOPS = 5
MEDIA = frozenset(["image/png", "image/jpeg", "image/webp", "image/heic", "image/heif", "application/pdf"])
#: The kinds of a part; every part has exactly one.
KINDS = frozenset(["text", "inlineData", "fileData", "functionCall", "functionResponse"])


def is_older(route: Route) -> bool:
    """A model before Gemini 3."""
    return route.model.startswith("gemini-2.5")


def typed(body: Json, route: Route) -> None:
    """The SDK knows every field, and its type."""
    for name, value in body.items():
        assert name in FIELDS, f"{name} is no field of the API"
        try:
            known = FIELDS[name].validate_python(value)
        except ValidationError as error:
            raise AssertionError(f"{name}: {error}") from None
        made = FIELDS[name].dump_python(known, mode="json", by_alias=True, exclude_none=True)
        unknown = set(paths(value, FREE)) - set(paths(made, FREE))
        assert not unknown, f"{name}: {unknown}"


def rules(body: Json, route: Route) -> None:
    """The documented rules."""
    roles([turn["role"] for turn in body["contents"]])
    for turn in body["contents"]:
        assert turn["parts"], "a content without parts"
        for part in turn["parts"]:
            one_part(part, turn["role"])
    declared(body)
    config(body["generationConfig"], route)
    signatures(body["contents"], route)


# -- reading


def turns(body: Json, route: Route) -> list[Turn]:
    """One for each content."""
    return [turn(content["role"], content["parts"]) for content in body["contents"]]


def turn(role: str, parts: list[Json]) -> Turn:
    """One content."""
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    responses = [part["functionResponse"] for part in parts if "functionResponse" in part]
    return Turn(
        "assistant" if role == "model" else "user",
        "\n".join(part["text"] for part in parts if "text" in part),
        tuple(Call(call["id"], call["name"], call["args"]) for call in calls),
        tuple(Result(item["id"], next(iter(item["response"].values())), item["name"]) for item in responses),
        signed(parts),
    )


def signed(parts: list[Json]) -> tuple[tuple[str, Any], ...]:
    """The signatures, and what they are on."""
    return tuple((label(part), part["thoughtSignature"]) for part in parts if "thoughtSignature" in part)


def label(part: Json) -> str:
    """What a part is, without the id of a call, which is Rialto's own."""
    call = part.get("functionCall")
    return f"{call['name']} {json.dumps(call['args'])}" if call else str(part.get("text"))


def demanded(said: list[Json], answer: Json, route: Route) -> tuple[tuple[str, Any], ...]:
    """The signatures of what the model said: none of thoughts, none of a text that ends the turn."""
    parts: list[Json] = []
    for chunk in said:
        for candidate in chunk.get("candidates") or ():
            for part in (candidate.get("content") or {}).get("parts") or ():
                if not part.get("thought"):
                    add(parts, dict(part))
    if parts and "text" in parts[-1]:
        parts[-1].pop("thoughtSignature", None)
    return signed(parts)


def add(parts: list[Json], part: Json) -> None:
    """A part behind the others; a text continues the text before it."""
    if "text" in part and parts and "text" in parts[-1]:
        parts[-1] = {**parts[-1], **part, "text": parts[-1]["text"] + part["text"]}
    elif part.get("text") != "":
        parts.append(part)


# -- the rules


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
    response = (part.get("functionResponse") or {"response": {"output": ""}})["response"]
    assert isinstance(response, dict) and response, f"a response that is {response!r}"
    assert kind != "functionCall" or role == "model", "a user's call"
    assert kind in ("text", "functionCall") or role == "user", f"a model's {kind}"
    for holder in (part, *((part.get("functionResponse") or {}).get("parts") or ())):
        form = (holder.get("inlineData") or {}).get("mimeType")
        assert form is None or form in MEDIA, f"{form} is refused"


def declared(body: Json) -> None:
    """Schemas that Gemini takes; a choice among the tools."""
    assert all(body.get("tools", [{"": ""}])), "an empty list of tools"
    names = [function["name"] for function in functions(body)]
    for function in functions(body):
        assert not {"parameters", "parametersJsonSchema"} <= function.keys(), "two schemas"
        schema = function["parametersJsonSchema"]
        assert schema["type"] == "object" and "properties" in schema
        assert not {"$ref", "const"} & set(keywords(schema)), f"a schema with {set(keywords(schema))}"
    if calling := (body.get("toolConfig") or {}).get("functionCallingConfig"):
        assert names, "toolConfig without tools"
        assert calling["mode"] in ("AUTO", "ANY", "NONE")
        assert set(calling.get("allowedFunctionNames", ())) <= set(names)


def functions(body: Json) -> list[Json]:
    """The declared functions; a tool of Google's own has none."""
    return [made for tool in body.get("tools") or () for made in tool.get("functionDeclarations") or ()]


def config(found: Json, route: Route) -> None:
    """A limit within the range, few stop sequences, one way to say how much to think."""
    assert 1 <= found["maxOutputTokens"] <= 65_536
    assert len(found.get("stopSequences", ())) <= STOPS
    assert ("responseJsonSchema" in found) == ("responseMimeType" in found)
    thinking = found.get("thinkingConfig", {})
    assert not {"thinkingLevel", "thinkingBudget"} <= thinking.keys()
    newer = not is_older(route)
    assert "thinkingBudget" not in thinking or not newer, "a budget for a model with levels"
    assert "thinkingLevel" not in thinking or newer, "a level for a model with budgets"


def signatures(contents: list[Json], route: Route) -> None:
    """From Gemini 3 on the first call of each step is signed; before, nothing stands in for a signature."""
    for turn in contents:
        calls = [part for part in turn["parts"] if "functionCall" in part]
        if is_older(route):
            assert all(part.get("thoughtSignature") != SENTINEL for part in calls)
        elif calls:
            assert calls[0].get("thoughtSignature"), "Function call is missing a thought_signature"
            assert all(part.get("thoughtSignature") != SENTINEL for part in calls[1:])


# -- answers


def usages(said: list[Json]) -> Iterator[Json]:
    """The counts; what Google's own tools read is part of the prompt."""
    for counts in filter(None, (item.get("usageMetadata") for item in said)):
        prompt = counts["promptTokenCount"] + counts.get("toolUsePromptTokenCount", 0)
        output = counts.get("candidatesTokenCount", 0) + counts.get("thoughtsTokenCount", 0)
        yield {"prompt_tokens": prompt, "completion_tokens": output}


def ended(item: Json) -> bool:
    """The object has a finish reason, or says that the prompt was blocked."""
    reasons = [candidate.get("finishReason") for candidate in item.get("candidates") or ()]
    return any(reasons) or bool((item.get("promptFeedback") or {}).get("blockReason"))


def spoken(words: str, stream: bool) -> bytes:
    """An answer of a few words."""
    said = Said(words)
    return b"".join(gemini_stream(said, 1)) if stream else packed(gemini_message(said, 1))


WIRE = Wire(
    conversation="contents",
    typed=typed,
    rules=rules,
    turns=turns,
    tools=lambda body: [made["name"] for made in functions(body)],
    names=lambda route: NAME % (63 if is_older(route) else 127),
    free=FREE,
    demanded=demanded,
    usages=usages,
    ended=ended,
    spoken=spoken,
)
