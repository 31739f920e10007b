"""The command: its table, its JSON, its exit status. And the same from a running server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.doctored import KEY, Vendor, error
from tests.support.project import project_copy, run
from tests.support.rialto_server import RialtoServer, free_port
from tests.support.scripted_server import ScriptedServer

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project_copy(tmp_path_factory.mktemp("doctor") / "project")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(Vendor()) as running:
        yield running


def moved(server: ScriptedServer, key: str = KEY) -> dict[str, str]:
    return {"DEEPSEEK_API_KEY": key, "DEEPSEEK_BASE_URL": f"{server.url}/v1"}


def test_all_is_well(project: Path, server: ScriptedServer) -> None:
    done = run(project, "doctor", "--port", str(free_port()), **moved(server))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All is well." in done.stdout and "deepseek-v4-pro" in done.stdout
    assert "GROQ_API_KEY" in done.stdout
    assert KEY not in done.stdout + done.stderr


def test_something_failed(project: Path, server: ScriptedServer) -> None:
    done = run(project, "doctor", "--vendor", "deepseek", "--json", **moved(server, "worn-out"))
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["status"] == "failed"
    assert [report["model"] for report in told["reports"]] == ["deepseek-v4-pro", "deepseek-v4-flash"]
    report = told["reports"][0]
    (failed,) = [check for check in report["checks"] if check["state"] == "failed"]
    assert (failed["check"], failed["category"]) == ("key", "wrong key")
    assert "no such api key" in failed["words"] and "DEEPSEEK_API_KEY" in failed["remedy"]
    assert "worn-out" not in done.stdout + done.stderr


def test_nothing_is_configured(project: Path, server: ScriptedServer) -> None:
    server.play(Vendor(key="", models=("glm",), window=65_536, owner="vllm"))
    port = server.url.rpartition(":")[2]
    done = run(project, "doctor", "--json", "--port", port)
    assert done.returncode == 2
    told = json.loads(done.stdout)
    assert told["status"] == "not configured"
    assert [(one["server"], one["models"]) for one in told["local"]] == [
        ("vLLM", [{"model": "glm", "context_window": 65_536}])
    ]
    assert run(project, "doctor", "--vendor", "groq").returncode == 2


def test_a_vendor_that_nobody_knows(project: Path) -> None:
    done = run(project, "doctor", "--vendor", "nosuch")
    assert done.returncode == 1 and "unknown vendor 'nosuch'" in done.stderr and "Traceback" not in done.stderr


def test_mistakes_in_the_settings_are_told_in_words(project: Path) -> None:
    done = run(project, "doctor", PORT="many")
    assert done.returncode == 1 and "PORT" in done.stderr and "Traceback" not in done.stderr


def test_a_running_server_says_the_same(server: ScriptedServer, tmp_path: Path) -> None:
    with RialtoServer(tmp_path, **moved(server)) as rialto:
        good = requests.get(f"{rialto.url}/test-connection?vendor=deepseek", timeout=60)
        server.play(Vendor(calls_tools=False))
        weak = requests.get(f"{rialto.url}/test-connection?vendor=deepseek", timeout=60).json()
        short = requests.get(f"{rialto.url}/test-connection?model=deepseek/deepseek-v4-pro", timeout=60).json()
        server.play(lambda request: error("Insufficient Balance", 402))
        poor = requests.get(f"{rialto.url}/test-connection?vendor=deepseek", timeout=60)
    assert (good.status_code, good.json()["status"], good.json()["reply"]) == (200, "ok", "ok")
    states = {check["check"]: check["state"] for check in good.json()["checks"]}
    assert states.pop("image") == "not claimed" and set(states.values()) == {"ok"}
    assert [check["category"] for check in weak["checks"] if check["state"] == "failed"] == ["no tools"]
    assert "checks" not in short and short["reply"] == "ok"
    assert poor.status_code == 402
    words = poor.json()["error"]["message"]
    assert "Insufficient Balance" in words and "Check the balance" in words
