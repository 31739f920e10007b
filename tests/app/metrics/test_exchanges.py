"""/metrics of one process: the same numbers as in the usage log, and labels that stay few."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.metrics import models
from app.metrics.exchanges import Exchanges
from tests.app.metrics.conftest import Opener
from tests.support.metric_numbers import Numbers, totals_in, totals_of
from tests.support.scripted_server import CUT, ScriptedServer, json_answer, sse_answer
from tests.support.usage_lines import usage_lines

MODEL = "deepseek/deepseek-v4-pro"
WORD = {"choices": [{"index": 0, "delta": {"content": "word"}}]}
END = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
USAGE = {
    **{"prompt_tokens": 1000, "completion_tokens": 50, "prompt_tokens_details": {"cached_tokens": 600}},
    "completion_tokens_details": {"reasoning_tokens": 30},
}
SPENT = {"choices": [], "usage": USAGE}
DOWN = json_answer({"error": {"message": "down"}}, 503)
ANSWER = {"choices": [{"index": 0, "message": {"content": "word"}, "finish_reason": "stop"}], "usage": USAGE}


def ask(client: FlaskClient, **fields: Any) -> int:
    """The status of a message, read to its end."""
    message = {"model": MODEL, "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}], **fields}
    answer = client.post("/v1/messages", json=message)
    answer.get_data()
    return answer.status_code


def numbers(client: FlaskClient) -> Numbers:
    """What /metrics says."""
    return Numbers(client.get("/metrics").text)


def test_the_numbers_are_those_of_the_usage_log(vendor: ScriptedServer, opened: Opener, tmp_path: Path) -> None:
    client = opened()
    vendor.play([sse_answer([WORD, END, SPENT]), json_answer(ANSWER), DOWN, sse_answer([WORD, CUT])])
    statuses = [ask(client, stream=True), ask(client), ask(client), ask(client, stream=True)]
    statuses += [ask(client, model="nobody/knows"), ask(client, max_tokens="many"), ask(client, model=1)]
    assert statuses == [200, 200, 529, 200, 404, 400, 400]
    told = numbers(client)
    assert totals_in(told) == pytest.approx(totals_of(usage_lines(tmp_path)), abs=1e-9)
    assert told.sum("rialto_requests_total") == 7
    assert told.sum("rialto_cost_usd_total") > 0
    assert told.sum("rialto_exchanges_in_flight") == 0


def test_the_labels_of_a_request(vendor: ScriptedServer, opened: Opener) -> None:
    client = opened()
    vendor.play([json_answer(ANSWER), json_answer({"error": {"message": "slow down"}}, 429)])
    ask(client)
    ask(client)
    ask(client, model="nobody/knows")
    place = {"vendor": "deepseek", "model": "deepseek-v4-pro", "kind": "other", "stream": "false"}
    told = numbers(client)
    for labels in (
        {**place, "status": "200", "error_type": "none"},
        {**place, "status": "429", "error_type": "rate_limit_error"},
        {"vendor": "none", "model": "none", "status": "404", "error_type": "not_found_error"},
    ):
        assert told.sum("rialto_requests_total", **labels) == 1, labels
    assert told.sum("rialto_request_duration_seconds_count", outcome="ok") == 1
    assert told.sum("rialto_request_duration_seconds_count", outcome="error") == 2


def test_names_that_clients_make_up_are_no_labels(vendor: ScriptedServer, opened: Opener) -> None:
    client = opened()
    vendor.play(lambda request: json_answer({"error": {"message": "no such model"}}, 404))
    for number in range(20):
        assert ask(client, model=f"deepseek/made-up-{number}") == 404
    told = numbers(client)
    assert told.labels("rialto_requests_total", "model") == {"unknown"}
    assert told.sum("rialto_requests_total", vendor="deepseek", model="unknown") == 20


def test_a_model_that_has_answered_is_one(vendor: ScriptedServer, opened: Opener) -> None:
    client = opened()
    lost = json_answer({"error": {"message": "no such model"}}, 404)
    vendor.play([lost, json_answer(ANSWER), lost])
    for _ in range(3):
        ask(client, model="deepseek/brand-new")
    told = numbers(client)
    assert told.sum("rialto_requests_total", model="brand-new", status="200") == 1
    assert told.sum("rialto_requests_total", model="brand-new", status="404") == 1
    assert told.sum("rialto_requests_total", model="unknown") == 1


def test_a_server_that_answers_to_every_name_fills_no_memory(
    vendor: ScriptedServer, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "MOST", 5)
    client = opened()
    vendor.play(lambda request: json_answer(ANSWER))
    for number in range(12):
        ask(client, model=f"deepseek/made-up-{number}")
    told = numbers(client)
    assert len(told.labels("rialto_tokens_total", "model")) == 6
    assert told.sum("rialto_requests_total", model="unknown") == 7


def test_types_of_errors_and_kinds_that_nobody_knows(opened: Opener) -> None:
    client = opened()
    rialto = client.application.extensions["rialto"]
    entry: dict[str, Any] = {
        **dict.fromkeys(("vendor", "model", "stop_reason", "input_tokens", "latency_ms", "first_token_ms")),
        **{"retries": 0, "fallbacks": 0, "status": 418, "error_type": "vendor_made", "kind": "new", "stream": False},
    }
    rialto.metrics.exchanges.found(entry)
    assert numbers(client).sum("rialto_requests_total", error_type="other", kind="other", status="418") == 1


def test_a_defect_of_the_metrics_breaks_no_exchange(
    vendor: ScriptedServer, opened: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(*_: Any) -> None:
        raise OSError("no room")

    for name in ("began", "settled"):
        monkeypatch.setattr(Exchanges, name, defect)
    client = opened()
    vendor.play([json_answer(ANSWER), json_answer(ANSWER)])
    assert [ask(client), ask(client)] == [200, 200]
    assert [line["status"] for line in usage_lines(tmp_path)] == [200, 200]


def test_the_tries_of_an_exchange(vendor: ScriptedServer, opened: Opener, tmp_path: Path) -> None:
    client = opened(FALLBACK_MODELS="kimi/kimi-k2.6", KIMI_API_KEY="k", KIMI_BASE_URL=f"{vendor.url}/kimi/v1")
    vendor.play([DOWN, json_answer(ANSWER)])
    assert ask(client) == 200
    told = numbers(client)
    assert told.sum("rialto_fallbacks_total", vendor="kimi") == 1
    assert totals_in(told) == pytest.approx(totals_of(usage_lines(tmp_path)), abs=1e-9)
