"""The real Claude Code client: finds or installs its binary and runs it with nothing of the caller's environment.

The npm package is a small wrapper; the program itself is in an optional package per platform. The client gets a home of
its own, a dummy key and a base URL on loopback, so that it can neither read a login nor reach anybody.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

CLIENT_VERSION = "2.1.329"
SDK_VERSION = "1.11.0"
FOLDER = Path(__file__).resolve().parents[2] / ".cache" / "claude-code"
PACKAGES = FOLDER / "node_modules" / "@anthropic-ai"
#: Seconds one run of the client may take.
DEADLINE = 30.0


class Missing(Exception):
    """Something the test needs is not on this machine; the text says what."""


@dataclass(frozen=True)
class Run:
    """How one run of the client ended."""

    status: int
    output: str
    errors: str

    @property
    def result(self) -> dict[str, Any]:
        """The object that `--output-format json` prints."""
        try:
            found = json.loads(self.output)
        except ValueError as problem:
            raise AssertionError(
                f"no JSON from the client ({self.status}): {self.output!r} {self.errors!r}"
            ) from problem
        return next(item for item in found if item["type"] == "result") if isinstance(found, list) else found


@cache
def client_binary() -> Path:
    """The program's path, installed when it must be. Raises Missing."""
    binary = PACKAGES / f"claude-code-{_platform()}" / "claude"
    if _installed("claude-code") != CLIENT_VERSION or not binary.exists():
        install(f"@anthropic-ai/claude-code@{CLIENT_VERSION}")
    if not binary.exists():
        raise Missing(f"npm installed no Claude Code program for this platform ({_platform()}): {binary}")
    return binary


@cache
def node_packages() -> Path:
    """The node_modules folder that holds @anthropic-ai/sdk. Raises Missing."""
    if not shutil.which("node"):
        raise Missing("node is not installed, so @anthropic-ai/sdk cannot run")
    if _installed("sdk") != SDK_VERSION:
        install(f"@anthropic-ai/sdk@{SDK_VERSION}")
    return PACKAGES.parent


def install(package: str) -> None:
    """`npm install` into the project's cache. Raises Missing."""
    npm = shutil.which("npm")
    if not npm:
        raise Missing(f"npm is not installed, so {package} cannot be had")
    FOLDER.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--prefix", str(FOLDER), "--no-audit", "--no-fund", "--ignore-scripts", package]
    try:
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired as late:
        raise Missing(f"npm could not install {package} within {late.timeout:.0f} s") from late
    if done.returncode:
        raise Missing(f"npm could not install {package}: {done.stderr.strip()[-400:]}")


def _installed(package: str) -> str:
    try:
        return str(json.loads((PACKAGES / package / "package.json").read_text())["version"])
    except (OSError, ValueError, KeyError):
        return ""


def _platform() -> str:
    system = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}.get(
        platform.system(), platform.system().lower()
    )
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine())
    musl = "-musl" if system == "linux" and any(Path("/lib").glob("ld-musl-*")) else ""
    return f"{system}-{machine}{musl}"


def client_environment(base_url: str, home: Path, **more: str) -> dict[str, str]:
    """Everything the client may know. IS_SANDBOX lets it act without questions as root."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "SHELL": "/bin/bash",
        "NO_PROXY": "*",
        "ANTHROPIC_API_KEY": "dummy",
        "ANTHROPIC_BASE_URL": base_url,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_MAX_RETRIES": "0",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "DISABLE_AUTOUPDATER": "1",
        "IS_SANDBOX": "1",
        **more,
    }


def run_client(
    prompt: str,
    base_url: str,
    folder: Path,
    *,
    model: str,
    options: Sequence[str] = (),
    deadline: float = DEADLINE,
    **environment: str,
) -> Run:
    """One `claude -p` in `folder / "work"`, with a throw-away home beside it; `deadline` is seconds."""
    return _finish(start_client(prompt, base_url, folder, model=model, options=options, **environment), deadline)


def start_client(
    prompt: str, base_url: str, folder: Path, *, model: str, options: Sequence[str] = (), **environment: str
) -> subprocess.Popen[str]:
    """The same, not waited for; it leads a process group."""
    home, work = folder / "home", folder / "work"
    for path in (home, work):
        path.mkdir(parents=True, exist_ok=True)
    command = [str(client_binary()), "-p", prompt, "--model", model, "--output-format", "json"]
    command += ["--permission-mode", "bypassPermissions", *options]
    pipe = subprocess.PIPE
    streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": pipe, "stderr": pipe, "text": True}
    known = client_environment(base_url, home, **environment)
    return subprocess.Popen(command, cwd=work, env=known, start_new_session=True, **streams)


def _finish(process: subprocess.Popen[str], deadline: float) -> Run:
    try:
        output, errors = process.communicate(timeout=deadline)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, errors = process.communicate()
        raise AssertionError(f"the client did not end within {deadline:.0f} s: {output!r} {errors!r}") from None
    return Run(process.returncode, output, errors)
