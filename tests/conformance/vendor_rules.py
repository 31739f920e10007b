"""What a vendor refuses, as a small simulation of its request validation.

`tests/fixtures/<vendor>/rules.json` holds the vendor's own rules, written from its documentation and not from Rialto's
profile: `all` for every model, `models` with changes by model prefix (the first that fits). Fields:

* `extensions`: path -> shape, see `oracle.py`; `assistant_parts`: type -> shape of content parts of the vendor's own.
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

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tests.conformance.kit import FIXTURES, Json, load

DEFAULTS: Json = {
    "extensions": {},
    "assistant_parts": {},
    "refused": [],
    "exclusive": [],
    "conditions": [],
    "limit": ["max_tokens", "max_completion_tokens"],
    "tool_name": "[a-zA-Z0-9_-]{1,64}",
    "call_id": ".+",
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
#: Keys and words that exist at Anthropic only; none may reach a vendor.
ANTHROPIC_KEYS = frozenset(
    {
        *(
            "input_schema",
            "tool_use_id",
            "context_management",
            "output_config",
            "output_format",
            "eager_input_streaming",
        ),
        *(
            "defer_loading",
            "allowed_callers",
            "input_examples",
            "budget_tokens",
            "stop_sequences",
            "disable_parallel_tool_use",
        ),
        *("mcp_servers", "container", "metadata", "is_error", "media_type", "citations", "signature", "diagnostics"),
        *("inference_geo", "speed", "system", "anthropic_version", "anthropic_beta", "cache_control"),
    }
)
ANTHROPIC_TYPES = frozenset({"tool_use", "tool_result", "image", "document", "redacted_thinking", "tool_reference"})
BILLING = "x-anthropic-billing-header"


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
    """The body keeps all rules of the vendor."""
    fields(body, rule)
    tools(body, rule)
    choices(body, rule)
    order(body["messages"], rule)
    pairs(body["messages"])
    for position, message in enumerate(body["messages"]):
        one_message(message, rule, f"messages[{position}]")
    reasoning(body, rule)
    assert len(body.get("stop") or ()) <= rule["stops"], f"{len(body['stop'])} stop sequences"
    if form := body.get("response_format"):
        assert form["type"] in rule["formats"], f"response_format {form['type']}"
    foreign(body, rule)


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
    """Names the vendor takes, each once; schemas without what it refuses."""
    functions = [tool["function"] for tool in body.get("tools") or ()]
    assert "tools" not in body or functions, "an empty list of tools"
    assert len(functions) <= rule["tools"], f"{len(functions)} tools"
    names = [function["name"] for function in functions]
    assert len(set(names)) == len(names), "two tools of one name"
    for function in functions:
        assert re.fullmatch(rule["tool_name"], function["name"]), f"tool name {function['name']!r}"
        parameters = function["parameters"]
        assert parameters.get("type") == "object" and "properties" in parameters, f"{function['name']}: {parameters}"
        assert rule["strict"] or "strict" not in function, f"{function['name']} is strict"
        banned = set(keywords(parameters)) & set(rule["schema_banned"])
        assert not banned, f"{function['name']}: schema holds {banned}"
        if rule["typed_properties"]:
            typed(parameters, function["name"])


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
        if key in ("properties", "$defs", "definitions", "patternProperties") and isinstance(value, dict):
            for item in value.values():
                yield from keywords(item)
        elif isinstance(value, list):
            for item in value:
                yield from keywords(item)
        elif key not in ("default", "const", "example", "enum"):
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
        assert name in [tool["function"]["name"] for tool in body["tools"]], (
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


def pairs(messages: list[Json]) -> None:
    """Each call is answered directly behind its message, in the order of the calls; ids are never used twice."""
    open_ids: list[str] = []
    used: set[str] = set()
    for message in messages:
        if message["role"] == "tool":
            assert open_ids, f"a result without a call: {message['tool_call_id']}"
            expected = open_ids.pop(0)
            assert message["tool_call_id"] == expected, f"result {message['tool_call_id']} in place of {expected}"
            continue
        assert not open_ids, f"calls without a result: {open_ids}"
        open_ids = [call["id"] for call in message.get("tool_calls") or ()]
        again = used & set(open_ids)
        assert not again and len(set(open_ids)) == len(open_ids), f"call ids used twice: {again or open_ids}"
        used |= set(open_ids)
    assert not open_ids, f"calls without a result: {open_ids}"


def one_message(message: Json, rule: Mapping[str, Any], path: str) -> None:
    """Content in a form that the vendor takes; ids and names of calls too."""
    content, calls = message.get("content"), message.get("tool_calls") or ()
    assert content or message["role"] == "assistant", f"{path} is empty"
    if message["role"] == "assistant":
        content = own_parts(content, rule)
        assert message.get("content") or calls, f"{path} says nothing and calls nothing"
        assert "content" not in message or content is not None or rule["null_content"], f"{path}.content is null"
        assert content != "" or rule["empty_content"], f"{path}.content is empty"
    for call in calls:
        assert re.fullmatch(rule["call_id"], call["id"]), f"{path}: call id {call['id']!r}"
        assert re.fullmatch(rule["tool_name"], call["function"]["name"]), f"{path}: {call['function']['name']!r}"
        assert isinstance(json.loads(call["function"]["arguments"]), dict), f"{path}: arguments are no object"
    if message["role"] == "tool":
        assert rule["cache_control"] or isinstance(content, str), f"{path}: a tool message holds one text"
    for part in content if isinstance(content, list) else ():
        one_part(part, rule, path)


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


def foreign(body: Json, rule: Mapping[str, Any]) -> None:
    """Nothing that only Anthropic knows, unless the vendor documents it. What tool schemas hold is the client's."""
    seen = list(nodes({key: value for key, value in body.items() if key != "tools"}))
    for tool in body.get("tools") or ():
        seen += [(key, "") for key in (*tool, *tool["function"])]
    keys = {key for key, _ in seen} & ANTHROPIC_KEYS - documented(rule)
    assert not keys, f"Anthropic's own fields: {keys}"
    types = {kind for _, kind in seen} & ANTHROPIC_TYPES
    assert not types, f"Anthropic's own types: {types}"
    assert BILLING not in json.dumps(body), "the billing line"


def documented(rule: Mapping[str, Any]) -> set[str]:
    """Keys of Anthropic's that the vendor has too."""
    found = {"cache_control"} if rule["cache_control"] else set()
    found |= {"signature"} if rule["replays"] == "reasoning_details" else set()
    for path, shape in rule["extensions"].items():
        found |= {path.rsplit(".", 1)[-1], *(shape if isinstance(shape, dict) else ())}
    return found


def nodes(value: Any) -> Iterator[tuple[str, str]]:
    """(key, `type` of the object it is in) of everything in a value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key, str(value.get("type", ""))
            yield from nodes(item)
    elif isinstance(value, list):
        for item in value:
            yield from nodes(item)
