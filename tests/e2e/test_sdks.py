"""Programs on Anthropic's own packages stream and get whole messages through the running server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support.claude_code import FOLDER, Missing, node_packages
from tests.support.rialto_server import RialtoServer
from tests.support.scripted_server import Answer, Request, ScriptedServer
from tests.support.vendor_bytes import Call, Turn, Wire

pytestmark = pytest.mark.e2e
OLD_VERSION = "0.121.0"
OLD_FOLDER = FOLDER.parent / "anthropic-0x"
SUPPORT = Path(__file__).resolve().parents[1] / "support"
TURN = Turn("I read it now.", "The notes first, naïvely.", (Call("Read", {"file_path": "/notes/päper.md"}),))


def newest(url: str, model: str) -> Any:
    """The package the tests are installed with."""
    return printed([sys.executable, str(SUPPORT / "sdk_client.py"), url, model], {})


def old(url: str, model: str) -> Any:
    """The last line of 0.x, which many programs still use."""
    command = [sys.executable, str(SUPPORT / "sdk_client.py"), url, model]
    return printed(command, {"PYTHONPATH": str(old_package())})


def node(url: str, model: str) -> Any:
    """The package of Node programs."""
    return printed(["node", str(SUPPORT / "sdk_client.cjs"), str(node_packages()), url, model], {})


CLIENTS: dict[str, tuple[Callable[[str, str], Any], str]] = {
    "python newest": (newest, "2."),
    "python 0.x": (old, "0."),
    "node": (node, "1."),
}


@cache
def old_package() -> Path:
    """The folder that holds anthropic 0.x with all it needs. Raises Missing."""
    if (OLD_FOLDER / f"anthropic-{OLD_VERSION}.dist-info").exists():
        return OLD_FOLDER
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(OLD_FOLDER), "--upgrade"]
    done = subprocess.run([*command, f"anthropic=={OLD_VERSION}"], capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise Missing(f"pip could not install anthropic {OLD_VERSION}: {done.stderr.strip()[-400:]}")
    return OLD_FOLDER


def printed(command: list[str], environment: dict[str, str]) -> Any:
    """The JSON that a client program prints."""
    path = f"{Path(shutil.which(command[0]) or command[0]).parent}:/usr/bin:/bin"
    clean = {"PATH": path, "LANG": "C.UTF-8", "NO_PROXY": "*", **environment}
    done = subprocess.run(command, env=clean, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def answers(wire: Wire) -> Callable[[Request], Answer]:
    return lambda request: wire.answer(TURN, 0, request)


@pytest.fixture(params=CLIENTS)
def seen(request: pytest.FixtureRequest, wire: Wire, rialto: RialtoServer, vendor: ScriptedServer) -> Any:
    """What one program saw of one vendor."""
    vendor.play(answers(wire))
    client, version = CLIENTS[request.param]
    try:
        report = client(rialto.url, wire.public_model)
    except Missing as missing:
        pytest.skip(str(missing))
    assert report["version"].startswith(version)
    return report


def test_official_packages(seen: Any, wire: Wire) -> None:
    assert (seen["events"][0], seen["events"][-1]) == ("message_start", "message_stop")
    for message in (seen["streamed"], seen["whole"]):
        check_message(message, wire)
    name, status, request_id = seen["refusal"]
    assert (name, status) == ("NotFoundError", 404)
    assert request_id.startswith("req_")
    assert seen["tokens"] > 0


def check_message(message: Any, wire: Wire) -> None:
    """The message is the turn, whole or streamed."""
    thinking, text, call = message["content"]
    assert (thinking["type"], thinking["thinking"]) == ("thinking", TURN.thinking)
    assert thinking["signature"]
    assert (text["type"], text["text"]) == ("text", TURN.text)
    assert (call["type"], call["name"], call["input"]) == ("tool_use", "Read", TURN.calls[0].arguments)
    assert call["id"].startswith("toolu_")
    assert (message["model"], message["stop_reason"]) == (wire.public_model, "tool_use")
    assert message["usage"]["output_tokens"] == wire.usage()["completion_tokens"]
    parts = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    assert sum(message["usage"][part] for part in parts) == wire.usage()["prompt_tokens"]
