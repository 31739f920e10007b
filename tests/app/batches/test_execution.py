"""One item of a batch through the application: what its answer means, and when it is tried again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.batches.batch import Batch, Item, Lease, Result
from app.batches.execution import LIMITED_PAUSE, LONGEST_PAUSE, MOST_TRIES, Pause, executed
from app.batches.origin import KEY
from app.clients.rows import Client
from translators.core.errors import Broke, RialtoError

MESSAGE = {"type": "message", "content": []}
TEAM = Client(name="team")


class Application:
    """Answers every request in the same way and keeps the last environment."""

    def __init__(self, status: int, *pieces: Any, **headers: str) -> None:
        self.status, self.pieces = status, pieces
        self.headers = [(name.replace("_", "-"), value) for name, value in headers.items()]
        self.environ: dict[str, Any] = {}
        self.closed = False

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        self.environ = environ
        start(f"{self.status} Words", self.headers)
        return self

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece if isinstance(piece, bytes) else json.dumps(piece).encode()

    def close(self) -> None:
        self.closed = True


def lease(tries: int = 1, params: bytes = b'{"model":"m"}', **fields: Any) -> Lease:
    batch = Batch(id="msgbatch_1", client="team", created=0.0, **fields)
    return Lease(batch=batch, place=0, item=Item("a", params), token="t", tries=tries)


def outcome(application: Application, *given: Any, **options: Any) -> Result | Pause:
    return executed(application, lease(*given, **options), TEAM, lambda: False)


def error(kind: str, message: str = "no") -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def test_a_message() -> None:
    application = Application(200, b" ", MESSAGE)
    headers = {"anthropic-beta": "a,b"}
    found = outcome(application, headers=headers, target="/groq:é")
    assert isinstance(found, Result) and found.outcome == "succeeded"
    assert json.loads(found.body) == MESSAGE | {"usage": {"service_tier": "batch"}}
    assert application.closed
    environ = application.environ
    assert environ["wsgi.input"].read() == b'{"model":"m"}' and environ["CONTENT_LENGTH"] == "13"
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/groq:é/v1/messages"
    assert environ["HTTP_ANTHROPIC_BETA"] == "a,b"
    assert (environ[KEY].client, environ[KEY].batch) == (TEAM, "msgbatch_1")


def test_a_result_says_that_it_is_of_a_batch() -> None:
    usage = {"input_tokens": 9, "output_tokens": 3, "service_tier": "standard"}
    large = {"type": "tool_use", "input": {"n": 123456789012345678901234567890}}
    found = outcome(Application(200, {"type": "message", "content": [large], "usage": usage}))
    assert isinstance(found, Result)
    message = json.loads(found.body)
    assert message["usage"] == usage | {"service_tier": "batch"} and message["content"] == [large]


def test_an_error_that_stays() -> None:
    body = error("invalid_request_error")
    assert outcome(Application(400, body)) == Result("errored", json.dumps(body).encode())
    lasting = Application(429, error("rate_limit_error"), x_should_retry="false")
    assert isinstance(outcome(lasting), Result)


@pytest.mark.parametrize(
    ("kind", "tries", "headers", "pause"),
    [
        ("overloaded_error", 1, {}, Pause(2.0, counted=True)),
        ("overloaded_error", 4, {}, Pause(16.0, counted=True)),
        ("conflict_error", MOST_TRIES - 1, {}, Pause(LONGEST_PAUSE, counted=True)),
        ("api_error", MOST_TRIES - 1, {}, Pause(LONGEST_PAUSE, counted=True)),
        ("timeout_error", 1, {"retry_after": "30"}, Pause(30.0, counted=True)),
        ("rate_limit_error", 1, {}, Pause(LIMITED_PAUSE, hold=True)),
        ("rate_limit_error", MOST_TRIES, {"retry_after": "7"}, Pause(7.0, hold=True)),
    ],
)
def test_an_error_that_heals(kind: str, tries: int, headers: dict[str, str], pause: Pause) -> None:
    assert outcome(Application(529, error(kind), **headers), tries) == pause


def test_the_last_try_is_the_last() -> None:
    assert isinstance(outcome(Application(529, error("overloaded_error")), MOST_TRIES), Result)


def test_an_item_that_kills_its_workers_is_given_up() -> None:
    application = Application(200, MESSAGE)
    found = outcome(application, MOST_TRIES + 1)
    assert isinstance(found, Result) and b"cut off" in found.body
    assert application.environ == {}


def test_an_error_behind_a_beginning() -> None:
    told = error("invalid_request_error", "the vendor refused")
    found = outcome(Application(200, b" ", b" ", told, Broke("gone")))
    assert isinstance(found, Result) and json.loads(found.body) == told
    found = outcome(Application(200, b" ", RialtoError("gone", status=400)))
    assert isinstance(found, Result) and json.loads(found.body)["error"]["message"] == "gone"


def test_a_worker_that_stops_gives_the_item_back() -> None:
    assert outcome(Application(499)) == Pause()


def test_a_client_that_is_no_more() -> None:
    application = Application(200, MESSAGE)
    found = executed(application, lease(), None, lambda: False)
    assert isinstance(found, Result) and json.loads(found.body)["error"]["type"] == "authentication_error"
    assert application.environ == {}


@pytest.mark.parametrize("params", [{"stream": True}, {"max_tokens": 0}, {"speed": "fast"}])
def test_fields_that_do_not_go_into_a_batch(params: dict[str, Any]) -> None:
    application = Application(200, MESSAGE)
    found = outcome(application, params=json.dumps(params).encode())
    assert isinstance(found, Result) and json.loads(found.body)["error"]["type"] == "invalid_request_error"
    assert application.environ == {}


@pytest.mark.parametrize("params", [{"stream": False}, {"max_tokens": 1}, {"speed": None}, {"max_tokens": False}])
def test_fields_that_may(params: dict[str, Any]) -> None:
    assert isinstance(outcome(Application(200, MESSAGE), params=json.dumps(params).encode()), Result)
