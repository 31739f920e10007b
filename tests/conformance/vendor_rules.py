"""What a vendor refuses, as a small simulation of its request validation.

`tests/fixtures/<vendor>/rules.json` holds the vendor's own rules, written from its documentation and not from Rialto's
profile: `all` for every model, `models` with changes by model prefix (the first that fits). Fields:

* `extensions`: path -> shape, see `oracle.py`; `assistant_parts`, `user_parts`, `own_tools`: type -> shape of content
  parts and of tools of the vendor's own.
* `refused`: body fields that are a 400; `exclusive`: fields of which only one may be sent; `limit`: names of the output
  limit; `conditions`: `with` one field another `field` must have one of `values`, null meaning that it is absent.
* `tool_name`, `call_id`: regular expressions; `stops`, `tools`: the most it takes.
* `tool_choice`, `tool_choice_thinking`: kinds taken at all, and while thinking may be on.
* `thinking_off`: body fields that switch thinking off; `null` when it cannot be, `{}` when it is never on.
* `reasoning`: `{"field", "on": "calls" | "all", "filled"}`: what must come back while thinking may be on.
* `replays`: the field in which reasoning comes back when there is some; `tagged`: it may come back as `<think>` in the
  content instead.
* `null_content`: whether `content` of an assistant may be null; `empty_content`: whether it may be "".
* `system_anywhere`, `user_after_tool`, `images`, `files`, `cache_control`: true when allowed.
* `formats`: types of `response_format`; `strict`: whether tools may hold it; `schema_banned`: keywords that tool
  schemas may not hold; `typed_properties`: every property has a type or alternatives, never both.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tests.conformance.kit import FIXTURES, Json, load

DEFAULTS: Json = {
    "extensions": {},
    "assistant_parts": {},
    "user_parts": {},
    "own_tools": {},
    "refused": [],
    "exclusive": [],
    "conditions": [],
    "limit": ["max_tokens", "max_completion_tokens"],
    "tool_name": "[a-zA-Z0-9_-]{1,64}",
    "call_id": "(?s).+",
    "stops": 4,
    "tools": 128,
    "tool_choice": ["auto", "none", "required", "named"],
    "tool_choice_thinking": ["auto", "none", "required", "named"],
    "thinking_off": {},
    "reasoning": None,
    "replays": "",
    "tagged": False,
    "null_content": True,
    "empty_content": True,
    "system_anywhere": False,
    "user_after_tool": True,
    "images": True,
    "files": False,
    "cache_control": False,
    "formats": ["text", "json_object", "json_schema"],
    "strict": False,
    "schema_banned": [],
    "typed_properties": False,
}

#: Keywords of a schema whose values are the client's.
CLIENT_VALUES = frozenset({"default", "const", "enum", "example", "examples"})


@cache
def rules(vendor: str, model: str) -> Json:
    """The rules of one model."""
    written = load(FIXTURES / vendor / "rules.json", {})
    special = next((more for prefix, more in written.get("models", {}).items() if model.startswith(prefix)), {})
    unknown = (written.get("all", {}).keys() | special.keys()) - DEFAULTS.keys()
    assert not unknown, f"{vendor}/rules.json has unknown fields: {unknown}"
    merged = {**DEFAULTS, **written.get("all", {}), **special}
    merged["extensions"] = {**written.get("all", {}).get("extensions", {}), **special.get("extensions", {})}
    return merged


def check(body: Json, rule: Mapping[str, Any]) -> None:
    """The body keeps the rules of the vendor that `wires/common.py` does not know."""
    fields(body, rule)
    tools(body, rule)
    choices(body, rule)
    order(body["messages"], rule)
    for position, message in enumerate(body["messages"]):
        one_message(message, rule, f"messages[{position}]")
    reasoning(body, rule)
    assert len(body.get("stop") or ()) <= rule["stops"], f"{len(body['stop'])} stop sequences"
    if form := body.get("response_format"):
        assert form["type"] in rule["formats"], f"response_format {form['type']}"


def fields(body: Json, rule: Mapping[str, Any]) -> None:
    """No field that is refused, alone or beside others; one output limit."""
    for refused in rule["refused"]:
        assert refused not in body, f"the vendor refuses {refused}"
    for group in rule["exclusive"]:
        assert sum(name in body for name in group) <= 1, f"only one of {group} may be sent"
    for condition in rule["conditions"]:
        if condition["with"] in body:
            value = body.get(condition["field"])
            assert value in condition["values"], f"{condition['field']} is {value!r} beside {condition['with']}"
    limits = [name for name in ("max_tokens", "max_completion_tokens") if name in body]
    assert len(limits) == 1 and limits[0] in rule["limit"], f"output limits: {limits}"


def tools(body: Json, rule: Mapping[str, Any]) -> None:
    """Not too many; schemas without what the vendor refuses."""
    assert "tools" not in body or body["tools"], "an empty list of tools"
    assert len(body.get("tools") or ()) <= rule["tools"], f"{len(body['tools'])} tools"
    for tool in functions(body):
        function, parameters = tool["function"], tool["function"]["parameters"]
        assert parameters.get("type") == "object" and "properties" in parameters, f"{function['name']}: {parameters}"
        assert rule["strict"] or "strict" not in function, f"{function['name']} is strict"
        banned = set(keywords(parameters)) & set(rule["schema_banned"])
        assert not banned, f"{function['name']}: schema holds {banned}"
        if rule["typed_properties"]:
            typed(parameters, function["name"])


def functions(body: Json) -> list[Json]:
    """The tools that the client runs."""
    return [tool for tool in body.get("tools") or () if tool["type"] == "function"]


def typed(schema: Json, path: str) -> None:
    """Every property says its type, or its alternatives, which say theirs."""
    for name, item in (schema.get("properties") or {}).items():
        where = f"{path}.{name}"
        assert ("type" in item) != ("anyOf" in item), f"{where} has neither type nor alternatives, or both: {item}"
        typed(item, where)
        for option in item.get("anyOf") or ():
            assert "type" in option, f"{where}: an alternative without a type"
            typed(option, where)


def keywords(schema: Any) -> Iterator[str]:
    """The JSON Schema keywords of a schema; names of properties are none."""
    if not isinstance(schema, dict):
        return
    for key, value in schema.items():
        yield key
        if key in CLIENT_VALUES:
            continue
        if key in ("properties", "$defs", "definitions", "patternProperties") and isinstance(value, dict):
            for item in value.values():
                yield from keywords(item)
        elif isinstance(value, list):
            for item in value:
                yield from keywords(item)
        else:
            yield from keywords(value)


def choices(body: Json, rule: Mapping[str, Any]) -> None:
    """A tool choice that the vendor takes, also while it thinks, and only beside tools."""
    choice = body.get("tool_choice")
    if choice is None:
        return
    assert body.get("tools"), "tool_choice without tools"
    kind = choice if isinstance(choice, str) else "named"
    assert kind in rule["tool_choice"], f"tool_choice {kind}"
    if kind == "named":
        name = choice["function"]["name"]
        assert name in [tool["function"]["name"] for tool in functions(body)], (
            f"tool_choice names {name}, which is no tool"
        )
    if may_think(body, rule):
        assert kind in rule["tool_choice_thinking"], f"tool_choice {kind} while thinking"


def may_think(body: Json, rule: Mapping[str, Any]) -> bool:
    """Nothing in the body switches thinking off."""
    off = rule["thinking_off"]
    if off is None:
        return True
    return any(body.get(name) != value for name, value in off.items())


def order(messages: list[Json], rule: Mapping[str, Any]) -> None:
    """Roles in an order that the vendor takes."""
    roles = [message["role"] for message in messages]
    assert "user" in roles, "no user message"
    assert roles[-1] in ("user", "tool", "assistant", "system", "developer")
    if not rule["system_anywhere"]:
        assert not {"system", "developer"} & set(roles[1:]), "a system message inside the conversation"
    for before, after in zip(roles, roles[1:], strict=False):
        assert before != after or after == "tool", f"two {after} messages in a row"
        assert after != "tool" or before in ("assistant", "tool"), f"a tool message after {before}"
        assert rule["user_after_tool"] or (before, after) != ("tool", "user"), "a user message after a tool message"


def one_message(message: Json, rule: Mapping[str, Any], path: str) -> None:
    """Content in a form that the vendor takes."""
    content, calls = message.get("content"), message.get("tool_calls") or ()
    assert content or message["role"] == "assistant", f"{path} is empty"
    if message["role"] == "assistant":
        content = own_parts(content, rule)
        assert message.get("content") or calls, f"{path} says nothing and calls nothing"
        assert "content" not in message or content is not None or rule["null_content"], f"{path}.content is null"
        assert content != "" or rule["empty_content"], f"{path}.content is empty"
    if message["role"] == "tool":
        assert rule["cache_control"] or isinstance(content, str), f"{path}: a tool message holds one text"
    for part in content if isinstance(content, list) else ():
        one_part(part, rule, path)
    for detail in message.get("reasoning_details") or ():
        one_detail(detail, [call["id"] for call in calls], path)


def one_detail(detail: Json, calls: list[str], path: str) -> None:
    """Gemini's signatures behind OpenRouter are whole, and each names a call of its message."""
    if detail.get("type") != "reasoning.encrypted" or detail.get("format") != "google-gemini-v1":
        return
    assert detail.get("id") in calls, f"{path}: a signature of {detail.get('id')!r}, the calls are {calls}"
    try:
        base64.b64decode(detail["data"], validate=True)
    except ValueError:
        raise AssertionError(f"{path}: the signature is {detail['data']!r}") from None


def own_parts(content: Any, rule: Mapping[str, Any]) -> Any:
    """Content without the parts that are the vendor's own."""
    if not isinstance(content, list):
        return content
    return [part for part in content if part["type"] not in rule["assistant_parts"]]


def one_part(part: Json, rule: Mapping[str, Any], path: str) -> None:
    """A part of a kind that the vendor takes."""
    kind = part["type"]
    assert kind != "text" or part["text"], f"{path}: an empty text part"
    assert kind != "image_url" or rule["images"], f"{path}: an image for a model that cannot see"
    assert kind != "file" or rule["files"], f"{path}: a file"


def reasoning(body: Json, rule: Mapping[str, Any]) -> None:
    """Earlier reasoning comes back where the vendor insists on it."""
    demand = rule["reasoning"]
    if not demand or not may_think(body, rule):
        return
    for position, message in enumerate(body["messages"]):
        if message["role"] != "assistant" or (demand["on"] == "calls" and not message.get("tool_calls")):
            continue
        value = message.get(demand["field"])
        assert isinstance(value, str), f"messages[{position}] lacks {demand['field']}"
        assert value or not demand["filled"], f"messages[{position}].{demand['field']} is empty"


def documented(rule: Mapping[str, Any]) -> set[str]:
    """Keys of Anthropic's that the vendor has too."""
    found = {"cache_control"} if rule["cache_control"] else set()
    found |= {"signature"} if rule["replays"] == "reasoning_details" else set()
    for path, shape in rule["extensions"].items():
        found |= {path.rsplit(".", 1)[-1], *(shape if isinstance(shape, dict) else ())}
    return found
