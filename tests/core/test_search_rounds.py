"""Several answers as one message."""

from __future__ import annotations

import json
from itertools import chain
from typing import Any

import pytest

from tests.support.grammar import complaints
from translators.core.deltas import Usage
from translators.core.errors import Broke
from translators.core.message import fold
from translators.core.search import SEARCH, Page, failed, found
from translators.core.search_replay import server_id
from translators.core.search_rounds import Rounds, addresses, content_of, told

Json = dict[str, Any]
PAGES = [Page("https://a.test/x", "A", "words"), Page("https://b.test/(y)", "B")]
NAMES = {"web_search": SEARCH}
OPENING = {
    "type": "message_start",
    "message": {
        **{"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": []},
        **{"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 5, "output_tokens": 0}},
    },
}


def block(content: Json, *deltas: Json) -> list[Json]:
    """One block of a round; its index is another one in the message."""
    return [
        {"type": "content_block_start", "index": 0, "content_block": content},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
    ]


def text(*pieces: str) -> list[Json]:
    return block({"type": "text", "text": ""}, *({"type": "text_delta", "text": piece} for piece in pieces))


def call(name: str = "web_search", id: str = "toolu_1") -> list[Json]:
    given = {"type": "input_json_delta", "partial_json": '{"query":"q"}'}
    return block({"type": "tool_use", "id": id, "name": name, "input": {}}, given)


def result(id: str = "toolu_1") -> list[Json]:
    return block(found(server_id(id), PAGES))


def end(reason: str = "end_turn", output: int = 3) -> list[Json]:
    usage = {"input_tokens": 10, "output_tokens": output, "cache_read_input_tokens": 2}
    delta = {"stop_reason": reason, "stop_sequence": None}
    return [{"type": "message_delta", "delta": delta, "usage": usage}, {"type": "message_stop"}]


def stream() -> Rounds:
    return Rounds([OPENING], "Vendor")


def played(*parts: list[Json], rounds: Rounds | None = None) -> list[Json]:
    """The events of a whole message, which keep the grammar."""
    rounds = rounds or stream()
    heard = [event for part in parts for event in told(part, NAMES)]
    events = [*rounds.start(), *(made for event in heard for made in rounds.feed(event))]
    events += rounds.close()
    assert complaints(events) == []
    return events


def test_a_search_between_two_rounds() -> None:
    message = fold(played([OPENING], call(), end("tool_use"), result(), [OPENING], text("So."), end()))
    use, pages, said = message["content"]
    assert use == {"type": "server_tool_use", "id": server_id("toolu_1"), "name": "web_search", "input": {"query": "q"}}
    assert pages["tool_use_id"] == use["id"]
    assert said["text"] == "So."
    assert message["stop_reason"] == "end_turn"
    assert message["usage"] == {
        **{"input_tokens": 20, "output_tokens": 6, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 0},
        "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0},
    }


def test_a_clients_call_is_the_clients() -> None:
    message = fold(played(call("Read", "toolu_2"), call(), end("tool_use"), result()))
    assert [block["type"] for block in message["content"]] == ["tool_use", "server_tool_use", "web_search_tool_result"]
    assert message["stop_reason"] == "tool_use"


def test_a_message_that_ends_with_a_search_ends_ordinarily() -> None:
    assert fold(played(call(), end("tool_use"), result()))["stop_reason"] == "end_turn"


def test_a_failed_search_is_not_counted() -> None:
    events = played(call(), block(failed(server_id("toolu_1"), SEARCH, "unavailable")), end())
    assert fold(events)["usage"]["server_tool_use"]["web_search_requests"] == 0


def test_no_search_no_count() -> None:
    assert "server_tool_use" not in fold(played(text("a"), end()))["usage"]


#: Pieces of a text -> the addresses that it cites.
TEXTS: dict[tuple[str, ...], list[str]] = {
    ("See https://a.test/x.",): ["https://a.test/x"],
    ("See [A](https://a.test/x), and [B](https://b.test/(y)).",): ["https://a.test/x", "https://b.test/(y)"],
    ("See htt", "ps://a.te", "st/x", " twice: https://a.test/x/"): ["https://a.test/x"],
    ("https://a.test/xy and https://a.test/x?z=1",): [],
    ("https://a.test/x", "y"): [],
    ("nothing at all",): [],
    ("**https://b.test/(y)**",): ["https://b.test/(y)"],
    ("|https://a.test/x|",): ["https://a.test/x"],
}


@pytest.mark.parametrize("pieces", TEXTS, ids=" ".join)
def test_an_address_in_the_text_is_a_citation(pieces: tuple[str, ...]) -> None:
    message = fold(played(call(), result(), text(*pieces), end()))
    said = message["content"][-1]
    assert said["text"] == "".join(pieces)
    assert [citation["url"] for citation in said.get("citations", [])] == TEXTS[pieces]


def test_a_text_before_the_search_cites_nothing() -> None:
    message = fold(played(text("https://a.test/x"), call(), result(), text("So."), end()))
    assert "citations" not in str(message)


def test_a_long_text_is_not_searched_again_and_again() -> None:
    urls, rest = addresses("x" * 9000 + " https://a.test/x and more", at_end=False)
    assert urls == ["https://a.test/x"]
    assert len(rest) < 10


def test_counts_that_the_vendor_gave() -> None:
    rounds = stream()
    rounds.feed({"type": "round", "reported": None})
    assert rounds.usage is None
    for _ in range(2):
        rounds.feed({"type": "round", "reported": Usage(10, 2)})
    assert rounds.usage == Usage(20, 4)


def test_a_sign_of_life() -> None:
    rounds = stream()
    assert rounds.pulse()["type"] == "message_delta"
    rounds.feed(text("a")[0])
    assert rounds.pulse() == {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": ""}}


def test_a_bad_end_closes_what_is_worth_keeping() -> None:
    """Text behind another block, and the calls that Rialto has run itself."""
    for *before, opened, closes in (
        (text("a"), False),
        (text("a"), text("b"), True),
        (call("Read"), False),
        (call(), True),
    ):
        rounds = stream()
        for event in told([*chain(*before), opened[0]], NAMES):
            rounds.feed(event)
        events = rounds.fail(Broke("gone"))
        assert [event["type"] for event in events] == [*(["content_block_stop"] if closes else []), "error"]
        assert rounds.error is not None
        assert rounds.fail(Broke("again")) == rounds.close() == []


def test_a_bad_end_in_a_thought_leaves_it_open() -> None:
    rounds = stream()
    opening = rounds.start()
    thought = block({"type": "thinking", "thinking": "", "signature": ""}, {"type": "thinking_delta", "thinking": "hm"})
    events = [event for part in thought[:-1] for event in rounds.feed(part)]
    events += rounds.fail(Broke("gone"))
    assert [event["type"] for event in events[-2:]] == ["content_block_delta", "error"]
    assert complaints([*opening, *events]) == []


def test_an_end_without_an_answer_is_an_error() -> None:
    rounds = stream()
    assert rounds.close()[-1]["type"] == "error"
    assert "Vendor" in str(rounds.error)


def test_the_content_of_a_round() -> None:
    events = [{**event, "index": place} for place, part in enumerate((text("a"), call())) for event in part]
    said, use = content_of([OPENING, *told(events, NAMES), *end()])
    assert said == {"type": "text", "text": "a"}
    assert (use["type"], use["input"]) == ("server_tool_use", {"query": "q"})
    assert json.dumps(use)
