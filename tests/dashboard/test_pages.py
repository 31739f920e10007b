"""The door, the pages, their headers and what may be asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.clients.keys import hash_of
from app.clients.rows import Client
from app.dashboard import access
from app.settings.settings import ROOT, Settings
from tests.dashboard.logs import sample, written

KEY = "bridge-key-of-the-operator"
TEAM_KEY = "rialto-key-of-a-team"
STATIC = ROOT / "app" / "dashboard" / "static"
TEMPLATES = ROOT / "app" / "dashboard" / "templates"
DATA = "/dashboard/data/overview"
LINES = sample(30)
Opener = Callable[..., FlaskClient]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opener]:
    """Opens a server with some settings and a few exchanges."""
    apps = []

    def opened(clients: dict[str, Client] | None = None, **environ: str) -> FlaskClient:
        written(tmp_path / "logs", LINES)
        settings = Settings.load({"BRIDGE_LOG_DIR": str(tmp_path / "logs"), "LEARN_LIMITS": "0", **environ})
        for name, client in (clients or {}).items():
            settings.clients[name] = client  # type: ignore[index]
        apps.append(create_app(settings))
        return apps[-1].test_client()

    yield opened
    for app in apps:
        if "dashboard" in app.extensions:
            app.extensions["dashboard"].reader.close()


def team() -> dict[str, Client]:
    return {"team": Client(name="team", key_hash=hash_of(TEAM_KEY))}


def enter(client: FlaskClient, key: str, **form: str) -> Any:
    return client.post("/dashboard/login", data={"key": key, **form})


def test_without_keys_everybody_of_this_machine_may_look(opened: Opener) -> None:
    client = opened()
    assert client.get("/dashboard").status_code == 200
    assert client.get(DATA, query_string={"range": "all"}).json["totals"]["requests"] == len(LINES)
    assert b"Log out" not in client.get("/dashboard").data


def test_with_a_key_a_page_is_its_form_and_data_are_refused(opened: Opener) -> None:
    client = opened(BRIDGE_API_KEY=KEY)
    for path in ("/dashboard", "/dashboard/session?session=x"):
        page = client.get(path)
        assert (page.status_code, b'type="password"' in page.data) == (401, True)
        assert b"data-page" not in page.data
    for path in (DATA, "/dashboard/data/table?table=models", "/dashboard/data/choices", "/dashboard/live"):
        refused = client.get(path)
        assert (refused.status_code, refused.json["error"]["type"]) == (401, "authentication_error")


def test_the_key_opens_and_its_cookie_is_enough_afterwards(opened: Opener) -> None:
    client = opened(BRIDGE_API_KEY=KEY)
    answer = enter(client, KEY, page="/dashboard?range=7d")
    assert (answer.status_code, answer.location) == (303, "/dashboard?range=7d")
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/dashboard"} <= set(cookie.split("; "))
    assert KEY not in cookie
    assert client.get("/dashboard").status_code == 200
    assert client.get(DATA).status_code == 200
    assert b"Log out" in client.get("/dashboard").data
    client.post("/dashboard/logout")
    assert client.get("/dashboard").status_code == 401


def test_the_cookie_is_for_https_where_the_page_is(opened: Opener) -> None:
    client = opened(BRIDGE_API_KEY=KEY)
    answer = client.post("/dashboard/login", data={"key": KEY}, base_url="https://localhost")
    assert "Secure" in answer.headers["set-cookie"].split("; ")


@pytest.mark.parametrize("header", [{"x-api-key": KEY}, {"authorization": f"Bearer {KEY}"}])
def test_programs_send_the_key_in_a_header(opened: Opener, header: dict[str, str]) -> None:
    assert opened(BRIDGE_API_KEY=KEY).get(DATA, headers=header).status_code == 200


def test_a_wrong_key_is_told(opened: Opener) -> None:
    client = opened(BRIDGE_API_KEY=KEY)
    answer = enter(client, "another", page="/dashboard?range=7d")
    assert answer.status_code == 403
    assert b"This is not the key." in answer.data
    assert b"another" not in answer.data
    assert b'value="/dashboard?range=7d"' in answer.data
    assert "set-cookie" not in answer.headers
    assert client.get(DATA, headers={"x-api-key": "another"}).status_code == 401
    assert client.get("/dashboard", headers={"x-api-key": "another"}).status_code == 401


def test_a_clients_key_opens_nothing(opened: Opener) -> None:
    client = opened(team(), BRIDGE_API_KEY=KEY)
    answer = enter(client, TEAM_KEY)
    assert (answer.status_code, b"the key of client team" in answer.data) == (403, True)
    assert client.get(DATA, headers={"x-api-key": TEAM_KEY}).status_code == 403


def test_where_only_clients_have_keys_the_page_says_what_to_set(opened: Opener) -> None:
    page = opened(team()).get("/dashboard")
    assert (page.status_code, b"Set BRIDGE_API_KEY" in page.data, b"password" in page.data) == (401, True, False)


def cookies() -> dict[str, str]:
    """Cookies that open nothing, by what is wrong with them."""
    return {
        "made up": "operator.abc.def",
        "of another key": access.signer("another").sign(access.OPERATOR).decode(),
        "of something else": access.signer(KEY).sign(b"somebody").decode(),
        "without text": "",
    }


@pytest.mark.parametrize("cookie", cookies().values(), ids=cookies())
def test_a_forged_cookie_opens_nothing(opened: Opener, cookie: str) -> None:
    client = opened(BRIDGE_API_KEY=KEY)
    client.set_cookie(access.COOKIE, cookie, path=access.PATH)
    assert client.get(DATA).status_code == 401


def test_a_cookie_ends(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    client = opened(BRIDGE_API_KEY=KEY)
    enter(client, KEY)
    monkeypatch.setattr(access, "LIFETIME", -1)
    assert client.get(DATA).status_code == 401


def test_an_empty_key_signs_nothing(opened: Opener) -> None:
    client = opened(team())
    client.set_cookie(access.COOKIE, access.signer("x").sign(access.OPERATOR).decode(), path=access.PATH)
    assert client.get(DATA).status_code == 401


@pytest.mark.parametrize(
    "page", ["https://evil.example/", "//evil.example", "/v1/models", "/dashboard/../x", "", "/dashboardx"]
)
def test_the_form_leads_to_our_own_pages_only(opened: Opener, page: str) -> None:
    assert enter(opened(BRIDGE_API_KEY=KEY), KEY, page=page).location == "/dashboard"


FOREIGN = {
    "host": {"host": "evil.example"},
    "origin": {"origin": "https://evil.example"},
    "no origin": {"origin": "null"},
    "another site": {"sec-fetch-site": "cross-site"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("path", ["/dashboard", DATA, "/dashboard/live"])
def test_foreign_pages_read_nothing(opened: Opener, path: str, headers: dict[str, str]) -> None:
    assert opened().get(path, headers=headers).status_code == 403


def test_another_origin_cannot_log_in_or_out(opened: Opener) -> None:
    client = opened(BRIDGE_API_KEY=KEY)
    for path in ("/dashboard/login", "/dashboard/logout"):
        assert client.post(path, data={"key": KEY}, headers={"origin": "https://evil.example"}).status_code == 403


def test_a_link_from_elsewhere_opens_the_page(opened: Opener) -> None:
    visit = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert opened().get("/dashboard", headers=visit).status_code == 200


@pytest.mark.parametrize("path", ["/dashboard", DATA, "/dashboard/static/main.js", f"{DATA}?range=2y"])
def test_every_answer_is_guarded(opened: Opener, path: str) -> None:
    answer = opened().get(path, buffered=True)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == ("no-cache" if "static" in path else "no-store")


def test_the_log_of_another_is_no_way_out_of_the_folder(opened: Opener) -> None:
    client = opened()
    for path in ("../pages.py", "%2e%2e/pages.py", "vendor/../../pages.py"):
        assert client.get(f"/dashboard/static/{path}").status_code == 404


def test_there_is_one_address_for_the_page(opened: Opener) -> None:
    client = opened()
    assert client.get("/dashboard/").location == "/dashboard"
    assert client.get("/dashboard/session").location == "/dashboard"
    assert client.get("/dashboard/login").location == "/dashboard"


def test_the_server_can_do_without(opened: Opener) -> None:
    assert opened(DASHBOARD="0").get("/dashboard").status_code == 404


WRONG = {
    "range=2y": "range",
    "from=yesterday": "from",
    "to=-5": "to",
    "from=99999999999999999999": "from",
    "zone=100000": "zone",
    "outcome=maybe": "outcome",
    "table=passwords": "table",
    "page=-1": "page",
    f"vendor={'x' * 400}": "vendor",
}


@pytest.mark.parametrize(("query", "name"), WRONG.items(), ids=[query[:20] for query in WRONG])
def test_a_wrong_question_is_told(opened: Opener, query: str, name: str) -> None:
    answer = opened().get(f"/dashboard/data/table?{query}{'' if name == 'table' else '&table=models'}")
    assert answer.status_code == 400
    assert answer.json["error"]["message"].startswith(f"{name}: ")


def test_what_the_log_says_is_text_and_no_markup(opened: Opener, tmp_path: Path) -> None:
    evil = {**LINES[0], "alias": "<script>alert(1)</script>", "model": "<img src=x>", "error_type": None}
    written(tmp_path / "logs", [evil])
    rows = opened().get("/dashboard/data/table?table=exchanges&range=all&text=<script>").json["rows"]
    assert [row["alias"] for row in rows] == [evil["alias"]]
    markup = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function")
    assert [path.name for path in STATIC.glob("*.js") if markup.search(path.read_text("utf-8"))] == []


def addresses(text: str) -> set[str]:
    """Other hosts that a text names."""
    return {
        host
        for found in re.findall(r"(?:https?:)?//[\w.-]+\.[a-z]{2,}[^\s\"'`)]*", text)
        if (host := urlsplit(found).netloc)
    }


def test_no_asset_asks_another_host() -> None:
    ours = [*STATIC.glob("*.*"), *TEMPLATES.glob("*.html")]
    assert len(ours) > 10
    found = {path.name: addresses(path.read_text("utf-8")) for path in ours}
    assert {name: hosts - {"www.w3.org"} for name, hosts in found.items() if hosts - {"www.w3.org"}} == {}
    loaded = re.compile(r"import\s*\(|from\s+[\"'](?!\.)|fetch\(\s*[\"'`](?!\$\{home\})|url\((?!#)")
    everything = {*ours, *STATIC.rglob("*.js"), *STATIC.rglob("*.css")}
    assert [path.name for path in everything if loaded.search(path.read_text("utf-8"))] == []


def test_an_address_of_another_host_is_noticed() -> None:
    assert addresses('<img src="//cdn.example.com/x.js">') == {"cdn.example.com"}


def test_no_script_or_style_is_inline() -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", re.IGNORECASE)
    assert [path.name for path in TEMPLATES.glob("*.html") if inline.search(path.read_text("utf-8"))] == []


def test_other_peoples_code_has_its_licence_beside_it() -> None:
    folders = [path for path in (STATIC / "vendor").iterdir() if path.is_dir()]
    assert folders
    listed = (STATIC / "vendor" / "README.md").read_text("utf-8")
    for folder in folders:
        assert "Permission is hereby granted" in (folder / "LICENSE").read_text("utf-8")
        assert f"`{folder.name}/`" in listed


def test_looking_is_no_exchange_and_hardly_a_line_in_the_log(
    opened: Opener, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = opened(BRIDGE_API_KEY=KEY)
    caplog.set_level("INFO", "rialto")
    enter(client, "wrong")
    enter(client, KEY)
    assert client.get(DATA).status_code == 200
    assert len((tmp_path / "logs" / "usage.jsonl").read_bytes().splitlines()) == len(LINES)
    told = [record.getMessage() for record in caplog.records]
    assert any("/dashboard/login 403" in line for line in told)
    assert not any(DATA in line for line in told)
    assert not any(KEY in line for line in told)
