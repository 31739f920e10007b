"""Setup in a copy of the project: at a pseudo-terminal, and with its answers on stdin."""

from __future__ import annotations

import os
import pty
import re
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import pytest
from dotenv import dotenv_values

from tests.support.doctored import KEY, Vendor
from tests.support.project import command_environment, project_copy, run
from tests.support.rialto_server import free_port
from tests.support.scripted_server import ScriptedServer

pytestmark = pytest.mark.e2e

#: Seconds for words to appear.
DEADLINE = 30.0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return project_copy(tmp_path / "project")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(Vendor()) as running:
        yield running


def written(project: Path) -> dict[str, str | None]:
    return dotenv_values(project / ".env", interpolate=False)


class Screen:
    """`python -m app setup` at a terminal."""

    def __init__(self, project: Path, *options: str) -> None:
        keys, screen = pty.openpty()
        self._keys = keys
        self.shown = ""
        self._changed = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-c", CONTROLLED, sys.executable, "-m", "app", "setup", *options],
            cwd=project,
            env=command_environment(project, TERM="dumb"),
            stdin=screen,
            stdout=screen,
            stderr=screen,
            start_new_session=True,
        )
        os.close(screen)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Screen:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join(DEADLINE)
        os.close(self._keys)

    def answer(self, question: str, text: str) -> None:
        """Waits for words that were not shown before, then types."""
        with self._changed:
            known = self._changed.wait_for(lambda: question in self.shown, DEADLINE)
        assert known, f"{question!r} was not asked: {self.shown[-2000:]}"
        self.shown = self.shown.partition(question)[2]
        os.write(self._keys, f"{text}\n".encode())

    def end(self) -> int:
        """The exit status, when all has been shown."""
        status = self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        return status

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._keys, 65536)
            except OSError:
                return
            with self._changed:
                self.shown += data.decode(errors="replace")
                self._changed.notify_all()


#: Makes the terminal the controlling one, as a shell's child has it, and becomes the command.
CONTROLLED = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_the_dialogue(project: Path, server: ScriptedServer) -> None:
    (project / ".env").write_text(f"# mine\nDEEPSEEK_BASE_URL={server.url}/v1\n")
    with Screen(project, "--port", str(free_port()), "--timeout", "5") as screen:
        everything = screen.shown
        screen.answer("Which ones?", "nobody-knows-this")
        screen.answer("Which ones?", "deepseek")
        screen.answer("DEEPSEEK_API_KEY (not shown", "gsk_of-another-vendor")
        screen.answer("Use it all the same?", "n")
        screen.answer("DEEPSEEK_API_KEY (not shown", "a-wrong-key-of-mine")
        screen.answer("Give another key?", "y")
        screen.answer("DEEPSEEK_API_KEY (not shown", KEY)
        screen.answer("Model for opus (BIG_MODEL)", "")
        status = screen.end()
        everything += screen.shown
    assert status == 0, everything
    assert "opus    -> deepseek-v4-pro (DeepSeek)" in screen.shown
    assert "make claude" in screen.shown
    for secret in (KEY, "gsk_of-another-vendor", "a-wrong-key-of-mine"):
        assert secret not in everything
    assert (project / ".env").read_text() == f"# mine\nDEEPSEEK_BASE_URL={server.url}/v1\nDEEPSEEK_API_KEY={KEY}\n" + (
        "BIG_MODEL=deepseek/deepseek-v4-pro\n"
    )
    assert stat.S_IMODE((project / ".env").stat().st_mode) == 0o600
    logs = [path.read_text(errors="replace") for path in (project / "logs").rglob("*.jsonl")]
    assert logs and not any(KEY in text for text in logs)


def test_classes_that_reach_nothing_are_asked_for(project: Path, server: ScriptedServer) -> None:
    server.play(Vendor(models=("openai/gpt-oss-120b",)))
    (project / ".env").write_text(f"GROQ_BASE_URL={server.url}/v1\n")
    with Screen(project, "--port", str(free_port()), "--timeout", "5") as screen:
        screen.answer("Which ones?", "groq")
        screen.answer("GROQ_API_KEY (not shown", KEY)
        screen.answer("Model for opus (BIG_MODEL)", "")
        screen.answer("Model for sonnet (MIDDLE_MODEL)", "no such model anywhere")
        screen.answer("Model for sonnet (MIDDLE_MODEL)", "deepseek/deepseek-v4-pro")
        screen.answer("Model for haiku (SMALL_MODEL)", "")
        assert screen.end() == 0, screen.shown
    known = written(project)
    assert known["MIDDLE_MODEL"] == "deepseek/deepseek-v4-pro"
    assert known["BIG_MODEL"] == known["SMALL_MODEL"] == "groq/openai/gpt-oss-120b"


def test_a_server_of_this_machine_is_offered(project: Path, server: ScriptedServer) -> None:
    server.play(Vendor(key="", models=("local-model",), window=65_536, owner="llamacpp"))
    port = server.url.rpartition(":")[2]
    with Screen(project, "--port", port, "--timeout", "5") as screen:
        screen.answer("Which ones?", "1")
        screen.answer("Model for opus", "")
        screen.answer("Model for sonnet", "")
        screen.answer("Model for haiku", "")
        assert screen.end() == 0, screen.shown
    assert written(project) == {
        "PROVIDER_BASE_URL": f"http://127.0.0.1:{port}/v1",
        **dict.fromkeys(("BIG_MODEL", "MIDDLE_MODEL", "SMALL_MODEL"), "openai_compatible/local-model"),
    }


def test_leaving_changes_nothing(project: Path) -> None:
    with Screen(project, "--port", str(free_port())) as screen:
        screen.answer("Which ones?", "deepseek")
        screen.answer("DEEPSEEK_API_KEY (not shown", "\x03")
        assert screen.end() == 1
    assert not (project / ".env").exists()
    assert "Traceback" not in screen.shown


def test_answers_on_stdin(project: Path, server: ScriptedServer) -> None:
    lines = f"DEEPSEEK_API_KEY={KEY}\nDEEPSEEK_BASE_URL={server.url}/v1\n"
    done = run(project, "setup", "--timeout", "5", stdin=lines)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "opus    -> deepseek-v4-pro (DeepSeek)" in done.stdout
    assert KEY not in done.stdout + done.stderr
    given = {"DEEPSEEK_API_KEY": KEY, "DEEPSEEK_BASE_URL": f"{server.url}/v1"}
    assert written(project) == {**given, "BIG_MODEL": "deepseek/deepseek-v4-pro"}


def test_classes_get_what_works(project: Path, server: ScriptedServer) -> None:
    server.play(Vendor(models=("openai/gpt-oss-120b",)))
    done = run(project, "setup", "--timeout", "5", stdin=f"GROQ_API_KEY={KEY}\nGROQ_BASE_URL={server.url}/v1\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert written(project)["MIDDLE_MODEL"] == "groq/openai/gpt-oss-120b"
    assert "sonnet  -> openai/gpt-oss-120b (Groq)" in done.stdout


def test_a_wrong_key_on_stdin(project: Path, server: ScriptedServer) -> None:
    lines = f"DEEPSEEK_API_KEY=worn-out\nDEEPSEEK_BASE_URL={server.url}/v1\n"
    done = run(project, "setup", "--timeout", "5", stdin=lines)
    assert done.returncode == 1
    assert re.search(r"key +failed", done.stdout) and "platform.deepseek.com" in done.stdout


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("", "This is no terminal"),
        ("FROBNICATE=1\n", "FROBNICATE is no key"),
        ("OPENAI_BASE_URL=ftp://x\n", "OPENAI_BASE_URL"),
        ("BIG_MODEL=no such thing\n", "BIG_MODEL"),
    ],
)
def test_what_cannot_be_stored_is_told(project: Path, lines: str, words: str) -> None:
    done = run(project, "setup", "--no-test", "--port", str(free_port()), stdin=lines)
    assert done.returncode == 2
    assert words in done.stderr and "Traceback" not in done.stderr
    assert not (project / ".env").exists()


def test_the_environment_that_wins_is_told(project: Path) -> None:
    done = run(project, "setup", "--no-test", stdin=f"GROQ_API_KEY={KEY}\n", GROQ_API_KEY="another")
    assert "GROQ_API_KEY is also set in the environment" in done.stderr
