"""The message stream of one request: everything that the answer needs to know of the question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from translators.core import tokens
from translators.core.calls import schemas
from translators.core.halves import Halves
from translators.core.intent import intent
from translators.core.stops import StopSequences
from translators.core.stream import Filter, MessageStream
from translators.core.tags import ThinkTags
from translators.core.tool_names import ToolNames
from translators.core.vendor import Profile, Route


def message_stream(
    message: Mapping[str, Any], route: Route, new_id: Callable[[str], str], first: Sequence[Filter] = ()
) -> MessageStream:
    """The stream that builds the answer's events. `new_id(prefix)` makes a fresh id; `first` are filters of the
    protocol's own.
    """
    return MessageStream(
        model=route.alias,
        new_id=new_id,
        origin=(route.vendor.name, route.model),
        names=tool_names(message, route.profile),
        schemas=schemas(message.get("tools")),
        input_tokens=tokens.estimate_request(message),
        omitted=intent(message).omitted,
        filters=[*first, Halves(), ThinkTags(), StopSequences(message.get("stop_sequences") or ())],
    )


def tool_names(message: Mapping[str, Any], profile: Profile) -> ToolNames:
    """The reversible short names of one request's tools."""
    return ToolNames(
        [str(tool["name"]) for tool in message.get("tools") or () if tool.get("name")],
        profile.tool_name_max,
        profile.tool_name_min,
        profile.tool_name_letter_first,
    )
