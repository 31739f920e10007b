"""What is particular to a bucket: its settings, its failures, several machines that share it."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app import create_app
from app.doctor.findings import exit_status
from app.doctor.storage import examined_files
from app.doctor.text import document, page
from app.files import s3 as adapter
from app.files.bucket import COUNTED, about_of, key_of
from app.files.s3 import Objects
from app.files.s3_failures import StorageFailed
from app.files.store import File, Files
from app.logs.redaction import Redaction
from app.settings import storage
from app.settings.settings import Settings, SettingsError
from app.settings.storage import BucketSettings
from tests.support import stores
from tests.support.rialto_server import ROOT, free_port, server_environment
from tests.support.s3_server import ACCESS_KEY, SECRET_KEY, bucket_at, bucket_environment
from tests.support.scripted_server import CUT, Answer, Request, ScriptedServer
from tests.support.stores import Place
from translators.core.errors import NotFound, TooLarge

NOON = 1_795_000_000.0
ID = "file_" + "0" * 36
XML = {"content-type": "application/xml"}
EMPTY = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"
Play = Callable[[Callable[[Request], Answer]], BucketSettings]


@pytest.fixture
def place(tmp_path: Path, s3: str) -> Place:
    return stores.place(tmp_path, s3)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """A storage that answers as the test says, and is asked once."""
    monkeypatch.setattr(adapter, "TRIES", 1)
    with ScriptedServer() as server:
        yield server


def refused(status: int, code: str) -> Answer:
    return Answer([f"<Error><Code>{code}</Code><Message>said</Message></Error>".encode()], status, XML, "length")


def listed(request: Request) -> bool:
    return request.method == "GET" and "list-type" in request.path


def kept(files: Files, size: int = 5, client: str = "one") -> str:
    with files.incoming(1000) as incoming:
        incoming.write(b"x" * size)
        return files.keep(client, incoming, "a.txt", "text/plain", None).id


def application(folder: Path, bucket: BucketSettings) -> Any:
    settings = Settings(state_dir=folder, storage=Place(folder, bucket).storage(downloads=True))
    return create_app(settings).test_client()


# -- failures


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (refused(404, "NoSuchBucket"), 500, "no such bucket"),
        (refused(403, "AccessDenied"), 500, "need to read, write, delete and list"),
        (refused(403, "SignatureDoesNotMatch"), 500, "AWS_SECRET_ACCESS_KEY is wrong"),
        (Answer([b"nothing here"], 404, {}, "length"), 500, "it answered 404"),
        (refused(501, "NotImplemented"), 503, "501 NotImplemented"),
        (refused(503, "SlowDown"), 503, "503 SlowDown"),
        (Answer([b"<ListBucketResult>", CUT], 200, XML), 503, "cannot be reached"),
        (Answer([b"<html>"], 200, {"content-type": "text/html"}, "length"), 503, "it answered 500"),
        (Answer([], 200, XML, "length"), 503, "answers like something else"),
    ],
)
def test_every_endpoint_tells_what_the_storage_refuses(
    scripted: ScriptedServer, tmp_path: Path, answer: Answer, status: int, words: str
) -> None:
    scripted.play(lambda request: answer)
    client = application(tmp_path, bucket_at(scripted.url))
    upload = client.post("/v1/files", data={"file": (io.BytesIO(b"x"), "a.txt")}, content_type="multipart/form-data")
    one = f"/v1/files/{ID}"
    for reply in (upload, client.get("/v1/files"), client.get(one), client.get(f"{one}/content"), client.delete(one)):
        assert (reply.status_code, reply.json["error"]["type"]) == (status, "api_error"), reply.data
        assert words in reply.json["error"]["message"] or reply.request.path != "/v1/files"
        assert reply.json["request_id"] == reply.headers["request-id"]
    assert list(Place(tmp_path).everything()) == []


def test_a_message_fails_with_the_storage_and_not_with_its_vendor(scripted: ScriptedServer, tmp_path: Path) -> None:
    scripted.play(lambda request: refused(503, "SlowDown"))
    client = application(tmp_path, bucket_at(scripted.url))
    block = {"type": "image", "source": {"type": "file", "file_id": ID}}
    asked = {"model": "demo", "max_tokens": 9, "messages": [{"role": "user", "content": [block]}]}
    for _ in range(6):
        reply = client.post("/v1/messages", json=asked)
        assert (reply.status_code, reply.json["error"]["type"]) == (503, "api_error")
        assert "storage of the files" in reply.json["error"]["message"]
    asked["messages"] = [{"role": "user", "content": "hi"}]
    assert client.post("/v1/messages", json=asked).status_code == 200


def test_nobody_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "TRIES", 1)
    client = application(tmp_path, bucket_at(f"http://127.0.0.1:{free_port()}"))
    reply = client.get("/v1/files")
    assert (reply.status_code, reply.json["error"]["type"]) == (503, "api_error")
    assert "cannot be reached" in reply.json["error"]["message"]


def test_a_silent_storage_is_not_waited_for(
    scripted: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "SILENCE_SECONDS", 0.1)
    never = threading.Event()
    scripted.play(lambda request: Answer([never], 200, XML, "close"))
    reply = application(tmp_path, bucket_at(scripted.url)).get("/v1/files")
    never.set()
    assert reply.status_code == 503 and "did not answer in time" in reply.json["error"]["message"]


def test_a_slow_one_ends_too(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted.play(lambda request: Answer([b"x" * 100], 200, {"etag": '"1"'}, "length"))
    monkeypatch.setattr(adapter, "WHOLE_SECONDS", -1.0)
    found = Objects(bucket_at(scripted.url)).opened(key_of("one", ID))
    assert found is not None
    with pytest.raises(StorageFailed, match="too slow"):
        found.whole()


def test_bytes_that_break_off_are_no_file(scripted: ScriptedServer) -> None:
    headers = {"etag": '"1"', "content-length": "100"}
    scripted.play(lambda request: Answer([b"x" * 10, CUT], 200, headers, "close"))
    found = Objects(bucket_at(scripted.url)).opened(key_of("one", ID))
    assert found is not None
    with pytest.raises(StorageFailed):
        found.whole()


def test_another_server_at_the_address_has_no_files(scripted: ScriptedServer) -> None:
    scripted.play(lambda request: Answer([b"nothing here"], 404, {}, "length"))
    with pytest.raises(StorageFailed, match="it answered 404"):
        Objects(bucket_at(scripted.url)).opened(key_of("one", ID))


def test_an_upload_that_the_bucket_refuses_leaves_nothing(scripted: ScriptedServer, tmp_path: Path) -> None:
    empty, full = Answer([EMPTY], 200, XML, "length"), refused(507, "QuotaExceeded")
    scripted.play(lambda request: empty if listed(request) else full)
    client = application(tmp_path, bucket_at(scripted.url))
    reply = client.post("/v1/files", data={"file": (io.BytesIO(b"x"), "a.txt")}, content_type="multipart/form-data")
    assert reply.status_code == 503 and "QuotaExceeded" in reply.json["error"]["message"]
    assert Place(tmp_path).everything() == {}


def test_a_bucket_that_is_not_there_is_told_from_a_file_that_is_not(s3: str, tmp_path: Path) -> None:
    assert application(tmp_path, bucket_at(s3)).get(f"/v1/files/{ID}").status_code == 404
    for ask in ("about", "opened"):
        with pytest.raises(StorageFailed, match="no such bucket") as caught:
            getattr(Objects(bucket_at(s3, bucket="nowhere")), ask)(key_of("one", ID))
        assert caught.value.status == 500


# -- what lies there


def test_a_list_of_several_pages(scripted: ScriptedServer) -> None:
    def answer(request: Request) -> Answer:
        last = "continuation-token=more" in request.path
        entry = f"<Contents><Key>p/{'b' if last else 'a'}</Key><Size>1</Size></Contents>"
        ends = "<IsTruncated>false</IsTruncated>" if last else "<IsTruncated>true</IsTruncated>"
        token = "" if last else "<NextContinuationToken>more</NextContinuationToken>"
        return Answer([f"<ListBucketResult>{ends}{token}{entry}</ListBucketResult>".encode()], 200, XML, "length")

    scripted.play(answer)
    assert list(Objects(bucket_at(scripted.url, "p")).listed("")) == [("a", 1), ("b", 1)]


def test_what_others_put_there_is_left_alone(place: Place) -> None:
    assert place.bucket
    objects, files = Objects(place.bucket), place.opened(most=10)
    client, _ = key_of("one", ID).split("/")
    objects.put("notes.txt", b"x" * 100, "")
    objects.put(f"{client}/{ID}", b"", "")
    id = kept(files)
    assert files.ids("one") == [id, ID]
    with pytest.raises(NotFound):
        files.find("one", ID)
    assert "notes.txt" in place.everything()


def test_bytes_that_are_known_are_not_sent_again(place: Place) -> None:
    assert place.bucket
    objects, key = Objects(place.bucket), key_of("one", kept(place.opened()))
    found = objects.opened(key)
    assert found is not None and found.whole() == b"xxxxx"
    again = objects.opened(key, found.etag)
    assert again is not None and again.is_known
    again.stream.close()


def test_all_that_is_known_of_a_file_fits_its_metadata() -> None:
    file = File(
        id=ID,
        filename="\U0001f600" * 255,
        mime_type=f"{'a' * 127}/{'b' * 127}",
        size=10**12,
        created=NOON + 0.123456,
        expires=NOON + 0.123456,
    )
    assert len(adapter.ABOUT + about_of(file)) <= 2048


def test_several_machines_hear_of_each_others_bytes_within_a_minute(place: Place) -> None:
    now = [NOON]
    one, other = (place.opened(10_000, lambda: now[0]) for _ in range(2))
    kept(one)
    for _ in range(9):
        kept(other, 1000)
    with one.incoming(1000) as incoming:
        incoming.write(b"x" * 1000)
    now[0] += COUNTED
    with one.incoming(1000) as incoming, pytest.raises(TooLarge, match="FILES_MB"):
        incoming.write(b"x" * 1000)


# -- settings


@pytest.mark.parametrize("url", ["s3://files", "s3://files/", "s3://files/a/b/", "s3://my.files-1/rialto"])
def test_addresses_of_buckets(url: str) -> None:
    found = Settings.load({"FILES_URL": url}).storage.bucket
    assert found is not None and found.url == url.rstrip("/")


@pytest.mark.parametrize("url", ["files", "https://files", "s3://", "s3://a b", "s3://k:s@files", "s3://files/?a=b"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(SettingsError, match="FILES_URL: must be s3://BUCKET"):
        Settings.load({"FILES_URL": url})


def test_an_endpoint_holds_no_password() -> None:
    wrong = {"FILES_URL": "s3://files", "AWS_ENDPOINT_URL_S3": "http://name:secret@host:9000"}
    with pytest.raises(SettingsError, match="no password") as caught:
        Settings.load(wrong)
    assert "secret" not in str(caught.value)


def test_variables_of_amazon_mean_nothing_without_a_bucket() -> None:
    assert Settings.load({"AWS_ENDPOINT_URL": "elsewhere", "AWS_SECRET_ACCESS_KEY": "x"}).storage.bucket is None


def test_the_variables_of_amazon_are_taken() -> None:
    variables = {"AWS_ENDPOINT_URL": "http://a:1", "AWS_ENDPOINT_URL_S3": "https://b", "AWS_REGION": "eu-west-1"}
    found = Settings.load({"FILES_URL": "s3://files", **variables}).storage.bucket
    assert found is not None
    assert (found.endpoint, found.region, found.address) == ("https://b", "eu-west-1", "s3://files at b")


@pytest.mark.parametrize(
    ("variables", "region"),
    [
        ({}, "us-east-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ({"AWS_DEFAULT_REGION": "eu-west-2", "AWS_REGION": "eu-west-1"}, "eu-west-1"),
    ],
)
def test_requests_are_signed_for_the_region_and_with_the_token_of_the_session(
    scripted: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], region: str
) -> None:
    for name in ("AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.setenv(name, "")
    scripted.play(lambda request: Answer([EMPTY], 200, XML, "length"))
    session = {"AWS_SESSION_TOKEN": "token-of-this-session", "BRIDGE_STATE_DIR": str(tmp_path)}
    app = create_app(Settings.load({**bucket_environment(scripted.url), **session, **variables}))
    assert app.test_client().get("/v1/files").status_code == 200
    sent = scripted.requests[-1].headers
    assert sent["x-amz-security-token"] == "token-of-this-session"
    assert f"/{region}/s3/aws4_request" in sent["authorization"]
    assert "token-of-this-session" not in app.extensions["rialto"].means.redact("it said token-of-this-session")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"FILES_URL: needs .*pip install -r requirements-s3\.txt"):
        Settings.load({"FILES_URL": "s3://files"})
    assert Settings.load({}).storage.bucket is None


@pytest.mark.parametrize("more", [{}, {"FILES_URL": "s3://files", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"}])
def test_the_package_is_loaded_for_a_bucket_only(tmp_path: Path, more: dict[str, str]) -> None:
    program = "import sys; from app import create_app; create_app(); print('botocore' in sys.modules)"
    environ = server_environment(tmp_path, {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", **more})
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == f"{bool(more)}\n"


def test_half_of_the_credentials_is_told_at_the_start() -> None:
    with pytest.raises(SettingsError, match=r"FILES_URL: Partial credentials.*AWS_SECRET_ACCESS_KEY"):
        Objects(BucketSettings(url="s3://files", variables={"AWS_ACCESS_KEY_ID": "only"}))


def test_credentials_are_hidden(tmp_path: Path, s3: str) -> None:
    settings = Settings.load({**bucket_environment(s3), "BRIDGE_STATE_DIR": str(tmp_path)})
    redact = create_app(settings).extensions["rialto"].means.redact
    for secret in (ACCESS_KEY, SECRET_KEY):
        assert secret not in repr(settings.storage)
        assert secret not in redact(f"it said {secret}")


# -- the doctor


def test_the_doctor_tries_the_bucket(place: Place) -> None:
    files = place.opened()
    assert examined_files(Place(place.folder).opened(), Redaction()) == []
    found = examined_files(files, Redaction())
    told = page([], [], [], found)
    assert f"Files {files.address}" in told and "written, read, listed, deleted" in told
    assert exit_status([], found) == 2
    assert place.everything() == {}


def test_the_doctor_says_why_not(tmp_path: Path, s3: str) -> None:
    files = Place(tmp_path, bucket_at(s3, bucket="nowhere")).opened()
    found = examined_files(files, Redaction())
    assert exit_status([], found) == 1
    (check,) = document([], [], [], found)["files"][0]["checks"]
    assert "no such bucket" in check["words"] and "FILES_URL" in check["remedy"]
    assert SECRET_KEY not in page([], [], [], found)
