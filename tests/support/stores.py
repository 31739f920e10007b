"""The two places where files of clients may lie, alike for a test."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.files.bucket import Bucket
from app.files.folder import Folder
from app.files.s3 import Objects
from app.files.store import INCOMING, Files
from app.settings.storage import BucketSettings, StorageSettings
from tests.support.s3_server import bucket_at


@dataclass
class Place:
    """A folder, or with a bucket that and a prefix of its own in it."""

    folder: Path
    bucket: BucketSettings | None = None

    def opened(self, most: int = 10_000, clock: Callable[[], float] = time.time) -> Files:
        """The store itself."""
        if self.bucket is None:
            return Folder(self.folder / "files", most, clock)
        return Bucket(Objects(self.bucket), self.folder / "files", most, clock)

    def storage(self, **more: object) -> StorageSettings:
        """The settings that lead here."""
        return StorageSettings(at_once=0, bucket=self.bucket, **more)  # type: ignore[arg-type]

    def kept(self) -> dict[str, int]:
        """Id -> bytes of every file that has some, whatever is known of it."""
        found = [(Path(name).name, size) for name, size in self.everything().items()]
        return {name: size for name, size in found if size and not name.endswith(".json")}

    def everything(self) -> dict[str, int]:
        """Name -> bytes of all that lies here, half uploads too."""
        files = [path for path in (self.folder / "files").rglob("*") if path.is_file()]
        found = {str(path.relative_to(self.folder)): path.stat().st_size for path in files}
        return found | (dict(Objects(self.bucket).listed("")) if self.bucket else {})

    @property
    def incoming(self) -> Path:
        """Where uploads wait."""
        return self.folder / "files" / INCOMING


def place(folder: Path, s3: str = "") -> Place:
    """A fresh folder, or at an `s3` server a fresh prefix."""
    return Place(folder, bucket_at(s3, f"rialto/{uuid.uuid4().hex}") if s3 else None)
