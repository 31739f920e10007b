"""What the end-to-end tests share: scripted vendors, one running server in front of them, the real client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.claude_code import Missing, client_binary
from tests.support.native_wires import NATIVE_WIRES, NativeWire, native_environment
from tests.support.rialto_server import RialtoServer, vendor_environment
from tests.support.scripted_server import ScriptedServer
from tests.support.vendor_bytes import WIRES, Wire


@pytest.fixture(scope="session")
def vendor_server() -> Iterator[ScriptedServer]:
    """The one scripted server that all vendors point to."""
    with ScriptedServer() as server:
        yield server


@pytest.fixture(scope="session")
def rialto(vendor_server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RialtoServer]:
    """Rialto under gunicorn with gevent workers, all scripted vendors configured, no client key asked."""
    folder = tmp_path_factory.mktemp("rialto")
    with RialtoServer(folder, **vendor_environment(vendor_server.url, *WIRES)) as server:
        yield server


@pytest.fixture(scope="session")
def native_rialto(vendor_server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RialtoServer]:
    """Rialto with the vendors that have an API of their own beside the others."""
    folder = tmp_path_factory.mktemp("native")
    environment = vendor_environment(vendor_server.url, *WIRES) | native_environment(vendor_server.url)
    with RialtoServer(folder, **environment) as server:
        yield server


@pytest.fixture
def vendor(vendor_server: ScriptedServer) -> Iterator[ScriptedServer]:
    """The scripted server with nothing scripted and nothing recorded."""
    vendor_server.play([])
    yield vendor_server
    vendor_server.play([])


@pytest.fixture(params=sorted(WIRES))
def wire(request: pytest.FixtureRequest) -> Wire:
    """Each vendor's wire form in turn."""
    return WIRES[request.param]


@pytest.fixture(params=sorted(NATIVE_WIRES))
def native(request: pytest.FixtureRequest) -> NativeWire:
    """Each wire form of a vendor's own API in turn."""
    return NATIVE_WIRES[request.param]


@pytest.fixture(scope="session")
def claude() -> Path:
    """The client's binary; skips, saying what is missing."""
    try:
        return client_binary()
    except Missing as missing:
        pytest.skip(str(missing))
