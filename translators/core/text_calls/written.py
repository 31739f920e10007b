"""Filters that turn calls which a model wrote into its text, or at the end of its reasoning, into calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from translators.core.deltas import ORDINARY, Block, Delta, Opaque, Stop, Text, Thinking, ToolCall, Usage
from translators.core.tags import deltas
from translators.core.text_calls.capture import ATTEMPTS, Capture
from translators.core.text_calls.dialects import DIALECTS, Dialect
from translators.core.text_calls.prose import Scanner, slices
from translators.core.text_calls.tools import Tools, Written, tool_call

#: How often the text behind an unfinished call is searched again at the end of an answer.
SEARCHES = 50


class TextCalls:
    """A filter of deltas. Text passes at once, as far as it cannot be the beginning of a call; a call goes out when it
    is complete, and what turns out to be none goes out as the text that it is.
    """

    def __init__(self, tools: Tools, source: str = "text") -> None:
        self._tools = tools
        self._source = source
        self._scanner = Scanner(DIALECTS)
        self._capture: Capture | None = None
        self._behind: Dialect | None = None
        self._held = ""
        self._attempts = self._count = 0

    def feed(self, delta: Delta) -> Iterable[Delta]:
        """What becomes of one delta."""
        if isinstance(delta, Text) and self._searches and self._scanner.passes(delta.text):
            return (delta,)
        if not isinstance(delta, Text | Usage | Opaque) and self._is_idle:
            return deltas(delta)
        match delta:
            case Text(text):
                return deltas(*self._read(text))
            case Usage() | Opaque():
                return iter((delta,))
            case Stop(reason):
                return deltas(*self._flush(ended=reason in ORDINARY), delta)
        return deltas(*self._flush(ended=False), delta)

    def close(self) -> Iterator[Delta]:
        """What was held back."""
        return deltas(*self._flush(ended=False))

    @property
    def _is_idle(self) -> bool:
        """Nothing is held back, and nothing is waited for."""
        return self._capture is None and self._behind is None and not (self._held or self._scanner.holds)

    @property
    def _searches(self) -> bool:
        """The next text is searched for the beginning of a call."""
        return self._capture is None and self._behind is None and self._attempts <= ATTEMPTS

    def _read(self, text: str) -> list[Delta]:
        found, waiting = list[Delta](), [*slices(text)]
        while waiting:
            made, rest = self._advanced(waiting.pop())
            found += made
            waiting += slices(rest)
        return found

    def _advanced(self, text: str) -> tuple[list[Delta], str]:
        """What is made of some of the text, and the rest, which may hold text that came before."""
        if self._capture is not None:
            return self._collected(self._capture, text)
        if self._behind is not None:
            return self._followed(self._behind, text)
        return self._searched(text)

    def _searched(self, text: str) -> tuple[list[Delta], str]:
        if self._attempts > ATTEMPTS:
            return [Text(text)], ""
        plain, mark, rest = self._scanner.split(text)
        if mark:
            self._capture = Capture(mark, DIALECTS[mark], self._tools)
        return [Text(plain)], rest

    def _collected(self, capture: Capture, text: str) -> tuple[list[Delta], str]:
        done = capture.feed(text)
        if done is not None:
            self._capture, self._behind = None, capture.dialect
            return self._calls(done[0]), done[1]
        if capture.refused:
            self._capture = None
            return self._let_go(capture)
        return [], ""

    def _let_go(self, capture: Capture) -> tuple[list[Delta], str]:
        """What was collected is text after all, and may hold another call."""
        self._attempts += capture.attempts
        return [Text(capture.mark)], capture.text[len(capture.mark) :]

    def _followed(self, dialect: Dialect, text: str) -> tuple[list[Delta], str]:
        """Behind a call: the end of the section that it stood in is no text."""
        text, self._held = self._held + text, ""
        word = text.lstrip()
        for trailer in dialect.trailers:
            if word.startswith(trailer):
                return [], word[len(trailer) :]
        if any(trailer.startswith(word) for trailer in dialect.trailers):
            self._held = text
            return [], ""
        self._behind = None
        return [], text

    def _calls(self, written: list[Written]) -> list[Delta]:
        first, self._count = self._count, self._count + len(written)
        return [tool_call(call, self._source, first + place) for place, call in enumerate(written)]

    def _flush(self, ended: bool) -> list[Delta]:
        """Everything that was held back. `ended`: the model ended the answer itself, so that a call may be complete
        without its closing; an unfinished one is text.
        """
        found: list[Delta] = []
        for _ in range(SEARCHES):
            capture, self._capture = self._capture, None
            if capture is None:
                break
            if ended and (calls := capture.finish()):
                found += self._calls(calls)
            else:
                made, rest = self._let_go(capture)
                found += made + self._read(rest)
        if self._capture is not None:
            found.append(Text(self._capture.text))
        found.append(Text(self._held + self._scanner.flush()))
        self._capture, self._behind, self._held = None, None, ""
        return found


class ReasonedCalls:
    """A filter of deltas for models that forget to end their reasoning before a call: when the answer is nothing but
    reasoning that ends with calls, these are made. Any other call in reasoning is a draft.

    Sources: vllm-project/vllm#39056 and #55759 (Qwen), vybestack/llxprt-code#749 (Kimi), and for the drafts
    PrimeIntellect-ai/renderers#78; read 2026-11-21.
    """

    def __init__(self, tools: Tools) -> None:
        self._inner = TextCalls(tools, "reasoning")
        self._calls: list[Delta] = []
        self._since = ""
        self._answered = False

    def feed(self, delta: Delta) -> Iterable[Delta]:
        """What becomes of one delta."""
        match delta:
            case Thinking(text):
                self._note(self._inner.feed(Text(text)))
            case Text(text):
                self._answered = self._answered or bool(text.strip())
            case ToolCall() | Block():
                self._answered = True
            case Stop(reason) if reason in ORDINARY and not self._answered:
                self._note(self._inner.feed(delta))
                calls, self._calls = self._calls, []
                return (*calls, delta)
        return (delta,)

    def close(self) -> Iterator[Delta]:
        """Nothing is held back."""
        return iter(())

    def _note(self, found: Iterable[Delta]) -> None:
        """Remembers the calls that nothing follows but the end of the reasoning."""
        for delta in found:
            if isinstance(delta, ToolCall):
                self._calls.append(delta)
                self._since = ""
            elif isinstance(delta, Text) and self._calls:
                self._since += delta.text.strip()
                if not "</think>".startswith(self._since):
                    self._calls.clear()
