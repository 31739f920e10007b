"""Pictures for a model that cannot see, through the running server."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.media_samples import image, linked, png
from tests.support.messages import Json, Reply, ask, send
from tests.support.rialto_server import RialtoServer
from tests.support.scripted_server import ScriptedServer
from tests.support.usage_lines import lines_where
from tests.support.vision_vendors import BLIND, NOTE, Vendors, turn, words_for

pytestmark = pytest.mark.e2e
ONE, TWO, THREE = png(), png(padding=7), png(padding=21)
WHAT = {"type": "text", "text": "What is this?"}


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    with ScriptedServer() as server:
        found = Vendors(server)
        server.play(found.answer)
        yield found


def post(server: RialtoServer, message: Json, path: str = "/v1/messages") -> Reply:
    reply = send(server.port, "POST", path, message)
    assert reply.status == 200, reply.body
    return reply


def seen(vendors: Vendors, number: int = -1) -> str:
    """What the blind vendor got."""
    return json.dumps(vendors.asked("deepseek")[number]["messages"])


@pytest.mark.parametrize("kind", ["gevent", "gthread", "waitress"])
def test_a_picture_is_described_in_its_place(vendors: Vendors, tmp_path: Path, kind: str) -> None:
    with RialtoServer(tmp_path, kind, **vendors.environment()) as server:
        for stream in (False, True):
            post(server, turn({"type": "text", "text": "Before."}, image(ONE), WHAT, stream=stream))
        logs = lines_where(tmp_path / "logs", lambda line: True, 3)
    text = seen(vendors)
    assert text.index("Before.") < text.index(words_for(ONE)) < text.index("What is this?")
    assert NOTE not in text
    assert seen(vendors, 0) == text
    assert len(vendors.asked("kimi")) == 1
    (vision,) = [line for line in logs if line["kind"] == "vision"]
    assert vision["vendor"] == "kimi"
    assert vision["input_tokens"] + vision["cache_read_tokens"] == 910
    assert vision["cost_usd"] > 0
    assert vision["parent_id"] in {line["request_id"] for line in logs if line["kind"] != "vision"}


def test_a_picture_in_a_tools_result_and_one_beside_it(vendors: Vendors, tmp_path: Path) -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    result = {
        "type": "tool_result",
        "tool_use_id": "toolu_1",
        "content": [{"type": "text", "text": "Done."}, image(ONE)],
    }
    messages = [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result, image(TWO), WHAT]},
    ]
    with RialtoServer(tmp_path, **vendors.environment()) as server:
        post(server, ask(model=BLIND, messages=messages))
    tool, user = vendors.asked("deepseek")[0]["messages"][-2:]
    assert tool["role"] == "tool"
    assert words_for(ONE) in json.dumps(tool)
    assert words_for(TWO) in json.dumps(user)


def test_a_restart_and_a_longer_history_keep_the_bytes(vendors: Vendors, tmp_path: Path) -> None:
    first = turn(image(ONE), WHAT)
    more = [{"role": "assistant", "content": "A window."}, {"role": "user", "content": [image(TWO), image(ONE)]}]
    with RialtoServer(tmp_path, **vendors.environment()) as server:
        post(server, first)
    with RialtoServer(tmp_path, **vendors.environment()) as server:
        post(server, {**first, "messages": [*first["messages"], *more]})
    before, after = (body["messages"] for body in vendors.asked("deepseek"))
    assert after[: len(before)] == before
    assert len(vendors.asked("kimi")) == 2


def test_one_description_for_all_who_ask_at_once(vendors: Vendors, tmp_path: Path) -> None:
    vendors.gate = threading.Event()
    environment = vendors.environment(WEB_CONCURRENCY="2")
    with RialtoServer(tmp_path, **environment) as server, ThreadPoolExecutor(8) as pool:
        replies = [pool.submit(post, server, turn(image(ONE), WHAT)) for _ in range(8)]
        vendors.server.wait_for(1)
        vendors.gate.set()
        assert {reply.result().json["stop_reason"] for reply in replies} == {"end_turn"}
    assert len(vendors.asked("kimi")) == 1
    assert {seen(vendors, number) for number in range(8)} == {seen(vendors)}


def test_pictures_are_described_side_by_side(vendors: Vendors, tmp_path: Path) -> None:
    vendors.gate = threading.Event()
    pictures = [png(padding=size) for size in range(6)]
    with RialtoServer(tmp_path, **vendors.environment()) as server, ThreadPoolExecutor(1) as pool:
        reply = pool.submit(post, server, turn(*map(image, pictures), WHAT))
        vendors.server.wait_for(4)
        assert len(vendors.server.requests) == 4
        vendors.gate.set()
        reply.result()
    assert [words_for(picture) in seen(vendors) for picture in pictures] == [True] * 6


def test_addresses_are_fetched_for_it(vendors: Vendors, tmp_path: Path) -> None:
    vendors.pictures = {"/a.png": ONE}
    message = turn(linked("image", f"{vendors.server.url}/a.png"), WHAT)
    with RialtoServer(tmp_path / "on", **vendors.environment(URL_FETCH="private")) as server:
        post(server, message)
        post(server, message)
    assert seen(vendors, 0) == seen(vendors, 1)
    assert words_for(ONE) in seen(vendors)
    with RialtoServer(tmp_path / "off", **vendors.environment(URL_FETCH="off")) as server:
        post(server, message)
    assert NOTE in seen(vendors)
    assert len(vendors.asked("kimi")) == 1


def test_a_failure_leaves_the_note(vendors: Vendors, tmp_path: Path) -> None:
    vendors.refuses = True
    message = turn(image(ONE), WHAT)
    with RialtoServer(tmp_path, **vendors.environment()) as server:
        post(server, message)
        assert NOTE in seen(vendors)
        later = [*message["messages"], {"role": "assistant", "content": "Hm."}, {"role": "user", "content": "So?"}]
        post(server, {**message, "messages": later})
        assert len(vendors.asked("kimi")) == 1
        failed = lines_where(tmp_path / "logs", lambda line: line["kind"] == "vision")
        vendors.refuses = False
        post(server, message)
    assert (len(failed), failed[0]["error_type"]) == (1, "invalid_request_error")
    assert words_for(ONE) in seen(vendors)
    assert "no eyes today" in server.log


def test_who_takes_too_long_is_not_waited_for(vendors: Vendors, tmp_path: Path) -> None:
    vendors.gate = threading.Event()
    with RialtoServer(tmp_path, **vendors.environment(VISION_TIMEOUT="0.5")) as server:
        post(server, turn(image(ONE), WHAT))
        vendors.gate.set()
    assert NOTE in seen(vendors)


def test_both_at_one_vendor_with_one_place(vendors: Vendors, tmp_path: Path) -> None:
    """The place of the blind model is not taken while the other one describes."""
    conf = {"VENDOR_CONCURRENCY": "1", "VISION_FALLBACK_MODEL": "deepseek/deepseek-flash"}

    with RialtoServer(tmp_path, **vendors.environment(**conf)) as server:
        post(server, turn(image(ONE), WHAT))
    describing, answering = vendors.asked("deepseek")
    assert (describing["model"], answering["model"]) == ("deepseek-flash", "deepseek-v4-pro")
    assert "Thank you." in json.dumps(answering)


def test_a_client_that_leaves_ends_the_description(vendors: Vendors, tmp_path: Path) -> None:
    vendors.gate = threading.Event()
    with RialtoServer(tmp_path, **vendors.environment()) as server:
        with server_connection(server) as connection:
            body = json.dumps(turn(image(ONE), WHAT)).encode()
            head = f"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)
            (request,) = vendors.server.wait_for(1)
        assert request.peer_closed.wait(10)
    assert vendors.asked("deepseek") == []


def test_counting_counts_what_is_known(vendors: Vendors, tmp_path: Path) -> None:
    message = turn(image(png(1500, 1500)), WHAT)
    counting = {key: value for key, value in message.items() if key != "max_tokens"}
    with RialtoServer(tmp_path, **vendors.environment()) as server:
        before = post(server, counting, "/v1/messages/count_tokens").json["input_tokens"]
        assert vendors.asked("kimi") == []
        post(server, message)
        after = post(server, counting, "/v1/messages/count_tokens").json["input_tokens"]
    assert after < before


def server_connection(server: RialtoServer) -> socket.socket:
    """A bare connection to it."""
    return socket.create_connection(("127.0.0.1", server.port), timeout=20)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"VISION_FALLBACK_MODEL": "deepseek/deepseek-v4-pro"}, "which cannot see images"),
        ({"VISION_FALLBACK_MODEL": "gemini/gemini-flash"}, "GEMINI_API_KEY is not set"),
        ({"VISION_FALLBACK_MODEL": "nobody-knows-it"}, "no vendor is known for nobody-knows-it"),
        ({"VISION_TIMEOUT": "0"}, "VISION_TIMEOUT: "),
    ],
)
def test_a_wrong_setting_stops_the_start(
    vendors: Vendors, tmp_path: Path, settings: dict[str, str], words: str
) -> None:
    server = RialtoServer(tmp_path, **vendors.environment(**settings))
    server.launch()
    server.wait_for_end()
    server.stop()
    assert words in server.log
