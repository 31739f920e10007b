"""Files in a folder beside others who upload and delete, on a disk that is full, and behind a process that died."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.files import folder as module
from app.files.folder import Folder
from app.files.incoming import Incoming
from app.files.store import ABANDONED
from app.settings.settings import Settings
from app.settings.storage import StorageSettings

NOON = 1_795_000_000.0
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return create_app(Settings(state_dir=tmp_path, storage=StorageSettings(at_once=0))).test_client()


def upload(client: FlaskClient, name: str = "a.txt", data: bytes = b"words") -> Any:
    form = {"file": (io.BytesIO(data), name)}
    return client.post("/v1/files", data=form, content_type="multipart/form-data")


def kept(files: Folder) -> str:
    with files.incoming(100) as incoming:
        incoming.write(b"words")
        return files.keep("one", incoming, "a.txt", "text/plain", None).id


def left(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_that_goes_while_the_room_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = Folder(tmp_path / "files", 10**6)
    gone = kept(files)
    true = Path.stat

    def stat(path: Path, **options: Any) -> os.stat_result:
        if path.name == gone:
            path.unlink(missing_ok=True)
        return true(path, **options)

    monkeypatch.setattr(Path, "stat", stat)
    assert kept(files) != gone


def test_a_full_disk_is_called_so_and_nothing_stays(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise FULL

    with monkeypatch.context() as patch:
        patch.setattr(Incoming, "write", fail)
        reply = upload(client)
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")
    assert reply.json["error"]["message"] == "files cannot be kept just now: No space left on device"
    monkeypatch.setattr(module, "written", fail)
    assert upload(client).status_code == 503
    assert left(tmp_path / "files") == []


def test_what_cannot_be_written_to_its_end_is_deleted_all_the_same(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path / "half", 100, "MAX_FILE_MB")
    incoming.write(b"words that wait in the buffer")
    os.close(incoming.whole().fileno())
    with pytest.raises(OSError, match="file descriptor"):
        incoming.close()
    assert left(tmp_path) == []


def test_what_a_process_that_died_has_left_is_tidied_up(tmp_path: Path) -> None:
    now = [NOON]
    files = Folder(tmp_path / "files", 10**6, lambda: now[0])
    whole, lonely = kept(files), kept(files)
    (place,) = {path.parent for path in left(tmp_path) if path.name == lonely}
    (place / f"{lonely}.json").rename(place / f"{lonely}.half")
    for path in left(tmp_path):
        os.utime(path, (NOON, NOON))
    kept(files)
    assert (place / lonely).exists()
    now[0] = NOON + ABANDONED + 1
    kept(files)
    assert not (place / lonely).exists() and not (place / f"{lonely}.half").exists()
    with files.content("one", whole) as content:
        assert content.read() == b"words"


@pytest.mark.parametrize("sign", ["\u0085", "\u202e", "\u2066", "\u2028"])
def test_a_name_that_would_not_look_like_what_it_is(client: FlaskClient, sign: str) -> None:
    reply = upload(client, f"report{sign}fdp.exe")
    assert (reply.status_code, reply.json["error"]["type"]) == (400, "invalid_request_error")
    assert upload(client, "報告 \u202f1.pdf").status_code == 200
