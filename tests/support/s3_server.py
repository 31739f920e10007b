"""A server of buckets on loopback: moto's, which speaks S3 over real HTTP and forgets everything at its end."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from botocore.loaders import Loader, create_loader
from botocore.session import Session

from app.settings.storage import BucketSettings
from tests.support.rialto_server import free_port

BUCKET = "files"
ACCESS_KEY, SECRET_KEY = "an-access-key-id", "a-secret-access-key"
#: Seconds until it must listen.
DEADLINE = 20.0

LOADER: Loader = create_loader()


class QuickSession(Session):  # type: ignore[misc]
    """What makes clients, without reading the descriptions of all services each time: most of what a client costs."""

    def __init__(self) -> None:
        super().__init__()
        self.register_component("data_loader", LOADER)


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of a fresh server that has one bucket."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + DEADLINE
            while not listens(port):
                assert process.poll() is None and time.monotonic() < end, "moto's server does not start"
                time.sleep(0.02)
            requests.put(f"{url}/{BUCKET}", timeout=DEADLINE).raise_for_status()
            yield url
        finally:
            process.terminate()


def listens(port: int) -> bool:
    """Somebody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def bucket_environment(url: str, prefix: str = "", bucket: str = BUCKET) -> dict[str, str]:
    """The variables that lead to such a server."""
    return {
        "FILES_URL": f"s3://{bucket}/{prefix}",
        "AWS_ENDPOINT_URL_S3": url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def bucket_at(url: str, prefix: str = "", bucket: str = BUCKET) -> BucketSettings:
    """The same as settings."""
    variables = bucket_environment(url, prefix, bucket)
    del variables["FILES_URL"]
    return BucketSettings(url=f"s3://{bucket}/{prefix}".rstrip("/"), endpoint=url, variables=variables)
