"""Who may see /metrics, and what it says of clients and of Rialto itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.clients.keys import hash_of
from app.startup import VERSION
from tests.app.metrics.conftest import Opener
from tests.support.metric_numbers import Numbers
from tests.support.scripted_server import ScriptedServer, json_answer

KEY = "bridge-key"
ROWS = f"""
[team-a]
key_hash = "{hash_of("team-key")}"
daily_usd = 2.0
monthly_tokens = 5000
"""
ANSWER = {
    "choices": [{"index": 0, "message": {"content": "word"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 50},
}


@pytest.mark.parametrize(
    ("environ", "headers", "status"),
    [
        ({}, {}, 200),
        ({}, {"host": "evil.example"}, 403),
        ({}, {"origin": "https://evil.example"}, 403),
        ({"BRIDGE_API_KEY": KEY}, {}, 401),
        ({"BRIDGE_API_KEY": KEY}, {"authorization": "Bearer wrong"}, 401),
        ({"BRIDGE_API_KEY": KEY}, {"authorization": f"Bearer {KEY}"}, 200),
        ({"BRIDGE_API_KEY": KEY}, {"x-api-key": KEY}, 200),
        ({"BRIDGE_API_KEY": KEY}, {"x-api-key": "team-key"}, 403),
        ({"METRICS": "off"}, {}, 404),
    ],
)
def test_who_may_see_it(
    environ: dict[str, str], headers: dict[str, str], status: int, opened: Opener, tmp_path: Path
) -> None:
    (tmp_path / "clients.toml").write_text(ROWS if "BRIDGE_API_KEY" in environ else "")
    client = opened(CLIENTS_FILE=str(tmp_path / "clients.toml"), **environ)
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == status
    assert ("rialto_build_info" in answer.text) == (status == 200)


def test_it_is_text_for_prometheus(opened: Opener) -> None:
    answer = opened().get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert Numbers(answer.text).sum("rialto_build_info", version=VERSION) == 1


def test_budgets(vendor: ScriptedServer, opened: Opener, tmp_path: Path) -> None:
    (tmp_path / "clients.toml").write_text(ROWS)
    client = opened(CLIENTS_FILE=str(tmp_path / "clients.toml"), BRIDGE_API_KEY=KEY)
    vendor.play([json_answer(ANSWER)])
    message = {"model": "deepseek/deepseek-v4-pro", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    assert client.post("/v1/messages", json=message, headers={"x-api-key": "team-key"}).status_code == 200
    told = Numbers(client.get("/metrics", headers={"x-api-key": KEY}).text)
    assert told.sum("rialto_client_budget_usd", client="team-a", period="daily") == 2
    assert told.sum("rialto_client_budget_tokens", client="team-a", period="monthly") == 5000
    assert told.sum("rialto_client_spent_tokens", client="team-a", period="monthly") == 1050
    cost = told.sum("rialto_cost_usd_total")
    assert cost > 0 and told.sum("rialto_client_spent_usd", client="team-a") == pytest.approx(cost, abs=1e-12)
    assert len([sample for sample in told.samples if sample.name.startswith("rialto_client_")]) == 4


def test_it_is_no_exchange_and_no_news(opened: Opener, caplog: pytest.LogCaptureFixture) -> None:
    client = opened()
    with caplog.at_level("INFO", "rialto"):
        told = Numbers(client.get("/metrics").text)
    assert told.sum("rialto_requests_total") == 0
    assert "/metrics" not in caplog.text
