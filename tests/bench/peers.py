"""The peers: other bridges for Claude Code, each in an environment of its own under `.cache/bench`.

Each is set up to do as little beside its work as its settings allow: no logs, no limits, no telemetry, one process.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench.servers import KEY, Plan
from tests.bench.traffic import MODEL, WORKLOADS, model
from tests.support.rialto_server import ROOT, free_port

CACHE = ROOT / ".cache" / "bench"
#: What is installed. The newest versions whose dependencies the registries had on 2026-11-21.
LITELLM, CCR, FCC = "litellm[proxy]==1.106.2", "@musistudio/claude-code-router@2.0.0", "free-claude-code==6.18.3"
#: Seconds for one installation.
PATIENCE = 300.0
MODELS = [model(workload) for workload in WORKLOADS]
QUIET = {"NO_PROXY": "*", "no_proxy": "*", "LANG": "C.UTF-8"}


class Missing(Exception):
    """The peer cannot be installed here; the text says why."""


def run(*command: str, **environment: str) -> None:
    """Runs a step of an installation. Raises `Missing`."""
    try:
        done = subprocess.run(
            command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(str(error)) from None
    if done.returncode:
        raise Missing((done.stderr.strip() or done.stdout.strip())[-300:])


def python_environment(name: str, package: str, binary: str, python: str = sys.executable) -> Path:
    """The programs of an environment with a package from PyPI, which is made when it is not there. Raises `Missing`."""
    folder = CACHE / name
    if not (folder / "bin" / binary).exists():
        if shutil.which(python) is None:
            raise Missing(f"{python} is not installed")
        run(python, "-m", "venv", str(folder))
        run(str(folder / "bin" / "pip"), "install", "--quiet", package)
    return folder / "bin"


def litellm(vendor_port: int, folder: Path) -> Plan:
    """LiteLLM's proxy (PyPI)."""
    programs = python_environment("litellm", LITELLM, "litellm")
    address = f"http://127.0.0.1:{vendor_port}/v1"
    known = [
        {
            "model_name": name,
            "litellm_params": {"model": f"hosted_vllm/{name}", "api_base": address, "api_key": KEY},
        }
        for name in MODELS
    ]
    settings = {"telemetry": False, "drop_params": True, "turn_off_message_logging": True}
    config = folder / "litellm.yaml"  # JSON is YAML
    config.write_text(json.dumps({"model_list": known, "litellm_settings": settings}), "utf-8")
    port = free_port()
    return Plan(
        name="LiteLLM",
        command=(
            *(str(programs / "litellm"), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)),
            *("--num_workers", "1", "--telemetry", "False"),
        ),
        port=port,
        environment={
            **QUIET,
            "HOME": str(folder),
            "LITELLM_LOG": "ERROR",
            "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        },
        folder=folder,
        models=MODEL,
        version=LITELLM.rpartition("=")[2],
    )


def claude_code_router(vendor_port: int, folder: Path) -> Plan:
    """claude-code-router (npm)."""
    home = CACHE / "claude-code-router"
    program = home / "node_modules" / ".bin" / "ccr"
    if not program.exists():
        home.mkdir(parents=True, exist_ok=True)
        run("npm", "install", "--prefix", str(home), "--no-audit", "--no-fund", "--silent", CCR)
    port = free_port()
    provider = {
        "name": "bench",
        "api_base_url": f"http://127.0.0.1:{vendor_port}/v1/chat/completions",
        "api_key": KEY,
        "models": MODELS,
    }
    config = {"HOST": "127.0.0.1", "PORT": port, "APIKEY": KEY, "LOG": False, "NON_INTERACTIVE_MODE": True}
    own = folder / ".claude-code-router"
    own.mkdir(parents=True, exist_ok=True)
    (own / "config.json").write_text(
        json.dumps({**config, "Providers": [provider], "Router": {"default": f"bench,{MODELS[0]}"}}), "utf-8"
    )
    return Plan(
        name="claude-code-router",
        command=(str(program), "start"),
        port=port,
        environment={**QUIET, "HOME": str(folder), "NODE_ENV": "production"},
        folder=folder,
        models=f"bench,{MODEL}",
        version=CCR.rpartition("@")[2],
    )


def free_claude_code(vendor_port: int, folder: Path) -> Plan:
    """free-claude-code (PyPI); it needs Python 3.14."""
    programs = python_environment("free-claude-code", FCC, "fcc-server", "python3.14")
    port = free_port()
    return Plan(
        name="free-claude-code",
        command=(str(programs / "fcc-server"),),
        port=port,
        environment={
            **QUIET,
            "HOME": str(folder),
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "ANTHROPIC_AUTH_TOKEN": KEY,
            "LM_STUDIO_BASE_URL": f"http://127.0.0.1:{vendor_port}/v1",
            "MODEL": f"lmstudio/{MODELS[0]}",
            "PROVIDER_RATE_LIMIT": "1000000",
            "PROVIDER_MAX_CONCURRENCY": "1000",
        },
        folder=folder,
        models=f"lmstudio/{MODEL}",
        version=FCC.rpartition("=")[2],
    )


PEERS: dict[str, Callable[[int, Path], Plan]] = {
    "litellm": litellm,
    "free-claude-code": free_claude_code,
    "claude-code-router": claude_code_router,
}
