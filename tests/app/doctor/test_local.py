"""Servers on this machine: found at their ports, known by what they say, with their models and true windows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.catalog.catalog import Catalog
from app.doctor.local import Found, lines, search
from app.settings.settings import Settings
from tests.support.doctored import Vendor, ollama
from tests.support.rialto_server import free_port
from tests.support.scripted_server import Answer, Request, ScriptedServer, json_answer

Json = dict[str, Any]


def catalog(**environ: str) -> Catalog:
    return Catalog.load(Settings.load(environ))


def found_at(server: ScriptedServer, **environ: str) -> list[Found]:
    return search(catalog(**environ), [int(server.url.rpartition(":")[2])])


def llama_cpp(request: Request) -> Answer:
    """A llama.cpp of an older version: the list has no window, /props has it."""
    if request.path == "/v1/models":
        return json_answer({"data": [{"id": "qwen.gguf", "object": "model", "owned_by": "llamacpp"}]})
    if request.path == "/props":
        return json_answer({"default_generation_settings": {"n_ctx": 40_960}})
    return json_answer({"error": "not found"}, 404)


def lm_studio(request: Request) -> Answer:
    """One model is loaded, with less than it could have; one is not, and one only embeds."""
    if request.path != "/api/v0/models":
        return json_answer({"error": f"Unexpected endpoint or method. ({request.method} {request.path})"})
    loaded = {"id": "qwen3", "type": "llm", "state": "loaded", "max_context_length": 131_072}
    return json_answer(
        {
            "data": [
                {**loaded, "loaded_context_length": 8192},
                {"id": "gemma", "type": "vlm", "state": "not-loaded", "max_context_length": 131_072},
                {"id": "embedder", "type": "embeddings", "state": "not-loaded", "max_context_length": 512},
            ]
        }
    )


CASES = [
    ("llama.cpp", llama_cpp, "openai_compatible", "/v1", {"qwen.gguf": 40_960}),
    ("LM Studio", lm_studio, "openai_compatible", "/v1", {"qwen3": 8192, "gemma": None}),
    (
        *("vLLM", Vendor(key="", models=("glm", "glm-lora"), window=65_536, owner="vllm"), "openai_compatible"),
        *("/v1", {"glm": 65_536, "glm-lora": 65_536}),
    ),
    ("Ollama", lambda request: ollama(request, ("a:1b", "b:2b")), "ollama", "", {"a:1b": 65_536, "b:2b": 65_536}),
]


@pytest.mark.parametrize(("title", "script", "vendor", "path", "windows"), CASES, ids=lambda value: str(value)[:12])
def test_a_server_is_known(title: str, script: Any, vendor: str, path: str, windows: Json) -> None:
    with ScriptedServer(script) as server:
        (found,) = found_at(server)
        assert (found.server.title, found.vendor.name, found.windows) == (title, vendor, windows)
        assert found.address == server.url + path
        assert not found.configured
        (variable,) = found.variables
        (again,) = found_at(server, **{variable: server.url + path})
        assert again.configured
        assert not any("authorization" in request.headers for request in server.requests)


def test_ollama_gives_what_it_is_asked_for() -> None:
    with ScriptedServer(lambda request: ollama(request, ("a:1b",))) as server:
        assert found_at(server, OLLAMA_NUM_CTX="32768")[0].windows == {"a:1b": 32_768}
        assert found_at(server, OLLAMA_NUM_CTX="999999")[0].windows == {"a:1b": 131_072}


def test_an_empty_ollama_says_how_to_fill_it() -> None:
    with ScriptedServer(lambda request: ollama(request, ())) as server:
        text = "\n".join(lines(found_at(server)))
    assert "ollama pull" in text and f"OLLAMA_HOST={server.url}" in text


@pytest.mark.parametrize(
    "script",
    [
        lambda request: json_answer({"data": [{"id": "x", "owned_by": "somebody"}]}),
        lambda request: json_answer(["x"]),
        lambda request: Answer([b"<html>"], 200, {"content-type": "text/html"}, "length"),
        lambda request: json_answer({"data": "x", "models": 3}, 500),
        lambda request: json_answer({"data": "x", "models": 3}),
    ],
)
def test_another_program_is_left_alone(script: Any) -> None:
    with ScriptedServer(script) as server:
        assert found_at(server) == []


def test_the_usual_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, str]] = []

    def note(port: int, url: str, body: Any) -> None:
        asked.append((port, url))

    monkeypatch.setattr("app.doctor.local.asked", note)
    assert search(catalog()) == []
    assert sorted(asked) == [
        (1234, "http://127.0.0.1:1234/api/v0/models"),
        (8000, "http://127.0.0.1:8000/v1/models"),
        (8080, "http://127.0.0.1:8080/v1/models"),
        (11434, "http://127.0.0.1:11434/api/tags"),
    ]


def test_nothing_listens() -> None:
    assert search(catalog(), [free_port()]) == []


def test_no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    with ScriptedServer(llama_cpp) as server:
        assert [found.server.title for found in found_at(server)] == ["llama.cpp"]
