"""Answers that must be JSON of a schema: how the vendor is told so, and whether it kept to it.

Vendors with a parameter for schemas get the schema; others get a JSON mode and the schema in words, a tool that they
must call with the answer as its arguments, or only the words. Whatever the way, an answer is checked before it passes
as complete: code fences and prose around the JSON go, and an answer that does not match is an error.

Source of the rules: https://platform.claude.com/docs/en/build-with-claude/structured-outputs (read 2026-11-21). As
there, an answer that was cut off, refused or calls a tool is handed on as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from translators.core import client_tools
from translators.core.deltas import ORDINARY, Block, Delta, Stop, Text, ToolCall, stronger
from translators.core.errors import Broke
from translators.core.lenient import object_text, repair, strict, value_text
from translators.core.vendor import Profile

RULE = "Answer with one JSON object and nothing else. It must match this JSON schema:"
#: The tool whose arguments are the answer.
ANSWER_TOOL = "answer"
#: Places where JSON may begin that are tried in an answer.
MOST_PLACES = 100

FENCED = re.compile(r"```[\w-]*[ \t]*\n(.*?)```", re.DOTALL)
OPENING = re.compile(r"[{\[]")

Mismatch = Callable[[Any], str]
"""What keeps a JSON value from matching; "" when it matches."""


def wanted_schema(message: Mapping[str, Any]) -> Any:
    """The JSON schema that the answer must have, from `output_config.format` or its old name `output_format`."""
    form = (message.get("output_config") or {}).get("format") or message.get("output_format") or {}
    return form.get("schema") if isinstance(form, Mapping) and form.get("type") == "json_schema" else None


def form(message: Mapping[str, Any], profile: Profile) -> str:
    """How the vendor is told of the schema: a value of `Profile.structured`, "" without a schema. A tool can only be
    demanded where no other is offered, and only for an object.
    """
    schema = wanted_schema(message)
    if schema is None or profile.structured != "tool":
        return "" if schema is None else profile.structured
    demanded = "named" in profile.tool_choices and schema.get("type") == "object"
    return "tool" if demanded and not client_tools.offered(message) else "prompt"


def in_words(schema: Any) -> str:
    """The schema for the system prompt."""
    return f"{RULE}\n{json.dumps(schema, ensure_ascii=False)}"


def answer_tool(schema: Any) -> dict[str, Any]:
    """The tool that takes the answer."""
    return {"name": ANSWER_TOOL, "description": "Gives the answer.", "input_schema": schema}


class CallAsText:
    """A filter for the form "tool": the arguments of the call are the text of the answer."""

    def feed(self, delta: Delta) -> Iterator[Delta]:
        """What becomes of one delta."""
        match delta:
            case ToolCall(arguments=str() as piece):
                return iter((Text(piece),) if piece else ())
            case ToolCall(arguments=arguments) if isinstance(arguments, Mapping):
                return iter((Text(object_text(arguments)),))
            case Stop("tool_use"):
                return iter((Stop("end_turn", final=delta.final),))
        return iter((delta,))

    def close(self) -> Iterator[Delta]:
        """Nothing is held back."""
        return iter(())


class JsonAnswer:
    """The last filter of an answer with a schema. Text is held back until the end, when it is reduced to the JSON.

    With `live` an answer that begins like JSON is handed on as it comes, and only checked at the end. `prefix` is what
    the client has written of the answer itself.
    """

    def __init__(self, mismatch: Mismatch, *, title: str, live: bool = False, prefix: str = "") -> None:
        self._mismatch = mismatch
        self._title = title
        self._live = live
        self._prefix = prefix
        self._tried = False
        self._said = ""
        self._flows = self._called = False
        self._stop: Stop | None = None

    def feed(self, delta: Delta) -> Iterator[Delta]:
        """What becomes of one delta."""
        match delta:
            case Text(text) if not self._flows:
                self._said += text
                self._flows = bool(self._prefix) or (self._live and bool(OPENING.match(self._said.lstrip())))
                return iter((Text(self._said),) if self._flows else ())
            case Text(text):
                self._said += text
            case ToolCall() | Block():
                held = () if self._flows or not self._said else (Text(self._said),)
                self._called = self._called or isinstance(delta, ToolCall)
                self._said, self._flows = "", self._called
                return iter((*held, delta))
            case Stop():
                self._stop = stronger(self._stop, delta)
        return iter((delta,))

    def close(self) -> Iterator[Delta]:
        """The JSON. Raises `Broke` when there is none that matches."""
        if not self._checkable:
            return iter((Text(self._cut_off()),) if self._said and not self._flows else ())
        found, problem = self._found()
        if found is None:
            raise Broke(f"{self._title}: the answer does not match the JSON schema of the request ({problem})")
        return iter(() if self._flows else (Text(found),))

    def again(self) -> bool:
        """Nothing of an answer that does not match has been handed on, so the vendor may be asked once more; this
        filter is ready for that.
        """
        if self._tried or self._flows or not self._checkable or self._found()[0] is not None:
            return False
        self._tried = True
        self._said, self._stop = "", None
        return True

    @property
    def _checkable(self) -> bool:
        """The model said all that it wanted to say, and calls nothing."""
        ended = self._stop is not None and self._stop.reason in ORDINARY
        return ended and not self._called and bool(self._said.strip())

    def _found(self) -> tuple[str | None, str]:
        """(the JSON text that matches, what is wrong with the best that does not)."""
        if self._flows:
            candidates = iter((self._prefix + self._said,))
        else:
            candidates = json_in(self._said.strip().removeprefix("\ufeff"))
        problem = ""
        for text in candidates:
            try:
                wrong = self._mismatch(strict(text))
            except ValueError:
                wrong = "no JSON"
            if not wrong:
                return text, ""
            problem = problem or wrong if wrong != "no JSON" else problem
        return None, problem or "no JSON"

    def _cut_off(self) -> str:
        """What there is of an answer that was broken off: without the words before its JSON."""
        begun = None if self._called else OPENING.search(self._said)
        return self._said[begun.start() :] if begun else self._said


def json_in(text: str) -> Iterator[str]:
    """The texts inside a text that may be the JSON that is meant, the likeliest first."""
    yield text
    for fenced in FENCED.finditer(text):
        yield fenced[1].strip()
    decoder, end = json.JSONDecoder(), 0
    for _, opening in zip(range(MOST_PLACES), OPENING.finditer(text), strict=False):
        if opening.start() < end:
            continue
        try:
            _, end = decoder.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            continue
        yield text[opening.start() : end]
    start = text.find("{")
    if start >= 0 and (mended := repair(text[start:])) is not None:
        yield value_text(mended)
