"""What the dashboard's tests share: an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.dashboard.engine.index import Index

Opened = Callable[..., Index]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Opens an index of some folders, and closes it."""
    with ExitStack() as stack:

        def opened(*places: Path, folder: Path = tmp_path / "index") -> Index:
            index = Index(folder, [str(place) for place in places])
            stack.callback(index.close)
            return index

        yield opened
