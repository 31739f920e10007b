"""Message batches by the official SDK, on real servers with a scripted vendor: methods, and what survives a kill."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import anthropic
import pytest
import requests
from anthropic.types.messages import MessageBatch

from app.batches.batch import LIFE
from app.batches.store_sqlite import FILE
from app.clients.keys import hash_of
from tests.support.redis_server import redis_server
from tests.support.rialto_server import RialtoServer, vendor_environment
from tests.support.scripted_server import Answer, Request, ScriptedServer, json_answer
from tests.support.usage_lines import lines_where, usage_lines
from tests.support.waiting import until

pytestmark = pytest.mark.e2e

#: Seconds until a batch must have ended.
DEADLINE = 90.0
MANY = 200


def said(text: str) -> Answer:
    """The vendor's answer."""
    choice = {"index": 0, "message": {"content": text}, "finish_reason": "stop"}
    return json_answer({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 3}})


def asked(request: Request) -> str:
    """The words that the vendor was asked."""
    return str(request.json["messages"][-1]["content"])


def echo(request: Request) -> Answer:
    return said(f"echo of {asked(request)}")


def held(gate: threading.Event, request: Request) -> Answer:
    """The echo, once the gate is open."""
    return Answer([gate, *echo(request).pieces], headers={"content-type": "application/json"}, framing="close")


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer(echo) as server:
        yield server


SDKS: list[anthropic.Anthropic] = []


@contextmanager
def server(folder: Path, vendor: ScriptedServer, kind: str = "gevent", **more: str) -> Iterator[RialtoServer]:
    """A server; before it is stopped its clients go, for whose idle connections it would wait."""
    with RialtoServer(folder, kind, **vendor_environment(vendor.url, "groq"), **more) as rialto:
        try:
            yield rialto
        finally:
            while SDKS:
                SDKS.pop().close()


def client(server: RialtoServer, key: str = "any", path: str = "", **options: Any) -> anthropic.Anthropic:
    SDKS.append(anthropic.Anthropic(base_url=server.url + path, api_key=key, max_retries=0, timeout=30, **options))
    return SDKS[-1]


def item(name: str, **fields: Any) -> Any:
    params = {"model": "groq/m", "max_tokens": 50, "messages": [{"role": "user", "content": name}], **fields}
    return {"custom_id": name, "params": params}


def many(count: int) -> list[Any]:
    return [item(f"question-{number}") for number in range(count)]


def ended(sdk: anthropic.Anthropic, id: str) -> MessageBatch:
    """The batch, as soon as it has ended."""
    return until(lambda: sdk.messages.batches.retrieve(id), lambda batch: batch.processing_status == "ended", DEADLINE)


def results(sdk: anthropic.Anthropic, id: str) -> dict[str, Any]:
    """Custom id -> result; none of them is there twice."""
    lines = list(sdk.messages.batches.results(id))
    assert [name for name, count in Counter(line.custom_id for line in lines).items() if count > 1] == []
    return {line.custom_id: line.result for line in lines}


def texts(found: dict[str, Any]) -> dict[str, str]:
    return {name: result.message.content[0].text for name, result in found.items() if result.type == "succeeded"}


def echoes(count: int) -> dict[str, str]:
    return {f"question-{number}": f"echo of question-{number}" for number in range(count)}


def kill(server: RialtoServer) -> None:
    """Kills all processes of a server at once."""
    assert server.process
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()


@pytest.mark.parametrize("kind", ["gevent", "gthread", "waitress"])
def test_every_method(tmp_path: Path, vendor: ScriptedServer, kind: str) -> None:
    with server(tmp_path, vendor, kind) as rialto:
        batches = client(rialto).messages.batches
        made = [batches.create(requests=many(3)) for _ in range(3)]
        assert (made[0].type, made[0].request_counts.processing, made[0].results_url) == ("message_batch", 3, None)
        assert (made[0].expires_at - made[0].created_at).total_seconds() == LIFE
        done = ended(client(rialto), made[0].id)
        assert done.results_url == f"{rialto.url}/v1/messages/batches/{done.id}/results"
        assert (done.request_counts.succeeded, done.request_counts.processing) == (3, 0)
        assert done.ended_at and done.ended_at >= done.created_at
        assert texts(results(client(rialto), done.id)) == echoes(3)
        ids = [batch.id for batch in reversed(made)]
        assert [batch.id for batch in batches.list()] == ids
        assert [batch.id for batch in batches.list(limit=1)] == ids
        assert [batch.id for batch in batches.list(limit=2, before_id=ids[2]).data] == ids[:2]
        for id in ids:
            ended(client(rialto), id)
        assert batches.delete(ids[0]).type == "message_batch_deleted"
        with pytest.raises(anthropic.NotFoundError):
            batches.retrieve(ids[0])
        assert [batch.id for batch in client(rialto).beta.messages.batches.list()] == ids[1:]
    lines = usage_lines(tmp_path / "logs")
    assert [(line["kind"], line["status"], line["stream"]) for line in lines] == [("batch", 200, False)] * 9
    assert {line["session_id"] for line in lines} == set(ids)


def test_a_kill_in_the_middle_loses_nothing(tmp_path: Path, vendor: ScriptedServer) -> None:
    gate, seen = threading.Event(), list[str]()

    def script(request: Request) -> Answer:
        seen.append(asked(request))
        return held(gate, request) if len(seen) > MANY // 2 else echo(request)

    vendor.play(script)
    with server(tmp_path, vendor, "hasty", WEB_CONCURRENCY="2") as rialto:
        id = client(rialto).messages.batches.create(requests=many(MANY)).id
        vendor.wait_for(MANY // 2 + 8, DEADLINE)  # four of each worker wait for their answers
        kill(rialto)
        before = len(seen)
    gate.set()
    with server(tmp_path, vendor, "hasty", WEB_CONCURRENCY="2") as rialto:
        done = ended(client(rialto), id)
        found = results(client(rialto), id)
    assert done.request_counts.succeeded == MANY
    assert texts(found) == echoes(MANY)
    assert before < MANY
    assert len(seen) <= MANY + 8, "what had a result was asked again"
    assert {line["kind"] for line in usage_lines(tmp_path / "logs")} == {"batch"}


def test_two_machines_share_the_work_by_redis(tmp_path: Path, vendor: ScriptedServer) -> None:
    gate, seen = threading.Event(), list[str]()

    def script(request: Request) -> Answer:
        seen.append(request.headers["x-rialto-via"])
        return held(gate, request) if len(seen) > MANY // 2 else echo(request)

    vendor.play(script)
    with redis_server(tmp_path) as url, ExitStack() as stack:
        one, other = (
            stack.enter_context(server(tmp_path / name, vendor, "hasty", REDIS_URL=url, WEB_CONCURRENCY="2"))
            for name in ("one", "other")
        )
        id = client(one).messages.batches.create(requests=many(MANY)).id
        vendor.wait_for(MANY // 2 + 16, DEADLINE)
        kill(one)
        gate.set()
        done = ended(client(other), id)
        assert done.request_counts.succeeded == MANY
        assert texts(results(client(other), id)) == echoes(MANY)
    assert len(set(seen)) == 2, "one of the machines has done nothing"
    assert MANY <= len(seen) <= MANY + 8


def test_a_stop_hands_the_work_over_at_once(tmp_path: Path, vendor: ScriptedServer) -> None:
    gate = threading.Event()
    vendor.play(lambda request: held(gate, request))
    with server(tmp_path, vendor) as rialto:
        id = client(rialto).messages.batches.create(requests=many(4)).id
        vendor.wait_for(4)
        SDKS.pop().close()
        rialto.stop()
    with sqlite3.connect(tmp_path / "state" / FILE) as base:
        assert base.execute("SELECT count(*) FROM items WHERE token IS NULL AND tries = 0").fetchone() == (4,)
    gate.set()
    with server(tmp_path, vendor) as rialto:
        assert ended(client(rialto), id).request_counts.succeeded == 4


def test_one_item_does_not_spoil_others(tmp_path: Path, vendor: ScriptedServer) -> None:
    def script(request: Request) -> Answer:
        refused = {"error": {"message": "That is not allowed here.", "type": "invalid_request_error"}}
        return json_answer(refused, 400) if asked(request) == "refused" else echo(request)

    vendor.play(script)
    bad: list[Any] = [
        item("refused"),
        item("nobody", model="nobody/knows"),
        item("streamed", stream=True),
        item("zero", max_tokens=0),
        item("fast", speed="fast"),
        item("shapeless", messages="x"),
        {"custom_id": "empty", "params": {}},
    ]
    with server(tmp_path, vendor) as rialto:
        id = client(rialto).messages.batches.create(requests=[*bad, *many(3)]).id
        counts = ended(client(rialto), id).request_counts
        found = results(client(rialto), id)
    assert (counts.succeeded, counts.errored) == (3, len(bad))
    assert texts(found) == echoes(3)
    errors = {name: result.error.error for name, result in found.items() if result.type == "errored"}
    assert {name: error.type for name, error in errors.items()} == {
        "nobody": "not_found_error",
        **dict.fromkeys(("refused", "streamed", "zero", "fast", "shapeless", "empty"), "invalid_request_error"),
    }
    assert "not allowed here" in errors["refused"].message
    assert errors["streamed"].message == "stream: True is not allowed in a batch"
    assert "messages" in errors["shapeless"].message and "model" in errors["empty"].message


def test_an_overloaded_vendor_is_asked_again(tmp_path: Path, vendor: ScriptedServer) -> None:
    tries = Counter[str]()

    def script(request: Request) -> Answer:
        tries[asked(request)] += 1
        busy = {"error": {"message": "The server is busy."}}
        first = tries[asked(request)] == 1
        return json_answer(busy, 503) if first and asked(request) != "question-0" else echo(request)

    vendor.play(script)
    with server(tmp_path, vendor) as rialto:
        id = client(rialto).messages.batches.create(requests=many(4)).id
        ended(client(rialto), id)
        assert texts(results(client(rialto), id)) == echoes(4)
    assert tries == {"question-0": 1, "question-1": 2, "question-2": 2, "question-3": 2}


def test_a_batch_is_cancelled_in_the_middle(tmp_path: Path, vendor: ScriptedServer) -> None:
    gate = threading.Event()
    vendor.play(lambda request: held(gate, request))
    with server(tmp_path, vendor, BATCH_CONCURRENCY="2") as rialto:
        batches = client(rialto).messages.batches
        id = batches.create(requests=many(10)).id
        vendor.wait_for(2)
        with pytest.raises(anthropic.BadRequestError, match="cancel it first"):
            batches.delete(id)
        with pytest.raises(anthropic.NotFoundError, match="no results yet"):
            client(rialto).get(f"/v1/messages/batches/{id}/results", cast_to=str)
        cancelling = batches.cancel(id)
        assert cancelling.processing_status == "canceling" and cancelling.cancel_initiated_at
        gate.set()
        counts = ended(client(rialto), id).request_counts
        assert (counts.succeeded, counts.canceled) == (2, 8)
        kinds = Counter(result.type for result in results(client(rialto), id).values())
        assert kinds == {"succeeded": 2, "canceled": 8}
        with pytest.raises(anthropic.BadRequestError, match="has ended"):
            batches.cancel(id)
    assert len(vendor.requests) == 2


def test_what_has_not_begun_in_a_day_expires(tmp_path: Path, vendor: ScriptedServer) -> None:
    with server(tmp_path, vendor, BATCH_CONCURRENCY="0") as rialto:
        id = client(rialto).messages.batches.create(requests=many(2)).id
        with sqlite3.connect(tmp_path / "state" / FILE) as base:
            base.execute(
                "UPDATE batches SET created = created - :day, "
                "fixed = json_set(fixed, '$.created', json_extract(fixed, '$.created') - :day)",
                {"day": LIFE},
            )
        assert client(rialto).messages.batches.retrieve(id).request_counts.expired == 2
        assert [result.type for result in results(client(rialto), id).values()] == ["expired"] * 2
    assert vendor.requests == []


def keyed(folder: Path, **rows: str) -> dict[str, str]:
    """The settings of clients with these rows; the key of each is its name."""
    text = [f'[{name}]\nkey_hash = "{hash_of(name)}"\n{row}\n' for name, row in rows.items()]
    (folder / "clients.toml").write_text("\n".join(text))
    return {"CLIENTS_FILE": str(folder / "clients.toml")}


def test_the_limits_and_models_of_the_client_hold(tmp_path: Path, vendor: ScriptedServer) -> None:
    rows = keyed(tmp_path, rated="requests_per_minute = 3", broke="daily_tokens = 1", narrow='models = ["kimi/*"]')
    with server(tmp_path, vendor, **rows) as rialto:
        rated = client(rialto, "rated").messages.batches.create(requests=many(5)).id
        broke, narrow = client(rialto, "broke"), client(rialto, "narrow")
        spent = broke.messages.batches.create(requests=many(3)).id
        refused = narrow.messages.batches.create(requests=many(1)).id
        ended(broke, spent)
        kinds = Counter(result.type for result in results(broke, spent).values())
        assert kinds["errored"] >= 1
        errors = [result.error.error for result in results(broke, spent).values() if result.type == "errored"]
        assert {error.type for error in errors} == {"rate_limit_error"}
        assert all("daily_tokens" in error.message for error in errors)
        ended(narrow, refused)
        assert results(narrow, refused)["question-0"].error.error.type == "permission_error"
        lines_where(tmp_path / "logs", lambda line: line["client"] == "rated" and line["status"] == 429)
        assert client(rialto, "rated").messages.batches.retrieve(rated).processing_status == "in_progress"
    answered = [line for line in usage_lines(tmp_path / "logs") if line["client"] == "rated" and line["status"] == 200]
    assert len(answered) == 3


def test_a_batch_is_its_clients_alone(tmp_path: Path, vendor: ScriptedServer) -> None:
    with server(tmp_path, vendor, BRIDGE_API_KEY="operator", **keyed(tmp_path, one="", other="")) as rialto:
        one = client(rialto, "one")
        id = one.messages.batches.create(requests=many(1)).id
        ended(one, id)
        for stranger in (client(rialto, "other"), client(rialto, "operator")):
            batches = stranger.messages.batches
            assert batches.list().data == []
            for method in (batches.retrieve, batches.cancel, batches.delete):
                with pytest.raises(anthropic.NotFoundError):
                    method(id)
            assert requests.get(one.messages.batches.retrieve(id).results_url or "", timeout=9).status_code == 401
        with pytest.raises(anthropic.AuthenticationError):
            client(rialto, "nobody").messages.batches.create(requests=many(1))
        assert texts(results(one, id)) == echoes(1)


def test_a_batch_under_a_path_and_behind_a_proxy(tmp_path: Path, vendor: ScriptedServer) -> None:
    with server(tmp_path, vendor) as rialto:
        sdk = client(rialto, path="/groq:other-model", default_headers={"x-forwarded-proto": "https"})
        id = sdk.messages.batches.create(requests=[item("x", model="whatever")]).id
        url = ended(sdk, id).results_url
        assert url == f"https://127.0.0.1:{rialto.port}/groq:other-model/v1/messages/batches/{id}/results"
        assert vendor.bodies[0]["model"] == "other-model"
    with server(tmp_path, vendor, BRIDGE_URL="https://rialto.example/bridge") as rialto:
        url = client(rialto).messages.batches.retrieve(id).results_url
        assert url == f"https://rialto.example/bridge/groq:other-model/v1/messages/batches/{id}/results"


def test_a_large_batch_holds_up_nobody_and_has_a_limit(tmp_path: Path, vendor: ScriptedServer) -> None:
    environment = {"MAX_BATCH_MB": "8", "BATCHES_MB": "1", "BATCH_CONCURRENCY": "0"}
    with server(tmp_path, vendor, **environment) as rialto:
        with pytest.raises(anthropic.APIStatusError) as caught:
            client(rialto).messages.batches.create(requests=[item(f"x{at}", system="y" * 1_000_000) for at in range(9)])
        assert caught.value.status_code == 413 and "MAX_BATCH_MB" in str(caught.value)
        assert client(rialto).messages.batches.list().data == []
        client(rialto).messages.batches.create(requests=[item(f"x{at}", system="y" * 1_000_000) for at in range(7)])
        with pytest.raises(anthropic.APIStatusError) as caught:
            client(rialto).messages.batches.create(requests=many(1))
        assert caught.value.status_code == 413 and "BATCHES_MB" in str(caught.value)
