"""Searches of earlier turns as calls and results."""

from __future__ import annotations

from typing import Any

from translators.core.search import FETCH, SEARCH, Page, failed, fetched, found, server_use
from translators.core.search_replay import call_id, calls_alone, replayed, seen_text, server_id

Json = dict[str, Any]
PAGE = Page("https://a.test/x", "A", "words")
FIRST, SECOND = server_id("toolu_1"), server_id("toolu_2")


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def use(id: str, name: str = SEARCH, **given: Any) -> Json:
    return server_use(id, name, given)


def turn(*blocks: Json) -> list[Json]:
    """A conversation whose answer has these blocks."""
    return [{"role": "user", "content": "q"}, {"role": "assistant", "content": list(blocks)}]


def brief(messages: list[Json]) -> list[Any]:
    """(role, what its blocks are)."""
    return [
        (message["role"], [block.get("text") or block["type"] for block in message["content"]])
        for message in messages[1:]
    ]


def test_ids_lead_back() -> None:
    assert call_id(server_id("toolu_ab12")) == "toolu_ab12"
    assert call_id("srvtoolu_01ABC") == "toolu_01ABC"


def test_a_search_is_a_call_its_result_and_what_followed() -> None:
    made = replayed(turn(text("I look."), use(FIRST, query="q"), found(FIRST, [PAGE]), text("So.")), [SEARCH])
    assert brief(made) == [("assistant", ["I look.", "tool_use"]), ("user", ["tool_result"]), ("assistant", ["So."])]
    call, result = made[1]["content"][1], made[2]["content"][0]
    assert call == {"type": "tool_use", "id": "toolu_1", "name": "web_search", "input": {"query": "q"}}
    assert result["tool_use_id"] == "toolu_1"
    assert result["content"] == "A https://a.test/x\nwords"


def test_only_a_search_becomes_a_call() -> None:
    others = [{"type": "text", "text": "a", "id": FIRST}, {"type": "text", "text": "b", "id": ["x"]}]
    made = replayed(turn(use(FIRST, query="q"), *others), [SEARCH])
    assert brief(made) == [("assistant", ["tool_use", "a", "b"])]


def test_searches_at_once_and_one_after_the_other() -> None:
    both = [use(FIRST), use(SECOND), found(FIRST, []), found(SECOND, [])]
    assert brief(replayed(turn(*both, text("So.")), [SEARCH])) == [
        ("assistant", ["tool_use", "tool_use"]),
        ("user", ["tool_result", "tool_result"]),
        ("assistant", ["So."]),
    ]
    chain = [use(FIRST), found(FIRST, []), use(SECOND), found(SECOND, [])]
    assert brief(replayed(turn(*chain), [SEARCH])) == [
        ("assistant", ["tool_use"]),
        ("user", ["tool_result"]),
        ("assistant", ["tool_use"]),
        ("user", ["tool_result"]),
    ]


def test_a_clients_call_stays_in_the_turn_of_its_search() -> None:
    call = {"type": "tool_use", "id": "toolu_9", "name": "Read", "input": {}}
    for order in ([use(FIRST), call, found(FIRST, [])], [use(FIRST), found(FIRST, []), call]):
        assert brief(replayed(turn(*order), [SEARCH])) == [
            ("assistant", ["tool_use", "tool_use"]),
            ("user", ["tool_result"]),
        ]


def test_an_error_is_one() -> None:
    result = replayed(turn(use(FIRST), failed(FIRST, SEARCH, "unavailable")), [SEARCH])[2]["content"][0]
    assert result["is_error"] is True
    assert result["content"].startswith("unavailable: ")


def test_a_fetched_page_is_its_document() -> None:
    document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "words"}}
    block = fetched(FIRST, "https://a.test", document, "2026-03-01T00:00:00+00:00")
    result = replayed(turn(use(FIRST, FETCH), block), [FETCH])[2]["content"][0]
    assert result["content"] == [text("https://a.test"), document]


def test_a_search_that_hands_its_arguments_back() -> None:
    made = replayed(turn(use(FIRST, search_result={"search_id": "é"}), found(FIRST, [])), [SEARCH], echo=True)
    assert made[2]["content"][0]["content"] == '{"search_result": {"search_id": "é"}}'


def test_tools_that_are_not_run_here_stay() -> None:
    said = turn(use(FIRST), found(FIRST, [PAGE]), text("So."))
    assert replayed(said, [FETCH]) == said
    assert replayed(said, []) == said


def test_a_result_without_its_call_stays() -> None:
    said = turn(found(FIRST, [PAGE]), text("So."))
    assert replayed(said, [SEARCH]) == said


def test_what_others_have_said() -> None:
    said = [
        {"role": "user", "content": [text("see https://u.test")]},
        {"role": "assistant", "content": [text("https://made-up.test"), use(FIRST), found(FIRST, [PAGE])]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "https://t.test/ü"}]},
    ]
    seen = seen_text(said)
    assert all(url in seen for url in ("https://u.test", "https://a.test/x", "https://t.test/ü"))
    assert "made-up" not in seen


def test_requests_with_web_tools_alone() -> None:
    search = {"type": "web_search_20250305", "name": "web_search"}
    assert calls_alone({"tools": [search]})
    assert not calls_alone({"tools": [search, {"name": "Read"}]})
