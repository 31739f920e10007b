"""A search that is built into the model's server and called as a function: `$web_search` of Kimi's open platform.

The model calls it, the client hands its arguments back as the result, and the server looks the pages up itself; the
arguments hold the number of a search, no pages (https://platform.kimi.ai/docs/guide/use-web-search, read 2026-11-21).
Inside Rialto the call has Anthropic's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from translators.core.counts import section
from translators.core.search import SEARCH, OwnSearch, searching
from translators.core.vendor import Json

NAME = "$web_search"
TOOL: Json = {"type": "builtin_function", "function": {"name": NAME}}


def builtin_search(message: Mapping[str, Any]) -> OwnSearch | None:
    """The search, where no domain is named: it takes none."""
    tool = searching(message)
    if tool is None or tool.allowed or tool.blocked:
        return None
    return OwnSearch(fields={"tools": [TOOL]}, echo=True)


def with_builtin(body: Json, off: Json) -> Json:
    """A body that offers the search: its earlier calls by their own name, and `off`, what switches thinking off."""
    if TOOL not in body.get("tools", ()):
        return body
    return {**body, **off, "messages": [renamed(message, SEARCH, NAME) for message in body["messages"]]}


def read_builtin(data: Json) -> Json:
    """A chunk or answer with Anthropic's name of the search."""
    choices = data.get("choices") if isinstance(data, dict) else None
    if not isinstance(choices, list):
        return data
    return {**data, "choices": [within(choice) for choice in choices]}


def within(choice: Any) -> Any:
    """One choice."""
    if not isinstance(choice, dict):
        return choice
    said = {
        key: renamed(choice[key], NAME, SEARCH) for key in ("delta", "message") if isinstance(choice.get(key), dict)
    }
    return {**choice, **said}


def renamed(message: Json, old: str, new: str) -> Json:
    """A message whose calls of one name have another one."""
    calls = message.get("tool_calls")
    if not isinstance(calls, list) or not any(
        section(section(call).get("function")).get("name") == old for call in calls
    ):
        return message
    return {**message, "tool_calls": [call_renamed(call, old, new) for call in calls]}


def call_renamed(call: Any, old: str, new: str) -> Any:
    """One call."""
    function = section(section(call).get("function"))
    if function.get("name") != old:
        return call
    kind = {"type": TOOL["type"]} if new == NAME else {}
    return {**call, **kind, "function": {**function, "name": new}}
