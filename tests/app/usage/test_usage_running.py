"""What runs survives its process: whatever a killed worker was doing is found, once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.exchange.account import Account
from app.logs.redaction import Redaction
from app.usage.books import Books, noted
from app.usage.running import SLOT, Running, records
from tests.sizes import ROOT

DEADLINE = 30.0
#: A worker with three exchanges, of which the first has ended and the body of the last is still coming.
WORKER = """
import sys
from pathlib import Path
from app.exchange.account import Account
from app.logs.redaction import Redaction
from app.usage.books import Books
books = Books(Path(sys.argv[1]), 10**6, 3, Redaction())
accounts = [Account(request_id=f"req_{number}", alias="my-model") for number in range(2)]
accounts.append(Account(request_id="req_2", session="my-session", agent="my-agent"))
for account in accounts:
    books.begin(account)
accounts[0].stop_reason = "end_turn"
accounts[0].end()
books.settle(accounts[0])
print("ready", flush=True)
sys.stdin.read()
"""


@contextmanager
def worker(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has written down what it does; whatever still lives at the end is killed."""
    command = [sys.executable, "-c", WORKER, str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout
    try:
        assert process.stdout.readline() == b"ready\n"
        yield process
    finally:
        process.kill()
        process.communicate(timeout=DEADLINE)


def books(folder: Path) -> Books:
    return Books(folder, 10**6, 3, Redaction())


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "usage.jsonl").read_text().splitlines()]


def ends(folder: Path) -> list[tuple[str, Any, Any]]:
    return sorted((line["request_id"], line["status"], line["error_type"]) for line in lines(folder))


def test_a_killed_worker_loses_no_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with worker(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(DEADLINE)
    books(tmp_path).recover()
    lost = ("lost", "worker_killed")
    assert ends(tmp_path) == [("req_0", 200, None), ("req_1", *lost), ("req_2", *lost)]
    ended, running, coming = lines(tmp_path)
    assert running["alias"] == "my-model"
    assert (coming["session_id"], coming["agent_id"], coming["alias"]) == ("my-session", "my-agent", None)
    assert list(ended) == list(running) == list(coming)
    assert "2 exchanges were cut off" in caplog.text
    assert list((tmp_path / "running").iterdir()) == []


def test_a_worker_that_lives_is_left_alone(tmp_path: Path) -> None:
    with worker(tmp_path):
        books(tmp_path).recover()
        assert ends(tmp_path) == [("req_0", 200, None)]


def test_a_worker_that_ends_by_itself_says_what_it_cut_off(tmp_path: Path) -> None:
    with worker(tmp_path) as process:
        process.communicate(timeout=DEADLINE)
    lost = ("lost", "worker_stopped")
    assert ends(tmp_path) == [("req_0", 200, None), ("req_1", *lost), ("req_2", *lost)]
    assert list((tmp_path / "running").iterdir()) == []
    books(tmp_path).recover()
    assert len(lines(tmp_path)) == 3


def test_a_kill_between_the_line_and_the_crossing_out_leaves_one_line(tmp_path: Path) -> None:
    with worker(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(DEADLINE)
    ended = Account(request_id="req_1", stop_reason="end_turn")
    ended.end()
    books(tmp_path).settle(ended)
    books(tmp_path).recover()
    assert ends(tmp_path) == [("req_0", 200, None), ("req_1", 200, None), ("req_2", "lost", "worker_killed")]


def test_nothing_is_left_of_an_exchange_that_has_ended(tmp_path: Path) -> None:
    kept, account = books(tmp_path), Account(request_id="req_1")
    kept.begin(account)
    (path,) = (tmp_path / "running").iterdir()
    assert [entry["request_id"] for entry in records(path.read_bytes())] == ["req_1"]
    account.end()
    kept.settle(account)
    assert records(path.read_bytes()) == []
    kept.close()
    assert not path.exists()


def test_slots_are_used_again(tmp_path: Path) -> None:
    running = Running(tmp_path)
    first, second = (running.note(None, b'{"number": %d}' % number) for number in (1, 2))
    running.strike(first)
    assert running.note(None, b'{"n": 3}') == first
    assert running.note(second, b'{"number": 4}') == second
    (path,) = tmp_path.iterdir()
    assert records(path.read_bytes()) == [{"n": 3}, {"number": 4}]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "rest", [b"", b"\0" * SLOT, b'{"torn": "', b"no json at all", b"\n" + b'{"struck": 1}\n'], ids=repr
)
def test_what_cannot_be_read_is_left_out(rest: bytes) -> None:
    whole = b'{"a": 1}\n'.ljust(SLOT, b"\0")
    assert records(whole + rest.ljust(SLOT, b"\0") + b'{"b": 2}\n') == [{"a": 1}, {"b": 2}]


def test_too_much_for_a_slot_leaves_what_tells_it_from_others() -> None:
    entry = {"time": "2026-11-21T10:00:00.000Z", "request_id": "req_1", "alias": "x" * SLOT}
    assert json.loads(noted(entry)) == {"time": entry["time"], "request_id": "req_1"}


@pytest.mark.parametrize("broken", ["nothing", "a file", "rubbish"])
def test_recovery_never_fails(broken: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    make: dict[str, Callable[[], Any]] = {
        "nothing": lambda: None,
        "a file": lambda: (tmp_path / "running").write_text("no folder"),
        "rubbish": lambda: [(tmp_path / "running").mkdir(), (tmp_path / "running" / "7.a").write_bytes(b'{"a": 1}\n')],
    }
    make[broken]()
    books(tmp_path).recover()
    assert "Traceback" not in caplog.text
    assert not (tmp_path / "usage.jsonl").exists()


def test_a_folder_that_cannot_be_used_costs_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "running").write_text("no folder")
    kept = books(tmp_path)
    for number in range(3):
        account = Account(request_id=f"req_{number}")
        kept.begin(account)
        account.end()
        kept.settle(account)
    assert len(lines(tmp_path)) == 3
    assert caplog.text.count("cannot be used") == 1
