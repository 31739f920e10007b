"""Tools ranked by a query in words: Okapi BM25 over names, descriptions and arguments.

The formula: Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

#: Saturation of a word that is repeated, and the weight of a text's length.
K1, B = 1.2, 0.75
#: A word of the name counts as often.
NAME_WEIGHT = 3
WORD = re.compile(r"[^\W_]+")
#: Between the words of a camelCase name.
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def ranked(query: str, tools: Sequence[Mapping[str, Any]], most: int) -> list[str]:
    """The names of the tools that share a word with the query, the best first."""
    texts = [Counter(tool_words(tool)) for tool in tools]
    wanted = set(words(query))
    usual = sum(text.total() for text in texts) / len(texts) if texts else 0.0
    weights = {word: rarity(sum(word in text for text in texts), len(texts)) for word in wanted}
    scored = [(score(text, weights, usual), tool) for text, tool in zip(texts, tools, strict=True)]
    best = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: -pair[0])
    return [str(tool["name"]) for _, tool in best[:most]]


def score(text: Counter[str], weights: Mapping[str, float], usual: float) -> float:
    """How well a text fits; `usual` is the mean length of all."""
    length = K1 * (1 - B + B * text.total() / usual) if usual else K1
    return sum(weight * text[word] * (K1 + 1) / (text[word] + length) for word, weight in weights.items())


def rarity(holders: int, all: int) -> float:
    """The weight of a word that so many of all texts hold."""
    return math.log(1 + (all - holders + 0.5) / (holders + 0.5))


def tool_words(tool: Mapping[str, Any]) -> Iterator[str]:
    """The words of a tool's definition."""
    for _ in range(NAME_WEIGHT):
        yield from words(str(tool.get("name") or ""))
    yield from words(" ".join(prose(tool)))


def prose(tool: Mapping[str, Any]) -> Iterator[str]:
    """What a tool says of itself and of its arguments."""
    yield str(tool.get("description") or "")
    schema = tool.get("input_schema")
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    for name, rule in properties.items() if isinstance(properties, Mapping) else ():
        yield str(name)
        if isinstance(rule, Mapping):
            yield str(rule.get("description") or "")


def words(text: str) -> list[str]:
    """The words of a text in lower case, without the s of a plural."""
    return [singular(word) for word in WORD.findall(HUMP.sub(" ", text).lower())]


def singular(word: str) -> str:
    """The word without the s of a plural."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
