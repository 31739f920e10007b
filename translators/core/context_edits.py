"""`context_management`: what Anthropic takes out of a history, taken out for vendors that have nothing like it.

The edits and their defaults: https://platform.claude.com/docs/en/build-with-claude/context-editing (read 2026-11-21).

* `clear_tool_uses_20250919`: past its trigger, the results of all but the newest calls become a short note.
* `clear_thinking_20251015`: the thinking of all but the newest turns goes.
* `compact_20260112` is not carried out: a summary is a request of its own, and Claude Code makes it by itself. But a
  `compaction` block in the history stands for everything before it.

System texts with `clear_at: next_user_message` go too when that message has come, whatever edits are wished.

Each request is edited from its whole history, as Anthropic does it; the same history always gives the same bytes.
Tokens are estimates. Edits of other types are left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from translators.core import tokens
from translators.core.thinking import read

Json = dict[str, Any]
Messages = list[Json]
#: The edited messages, and what is reported of the edit; None when it did nothing.
Outcome = tuple[Messages, Json | None]

CLEARED = "(This result was removed to make room. Call the tool again if you need it.)"
TRIGGER_TOKENS = 100_000
KEPT_CALLS = 3
KEPT_TURNS = 1
THINKING = frozenset({"thinking", "redacted_thinking"})


@dataclass(frozen=True, slots=True)
class Edited:
    """The message after its edits; `applied` as Anthropic reports them, None when the client asked for none."""

    message: Json
    applied: tuple[Json, ...] | None = None

    @property
    def cleared_tokens(self) -> int:
        """What all edits have taken out."""
        return sum(edit["cleared_input_tokens"] for edit in self.applied or ())


def edited(message: Mapping[str, Any]) -> Edited:
    """A Messages body with its edits carried out, and what they did. The body itself is not changed."""
    body: Json = {**message, "messages": standing(since_compaction(list(message.get("messages") or ())))}
    wished = message.get("context_management")
    edits = wished.get("edits") if isinstance(wished, Mapping) else None
    if not isinstance(edits, list):
        return Edited(body)
    applied = []
    for edit in edits:
        carry_out = EDITS.get(str(edit.get("type"))) if isinstance(edit, Mapping) else None
        if carry_out is None:
            continue
        body["messages"], report = carry_out(edit, body)
        applied += [report] if report else []
    return Edited(body, tuple(applied))


def applied(message: Mapping[str, Any]) -> tuple[Json, ...] | None:
    """What the edits of a Messages body have done. Where none are wished the conversation is not gone through."""
    return edited(message).applied if message.get("context_management") else None


def since_compaction(messages: Messages) -> Messages:
    """The messages from the last summary on, which becomes text. One without words is a failed try."""
    for place in reversed(range(len(messages))):
        content = messages[place].get("content")
        blocks = content if isinstance(content, list) else []
        if "compaction" not in [block.get("type") for block in blocks]:
            continue
        for position in reversed(range(len(blocks))):
            words = blocks[position].get("content") if blocks[position].get("type") == "compaction" else None
            if isinstance(words, str) and words.strip():
                kept = [{"type": "text", "text": words}, *blocks[position + 1 :]]
                return [{**messages[place], "content": kept}, *messages[place + 1 :]]
    return messages


def standing(messages: Messages) -> Messages:
    """The messages without the system texts that were meant for one turn of the user's (`clear_at`), once another has
    come. What such a message says beside its text stays.
    """
    if not any(map(is_passing, messages)):
        return messages
    newest = max((place for place, message in enumerate(messages) if message.get("role") == "user"), default=0)
    return [
        {**message, "content": [block for block in blocks_of(message) if block.get("type") != "text"]}
        if place < newest and is_passing(message)
        else message
        for place, message in enumerate(messages)
    ]


def is_passing(message: Mapping[str, Any]) -> bool:
    """A system message whose text ends with the user's next message."""
    return message.get("role") == "system" and message.get("clear_at") == "next_user_message"


# -- thinking


def clear_thinking(edit: Mapping[str, Any], body: Json) -> Outcome:
    """Keeps the thinking of the newest turns that have some. A turn goes from one word of the user to the next, with
    all its calls and results.
    """
    messages: Messages = body["messages"]
    wished = edit.get("keep")
    if wished == "all" or (isinstance(wished, Mapping) and wished.get("type") == "all"):
        return messages, None
    turns = list(turn_numbers(messages))
    thinking = sorted({turn for turn, message in zip(turns, messages, strict=True) if thoughts(message)})
    old = set(thinking[: max(0, len(thinking) - number(wished, KEPT_TURNS))])
    cleared = sum(
        thought_tokens(block)
        for turn, message in zip(turns, messages, strict=True)
        if turn in old
        for block in thoughts(message)
    )
    kept = [
        without_thoughts(message) if turn in old else message for turn, message in zip(turns, messages, strict=True)
    ]
    return kept, report(edit, "cleared_thinking_turns", len(old), cleared) if old else None


def turn_numbers(messages: Messages) -> Iterator[int]:
    """The turn of each message."""
    turn = 0
    for message in messages:
        content = message.get("content")
        blocks = content if isinstance(content, list) else [content]
        only_results = all(isinstance(block, Mapping) and block.get("type") == "tool_result" for block in blocks)
        turn += message.get("role") == "user" and not only_results
        yield turn


def thoughts(message: Mapping[str, Any]) -> list[Json]:
    """The thinking blocks of an assistant's message."""
    content = message.get("content")
    if message.get("role") != "assistant" or not isinstance(content, list):
        return []
    return [block for block in content if block.get("type") in THINKING]


def thought_tokens(block: Mapping[str, Any]) -> int:
    """Tokens of a thinking block, whose text may be hidden in its signature."""
    memory = read(block.get("signature"))
    return tokens.estimate((memory.text if memory else "") or str(block.get("thinking") or ""))


def without_thoughts(message: Json) -> Json:
    """The message without its thinking."""
    if not thoughts(message):
        return message
    return {**message, "content": [block for block in message["content"] if block.get("type") not in THINKING]}


# -- tools


def clear_tool_uses(edit: Mapping[str, Any], body: Json) -> Outcome:
    """Clears results, oldest first, and the inputs of their calls where that is wished."""
    messages: Messages = body["messages"]
    calls = list(answered_calls(messages))
    names = {call: str(block.get("name")) for call, block in calls}
    if not triggered(edit.get("trigger"), body, len(calls)):
        return messages, None
    excluded = edit.get("exclude_tools")
    spared = excluded if isinstance(excluded, list) else ()
    newest = number(edit.get("keep"), KEPT_CALLS)
    old = [call for call, _ in calls[: max(0, len(calls) - newest)] if names[call] not in spared]
    inputs = edit.get("clear_tool_inputs") or ()
    emptied = {call for call in old if inputs is True or (isinstance(inputs, list) and names[call] in inputs)}
    after = list(cleared(messages, set(old), emptied))
    saved = max(0, sum(map(message_tokens, messages)) - sum(map(message_tokens, after)))
    if not old or saved < number(edit.get("clear_at_least"), 0):
        return messages, None
    return after, report(edit, "cleared_tool_uses", len(old), saved)


def triggered(trigger: Any, body: Json, calls: int) -> bool:
    """The history is longer than the trigger."""
    if isinstance(trigger, Mapping) and trigger.get("type") == "tool_uses":
        return calls > number(trigger, 0)
    return tokens.estimate_request(body) > number(trigger, TRIGGER_TOKENS)


Place = tuple[int, int]
"""Message and block of a call: ids may come again."""


def answered_calls(messages: Messages) -> Iterator[tuple[Place, Json]]:
    """The calls that have a result, in their order."""
    answered = {call for _, call in results(messages)}
    for place, message in enumerate(messages):
        for position, block in enumerate(blocks_of(message)):
            if (place, position) in answered:
                yield (place, position), block


def results(messages: Messages) -> Iterator[tuple[Place, Place]]:
    """(place of a result, place of its call)."""
    open_calls: dict[Any, Place] = {}
    for place, message in enumerate(messages):
        for position, block in enumerate(blocks_of(message)):
            if block.get("type") == "tool_use":
                open_calls[block.get("id")] = (place, position)
            elif block.get("type") == "tool_result" and block.get("tool_use_id") in open_calls:
                yield (place, position), open_calls.pop(block["tool_use_id"])


def cleared(messages: Messages, old: set[Place], emptied: set[Place]) -> Iterator[Json]:
    """The messages, with a note in place of the old calls' results, and without the inputs of the `emptied`."""
    gone = emptied | {result for result, call in results(messages) if call in old}
    touched = {place for place, _ in gone}
    for place, message in enumerate(messages):
        if place not in touched:
            yield message
            continue
        blocks = enumerate(blocks_of(message))
        kept = [lightened(block) if (place, position) in gone else block for position, block in blocks]
        yield {**message, "content": kept}


def lightened(block: Json) -> Json:
    """A call without its input, or a result without its content."""
    return {**block, "input": {}} if block["type"] == "tool_use" else {**block, "content": CLEARED}


def blocks_of(message: Mapping[str, Any]) -> list[Json]:
    """The blocks of a message; none of a plain text."""
    content = message.get("content")
    return content if isinstance(content, list) else []


def message_tokens(message: Mapping[str, Any]) -> int:
    """Tokens of a message's blocks."""
    return tokens.content_tokens(blocks_of(message))


# -- numbers


def number(setting: Any, default: int) -> int:
    """The `value` of a setting, or the default."""
    value = setting.get("value") if isinstance(setting, Mapping) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default


def report(edit: Mapping[str, Any], counted: str, count: int, tokens_gone: int) -> Json:
    """An entry of `applied_edits`."""
    return {"type": edit["type"], counted: count, "cleared_input_tokens": tokens_gone}


EDITS: Mapping[str, Callable[[Mapping[str, Any], Json], Outcome]] = {
    "clear_thinking_20251015": clear_thinking,
    "clear_tool_uses_20250919": clear_tool_uses,
}
