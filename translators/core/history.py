"""The conversation as every vendor can take it: `turns()`.

Clients send histories that strict vendors refuse: calls without results, results without calls, results out of order,
the same id twice, empty blocks, several messages of one role in a row, system messages anywhere. Here they are repaired
once, for all protocols:

* empty and blank text blocks are left out, as are the model's blocks of unknown types without a text;
* turns of nothing but reasoning are left out, and neighbours of one role merged;
* every call is answered in the turn that follows, in the order of the calls; a missing answer is said to be missing;
* a result without its call becomes text;
* a repeated call id gets a suffix, on the call and on its result; one that some vendor refuses becomes a legal one;
* the user speaks first, and a word of the user that holds nothing is said to be empty where an answer follows it.

The same prefix of a conversation always gives the same prefix of turns, which keeps vendors' prompt caches warm.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from translators.core.blocks import is_wordless, text_of
from translators.core.toolsets import called

Blocks = list[dict[str, Any]]
Role = Literal["user", "assistant", "system"]
#: (the client's id, the id that no other call has) of the calls that wait for their results.
OpenCalls = list[tuple[str, str]]

NO_RESULT = "(no result: the call was interrupted)"
NO_ID = "call"
ORPHAN = "Result of an earlier tool call:"
EMPTY = "(empty message)"
#: Blocks that are never empty, or are something else than words.
SUBSTANTIAL = frozenset({"tool_use", "tool_result", "thinking", "redacted_thinking", "image", "document"})
REASONING = frozenset({"thinking", "redacted_thinking"})
#: Ids that nearly every vendor takes, a suffix included: Chat Completions has 40 characters
#: (https://platform.openai.com/docs/api-reference/chat, read 2026-11-21), Kimi's own have dots and colons.
ID = re.compile(r"[a-zA-Z0-9_.:-]{1,36}")
#: Ids that Anthropic takes.
PLAIN_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(slots=True)
class Turn:
    """One turn. In a user turn `results` answer the calls of the assistant turn before it, in their order."""

    role: Role
    blocks: Blocks = field(default_factory=list)
    results: Blocks = field(default_factory=list)

    @property
    def calls(self) -> Blocks:
        """The client tool calls of an assistant turn."""
        found = [block for block in self.blocks if block.get("type") == "tool_use"]
        return found if self.role == "assistant" else []


def turns(messages: Iterable[Mapping[str, Any]], *, inline_system: bool) -> list[Turn]:
    """The repaired conversation.

    With `inline_system` the system messages inside it become reminders in the user turn where they stand; otherwise
    they are turns of their own.
    """
    merged = merge(split(messages, inline_system))
    if not all(map(speaks, merged)):
        merged = merge(turn for turn in merged if speaks(turn))
    found = [turn for turn in answered(merged) if turn.blocks or turn.results]
    first = next((place for place, turn in enumerate(found) if turn.role != "system"), len(found))
    if first == len(found) or found[first].role == "assistant":
        found.insert(first, wordless())
    return found


def split(messages: Iterable[Mapping[str, Any]], inline_system: bool) -> Iterator[Turn]:
    """A turn for each message."""
    answerable = False
    for message in messages:
        role: Role = message.get("role", "user")
        turn = Turn(role, visible(message.get("content")))
        if role == "assistant":
            turn.blocks = own_words(turn.blocks)
        if role == "system" and inline_system:
            turn = Turn("user", [reminder(block) for block in turn.blocks])
        if role == "user" and answerable and not turn.blocks:
            turn = wordless()
        if speaks(turn) and turn.role != "system":
            answerable = turn.role == "assistant" and not turn.calls
        yield turn


def wordless() -> Turn:
    """The turn of a user who says nothing."""
    return Turn("user", [{"type": "text", "text": EMPTY}])


def reminder(block: Mapping[str, Any]) -> dict[str, Any]:
    """A system text as Claude Code itself puts it into a user turn for models without system messages inside."""
    return {**block, "text": f"<system-reminder>\n{block.get('text') or ''}\n</system-reminder>"}


def visible(content: Any) -> Blocks:
    """Content as a list of blocks, without those that say nothing."""
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    return [block for block in content or () if block.get("type") in SUBSTANTIAL or text_of(block).strip()]


def own_words(blocks: Blocks) -> Blocks:
    """What the model has said. Of a block that nobody knows, such as `connector_text`, only its text is left: the model
    would take JSON for its own words, and speak so.
    """
    if not any(map(is_wordless, blocks)):
        return blocks
    said = [{"type": "text", "text": str(block.get("text") or "")} if is_wordless(block) else block for block in blocks]
    return visible(said)


def speaks(turn: Turn) -> bool:
    """The turn holds more than reasoning, which no vendor takes alone."""
    for block in turn.blocks:  # noqa: SIM110 - a generator takes twice as long, for every turn of a long conversation
        if block.get("type") not in REASONING:
            return True
    return False


def merge(items: Iterable[Turn]) -> list[Turn]:
    """Neighbours of one role joined. A system turn between calls and their results waits until after the results."""
    merged: list[Turn] = []
    held = Turn("system")
    for turn in items:
        if turn.role == "system" and merged and merged[-1].calls:
            held.blocks.extend(turn.blocks)
        elif merged and merged[-1].role == turn.role:
            merged[-1].blocks.extend(turn.blocks)
        elif turn.blocks:
            merged.append(Turn(turn.role, list(turn.blocks)))
        if held.blocks and merged[-1].role == "user":
            merged.append(held)
            held = Turn("system")
    return [*merged, held] if held.blocks else merged


def answered(merged: list[Turn]) -> Iterator[Turn]:
    """Every call followed by its result, every id used once."""
    seen: dict[str, int] = {}
    open_calls: OpenCalls = []
    for turn in merged:
        if turn.role == "user":
            yield with_results(turn, open_calls)
            open_calls = []
            continue
        if open_calls:
            yield with_results(Turn("user"), open_calls)
        open_calls = []
        if turn.role == "assistant":
            turn.blocks = [unique(block, seen, open_calls) for block in turn.blocks]
        yield turn
    if open_calls:
        yield with_results(Turn("user"), open_calls)


def unique(block: dict[str, Any], seen: dict[str, int], open_calls: OpenCalls) -> dict[str, Any]:
    """The block with a call id that no earlier call has and its function's name; `seen` counts how often an id came."""
    if block.get("type") != "tool_use":
        return block
    original = str(block.get("id") or NO_ID)
    base = legal(original)
    count = seen.get(base, 0) + 1
    fresh = base if count == 1 else f"{base}_{count}"
    while fresh in seen:
        count += 1
        fresh = f"{base}_{count}"
    seen[base] = count
    seen.setdefault(fresh, 1)
    open_calls.append((original, fresh))
    return {**block, "id": fresh, "name": called(block), "input": arguments(block.get("input"))}


def arguments(given: Any) -> dict[str, Any]:
    """The input of a call as the object that vendors insist on; clients may bring a list."""
    return given if isinstance(given, dict) else {"input": given} if given else {}


def legal(original: str, form: re.Pattern[str] = ID) -> str:
    """An id of the form; the same one always becomes the same."""
    if form.fullmatch(original):
        return original
    return f"{NO_ID}_{hashlib.sha256(original.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"


def with_results(turn: Turn, open_calls: OpenCalls) -> Turn:
    """A user turn whose results answer exactly the open calls; everything else keeps its order behind them."""
    waiting = list(open_calls)
    found: dict[str, dict[str, Any]] = {}
    rest: Blocks = []
    for block in turn.blocks:
        if block.get("type") != "tool_result":
            rest.append(block)
            continue
        original = str(block.get("tool_use_id") or NO_ID)
        call = next((call for call in waiting if call[0] == original), None)
        if call is None:
            rest.extend(orphan(block))
            continue
        waiting.remove(call)
        found[call[1]] = {**block, "tool_use_id": call[1], **given(block)}
    missing = {"type": "tool_result", "content": NO_RESULT, "is_error": True}
    results = [found.get(fresh, {**missing, "tool_use_id": fresh}) for _, fresh in open_calls]
    return Turn("user", rest, results) if rest or results else wordless()


def given(result: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a result without blank text, which not even a tool can have meant."""
    content = result.get("content")
    if isinstance(content, str):
        return {} if content.strip() else {"content": ""}
    return {"content": visible(content)} if content else {}


def orphan(block: Mapping[str, Any]) -> Blocks:
    """A result whose call is gone, as ordinary content."""
    content = visible(block.get("content"))
    return [{"type": "text", "text": ORPHAN}, *content] if content else []
