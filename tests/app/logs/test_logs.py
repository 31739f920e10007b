"""The application log: its forms, its levels, what is never in it."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from gunicorn.glogging import Logger

from app import create_app
from app.logs.application import AsJson, Human, RequestLine, Stderr, init_logs, log_request
from app.logs.redaction import Redaction, without_echo
from app.settings.settings import Settings, SettingsError

SECRET = "vendor-secret-1"
BODY = {"model": "demo", "max_tokens": 20, "messages": [{"role": "user", "content": "a very private question"}]}


def entry(
    message: Any, *arguments: Any, level: int = logging.INFO, error: Exception | None = None
) -> logging.LogRecord:
    trace = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("rialto", level, "file.py", 1, message, arguments, trace)
    record.created = 1_795_255_200.0625
    return record


SetUp = Callable[..., logging.Logger]


@pytest.fixture
def set_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[SetUp]:
    """Sets the log up as in a process of its own, where nobody but `others` has done so."""
    root, own = logging.getLogger(), logging.getLogger("rialto")
    levels = root.level, own.level
    for name in ("logThreads", "logProcesses", "logMultiprocessing"):
        monkeypatch.setattr(logging, name, True)

    def set_up(level: str, *forms: str, others: tuple[logging.Handler, ...] = ()) -> logging.Logger:
        monkeypatch.setattr(root, "handlers", list(others))  # pytest has added its own since the fixture began
        for form in forms:
            init_logs(level, form, Redaction())
        return root

    yield set_up
    root.setLevel(levels[0])
    own.setLevel(levels[1])


@pytest.fixture
def client() -> FlaskClient:
    return create_app(Settings.load({})).test_client()


def requests_of(records: list[logging.LogRecord]) -> list[dict[str, Any]]:
    return [dict(record.msg.fields) for record in records if isinstance(record.msg, RequestLine)]


def test_for_people() -> None:
    line = Human(Redaction()).format(entry("%s is busy", "Acme", level=logging.WARNING))
    assert line == "2026-11-21T10:00:00.062Z WARNING rialto: Acme is busy"


def test_for_machines() -> None:
    line = json.loads(AsJson(Redaction()).format(entry("%s is busy", "Acme")))
    told = {"time": "2026-11-21T10:00:00.062Z", "level": "INFO", "logger": "rialto", "message": "Acme is busy"}
    assert line == told


def test_a_request_in_both_forms() -> None:
    fields = {"method": "POST", "path": "/v1/messages", "status": 200, "vendor": "acme", "model": "m-1"}
    fields |= {"input_tokens": 900, "output_tokens": 20, "milliseconds": 1234, "request_id": "req_1"}
    record = entry(RequestLine(fields))
    assert Human(Redaction()).format(record).endswith(": POST /v1/messages 200 acme m-1 1234 ms 900+20 tokens req_1")
    assert json.loads(AsJson(Redaction()).format(record)).items() >= {**fields, "message": "request"}.items()


def test_what_was_tried_again_is_said_where_it_was() -> None:
    fields = {"method": "POST", "path": "/", "status": 200, "client": "a", "retries": 2, "milliseconds": 1}
    record = entry(RequestLine({**fields, "stop_reason": "end_turn", "fallbacks": 1, "request_id": "req_1"}))
    assert Human(Redaction()).format(record).endswith(": POST / 200 2 retries 1 fallbacks 1 ms req_1")
    told = json.loads(AsJson(Redaction()).format(record))
    assert (told["client"], told["retries"], told["fallbacks"], told["stop_reason"]) == ("a", 2, 1, "end_turn")


@pytest.mark.parametrize("form", [Human, AsJson])
def test_no_form_shows_a_key(form: type[Human] | type[AsJson]) -> None:
    try:
        raise ValueError(f"with {SECRET}")
    except ValueError as error:
        line = form(Redaction([SECRET])).format(entry("sent %s and Bearer abcdefgh12", SECRET, error=error))
    assert SECRET not in line and "abcdefgh12" not in line
    assert line.count("[key]") == 3 and "ValueError" in line


def test_a_clients_line_breaks_begin_no_line() -> None:
    line = Human(Redaction()).format(entry(RequestLine({"path": "/a\nb\x1b[0m", "milliseconds": 1, "request_id": "r"})))
    assert "\n" not in line and "/a\\x0ab\\x1b[0m" in line


@pytest.mark.parametrize(
    ("method", "path", "status", "level"),
    [
        ("POST", "/v1/messages", 200, "INFO"),
        ("POST", "/v1/messages", 429, "INFO"),
        ("POST", "/v1/messages", 502, "WARNING"),
        ("POST", "/v1/messages", "lost", "WARNING"),
        ("GET", "/health", 200, "DEBUG"),
        ("GET", "/health", 503, "WARNING"),
        ("HEAD", "/", 200, "DEBUG"),
    ],
)
def test_levels(method: str, path: str, status: int | str, level: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", "rialto"):
        log_request(method, path, status, 1, "req_1")
    assert [record.levelname for record in caplog.records] == [level]


def test_libraries_are_heard_when_they_warn(set_up: SetUp, capsys: pytest.CaptureFixture[str]) -> None:
    set_up("DEBUG", "human")
    logging.getLogger("urllib3").info("GET /?key=1")
    logging.getLogger("urllib3").warning("careful")
    logging.getLogger("rialto").debug("detail")
    told = capsys.readouterr().err.splitlines()
    assert [line.split(" ", 1)[1] for line in told] == ["WARNING urllib3: careful", "DEBUG rialto: detail"]


def test_gunicorns_own_lines_still_name_their_process(set_up: SetUp) -> None:
    set_up("INFO", "human")
    line = logging.Formatter(Logger.error_fmt).format(entry("Worker exiting"))
    assert f"[{os.getpid()}] [INFO] Worker exiting" in line


def test_a_second_application_does_not_double_the_lines(set_up: SetUp, capsys: pytest.CaptureFixture[str]) -> None:
    set_up("INFO", "human", "json")
    logging.getLogger("rialto").info("once")
    assert json.loads(capsys.readouterr().err)["message"] == "once"


def test_a_log_that_somebody_has_set_up_stays_as_it_is(set_up: SetUp) -> None:
    theirs = logging.NullHandler()
    assert set_up("INFO", "human", others=(theirs,)).handlers == [theirs]


def test_a_log_that_cannot_be_written_is_no_error(set_up: SetUp, monkeypatch: pytest.MonkeyPatch) -> None:
    (handler,) = set_up("INFO", "human").handlers
    monkeypatch.setattr(sys, "stderr", None)
    handler.handle(entry("nobody hears this"))
    monkeypatch.undo()
    assert isinstance(handler, Stderr)


def test_settings() -> None:
    assert Settings.load({"LOG_FORMAT": "json"}).log_format == "json"
    with pytest.raises(SettingsError, match="LOG_FORMAT"):
        Settings.load({"LOG_FORMAT": "xml"})


def test_every_request_has_one_line(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "rialto"):
        answers = [
            client.post("/v1/messages", json=BODY),
            client.post("/v1/messages", json={**BODY, "stream": True}, buffered=True),
            client.post("/v1/messages", json={"model": "demo"}),
            client.post("/v1/messages/count_tokens", json=BODY),
            client.get("/v1/models?limit=5"),
            client.get("/test-connection?model=demo"),
            client.get("/nowhere"),
        ]
    told = requests_of(caplog.records)
    assert [line["request_id"] for line in told] == [answer.headers["request-id"] for answer in answers]
    assert [line["status"] for line in told] == [200, 200, 400, 200, 200, 200, 404]
    assert [line["path"] for line in told][4:] == ["/v1/models", "/test-connection", "/nowhere"]
    assert [line.get("vendor") for line in told] == ["demo", "demo", None, None, None, "demo", None]
    assert told[0]["output_tokens"] == 20 and "private" not in caplog.text


def test_short_keys_are_words() -> None:
    assert Redaction(["ollama", "longer-key"])("ollama took longer-key") == "ollama took [key]"


def test_the_longer_of_two_keys_is_found() -> None:
    assert Redaction(["key-part-1", "key-part-1-and-more"])("key-part-1-and-more") == "[key]"


@pytest.mark.parametrize("text", ["", "short", "nothing of the conversation is repeated here"])
def test_words_of_the_vendors_own_stay(text: str) -> None:
    assert without_echo(text, BODY) == text


@pytest.mark.parametrize("place", ["system", "text", "result", "input"])
def test_repetitions_go_wherever_they_stand(place: str) -> None:
    private = "the password of the safe is under the lamp"
    blocks: dict[str, Any] = {
        "text": {"type": "text", "text": private},
        "result": {"type": "tool_result", "content": [{"type": "text", "text": private}]},
        "input": {"type": "tool_use", "input": {"path": [private]}},
    }
    said = {"messages": [{"role": "user", "content": [blocks[place]]}]} if place in blocks else {"system": private}
    for begin in range(15):
        words = "x" * begin + private + " is no valid value, " + private[:30]
        assert without_echo(words, said) == "x" * begin + "[prompt] is no valid value, [prompt]"
