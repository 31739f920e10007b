"""The Message Batches API: what is refused, and a store that fails. What works: tests/e2e/test_batches.py."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.memory.store import StoreFailure
from app.settings.settings import Settings
from app.settings.storage import StorageSettings
from translators.core.errors import NotFound

PATH = "/v1/messages/batches"
ITEM = {"custom_id": "a", "params": {"model": "demo"}}


@pytest.fixture
def client() -> FlaskClient:
    return create_app(Settings(storage=StorageSettings(at_once=0))).test_client()


def test_what_is_wrong_with_the_list_is_said_at_once(client: FlaskClient) -> None:
    reply = client.post(PATH, json={"requests": [ITEM, ITEM]})
    assert (reply.status_code, reply.json["error"]["type"]) == (400, "invalid_request_error")
    assert reply.json["error"]["message"] == "requests.1.custom_id: a is there twice"
    assert client.get(PATH).json == {"data": [], "has_more": False, "first_id": None, "last_id": None}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("after_id=a&before_id=b", "before_id"),
        ("after_id=nobody", "after_id: no batch 'nobody'"),
        ("before_id=nobody", "before_id: no batch 'nobody'"),
    ],
)
def test_pages_that_are_none(client: FlaskClient, query: str, words: str) -> None:
    client.post(PATH, json={"requests": [ITEM]})
    reply = client.get(f"{PATH}?{query}")
    assert reply.status_code == 400 and words in reply.json["error"]["message"]


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/cancel"), ("GET", "/results"), ("DELETE", "")])
def test_a_batch_that_is_not_there(client: FlaskClient, method: str, path: str) -> None:
    reply = client.open(f"{PATH}/msgbatch_1{path}", method=method)
    assert (reply.status_code, reply.json["error"]["type"]) == (404, "not_found_error")


def test_methods_that_are_none(client: FlaskClient) -> None:
    assert client.put(PATH).status_code == 405
    assert client.get(f"{PATH}/msgbatch_1/cancel").status_code == 405


def test_under_every_path(client: FlaskClient) -> None:
    for place in ("", "/v1", "/groq:m", "/groq:m/v1"):
        made = client.post(f"{place}{PATH}", json={"requests": [ITEM]}).json
        assert client.get(f"{place}{PATH}/{made['id']}").json["request_counts"]["processing"] == 1


def test_a_store_that_fails(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise StoreFailure("disk full")

    monkeypatch.setattr(client.application.extensions["batches"].store, "find", fail)
    reply = client.get(f"{PATH}/msgbatch_1")
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")
    assert reply.json["error"]["message"] == "batches cannot be kept just now: disk full"


def test_redis_that_is_away_is_named_without_its_address(caplog: pytest.LogCaptureFixture) -> None:
    """Where it stands is for the log."""
    address = "redis://:hidden@127.0.0.1:1/0"
    app = create_app(Settings(redis_url=address, storage=StorageSettings(at_once=0)))
    replies = [app.test_client().get(path) for path in (PATH, f"{PATH}/msgbatch_1", f"{PATH}/msgbatch_1/results")]
    replies.append(app.test_client().post(PATH, json={"requests": [ITEM]}))
    words = "batches cannot be kept just now: Redis (REDIS_URL) cannot be used (ConnectionError)"
    assert [(reply.status_code, reply.json["error"]["message"]) for reply in replies] == [(503, words)] * 4
    assert "127.0.0.1:1." in caplog.text and "hidden" not in caplog.text


def test_nobody_pretends_to_come_from_inside() -> None:
    settings = Settings(bridge_api_key="secret", storage=StorageSettings(at_once=0))
    headers = {"rialto.origin": "x", "Rialto-Origin": "x", "rialto_origin": "x"}
    reply = create_app(settings).test_client().post("/v1/messages", json=ITEM["params"], headers=headers)
    assert reply.status_code == 401


def test_results_that_are_deleted_while_they_are_read_do_not_end_well(client: FlaskClient) -> None:
    many = [{**ITEM, "custom_id": f"id-{number}"} for number in range(120)]
    id = client.post(PATH, json={"requests": many}).json["id"]
    client.post(f"{PATH}/{id}/cancel")
    pieces = client.get(f"{PATH}/{id}/results", buffered=False).iter_encoded()
    assert next(iter(pieces)).count(b"\n") == 50
    client.delete(f"{PATH}/{id}")
    with pytest.raises(NotFound, match="not all here"):
        list(pieces)


def test_the_address_of_the_results_is_one(client: FlaskClient) -> None:
    made = client.post(f"/ollama:a%3Fb%20%C3%A9%23c{PATH}", json={"requests": [ITEM]}).json
    client.post(f"{PATH}/{made['id']}/cancel")
    url = client.get(f"{PATH}/{made['id']}").json["results_url"]
    assert url == f"http://localhost/ollama:a%3Fb%20%C3%A9%23c{PATH}/{made['id']}/results"
    assert client.get(url).status_code == 200
