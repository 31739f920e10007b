"""Objects in a bucket, by the protocol of Amazon S3, which many others speak.

Operations: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html. Checksums that S3 can do without are
left out, because other servers refuse them (https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html;
both read 2026-11-21). An address of one's own gets the bucket in its path, which needs no name in the DNS.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError  # type: ignore[import-untyped]
from botocore.session import Session  # type: ignore[import-untyped]

from app.files.s3_failures import ASKING, OPENING, Absent, StorageFailed, Unchanged, told, words
from app.settings.settings import SettingsError
from app.settings.storage import BucketSettings

#: Seconds: until there is a connection, until the next bytes, and for all bytes of an object that a message names.
CONNECT_SECONDS, SILENCE_SECONDS, WHOLE_SECONDS = 5.0, 20.0, 120.0
#: Tries of one operation, and connections of a process.
TRIES, CONNECTIONS = 2, 50
PIECE = 1024 * 1024
STRANGE = "it answers like something else (AWS_ENDPOINT_URL_S3)"
#: The name of the metadata.
ABOUT = "file"
#: Without a region S3 is asked by this one, and other servers do not care.
ANY_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Opened:
    """An object as it is read. `is_known` is whether it is what the caller has already; then there is nothing more."""

    etag: str
    about: str
    stream: ObjectStream
    is_known: bool = False

    def whole(self) -> bytes:
        """All of its bytes. Raises `StorageFailed`, also when they take too long."""
        pieces, end = list[bytes](), time.monotonic() + WHOLE_SECONDS
        try:
            while piece := self.stream.read(PIECE):
                pieces.append(piece)
                if time.monotonic() > end:
                    raise StorageFailed(words("it is too slow"))
        finally:
            self.stream.close()
        return b"".join(pieces)


class ObjectStream:
    """The bytes of an object while they come."""

    def __init__(self, body: Any = None) -> None:
        self._body = body

    def read(self, size: int = -1, /) -> bytes:
        """At most so many bytes, all of them below 0. Raises `StorageFailed`."""
        with told("read"):
            return bytes(self._body.read(None if size < 0 else size))

    def close(self) -> None:
        """Lets go of the connection."""
        if self._body is not None:
            self._body.close()


class Objects:
    """The objects below the prefix of a bucket. Everything raises `StorageFailed`. For any thread."""

    def __init__(self, settings: BucketSettings) -> None:
        self._bucket, _, prefix = settings.url.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._client = client_for(settings)
        self.address = settings.address

    def put(self, key: str, body: BinaryIO | bytes, about: str) -> None:
        """Writes an object wholly, or nothing of it."""
        with told("write"):
            written = self._client.put_object(**self._at(key), Body=body, Metadata={ABOUT: about})
        check_field(written, "ETag")

    def about(self, key: str) -> str | None:
        """What is known of an object; None when there is none."""
        try:
            with told("look for", ASKING):
                found = self._client.head_object(**self._at(key))
        except Absent:
            next(self.listed(key), None)  # an answer without a body does not tell whether there is a bucket
            return None
        check_field(found, "ETag")
        return str(found["Metadata"].get(ABOUT, ""))

    def opened(self, key: str, etag: str = "") -> Opened | None:
        """An object to read, unless it is what `etag` names; None when there is none."""
        unless = {"IfNoneMatch": etag} if etag else {}
        try:
            with told("read", OPENING):
                found = self._client.get_object(**self._at(key), **unless)
        except Absent:
            return None
        except Unchanged:
            return Opened(etag, "", ObjectStream(), is_known=True)
        check_field(found, "ETag")
        return Opened(str(found["ETag"]), str(found["Metadata"].get(ABOUT, "")), ObjectStream(found["Body"]))

    def delete(self, key: str) -> None:
        """Deletes an object, if there is one."""
        with told("delete"):
            self._client.delete_object(**self._at(key))

    def listed(self, beginning: str) -> Iterator[tuple[str, int]]:
        """The keys that begin so, in their order, and the bytes of each object."""
        more: dict[str, str] = {}
        while True:
            with told("list"):
                page = self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix + beginning, **more)
            check_field(page, "IsTruncated")
            for entry in page.get("Contents", ()):
                yield str(entry["Key"]).removeprefix(self._prefix), int(entry["Size"])
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + key}


def check_field(answer: Any, name: str) -> None:
    """Raises `StorageFailed` for a success without what each one has: another server is at the address."""
    if name not in answer:
        raise StorageFailed(words(STRANGE))


def client_for(settings: BucketSettings) -> Any:
    """What asks the storage. Raises SettingsError."""
    for name, value in settings.variables.items():
        if not os.environ.get(name):
            os.environ[name] = value  # the package reads the environment, and no .env
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=SILENCE_SECONDS,
        retries={"mode": "standard", "total_max_attempts": TRIES},
        max_pool_connections=CONNECTIONS,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    region, endpoint = settings.region or ANY_REGION, settings.endpoint or None
    try:
        return Session().create_client("s3", region_name=region, endpoint_url=endpoint, config=config)
    except (BotoCoreError, ValueError) as error:
        raise SettingsError([f"FILES_URL: {error}"]) from None
