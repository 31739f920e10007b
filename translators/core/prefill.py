"""Conversations whose last message is the assistant's: the answer goes on where it stops.

Anthropic's older models do so (https://platform.claude.com/docs/en/build-with-claude/prompt-engineering/prefill, read
2026-11-21). Some vendors can, in their own ways (`Profile.prefill`); the others are told to in words, and what they
repeat is taken out. Thinking and a prefill exclude one another, as they do at Anthropic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from translators.core.deltas import Block, Delta, Stop, Text, ToolCall, Usage
from translators.core.history import Turn, visible
from translators.core.intent import Intent, intent

GO_ON = (
    "Continue your last message exactly where it stops. "
    "Write only what comes next: repeat nothing of it and add no introduction."
)


def prefill(message: Mapping[str, Any]) -> str:
    """The words that the answer goes on from; "" when the last message is not the assistant's."""
    messages = message.get("messages") or ()
    last = messages[-1] if messages else {}
    blocks = visible(last.get("content")) if last.get("role") == "assistant" else []
    if any(block.get("type") == "tool_use" for block in blocks):
        return ""
    return "\n".join(str(block.get("text") or "") for block in blocks if block.get("type") == "text")


def native(message: Mapping[str, Any], way: str) -> str:
    """The vendor's own `way` if this request can take it, "" when the vendor must be told in words. Kimi forbids it
    beside a form of the answer (https://platform.kimi.ai/docs/guide/use-partial-mode-feature-of-kimi-api, read
    2026-11-21).
    """
    if not way or intent(message).on or (message.get("output_config") or {}).get("format"):
        return ""
    return way if prefill(message) and not message.get("output_format") else ""


def without_thinking(wish: Intent, message: Mapping[str, Any], way: str) -> Intent:
    """The wish for thinking, which gives way where the vendor goes on with an answer."""
    return wish.off() if native(message, way) else wish


def ending(turns: list[Turn], message: Mapping[str, Any], way: str) -> list[Turn]:
    """The turns, with the word to go on where the vendor would not do it by itself."""
    if not turns or turns[-1].role != "assistant" or native(message, way):
        return turns
    return [*turns, Turn("user", [{"type": "text", "text": GO_ON}])]


class Echo:
    """A filter: takes out the prefill that an answer repeats at its start."""

    def __init__(self, words: str) -> None:
        self._words = words.strip()
        self._held = ""

    def feed(self, delta: Delta) -> Iterable[Delta]:
        """What becomes of one delta."""
        if not self._words or isinstance(delta, Usage):
            return (delta,)
        if isinstance(delta, Text):
            return self._compared(self._held + delta.text)
        if isinstance(delta, ToolCall | Block | Stop):
            return iter((*self.close(), delta))
        return iter((delta,))

    def close(self) -> Iterator[Delta]:
        """Text that might have become the repetition."""
        text, self._held, self._words = self._held, "", ""
        return iter((Text(text),) if text else ())

    def _compared(self, text: str) -> Iterator[Delta]:
        begun = text.lstrip()
        self._held = text
        if self._words.startswith(begun) and begun != self._words:
            return iter(())
        if begun.startswith(self._words):
            self._held = begun[len(self._words) :]
        return self.close()
