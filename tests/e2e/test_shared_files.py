"""Two real servers with one bucket: what a client leaves at one of them, the other puts into messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest

from tests.support.media_samples import encoded, pdf, png
from tests.support.rialto_server import RialtoServer, vendor_environment
from tests.support.s3_server import SECRET_KEY, bucket_environment, s3_server
from tests.support.scripted_server import ScriptedServer
from tests.support.vendor_bytes import WIRES, Turn

pytestmark = pytest.mark.e2e

PICTURE, PAPER = png(), pdf("Words of the first page")
LARGE = bytes(range(256)) * 4096 * 5


@pytest.fixture(scope="module")
def nodes(
    vendor_server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RialtoServer, RialtoServer]]:
    folder = tmp_path_factory.mktemp("nodes")
    with s3_server() as url:
        environment = vendor_environment(vendor_server.url, "kimi") | bucket_environment(url, "rialto")
        one = RialtoServer(folder / "one", FILES_DOWNLOAD="1", **environment)
        other = RialtoServer(folder / "other", FILES_DOWNLOAD="1", **environment)
        with one, other:
            yield one, other


@pytest.fixture
def sdks(nodes: tuple[RialtoServer, RialtoServer]) -> Iterator[tuple[anthropic.Anthropic, anthropic.Anthropic]]:
    one, other = (anthropic.Anthropic(base_url=node.url, api_key="any", max_retries=0, timeout=30) for node in nodes)
    with one, other:
        yield one, other


def test_a_file_of_one_node_is_the_others_too(
    sdks: tuple[anthropic.Anthropic, anthropic.Anthropic], vendor: ScriptedServer
) -> None:
    one, other = sdks
    vendor.play(lambda request: WIRES["kimi"].answer(Turn("Seen."), 1, request))
    picture = one.files.upload(file=("a.png", PICTURE, "image/png"))
    paper = one.files.upload(file=("a.pdf", PAPER, "application/pdf"))
    content: Any = [
        {"type": "image", "source": {"type": "file", "file_id": picture.id}},
        {"type": "document", "source": {"type": "file", "file_id": paper.id}},
    ]
    for _ in range(2):
        other.messages.create(
            model=WIRES["kimi"].public_model, max_tokens=9, messages=[{"role": "user", "content": content}]
        )
    for body in vendor.bodies:
        assert encoded(PICTURE) in json.dumps(body) and "Words of the first page" in json.dumps(body)
    assert [file.id for file in other.files.list(limit=1)] == [paper.id, picture.id]
    assert other.files.retrieve_metadata(picture.id) == picture
    other.files.delete(picture.id)
    with pytest.raises(anthropic.NotFoundError):
        one.messages.create(
            model=WIRES["kimi"].public_model, max_tokens=9, messages=[{"role": "user", "content": content}]
        )
    other.files.delete(paper.id)


def test_a_large_one_arrives_as_it_was(sdks: tuple[anthropic.Anthropic, anthropic.Anthropic]) -> None:
    one, other = sdks
    id = one.files.upload(file=("large.bin", LARGE)).id
    assert other.files.download(id).read() == LARGE
    other.files.delete(id)


def test_nothing_secret_is_said(nodes: tuple[RialtoServer, RialtoServer]) -> None:
    for node in nodes:
        assert "Files: s3://files/rialto at 127.0.0.1:" in node.log
        written = [path for path in Path(node.folder).rglob("*") if path.is_file()]
        assert all(SECRET_KEY.encode() not in path.read_bytes() for path in written)
