"""Reasoning that a model wrote into its answer as `<think>...</think>`, turned into Thinking deltas.

Only a tag at the very start counts; a model that explains the tag in prose keeps its text. Tags may be split anywhere.
A closing tag at the very start is what a template leaks that has opened and closed the reasoning itself
(https://github.com/sgl-project/sglang, read 2026-11-21).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from translators.core.deltas import ORDINARY, Block, Delta, Stop, Text, Thinking, ToolCall

NAMES = ("think", "thinking", "thought")
_OPENINGS = tuple(f"<{name}>" for name in NAMES)
_CLOSINGS = tuple(f"</{name}>" for name in NAMES)
_LONGEST = max(map(len, _CLOSINGS))

#: Models that always reason and whose prompt opens the reasoning, so that a server which does not separate it hands out
#: the closing tag alone (BerriAI/litellm#10848; https://docs.vllm.ai/en/v0.20.1/api/vllm/parser/minimax_m2_parser/;
#: read 2026-11-21).
_PROMPTED = re.compile(r"deepseek-r1|qwq|qwen3[\w.-]*-thinking|minimax-m[12]\b", re.IGNORECASE)


def opened_by_prompt(model: str) -> bool:
    """The model's answers may begin inside its reasoning."""
    return _PROMPTED.search(model) is not None


class ThinkTags:
    """A filter of deltas. `opened`: the vendor swallows the opening tag, so the answer starts as reasoning, unless
    reasoning in a form of its own comes first. When it also ends as reasoning, it is said once more as the text that it
    seems to be.

    Once it is clear that plain text runs, deltas pass untouched.
    """

    def __init__(self, opened: bool = False) -> None:
        self._opened = opened
        self._held = ""
        self._said: list[str] | None = None
        """The reasoning so far, while it may turn out to be the answer."""
        self._closings = _CLOSINGS
        self._ending = re.compile("|".join(_CLOSINGS))
        self._step: Callable[[Delta], Iterable[Delta]] = self._start

    def feed(self, delta: Delta) -> Iterable[Delta]:
        """What becomes of one delta."""
        return self._step(delta)

    def close(self) -> Iterator[Delta]:
        """What was held back: reasoning that was never closed, or text that only looked like a tag."""
        text, self._held = self._held, ""
        reasoning = self._step == self._inside or (self._opened and text.strip())
        self._step = self._pass
        return deltas(Thinking(text) if reasoning else Text(text))

    def _pass(self, delta: Delta) -> Iterable[Delta]:
        return (delta,)

    def _start(self, delta: Delta) -> Iterable[Delta]:
        if isinstance(delta, Text):
            return self._decided(self._held + delta.text)
        if isinstance(delta, ToolCall | Block | Stop):
            return self._released(delta)
        self._opened = self._opened and not isinstance(delta, Thinking)
        return self._pass(delta)

    def _decided(self, text: str) -> Iterable[Delta]:
        self._held = ""
        begun = text.lstrip()
        for name, opening in zip(NAMES, _OPENINGS, strict=True):
            if begun.startswith(opening):
                self._closings = (f"</{name}>",)
                self._ending = re.compile(self._closings[0])
                return self._enter(begun[len(opening) :])
        if ending := self._ending.match(begun):
            self._step = self._after
            return self._after(Text(begun[ending.end() :]))
        if any(tag.startswith(begun) for tag in _OPENINGS + _CLOSINGS):
            self._held = text
            return iter(())
        if self._opened:
            self._said = []
            return self._enter(begun)
        self._step = self._pass
        return deltas(Text(text))

    def _enter(self, text: str) -> Iterable[Delta]:
        self._step = self._before
        return self._before(Text(text))

    def _before(self, delta: Delta) -> Iterable[Delta]:
        """Behind the opening tag: white space is no reasoning."""
        if not isinstance(delta, Text):
            return self._pass(delta)
        text = delta.text.lstrip()
        if not text:
            return iter(())
        self._step = self._inside
        return self._inside(Text(text))

    def _inside(self, delta: Delta) -> Iterable[Delta]:
        if not isinstance(delta, Text):
            return self._interrupted(delta)
        text = self._held + delta.text
        self._held = ""
        ending = self._ending.search(text)
        if ending:
            return self._left(text[: ending.start()], text[ending.end() :])
        cut = text.rfind("<", max(0, len(text) - _LONGEST))
        if cut >= 0 and any(closing.startswith(text[cut:]) for closing in self._closings):
            text, self._held = text[:cut], text[cut:]
        return deltas(self._reasoned(text))

    def _reasoned(self, text: str) -> Thinking:
        if self._said is not None:
            self._said.append(text)
        return Thinking(text)

    def _left(self, reasoning: str, rest: str) -> Iterable[Delta]:
        self._step = self._after
        return deltas(Thinking(reasoning), *self._after(Text(rest)))

    def _interrupted(self, delta: Delta) -> Iterable[Delta]:
        held = ""
        if isinstance(delta, ToolCall | Block | Stop | Thinking):
            held, self._held = self._held, ""
        reasoning = self._reasoned(held)
        if not isinstance(delta, ToolCall | Block | Stop):
            return deltas(reasoning, delta)
        said, self._said = self._said or (), None
        answer = "".join(said) if isinstance(delta, Stop) and delta.reason in ORDINARY else ""
        return deltas(reasoning, Text(answer), delta)

    def _after(self, delta: Delta) -> Iterable[Delta]:
        """Behind the closing tag: white space is dropped."""
        if not isinstance(delta, Text):
            if isinstance(delta, ToolCall | Block):
                self._step = self._pass
            return self._pass(delta)
        text = delta.text.lstrip()
        if not text:
            return iter(())
        self._step = self._pass
        return deltas(Text(text))

    def _released(self, delta: Delta) -> Iterable[Delta]:
        return deltas(*self.close(), delta)


def deltas(*found: Delta) -> Iterator[Delta]:
    """The deltas without empty ones."""
    return iter([delta for delta in found if not isinstance(delta, Text | Thinking) or delta.text])
