"""The Files API, and the folder or the bucket behind it."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.clients.keys import hash_of
from app.clients.rows import Client
from app.files.folder import Folder
from app.files.store import ABANDONED, REMEMBERED, Expired, Files
from app.settings.settings import Settings
from tests.support import stores
from tests.support.media_samples import pdf, png
from tests.support.stores import Place
from translators.core.errors import NotFound, TooLarge

NOON = 1_795_000_000.0
ROWS = {name: Client(name=name, key_hash=hash_of(name)) for name in ("one", "other")}
Open = Callable[..., FlaskClient]


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each of the places where files may lie."""
    return stores.place(tmp_path, request.getfixturevalue("s3") if request.param == "bucket" else "")


@pytest.fixture
def opened(place: Place) -> Open:
    """A client of an application with these settings of the storage."""

    def open_app(**storage: Any) -> FlaskClient:
        settings = Settings(state_dir=place.folder, storage=place.storage(**storage), clients=ROWS)
        return create_app(settings).test_client()

    return open_app


def upload(client: FlaskClient, data: bytes, name: str = "a.png", kind: str = "", key: str = "one", **more: str) -> Any:
    part = (io.BytesIO(data), name, kind) if kind else (io.BytesIO(data), name)
    return client.post(
        "/v1/files", data={"file": part, **more}, headers={"x-api-key": key}, content_type="multipart/form-data"
    )


def test_files_lie_where_the_settings_say(tmp_path: Path) -> None:
    folders = {"BRIDGE_STATE_DIR": str(tmp_path / "state"), "FILES_DIR": str(tmp_path / "large")}
    client = create_app(Settings.load(folders)).test_client()
    assert upload(client, b"words", "a.txt").status_code == 200
    assert b"words" in [path.read_bytes() for path in (tmp_path / "large").rglob("*") if path.is_file()]
    assert not (tmp_path / "state" / "files").exists()


def ask(client: FlaskClient, method: str, path: str, key: str = "one", **options: Any) -> Any:
    return client.open(path, method=method, headers={"x-api-key": key}, **options)


def test_a_file_and_its_end(opened: Open, place: Place) -> None:
    client = opened()
    made = upload(client, png(), "../../etc/päß.png", "image/png").json
    assert made == {
        "id": made["id"],
        "type": "file",
        "filename": "päß.png",
        "mime_type": "image/png",
        "size_bytes": len(png()),
        "created_at": made["created_at"],
        "expires_at": None,
        "downloadable": False,
    }
    assert ask(client, "GET", f"/v1/files/{made['id']}").json == made
    assert place.kept() == {made["id"]: len(png())}
    assert ask(client, "DELETE", f"/v1/files/{made['id']}").json == {"id": made["id"], "type": "file_deleted"}
    assert ask(client, "DELETE", f"/v1/files/{made['id']}").status_code == 404
    assert place.everything() == {}


def test_it_cannot_be_downloaded_but_where_that_is_wanted(opened: Open) -> None:
    id = upload(opened(), b"<script>", "page.html", "text/html").json["id"]
    refused = ask(opened(), "GET", f"/v1/files/{id}/content")
    assert (refused.status_code, refused.json["error"]["details"]) == (400, {"error_code": "file_not_downloadable"})
    with ask(opened(downloads=True), "GET", f"/v1/files/{id}/content") as allowed:
        assert (allowed.status_code, allowed.data) == (200, b"<script>")
        assert allowed.headers["content-disposition"].startswith("attachment")
        assert allowed.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("data", "name", "declared", "kind"),
    [
        (png(), "a.txt", "text/plain", "image/png"),
        (pdf("Words"), "a", "", "application/pdf"),
        (b"words", "a.txt", "", "text/plain"),
        (b"words", "a.md", "text/markdown", "text/markdown"),
        (b"\0\1", "a", "", "application/octet-stream"),
        (b"words", "a", "text/plain; charset=utf-8", "text/plain"),
    ],
)
def test_what_a_file_is(opened: Open, data: bytes, name: str, declared: str, kind: str) -> None:
    assert upload(opened(), data, name, declared).json["mime_type"] == kind


def test_others_do_not_see_it(opened: Open) -> None:
    client = opened(downloads=True)
    id = upload(client, png()).json["id"]
    for method, path in [("GET", ""), ("GET", "/content"), ("DELETE", "")]:
        assert ask(client, method, f"/v1/files/{id}{path}", "other").status_code == 404
    assert ask(client, "GET", "/v1/files", "other").json["data"] == []
    assert client.get(f"/v1/files/{id}").status_code == 401
    assert ask(client, "GET", f"/v1/files/{id}").status_code == 200


@pytest.mark.parametrize("id", ["file_1", "..", "%2e%2e%2fstate", "file_" + "0" * 36 + ".json", "file_" + "0" * 36])
def test_ids_that_are_none(opened: Open, id: str) -> None:
    assert ask(opened(), "GET", f"/v1/files/{id}").status_code == 404


def test_pages(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    client = opened()
    ids = []
    for number in range(4):
        monkeypatch.setattr(time, "time", lambda number=number: NOON + number)
        ids.insert(0, upload(client, b"x", f"{number}.txt").json["id"])

    def page(query: str) -> tuple[list[int], Any, bool]:
        found = ask(client, "GET", f"/v1/files?{query}").json
        at = [ids.index(file["id"]) for file in found["data"]]
        assert (found["first_id"], found["last_id"]) == ((ids[at[0]], ids[at[-1]]) if at else (None, None))
        return at, found["next_page"], found["has_more"]

    assert page("") == ([0, 1, 2, 3], None, False)
    assert page("limit=2") == ([0, 1], f"page_{ids[1]}", True)
    assert page(f"limit=2&page=page_{ids[1]}") == ([2, 3], None, False)
    assert page(f"limit=1&after_id={ids[1]}") == ([2], f"page_{ids[2]}", True)
    assert page(f"limit=2&before_id={ids[3]}") == ([1, 2], f"page_{ids[2]}", True)
    assert page(f"ids[]={ids[3]}&ids[]={ids[1]}&ids[]=file_9") == ([1, 3], None, False)
    ask(client, "DELETE", f"/v1/files/{ids[1]}")
    assert page(f"limit=1&after_id={ids[1]}")[0] == [2]
    assert ask(client, "GET", f"/v1/files?limit=1&ids[]={ids[3]}").status_code == 400
    assert ask(client, "GET", "/v1/files?limit=0").status_code == 400


def raw(*parts: bytes, end: bytes = b"--edge--\r\n") -> bytes:
    return b"".join(b"--edge\r\n" + part + b"\r\n" for part in parts) + end


FILE = b'content-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nwords'
OTHER = b'content-disposition: form-data; name="other"; filename="b.txt"\r\n\r\nmore'


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        (b"{}", "application/json", "multipart/form-data"),
        (raw(FILE), "multipart/form-data", "boundary"),
        (raw(OTHER), "multipart/form-data; boundary=edge", "file: Field required"),
        (raw(), "multipart/form-data; boundary=edge", "file: Field required"),
        (b"nothing", "multipart/form-data; boundary=edge", "multipart"),
        (raw(FILE, end=b""), "multipart/form-data; boundary=edge", "multipart"),
        (raw(FILE.replace(b"a.txt", b"a" * 300)), "multipart/form-data; boundary=edge", "255 characters"),
        (raw(FILE.replace(b"a.txt", b"a\x07")), "multipart/form-data; boundary=edge", "control characters"),
    ],
)
def test_uploads_that_are_none(opened: Open, place: Place, body: bytes, kind: str, error: str) -> None:
    reply = ask(opened(), "POST", "/v1/files", data=body, content_type=kind)
    assert reply.status_code == 400, reply.data
    assert error in reply.json["error"]["message"]
    assert place.everything() == {}


def test_a_packed_upload_and_one_without_a_name(opened: Open) -> None:
    body = raw(FILE.replace(b'"a.txt"', b'""').replace(b"\r\n\r\n", b"\r\ncontent-type: text/plain\r\n\r\n"))
    reply = opened().post(
        "/v1/files",
        data=gzip.compress(body),
        headers={"content-encoding": "gzip", "x-api-key": "one"},
        content_type="multipart/form-data; boundary=edge",
    )
    assert (reply.status_code, reply.json["filename"], reply.json["size_bytes"]) == (200, "unnamed.txt", 5)


def test_sizes_have_limits(opened: Open, place: Place) -> None:
    client = opened(file_bytes=1000, files_bytes=1800)
    assert upload(client, b"x" * 1000).status_code == 200
    over = upload(client, b"x" * 1001)
    assert (over.status_code, over.json["error"]["type"]) == (413, "request_too_large")
    full = upload(client, b"x" * 900)
    assert full.status_code == 413 and "FILES_MB" in full.json["error"]["message"]
    bomb = gzip.compress(raw(FILE + b"x" * 10_000_000))
    headers = {"content-encoding": "gzip", "x-api-key": "one"}
    kind = "multipart/form-data; boundary=edge"
    assert client.post("/v1/files", data=bomb, headers=headers, content_type=kind).status_code == 413
    assert upload(client, b"x" * 500).status_code == 200
    assert upload(client, b"x" * 400).status_code == 413
    assert sorted(place.kept().values()) == [500, 1000]


@pytest.mark.parametrize(
    ("seconds", "status"), [("3600", 200), ("7776000", 200), ("3599", 400), ("x", 400), ("-1", 400)]
)
def test_how_long_a_file_may_be_kept(opened: Open, seconds: str, status: int) -> None:
    reply = upload(opened(), b"x", expires_in_seconds=seconds)
    assert reply.status_code == status
    assert ("expires_at" in reply.json) == (status == 200)


# -- the store


def kept(files: Files, data: bytes = b"words", seconds: float | None = None, client: str = "one") -> str:
    with files.incoming(1000) as incoming:
        incoming.write(data)
        return files.keep(client, incoming, "a.txt", "text/plain", seconds).id


def test_a_file_expires(place: Place) -> None:
    now = [NOON]
    files = place.opened(clock=lambda: now[0])
    id, other = kept(files, seconds=3600), kept(files)
    now[0] += 3599
    with closing(files.content("one", id)) as stream:
        assert stream.read() == b"words"
    assert files.of("one")(id) is not None
    now[0] += 1
    with pytest.raises(Expired) as caught:
        files.content("one", id)
    assert caught.value.told()["error"]["details"] == {"error_code": "file_expired"}
    assert files.of("one")(id) is None and files.of("one")(other) is not None
    last = kept(files)
    assert place.kept().keys() == {other, last}
    assert files.find("one", id).expires == NOON + 3600
    with pytest.raises(Expired):
        files.content("one", id)
    now[0] += REMEMBERED + 1
    kept(files)
    with pytest.raises(NotFound):
        files.find("one", id)


def test_half_an_upload_is_tidied_up(place: Place) -> None:
    files = place.opened()
    kept(files)
    for name, age in {"old": ABANDONED + 9, "new": 9}.items():
        path = place.incoming / name
        path.write_bytes(b"half")
        os.utime(path, (time.time() - age, time.time() - age))
    kept(files)
    assert [path.name for path in place.incoming.iterdir()] == ["new"]


def test_a_source(place: Place) -> None:
    files = place.opened()
    id = kept(files, png())
    for _ in range(2):
        source = files.of("one")(id)
        assert source is not None and source["media_type"] == "image/png"
        assert base64.b64decode(source["data"]) == png()
    assert files.of("other")(id) is None
    place.opened().delete("one", id)
    assert files.of("one")(id) is None


def test_no_room_at_all(place: Place) -> None:
    files = place.opened(most=5)
    id = kept(files)
    with pytest.raises(TooLarge, match="FILES_MB"):
        files.incoming(5)
    files.delete("one", id)
    kept(files)


def test_without_a_folder_nothing_is_kept() -> None:
    client = create_app(Settings()).test_client()
    assert ask(client, "GET", "/v1/files").json["data"] == []
    reply = upload(client, b"x")
    assert reply.status_code == 400 and "BRIDGE_STATE_DIR" in reply.json["error"]["message"]
    assert Folder(None, 10_000).of("one")("file_" + "0" * 36) is None


def test_a_folder_is_its_owners(tmp_path: Path) -> None:
    id = kept(Folder(tmp_path / "files", 10_000))
    for path in [tmp_path / "files", *(tmp_path / "files").rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path
    assert json.loads((tmp_path / "files").rglob(f"{id}.json").__next__().read_text())["filename"] == "a.txt"


@pytest.mark.parametrize(
    ("asked", "status", "data"),
    [("bytes=2-4", 206, b"cde"), ("bytes=-2", 206, b"ij"), ("bytes=99-", 416, None), ("", 200, b"abcdefghij")],
)
def test_a_part_of_a_file(opened: Open, asked: str, status: int, data: bytes | None) -> None:
    client = opened(downloads=True)
    id = upload(client, b"abcdefghij", "a.txt").json["id"]
    headers = {"x-api-key": "one", "range": asked} if asked else {"x-api-key": "one"}
    with client.get(f"/v1/files/{id}/content", headers=headers) as reply:
        assert reply.status_code == status
        assert data is None or (reply.data, reply.headers["content-length"]) == (data, str(len(data)))
        etag = reply.headers.get("etag", "")
    if status == 200:
        known = {"x-api-key": "one", "if-none-match": etag}
        with client.get(f"/v1/files/{id}/content", headers=known) as reply:
            assert (reply.status_code, reply.data) == (304, b"")
