"""The request oracle: the types of the official `openai` SDK say which bodies are Chat Completions bodies.

What those types do not know must be an extension that the vendor documents; the extensions are in
`tests/fixtures/<vendor>/rules.json`, see `vendor_rules.py`. A shape is `string`, `boolean`, `integer`, `number`,
`object` or `any`, `integer 128..32768`, `list of string`, a list of allowed values, or an object with a shape for each
of its keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from openai.types.chat import completion_create_params
from pydantic import TypeAdapter, ValidationError

Json = dict[str, Any]

BODY: TypeAdapter[Any] = TypeAdapter(completion_create_params.CompletionCreateParams)
SIMPLE: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "object": dict,
    "any": object,
}
RANGE = re.compile(r"(integer|number) ([\d.]+?)\.\.([\d.]+)")


def validated(body: Json, types: TypeAdapter[Any] = BODY) -> Any:
    """The body as the SDK's types read it, lazy parts read to their end. Raises AssertionError when it does not fit."""
    try:
        return exhausted(types.validate_python(body))
    except ValidationError as error:
        worst = "\n".join(f"{place(item['loc'])}: {item['msg']}" for item in error.errors()[:8])
        raise AssertionError(f"no body of this API:\n{worst}") from None


def place(loc: tuple[Any, ...]) -> str:
    """A path without the names of the union's members."""
    return ".".join(str(part) for part in loc if isinstance(part, int) or part.islower())


def exhausted(value: Any) -> Any:
    """The value with every lazy iterator read, so that all of it has been validated."""
    if isinstance(value, Mapping):
        return {key: exhausted(item) for key, item in value.items()}
    if isinstance(value, (str, bytes, int, float)) or value is None:
        return value
    return [exhausted(item) for item in value]


def unknown(given: Any, known: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path, value) of everything that the SDK's types do not know. Positions in a path are `[]`, messages `[role]`."""
    if isinstance(given, dict) and isinstance(known, dict):
        for key, item in given.items():
            where = f"{path}.{key}".lstrip(".")
            if key not in known:
                yield where, item
            else:
                yield from unknown(item, known[key], where)
    elif isinstance(given, list) and isinstance(known, list):
        for item, other in zip(given, known, strict=True):
            yield from unknown(item, other, f"{path}[{item.get('role', '') if isinstance(item, dict) else ''}]")


#: What any server gets back that has sent it: Gemini's signatures behind OpenAI's wire
#: (https://ai.google.dev/gemini-api/docs/thought-signatures, read 2026-11-21).
RETURNED = {"messages[assistant].tool_calls[].extra_content": {"google": {"thought_signature": "string"}}}


def check(body: Json, extensions: Mapping[str, Any], parts: Mapping[str, Any] | None = None) -> None:
    """The body fits the SDK's types and the vendor's extensions (path -> shape), which may also give a known top-level
    field other values. `parts` (role -> type -> shape) are content parts that are the vendor's own.
    """
    extensions = {**RETURNED, **extensions}
    plain = {key: value for key, value in body.items() if key not in extensions}
    plain["messages"] = [without_own(message, (parts or {}).get(message["role"], {})) for message in body["messages"]]
    for path, value in unknown(plain, validated(plain)):
        assert path in extensions, f"{path} is neither OpenAI's nor documented by the vendor: {value!r}"
        fit(value, extensions[path], path)
    for key in body.keys() & extensions.keys():
        fit(body[key], extensions[key], key)


def without_own(message: Json, parts: Mapping[str, Any]) -> Json:
    """The message without the vendor's own content parts, each of which must have its shape."""
    content = message.get("content")
    if not parts or not isinstance(content, list):
        return message
    own = [part for part in content if part["type"] in parts]
    for part in own:
        fit(part, parts[part["type"]], f"part {part['type']}")
    rest = [part for part in content if part not in own]
    return {**message, "content": rest or (None if message["role"] == "assistant" else "")}


def fit(value: Any, shape: Any, path: str) -> None:
    """The value has the shape."""
    if isinstance(shape, list):
        assert value in shape, f"{path} is {value!r}, the vendor takes {shape}"
    elif isinstance(shape, dict):
        assert isinstance(value, dict), f"{path} is {value!r}"
        for key, item in value.items():
            assert key in shape, f"{path}.{key} is not documented"
            fit(item, shape[key], f"{path}.{key}")
    elif limits := RANGE.fullmatch(shape):
        kind, low, high = limits.groups()
        fit(value, kind, path)
        assert float(low) <= value <= float(high), f"{path} is {value!r}, not within {low} to {high}"
    elif shape.startswith("list of "):
        assert isinstance(value, list), f"{path} is {value!r}"
        for item in value:
            fit(item, shape.removeprefix("list of "), f"{path}[]")
    else:
        kind = SIMPLE[shape]
        wrong = isinstance(value, bool) and kind in (int, (int, float))
        assert isinstance(value, kind) and not wrong, f"{path} is {value!r}, not a {shape}"
