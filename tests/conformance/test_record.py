"""`make record`: what it writes passes the kit, holds nobody's name, and overwrites nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.capture.record import line_of, record
from app.capture.secrets import Secrets
from tests.conformance import kit
from tests.conformance.record import Unrecorded, kept
from tests.conformance.scrub import FIELDS, PATTERNS, Scrub
from tests.sizes import ROOT
from tests.support.captures import run as run_captured
from tests.support.doctored import KEY, Vendor
from tests.support.project import command_environment
from tests.support.scripted_server import Answer, Request, ScriptedServer

LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "real", "node_modules", "usage.jsonl*", "*.sqlite*", "debug")
WHO = (
    b"data: "
    + json.dumps({"choices": [], "user_id": "Jane Doe", "id": "req_123456789abc", "org": "org-abc123xyz"}).encode()
)


def with_names(request: Request) -> Answer:
    """A right answer that says who has asked."""
    found = Vendor()(request)
    if request.json and request.json.get("stream"):
        found.pieces = [WHO + b"\n\n", *found.pieces]
    return found


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(with_names) as running:
        yield running


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, where cases may be written."""
    copy = tmp_path_factory.mktemp("record") / "rialto"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    return copy


def run(project: Path, server: ScriptedServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    known = {"DEEPSEEK_API_KEY": KEY, "DEEPSEEK_BASE_URL": f"{server.url}/v1", "PATH": os.environ["PATH"]}
    command = [sys.executable, *arguments]
    environment = command_environment(project, **known)
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def recorded(project: Path, server: ScriptedServer) -> Path:
    """The folder of the vendor behind a recording of all cases."""
    done = run(project, server, "-m", "tests.conformance.record", "deepseek")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "recorded_calls/request.json" in done.stdout and "recorded_calls/expected.json" in done.stdout
    assert KEY not in done.stdout + done.stderr
    return project / "tests" / "fixtures" / "deepseek"


def test_true_bytes_and_no_names_are_written(recorded: Path) -> None:
    folders = sorted(path.name for path in recorded.glob("recorded_*"))
    assert folders == ["recorded_calls", "recorded_error", "recorded_second_turn", "recorded_text"]
    text = (recorded / "recorded_text" / "response.sse").read_bytes()
    assert b'"reasoning_content":"so it is"' in text and text.startswith(b'data: {"choices": [], "user_id": "sample_1"')
    written = b"".join(path.read_bytes() for path in recorded.glob("recorded_*/*"))
    for word in (b"Jane", b"req_123456789abc", b"org-abc123xyz", KEY.encode(), b"127.0.0.1"):
        assert word not in written
    head = json.loads((recorded / "recorded_error" / "status.json").read_text())
    assert head["status"] == 404
    expected = json.loads((recorded / "recorded_error" / "expected.json").read_text())
    assert expected["error"]["type"] == "not_found_error"
    assert "Recorded from DeepSeek, deepseek-v4-pro, on 20" in (recorded / "recorded_text" / "about.txt").read_text()
    second = json.loads((recorded / "recorded_second_turn" / "request.json").read_text())
    assert [turn["role"] for turn in second["messages"]] == ["user", "assistant", "user"]
    assert second["messages"][1]["content"][-1]["name"] == "report_number"


def test_what_was_recorded_passes_the_kit(project: Path, recorded: Path, server: ScriptedServer) -> None:
    arguments = ("-q", "-p", "no:cacheprovider", "tests/conformance", "-k", "recorded_ and not test_record")
    done = run(project, server, "-m", "pytest", *arguments)
    assert done.returncode == 0, done.stdout[-4000:]
    assert int(re.findall(r"conformance checks: (\d+)", done.stdout)[0]) > 40, done.stdout


def test_nothing_is_overwritten_or_asked_again(project: Path, recorded: Path, server: ScriptedServer) -> None:
    asked = len(server.requests)
    done = run(project, server, "-m", "tests.conformance.record", "deepseek", "--case", "recorded_text")
    assert done.returncode == 1 and "is there already" in done.stderr
    assert len(server.requests) == asked


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("deepseek", "--case", "nonsense"), "no such case: nonsense. There are: recorded_text"),
        (("kimi",), "KIMI_API_KEY"),
        (("nobody",), "unknown vendor 'nobody'"),
        (("deepseek", "--file", "x.jsonl"), "needs a name: CASE=name"),
    ],
)
def test_mistakes_are_named(project: Path, server: ScriptedServer, arguments: tuple[str, ...], words: str) -> None:
    done = run(project, server, "-m", "tests.conformance.record", *arguments)
    assert done.returncode == 1 and words in done.stderr


# -- out of a capture


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A capture of one exchange with words that are nobody else's business."""
    case = next(case for case in kit.cases() if str(case) == "deepseek/thinking_text_calls")
    message = {**case.request, "stream": True, "messages": [{"role": "user", "content": "Where is Zanzibar?"}]}
    message["metadata"] = {"user_id": "jane"}
    wire = kit.Wire(
        kit.Reply([case.answer.replace(b"Look", b"Zanzibar")], headers={"content-type": "text/event-stream"})
    )
    done = run_captured(message, (case.route,), kit.means(wire))
    path = tmp_path / "x.jsonl"
    path.write_bytes(line_of(record(done.tapes[0], Secrets())))
    return path


def test_a_capture_becomes_a_case_without_its_words(capture: Path, tmp_path: Path) -> None:
    paths = kept("deepseek", capture, "", "found", False, tmp_path)
    assert {path.name for path in paths} == {"request.json", "response.sse", "status.json", "route.json", "about.txt"}
    written = b"".join(path.read_bytes() for path in paths)
    assert b"anzibar" not in written and b"jane" not in written and b'"name":"Read"' in written
    with pytest.raises(Unrecorded, match="is there already"):
        kept("deepseek", capture, "", "found", False, tmp_path)


def test_words_are_kept_when_that_is_wished(capture: Path, tmp_path: Path) -> None:
    paths = kept("deepseek", capture, "", "found", True, tmp_path)
    assert "Where is Zanzibar?" in paths[0].read_text() and "metadata" not in json.loads(paths[0].read_text())


def test_an_exchange_that_is_not_there(capture: Path, tmp_path: Path) -> None:
    with pytest.raises(Unrecorded, match="holds 0 such exchanges"):
        kept("deepseek", capture, "req_none", "found", False, tmp_path)
    with pytest.raises(Unrecorded, match="no answer of kimi"):
        kept("kimi", capture, "", "found", False, tmp_path)


# -- scrubbing

SECRET = (
    "org-AbC123xYz",
    "proj_AbC123xYz456",
    "user-AbC123xYz",
    "acct_1AbC123xYz",
    "req_011CVabcXYZ",
    "chatcmpl-AbC123xYz",
    "gen-1795161600-AbCdEf",
    "resp_0a1b2c3d4e5f",
    "msg_01AbC123xYz",
    "jane.doe+x@company.test",
    "203.0.113.77",
    "0c1d2e3f-aaaa-bbbb-cccc-0123456789ab",
)
PLAIN = (
    '{"role": "user", "content": "Write to users_of_the_system"}',
    '{"id": "call_AbC123xYz456", "name": "user_lookup"}',
    '{"model": "gpt-5.6", "version": "1.2.3", "system_fingerprint": "fp_f"}',
    '{"error": {"message": "request_timeout, team_name is missing, organization limit"}}',
    "http://127.0.0.1:8090/v1 someone@example.com",
)


@pytest.mark.parametrize("secret", SECRET)
def test_what_says_who_has_asked_goes(secret: str) -> None:
    scrub = Scrub()
    told = scrub.data(f'{{"note": "for {secret}, again {secret}."}}'.encode()).decode()
    assert secret not in told and json.loads(told)
    sample = told.removeprefix('{"note": "for ').partition(",")[0]
    assert told.count(sample) == 2
    assert scrub.data(told.encode()).decode() == told


@pytest.mark.parametrize("text", PLAIN)
def test_everything_else_stays(text: str) -> None:
    assert Scrub().data(text.encode()).decode() == text


@pytest.mark.parametrize("field", FIELDS.split("|"))
def test_fields_that_say_it_go_whatever_is_in_them(field: str) -> None:
    told = json.loads(Scrub().data(json.dumps({field: 'Jane "J" Doe', "content": "Jane"}).encode()))
    assert told == {field: "sample_1", "content": "Jane"}


def test_other_texts_get_other_samples_and_keys_go() -> None:
    scrub = Scrub(["the-key-of-a-server"])
    told = scrub.value(
        {"a": "req_AAA111222", "b": "req_BBB111222", "c": "the-key-of-a-server", "d": "sk-abcdefghijklmnop"}
    )
    assert told == {"a": "req_sample_1", "b": "req_sample_2", "c": "[key]", "d": "[key]"}
    assert scrub.value("req_BBB111222") == "req_sample_2"


def test_every_pattern_has_its_example() -> None:
    for pattern, _ in PATTERNS:
        assert any(pattern.search(secret.encode()) for secret in SECRET), pattern.pattern
