"""No secret leaves a running Rialto: neither in an answer, nor in a file, nor in the list of processes."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from app.clients.keys import hash_of
from tests.support.native_wires import native_environment
from tests.support.rialto_server import RialtoServer, free_port
from tests.support.scripted_server import CUT, Answer, Request, ScriptedServer, json_answer, sse_answer

pytestmark = pytest.mark.e2e

BRIDGE = "bridge+Hemlock/7431"
CLIENT = "rialto-Juniper_5520-client"
OWN = "own-Larkspur-3368-of-the-client"
SECRETS = {
    "BRIDGE_API_KEY": BRIDGE,
    "GROQ_API_KEY": "gsk-vendor-Foxglove-9917",
    "KIMI_API_KEY": "first-Aconite-4402,second-Yarrow-4403",
    "GEMINI_API_KEY": "plain.Oleander.6120",
    "ANTHROPIC_API_KEY": "anthropic-Belladonna-2275",
    "PROVIDER_API_KEY": "provider-Wolfsbane-8841",
    "CUSTOM_HEADER_X_TEAM_TOKEN": "header-Mandrake-1093-token",
}
PASSWORDS = ("redis-Nightshade-5567", "rates-Henbane-7782", "query-Datura-3314")
#: Everything that must not be seen; a list of keys is several secrets.
HIDDEN = (CLIENT, OWN, *PASSWORDS, *(key for value in SECRETS.values() for key in value.split(",")))

CHOICE = {"index": 0, "message": {"content": "word"}, "finish_reason": "stop"}
WORD = {"choices": [{"index": 0, "delta": {"content": "word"}, "finish_reason": "stop"}]}


def vendor_says(request: Request) -> Answer:
    """What the model's name asks for; failures repeat every header that the vendor got."""
    got = f"wrong key: {json.dumps(request.headers)} at {request.path}"
    asked = request.path + str((request.json or {}).get("model"))
    if "broken" in asked:
        return sse_answer([WORD, {"error": {"message": got}}])
    if "cut" in asked:
        return sse_answer([WORD, CUT])
    if "page" in asked:
        return Answer([f"<html><title>{got}</title>".encode()], 502, {"content-type": "text/html"}, "length")
    for status in (400, 401, 403, 404, 429, 500):
        if str(status) in asked:
            kind = got if (request.json or {}).get("stream") else "invalid_request_error"
            told = {"message": got, "type": kind, "details": {"got": [got]}}
            return json_answer({"error": told, "detail": got}, status, x_key=got)
    if request.json and request.json.get("stream"):
        return sse_answer([WORD, b"data: [DONE]\n\n"])
    return json_answer({"choices": [CHOICE]})


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer(vendor_says) as server:
        yield server


def environment(folder: Path, vendor: ScriptedServer, **more: str) -> dict[str, str]:
    """Every setting that can hold a secret, with one."""
    (folder / "clients.toml").write_text(f'[a]\nkey_hash = "{hash_of(CLIENT)}"\nrequests_per_minute = 3\n')
    nobody = f"127.0.0.1:{free_port()}"
    return {
        **native_environment(vendor.url),
        "GROQ_BASE_URL": f"{vendor.url}/groq/v1",
        "KIMI_BASE_URL": f"{vendor.url}/kimi/v1",
        "PROVIDER_BASE_URL": f"http://{nobody}/v1?key={PASSWORDS[2]}",
        "ANTHROPIC_FORWARD_CLIENT_KEY": "1",
        "REDIS_URL": f"redis://user:{PASSWORDS[0]}@{nobody}/0",
        "RATELIMIT_STORAGE_URI": f"redis://user:{PASSWORDS[1]}@{nobody}/0",
        "CLIENTS_FILE": str(folder / "clients.toml"),
        "LOG_LEVEL": "DEBUG",
        "BRIDGE_DEBUG": "1",
        "LEARN_LIMITS": "1",
        **SECRETS,
        **more,
    }


def told(server: RialtoServer) -> Iterator[str]:
    """What every kind of request is answered: status, headers and body."""
    kinds = ("m", "broken", "cut", "page", "400", "401", "403", "404", "429", "500")
    vendors = ("groq", "kimi", "gemini", "anthropic", "ollama", "openai_compatible")
    yield ask(server, {"x-api-key": BRIDGE}, model="anthropic/401")
    for model in [f"{vendor}/{kind}" for vendor in vendors for kind in kinds]:
        for stream in (True, False):
            yield ask(server, {"x-api-key": BRIDGE, "authorization": f"Bearer {OWN}"}, model=model, stream=stream)
    for headers in ({"x-api-key": CLIENT}, {"authorization": f"Bearer {OWN}"}, {"x-api-key": BRIDGE[:-1]}, {}):
        for _ in range(5):
            yield ask(server, headers, model="groq/m")
        yield ask(server, headers, path="/v1/messages/count_tokens", model="gemini/m")
        for path in ("/", "/health", "/v1/models", "/v1/models/groq/m", "/test-connection?model=groq/401", "/metrics"):
            yield shown(requests.get(f"{server.url}{path}", headers=headers, timeout=30))
        for path in (
            "/dashboard",
            "/test-connection?vendor=openai_compatible",
            f"/nowhere?key={quote(BRIDGE, safe='')}",
        ):
            yield shown(requests.get(f"{server.url}{path}", headers=headers, timeout=30))
        yield shown(requests.post(f"{server.url}/v1/messages", data=b"{", headers=headers, timeout=30))


def ask(server: RialtoServer, headers: dict[str, str], path: str = "/v1/messages", **fields: Any) -> str:
    """What one message is answered."""
    body = {"max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], **fields}
    return shown(requests.post(f"{server.url}{path}", json=body, headers=headers, timeout=30))


def shown(answer: requests.Response) -> str:
    """All of an answer."""
    return f"{answer.status_code} {dict(answer.headers)} {answer.text}"


def spellings(secret: str) -> set[bytes]:
    """A secret in the forms in which it may have been written; half of it is too much."""
    half = secret[: len(secret) // 2 + 2]
    forms = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], half}
    return {form.encode() for form in forms} | {base64.b64encode(secret.encode()).rstrip(b"=")}


def found_in(content: bytes) -> set[str]:
    """The secrets that a text gives away."""
    return {secret for secret in HIDDEN if any(form in content for form in spellings(secret))}


def command_lines(group: int) -> str:
    """How the processes of a group are listed."""
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(process.name)) == group:
                lines.append((process / "cmdline").read_text() + (process / "comm").read_text())
        except (OSError, ValueError):
            continue
    return "\n".join(lines)


@pytest.mark.parametrize(("kind", "form"), [("gevent", "human"), ("gthread", "json"), ("waitress", "human")])
def test_no_secret_is_told_or_written(tmp_path: Path, vendor: ScriptedServer, kind: str, form: str) -> None:
    folder = tmp_path / "server"
    with RialtoServer(folder, kind, **environment(tmp_path, vendor, LOG_FORMAT=form)) as server:
        assert server.process
        answers = list(told(server))
        listed = command_lines(server.process.pid)
    leaks = {answer[:300]: found for answer in answers if (found := found_in(answer.encode()))}
    assert set().union(*leaks.values()) == set(), leaks
    assert "wsgi:app" in listed and found_in(listed.encode()) == set()
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert len(files) >= 2 and "redis" in server.log.lower()
    assert {str(file): found_in(file.read_bytes()) for file in files} == {str(file): set() for file in files}
    statuses = {answer.partition(" ")[0] for answer in answers}
    assert {"200", "400", "401", "403", "404", "429", "502"} <= statuses
    assert any("wrong key" in answer for answer in answers), "the vendor's words are not shown at all"


def test_the_vendors_got_the_secrets(tmp_path: Path, vendor: ScriptedServer) -> None:
    """So that the tests above search for what was really there."""
    with RialtoServer(tmp_path / "server", **environment(tmp_path, vendor)) as server:
        list(told(server))
    got = json.dumps([request.headers for request in vendor.requests])
    unused = {BRIDGE, CLIENT, *PASSWORDS, SECRETS["PROVIDER_API_KEY"], "second-Yarrow-4403"}
    assert found_in(got.encode()) >= {*HIDDEN} - unused
    assert not {BRIDGE, CLIENT} & found_in(got.encode())


def test_mistakes_in_the_settings_hold_none(tmp_path: Path) -> None:
    given = {name: f"{value}\x07é" for name, value in SECRETS.items()}
    server = RialtoServer(tmp_path, REDIS_URL=f"http://{PASSWORDS[0]}", **given)
    try:
        server.launch()
        assert server.wait_for_end() not in (None, 0)
    finally:
        server.stop()
    assert "REDIS_URL" in server.log and "BRIDGE_API_KEY" in server.log
    assert found_in(server.log.encode()) == set()


def test_the_search_finds_what_is_there() -> None:
    """The tests above can fail."""
    for secret in HIDDEN:
        for form in spellings(secret):
            assert secret in found_in(b"... " + form + b" ...")
