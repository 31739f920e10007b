"""No key is in a capture, in whatever spelling and wherever bytes were cut."""

from __future__ import annotations

import pytest

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


def test_headers() -> None:
    headers = {
        "Authorization": "Bearer abc",
        "x-api-key": "abc",
        "api-key": "abc",
        "Cookie": "a=b",
        "X-Forwarded-For": "10.0.0.7",
        "x-team": "blue",
        "user-agent": "claude-cli/2 plain-key-of-a-vendor",
        "anthropic-beta": "x",
    }
    kept = {"user-agent": "claude-cli/2 [key]", "anthropic-beta": "x"}
    assert SECRETS.headers(headers) == dict.fromkeys(headers, "[key]") | {"x-team": "blue"} | kept
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
