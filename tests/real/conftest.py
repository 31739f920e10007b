"""What the tests against a real server share: llama.cpp, and a Rialto in front of it that reaches it in two ways."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.llama_server import LlamaServer, Missing
from tests.support.project import project_copy
from tests.support.rialto_server import RialtoServer

#: Protocol -> the public name of the model that is reached by it.
MODELS = {"openai_chat": "openai_compatible/smol", "anthropic_messages": "llama-anthropic/smol"}
OWN_VENDORS = """
[llama-anthropic]
base_url = "{url}"
protocol = "anthropic_messages"
models = ["smol"]
"""


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    """The running server; skips, saying what is missing."""
    try:
        with LlamaServer(tmp_path_factory.mktemp("llama")) as server:
            yield server
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def rialto(llama: LlamaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RialtoServer]:
    """A copy of the project with a `vendors.local.toml` of its own, running."""
    folder = tmp_path_factory.mktemp("rialto")
    server = RialtoServer(folder / "home", PROVIDER_BASE_URL=f"{llama.url}/v1", LEARN_LIMITS="1")
    server.root = project_copy(folder / "project")
    (server.root / "conf" / "vendors.local.toml").write_text(OWN_VENDORS.format(url=llama.url))
    with server:
        yield server


@pytest.fixture(scope="session")
def uncounted(llama: LlamaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RialtoServer]:
    """A Rialto that does not look for the server's counter."""
    with RialtoServer(tmp_path_factory.mktemp("uncounted"), PROVIDER_BASE_URL=f"{llama.url}/v1") as server:
        yield server


@pytest.fixture(params=sorted(MODELS))
def model(request: pytest.FixtureRequest) -> str:
    """The model by each protocol in turn."""
    return MODELS[request.param]
