"""Laws of the HTTP surface: whatever a client sends, it gets an answer or an error that says what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import responses
from hypothesis import strategies as st

from tests.conformance.targets import CHOICES
from tests.fuzz.conversations import requests
from tests.fuzz.counting import law
from tests.fuzz.damage import GARBAGE, littered, spoiled
from tests.fuzz.surface import MODELS, check, client, scripted_vendors
from tests.fuzz.words import TEXTS, VALUES
from translators.core.vendor import Json

POSTS = ("/v1/messages", "/v1/messages?beta=true", "/v1/messages/count_tokens", "/proxy/v1/messages")
CLIENTS = st.integers(0, len(CHOICES) - 1)
HEADERS: st.SearchStrategy[dict[str, str]] = st.fixed_dictionaries(
    {},
    optional={
        "content-encoding": st.sampled_from(("gzip", "deflate", "br", "identity", "zstd", "")),
        "content-type": st.sampled_from(("application/json", "text/plain", "multipart/form-data; boundary=x", "?")),
        "anthropic-version": st.sampled_from(("2023-06-01", "2026-10-21", "x")),
        "anthropic-beta": st.sampled_from(("", "context-1m-2025-08-07", ",,")),
        "x-claude-code-session-id": st.sampled_from(("s", "x" * 999)),
        "content-length": st.sampled_from(("0", "3", "-1", "x")),
    },
)


@pytest.fixture(scope="module", autouse=True)
def vendors() -> Iterator[responses.RequestsMock]:
    """Vendors that answer everything."""
    with scripted_vendors() as mock:
        yield mock


@law(1_500, requests(), st.sampled_from(MODELS), st.sampled_from(POSTS), CLIENTS)
def test_a_valid_body_is_answered(message: Json, model: str, path: str, choice: int) -> None:
    check(client(choice).post(path, data=json.dumps({**message, "model": model})))


@law(2_500, requests(), st.sampled_from(MODELS), st.sampled_from(POSTS), CLIENTS, st.data())
def test_wrong_types_are_answered(message: Json, model: str, path: str, choice: int, data: st.DataObject) -> None:
    body = data.draw(spoiled({**message, "model": model}))
    check(client(choice).post(path, data=json.dumps(body)))


BODIES: st.SearchStrategy[bytes] = st.one_of(
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.lists(GARBAGE, max_size=4).map(b"".join),
    st.just(b'{"model": "demo", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello."}]}').flatmap(
        littered
    ),
)
METHODS = st.sampled_from((*["POST"] * 7, "GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "X"))
PATHS = st.one_of(
    st.sampled_from(
        (
            *("/", "/v1", "/v1/messages", "/v1/messages/", "/v1/models", "/v1/models/", "/v1/messages/batches"),
            *("/v1/models/claude-sonnet-4-6", "/v1/models?limit=x", "/v1/models?limit=0", "/v1/models?after_id=x"),
            *(
                "/openai:gpt-5.5/v1/messages",
                "/:/v1/messages",
                "/x:y/v1/messages/count_tokens",
                "/health",
                "/api/hello",
            ),
            *("//v1/messages", "/v1/models/%00", "/v1/models/%ff", "/v1/models/../x", "/v1/complete"),
        )
    ),
    TEXTS.map(lambda text: "/v1/models/" + text.encode("utf-8", "replace").decode().replace("\n", " ")),
)


@law(3_000, METHODS, st.one_of(st.sampled_from(POSTS), PATHS), BODIES, HEADERS, CLIENTS)
def test_anything_is_answered(method: str, path: str, body: bytes, headers: dict[str, str], choice: int) -> None:
    check(asked(method, path, body, headers, choice))


def asked(method: str, path: str, body: bytes, headers: dict[str, str], choice: int) -> Any:
    """The answer to a request."""
    return client(choice).open(path, method=method, data=body, headers=headers)
