"""Web pages as visitors: names that lead here from elsewhere, and pages that ask behind their reader's back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.clients.keys import hash_of
from app.settings.settings import Settings
from tests.support.scripted_server import ScriptedServer, json_answer

KEY = "bridge-key"
Opener = Callable[..., FlaskClient]
#: Path -> what it answers to a request of ours that carries a key, if one is asked for.
PAGES = {"/": 200, "/v1/models": 200, "/test-connection?model=groq/m": 200, "/nowhere": 404}


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    choice = {"index": 0, "message": {"content": "ok"}, "finish_reason": "stop"}
    with ScriptedServer(lambda request: json_answer({"choices": [choice]})) as server:
        yield server


@pytest.fixture
def opened(vendor: ScriptedServer, tmp_path: Path) -> Opener:
    """Opens Rialto with the settings of a test."""

    def open_it(**environ: str) -> FlaskClient:
        given = {"GROQ_API_KEY": "k", "GROQ_BASE_URL": f"{vendor.url}/v1", "BRIDGE_LOG_DIR": str(tmp_path / "logs")}
        return create_app(Settings.load(given | {"LEARN_LIMITS": "0"} | environ)).test_client()

    return open_it


def ask(client: FlaskClient, **headers: str) -> int:
    """The status of a message; header names with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"model": "groq/m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    return client.post("/v1/messages", json=body, headers=named).status_code


def look(client: FlaskClient, path: str = "/", **headers: str) -> int:
    """The status of a page."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(path, headers=named).status_code


HOSTS = {
    "the address": ("127.0.0.1:4001", 200),
    "another of this machine": ("127.0.0.2", 200),
    "the name": ("localhost:4001", 200),
    "capitals": ("LOCALHOST", 200),
    "IPv6": ("[::1]:4001", 200),
    "a foreign name": ("evil.example", 403),
    "a foreign name with our port": ("evil.example:4001", 403),
    "our name in front": ("localhost.evil.example", 403),
    "our address in front": ("127.0.0.1.evil.example", 403),
    "a user before our name": ("localhost@evil.example", 403),
    "our name as a user": ("evil.example#@localhost", 403),
    "another machine's address": ("192.168.1.7:4001", 403),
    "no address at all": ("[::1", 403),
    "a space": ("localhost evil.example", 403),
}


@pytest.mark.parametrize(("host", "status"), HOSTS.values(), ids=HOSTS.keys())
def test_without_a_key_only_names_of_this_machine_are_served(opened: Opener, host: str, status: int) -> None:
    client = opened()
    assert look(client, host=host) == status
    assert look(client, "/v1/models", host=host) == status
    assert ask(client, host=host) == status
    assert look(client, "/health", host=host) == 200


def test_the_refusal_is_an_error_of_the_api(opened: Opener) -> None:
    reply = opened().get("/v1/models", headers={"host": "evil.example"})
    assert reply.get_json()["error"] == {
        "type": "permission_error",
        "message": "Host: evil.example is no name of this server; BRIDGE_ALLOWED_HOSTS lists those that are",
    }
    assert opened().head("/", headers={"host": "evil.example"}).status_code == 403


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("127.0.0.1", 200),
        ("127.9.9.9", 200),
        ("::1", 200),
        ("::ffff:127.0.0.1", 200),
        ("", 200),
        ("192.168.1.7", 403),
        ("::ffff:192.168.1.7", 403),
        ("2001:db8::7", 403),
    ],
)
def test_without_a_key_other_machines_are_not_served(opened: Opener, address: str, status: int) -> None:
    """A server that is not ours may listen to them, and they may call it localhost."""
    environ = {"REMOTE_ADDR": address}
    client, keyed = opened(), opened(BRIDGE_API_KEY=KEY)
    assert client.get("/v1/models", environ_overrides=environ).status_code == status
    assert client.get("/health", environ_overrides=environ).status_code == 200
    assert keyed.get("/v1/models", environ_overrides=environ, headers={"x-api-key": KEY}).status_code == 200


def test_the_name_that_is_listened_on_is_ours(opened: Opener) -> None:
    assert look(opened(HOST="127.0.0.5"), host="127.0.0.5:4001") == 200


@pytest.mark.parametrize("host", ["rialto", "rialto.example:443", "10.0.0.9"])
def test_a_key_lets_any_name_lead_here(opened: Opener, host: str) -> None:
    """A proxy or a container has a name of its own; a page has no key."""
    client = opened(BRIDGE_API_KEY=KEY)
    assert ask(client, host=host, x_api_key=KEY) == 200
    assert ask(client, host=host) == 401
    assert look(client, host=host) == 200


def test_a_clients_key_does_so_too(opened: Opener, tmp_path: Path) -> None:
    (tmp_path / "clients.toml").write_text(f'[a]\nkey_hash = "{hash_of("rialto-a")}"\n')
    client = opened(CLIENTS_FILE=str(tmp_path / "clients.toml"))
    assert ask(client, host="rialto", x_api_key="rialto-a") == 200


ALLOWED = {
    "the name": ("rialto.example", "rialto.example:443", 200),
    "capitals": ("Rialto.Example", "RIALTO.example", 200),
    "one of several": ("a.example, rialto.example", "rialto.example", 200),
    "below a domain": (".example", "rialto.example", 200),
    "not the domain itself": (".rialto.example", "rialto.example", 403),
    "no mere ending": ("rialto.example", "evilrialto.example", 403),
    "another": ("rialto.example", "evil.example", 403),
    "this machine still": ("rialto.example", "localhost", 200),
}


@pytest.mark.parametrize(("setting", "host", "status"), ALLOWED.values(), ids=ALLOWED.keys())
@pytest.mark.parametrize("key", ["", KEY])
def test_allowed_hosts(opened: Opener, setting: str, host: str, status: int, key: str) -> None:
    client = opened(BRIDGE_ALLOWED_HOSTS=setting, BRIDGE_API_KEY=key)
    assert ask(client, host=host, x_api_key=key) == status


OWN = {"host": "127.0.0.1:4001"}
ORIGINS = {
    "none": ({}, 200),
    "our own": ({"origin": "http://127.0.0.1:4001"}, 200),
    "a foreign one": ({"origin": "https://evil.example"}, 403),
    "an opaque one": ({"origin": "null"}, 403),
    "another program of this machine": ({"origin": "http://127.0.0.1:3000"}, 403),
    "our name in front": ({"origin": "http://127.0.0.1:4001.evil.example"}, 403),
    "an address that is none": ({"origin": "http://[::1"}, 403),
    "a foreign page without an origin": ({"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"}, 403),
    "another port without an origin": ({"sec_fetch_site": "same-site", "sec_fetch_mode": "no-cors"}, 403),
    "our own page": ({"sec_fetch_site": "same-origin"}, 200),
    "the address bar": ({"sec_fetch_site": "none", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}, 200),
    "a program that is no browser": ({"sec_fetch_mode": "cors"}, 200),
}


@pytest.mark.parametrize(("headers", "status"), ORIGINS.values(), ids=ORIGINS.keys())
def test_without_a_key_no_foreign_page_asks(
    opened: Opener, vendor: ScriptedServer, headers: dict[str, str], status: int
) -> None:
    client = opened()
    assert ask(client, **OWN, **headers) == status
    assert len(vendor.bodies) == (status == 200)
    for page, expected in PAGES.items():
        assert look(client, page, **OWN, **headers) == (expected if status == 200 else 403)


VISIT = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}


def test_a_link_may_lead_to_a_page(opened: Opener) -> None:
    client = opened()
    assert look(client, **OWN, **VISIT, sec_fetch_dest="document") == 200
    assert look(client, **OWN, **VISIT, sec_fetch_dest="iframe") == 403
    assert ask(client, **OWN, **VISIT, sec_fetch_dest="document") == 403


def test_with_a_key_pages_alone_look_at_the_origin(opened: Opener) -> None:
    client = opened(BRIDGE_API_KEY=KEY)
    foreign = {"origin": "https://evil.example", "x_api_key": KEY}
    assert ask(client, **foreign) == 200
    assert look(client, **foreign) == 403
    assert look(client, "/test-connection?model=groq/m", **foreign) == 403


def test_an_allowed_host_may_ask(opened: Opener, vendor: ScriptedServer) -> None:
    client = opened(BRIDGE_ALLOWED_HOSTS="chat.example")
    assert ask(client, **OWN, origin="https://chat.example", sec_fetch_site="cross-site") == 200


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/models", "/", "/nowhere"])
def test_there_is_no_cors(opened: Opener, path: str) -> None:
    headers = {
        "origin": "https://evil.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "x-api-key,content-type",
    }
    for client in (opened(), opened(BRIDGE_API_KEY=KEY), opened(BRIDGE_ALLOWED_HOSTS="evil.example")):
        for method in ("OPTIONS", "GET", "POST"):
            reply = client.open(path, method=method, headers=headers)
            assert not [name for name, _ in reply.headers if name.lower().startswith("access-control")]
