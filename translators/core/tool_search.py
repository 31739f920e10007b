"""Tool search of the Messages API, for vendors that have none: what is hidden, how the model is told, what it finds.

Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/tool-search-tool (read 2026-11-21). A deferred
tool is not shown to the model before a `tool_reference` has named it. Here the search becomes a function, and what was
found is offered behind all other tools, in the order in which it was found: so the definitions before it stay as they
are. A search can also be Rialto's own idea, for a request with very many tools; the client does not learn of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from translators.core.client_tools import LEFT_OUT, SERVER_SEARCH, changed_name, offered, references_in
from translators.core.search import kind_of
from translators.core.toolsets import BETWEEN, FAMILIES, called, expanded

Json = dict[str, Any]
Way = Literal["bm25", "regex"]
Code = Literal["invalid_tool_input", "unavailable", "too_many_requests", "execution_time_exceeded"]

#: The server tools of the API. Their names are fixed.
NAMES = tuple(f"{SERVER_SEARCH}{way}" for way in get_args(Way))
#: Name of a search that the client did not ask for.
OWN_NAME = "tool_search"
#: How the names of an MCP server's tools begin in Claude Code.
MCP = "mcp__"
#: Tools that one search brings; Anthropic's brings three to five.
MOST_FOUND = 5
#: Characters of the names that the function's description lists.
MOST_LISTED = 4_000
RESULT = "tool_search_tool_result"
NOTHING = "No tool was found. Try other words."

QUERIES: Mapping[Way, str] = {
    "bm25": "A few words that say what the tool should do.",
    "regex": "A regular expression in Python's syntax, such as (?i)issue.*create. It is looked for in names, "
    "descriptions and arguments.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSearch:
    """The search of one request: the `name` of its function, and the tools that are `hidden` until they are found. The
    client sees nothing of one that is `silent`. With a `ceiling` the vendor takes no more tools than that.
    """

    way: Way
    name: str
    hidden: tuple[Json, ...]
    silent: bool = False
    ceiling: int = 0

    def arranged(self, message: Mapping[str, Any]) -> Json:
        """The request with the search as a function and what is loaded behind the tools that are always shown. Its
        history holds references in results of tools.
        """
        hidden = {str(tool["name"]): tool for tool in self.hidden}
        shown = [tool for tool in expanded(message.get("tools") or ()) if tool.get("name") not in hidden]
        shown = [{**self.function(), **mark(tool)} if is_search(tool) else tool for tool in shown]
        if self.silent:
            shown.append(self.function())
        state = {"defer_loading": True} | ({LEFT_OUT: True} if self.ceiling else {})
        aside = {name: {**tool, **state} for name, tool in hidden.items()}
        named = [name for name in loading(message) if name in hidden]
        if self.ceiling:
            named = self._within(taken({**message, "tools": [*shown, *aside.values()]}), named)
        loaded = dict.fromkeys(named)
        found = [{**hidden[name], "defer_loading": False} for name in loaded]
        return {**message, "tools": [*shown, *found, *(tool for name, tool in aside.items() if name not in loaded)]}

    def _within(self, shown: int, named: list[str]) -> list[str]:
        """What is loaded, without what the ceiling has no place for: that of which nobody has spoken for longest."""
        newest = set(list(dict.fromkeys(reversed(named)))[: max(0, self.ceiling - shown)])
        return [name for name in named if name in newest]

    def function(self) -> Json:
        """What the model may call. Its words are the same in the whole conversation."""
        names = listed([str(tool["name"]) for tool in self.hidden])
        description = (
            f"Finds tools that are not shown here and makes up to {MOST_FOUND} of them callable. Use it before you "
            f"decide that there is no tool for something. Tools to be found: {names}"
        )
        query = {"type": "string", "description": QUERIES[self.way]}
        schema = {"type": "object", "properties": {"query": query}, "required": ["query"]}
        return {"name": self.name, "description": description, "input_schema": schema}


def tool_search(message: Mapping[str, Any], most: int = 0, ceiling: int = 0) -> ToolSearch | None:
    """The search of a request: the one that it asks for, or one of Rialto's own where it offers more than `most` tools,
    or more than the vendor's `ceiling` (0: however many). None where nothing is hidden.
    """
    asked = next((tool for tool in message.get("tools") or () if is_search(tool)), None)
    if asked is not None:
        later = list(deferred(message))
        hidden = (*later, *too_many(message, len(later), ceiling))
        way: Way = "regex" if str(asked["type"]).startswith(f"{SERVER_SEARCH}regex") else "bm25"
        name = str(asked.get("name") or asked["type"])
        return ToolSearch(way=way, name=name, hidden=hidden, ceiling=ceiling) if hidden else None
    tools = offered(message) if most or ceiling else []
    limit = visible(message, len(tools), most, ceiling)
    hidden = () if limit is None else tuple(excess(tools, limit))
    name = fresh({str(tool.get("name")) for tool in message.get("tools") or ()})
    return ToolSearch(way="bm25", name=name, hidden=hidden, silent=True, ceiling=ceiling) if hidden else None


def visible(message: Mapping[str, Any], count: int, most: int, ceiling: int) -> int | None:
    """How many of the `count` tools that a request offers are shown at first; None for all. Below a ceiling there is
    room for the web tools, for the search, and for what it finds: a quarter of the ceiling.
    """
    beside = sum(1 for tool in message.get("tools") or () if kind_of(tool))
    if ceiling and count + beside > ceiling:
        room = max(0, ceiling - beside - 1 - ceiling // 4)
        return min(room, most) if most else room
    return most if most and count > most else None


def taken(message: Mapping[str, Any]) -> int:
    """The tools that a vendor gets of a request, its web tools among them."""
    return len(offered(message)) + sum(1 for tool in message["tools"] if kind_of(tool))


def mark(tool: Mapping[str, Any]) -> Json:
    """A tool's cache mark."""
    return {key: tool[key] for key in ("cache_control",) if key in tool}


def is_search(tool: Mapping[str, Any]) -> bool:
    """The tool is Anthropic's search of tools."""
    return str(tool.get("type") or "").startswith(SERVER_SEARCH)


def deferred(message: Mapping[str, Any]) -> Iterator[Json]:
    """The tools that a request defers."""
    return (dict(tool) for tool in message.get("tools") or () if tool.get("defer_loading") and tool.get("name"))


def excess(tools: Sequence[Json], most: int) -> Iterator[Json]:
    """What is hidden of too many tools: those of MCP servers, and of the client's others what is behind the first ones.
    The choice rests on the tools alone, so that it is the same in every turn.
    """
    kept = 0
    for tool in tools:
        if str(tool["name"]).startswith(MCP):
            yield tool
        else:
            kept += 1
            if kept > most:
                yield tool


def too_many(message: Mapping[str, Any], later: int, ceiling: int) -> Iterator[Json]:
    """What is hidden, beside so many deferred tools, of a request that asks for a search of its own."""
    plain = [tool for tool in message["tools"] if not (tool.get("defer_loading") or is_search(tool))]
    tools = offered({**message, "tools": plain}) if ceiling else []
    room = visible(message, len(tools) + 1 + later, 0, ceiling)
    return excess(tools, room) if room is not None and len(tools) > room else iter(())


def fresh(taken: set[str]) -> str:
    """A name for the function that no tool has."""
    name = OWN_NAME
    while name in taken:
        name += "_"
    return name


def loading(message: Mapping[str, Any]) -> Iterator[str]:
    """The names of the tools that are loaded by now, in the order of the conversation: those that were referred to,
    added or called, each as often as that was done, and the one that must be called.
    """
    for turn in message.get("messages") or ():
        content = turn.get("content")
        for block in content if isinstance(content, list) else ():
            match block.get("type"):
                case "tool_use":
                    yield called(block)
                case "tool_addition":
                    yield changed_name(block)
                case _:
                    yield from references_in([block])
    wished = str((message.get("tool_choice") or {}).get("name") or "")
    yield from (f"{family}{BETWEEN}{wished}" for family in FAMILIES if wished)
    yield wished


def listed(names: Sequence[str]) -> str:
    """Names as a sentence, cut off where they are too many."""
    taken, length = list[str](), 0
    for name in names:
        length += len(name) + 2
        if length > MOST_LISTED:
            break
        taken.append(name)
    rest = len(names) - len(taken)
    return ", ".join(taken) + (f" and {rest} more." if rest else ".")


# -- what comes back


def result(id: str, names: Iterable[str]) -> Json:
    """The block with what a search has found."""
    found = [{"type": "tool_reference", "tool_name": name} for name in names]
    content = {"type": "tool_search_tool_search_result", "tool_references": found}
    return {"type": RESULT, "tool_use_id": id, "content": content}


def failure(id: str, code: Code, words: str) -> Json:
    """The block of a search that failed."""
    content = {"type": "tool_search_tool_result_error", "error_code": code, "error_message": words}
    return {"type": RESULT, "tool_use_id": id, "content": content}


def told(block: Mapping[str, Any]) -> Json:
    """What the model is told of a result block: the fields of an ordinary tool's result."""
    content = block.get("content")
    content = content if isinstance(content, Mapping) else {}
    if code := content.get("error_code"):
        return {"content": f"{code}: {content.get('error_message') or 'It failed.'}", "is_error": True}
    found = content.get("tool_references")
    references = [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []
    return {"content": references or NOTHING}
