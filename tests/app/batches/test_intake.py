"""The items out of a batch's body, however its bytes are cut, and what is refused at once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.batches import intake
from app.batches.batch import Item
from app.batches.intake import items
from translators.core.errors import InvalidRequest, RialtoError, TooLarge

LIMIT = 100_000
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text('a"\\[]{},:0é\u2028'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('b"\\{'), inner, max_size=3),
    max_leaves=8,
)


def request(custom_id: Any = "a", **params: Any) -> dict[str, Any]:
    return {"custom_id": custom_id, "params": params}


def found(body: Any, size: int = 7) -> list[Item]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return list(items((data[at : at + size] for at in range(0, len(data), size)), LIMIT))


@given(st.lists(st.dictionaries(st.text(max_size=3), VALUES, max_size=3), min_size=1, max_size=4), st.integers(1, 9))
def test_items_are_what_was_sent(bodies: list[dict[str, Any]], size: int) -> None:
    body = {"requests": [{"custom_id": f"id_{at}", "params": params} for at, params in enumerate(bodies)]}
    for data in (json.dumps(body), json.dumps(body, ensure_ascii=False), json.dumps(body, indent=2)):
        read = found(data.encode(), size)
        assert [item.custom_id for item in read] == [f"id_{at}" for at in range(len(bodies))]
        assert [json.loads(item.params) for item in read] == bodies


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"[1]", "should be a JSON object"),
        (b'{"requests": [', "not valid JSON"),
        (b'{"requests": [{"custom_id": "a", "params": {}}', "not valid JSON"),
        (b'{"requests": [{"custom_id": "a", "params": {}}]} more', "not valid JSON"),
        (b'{"requests": [{"custom_id": "a", "params": {}} {}]}', "requests.1.custom_id"),
        (b'{"requests": [{"custom_id": "a", "params": {]]}', "not valid JSON"),
        (b'{"requests": [{"custom_id": "a" "params": {}}]}', "not valid JSON"),
        (b'{"requests": [' + b"[" * 50_000, "not valid JSON"),
        (b'{"requests": [' + b"[" * 5_000 + b"]" * 5_001 + b"}", "nested too deeply"),
        ({}, "^requests: Field required$"),
        ({"requests": []}, "at least 1 item"),
        ({"requests": "x"}, "should be a list"),
        ({"requests": {"a": request()}}, "should be a list"),
        ({"requests": [0]}, "should be a list of objects"),
        ({"requests": [request(), 0]}, "should be a list of objects"),
        ({"requests": [0], "more": [request()]}, "^more: Extra inputs"),
        ({"requests": [request(), [1]]}, r"^requests\.1: Input should be an object"),
        ({"requests": [{"params": {}}]}, r"^requests\.0\.custom_id: String should match pattern"),
        ({"requests": [request("")]}, r"^requests\.0\.custom_id"),
        ({"requests": [request("a b")]}, r"^requests\.0\.custom_id"),
        ({"requests": [request("a" * 65)]}, r"^requests\.0\.custom_id"),
        ({"requests": [request(7)]}, r"^requests\.0\.custom_id"),
        ({"requests": [request("a"), request("b"), request("a")]}, r"^requests\.2\.custom_id: a is there twice"),
        ({"requests": [{"custom_id": "a"}]}, r"^requests\.0\.params"),
        ({"requests": [{"custom_id": "a", "params": []}]}, r"^requests\.0\.params"),
        ({"requests": [request(), request("b", deep=json.loads("[" * 250 + "]" * 250))]}, "deeply"),
    ],
    ids=repr,
)
def test_what_is_refused_at_once(body: Any, error: str) -> None:
    with pytest.raises(InvalidRequest, match=error):
        found(body, 4096)


def test_a_request_that_is_too_large() -> None:
    with pytest.raises(TooLarge, match="MAX_BODY_MB"):
        found({"requests": [request(text="x" * LIMIT)]}, 4096)
    assert len(found({"requests": [request(str(at), text="x" * (LIMIT // 2)) for at in range(5)]}, 4096)) == 5


@pytest.mark.parametrize("body", [b'{"' + b"x" * 500, b'{"requests": [' + b"0," * 500, b" " * 500])
def test_a_body_of_anything_else_is_not_gathered(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST_FRAME", 400)
    with pytest.raises(RialtoError, match="should be a list"):
        found(body)


def test_too_many_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST_ITEMS", 2)
    assert len(found({"requests": [request("a"), request("b")]})) == 2
    with pytest.raises(InvalidRequest, match="at most 2 items"):
        found({"requests": [request("a"), request("b"), request("c")]})


def test_large_numbers_and_half_surrogates() -> None:
    (item,) = found(
        b'{"requests": [{"custom_id": "a", "params": {"n": 123456789012345678901234567890, "s": "\\ud800"}}]}'
    )
    assert json.loads(item.params)["s"] == "?"
