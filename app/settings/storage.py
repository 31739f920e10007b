"""The settings of what clients leave with Rialto: batches and files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environs import validate

from app.settings.variables import Variables, web_address

MEGABYTE = 1024 * 1024
COUNT = validate.Range(min=0)
POSITIVE = validate.Range(min=1)


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
            downloads=variables.bool("FILES_DOWNLOAD", False),
            public_url=variables.parsed("BRIDGE_URL", web_address, ""),
            **found,
        )
    }
