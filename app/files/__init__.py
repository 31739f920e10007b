"""Files that clients leave with Rialto, to name them in messages by their id.

Nothing of a bucket is imported while none is named.
"""

from __future__ import annotations

from pathlib import Path

from app.files.folder import Folder
from app.files.store import Files
from app.settings.settings import Settings


def open_files(settings: Settings) -> Files:
    """The store where the settings want it. Raises SettingsError when the bucket's settings are wrong."""
    folder, most = files_folder(settings), settings.storage.files_bytes
    if settings.storage.bucket is None:
        return Folder(folder, most)
    from app.files.bucket import Bucket
    from app.files.s3 import Objects

    return Bucket(Objects(settings.storage.bucket), folder, most)


def files_folder(settings: Settings) -> Path | None:
    """Where clients' files lie, or come in; None when nothing is kept."""
    return settings.storage.files_dir or (settings.state_dir / "files" if settings.state_dir else None)
