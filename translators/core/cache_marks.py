"""Cache marks (`cache_control`) for vendors that keep them on blocks.

Rules: https://platform.claude.com/docs/en/build-with-claude/prompt-caching (read 2026-11-21).

* A mark beside the messages ("automatic caching") stands for one on the last block that can have one, and takes one of
  the four that a request may have. Other vendors know it on blocks only; OpenRouter takes it but leads such a request
  past Bedrock and Vertex, which marks on blocks do not (openrouter.ai/docs/guides/best-practices/prompt-caching).
* A call can have a mark at Anthropic, but not in Chat Completions: there its result has it, which comes next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from translators.core.context_edits import is_passing
from translators.core.history import Turn
from translators.core.vendor import Json

MARK = "cache_control"
MOST_MARKS = 4
#: Blocks that Anthropic takes no mark on.
UNMARKABLE = frozenset({"thinking", "redacted_thinking"})


def on_last_block(message: Json) -> Json:
    """The body with the mark beside its messages on their last block; as it is where that cannot be. What is gone in
    the next request has none: no later one would find it in the cache.
    """
    mark = message.get(MARK)
    if not isinstance(mark, Mapping) or sum(1 for block in blocks_of(message) if block.get(MARK)) >= MOST_MARKS:
        return message
    messages = list(message["messages"])
    for place in reversed(range(len(messages))):
        content = [] if is_passing(messages[place]) else content_of(messages[place])
        last = next((at for at in reversed(range(len(content))) if is_markable(content[at])), None)
        if last is not None:
            content[last] = with_mark(content[last], mark)
            messages[place] = {**messages[place], "content": content}
            return {**message, "messages": messages}
    return message


def on_results(turns: Iterable[Turn]) -> Iterator[Turn]:
    """The turns with the marks of calls on the results of these, where they have none of their own."""
    marks: dict[str, Any] = {}
    for turn in turns:
        results = [with_mark(result, marks.get(result["tool_use_id"])) for result in turn.results]
        yield replace(turn, results=results) if marks else turn
        marks = {call["id"]: call[MARK] for call in turn.calls if call.get(MARK)}


def with_mark(block: Json, mark: Any) -> Json:
    """The block with a mark, if there is one and it has none."""
    return {**block, MARK: mark} if mark and not block.get(MARK) else block


def blocks_of(message: Json) -> Iterator[Mapping[str, Any]]:
    """Everything in a body that can have a mark."""
    yield from message.get("tools") or ()
    system = message.get("system")
    yield from system if isinstance(system, list) else ()
    for said in message["messages"]:
        for block in content_of(said):
            yield block
            inner = block.get("content")
            yield from (one for one in inner if isinstance(one, Mapping)) if isinstance(inner, list) else ()


def content_of(said: Mapping[str, Any]) -> list[Json]:
    """The content of a message as a list of blocks, which is the caller's."""
    content = said.get("content")
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content or ())


def is_markable(block: Mapping[str, Any]) -> bool:
    """Anthropic takes a mark on the block."""
    kind = block.get("type")
    return bool(str(block.get("text") or "").strip()) if kind == "text" else kind not in UNMARKABLE
