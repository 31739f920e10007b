"""Answers of a vendor that are made to fill the memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.settings.settings import Settings
from app.upstream import framing
from app.upstream.framing import LARGEST, measured, objects
from app.upstream.upstream import EXPANDED, unzipped, zstd
from tests.support.scripted_server import Answer, ScriptedServer, sse_answer
from translators.core.errors import Broke

HUGE = 64 * 1024 * 1024


def gzipped() -> bytes:
    packer = zlib.compressobj(wbits=31)
    return b"".join([*(packer.compress(bytes(1024 * 1024)) for _ in range(HUGE // 1024 // 1024)), packer.flush()])


PACKERS = {"gzip": gzipped, "zstd": lambda: zstd.compress(bytes(HUGE))}


@pytest.mark.parametrize("form", PACKERS)
def test_hidden_gigabytes_come_out_in_small_pieces(form: str) -> None:
    """All of them, but no more at once than the reader can refuse."""
    sizes = [len(piece) for piece in unzipped(iter([PACKERS[form]()]))]
    assert sum(sizes) == HUGE
    assert max(sizes) <= EXPANDED


@pytest.mark.parametrize("form", PACKERS)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_small_pieces_are_unpacked_too(form: str, size: int) -> None:
    bomb = PACKERS[form]()
    pieces = [bomb[start : start + size] for start in range(0, len(bomb), size)]
    assert sum(map(len, unzipped(iter(pieces)))) == HUGE


PIECE = b"x" * 65536
#: Framing -> an answer that never comes to an end.
ENDLESS = {
    "an event": ("sse", [b"data: "], PIECE),
    "an event of many lines": ("sse", [b"data: x\n"], b"data: " + PIECE + b"\n"),
    "a document": ("sse", [b'{"a": "'], PIECE),
    "a line": ("ndjson", [b'{"a": "'], PIECE),
    "nothing": ("sse", [], b" " * 65536),
}


@pytest.mark.parametrize(("form", "first", "rest"), ENDLESS.values(), ids=ENDLESS.keys())
def test_an_answer_without_an_end_is_given_up(
    monkeypatch: pytest.MonkeyPatch, form: str, first: list[bytes], rest: bytes
) -> None:
    monkeypatch.setattr(framing, "LARGEST", 1_000_000)
    read = 0

    def pieces() -> Iterator[bytes]:
        nonlocal read
        yield from first
        for piece in repeat(rest):
            read += len(piece)
            assert read < 3_000_000, "still reading"
            yield piece

    with pytest.raises(Broke, match="the answer is larger than 1 MB"):
        list(objects(pieces(), form))


@pytest.mark.parametrize("cut", range(1, 40))
@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r"])
def test_a_long_stream_of_small_events_is_heard_out(monkeypatch: pytest.MonkeyPatch, end: bytes, cut: int) -> None:
    """Wherever the network cuts it."""
    monkeypatch.setattr(framing, "LARGEST", 200)
    stream = (b'data: {"n": 1}' + end) * 40
    pieces = [stream[start : start + cut] for start in range(0, len(stream), cut)]
    assert b"".join(measured(pieces, "sse")) == stream


@pytest.fixture
def rialto(tmp_path: Path) -> Iterator[tuple[FlaskClient, ScriptedServer]]:
    """A client, and the vendor behind Rialto."""
    with ScriptedServer() as vendor:
        given = {
            "GROQ_API_KEY": "k",
            "GROQ_BASE_URL": f"{vendor.url}/v1",
            "LEARN_LIMITS": "0",
            "BRIDGE_LOG_DIR": str(tmp_path),
        }
        yield create_app(Settings.load(given)).test_client(), vendor


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("status", [200, 400])
def test_the_client_gets_an_error(
    rialto: tuple[FlaskClient, ScriptedServer], monkeypatch: pytest.MonkeyPatch, stream: bool, status: int
) -> None:
    client, vendor = rialto
    monkeypatch.setattr(framing, "LARGEST", 1_000_000)
    headers = {"content-type": "application/json"}
    vendor.play(lambda request: Answer([b'{"error": "', PIECE * 20], status, headers))
    body = {"model": "groq/m", "max_tokens": 9, "stream": stream, "messages": [{"role": "user", "content": "hi"}]}
    reply = client.post("/v1/messages", json=body)
    assert reply.status_code == 502
    assert "larger than 1 MB" in reply.get_json()["error"]["message"]


def test_a_bomb_in_the_middle_of_a_stream_ends_in_an_error(
    rialto: tuple[FlaskClient, ScriptedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, vendor = rialto
    monkeypatch.setattr(framing, "LARGEST", 1_000_000)
    word = {"choices": [{"index": 0, "delta": {"content": "word"}}]}
    vendor.play(lambda request: sse_answer([word, b"data: " + PIECE * 20]))
    body = {"model": "groq/m", "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    told = client.post("/v1/messages", json=body).text
    assert "word" in told and told.rstrip().rpartition("event: ")[2].startswith("error")
    assert "message_stop" not in told


def test_the_limit_leaves_room_for_true_answers() -> None:
    assert LARGEST >= 32 * 1024 * 1024
