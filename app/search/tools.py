"""Runs the searches of tools that models call for."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from math import prod

import regex

from translators.core.ranking import prose, ranked
from translators.core.tool_search import MOST_FOUND, ToolSearch, failure, result
from translators.core.vendor import Json

#: Characters of a pattern: Anthropic's limit (platform.claude.com, tool search tool, read 2026-11-21).
LONGEST = 200
#: Seconds for all tools together, and characters of one that are looked at: a pattern can take for ever.
PATIENCE, LONGEST_TEXT = 0.1, 20_000
#: Characters of a query in words that are looked at.
LONGEST_QUERY = 1_000
#: The most that all repetitions of a pattern may multiply to. `regex` writes each out before it searches, and no time
#: limit holds there: `(?:a{65535}){65535}` takes all memory of the machine.
MOST_REPEATS = 1_000
COUNTED = re.compile(r"\{[^{}]*\}")
#: What a pattern that begins with (?x) may hold anywhere.
IGNORED = re.compile(r"#.*|\s")
#: Searches of one exchange.
MOST_SEARCHES = 10


def found_tools(id: str, given: Json, search: ToolSearch, searches: int) -> Json:
    """The result block of one call, the so manieth of its exchange."""
    query = given.get("query") or given.get("pattern")
    if not isinstance(query, str) or not query.strip():
        return failure(id, "invalid_tool_input", "query must be a text.")
    if searches > MOST_SEARCHES:
        return failure(id, "too_many_requests", "No more searches now. Use the tools that you have.")
    if search.way == "bm25":
        return result(id, ranked(query[:LONGEST_QUERY], search.hidden, MOST_FOUND))
    if len(query) > LONGEST:
        return failure(id, "invalid_tool_input", f"The pattern has more than {LONGEST} characters.")
    if repeats(query) > MOST_REPEATS:
        return failure(id, "invalid_tool_input", f"The pattern repeats something more than {MOST_REPEATS} times.")
    try:
        return result(id, matching(query, search.hidden)[:MOST_FOUND])
    except regex.error as error:
        return failure(id, "invalid_tool_input", f"The pattern is not valid: {error}.")
    except (TimeoutError, RecursionError, MemoryError):
        return failure(id, "execution_time_exceeded", "The pattern takes too long. Try a simpler one.")


def matching(pattern: str, tools: Sequence[Json]) -> list[str]:
    """The names of the tools that a pattern matches, by their name first. Raises `regex.error`, and TimeoutError for a
    pattern that does not come to an end.
    """
    time.sleep(0)  # others' answers go on between two searches
    compiled = regex.compile(pattern, cache_pattern=False)
    end = time.monotonic() + PATIENCE
    named, others = list[str](), list[str]()
    for tool in tools:
        name = str(tool["name"])
        if matches(compiled, name, end):
            named.append(name)
        elif matches(compiled, "\n".join(prose(tool)), end):
            others.append(name)
    return [*named, *others]


def repeats(pattern: str) -> int:
    """How often a pattern may repeat something, at most: whether one repetition stands in another is not looked at."""
    forms = (COUNTED.findall(form) for form in (pattern, IGNORED.sub("", pattern)))
    return max(prod(max(map(int, re.findall(r"\d+", found)), default=1) or 1 for found in form) for form in forms)


def matches(compiled: regex.Pattern[str], text: str, end: float) -> bool:
    """Whether a text matches. Raises TimeoutError at the end of the time."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return compiled.search(text[:LONGEST_TEXT], timeout=left, concurrent=True) is not None
