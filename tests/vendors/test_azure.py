"""Azure: both addresses, the key header, the model behind a deployment, filters."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.bodies import TOOLS, WISHES, effort, refused, route, sent
from translators.azure import VENDOR
from translators.core.deltas import Text
from translators.core.errors import NotFound, Rejected, RialtoError
from translators.core.vendor import Json

DEPLOYMENT = "my-deployment"
DATED: Json = {"api_version": "2024-10-21"}
RESOURCE = "https://res.openai.azure.com"
LEGACY = f"{RESOURCE}/openai/deployments/my-deployment/chat/completions?api-version=2024-10-21"
V1 = f"{RESOURCE}/openai/v1/chat/completions"


@pytest.mark.parametrize("suffix", ["", "/", "/openai", "/openai/", "/openai/v1", "/openai/v1/"])
@pytest.mark.parametrize(
    ("version", "url"),
    [("", V1), ("v1", f"{V1}?api-version=v1"), ("preview", f"{V1}?api-version=preview"), ("2024-10-21", LEGACY)],
)
def test_url(suffix: str, version: str, url: str) -> None:
    base = RESOURCE + suffix
    assert VENDOR.url(base, route(VENDOR, DEPLOYMENT, base_url=base, extra={"api_version": version})) == url


def test_url_behind_a_gateway_path() -> None:
    base = "http://127.0.0.1:9/azure"
    assert VENDOR.url(base, route(VENDOR, DEPLOYMENT)) == f"{base}/openai/v1/chat/completions"


def test_deployment_names_are_quoted() -> None:
    assert "/deployments/a%2Fb%20c/" in VENDOR.url(RESOURCE, route(VENDOR, "a/b c", extra=DATED))


def test_key_and_variables() -> None:
    assert VENDOR.auth("k") == {"api-key": "k"}
    assert (VENDOR.address_variable, VENDOR.key_variable) == ("AZURE_API_BASE", "AZURE_API_KEY")


def test_unknown_deployments() -> None:
    body = sent(VENDOR, DEPLOYMENT, temperature=0.3, stop_sequences=["a"], **effort("high"))
    assert (body["model"], body["max_completion_tokens"], body["temperature"]) == (DEPLOYMENT, 9000, 0.3)
    assert (body["reasoning_effort"], body["stop"]) == ("high", ["a"])
    assert "max_tokens" not in body


@pytest.mark.parametrize(
    ("model", "extra"),
    [("gpt-5.6-prod", {}), (DEPLOYMENT, {"base_model": "gpt-5.6"}), (DEPLOYMENT, {"base_model": "gpt-6-sol"})],
)
def test_the_model_behind_the_deployment(model: str, extra: Json) -> None:
    body = sent(VENDOR, model, extra, tools=TOOLS, **effort("high"))
    assert body["reasoning_effort"] == "none"


def test_base_model_rules_sampling_and_off() -> None:
    body = sent(VENDOR, DEPLOYMENT, {"base_model": "gpt-5"}, temperature=0.3, **WISHES["off"])
    assert body["reasoning_effort"] == "minimal"
    assert "temperature" not in body


def test_cache_key_only_on_v1() -> None:
    assert sent(VENDOR, DEPLOYMENT, session="s")["prompt_cache_key"] == "s"
    assert "prompt_cache_key" not in sent(VENDOR, DEPLOYMENT, DATED, session="s")


def test_first_chunk_without_choices() -> None:
    first = {"choices": [], "id": "", "model": "", "prompt_filter_results": [{"prompt_index": 0}]}
    assert list(VENDOR.protocol.chunk(VENDOR.read(first))) == []
    second = {"choices": [{"delta": {"content": "Hi"}, "finish_reason": None, "content_filter_results": {}}]}
    assert Text("Hi") in list(VENDOR.protocol.chunk(VENDOR.read(second)))


FILTERED: Json = {
    "error": {
        "code": "content_filter",
        "message": "The response was filtered due to the prompt triggering the content management policy.",
        "param": "prompt",
        "status": 400,
        "innererror": {"code": "ResponsibleAIPolicyViolation"},
    }
}


@pytest.mark.parametrize(
    ("status", "body", "kind", "seen"),
    [
        (400, FILTERED, Rejected, 400),
        (400, {"error": {"code": "OperationNotSupported", "message": "does not work with the model"}}, Rejected, 400),
        (401, {"error": {"code": "401", "message": "Access denied due to invalid subscription key"}}, Rejected, 401),
        (
            404,
            {"error": {"code": "DeploymentNotFound", "message": "The API deployment does not exist."}},
            NotFound,
            404,
        ),
    ],
)
def test_errors(status: int, body: Any, kind: type[RialtoError], seen: int) -> None:
    error = refused(VENDOR, DEPLOYMENT, status, body)
    assert (type(error), error.status) == (kind, seen)
    assert body["error"]["message"] in error.message


def test_responses_at_the_v1_address() -> None:
    asked: Json = {
        "model": "m",
        "max_tokens": 900,
        "messages": [{"role": "user", "content": "Hello"}],
        "temperature": 0.5,
    }
    extra = {"api": "responses", "base_model": "gpt-5.6"}
    where = route(VENDOR, "dep", base_url="https://res.openai.azure.com", extra=extra).carrying(asked)
    count = where.vendor.protocol.count
    assert VENDOR.url(where.base_url, where) == "https://res.openai.azure.com/openai/v1/responses"
    assert count and count.url(where.base_url, where) == "https://res.openai.azure.com/openai/v1/responses/input_tokens"
    assert where.vendor.protocol.request(asked, where) == {
        "model": "dep",
        "stream": False,
        "store": False,
        "max_output_tokens": 900,
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "Hello"}]}],
    }
