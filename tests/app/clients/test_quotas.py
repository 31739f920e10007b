"""Clients at the door: whom it lets in, to which models, how often and for how much."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from app.clients.budgets import Spending
from app.clients.keys import hash_of
from app.clients.rows import Client
from app.settings.settings import Settings
from tests.support.media_samples import image
from tests.support.scripted_server import Answer, Request, ScriptedServer, json_answer, sse_answer

KEY = "rialto-key-of-a"
BRIDGE = "key-of-the-bridge"
#: What the vendor reports of every answer; by the catalog's prices of its model that is 0.0007 USD.
USAGE = {"prompt_tokens": 300, "completion_tokens": 200, "total_tokens": 500}
MODEL = "groq/openai/gpt-oss-120b"
WORDS = "Look at the file. " * 10

Opener = Callable[..., FlaskClient]


def vendor_says(request: Request) -> Answer:
    """One word, in the form that is asked for."""
    if request.json and request.json.get("stream"):
        delta = {"choices": [{"index": 0, "delta": {"content": "word"}, "finish_reason": "stop"}]}
        return sse_answer([delta, {"choices": [], "usage": USAGE}, b"data: [DONE]\n\n"])
    choice = {"index": 0, "message": {"content": "word"}, "finish_reason": "stop"}
    return json_answer({"choices": [choice], "usage": USAGE})


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer(vendor_says) as server:
        yield server


@pytest.fixture
def opened(vendor: ScriptedServer, tmp_path: Path) -> Opener:
    """Opens Rialto with one client, [a], whose row holds what a test says."""

    def open_it(row: str = "", **environ: str) -> FlaskClient:
        file = tmp_path / "clients.toml"
        file.write_text(f'[a]\nkey_hash = "{hash_of(KEY)}"\n{row}\n')
        given = {
            "CLIENTS_FILE": str(file),
            "BRIDGE_API_KEY": BRIDGE,
            "GROQ_API_KEY": "vendor-key",
            "GROQ_BASE_URL": f"{vendor.url}/v1",
            "KIMI_API_KEY": "vendor-key",
            "KIMI_BASE_URL": f"{vendor.url}/v1",
            "BRIDGE_LOG_DIR": str(tmp_path / "logs"),
            "LEARN_LIMITS": "0",
        }
        return create_app(Settings.load(given | environ)).test_client()

    return open_it


def ask(client: FlaskClient, model: str = MODEL, key: str = KEY, path: str = "", **fields: Any) -> TestResponse:
    """One question."""
    body = {"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": WORDS}], **fields}
    return client.post(f"{path}/v1/messages", json=body, headers={"x-api-key": key}, buffered=True)


def statuses(client: FlaskClient, count: int, **given: Any) -> list[int]:
    return [ask(client, **given).status_code for _ in range(count)]


def test_requests_a_minute(opened: Opener, vendor: ScriptedServer) -> None:
    client = opened("requests_per_minute = 2")
    assert statuses(client, 2) == [200, 200]
    refused = ask(client)
    assert refused.status_code == 429
    error = refused.get_json()["error"]
    assert error["type"] == "rate_limit_error"
    assert "client a has reached its limit of 2 requests per minute (requests_per_minute)" in error["message"]
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert "x-should-retry" not in refused.headers
    assert len(vendor.bodies) == 2
    assert statuses(client, 3, key=BRIDGE) == [200] * 3, "others are not limited"


def test_tokens_a_minute_are_those_that_the_vendor_counted(opened: Opener) -> None:
    """The estimate of the input alone would let a dozen in."""
    client = opened("tokens_per_minute = 1000")
    assert statuses(client, 3) == [200, 200, 429]
    assert "1,000 tokens per minute (tokens_per_minute)" in ask(client).get_json()["error"]["message"]


def test_a_request_refused_for_its_tokens_costs_no_request(opened: Opener) -> None:
    client = opened("requests_per_minute = 3\ntokens_per_minute = 500")
    assert statuses(client, 5) == [200, 429, 429, 429, 429]
    rates = client.application.extensions["rialto"].quotas._rates
    assert rates.take("rialto:a:requests_per_minute", 3, 2) == 0.0
    assert rates.take("rialto:a:requests_per_minute", 3, 1) > 0


def test_the_limit_holds_for_requests_that_run(opened: Opener, vendor: ScriptedServer) -> None:
    """The second comes while the first is at the vendor."""
    client = opened("tokens_per_minute = 60")
    second: list[int] = []

    def script(request: Request) -> Answer:
        second.append(ask(client.application.test_client()).status_code)
        return vendor_says(request)

    vendor.play(script)
    assert ask(client).status_code == 200
    assert second == [429]


@pytest.mark.parametrize("stream", [True, False])
def test_a_budget_of_tokens(opened: Opener, stream: bool) -> None:
    client = opened("daily_tokens = 1000")
    assert statuses(client, 3, stream=stream) == [200, 200, 429]
    refused = ask(client, stream=stream)
    assert refused.headers["x-should-retry"] == "false"
    assert "retry-after" not in refused.headers
    assert (
        "its daily budget of 1,000 tokens (daily_tokens); it begins anew at" in refused.get_json()["error"]["message"]
    )


def test_a_budget_of_money(opened: Opener) -> None:
    client = opened("monthly_usd = 0.0003")
    spent = used(client)
    assert statuses(client, 1) == [200]
    route = client.application.extensions["rialto"].catalog.resolve(MODEL)
    cost = (300 * route.prices["input"] + 200 * route.prices["output"]) / 1e6
    assert used(client).usd - spent.usd == pytest.approx(cost)
    assert 2 * cost > 0.0003 > cost
    assert statuses(client, 2) == [200, 429]


def used(client: FlaskClient, name: str = "a") -> Spending:
    """What a client has used today."""
    budgets = client.application.extensions["rialto"].quotas.budgets
    found: Spending = budgets.spent(Client(name=name), budgets.periods()[0])
    return found


def test_a_failure_of_the_vendor_costs_nothing(opened: Opener, vendor: ScriptedServer) -> None:
    client = opened("daily_tokens = 100\ntokens_per_minute = 100")
    vendor.play(lambda request: json_answer({"error": {"message": "no such luck"}}, 400))
    assert statuses(client, 4) == [400] * 4
    assert used(client) == Spending(0, 0.0)


def test_an_answer_that_breaks_off_costs_what_was_said(opened: Opener, vendor: ScriptedServer) -> None:
    client = opened("daily_tokens = 100000")
    delta = {"choices": [{"index": 0, "delta": {"content": "word " * 1000}}]}
    vendor.play(lambda request: sse_answer([delta]))
    assert b"event: error" in ask(client, stream=True).data
    assert used(client).tokens > 1000


def test_a_client_that_leaves_early_has_used_its_input(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    client = opened("daily_tokens = 100000")
    monkeypatch.setattr(sys.modules["app.api.messages"], "presence", lambda environ: lambda: True)
    monkeypatch.setattr("app.exchange.exchange.TICK", 0.0)
    assert ask(client).status_code == 499
    assert used(client).tokens > 20


def test_the_default_row_limits_everybody_else(opened: Opener) -> None:
    client = opened("\n[default]\nrequests_per_minute = 1")
    assert statuses(client, 2, key=BRIDGE) == [200, 429]
    assert statuses(client, 2) == [200, 200]


def test_counts_and_the_list_are_free(opened: Opener) -> None:
    client = opened("requests_per_minute = 1\ndaily_tokens = 1")
    assert statuses(client, 2) == [200, 429]
    body = {"model": MODEL, "messages": [{"role": "user", "content": WORDS}]}
    headers = {"x-api-key": KEY}
    for _ in range(3):
        assert client.post("/v1/messages/count_tokens", json=body, headers=headers).status_code == 200
        assert client.get("/v1/models", headers=headers).status_code == 200


def test_without_limits_nothing_is_counted(opened: Opener) -> None:
    client = opened()
    assert statuses(client, 3) == [200] * 3
    store = client.application.extensions["rialto"].means.memory.store
    assert store.table("spent") == {}


def test_the_client_is_named_in_the_record(opened: Opener, tmp_path: Path) -> None:
    client = opened()
    ask(client)
    ask(client, key=BRIDGE)
    record = (tmp_path / "logs" / "usage.jsonl").read_text()
    assert '"client":"a"' in record and '"client":"default"' in record
    assert KEY not in record and BRIDGE not in record


#: Row, name, path -> is it allowed.
ALLOWED = {
    "where it leads": ('["groq/*"]', MODEL, "", True),
    "the other spelling": ('["groq/*"]', MODEL.replace("/", ":", 1), "", True),
    "the public id": ('["groq/*"]', f"anthropic/{MODEL}", "", True),
    "a plain name that leads there": ('["groq/*"]', "claude-sonnet-4-6", "", True),
    "another vendor": ('["groq/*"]', "kimi/kimi-for-coding", "", False),
    "a plain name": ('["claude-sonnet-*"]', "claude-sonnet-4-6", "", True),
    "a plain name with its mark": ('["claude-sonnet-*"]', "claude-sonnet-4-6[1m]", "", True),
    "another plain name": ('["claude-haiku-*"]', "claude-sonnet-4-6", "", False),
    "a vendor behind an allowed beginning": ('["anthropic/*"]', f"anthropic/{MODEL}", "", False),
    "a vendor by colon": ('["groq:*", "g*"]', "kimi:kimi-for-coding", "", False),
    "the path overrules the name": ('["claude-sonnet-*"]', "claude-sonnet-4-6", "/kimi:kimi-for-coding", False),
    "the path leads to an allowed one": ('["kimi/*"]', "claude-sonnet-4-6", "/kimi:kimi-for-coding", True),
}


@pytest.mark.parametrize(("models", "name", "path", "allowed"), ALLOWED.values(), ids=ALLOWED.keys())
def test_models(opened: Opener, vendor: ScriptedServer, models: str, name: str, path: str, allowed: bool) -> None:
    client = opened(f"models = {models}", MIDDLE_MODEL=MODEL)
    answer = ask(client, name, path=path)
    assert answer.status_code == (200 if allowed else 403), answer.text
    assert len(vendor.bodies) == allowed
    if not allowed:
        assert answer.get_json()["error"]["type"] == "permission_error"
        assert f"model: {name} is not among the models of client a" in answer.text
    assert ask(client, name, BRIDGE, path).status_code == 200


def test_a_forbidden_model_is_not_counted_either(opened: Opener, vendor: ScriptedServer) -> None:
    client = opened('models = ["groq/*"]')
    body = {"model": "kimi/kimi-for-coding", "messages": [{"role": "user", "content": "hi"}]}
    assert client.post("/v1/messages/count_tokens", json=body, headers={"x-api-key": KEY}).status_code == 403


def test_the_list_shows_what_may_be_called(opened: Opener) -> None:
    client = opened('models = ["groq/*", "claude-haiku-*"]', MIDDLE_MODEL=MODEL, SMALL_MODEL="kimi/kimi-for-coding")

    def listed(key: str) -> set[str]:
        rows = client.get("/v1/models?limit=1000", headers={"x-api-key": key}).get_json()["data"]
        return {row["id"] for row in rows}

    mine, all_of_them = listed(KEY), listed(BRIDGE)
    assert mine < all_of_them
    assert f"anthropic/{MODEL}" in mine
    assert any(name.startswith("claude-haiku") for name in mine)
    assert not any(name.startswith("anthropic/kimi") for name in mine)
    assert any(name.startswith("anthropic/kimi") for name in all_of_them)
    for name in mine:
        assert client.get(f"/v1/models/{name}", headers={"x-api-key": KEY}).status_code == 200
    assert client.get("/v1/models/kimi/kimi-for-coding", headers={"x-api-key": KEY}).status_code == 403


def failing(vendor: ScriptedServer) -> None:
    """The first model's vendor is down."""

    def script(request: Request) -> Answer:
        if request.json["model"] == MODEL.partition("/")[2]:
            return json_answer({"error": {"message": "down"}}, 500)
        return vendor_says(request)

    vendor.play(script)


FALLBACKS = {
    "within the row": ('["groq/*", "kimi/*"]', 200),
    "beyond it": ('["groq/*"]', 500),
    "by name": ('["claude-*"]', 200),
}


@pytest.mark.retries
@pytest.mark.parametrize(("models", "status"), FALLBACKS.values(), ids=FALLBACKS.keys())
def test_fallbacks_stay_within_the_row(opened: Opener, vendor: ScriptedServer, models: str, status: int) -> None:
    failing(vendor)
    client = opened(
        f"models = {models}", MIDDLE_MODEL=MODEL, FALLBACK_MODELS="kimi/kimi-for-coding", RETRY_BUDGET="0.1"
    )
    assert ask(client, "claude-sonnet-4-6").status_code == status


def test_only_the_operator_asks_without_being_counted(opened: Opener) -> None:
    client = opened("daily_tokens = 1")
    page = f"/test-connection?model={MODEL}"
    assert client.get(page, headers={"x-api-key": KEY}).status_code == 403
    assert client.get(page, headers={"x-api-key": BRIDGE}).status_code == 200


def test_what_is_asked_for_a_client_is_its_to_pay(opened: Opener, tmp_path: Path) -> None:
    """A description of an image counts beside the request that needs it, and takes nothing of its estimate away."""
    seeing = {"VISION_FALLBACK_MODEL": "kimi/kimi-k2.6", "BRIDGE_STATE_DIR": str(tmp_path / "state")}
    client = opened("daily_tokens = 1_000_000", **seeing)
    picture = [{"role": "user", "content": [image(), {"type": "text", "text": WORDS}]}]
    assert ask(client, messages=picture).status_code == 200
    spent = client.application.extensions["rialto"].quotas.budgets
    row = client.application.extensions["rialto"].keyring.rows["a"]
    assert spent.spent(row, spent.periods()[0]).tokens == 1_000
