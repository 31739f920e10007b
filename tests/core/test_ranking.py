"""Tools ranked by words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.filler_tools import filler_tools
from translators.core.ranking import ranked, words

MAIL = {"name": "sendMail", "description": "Sends a letter.", "input_schema": {"properties": {"to": {}}}}
WEATHER: dict[str, Any] = {
    "name": "forecast",
    "description": "Sun and rain.",
    "input_schema": {"type": "object", "properties": {"city_name": {"description": "A town."}, "odd": True}},
}
BARE = {"name": "bare"}
TOOLS = [MAIL, WEATHER, BARE]

QUERIES = {
    "a word of the name": ("forecast", ["forecast"]),
    "a part of a camelCase name": ("mail", ["sendMail"]),
    "a word of the description": ("rain", ["forecast"]),
    "the name of an argument": ("city", ["forecast"]),
    "the description of an argument": ("town", ["forecast"]),
    "a plural": ("letters", ["sendMail"]),
    "in capitals": ("RAIN", ["forecast"]),
    "no word that any has": ("zebra", []),
    "no word at all": ("?!", []),
    "a tool that says nothing": ("bare", ["bare"]),
    "the best first": ("send the forecast by mail", ["sendMail", "forecast"]),
}


@pytest.mark.parametrize(("query", "names"), QUERIES.values(), ids=QUERIES.keys())
def test_what_a_query_finds(query: str, names: list[str]) -> None:
    assert ranked(query, TOOLS, 5) == names


def test_no_more_than_asked_for_and_always_the_same() -> None:
    found = ranked("issue", filler_tools(), 3)
    assert len(found) == 3
    assert found == ranked("issue", filler_tools(), 3)
    assert all("issue" in name for name in found)


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    assert ranked("create a backup", filler_tools(), 1) == ["mcp__database__create_backup"]
    assert ranked("which milestones are there? list", filler_tools(), 1) == ["mcp__tracker__list_milestone"]


def test_no_tools() -> None:
    assert ranked("a", [], 5) == []


def test_words_of_other_languages() -> None:
    assert words("Überweisung prüfen_2") == ["überweisung", "prüfen", "2"]
    assert words("glass bus news") == ["glass", "bus", "new"]
