"""What all tests share."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from app.resilience.policy import Policy
from tests.sizes import ROOT
from tests.support.project import own_rows

MANY_FILES = 200

# The same examples in every run, so that a red run can be repeated, and no limit on the time of one: machines differ.
settings.register_profile("rialto", derandomize=True, deadline=None)
settings.load_profile("rialto")


def pytest_configure() -> None:
    """Stops where the developer's own rows would be read: hundreds of tests would fail of them, none with a reason."""
    if own := own_rows(ROOT / "conf"):
        raise pytest.UsageError(f"the tests take conf/ as it is shipped; move your own rows away: {', '.join(own)}")


@pytest.fixture(autouse=True, scope="session")
def nothing_is_kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What one test learns is no other test's business, nor the developer's server's. No vendor is asked unasked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.settings.settings.STATE_DIR", None)
        patch.setattr("app.settings.settings.CLIENTS_FILE", Path("nowhere.toml"))
        patch.setattr("app.settings.settings.LOG_DIR", tmp_path_factory.mktemp("logs"))
        patch.setattr("app.memory.limits.in_background", lambda work: None)
        yield


@pytest.fixture(autouse=True, scope="module")
def nothing_stays_open() -> Iterator[None]:
    """Servers that tests have made keep files and sockets until the collector comes. Many machines allow 1,024."""
    yield
    lowest = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest)
    if lowest > MANY_FILES:
        gc.collect()


@pytest.fixture(autouse=True)
def one_try(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vendor's failure is answered at once, but in tests of the retries, which are marked so."""
    if "retries" not in request.keywords:
        monkeypatch.setattr("app.rialto.Policy", lambda budget: Policy(0.0))
