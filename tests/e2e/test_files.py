"""The Files API by the official SDK, and files in messages on each kind of wire, on real servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest

from tests.support.media_samples import encoded, pdf, png
from tests.support.native_wires import NATIVE_WIRES, native_environment
from tests.support.rialto_server import RialtoServer, vendor_environment
from tests.support.scripted_server import ScriptedServer
from tests.support.vendor_bytes import WIRES, Turn

pytestmark = pytest.mark.e2e

PICTURE, PAPER = png(), pdf("Words of the first page")
BETA = "files-api-2025-04-14"
#: Wire -> whether its vendor takes PDFs as they are.
TAKES_PAPERS = {"kimi": False, "gemini": True, "ollama": False, "openai": True, "anthropic": True}


@pytest.fixture(scope="module")
def rialto(vendor_server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RialtoServer]:
    environment = vendor_environment(vendor_server.url, *WIRES) | native_environment(vendor_server.url)
    folder = tmp_path_factory.mktemp("files")
    with RialtoServer(folder, WEB_CONCURRENCY="2", FILES_DOWNLOAD="1", **environment) as server:
        yield server


@pytest.fixture
def sdk(rialto: RialtoServer) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=rialto.url, api_key="any", max_retries=0, timeout=30) as client:
        yield client


def test_every_method(sdk: anthropic.Anthropic) -> None:
    for files in (sdk.beta.files, sdk.files):
        options: Any = {"betas": [BETA]} if files is sdk.beta.files else {}
        made = [files.upload(file=(f"{at}.png", PICTURE, "image/png"), **options) for at in range(3)]
        assert (made[0].filename, made[0].mime_type, made[0].size_bytes) == ("0.png", "image/png", len(PICTURE))
        ids = [file.id for file in reversed(made)]
        assert [file.id for file in files.list(**options)] == ids
        assert [file.id for file in files.list(limit=1, **options)] == ids
        assert [file.id for file in files.list(ids=ids[:1], **options)] == ids[:1]
        assert files.retrieve_metadata(ids[0], **options) == made[2]
        assert files.download(ids[0], **options).read() == PICTURE
        for id in ids:
            assert files.delete(id, **options).type == "file_deleted"
        with pytest.raises(anthropic.NotFoundError):
            files.retrieve_metadata(ids[0], **options)


def test_what_was_uploaded_is_not_downloadable_by_default(tmp_path: Path) -> None:
    with (
        RialtoServer(tmp_path) as server,
        anthropic.Anthropic(base_url=server.url, api_key="any", max_retries=0, timeout=30) as client,
    ):
        file = client.files.upload(file=("a.png", PICTURE), expires_in_seconds=3600)
        assert file.downloadable is False and file.expires_at
        assert (file.expires_at - file.created_at).total_seconds() == pytest.approx(3600, abs=0.01)
        with pytest.raises(anthropic.BadRequestError, match="not downloadable") as caught:
            client.files.download(file.id)
        assert caught.value.body["error"]["details"]["error_code"] == "file_not_downloadable"  # type: ignore[index]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", TAKES_PAPERS)
def test_a_picture_and_a_pdf_on_each_wire(
    sdk: anthropic.Anthropic, vendor: ScriptedServer, name: str, stream: bool
) -> None:
    wire = {**WIRES, **NATIVE_WIRES}[name]
    vendor.play(lambda request: wire.answer(Turn("Seen."), 1, request))
    picture = sdk.beta.files.upload(file=("a.png", PICTURE, "image/png")).id
    paper = sdk.beta.files.upload(file=("a.pdf", PAPER, "application/pdf")).id
    content: Any = [
        {"type": "image", "source": {"type": "file", "file_id": picture}},
        {"type": "document", "source": {"type": "file", "file_id": paper}, "title": "Paper"},
        {"type": "text", "text": "What is this?"},
    ]
    asked: Any = {"model": wire.public_model, "max_tokens": 500, "messages": [{"role": "user", "content": content}]}
    if stream:
        with sdk.beta.messages.stream(**asked, betas=[BETA]) as events:
            answer = events.get_final_message()
    else:
        answer = sdk.beta.messages.create(**asked, betas=[BETA])
    assert [block.text for block in answer.content if block.type == "text"] == ["Seen."]
    body = json.dumps(vendor.bodies[0])
    assert encoded(PICTURE) in body
    assert (encoded(PAPER) in body) == TAKES_PAPERS[name]
    assert ("Words of the first page" in body) == (not TAKES_PAPERS[name])
    assert picture not in body and paper not in body


def test_a_file_that_is_gone(sdk: anthropic.Anthropic, vendor: ScriptedServer) -> None:
    id = sdk.beta.files.upload(file=("a.png", PICTURE)).id
    sdk.beta.files.delete(id)
    content: Any = [{"type": "image", "source": {"type": "file", "file_id": id}}]
    model = WIRES["kimi"].public_model
    with pytest.raises(anthropic.NotFoundError, match=f"File not found: {id}"):
        sdk.beta.messages.create(model=model, max_tokens=9, messages=[{"role": "user", "content": content}])
    assert vendor.requests == []
    vendor.play(lambda request: WIRES["kimi"].answer(Turn("Go on."), 1, request))
    later: Any = [
        {"role": "user", "content": content},
        {"role": "assistant", "content": "Seen."},
        {"role": "user", "content": "And now?"},
    ]
    sdk.beta.messages.create(model=model, max_tokens=9, messages=later)
    assert "not there any more" in json.dumps(vendor.bodies[0])


def test_a_file_in_a_batch(sdk: anthropic.Anthropic, vendor: ScriptedServer) -> None:
    vendor.play(lambda request: WIRES["kimi"].answer(Turn("Seen."), 1, request))
    id = sdk.beta.files.upload(file=("a.png", PICTURE)).id
    content: Any = [{"type": "image", "source": {"type": "file", "file_id": id}}]
    turn: Any = {"role": "user", "content": content}
    params: Any = {"model": WIRES["kimi"].public_model, "max_tokens": 9, "messages": [turn]}
    sdk.messages.batches.create(requests=[{"custom_id": "a", "params": params}])
    vendor.wait_for(1)
    assert encoded(PICTURE) in json.dumps(vendor.bodies[0])
