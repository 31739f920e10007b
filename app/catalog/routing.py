"""Routing: which model a request reaches by what it is, when it comes and what it would cost.

A rule of `[[routing]]` in `conf/models.toml` holds for names that do not say their vendor. The first one that fits
decides; without one the name means what it always means. `destination` is a pure function of plain values.

A conversation does not change its vendor without need, because its reasoning can be read there alone: rules of hours
and prices count when it begins, later the thinking in its history tells where it is at home.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, tzinfo
from fnmatch import fnmatchcase
from typing import Literal, get_args

from app.exchange.account import pictures
from app.usage.kind import is_classifier, is_hook, is_title, is_web_fetch
from translators.core.intent import intent
from translators.core.search import searching
from translators.core.thinking import read
from translators.core.vendor import Json

Kind = Literal["background", "thinking", "long_context", "web_search", "image"]
KINDS: tuple[Kind, ...] = get_args(Kind)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

#: The small jobs that Claude Code does beside a conversation, whatever model it names.
BACKGROUND = (is_title, is_hook, is_classifier, is_web_fetch)
#: The class of names that stands for such jobs.
SMALL_CLASS = "haiku"
#: Below this share of its limit a conversation leaves the model for long contexts again: estimates waver.
STAYS_LONG = 0.9
#: Output tokens with which models are compared.
USUAL_OUTPUT = 1_000


@dataclass(frozen=True, slots=True)
class Hours:
    """Times of the day in a zone, each from one time up to another, over midnight too. `days` are those on which they
    begin, Monday is 0.
    """

    spans: tuple[tuple[time, time], ...]
    zone: tzinfo
    days: frozenset[int] = frozenset(range(7))

    def hold(self, moment: datetime) -> bool:
        """Whether a moment lies in them."""
        local = moment.astimezone(self.zone)
        today, now = local.weekday(), local.time()
        return any(self._within(span, today, now) for span in self.spans)

    def _within(self, span: tuple[time, time], today: int, now: time) -> bool:
        begin, end = span
        if begin < end:
            return today in self.days and begin <= now < end
        return (today in self.days and now >= begin) or ((today - 1) % 7 in self.days and now < end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row. Everything that it names must hold. `models` are where it leads, as `vendor/model`: one, or several of
    which the cheapest is taken. `names` are patterns of the client's names, () means all; `over` is tokens of input.
    """

    models: tuple[str, ...]
    kind: Kind | None = None
    names: tuple[str, ...] = ()
    over: int = 0
    hours: Hours | None = None

    def is_for(self, name: str) -> bool:
        """Whether the client's name is among the rule's, with or without its `[1m]`. In a pattern that is no choice of
        letters.
        """
        patterns = [pattern.lower().replace("[", "[[]") for pattern in self.names]
        forms = (name.lower(), name.lower().partition("[")[0])
        return not patterns or any(fnmatchcase(form, pattern) for form in forms for pattern in patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the rules look at. `tokens` is the estimated input, `usual` the `vendor/model` that the name means without
    rules, `home` the one that the conversation's thinking is from or "". `prices` are those of the models of rules.
    """

    name: str
    kinds: frozenset[Kind] = frozenset()
    tokens: int = 0
    moment: datetime
    usual: str = ""
    home: str = ""
    prices: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def destination(rules: Sequence[Rule], asked: Asked) -> str | None:
    """The model of the first rule that fits, None without one."""
    return next((choice(rule, asked) for rule in rules if fits(rule, asked)), None)


def fits(rule: Rule, asked: Asked) -> bool:
    """Whether a rule holds for a request."""
    if rule.kind not in (None, "long_context", *asked.kinds):
        return False
    least = rule.over * STAYS_LONG if asked.home in rule.models else rule.over
    return rule.is_for(asked.name) and (not rule.over or asked.tokens > least) and holds_now(rule, asked)


def holds_now(rule: Rule, asked: Asked) -> bool:
    """Whether it is the time of a rule; a conversation that has a home stays there."""
    if rule.hours is None:
        return True
    if asked.home and asked.home in (asked.usual, *rule.models):
        return asked.home in rule.models
    return rule.hours.hold(asked.moment)


def choice(rule: Rule, asked: Asked) -> str:
    """The model of a rule: the conversation's own, else the cheapest. Of models without prices the first one counts."""
    if asked.home in rule.models:
        return asked.home
    return min(rule.models, key=lambda model: cost(asked.prices.get(model) or {}, asked.tokens))


def cost(prices: Mapping[str, float], tokens: int) -> float:
    """What a request of this size costs, as a number to compare; without prices more than any."""
    if "input" not in prices or "output" not in prices:
        return float("inf")
    return prices["input"] * tokens + prices["output"] * USUAL_OUTPUT


def kinds_of(message: Json, headers: Mapping[str, str], tier: str = "") -> frozenset[Kind]:
    """What a request is. `headers` have lower-case names, `tier` is the class of a Claude name. One that is only
    counted is none of the client's small jobs.
    """
    return frozenset(kinds(message, headers, tier))


def kinds(message: Json, headers: Mapping[str, str], tier: str) -> Iterator[Kind]:
    """The same, one after the other."""
    is_sent = bool(message.get("max_tokens"))
    if tier == SMALL_CLASS or (is_sent and any(is_it(message, headers) for is_it in BACKGROUND)):
        yield "background"
    if intent(message).on:
        yield "thinking"
    if searching(message) is not None:
        yield "web_search"
    if any(pictures(turn.get("content")) for turn in message["messages"]):
        yield "image"


def home_of(message: Json) -> str:
    """The `vendor/model` that the newest thinking of a conversation is from, "" when it tells none."""
    for turn in reversed(message["messages"]):
        content = turn.get("content")
        for block in reversed(content if isinstance(content, list) else []):
            if block.get("type") == "thinking" and (origin := read(block.get("signature"))):
                return f"{origin.vendor}/{origin.model}"
    return ""
