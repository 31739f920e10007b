"""The doctor, the discovery and the launcher with a real llama.cpp server."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.llama_server import LlamaServer
from tests.support.project import command_environment, project_copy, run

pytestmark = pytest.mark.real

#: Tokens, as tests/real/start_llama_server.sh starts it.
WINDOW = 8192


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project_copy(tmp_path_factory.mktemp("doctor") / "project")


def test_it_is_found_set_up_and_asked(llama: LlamaServer, project: Path) -> None:
    port = str(llama.port)
    told = json.loads(run(project, "doctor", "--json", "--port", port).stdout)
    assert told["local"][0]["server"] == "llama.cpp"
    assert told["local"][0]["models"] == [{"model": "smol", "context_window": WINDOW}]
    lines = "".join(f"{name}={value}\n" for name, value in told["local"][0]["variables"].items())
    done = run(project, "setup", "--timeout", "50", stdin=lines)
    assert "opus    -> smol" in done.stdout, done.stdout + done.stderr
    report = json.loads(run(project, "doctor", "--json", "--model", "openai_compatible/smol").stdout)["reports"][0]
    found = {check["check"]: check for check in report["checks"]}
    for name in ("key", "address", "models", "answer", "stream", "count"):
        assert found[name]["state"] == "ok", found[name]
    assert "by its own counter" in found["count"]["words"]
    assert found["image"]["state"] in ("ok", "not claimed")
    assert (found["window"]["state"], found["window"]["category"]) == ("failed", "small window")
    assert "--ctx-size" in found["window"]["remedy"]


def test_the_launcher_knows_its_window(llama: LlamaServer, project: Path) -> None:
    done = subprocess.run(
        [str(project / "conf" / "claude"), "--print", "openai_compatible/smol"],
        env=command_environment(project, PROVIDER_BASE_URL=f"{llama.url}/v1"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert f"CLAUDE_CODE_MAX_CONTEXT_TOKENS={WINDOW}\n" in done.stdout
    assert "8,192 tokens; Claude Code needs 48,000" in done.stderr
