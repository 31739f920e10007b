"""Limits that vendors list: asked for in the background, kept, used where the catalog knows none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.memory.limits import FRESH, RETRY, LearntLimits
from app.memory.memory import remembered
from app.memory.store import Store
from app.memory.store_sqlite import SqlitePlace
from app.settings.settings import Settings
from app.upstream.upstream import Upstream
from tests.support.scripted_server import Answer, Request, ScriptedServer, json_answer
from translators.core.vendor import Route

ANSWER = {"choices": [{"index": 0, "message": {"content": "word"}, "finish_reason": "stop"}]}
LIST = {"data": [{"id": "m", "context_window": 64_000, "max_completion_tokens": 16_384}, {"id": "other"}]}


class Waiting:
    """Work for the background, done when a test says so; and a clock."""

    def __init__(self) -> None:
        self.work: list[Callable[[], None]] = []
        self.now = 1_000_000.0

    def start(self, work: Callable[[], None]) -> None:
        self.work.append(work)

    def clock(self) -> float:
        return self.now

    def done(self) -> int:
        """Does what waits, and says how much that was."""
        waiting, self.work = self.work, []
        for work in waiting:
            work()
        return len(waiting)


@pytest.fixture
def background() -> Waiting:
    return Waiting()


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def app_with(vendor: ScriptedServer, background: Waiting, monkeypatch: pytest.MonkeyPatch, **environment: str) -> Flask:
    monkeypatch.setattr("app.memory.limits.in_background", background.start)
    known = {"GROQ_BASE_URL": f"{vendor.url}/v1", "GROQ_API_KEY": "key-of-groq"}
    return create_app(Settings.load(known | environment))


def replies(found: Any) -> Callable[[Request], Answer]:
    """A vendor that lists its models."""
    return lambda request: json_answer(found if request.method == "GET" else ANSWER)


def ask(rialto: Flask, model: str = "groq/m") -> int:
    body = {"model": model, "max_tokens": 50_000, "messages": [{"role": "user", "content": "hi"}]}
    return rialto.test_client().post("/v1/messages", json=body).status_code


def row(rialto: Flask, model: str) -> dict[str, Any]:
    answer: dict[str, Any] = rialto.test_client().get(f"/v1/models/{model}").json or {}
    return answer


def test_limits_are_used_as_soon_as_they_are_known(
    vendor: ScriptedServer, background: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    rialto = app_with(vendor, background, monkeypatch)
    vendor.play(replies(LIST))
    assert ask(rialto) == 200 and background.done() == 1
    assert ask(rialto) == 200 and background.done() == 0
    sent = [body.get("max_completion_tokens") or body["max_tokens"] for body in vendor.bodies]
    assert sent == [50_000, 16_384]
    asked = next(request for request in vendor.requests if request.method == "GET")
    assert (asked.path, asked.headers["authorization"]) == ("/v1/models", "Bearer key-of-groq")
    shown = row(rialto, "groq/m")
    assert (shown["max_input_tokens"], shown["max_tokens"]) == (64_000, 16_384)
    assert row(rialto, "groq/other")["max_input_tokens"] is None


def test_the_catalog_wins_and_asks_nobody(
    vendor: ScriptedServer, background: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    rialto = app_with(vendor, background, monkeypatch, DEEPSEEK_API_KEY="k", DEEPSEEK_BASE_URL=vendor.url)
    assert row(rialto, "deepseek/deepseek-v4-pro")["max_input_tokens"]
    assert background.done() == 0


def test_the_switch(vendor: ScriptedServer, background: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    rialto = app_with(vendor, background, monkeypatch, LEARN_LIMITS="0")
    vendor.play(replies(LIST))
    assert ask(rialto) == 200 and background.done() == 0


OLLAMA = {"model_info": {"general.architecture": "a", "a.context_length": 8_192}}


@pytest.mark.parametrize(("setting", "window"), [("", 8_192), ("4096", 4_096)])
def test_a_window_that_only_a_setting_names_is_cut_to_the_models_own(
    vendor: ScriptedServer, background: Waiting, monkeypatch: pytest.MonkeyPatch, setting: str, window: int
) -> None:
    rialto = app_with(vendor, background, monkeypatch, OLLAMA_HOST=vendor.url, OLLAMA_NUM_CTX=setting)
    vendor.play(lambda request: json_answer(OLLAMA))
    row(rialto, "ollama/tiny")
    assert background.done() == 1
    assert row(rialto, "ollama/tiny")["max_input_tokens"] == window
    assert [(request.path, request.json) for request in vendor.requests] == [("/api/show", {"model": "tiny"})]


@pytest.mark.parametrize(
    ("paths", "asked", "window"),
    [
        ({"/v1/models": {"data": [{"id": "x", "meta": {"n_ctx": 4_096}}]}}, ["/v1/models"], 4_096),
        (
            {"/v1/models": {"data": [{"id": "m"}]}, "/props": {"default_generation_settings": {"n_ctx": 2_048}}},
            ["/v1/models", "/props"],
            2_048,
        ),
        (
            {"/api/v0/models": {"data": [{"id": "m", "max_context_length": 32_768}]}},
            ["/v1/models", "/props", "/api/v0/models"],
            32_768,
        ),
        ({}, ["/v1/models", "/props", "/api/v0/models"], None),
    ],
    ids=["its list", "its properties", "LM Studio", "nowhere"],
)
def test_where_a_local_server_tells_it(
    vendor: ScriptedServer,
    background: Waiting,
    monkeypatch: pytest.MonkeyPatch,
    paths: dict[str, Any],
    asked: list[str],
    window: int | None,
) -> None:
    rialto = app_with(vendor, background, monkeypatch, PROVIDER_BASE_URL=f"{vendor.url}/v1")
    vendor.play(lambda request: json_answer(paths[request.path]) if request.path in paths else json_answer({}, 404))
    row(rialto, "openai_compatible/m")
    background.done()
    assert [request.path for request in vendor.requests] == asked
    assert row(rialto, "openai_compatible/m")["max_input_tokens"] == window


def limits_of(store: Store, background: Waiting) -> LearntLimits:
    return LearntLimits(store, Upstream(1.0, 1.0, {}), background.start, background.clock)


@pytest.fixture
def target(vendor: ScriptedServer) -> Route:
    """A model of which nothing is known."""
    catalog = create_app(Settings.load({"GROQ_BASE_URL": f"{vendor.url}/v1", "GROQ_API_KEY": "k"})).extensions["rialto"]
    route: Route = catalog.catalog.resolve("groq/m")
    return route


def test_an_old_answer_is_used_while_a_new_one_is_on_its_way(
    vendor: ScriptedServer, background: Waiting, target: Route
) -> None:
    limits = limits_of(Store(clock=background.clock), background)
    vendor.play([json_answer(LIST), json_answer({"data": [{"id": "m", "context_window": 32_000}]})])
    assert limits.known(target) == target and background.done() == 1
    background.now += FRESH - 1
    assert limits.known(target).context_window == 64_000 and background.done() == 0
    background.now += 2
    assert [limits.known(target).context_window for _ in range(2)] == [64_000, 64_000]
    assert background.done() == 1
    assert limits.known(target).context_window == 32_000


@pytest.mark.parametrize("answer", [json_answer({}, 500), json_answer({}, 404), Answer([b"<html>"])])
def test_a_vendor_that_does_not_tell_is_left_alone_for_a_while(
    vendor: ScriptedServer, background: Waiting, target: Route, answer: Answer
) -> None:
    limits = limits_of(Store(clock=background.clock), background)
    vendor.play([answer, json_answer(LIST)])
    for _ in range(3):
        assert limits.known(target) == target
    assert background.done() == 1
    background.now += RETRY + 1
    limits.known(target)
    assert background.done() == 1
    assert limits.known(target).max_output == 16_384


def test_what_is_said_at_the_start_knows_them_too(
    vendor: ScriptedServer, background: Waiting, target: Route, tmp_path: Path
) -> None:
    store = Store(SqlitePlace(tmp_path))
    vendor.play([json_answer(LIST)])
    limits_of(store, background).known(target)
    background.done()
    store.close()
    assert remembered(Settings(state_dir=tmp_path))(target).context_window == 64_000
    assert remembered(Settings(state_dir=tmp_path / "none"))(target) == target
    assert remembered(Settings())(target) == target
    assert len(vendor.requests) == 1


def test_the_next_start_knows_them_at_once(vendor: ScriptedServer, background: Waiting, target: Route) -> None:
    store = Store(clock=background.clock)
    vendor.play([json_answer(LIST)])
    limits_of(store, background).known(target)
    background.done()
    assert limits_of(store, background).known(target).context_window == 64_000
    assert background.done() == 0
