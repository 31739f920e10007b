"""SE: security."""

from __future__ import annotations

import logging
import re
from importlib.metadata import distribution
from pathlib import Path

import pytest

from app import create_app
from app.settings.settings import ROOT, Settings
from tests.scenarios.answers import answer, words
from tests.scenarios.over import over
from tests.scenarios.rig import Rig, environment, text, user
from tests.support.rialto_server import RialtoServer
from tests.support.scripted_server import Answer


def test_se_1_loopback_is_the_default() -> None:
    settings = Settings.load({})
    assert settings.host == "127.0.0.1"
    example = (ROOT / "conf" / "env.example").read_text()
    assert re.search(r"^# HOST=127\.0\.0\.1$", example, re.MULTILINE)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "rialto.example"])
def test_se_1_a_wider_address_needs_a_key(host: str, tmp_path: Path) -> None:
    """The server ends before it listens, and says what to set."""
    server = RialtoServer(tmp_path, "unbound", HOST=host)
    server.environment["PORT"] = str(server.port)
    try:
        server.launch()
        status = server.wait_for_end()
    finally:
        server.stop()
    assert status not in (None, 0)
    assert "BRIDGE_API_KEY" in server.log
    assert "Traceback" not in server.log


PAGES = ("/", "/test-connection?model=openai_compatible/served-model")
FOREIGN = {
    "host": {"host": "evil.example"},
    "host with port": {"host": "evil.example:4001"},
    "host like ours": {"host": "localhost.evil.example"},
    "origin": {"origin": "https://evil.example"},
    "opaque origin": {"origin": "null"},
    "origin like ours": {"origin": "http://127.0.0.1.evil.example"},
}
OWN = {
    "address": {"host": "127.0.0.1:4001"},
    "name": {"host": "localhost:4001"},
    "IPv6": {"host": "[::1]:4001"},
    "origin": {"host": "localhost:4001", "origin": "http://localhost:4001"},
}


@pytest.mark.parametrize("form", FOREIGN)
@over("chat")
def test_se_2_foreign_pages_learn_nothing(rig: Rig, form: str) -> None:
    rig.play(answer("ok"))
    for page in PAGES:
        reply = rig.client.get(page, headers=FOREIGN[form])
        assert reply.status_code == 403
        assert reply.get_json()["error"]["type"] == "permission_error"
    assert rig.vendor.requests == []


@pytest.mark.parametrize("form", OWN)
@over("chat")
def test_se_2_our_own_pages_work(rig: Rig, form: str) -> None:
    for page in PAGES:
        rig.play(answer("ok"))
        reply = rig.client.get(page, headers=OWN[form])
        assert reply.status_code == 200
        assert "access-control-allow-origin" not in reply.headers


@over()
def test_se_2_no_other_origin_may_read(rig: Rig) -> None:
    outcome = rig.says(answer("Hello."), headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in outcome.headers


LEAKED = "sk-proj-AbCdEfGh0123456789ijkl"


@pytest.mark.parametrize("status", [400, 401, 429, 500])
@over()
def test_se_3_keys_reach_neither_client_nor_log(rig: Rig, status: int, caplog: pytest.LogCaptureFixture) -> None:
    """The vendor repeats the key that it got, and another one."""
    own = f"{rig.wire.vendor}-upstream-key"
    said = f"Incorrect API key provided: {own}, not {LEAKED}. Authorization: Bearer {own}"
    with caplog.at_level(logging.DEBUG):
        for stream in (True, False):
            rig.repeat_answer(rig.wire.refusal(status, said))
            outcome = rig.ask(stream, headers={"x-api-key": "clients-own-key-123456"})
            assert outcome.status >= 400
            told = outcome.text + caplog.text
            assert LEAKED not in told
            assert "clients-own-key-123456" not in told
            if rig.wire.vendor != "ollama":
                assert own not in told
            assert "Incorrect API key" in outcome.text


@over()
def test_se_3_keys_in_the_middle_of_an_answer(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    begun = rig.wire.stream(answer(words("Hel"), ending=""))
    with caplog.at_level(logging.DEBUG):
        outcome = rig.chunks(*begun, rig.wire.fault(f"lost {LEAKED}"))
    assert outcome.end["type"] == "error"
    assert LEAKED not in outcome.text + caplog.text


@over("chat", "passthrough")
def test_se_3_words_of_a_conversation_are_not_logged(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        rig.says(answer("The heron's answer."), messages=[user("The heron's question?")])
    assert "heron" not in caplog.text


def test_se_3_keys_stay_out_of_settings_that_are_printed() -> None:
    settings = Settings.load({"BRIDGE_API_KEY": "bridge-secret", "DEEPSEEK_API_KEY": "vendor-secret"})
    assert "secret" not in repr(settings)


def pinned() -> dict[str, str]:
    """Package -> version of what runs."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    wanted = [line.partition(";")[0].strip() for line in lines if line.strip() and not line.startswith("#")]
    found = {}
    for line in wanted:
        name, mark, version = line.partition(" ")[0].partition("==")
        assert mark, f"{line} is not pinned"
        found[name] = version
    return found


def test_se_4_few_pinned_packages() -> None:
    packages = pinned()
    assert 5 <= len(packages) <= 20
    assert all(re.fullmatch(r"[0-9][0-9a-z.]*", version) for version in packages.values())


def test_se_4_nothing_runs_by_being_installed() -> None:
    """A `.pth` file with code would run in every Python of the environment."""
    for name in pinned():
        files = distribution(name).files or []
        assert [file for file in files if str(file).endswith(".pth")] == [], name


def test_se_4_packages_have_hashes() -> None:
    assert (ROOT / "requirements.lock").read_text().count("--hash=sha256:") >= len(pinned())
    assert "--require-hashes -r requirements.lock" in (ROOT / "Makefile").read_text()


INSIDE = (
    "http://169.254.169.254/latest/meta-data/a.png",
    "http://127.0.0.1:4001/a.png",
    "http://localhost/a.png",
    "http://10.0.0.7/a.png",
    "http://[::ffff:169.254.169.254]/a.png",
    "http://2852039166/a.png",
    "http://metadata.google.internal/a.png",
    "file:///etc/passwd",
)


def pictured(url: str) -> list[dict[str, object]]:
    """A question about the picture at an address."""
    return [user(text("look"), {"type": "image", "source": {"type": "url", "url": url}})]


@pytest.mark.parametrize("url", INSIDE)
@over("ollama", "gemini", "repaired")
def test_se_5_private_addresses_are_not_opened(rig: Rig, url: str) -> None:
    """Refused, or a note in its place; nothing of what is there reaches anybody."""
    rig.play(answer("Hello."))
    outcome = rig.ask(messages=pictured(url))
    if outcome.status == 200:
        assert "images" not in rig.sent.json["messages"][-1] if rig.wire.name == "ollama" else True
        assert b"inlineData" not in rig.sent.body and b"base64" not in rig.sent.body
    else:
        assert outcome.status == 400
        assert outcome.error["type"] == "invalid_request_error"


@over("ollama")
def test_se_5_redirects_into_a_private_network(rig: Rig) -> None:
    """Even where the user's own network is allowed, the machine's own secrets are not."""
    given = environment(rig.vendor.url) | {"URL_FETCH": "private"}
    rig.client = create_app(Settings.load(given)).test_client()
    for place in ("http://169.254.169.254/latest/meta-data/", "file:///etc/passwd"):
        seen: list[str] = []

        def script(request: object, place: str = place, seen: list[str] = seen) -> Answer:
            path = getattr(request, "path", "")
            seen.append(path)
            if path == "/a.png":
                return Answer([b""], 302, {"location": place}, "length")
            return rig.in_form(answer("Hello."), request)  # type: ignore[arg-type]

        rig.vendor.play(script)
        outcome = rig.ask(messages=pictured(f"{rig.vendor.url}/a.png"))
        assert seen[0] == "/a.png"
        assert outcome.status == 400 or "images" not in rig.sent.json["messages"][-1]


@over("ollama")
def test_se_5_the_picture_at_an_allowed_address_is_fetched(rig: Rig) -> None:
    """So that the tests above show a guard and not a gap."""
    picture = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
    given = environment(rig.vendor.url) | {"URL_FETCH": "private"}
    rig.client = create_app(Settings.load(given)).test_client()

    def script(request: object) -> Answer:
        if getattr(request, "method", "") == "GET":
            return Answer([picture], 200, {"content-type": "image/png"}, "length")
        return rig.in_form(answer("Hello."), request)  # type: ignore[arg-type]

    rig.vendor.play(script)
    assert rig.ask(messages=pictured(f"{rig.vendor.url}/a.png")).status == 200
    assert rig.sent.json["messages"][-1]["images"]
