"""`conf/claude`: what the client gets, and what is said when it cannot be started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from app.launcher.start import wish
from tests.support.claude_code import client_binary
from tests.support.doctored import Vendor
from tests.support.project import command_environment, project_copy
from tests.support.rialto_server import RialtoServer, free_port
from tests.support.scripted_server import ScriptedServer, json_answer

pytestmark = pytest.mark.e2e

DEADLINE = 60
DUMP = '#!/bin/sh\nfor word; do echo "arg:$word"; done\necho cwd:$(pwd)\nenv\nexit 7\n'
KEY = "a-key-of-the-bridge"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project_copy(tmp_path_factory.mktemp("launcher") / "project")


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    """A folder with a `claude` that prints what it is given."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "claude").write_text(DUMP)
    (folder / "claude").chmod(0o755)
    return folder


def launch(project: Path, *arguments: str, cwd: Path | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(project / "conf" / "claude"), *arguments],
        cwd=cwd or project,
        env=command_environment(project, LEARN_LIMITS="0", **environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def exports(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """What a shell makes of the printed lines."""
    assert done.returncode == 0, done.stderr
    script = f"{done.stdout}\nenv -0"
    shell = subprocess.run(["/bin/sh", "-c", script], env={"BRIDGE_API_KEY": KEY}, capture_output=True, check=True)
    return dict(pair.split("=", 1) for pair in shell.stdout.decode().split("\0") if pair)


def test_the_model_decides(project: Path) -> None:
    known = exports(launch(project, "--print", "kimi/kimi-for-coding", KIMI_API_KEY="x", PORT="4321"))
    name = "anthropic/kimi/kimi-for-coding"
    assert {key: known.get(key) for key in EXPECTED} == {
        **EXPECTED,
        **{key: name for key in EXPECTED if key.endswith("_MODEL")},
    }
    assert "API_FORCE_IDLE_TIMEOUT" not in known


EXPECTED = {
    "ANTHROPIC_BASE_URL": "http://127.0.0.1:4321",
    "ANTHROPIC_AUTH_TOKEN": "rialto",
    "ANTHROPIC_MODEL": "",
    "ANTHROPIC_DEFAULT_OPUS_MODEL": "",
    "ANTHROPIC_DEFAULT_SONNET_MODEL": "",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL": "",
    "CLAUDE_CODE_MAX_CONTEXT_TOKENS": "262144",
    "CLAUDE_CODE_AUTO_COMPACT_WINDOW": "262144",
    "CLAUDE_CODE_MAX_OUTPUT_TOKENS": "32768",
    "CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY": "1",
}


def test_a_large_window_and_a_small_model(project: Path) -> None:
    environ = {"DEEPSEEK_API_KEY": "x", "KIMI_API_KEY": "y", "SMALL_MODEL": "kimi/kimi-for-coding"}
    known = exports(launch(project, "--print", "deepseek/deepseek-v4-pro", **environ))
    assert known["ANTHROPIC_MODEL"] == "anthropic/deepseek/deepseek-v4-pro[1m]"
    assert known["ANTHROPIC_DEFAULT_HAIKU_MODEL"] == "anthropic/kimi/kimi-for-coding"
    assert known["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == "1048576"
    assert known["CLAUDE_CODE_AUTO_COMPACT_WINDOW"] == "1000000"


def test_without_a_model_the_classes_are_what_they_reach(project: Path) -> None:
    environ = {"DEEPSEEK_API_KEY": "x", "KIMI_API_KEY": "y", "BIG_MODEL": "kimi/kimi-for-coding"}
    known = exports(launch(project, "--print", **environ))
    assert known["ANTHROPIC_DEFAULT_OPUS_MODEL"] == "anthropic/kimi/kimi-for-coding"
    assert known["ANTHROPIC_DEFAULT_SONNET_MODEL"] == "anthropic/deepseek/deepseek-v4-pro[1m]"
    assert known["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == "262144"
    assert known["ANTHROPIC_MODEL"] == "anthropic/kimi/kimi-for-coding"
    assert "ANTHROPIC_MODEL" not in exports(launch(project, "--print", **environ, ANTHROPIC_MODEL="opus"))
    large = {**environ, "BIG_MODEL": "deepseek/deepseek-v4-pro"}
    assert "ANTHROPIC_MODEL" not in exports(launch(project, "--print", **large))


def test_a_local_model_gets_time_and_its_true_window(project: Path) -> None:
    with ScriptedServer(Vendor(key="", models=("glm",), window=65_536)) as server:
        environ = {"PROVIDER_BASE_URL": f"{server.url}/v1", "LEARN_LIMITS": "1"}
        done = subprocess.run(
            [str(project / "conf" / "claude"), "--print", "openai_compatible/glm"],
            env=command_environment(project, **environ),
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
    known = exports(done)
    assert known["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == "65536"
    assert known["CLAUDE_CODE_AUTO_COMPACT_WINDOW"] == "100000"
    assert (known["API_FORCE_IDLE_TIMEOUT"], known["CLAUDE_STREAM_IDLE_TIMEOUT_MS"]) == ("0", "1800000")
    assert "Warning" not in done.stderr and "FIRST_BYTE_TIMEOUT=1800" in done.stderr


def test_a_small_window_is_warned_of(project: Path) -> None:
    done = launch(project, "--print", "ollama/qwen3.5:9b", OLLAMA_HOST="http://127.0.0.1:9", OLLAMA_NUM_CTX="32768")
    assert exports(done)["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == "32768"
    assert "32,768 tokens; Claude Code needs 48,000" in done.stderr


def test_the_key_is_printed_only_when_asked_for(project: Path) -> None:
    done = launch(project, "--print", BRIDGE_API_KEY=KEY)
    assert KEY not in done.stdout and exports(done)["ANTHROPIC_AUTH_TOKEN"] == KEY
    assert f"export ANTHROPIC_AUTH_TOKEN={KEY}\n" in launch(project, "--print", "--show-key", BRIDGE_API_KEY=KEY).stdout


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--print", "groq/x"], 2, "GROQ_API_KEY is not set"),
        (["--print", "nonsense"], 2, "model: nonsense"),
        (["--model"], 2, "--model needs a name"),
        (["--help"], 0, ""),
    ],
)
def test_a_wrong_call(project: Path, arguments: list[str], status: int, words: str) -> None:
    done = launch(project, *arguments, DEEPSEEK_API_KEY="x")
    assert done.returncode == status and words in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "model", "rest"),
    [
        (["--print", "a/b", "-p", "hi"], "a/b", ["-p", "hi"]),
        (["-p", "hi"], "", ["-p", "hi"]),
        (["--", "hi"], "", ["hi"]),
        (["--model", "a/b", "hi", "--print"], "a/b", ["hi", "--print"]),
        (["a/b", "--", "--print"], "a/b", ["--print"]),
        (["--model", "a/b", "--"], "a/b", []),
    ],
)
def test_what_is_for_claude(arguments: list[str], model: str, rest: list[str]) -> None:
    found = wish(arguments)
    assert (found.model, found.rest) == (model, rest)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RialtoServer]:
    with RialtoServer(tmp_path / "rialto") as server:
        yield server


def test_the_client_gets_its_environment(project: Path, fake: Path, running: RialtoServer, tmp_path: Path) -> None:
    work = tmp_path / "my work"
    work.mkdir()
    (work / "app.py").write_text("raise SystemExit('a file of the user')")
    (work / "typing.py").write_text("raise SystemExit('a file of the user')")
    environ = {
        "PATH": f"{fake}:/usr/bin:/bin",
        "PORT": str(running.port),
        "CLAUDE_CODE_USE_BEDROCK": "1",
        "HTTP_PROXY": "http://proxy.example:1",
        "NO_PROXY": "example.com",
        "MINE": "kept",
    }
    link = tmp_path / "on-path"
    link.symlink_to(project / "conf" / "claude")
    done = subprocess.run(
        [str(link), "demo", "-p", "two words", "--print"],
        cwd=work,
        env=command_environment(project, **environ),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 7, done.stderr
    told = done.stdout.splitlines()
    assert [line for line in told if line.startswith("arg:")] == ["arg:-p", "arg:two words", "arg:--print"]
    assert f"cwd:{work}" in told
    known = dict(line.split("=", 1) for line in told if "=" in line)
    assert known["ANTHROPIC_BASE_URL"] == running.url
    assert known["ANTHROPIC_MODEL"] == "anthropic/demo/demo"
    assert known["NO_PROXY"] == "example.com,127.0.0.1" and known["MINE"] == "kept"
    assert "CLAUDE_CODE_USE_BEDROCK" not in known and "PYTHONPATH" not in known


def test_no_client(project: Path, tmp_path: Path) -> None:
    done = launch(project, "demo", PATH=f"{tmp_path}:/usr/bin:/bin")
    assert done.returncode == 127 and "npm install -g @anthropic-ai/claude-code" in done.stderr


def test_the_launcher_is_not_the_client(project: Path, tmp_path: Path) -> None:
    (tmp_path / "claude").symlink_to(project / "conf" / "claude")
    done = launch(project, "demo", PATH=f"{tmp_path}:/usr/bin:/bin")
    assert done.returncode == 127


def test_no_rialto(project: Path, fake: Path) -> None:
    port = str(free_port())
    done = launch(project, "demo", PATH=f"{fake}:/usr/bin:/bin", PORT=port)
    assert done.returncode == 1 and f"No Rialto answers at http://127.0.0.1:{port}" in done.stderr
    assert "arg:" not in done.stdout


def test_another_program_at_the_port(project: Path, fake: Path) -> None:
    with ScriptedServer(lambda request: json_answer({"name": "other"})) as other:
        done = launch(project, "demo", PATH=f"{fake}:/usr/bin:/bin", PORT=other.url.rpartition(":")[2])
    assert done.returncode == 1 and "another program, not Rialto" in done.stderr


def test_one_is_started_once(project: Path, fake: Path) -> None:
    environ = {"PATH": f"{fake}:/usr/bin:/bin", "PORT": str(free_port()), "PYTHONDONTWRITEBYTECODE": "1"}
    pid_file = project / "state" / "rialto.pid"
    try:
        first = launch(project, "--start", "demo", **environ)
        process = pid_file.read_text()
        second = launch(project, "--start", "demo", **environ)
        assert (first.returncode, second.returncode) == (7, 7), first.stderr + second.stderr
        assert pid_file.read_text() == process
    finally:
        if pid_file.exists():
            os.kill(int(pid_file.read_text()), signal.SIGTERM)


def test_the_real_client(project: Path, running: RialtoServer, claude: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    folder = tmp_path / "path"
    folder.mkdir()
    (folder / "claude").symlink_to(client_binary())
    quiet = dict.fromkeys(("DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING", "DISABLE_AUTOUPDATER", "IS_SANDBOX"), "1")
    done = launch(
        project,
        *("demo", "-p", "Say hello", "--output-format", "json"),
        cwd=tmp_path / "home",
        **{**quiet, "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "CLAUDE_CODE_MAX_RETRIES": "0"},
        **{"PATH": f"{folder}:/usr/bin:/bin", "PORT": str(running.port), "HOME": str(tmp_path / "home")},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = last(json.loads(done.stdout))
    assert result["is_error"] is False and "demo" in str(result["result"]).lower()
    assert "does not list Rialto's models" in done.stderr


def last(output: object) -> Mapping[str, object]:
    """The result object of the client's output."""
    found = next(item for item in output if item["type"] == "result") if isinstance(output, list) else output
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="session")
def claude() -> Path:
    """The client's binary; skips, saying what is missing."""
    from tests.support.claude_code import Missing

    try:
        return client_binary()
    except Missing as missing:
        pytest.skip(str(missing))
