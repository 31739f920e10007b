"""What no log may hold: keys, and the words of the conversation that a vendor repeats in its refusal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from translators.core.refusals import redact

KEY = "[key]"
ECHO = "[prompt]"
#: Shorter keys are words: a local server's key is often its name.
LEAST_KEY = 8
#: Characters: a repetition that counts as one, and the pieces in which it is looked for, wherever it begins.
LEAST_ECHO, PIECE = 24, 12
#: Fields without words.
WORDLESS = frozenset({"data", "signature"})


class Redaction:
    """Takes secrets out of texts."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = known(secrets)

    def __call__(self, text: str, secrets: Iterable[str] = ()) -> str:
        """The text without the known secrets, some more of them, and what looks like a key."""
        for pattern in filter(None, (self._secrets, known(secrets))):
            text = pattern.sub(KEY, text)
        return redact(text, "")


def known(secrets: Iterable[str]) -> re.Pattern[str] | None:
    """Finds any of the secrets, the longest first."""
    long = sorted({secret for secret in secrets if len(secret) >= LEAST_KEY}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, long))) if long else None


def without_echo(text: str, message: Mapping[str, Any] | None) -> str:
    """The text without what it repeats of a request's conversation."""
    said = "\n".join(texts([message.get("system"), message.get("messages")])) if message else ""
    if not said:
        return text
    kept, place = list[str](), 0
    for begin in range(0, max(0, len(text) - PIECE + 1), PIECE):
        if begin >= place and text[begin : begin + PIECE] in said:
            start, end = echo(text, begin, said, place)
            if end - start >= LEAST_ECHO:
                kept += [text[place:start], ECHO]
                place = end
    return "".join([*kept, text[place:]])


def echo(text: str, begin: int, said: str, least: int) -> tuple[int, int]:
    """The borders of a repetition around a piece of the text that is known to be one."""
    start, end = begin, begin + PIECE
    while end < len(text) and text[start : end + 1] in said:
        end += 1
    while start > least and text[start - 1 : end] in said:
        start -= 1
    return start, end


def texts(value: Any) -> Iterator[str]:
    """Every text with words inside a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from texts(inner) if name not in WORDLESS else ()
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
