"""What goes wrong with a bucket, in words for clients. Codes:
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (read 2026-11-21).

Of the storage's own words only the code is told: they may name keys.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from botocore.exceptions import (  # type: ignore[import-untyped]
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    NoCredentialsError,
    ReadTimeoutError,
)

from translators.core.errors import RialtoError

#: Code -> what it means. Others are told as they are.
MEANINGS = {
    "NoSuchBucket": "there is no such bucket (FILES_URL)",
    "AccessDenied": "it is not allowed to Rialto; the credentials need to read, write, delete and list",
    "403": "it is not allowed to Rialto; the credentials need to read, write, delete and list",
    "InvalidAccessKeyId": "AWS_ACCESS_KEY_ID is not known there",
    "SignatureDoesNotMatch": "AWS_SECRET_ACCESS_KEY is wrong",
    "ExpiredToken": "the credentials have expired",
    "RequestTimeTooSkewed": "the clock of this machine is wrong",
    "PermanentRedirect": "the bucket is in another region (AWS_REGION)",
    "AuthorizationHeaderMalformed": "the bucket is in another region (AWS_REGION)",
}
#: Codes below 500 that mean "later".
LATER = frozenset({"SlowDown", "RequestTimeout", "Throttling", "ThrottlingException", "TooManyRequests", "429"})

log = logging.getLogger("rialto")


class StorageFailed(RialtoError):
    """The bucket did not do what was asked of it; asked again it may."""

    status = 503


class StorageRefused(StorageFailed):
    """The bucket refuses, and will until somebody mends the settings."""

    status = 500


class Absent(Exception):
    """There is no such object."""


class Unchanged(Exception):
    """The object is what the caller has already."""


#: Code -> what it means to who asks for an object, and to who asks about one: that answer has no body, and its status
#: for a code.
OPENING: Mapping[str, type[Exception]] = {"NoSuchKey": Absent, "304": Unchanged}
ASKING: Mapping[str, type[Exception]] = {"404": Absent}


@contextmanager
def told(doing: str, known: Mapping[str, type[Exception]] | None = None) -> Iterator[None]:
    """Makes what the package raises ours, and says it in the log. `known` are codes that are no failure. Raises
    `StorageFailed`, and what is known.
    """
    try:
        yield
    except (BotoCoreError, ClientError, OSError) as problem:
        if known and isinstance(problem, ClientError) and (meaning := known.get(code_of(problem))):
            raise meaning from None
        error = failure(problem)
        log.warning("files: cannot %s: %s", doing, error.message)
        raise error from None


def failure(problem: Exception) -> StorageFailed:
    """What a failure of the package means."""
    if isinstance(problem, ClientError):
        return answered(problem)
    if isinstance(problem, NoCredentialsError):
        return StorageRefused(words("there are no credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)"))
    if isinstance(problem, (ConnectTimeoutError, ReadTimeoutError)):
        return StorageFailed(words("it did not answer in time"))
    return StorageFailed(words(f"it cannot be reached ({type(problem).__name__})"))


def answered(problem: ClientError) -> StorageFailed:
    """What an answer means that is no success."""
    code = code_of(problem)
    status = int(problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    said = MEANINGS.get(code) or f"it answered {' '.join(dict.fromkeys([str(status), code]))}"
    later = code not in MEANINGS and (status >= 500 or code in LATER)
    return StorageFailed(words(said)) if later else StorageRefused(words(said))


def code_of(problem: ClientError) -> str:
    """The storage's word for it."""
    return str(problem.response.get("Error", {}).get("Code", ""))


def words(reason: str) -> str:
    """A sentence for the client."""
    return f"The storage of the files failed: {reason}"
