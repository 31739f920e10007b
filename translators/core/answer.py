"""The message stream of one request: everything that the answer needs to know of the question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from translators.core import client_tools, structured, tokens
from translators.core.calls import schemas
from translators.core.context_edits import applied
from translators.core.filters import Filter
from translators.core.halves import Halves
from translators.core.intent import intent
from translators.core.prefill import Echo, native, prefill
from translators.core.search_found import Searches
from translators.core.stops import StopSequences
from translators.core.stream import MessageStream
from translators.core.structured import CallAsText, JsonAnswer
from translators.core.tags import ThinkTags, opened_by_prompt
from translators.core.text_calls import Harmony, ReasonedCalls, Repeats, TextCalls, Tools
from translators.core.tool_names import ToolNames
from translators.core.toolsets import expanded, origins
from translators.core.vendor import Profile, Route


def message_stream(
    message: Mapping[str, Any], route: Route, new_id: Callable[[str], str], first: Sequence[Filter] = ()
) -> MessageStream:
    """The stream that builds the answer's events. `new_id(prefix)` makes a fresh id; `first` are filters of the
    protocol's own.
    """
    begun, form, tools = prefill(message), json_answer(message, route), client_tools.known(message)
    search = route.vendor.search(dict(message), route)

    def filters() -> list[Filter]:
        steps: list[Filter] = [*first, *([Searches(search.late)] if search else []), Halves(), *written(message, route)]
        steps += [CallAsText()] if structured.form(message, route.profile) == "tool" else []
        repeats = bool(begun.strip()) and native(message, route.profile.prefill) not in ("last", "partial")
        steps += [Echo(begun)] if repeats else []
        return [*steps, StopSequences(message.get("stop_sequences") or ()), *form]

    return MessageStream(
        model=route.alias,
        new_id=new_id,
        origin=(route.vendor.name, route.model),
        title=route.vendor.title,
        names=tool_names(message, route.profile),
        schemas=schemas(tools),
        members=origins(tools),
        input_tokens=route.input_tokens or tokens.estimate_request(message),
        omitted=intent(message).omitted,
        filters=filters(),
        renewed=lambda: filters() if any(step.again() for step in form) else None,
        begun=bool(begun),
        edits=applied(message),
    )


def written(message: Mapping[str, Any], route: Route) -> list[Filter]:
    """What the model may have written into its text in place of saying it in the vendor's form: its reasoning, and for
    the vendors where that happens Harmony's channels and calls of the tools that the request offers.
    """
    searched = route.profile.text_calls or route.moved
    opened = route.profile.reasoning_opened or (searched and opened_by_prompt(route.model))
    reasoning = ThinkTags(opened and intent(message).on is not False)
    if not searched:
        return [reasoning]
    callable_tools = [] if choice_of(message) == "none" else client_tools.offered(message)
    tools = Tools(callable_tools, tool_names(message, route.profile))
    calls: list[Filter] = [TextCalls(tools), ReasonedCalls(tools), Repeats(tools)] if tools else []
    return [reasoning, Harmony(tools), *calls]


def choice_of(message: Mapping[str, Any]) -> str:
    """The type of the tool choice."""
    return str((message.get("tool_choice") or {}).get("type") or "auto")


def json_answer(message: Mapping[str, Any], route: Route) -> list[JsonAnswer]:
    """The check of an answer with a schema. A vendor that knows schemas is trusted to begin at once with the JSON."""
    schema = structured.wanted_schema(message)
    if schema is None:
        return []
    live = route.stream and structured.form(message, route.profile) == "json_schema"
    return [
        JsonAnswer(
            lambda value: route.mismatch(value, schema), title=route.vendor.title, live=live, prefix=prefill(message)
        )
    ]


def tool_names(message: Mapping[str, Any], profile: Profile) -> ToolNames:
    """The reversible short names of one request's tools."""
    given = [str(tool["name"]) for tool in expanded(message.get("tools") or ()) if tool.get("name")]
    return ToolNames(
        [*given, *added_names(message)],
        profile.tool_name_max,
        profile.tool_name_min,
        profile.tool_name_letter_first,
    )


def added_names(message: Mapping[str, Any]) -> list[str]:
    """Names of tools that came in the middle of the conversation."""
    added, _, _ = client_tools.changes(message.get("messages") or ())
    return [str(tool["name"]) for tool in added if tool.get("name")]
