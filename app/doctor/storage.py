"""Whether the bucket of clients' files does what it must."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.doctor.findings import Finding, Report
from app.files.store import Files
from translators.core.errors import RialtoError


def examined_files(files: Files, redact: Callable[[str], str]) -> list[Report]:
    """The report of the bucket; none where files lie in a folder."""
    if not files.address:
        return []
    began = time.monotonic()
    try:
        files.check()
        took = round((time.monotonic() - began) * 1000)
        finding = Finding(check="files", state="ok", words="written, read, listed, deleted", milliseconds=took)
    except RialtoError as error:
        finding = Finding(
            check="files",
            state="failed",
            words=redact(error.message),
            category="files",
            remedy="Check FILES_URL, AWS_ENDPOINT_URL_S3 and the credentials (docs/batches-and-files.md).",
        )
    return [Report(vendor="", title="Files", address=files.address, findings=(finding,))]
