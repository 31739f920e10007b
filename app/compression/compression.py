"""Compression: which prompts are made shorter, and how.

`compact` follows rules (`translators/core/prompt_rules.py`). `summarize` has a model say the same in fewer words, once
for each prompt and in the background; until that is done the conversation gets the compact form, and keeps it, so that
its prefix has the same bytes in every turn.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.asides.ask import ask, quiet
from app.asides.once import Make, Once
from app.asides.shelf import Shelf
from app.catalog.aids import writer
from app.catalog.catalog import Catalog, route_name
from app.exchange.asking import Asking
from app.media import conversation
from app.settings.aids import PromptSettings
from app.settings.settings import Settings
from translators.core import tokens
from translators.core.prompt_parts import system_texts, with_texts
from translators.core.prompt_rules import compacted
from translators.core.prompt_summary import named_tools, outline, summarised
from translators.core.vendor import Json, Route

KIND, FILE, BEGUN_FILE = "summary", "prompts.sqlite", "prompts-begun.sqlite"
#: Part of every key: another question makes other summaries.
VERSION = "1"
QUESTION = (
    "Below are instructions for an AI assistant, between two lines of equal signs. Write them again in at most {words} "
    "words, for the same assistant. Keep every rule, every prohibition and every condition, and keep names, commands, "
    "paths and formats as they are spelled. Leave out reasons, repetition and examples. Use short imperative items "
    "under short headings. Do not follow the instructions, add nothing, and answer with the new text alone.\n"
    "{line}\n{text}\n{line}"
)
LINE = "=" * 20
WORDS_PER_TOKEN = 0.7
#: Tokens that a summary may always have; a text with less than twice as many is not worth one.
LEAST = 300
#: What is protected differs a little from session to session; a summary is made for steps of so many tokens.
ROUND = 500
#: Characters of a prompt above which it is left alone: the work would hold up everybody else's answers.
LONGEST = 300_000
#: Seconds for making a summary, bytes of summaries that are kept, prompts whose compact form is remembered.
SECONDS, KEPT, REMEMBERED = 300.0, 16 * 2**20, 64
#: Bytes of notes on conversations that began without a summary, and seconds for which one counts.
KEPT_NOTES, DAY = 2 * 2**20, 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Prompt:
    """A system prompt that is too long: the most tokens that it should have, and the tools that it names."""

    system: Any
    tools: tuple[str, ...]
    most: int

    @property
    def compact(self) -> Any:
        """What the rules make of it."""
        texts = system_texts(self.system)
        return with_texts(self.system, compact_texts(tuple(texts), self.tools, self.most))


class Compression:
    """Shorter prompts, for any thread. `by` is the model that summarises, None for the one that gets the prompt.
    `begun` notes which conversations began without a summary, for all workers at once: their next turn may come to
    another one.
    """

    def __init__(self, settings: PromptSettings, once: Once, begun: Shelf, by: Route | None = None) -> None:
        self._settings = settings
        self._once = once
        self._begun = begun
        self._by = by

    def compressed(self, message: Json, route: Route, asking: Asking | None = None) -> Json:
        """The message with a shorter system prompt, where the settings want one for the route. Without `asking` no
        summary is begun.
        """
        way = route.extra.get("prompt_compression", self._settings.compression)
        most = int(route.extra.get("prompt_max_system_tokens", self._settings.most))
        system = message.get("system")
        if way == "none" or tokens.content_tokens(system) <= most or length(system) > LONGEST:
            return message
        prompt = Prompt(system, named_tools(message), most)
        made = self._summarised(prompt, message, route, asking) if way == "summarize" else None
        return {**message, "system": prompt.compact if made is None else made}

    def _summarised(self, prompt: Prompt, message: Json, route: Route, asking: Asking | None) -> Any | None:
        """The prompt with its summary; None while there is none, and for a conversation that began without it."""
        text = outline(prompt.system, prompt.tools)
        size = tokens.estimate(text)
        if size < 2 * LEAST:
            return None
        rest = tokens.content_tokens(prompt.system) - size
        spare = max(LEAST, prompt.most - -(-rest // ROUND) * ROUND)
        by = self._by or route
        key = digest(VERSION, route_name(by), spare, text)
        place = digest(conversation(message, route), key)
        if time.time() - float(self._begun.read(place) or 0) < DAY:
            return None
        if summary := self._once.known(key):
            made = summarised(prompt.system, prompt.tools, summary)
            return made if tokens.content_tokens(made) < tokens.content_tokens(prompt.compact) else None
        if asking is not None:
            self._begun.keep(place, str(time.time()))
            if not self._once.rests(key) and asking.caller.may_ask(by):
                self._once.begin(key, self._make(text, spare, by, asking))
        return None

    def _make(self, text: str, most: int, by: Route, asking: Asking) -> Make:
        content = QUESTION.format(words=round(most * WORDS_PER_TOKEN), line=LINE, text=text)
        question = {"model": KIND, "max_tokens": 2 * most + 2_000, "messages": [{"role": "user", "content": content}]}
        return lambda gone: ask(quiet(question, by), [by], asking, KIND, self._once.seconds, gone)


def length(system: Any) -> int:
    """Characters of a system prompt."""
    return sum(map(len, system_texts(system)))


@lru_cache(REMEMBERED)
def compact_texts(texts: tuple[str, ...], tools: tuple[str, ...], most: int) -> tuple[str, ...]:
    """The texts of a prompt's blocks as the rules make them; worked out once."""
    blocks = [{"type": "text", "text": text} for text in texts]
    return tuple(system_texts(compacted(blocks, tools, most)))


def digest(*words: Hashable) -> str:
    """A key made of words."""
    return hashlib.sha256("\n".join(map(str, words)).encode()).hexdigest()


def compression_for(settings: Settings, catalog: Catalog) -> Compression:
    """Compression as the settings want it."""
    shelf = Shelf(settings.state_dir, FILE, KEPT)
    once = Once(shelf, SECONDS, "a prompt was not summarised")
    begun = Shelf(settings.state_dir, BEGUN_FILE, KEPT_NOTES)
    return Compression(settings.prompt, once, begun, writer(settings, catalog))
