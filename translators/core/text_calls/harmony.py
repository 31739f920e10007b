"""A filter for Harmony, the channels of gpt-oss, where a server hands them on unread.

Reference: https://cookbook.openai.com/articles/openai-harmony (read 2026-11-21). A message is
`<|start|>assistant<|channel|>NAME to=RECIPIENT <|constrain|>json<|message|>BODY<|end|>`, where the recipient may stand
before the channel, `<|call|>` or `<|return|>` may end it, and the first `<|start|>assistant` is part of the prompt.
Calls come on other channels than commentary too (waybarrios/vllm-mlx#562), and some without a recipient
(NVIDIA/TensorRT-LLM#9256).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from translators.core.deltas import ORDINARY, Delta, Opaque, Stop, Text, Thinking, ToolCall, Usage
from translators.core.lenient import repair
from translators.core.tags import deltas
from translators.core.text_calls.prose import Scanner, slices
from translators.core.text_calls.tools import Tools, Written, tool_call

OPENINGS = ("<|start|>", "<|channel|>")
ENDINGS = ("<|end|>", "<|call|>", "<|return|>")
STRAYS = ("<|message|>", "<|constrain|>")

_CHANNEL = r"<\|channel\|>\s*(?P<channel>analysis|commentary|final)\b(?P<rest>[\s\w=.:<|>-]{0,200}"
_HEAD = re.compile(rf"(?:<\|start\|>\s*assistant\s*(?P<first>to=[^\s<]+\s*)?)?(?:{_CHANNEL}?))?<\|message\|>")
_NAMES = "|".join(name[:size] for name in ("analysis", "commentary", "final") for size in range(1, len(name)))
_BEGINNING = re.compile(
    r"(?:<\|start\|>\s*(?:assistant\s*(?:t|to|to=[^\s<]{0,160}\s*)?)?)?"
    rf"(?:<(?:\|[a-z]{{0,8}}\|?)?|<\|channel\|>\s*(?:{_NAMES})?|{_CHANNEL}))?"
)
_ROLE = re.compile(r"<\|start\|>\s*[a-z]{0,9}")
_RECIPIENT = re.compile(r"to=([^\s<]+)")

Step = Callable[[str], tuple[list[Delta], str]]


class Harmony:
    """A filter of deltas: analysis becomes reasoning, final and commentary become text, messages to a tool calls.

    Control tokens are removed once a channel has been seen; before that they are text like any other.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._scanner = Scanner(OPENINGS)
        self._step: Step = self._outside
        self._head = ""
        self._body: list[str] = []
        self._recipient = ""
        self._count = 0

    def feed(self, delta: Delta) -> Iterable[Delta]:
        """What becomes of one delta."""
        if isinstance(delta, Text) and self._step == self._outside and self._scanner.passes(delta.text):
            return (delta,)
        match delta:
            case Text(text):
                return deltas(*self._read(text))
            case Usage() | Opaque():
                return (delta,)
        if self._step == self._outside and not (self._head or self._scanner.holds):
            return deltas(delta)
        return deltas(*self._flush(ended=isinstance(delta, Stop) and delta.reason in ORDINARY), delta)

    def close(self) -> Iterator[Delta]:
        """What was held back."""
        return deltas(*self._flush(ended=False))

    def _read(self, text: str) -> list[Delta]:
        found, waiting = list[Delta](), [*slices(text)]
        while waiting:
            made, rest = self._step(waiting.pop())
            found += made
            waiting += slices(rest)
        return found

    # The steps. Each takes text and returns what it makes of it, and the rest.

    def _outside(self, text: str) -> tuple[list[Delta], str]:
        """Text outside of any message."""
        plain, mark, rest = self._scanner.split(text)
        return [Text(plain)], self._marked(mark, rest)

    def _header(self, text: str) -> tuple[list[Delta], str]:
        """From the opening token up to the body."""
        self._head += text
        if head := _HEAD.match(self._head):
            rest = self._head[head.end() :]
            self._enter(head)
            return [], rest
        if _BEGINNING.fullmatch(self._head) or _ROLE.fullmatch(self._head):
            return [], ""
        return self._refused()

    def _thinking(self, text: str) -> tuple[list[Delta], str]:
        """The body of an analysis."""
        reasoning, mark, rest = self._scanner.split(text)
        return [Thinking(reasoning)], self._marked(mark, rest)

    def _commentary(self, text: str) -> tuple[list[Delta], str]:
        """A comment without a recipient: words for the user, or the arguments of a call."""
        begun = text.lstrip()
        if begun:
            self._step = self._collecting if begun[0] == "{" else self._outside
        return [], begun

    def _collecting(self, text: str) -> tuple[list[Delta], str]:
        """The body of a call."""
        body, mark, rest = self._scanner.split(text)
        self._body.append(body)
        return (self._called() if mark else []), self._marked(mark, rest)

    # What the steps share.

    def _marked(self, mark: str, rest: str) -> str:
        """Goes where a control token leads; returns what follows it."""
        if mark in OPENINGS:
            self._head, self._step = "", self._header
            return mark + rest
        if mark:
            self._outside_again()
        return rest

    def _outside_again(self) -> None:
        self._scanner = Scanner((*OPENINGS, *ENDINGS, *STRAYS))
        self._step = self._outside

    def _enter(self, head: re.Match[str]) -> None:
        """Begins the body that the header announces."""
        found = _RECIPIENT.search(f"{head['first'] or ''} {head['rest'] or ''}")
        self._recipient = found[1] if found else ""
        self._head, channel = "", head["channel"]
        self._outside_again()
        if self._recipient or channel in ("analysis", "commentary"):
            self._scanner = Scanner((*OPENINGS, *ENDINGS), markdown=False)
        self._step = self._collecting if self._recipient else self._bodies(channel)

    def _bodies(self, channel: str | None) -> Step:
        return {"analysis": self._thinking, "commentary": self._commentary}.get(channel or "", self._outside)

    def _refused(self) -> tuple[list[Delta], str]:
        """The opening token began no message."""
        mark = next(opening for opening in OPENINGS if self._head.startswith(opening))
        rest, self._head, self._step = self._head[len(mark) :], "", self._outside
        return [Text(mark)], rest

    def _called(self) -> list[Delta]:
        """The call that has been collected; text, when no tool takes it."""
        body, self._body = "".join(self._body), []
        arguments = repair(body, cut=True)
        name = self._name(arguments)
        if arguments is None or not name:
            return [Text(body)]
        return [self._made(Written(name, arguments))]

    def _name(self, arguments: dict[str, Any] | None) -> str:
        if self._recipient:
            return self._tools.named(self._recipient)
        return self._tools.fitting(arguments) if arguments else ""

    def _made(self, call: Written) -> ToolCall:
        self._count += 1
        return tool_call(call, "harmony", self._count)

    def _flush(self, ended: bool) -> list[Delta]:
        """What was held back. A call needs no closing token at the model's own end: servers take it for a stop token.
        A cut one is text.
        """
        head, self._head = self._head, ""
        rest = self._scanner.flush()
        step, self._step = self._step, self._outside
        if step == self._collecting:
            self._body.append(rest)
            return self._called() if ended else [Text("".join(self._body))]
        return [Thinking(rest) if step == self._thinking else Text(head + rest)]
