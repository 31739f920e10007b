"""Signatures: what is written can be read, what others wrote is left alone, and nothing a client sends can hurt."""

from __future__ import annotations

import base64
import json
import re
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.core.thinking import MAX_BYTES, PREFIX, Signature, memories, read, sign

TEXT = st.text(st.characters(), max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
SIGNATURES = st.builds(Signature, TEXT, TEXT, TEXT, st.lists(st.tuples(TEXT, JSON), max_size=4).map(tuple))


@given(SIGNATURES)
def test_what_is_signed_can_be_read(signature: Signature) -> None:
    assert read(sign(signature)) == signature


@given(SIGNATURES)
def test_a_signature_travels_as_plain_letters(signature: Signature) -> None:
    assert re.fullmatch(r"rialto1\.[A-Za-z0-9_=-]+", sign(signature))


def test_half_characters_survive() -> None:
    assert read(sign(Signature("v", "m", "\ud83d", (("k", ["\ude00"]),)))) == Signature(
        "v", "m", "\ud83d", (("k", ["\ude00"]),)
    )


def test_a_long_text_is_packed() -> None:
    assert len(sign(Signature("v", "m", "the same words again " * 500))) < 400


@given(st.text() | st.text().map(lambda text: PREFIX + text) | JSON)
def test_reading_never_raises(text: Any) -> None:
    read(text)


@given(SIGNATURES, st.integers(0, 200), st.sampled_from("A_=-!é."))
def test_a_damaged_signature_is_unreadable_or_right(signature: Signature, at: int, letter: str) -> None:
    text = sign(signature)
    at = len(PREFIX) + at % (len(text) - len(PREFIX))
    assert read(text[:at] + letter + text[at + 1 :]) in (None, signature)


@given(SIGNATURES, st.integers(0, 200))
def test_a_shortened_signature_is_unreadable(signature: Signature, size: int) -> None:
    text = sign(signature)
    assert read(text[: size % (len(text) - 1)]) in (None, signature)


def packed(data: bytes) -> str:
    """Anything in the form of a signature."""
    return PREFIX + base64.urlsafe_b64encode(zlib.compress(data)).decode()


HOSTILE = {
    "no base64": PREFIX + "***",
    "no deflate": PREFIX + base64.urlsafe_b64encode(b"plain").decode(),
    "no JSON": packed(b"{"),
    "no UTF-8": packed(b'["\xff","m","",[]]'),
    "an object": packed(b"{}"),
    "a number": packed(b"1"),
    "too few fields": packed(b'["v","m"]'),
    "too many fields": packed(b'["v","m","",[],1]'),
    "opaque is no list": packed(b'["v","m","",7]'),
    "opaque of no pairs": packed(b'["v","m","",[["k"]]]'),
    "nested without end": packed(b"[" * 200_000),
    "larger than allowed": packed(json.dumps(["v", "m", "a" * MAX_BYTES, []]).encode()),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_signatures_are_unreadable(text: str) -> None:
    assert read(text) is None


FOREIGN = ["", "EqQBCkYIBxgCKkD", "rialto2.abc", "rialto1", None, 5, ["rialto1."], " " + sign(Signature("v", "m"))]


@pytest.mark.parametrize("text", FOREIGN)
def test_foreign_signatures_are_not_ours(text: Any) -> None:
    assert read(text) is None


def test_values_of_one_kind_keep_their_order() -> None:
    signature = Signature("v", "m", opaque=(("a", 1), ("b", 2), ("a", 3)))
    assert (signature.values("a"), signature.values("c")) == ([1, 3], [])


def thinking(text: str, signature: Any) -> dict[str, Any]:
    """A thinking block."""
    return {"type": "thinking", "thinking": text, "signature": signature}


MEMORIES = {
    "shown": ([thinking("shown", sign(Signature("acme", "m")))], ["shown"]),
    "hidden": ([thinking("", sign(Signature("acme", "m", "hidden")))], ["hidden"]),
    "both": ([thinking("shown", sign(Signature("acme", "m", "hidden")))], ["hidden"]),
    "another model of the vendor": ([thinking("a", sign(Signature("acme", "n")))], ["a"]),
    "another vendor": ([thinking("a", sign(Signature("other", "m")))], []),
    "made by Anthropic": ([thinking("a", "EqQBCkYIBxgCKkD")], []),
    "unsigned": ([thinking("a", ""), {"type": "thinking", "thinking": "b"}], []),
    "redacted": ([{"type": "redacted_thinking", "data": sign(Signature("acme", "m"))}], []),
    "no thinking": ([{"type": "text", "text": "a", "signature": sign(Signature("acme", "m"))}], []),
    "without text": ([thinking(None, sign(Signature("acme", "m")))], [""]),  # type: ignore[arg-type]
    "several": ([thinking("a", sign(Signature("acme", "m"))), {"type": "text", "text": "x"}] * 2, ["a", "a"]),
}


@pytest.mark.parametrize(("blocks", "expected"), MEMORIES.values(), ids=MEMORIES.keys())
def test_a_vendor_gets_its_own_reasoning_back(blocks: list[Any], expected: list[str]) -> None:
    assert [text for text, _ in memories(blocks, "acme")] == expected
