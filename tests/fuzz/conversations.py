"""Strategies for whole Messages requests: conversations of all block types, tools of all kinds, every option.

`requests()` makes bodies that the API documents, and that Rialto must take: calls and results may be missing, doubled
or out of order, because clients send such histories.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.fuzz.blocks import (
    ASKED,
    MARKS,
    REDACTED,
    SPOKEN,
    STRAY_RESULT,
    TEXT,
    THINKING,
    UNKNOWN,
    UPLOAD,
    call_of,
    result_of,
    server_steps,
)
from tests.fuzz.schemas import roots
from tests.fuzz.words import IDS, NAMES, OBJECTS, TEXTS, VALUES, WORDS

Json = dict[str, Any]

BILLED = "x-anthropic-billing-header: cc_version=1; cch=a1f;\n"


def rarely(of: int) -> st.SearchStrategy[bool]:
    """True once in `of` times; false in the smallest example."""
    return st.integers(0, of - 1).map(lambda number: number == of - 1)


# -- messages


@st.composite
def assistant(draw: st.DrawFn) -> Json:
    """A turn of the model: thinking, words, calls, in this order as a rule."""
    blocks: list[Json] = draw(st.lists(st.one_of(THINKING, THINKING, REDACTED), max_size=2))
    blocks += draw(st.lists(st.one_of(SPOKEN, SPOKEN, TEXT, UPLOAD, UNKNOWN), max_size=2))
    if draw(rarely(6)):
        blocks += draw(server_steps())
    for _ in range(draw(st.integers(0, 3))):
        blocks.append(draw(call_of(draw(IDS))))
        if draw(rarely(6)):
            blocks.append(draw(THINKING))
    if draw(rarely(8)):
        blocks = draw(st.permutations(blocks))
    if draw(rarely(10)):
        return {"role": "assistant", "content": draw(TEXTS)}
    return {"role": "assistant", "content": blocks}


@st.composite
def user(draw: st.DrawFn, calls: list[Json]) -> Json:
    """A turn of the user: the results of the calls, perhaps not all of them, then anything."""
    blocks = [draw(result_of(call["id"])) for call in calls]
    if blocks and draw(rarely(4)):
        blocks = draw(st.permutations(blocks))[: draw(st.integers(0, len(blocks)))]
    if draw(rarely(8)):
        blocks.append(draw(STRAY_RESULT))
    blocks += draw(st.lists(ASKED, min_size=0 if blocks else 1, max_size=2))
    if not calls and draw(rarely(4)):
        return {"role": "user", "content": draw(TEXTS)}
    return {"role": "user", "content": blocks}


@st.composite
def system(draw: st.DrawFn) -> Json:
    """A system message inside the conversation."""
    texts = st.lists(st.one_of(SPOKEN, TEXT), min_size=1, max_size=2)
    made: Json = {"role": "system", "content": draw(st.one_of(WORDS, TEXTS, texts))}
    if draw(rarely(5)):
        made["clear_at"] = "next_user_message"
    if draw(rarely(8)):
        made["content"] = [{"type": "tool_addition", "tool": {"type": "tool_reference", "name": draw(NAMES)}}]
    return made


@st.composite
def conversations(draw: st.DrawFn, ends_with_user: bool = False) -> list[Json]:
    """Turns, the first one of the user with words in it."""
    made: list[Json] = [{"role": "user", "content": draw(st.one_of(WORDS, st.lists(SPOKEN, min_size=1, max_size=2)))}]
    for _ in range(draw(st.integers(0, 3))):
        if draw(rarely(6)):
            made.append(draw(system()))
        said = draw(assistant())
        made.append(said)
        content = said["content"]
        calls = [block for block in content if block["type"] == "tool_use"] if isinstance(content, list) else []
        made.append(draw(user(calls)))
        if draw(rarely(8)):
            made.append(draw(user([])))
    if draw(rarely(6)):
        made.append(draw(system()))
    if ends_with_user:
        made.append({"role": "user", "content": [draw(SPOKEN)]})
    elif draw(rarely(8)):
        made.append(draw(assistant()))
    return made


# -- tools


@st.composite
def custom(draw: st.DrawFn) -> Json:
    """A tool of the client's own."""
    made: Json = {"name": draw(NAMES), "input_schema": draw(roots())}
    options: dict[str, st.SearchStrategy[Any]] = {
        "type": st.sampled_from(("custom", None)),
        "description": st.one_of(TEXTS, st.none()),
        "cache_control": MARKS,
        "strict": st.booleans(),
        "defer_loading": st.booleans(),
        "eager_input_streaming": st.sampled_from((True, None)),
        "allowed_callers": st.just(["direct"]),
        "input_examples": st.lists(OBJECTS, max_size=1),
        "unknown_field": VALUES,
    }
    return made | draw(st.fixed_dictionaries({}, optional=options))


DEFINED: tuple[Json, ...] = (
    {"type": "bash_20250124", "name": "bash"},
    {"type": "text_editor_20250124", "name": "str_replace_editor"},
    {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool", "max_characters": 100},
    {"type": "memory_20250818", "name": "memory"},
    {"type": "computer_20251124", "name": "computer", "display_width_px": 1, "display_height_px": 1},
    {"type": "computer_toolset_20260801", "configs": {"zoom": {"enabled": False}}},
    {"type": "web_search_20260318", "name": "web_search", "max_uses": 2, "allowed_domains": ["example.com"]},
    {"type": "web_fetch_20260318", "name": "web_fetch", "citations": {"enabled": True}},
    {"type": "code_execution_20260521", "name": "code_execution"},
    {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"},
    {"type": "mcp_toolset", "mcp_server_name": "files"},
    {"type": "later_tool_20270101", "name": "later"},
)
TOOLS = st.lists(st.one_of(custom(), custom(), st.sampled_from(DEFINED)), max_size=3)


@st.composite
def choices(draw: st.DrawFn, tools: list[Json]) -> Json:
    """A tool choice, also of a tool that is not there."""
    made: Json = {"type": draw(st.sampled_from(("auto", "any", "tool", "none")))}
    if made["type"] == "tool":
        names = [tool["name"] for tool in tools if "name" in tool]
        made["name"] = draw(st.sampled_from(names) if names and not draw(rarely(5)) else NAMES)
    if made["type"] != "none" and draw(st.booleans()):
        made["disable_parallel_tool_use"] = draw(st.booleans())
    return made


# -- options

THINKING_FORMS: tuple[Json, ...] = (
    {"type": "adaptive"},
    {"type": "adaptive", "display": "omitted"},
    {"type": "enabled", "budget_tokens": 1024},
    {"type": "enabled", "budget_tokens": 1_000_000, "display": "summarized"},
    {"type": "disabled"},
    {"type": "between_tools"},
)
OPTIONS: dict[str, st.SearchStrategy[Any]] = {
    "system": st.one_of(
        TEXTS, WORDS.map(lambda text: BILLED + text), st.lists(st.one_of(SPOKEN, TEXT), max_size=2), st.none()
    ),
    "thinking": st.sampled_from(THINKING_FORMS),
    "output_config": st.fixed_dictionaries(
        {},
        optional={
            "effort": st.sampled_from(("low", "medium", "high", "xhigh", "max", None)),
            "format": st.builds(lambda schema: {"type": "json_schema", "schema": schema}, roots()),
            "task_budget": st.just({"type": "tokens", "total": 9}),
        },
    ),
    "output_format": st.builds(lambda schema: {"type": "json_schema", "schema": schema}, roots()),
    "stop_sequences": st.lists(TEXTS, max_size=7),
    "temperature": st.one_of(st.none(), st.floats(0, 1)),
    "top_p": st.one_of(st.none(), st.floats(0, 1)),
    "top_k": st.one_of(st.none(), st.integers(0, 100)),
    "metadata": st.one_of(st.none(), st.just({"user_id": '{"session_id": "s"}'})),
    "context_management": st.just({"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}),
    "cache_control": MARKS,
    "container": st.just({"id": "c", "skills": []}),
    "mcp_servers": st.just([{"type": "url", "name": "files", "url": "https://example.com"}]),
    "service_tier": st.just("auto"),
    "unknown_field": VALUES,
}


@st.composite
def requests(draw: st.DrawFn, ends_with_user: bool = False) -> Json:
    """A Messages body."""
    limit = draw(st.sampled_from((1, 16, 1024, 32_000, 10**9)))
    made: Json = {"model": "any", "max_tokens": limit, "messages": draw(conversations(ends_with_user))}
    made["stream"] = draw(st.booleans())
    if draw(st.booleans()):
        made["tools"] = draw(TOOLS)
    if draw(st.booleans()):
        made["tool_choice"] = draw(choices(made.get("tools") or []))
    chosen = draw(st.sets(st.sampled_from(sorted(OPTIONS)), max_size=4))
    return made | {name: draw(OPTIONS[name]) for name in sorted(chosen)}
