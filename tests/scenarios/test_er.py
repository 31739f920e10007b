"""ER: errors, second tries and other vendors."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from app import create_app
from app.settings.settings import Settings
from tests.scenarios.answers import Answer, Call, Json, answer, words
from tests.scenarios.over import over
from tests.scenarios.rig import Outcome, Rig, assistant, environment, result, text, tool, use, user
from tests.scenarios.wires import EVERY, TRANSLATED, WIRES, text_of
from tests.support import scripted_server as server
from tests.support.scripted_server import CUT, json_answer

TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    502: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
HELLO = answer("Hello.")


def enveloped(outcome: Outcome, status: int) -> str:
    """The message of an error in the one right form."""
    assert outcome.status == status, outcome.text
    assert outcome.headers["content-type"].startswith("application/json")
    assert set(outcome.json) == {"type", "error", "request_id"}
    assert outcome.json["type"] == "error"
    assert set(outcome.error) - {"details"} == {"type", "message"}
    assert outcome.error["type"] == TYPES[status]
    assert re.fullmatch(r"req_\w+", outcome.json["request_id"])
    assert outcome.headers["request-id"] == outcome.json["request_id"]
    message = outcome.error["message"]
    assert isinstance(message, str) and message.strip()
    return message


#: The vendor's status -> the client's.
STATUSES = {400: 400, 401: 401, 402: 402, 403: 403, 413: 413, 422: 400, 429: 429, 500: 500, 502: 502, 529: 529}


@pytest.mark.parametrize("status", STATUSES)
@over()
def test_er_1_every_refusal_has_the_envelope(rig: Rig, status: int) -> None:
    for stream in (True, False):
        rig.repeat_answer(rig.wire.refusal(status, "no such luck"))
        told = rig.ask(stream)
        expected = status if rig.wire.name == "passthrough" and status == 422 else STATUSES[status]
        if expected == 422:
            assert (told.status, told.json["type"]) == (422, "error")
            continue
        assert "no such luck" in enveloped(told, expected)


@pytest.mark.parametrize(
    "body", ['{"detail":{"error":"no"}}', "<html><title>Bad Gateway</title></html>", "", '"no"', "[]"]
)
@over()
def test_er_1_whatever_the_vendor_answers(rig: Rig, body: str) -> None:
    """FastAPI's form, a page of a proxy, nothing at all."""
    rig.repeat_answer(server.Answer([body.encode()], 502, {"content-type": "text/html"}, "length"))
    assert "<html" not in enveloped(rig.ask(), 502)


def test_er_1_our_own_refusals(apps: Any) -> None:
    """Unknown paths, wrong methods, bodies that are none, fields that are wrong."""
    client = apps["chat"].test_client()
    bad: list[tuple[int, Json]] = [
        (404, {"method": "POST", "path": "/v1/nowhere", "json": {}}),
        (405, {"method": "GET", "path": "/v1/messages"}),
        (405, {"method": "DELETE", "path": "/v1/models"}),
        (400, {"method": "POST", "path": "/v1/messages", "data": b"{broken", "content_type": "application/json"}),
        (400, {"method": "POST", "path": "/v1/messages", "data": b"", "content_type": "text/plain"}),
        (400, {"method": "POST", "path": "/v1/messages", "json": ["list"]}),
        (400, {"method": "POST", "path": "/v1/messages", "json": {"model": "m", "max_tokens": "many", "messages": []}}),
        (400, {"method": "POST", "path": "/v1/messages/count_tokens", "json": {"model": "m"}}),
        (400, {"method": "POST", "path": "/v1/messages", "json": {"model": "m", "max_tokens": 1}}),
    ]
    for status, request in bad:
        reply = client.open(**request)
        headers = {name.lower(): value for name, value in reply.headers.items()}
        enveloped(Outcome(reply.status_code, headers, reply.text), status)


LIMITED = "Rate limit reached for requests, please slow your pace"


@pytest.mark.parametrize(("asked", "told"), [("3600", "60"), ("61", "60"), ("60", "60"), ("7", "7"), ("1.2", "2")])
@over()
def test_er_2_no_longer_than_the_client_waits(rig: Rig, asked: str, told: str) -> None:
    rig.repeat_answer(rig.wire.refusal(429, LIMITED, retry_after=asked))
    outcome = rig.ask()
    enveloped(outcome, 429)
    assert outcome.headers["retry-after"] == told
    assert outcome.headers.get("x-should-retry") != "false"


@over("chat", "responses", "gemini", "repaired")
def test_er_2_a_quota_that_waiting_does_not_heal(rig: Rig) -> None:
    gone = {"gemini": ("Quota exceeded for metric RequestsPerDay", "RESOURCE_EXHAUSTED")}
    message, code = gone.get(rig.wire.name, ("You exceeded your current quota, check your plan", "insufficient_quota"))
    code = "rate_limit_error" if rig.wire.name == "repaired" else code
    body = rig.wire.refused(429, message, code)
    if rig.wire.name == "gemini":
        body["error"]["details"] = [{"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}]}]
    rig.repeat_answer(json_answer(body, 429, retry_after="3600"))
    outcome = rig.ask()
    enveloped(outcome, 429)
    assert outcome.headers["x-should-retry"] == "false"
    assert "retry-after" not in outcome.headers


@over("gemini")
def test_er_2_googles_delay_stands_in_the_body(rig: Rig) -> None:
    body = rig.wire.refused(429, "Resource exhausted", "RESOURCE_EXHAUSTED")
    body["error"]["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "12.3s"}]
    rig.repeat_answer(json_answer(body, 429))
    assert rig.ask().headers["retry-after"] == "13"


BUSY: dict[str, list[tuple[int, str, str]]] = {
    "chat": [
        (429, "The engine is currently overloaded, please try again later", "engine_overloaded_error"),
        (503, "Slow down", "slow_down"),
        (503, "Service unavailable", ""),
        (500, "The server is overloaded", "server_is_overloaded"),
        (529, "overloaded", ""),
    ],
    "responses": [(503, "Our servers are overloaded", "server_is_overloaded"), (503, "Slow down", "slow_down")],
    "gemini": [(503, "The model is overloaded. Please try again later.", "UNAVAILABLE")],
    "ollama": [(503, "server busy, please try again. maximum pending requests exceeded", "")],
    "repaired": [(529, "Overloaded", "overloaded_error"), (503, "busy", "api_error")],
    "passthrough": [(529, "Overloaded", "overloaded_error")],
}


@over()
def test_er_3_a_busy_vendor_is_overloaded(rig: Rig) -> None:
    for status, message, code in BUSY[rig.wire.name]:
        rig.repeat_answer(rig.wire.refusal(status, message, code))
        assert message.split(",")[0] in enveloped(rig.ask(), 529)


@over("chat", "responses", "repaired", "passthrough")
def test_er_3_a_vendor_that_becomes_busy(rig: Rig) -> None:
    code = {"chat": "server_is_overloaded", "responses": "server_is_overloaded"}.get(rig.wire.name, "overloaded_error")
    begun = rig.wire.stream(answer(words("Hel"), ending=""))
    outcome = rig.chunks(*begun, rig.wire.fault("the server is overloaded", code))
    assert outcome.error["type"] == "overloaded_error"


class Hours:
    """A clock that goes on by the pauses alone."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def wait(self, line: Any, event: Any, timeout: float) -> None:
        """Stands for `Line.wait`."""
        self.pauses.append(timeout)
        self.now += timeout


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    """Time that passes only while an exchange waits for its next try."""
    made = Hours()
    monkeypatch.setattr("app.resilience.attempts.time", SimpleNamespace(monotonic=lambda: made.now))
    monkeypatch.setattr("app.resilience.policy.FIRST_PAUSE", 0.5)
    monkeypatch.setattr("app.upstream.upstream.Line.wait", lambda line, event, timeout: made.wait(line, event, timeout))
    return made


@pytest.mark.parametrize("asked", ["", "9", "29", "60"], ids=["silent", "9 s", "29 s", "60 s"])
@over()
def test_er_4_tries_end_within_the_budget(patient: Rig, hours: Hours, asked: str) -> None:
    """30 seconds in all, whatever the vendor advises; then the client hears of it and decides."""
    headers = {"retry_after": asked} if asked else {}
    patient.repeat_answer(patient.wire.refusal(529, "busy", **headers))
    outcome = patient.ask()
    enveloped(outcome, 529)
    assert sum(hours.pauses) <= 30
    assert len(patient.vendor.requests) == len(hours.pauses) + 1
    assert asked not in ("60",) or hours.pauses == []


@over(*TRANSLATED)
def test_er_4_a_failure_that_heals_is_not_seen(patient: Rig, hours: Hours) -> None:
    patient.play(patient.wire.refusal(500, "hiccup"), patient.wire.refusal(529, "busy"), HELLO)
    outcome = patient.ask()
    assert outcome.brief == ["Hello."]
    assert len({request.body for request in patient.vendor.requests}) == 1
    assert len(hours.pauses) == 2


@over("passthrough")
def test_er_4_anthropics_own_errors_are_the_clients_to_act_upon(patient: Rig, hours: Hours) -> None:
    patient.play(patient.wire.refusal(529, "busy"), HELLO)
    outcome = patient.ask()
    assert (outcome.status, outcome.error["type"], len(patient.vendor.requests)) == (529, "overloaded_error", 1)
    assert hours.pauses == []


@over()
def test_er_4_nothing_is_sent_again_behind_a_word(patient: Rig, hours: Hours) -> None:
    begun = patient.wire.stream(answer(words("Hel"), ending=""))
    patient.play(patient.wire.streamed([*begun, CUT]), HELLO)
    outcome = patient.ask()
    assert outcome.end["type"] == "error"
    assert len(patient.vendor.requests) == 1


@over()
def test_er_4_a_break_before_the_first_word_is_tried_again(patient: Rig, hours: Hours) -> None:
    patient.play(patient.wire.streamed([b"\n", CUT]), HELLO)
    assert patient.ask().brief == ["Hello."]
    assert len(patient.vendor.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 402, 403])
@over()
def test_er_4_what_does_not_heal_is_not_tried_again(patient: Rig, hours: Hours, status: int) -> None:
    patient.repeat_answer(patient.wire.refusal(status, "no such luck"))
    assert patient.ask().status == status
    assert len(patient.vendor.requests) == 1


@pytest.fixture
def fallback(vendor: server.ScriptedServer) -> Rig:
    """Rialto with a second vendor behind DeepSeek."""
    chosen = {"FALLBACK_MODELS": "kimi/kimi-k2.6"}
    app = create_app(Settings.load(environment(vendor.url) | chosen))
    return Rig(WIRES["chat"], vendor, app.test_client())


def test_er_5_another_vendor_for_one_without_credit(fallback: Rig) -> None:
    """The second answers; the first is not asked again before it can have recovered."""
    other = answer("From the second.")
    fallback.vendor.play(lambda request: first_refuses(fallback, request, 402, other))
    for _ in range(2):
        assert fallback.ask(model="deepseek/deepseek-v4-pro").brief == ["From the second."]
    assert [request.path.split("/")[1] for request in fallback.vendor.requests] == ["deepseek", "kimi", "kimi"]


def test_er_5_another_vendor_for_one_that_is_at_its_limit(fallback: Rig) -> None:
    other = answer("From the second.")
    fallback.vendor.play(lambda request: first_refuses(fallback, request, 429, other))
    assert fallback.ask(model="deepseek/deepseek-v4-pro").brief == ["From the second."]


def test_er_5_a_bad_request_stays_with_its_vendor(fallback: Rig) -> None:
    """What is wrong with the request is wrong everywhere."""
    fallback.vendor.play(lambda request: first_refuses(fallback, request, 400, HELLO))
    assert fallback.ask(model="deepseek/deepseek-v4-pro").status == 400
    assert len(fallback.vendor.requests) == 1


def first_refuses(rig: Rig, request: server.Request, status: int, other: Answer) -> server.Answer:
    """DeepSeek refuses, everybody else answers."""
    if request.path.startswith("/deepseek"):
        return rig.wire.refusal(status, "refused", retry_after="30")
    return rig.in_form(other, request)


REFUSED = answer(words("I "), ending="filter")


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@over("chat", "responses", "gemini", "repaired", "passthrough")
def test_er_6_a_filtered_answer_is_a_refusal(rig: Rig, stream: bool) -> None:
    outcome = rig.says(REFUSED, stream)
    assert outcome.stop == "refusal"
    if stream:
        assert outcome.sound[-1]["type"] == "message_stop"


@over("gemini")
def test_er_6_a_blocked_prompt_is_a_refusal(rig: Rig) -> None:
    blocked = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 9}}
    for stream in (True, False):
        assert rig.says(json_answer(blocked), stream).stop == "refusal"


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@over(*TRANSLATED)
def test_er_6_an_unknown_reason_ends_the_answer_too(rig: Rig, stream: bool) -> None:
    outcome = rig.says(answer(words("Hel", "lo."), ending="odd"), stream)
    if stream or rig.wire.name != "repaired":
        assert outcome.brief == ["Hello."]
    assert outcome.stop in ("end_turn", "max_tokens")
    if stream:
        assert outcome.sound[-1]["type"] == "message_stop"


MISSING: dict[str, list[tuple[int, str, str]]] = {
    "chat": [
        (404, "The model `served-model` does not exist or you do not have access to it.", "model_not_found"),
        (400, "Model Not Exist", "invalid_request_error"),
        (404, "Not found the model served-model or Permission denied", "resource_not_found_error"),
    ],
    "responses": [(400, "The requested model 'gpt-5.6' does not exist.", "model_not_found")],
    "gemini": [(404, "models/gemini-3.1-pro-preview is not found for API version v1beta", "NOT_FOUND")],
    "ollama": [(404, 'model "qwen3.5:9b" not found, try pulling it first', "")],
    "repaired": [(404, "model 'qwen3.5:9b' not found", "not_found_error")],
    "passthrough": [(404, "model: claude-sonnet-5", "not_found_error")],
}


@over()
def test_er_7_an_unknown_model(rig: Rig) -> None:
    for status, message, code in MISSING[rig.wire.name]:
        rig.repeat_answer(rig.wire.refusal(status, message, code))
        told = enveloped(rig.ask(), 404)
        assert "model: " in told
        assert rig.wire.name == "passthrough" or f"model: {rig.wire.model}" in told


BLANKS = ["", " ", "\n\t"]


@pytest.mark.parametrize("blank", BLANKS, ids=["empty", "space", "lines"])
@over(*TRANSLATED)
def test_er_8_blank_blocks_reach_no_vendor(rig: Rig, blank: str) -> None:
    messages = [
        user(text(blank), text("go")),
        assistant(text(blank), use("a")),
        user(result("a", [text(blank)]), text(blank)),
        assistant(blank),
        user(text(blank)),
        assistant("fine"),
        user({"type": "text"}, text("end")),
    ]
    body = rig.body(messages=messages, system=[text(blank), text("Be brief.")], tools=[tool()])
    said = rig.wire.said(body)
    assert [words for role, words in said if role == "user"] == ["go", "end"]
    assert [words for role, words in said if role == "assistant" and words] == ["fine"]
    assert [bool(words.strip()) for role, words in said if role == "tool"] == [True]
    assert rig.wire.prompt(body) == "Be brief."
    assert '"text": ""' not in text_of(body)


@over(*TRANSLATED)
def test_er_8_blank_blocks_reach_no_client(rig: Rig) -> None:
    told = answer(words("", " "), Call("Read", ('{"path":"/a"}',)), words("\n"))
    for stream in (True, False):
        assert [block["type"] for block in rig.says(told, stream).blocks] == ["tool_use"]


def test_er_3_the_tables_know_every_wire() -> None:
    assert set(BUSY) == set(MISSING) == set(EVERY)
