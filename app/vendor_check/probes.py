"""Probes: small requests that show how a vendor's model behaves. Together they cost a few thousand tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.doctor.questions import ANSWER, IMAGE, THINKING, user
from translators.core.errors import NotFound
from translators.core.vendor import Json, Route

ABSENT_MODEL = "no-such-model-of-rialto"
ODD_FIELD = "rialto_unknown_field"
#: A text of about as many tokens, for windows that nobody knows.
UNKNOWN_WINDOW = 1_100_000


def tool(name: str, field: str) -> Json:
    """A tool with one text as its input."""
    schema = {"type": "object", "properties": {field: {"type": "string"}}, "required": [field]}
    return {"name": name, "description": f"Tells the {name} of a {field}.", "input_schema": schema}


WEATHER, TIME = tool("weather", "city"), tool("time", "city")
CALLING: Json = {
    "max_tokens": 2048,
    "system": "You work by calling tools. Call all tools that you need at once.",
    "messages": user("What are the weather and the time in Rome? Call both tools, say nothing else."),
    "tools": [WEATHER, TIME],
}
FORCED: Json = {
    "max_tokens": 2048,
    "messages": user("Good morning."),
    "tools": [WEATHER, TIME],
    "tool_choice": {"type": "tool", "name": "weather"},
}
STOPPED: Json = {
    "messages": user("Write the numbers from 1 to 9 in digits, separated by spaces."),
    "stop_sequences": ["5"],
}
SCHEMA: Json = {
    "max_tokens": 2048,
    "messages": user("Which city is the capital of Italy?"),
    "output_config": {
        "format": {
            "type": "json_schema",
            "schema": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
                "additionalProperties": False,
            },
        }
    },
}


def streamed(body: Json, **more: Any) -> Json:
    """The same as a stream."""
    return {**body, **more, "stream": True}


def with_results(message: Json) -> Json:
    """The next turn behind an answer with calls; without calls in it, a made-up one."""
    content = [block for block in message["content"] if block["type"] != "text"] if message else []
    calls = [block for block in content if block["type"] == "tool_use"]
    if not calls:
        calls = [{"type": "tool_use", "id": "toolu_1", "name": WEATHER["name"], "input": {"city": "Rome"}}]
        content = calls
    results = [{"type": "tool_result", "tool_use_id": call["id"], "content": "18, sunny, noon"} for call in calls]
    turns = [{"role": "assistant", "content": content}, {"role": "user", "content": results}]
    return streamed(CALLING, messages=[*CALLING["messages"], *turns])


def absent(route: Route) -> Route:
    """A route to a model that does not exist."""
    return replace(route, model=ABSENT_MODEL)


def with_odd_field(route: Route) -> Route:
    """A route whose requests have a field that nobody knows."""
    shape = route.vendor.shape
    changed = replace(route.vendor, shape=lambda body, to: {**shape(body, to), ODD_FIELD: 1})
    return replace(route, vendor=changed)


@dataclass(frozen=True, slots=True)
class Probe:
    """`body` makes the request of what the calls before were answered; `route` leads it elsewhere."""

    name: str
    body: Callable[[Json], Json]
    route: Callable[[Route], Route] = lambda route: route


def plain(body: Json) -> Callable[[Json], Json]:
    """A request that hangs on nothing."""
    return lambda message: body


PROBES: tuple[Probe, ...] = (
    Probe("text", plain(ANSWER)),
    Probe("stream", plain(streamed(ANSWER))),
    Probe("parallel calls", plain(streamed(CALLING))),
    Probe("second turn", with_results),
    Probe("forced tool", plain(FORCED)),
    Probe("thinking", plain(streamed(THINKING))),
    Probe("stop sequence", plain(streamed(STOPPED))),
    Probe("max_tokens 1", plain({**ANSWER, "max_tokens": 1})),
    Probe("schema", plain(SCHEMA)),
    Probe("image", plain(IMAGE)),
    Probe("unknown field", plain(ANSWER), with_odd_field),
    Probe("unknown model", plain(ANSWER), absent),
)
OVERFLOW = "overflow"


def chosen(sees: bool, overflow: bool, window: int | None, names: Sequence[str] = ()) -> Iterator[Probe]:
    """The probes for a model; without `names` all but those that it does not claim or that cost much.
    Raises `NotFound` for other names.
    """
    known: Mapping[str, Probe] = {probe.name: probe for probe in PROBES}
    unknown = set(names) - set(known)
    if unknown:
        raise NotFound(f"no such probe: {', '.join(sorted(unknown))}. There are: {', '.join(known)}")
    yield from (known[name] for name in names or known if sees or name != "image")
    if overflow:
        text = "one two three " * ((window or UNKNOWN_WINDOW) // 2)
        yield Probe(OVERFLOW, plain({"messages": user(text)}))
