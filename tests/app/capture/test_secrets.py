"""No key is in a capture, in whatever spelling and wherever bytes were cut."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.capture.secrets import Secrets

KEY = 'key+"Hemlock"/7431'
SECRETS = Secrets([KEY, "short", "plain-key-of-a-vendor"])


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("x plain-key-of-a-vendor y", "x [key] y"),
        (f"{KEY} and key%2B%22Hemlock%22%2F7431", "[key] and [key]"),
        ('{"a": "key+\\"Hemlock\\"/7431"}', '{"a": "[key]"}'),
        ("short stays", "short stays"),
        ("sk-abcdefghijklmnop", "[key]"),
        ('curl -H \\"Authorization: Bearer $TOKEN\\" x', 'curl -H \\"Authorization: Bearer [key]\\" x'),
        ("Bearer [key]", "Bearer [key]"),
        (r'{"a": "one:\nsk-abcdefghijklmnop\ttwo"}', r'{"a": "one:\n[key]\ttwo"}'),
        (f"CLIENT=rialto-{'Ab3_' * 11} here", "CLIENT=[key] here"),
        ("hf_abcdefghijklmnop ghp_abcdefghijklmnop AKIAABCDEFGHIJKLMNOP", "[key] [key] [key]"),
        (
            "task-abcdefghijklmnopqrst and rialto-of-the-team stay",
            "task-abcdefghijklmnopqrst and rialto-of-the-team stay",
        ),
    ],
)
def test_texts(text: str, clean: str) -> None:
    assert SECRETS.text(text) == clean
    assert SECRETS.text(clean) == clean


def test_values() -> None:
    value = {"plain-key-of-a-vendor": ["x", {"b": "plain-key-of-a-vendor"}], "n": 1, "half": "\ud83d"}
    assert SECRETS.value(value) == {"[key]": ["x", {"b": "[key]"}], "n": 1, "half": "\ud83d"}


@pytest.mark.parametrize("size", range(1, 30))
def test_bytes_stay_cut_where_they_were(size: int) -> None:
    data = b"before plain-key-of-a-vendor between plain-key-of-a-vendor behind"
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    clean = SECRETS.pieces(pieces)
    assert len(clean) == len(pieces) and b"".join(clean) == b"before [key] between [key] behind"
    assert clean[0] == pieces[0] if size <= 7 else clean[0].startswith(b"before ")
    assert SECRETS.pieces([b"a", b"bc"]) == [b"a", b"bc"]


@pytest.mark.parametrize("before", ["", "a", "ab", "user:"])
def test_base64(before: str) -> None:
    coded = base64.b64encode(f"{before}plain-key-of-a-vendor and more".encode()).decode()
    clean = SECRETS.text(f'{{"data": "{coded}"}}')
    assert "[key]" in clean
    letters = {base64.b64encode(bytes(at) + b"plain-key-of-a-vendor")[4:24].decode() for at in range(3)}
    assert not [part for part in letters if part in clean]


@given(st.lists(st.integers(1, 12), min_size=2, max_size=30), st.sampled_from(["content", "text", "partial_json"]))
def test_a_secret_that_a_model_says_word_by_word(sizes: list[int], name: str) -> None:
    text = "the keys are plain-key-of-a-vendor, sk-abcdefghijklmnop and no other"
    words, place = [], 0
    for size in sizes:
        words.append(text[place : place + size])
        place += size
    pieces = [
        b'data: {"n":1,"%b": %b}\n\n' % (name.encode(), json.dumps(word).encode()) for word in [*words, text[place:]]
    ]
    clean = SECRETS.pieces(pieces)
    told = [json.loads(piece[6:])[name] for piece in clean]
    assert "".join(told) == text.replace("plain-key-of-a-vendor", "x" * 21).replace("sk-abcdefghijklmnop", "x" * 19)
    assert [len(part) for part in told[:-1]] == [len(word) for word in words]


def test_headers() -> None:
    headers = {
        "Authorization": "Bearer abc",
        "x-api-key": "abc",
        "api-key": "abc",
        "Cookie": "a=b",
        "X-Forwarded-For": "10.0.0.7",
        "x-team": "blue",
        "anthropic-organization-id": "acme",
        "openai-project": "acme",
        "Location": "https://me:pass@host.test/login?jwt=abc&a=1",
        "user-agent": "claude-cli/2 plain-key-of-a-vendor",
        "anthropic-beta": "x",
    }
    kept = {"user-agent": "claude-cli/2 [key]", "anthropic-beta": "x"}
    shown = {"x-team": "blue", "Location": "https://[key]@host.test/login?jwt=[key]&a=1"}
    assert SECRETS.headers(headers) == dict.fromkeys(headers, "[key]") | shown | kept
    assert SECRETS.headers(headers, plain_only=True) == dict.fromkeys(headers, "[key]") | kept


@pytest.mark.parametrize(
    ("address", "clean"),
    [
        ("https://me:pass@host.test/v1?key=abc&alt=sse", "https://[key]@host.test/v1?key=[key]&alt=sse"),
        ("api_key=abc&x=1", "api_key=[key]&x=1"),
        ("https://host.test/v1?api-version=2024-10-21", "https://host.test/v1?api-version=2024-10-21"),
    ],
)
def test_addresses(address: str, clean: str) -> None:
    assert SECRETS.address(address) == clean == SECRETS.address(clean)
