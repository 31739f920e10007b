"""The command: live against a scripted vendor, its page, its JSON, its exit status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.vendor_check.probes import ODD_FIELD, PROBES
from tests.conformance.kit import FIXTURES
from tests.support.doctored import KEY, Vendor, message
from tests.support.project import project_copy, run
from tests.support.scripted_server import Answer, Request, ScriptedServer

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project_copy(tmp_path_factory.mktemp("vendor-check") / "project")


def well(request: Request) -> Answer:
    """A vendor that does what it is asked for."""
    body = request.json or {}
    if body.get("model") != "deepseek-v4-pro" or not request.path.endswith("/chat/completions"):
        return Vendor()(request)
    if ODD_FIELD in body:
        return Vendor(refusals=[(lambda sent: True, 400, f"unknown field {ODD_FIELD}")])(request)
    if body.get("response_format"):
        return message(body, content='{"city": "Rome"}')
    if body.get("max_tokens") == 1:
        found = message(body, content="ok")
        found.pieces = [
            found.pieces[0].replace(
                b'"completion_tokens": 2, "total_tokens": 11', b'"completion_tokens": 1, "total_tokens": 10'
            )
        ]
        return found
    results = any(turn["role"] == "tool" for turn in body["messages"])
    if body.get("tools") and not results:
        each = [{"name": tool["function"]["name"], "arguments": '{"city": "Rome"}'} for tool in body["tools"]]
        return message(
            body,
            tool_calls=[
                {"index": at, "id": f"call_{at}", "type": "function", "function": one} for at, one in enumerate(each)
            ],
        )
    return message(body, content="1 2 3 4 ")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(well) as running:
        yield running


def live(project: Path, server: ScriptedServer, *arguments: str) -> tuple[int, str, str]:
    moved = {"DEEPSEEK_API_KEY": KEY, "DEEPSEEK_BASE_URL": f"{server.url}/v1"}
    done = run(project, "vendor-check", "--vendor", "deepseek", "--live", *arguments, **moved)
    return done.returncode, done.stdout, done.stderr


def test_a_vendor_that_does_what_it_is_asked_for(project: Path, server: ScriptedServer) -> None:
    status, told, asked = live(project, server, "--json")
    report = json.loads(told)
    assert {found["check"]: found["seen"] for found in report["findings"] if not found["note"]} == {}
    assert [found["check"] for found in report["findings"]] == ["unknown field refused"]
    assert status == 0 and report["answers"] == len(PROBES) - 1
    assert "Asking: image" not in asked and "Asking: second turn" in asked
    assert KEY not in told + asked


def test_what_it_does_wrong_is_found_and_told_on_a_page(project: Path, server: ScriptedServer) -> None:
    def wrong(request: Request) -> Answer:
        found = well(request)
        found.pieces = [
            bytes(piece).replace(b'tool_calls"}', b'stop"}').replace(b'tool_calls", ', b'stop", ')
            for piece in found.pieces
        ]
        return found

    server.play(wrong)
    page = project / "report.md"
    arguments = ("--probe", "parallel calls", "--probe", "unknown model", "--out", str(page))
    status, told, _ = live(project, server, *arguments)
    assert status == 1, told
    assert "TC-8   stop with calls" in told and "[repaired]" in told
    text = page.read_text("utf-8")
    assert "### TC-8 stop with calls" in text and "In `parallel calls` event 0" in text
    assert "$DEEPSEEK_API_KEY" in text and KEY not in text
    assert len([body for body in server.bodies if body]) == 2


def test_recorded_answers_by_a_folder(project: Path) -> None:
    done = run(project, "vendor-check", "--vendor", "xai", "--folder", str(FIXTURES))
    assert done.returncode == 1 and "CA-3   usage disagrees" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("--vendor", "nobody"), "unknown vendor 'nobody'"),
        (("--vendor", "kimi", "--folder", "/nowhere"), "holds no recorded answers"),
        (("--vendor", "kimi", "--file", "/nowhere.jsonl"), "cannot be read"),
        (("--vendor", "kimi", "--live"), "KIMI_API_KEY"),
        (("--vendor", "demo", "--live", "--probe", "nonsense"), "no such probe: nonsense. There are: text"),
    ],
)
def test_nothing_to_judge(project: Path, arguments: tuple[str, ...], words: str) -> None:
    done = run(project, "vendor-check", *arguments)
    assert done.returncode == 2 and words in done.stderr
    assert "Traceback" not in done.stderr
