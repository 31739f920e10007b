"""What the tests of files share: a bucket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.files import s3 as adapter
from tests.support.s3_server import QuickSession, bucket_environment, s3_server


@pytest.fixture(autouse=True)
def quick_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "Session", QuickSession)
    for name in bucket_environment(""):
        monkeypatch.setenv(name, "")  # and taken back, with what the client puts there


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with s3_server() as url:
        yield url
