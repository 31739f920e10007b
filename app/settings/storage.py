"""The settings of what clients leave with Rialto: batches and files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from environs import ValidationError, validate

from app.settings.variables import Variables, web_address

MEGABYTE = 1024 * 1024
COUNT = validate.Range(min=0)
POSITIVE = validate.Range(min=1)
#: A bucket and the beginning of the keys in it.
BUCKET = re.compile(r"s3://[\w.-]{3,63}(/[\w.=+@-]+)*", re.ASCII)
#: The package that speaks with buckets.
S3_PACKAGE = "botocore"
#: Variables that name a storage other than Amazon's; the first one wins
#: (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html, read 2026-11-21).
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSettings:
    """`url` is s3://BUCKET/PREFIX, `endpoint` the address of the storage, "" for Amazon's. `variables` are those of
    AWS, which the package reads by itself.
    """

    url: str
    endpoint: str = ""
    region: str = ""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def address(self) -> str:
        """Where the files lie, for people."""
        place = urlsplit(self.endpoint).netloc
        return f"{self.url} at {place}" if place else self.url

    @property
    def secrets(self) -> Iterator[str]:
        """What no log may hold."""
        return (self.variables[name] for name in CREDENTIALS if name in self.variables)


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    """Sizes are bytes: of one batch as it is sent, of all batches, of one file, of all files. `at_once` are the items
    of batches that a process runs at once. `public_url` is where clients reach Rialto, "" to tell it by their requests.
    """

    at_once: int = 4
    batch_bytes: int = 256 * MEGABYTE
    batches_bytes: int = 4096 * MEGABYTE
    file_bytes: int = 100 * MEGABYTE
    files_bytes: int = 4096 * MEGABYTE
    files_dir: Path | None = None
    """None is a folder among what else is kept."""
    bucket: BucketSettings | None = None
    """Where files lie in place of the folder, which then only takes what comes in."""
    downloads: bool = False
    """Clients may read back the files that they have sent."""
    public_url: str = ""


def storage_values(variables: Variables) -> dict[str, Any]:
    """What the variables say."""
    sizes = {"batch": ("MAX_BATCH_MB", 256), "batches": ("BATCHES_MB", 4096)}
    sizes |= {"file": ("MAX_FILE_MB", 100), "files": ("FILES_MB", 4096)}
    found = {
        f"{what}_bytes": (variables.int(name, default, validate=POSITIVE) or default) * MEGABYTE
        for what, (name, default) in sizes.items()
    }
    return {
        "storage": StorageSettings(
            at_once=variables.int("BATCH_CONCURRENCY", 4, validate=COUNT),
            files_dir=variables.path("FILES_DIR", None),
            bucket=bucket_settings(variables),
            downloads=variables.bool("FILES_DOWNLOAD", False),
            public_url=variables.parsed("BRIDGE_URL", web_address, ""),
            **found,
        )
    }


def bucket_settings(variables: Variables) -> BucketSettings | None:
    """Where FILES_URL leads; the other variables may be meant for somebody else and are read only with it."""
    url = variables.parsed("FILES_URL", bucket_url, "")
    endpoints = [variables.parsed(name, endpoint if url else str, "") for name in ENDPOINTS]
    regions = [variables.str(name, "") for name in REGIONS]
    for name in CREDENTIALS:
        variables.str(name, "")
    if not url:
        return None
    own = {f"AWS_{name}": value for name, value in variables.with_prefix("AWS_").items()}
    return BucketSettings(
        url=url, endpoint=next(filter(None, endpoints), ""), region=next(filter(None, regions), ""), variables=own
    )


def bucket_url(text: str) -> str:
    """The address of a bucket, without a slash at its end."""
    if not BUCKET.fullmatch(text.rstrip("/")):
        raise ValidationError("must be s3://BUCKET or s3://BUCKET/PREFIX, without a query.")
    if find_spec(S3_PACKAGE) is None:
        raise ValidationError(f"needs the package {S3_PACKAGE}: .venv/bin/pip install -r requirements-s3.txt")
    return text.rstrip("/")


def endpoint(text: str) -> str:
    """The address of a storage: credentials have variables of their own."""
    if "@" in urlsplit(text).netloc:
        raise ValidationError("must hold no name and no password.")
    return web_address(text)
