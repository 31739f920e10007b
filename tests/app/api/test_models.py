"""GET /v1/models, the status endpoints, and the text of the start."""

from __future__ import annotations

import importlib
import shlex
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api import errors
from app.api.listing import row_of
from app.api.models import capabilities, models
from app.catalog.catalog import Catalog
from app.clients.keys import Keyring
from app.settings.settings import Settings
from app.startup import banner, client_variables
from tests.app.catalog.catalogs import VENDORS, catalog
from translators import vendors
from translators.core.errors import Rejected, Unreachable

#: The module; the name `app.status` is the blueprint.
status = importlib.import_module("app.api.status")
KEY = "client-key"
SECRET = "vendor-secret"


def client_of(engine: bool = False, **environ: str) -> FlaskClient:
    app = Flask("test")
    errors.init_app(app)
    settings = Settings.load(environ, vendors=VENDORS)
    keyring = Keyring(settings.bridge_api_key, settings.clients)
    app.extensions["rialto"] = SimpleNamespace(
        settings=settings,
        catalog=catalog(**environ),
        own_models=SimpleNamespace(models=dict),
        keyring=keyring,
        means=SimpleNamespace(web=SimpleNamespace(searches=engine)),
    )
    for blueprint in (models, status.status):
        app.register_blueprint(blueprint)
    return app.test_client()


@pytest.fixture
def client() -> FlaskClient:
    return client_of(DEEPSEEK_API_KEY=SECRET, KIMI_API_KEY=SECRET)


def listed(client: FlaskClient, query: str = "?limit=1000") -> dict[str, Any]:
    response = client.get(f"/v1/models{query}")
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.get_json()
    return body


def ids(page: dict[str, Any]) -> list[str]:
    return [row["id"] for row in page["data"]]


def test_the_whole_list(client: FlaskClient) -> None:
    page = listed(client)
    assert page["has_more"] is False
    assert (page["first_id"], page["last_id"]) == (ids(page)[0], ids(page)[-1])
    assert len(set(ids(page))) == len(ids(page)) > 20
    assert all(name.startswith(("claude", "anthropic/")) for name in ids(page))
    assert {"claude-opus-5-5", "claude-sonnet-4-6", "claude-sonnet-4-6[1m]", "anthropic/kimi/kimi-for-coding"} <= set(
        ids(page)
    )
    assert not [name for name in ids(page) if "openrouter" in name or "ollama" in name]


def test_a_row(client: FlaskClient) -> None:
    row = client.get("/v1/models/claude-sonnet-4-6").get_json()
    assert (row["type"], row["id"], row["line"], row["lifecycle"]) == ("model", "claude-sonnet-4-6", "sonnet", "active")
    assert row["display_name"] == "deepseek-v4-pro (DeepSeek)"
    assert (row["max_input_tokens"], row["max_tokens"]) == (1_048_576, 393_216)
    assert row["created_at"] == "1970-01-01T00:00:00Z"
    assert row["capabilities"]["image_input"] == {"supported": False}
    assert row["capabilities"]["thinking"]["types"]["adaptive"] == {"supported": True}
    assert row == next(entry for entry in listed(client)["data"] if entry["id"] == row["id"])


@pytest.mark.parametrize("mount", ["/team/one", "/team/v1", "/v1"])
def test_a_path_before_it_is_a_mount_point(client: FlaskClient, mount: str) -> None:
    for path in ("/v1/models?limit=3", "/v1/models/claude-sonnet-4-6"):
        assert client.get(mount + path).get_json() == client.get(path).get_json()


@pytest.mark.parametrize("path", ["/kimi:kimi-k3/v1", "/kimi:kimi-k3/v1/v1"])
def test_a_model_in_the_path_is_the_only_one_there(path: str) -> None:
    client = client_of(KIMI_API_KEY=SECRET)
    plain = client.get("/v1/models/kimi/kimi-k3").get_json()
    assert client.get(f"{path}/models").get_json()["data"] == [{**plain, "id": "anthropic/kimi/kimi-k3"}]
    assert client.get(f"{path}/models/claude-x").get_json() == {**plain, "id": "claude-x"}


def test_a_vendor_in_the_path_that_nobody_knows(client: FlaskClient) -> None:
    for path in ("/nobody:m/v1/models", "/nobody:m/v1/models/claude-x"):
        assert "unknown vendor 'nobody'" in client.get(path).get_json()["error"]["message"]


@pytest.mark.parametrize("engine", [False, True])
def test_an_engine_makes_every_model_search(engine: bool) -> None:
    client = client_of(engine, KIMI_API_KEY=SECRET)
    tools = client.get("/v1/models/kimi/a").get_json()["capabilities"]["server_tools"]
    assert tools == {"supported": engine, "web_search": {"supported": engine}, "code_execution": {"supported": False}}


@pytest.mark.parametrize(
    ("name", "genuine"),
    [("claude-opus-5-5", True), ("anthropic/claude-x", True), ("deepseek/deepseek-v4-pro", False), ("ollama/x", False)],
)
def test_what_rialto_does_itself_and_what_only_anthropic_does(name: str, genuine: bool) -> None:
    keys = {"ANTHROPIC_API_KEY": SECRET, "DEEPSEEK_API_KEY": SECRET, "OLLAMA_MODE": "anthropic"}
    told = capabilities(row_of(catalog(vendors=dict(vendors()), **keys), name), web_search=False)
    yes, own = {"supported": True}, {"supported": genuine}
    assert told["context_management"] == {
        **yes,
        "clear_thinking_20251015": yes,
        "clear_tool_uses_20250919": yes,
        "compact_20260112": own,
    }
    assert (told["citations"], told["code_execution"]) == (own, own)
    assert told["server_tools"] == {**own, "web_search": {"supported": False}, "code_execution": own}


@pytest.mark.parametrize(
    ("name", "able"),
    [("gemini/gemini-3.8-flash", True), ("anthropic/claude-sonnet-5", True), ("mistral/mistral-large-4", False)],
)
def test_some_vendors_search_by_themselves(name: str, able: bool) -> None:
    keys = {f"{vendor}_API_KEY": SECRET for vendor in ("GEMINI", "ANTHROPIC", "MISTRAL")}
    row = row_of(catalog(vendors=dict(vendors()), **keys), name)
    assert row.web_search is able


@pytest.mark.parametrize(
    "name", ["anthropic/kimi/kimi-for-coding", "anthropic%2Fkimi%2Fkimi-for-coding", "kimi:a/b", "opus[1m]"]
)
def test_one_model_by_any_name(client: FlaskClient, name: str) -> None:
    response = client.get(f"/v1/models/{name}")
    assert response.status_code == 200
    assert response.get_json()["id"] == name.replace("%2F", "/")


def test_an_unknown_model(client: FlaskClient) -> None:
    response = client.get("/v1/models/nosuch/x")
    assert response.status_code == 404
    assert response.get_json()["error"] == {"type": "not_found_error", "message": "model: nosuch/x"}


def test_pages_forwards_and_backwards(client: FlaskClient) -> None:
    everything = ids(listed(client))
    assert len(ids(listed(client, ""))) == 20
    seen, query = [], "?limit=7"
    while query:
        page = listed(client, query)
        seen += ids(page)
        query = f"?limit=7&after_id={page['last_id']}" if page["has_more"] else ""
    assert seen == everything
    back = listed(client, f"?limit=3&before_id={everything[5]}")
    assert (ids(back), back["has_more"]) == (everything[2:5], True)
    start = listed(client, f"?limit=5&before_id={everything[5]}")
    assert (ids(start), start["has_more"]) == (everything[:5], False)
    end = listed(client, f"?after_id={everything[-1]}")
    assert end == {"data": [], "has_more": False, "first_id": None, "last_id": None}


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("after_id=no", "after_id"),
        ("before_id=no", "before_id"),
    ],
)
def test_bad_pages(client: FlaskClient, query: str, word: str) -> None:
    response = client.get(f"/v1/models?{query}")
    assert response.status_code == 400
    assert response.get_json()["error"]["type"] == "invalid_request_error"
    assert response.get_json()["error"]["message"].startswith(f"{word}: ")


def test_other_parameters_are_ignored(client: FlaskClient) -> None:
    assert ids(listed(client, "?beta=true&limit=1000&lifecycle=active")) == ids(listed(client))
    assert ids(listed(client, "?lifecycle=retired")) == []


def test_the_demo_is_listed_while_nothing_is_configured() -> None:
    rows = listed(client_of())["data"]
    assert {row["display_name"] for row in rows} == {"demo (Demo)"}
    assert "anthropic/demo/demo" in [row["id"] for row in rows]


def test_the_key_is_asked_for() -> None:
    client = client_of(BRIDGE_API_KEY=KEY, DEEPSEEK_API_KEY=SECRET)
    for path in ("/v1/models", "/v1/models/opus", "/test-connection"):
        assert client.get(path).status_code == 401
    assert client.get("/v1/models", headers={"x-api-key": KEY}).status_code == 200
    assert client.get("/health").get_json() == {"status": "ok"}
    assert set(client.get("/").get_json()) == {"name", "version"}
    assert "vendors" in client.get("/", headers={"authorization": f"Bearer {KEY}"}).get_json()


def test_the_summary_holds_no_secret(client: FlaskClient) -> None:
    response = client.get("/")
    body = response.get_json()
    assert (body["name"], body["vendors"]) == ("Rialto", ["deepseek", "kimi"])
    assert body["tiers"]["sonnet"] == "deepseek-v4-pro (DeepSeek)"
    assert SECRET not in response.text


def test_test_connection(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        status, "ask", lambda route: asked.append(route) or {"content": [{"type": "text", "text": "ok"}]}
    )
    monkeypatch.setattr(status, "checks", lambda name: {"checks": []})
    for query in ("", "?model=claude-opus-4-7", "?vendor=deepseek", "?model=kimi/x"):
        body = client.get(f"/test-connection{query}").get_json()
        assert (body["status"], body["reply"]) == ("ok", "ok")
    assert [f"{route.vendor.name}/{route.model}" for route in asked] == [
        *("deepseek/deepseek-v4-pro", "kimi/kimi-for-coding", "deepseek/deepseek-v4-pro", "kimi/x")
    ]


@pytest.mark.parametrize(
    ("error", "code", "remedy"),
    [
        (Rejected("DeepSeek: bad key", status=401), 401, "Check DEEPSEEK_API_KEY"),
        (Unreachable("DeepSeek: no connection"), 502, "Check DEEPSEEK_BASE_URL"),
    ],
)
def test_test_connection_says_what_to_do(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, remedy: str
) -> None:
    def refuse(route: Any) -> None:
        raise error

    monkeypatch.setattr(status, "ask", refuse)
    response = client.get("/test-connection?vendor=deepseek")
    assert response.status_code == code
    message = response.get_json()["error"]["message"]
    assert message.startswith("DeepSeek: ") and "deepseek-v4-pro" in message and remedy in message


def test_test_connection_refuses_what_it_cannot_ask(client: FlaskClient) -> None:
    assert client.get("/test-connection?vendor=nosuch").status_code == 404
    assert client_of(OPENROUTER_API_KEY=SECRET).get("/test-connection?vendor=openrouter").status_code == 400
    assert client.get("/test-connection?model=openai/x").status_code == 401


@pytest.mark.parametrize("environ", [{}, {"DEEPSEEK_API_KEY": SECRET}], ids=["nothing is set up", "another is"])
@pytest.mark.parametrize("vendor", ["kimi", "openrouter"])
@pytest.mark.parametrize(
    "query", ["vendor={0}", "model={0}/m", "model=anthropic/{0}/m", "model={0}:m", "vendor={0}&model=sonnet"]
)
def test_test_connection_of_a_vendor_that_is_not_set_up(vendor: str, environ: dict[str, str], query: str) -> None:
    response = client_of(**environ).get(f"/test-connection?{query.format(vendor)}")
    assert response.status_code == 401
    words = f"{vendor.upper()}_API_KEY is not set. Set it in .env or the environment to use {vendor.title()}."
    assert response.get_json()["error"]["message"] == words


def test_the_banner() -> None:
    environ = {"DEEPSEEK_API_KEY": SECRET, "OPENAI_API_KEY": SECRET, "BRIDGE_API_KEY": KEY}
    environ |= {"HOST": "0.0.0.0", "PORT": "4100"}
    settings = Settings.load(environ, vendors=VENDORS)
    text = banner(settings, catalog(**environ))
    assert "Vendors: DeepSeek, Openai" in text and "Warning" not in text
    assert "sonnet  -> deepseek-v4-pro (DeepSeek)" in text
    assert "opus    -> deepseek-v4-pro (DeepSeek)" in text
    assert "ANTHROPIC_BASE_URL=http://127.0.0.1:4100" in text
    assert SECRET not in text and KEY not in text


def test_the_client_variables() -> None:
    environ = {"DEEPSEEK_API_KEY": SECRET, "KIMI_API_KEY": SECRET}
    settings = Settings.load(environ, vendors=VENDORS)
    variables = client_variables(settings, catalog(**environ))
    assert variables["ANTHROPIC_AUTH_TOKEN"] == "rialto"
    assert variables["ANTHROPIC_DEFAULT_OPUS_MODEL"] == "anthropic/kimi/kimi-for-coding"
    assert variables["ANTHROPIC_DEFAULT_HAIKU_MODEL"] == "'anthropic/deepseek/deepseek-v4-flash[1m]'"
    assert variables["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == variables["CLAUDE_CODE_AUTO_COMPACT_WINDOW"] == "262144"
    assert variables["CLAUDE_CODE_MAX_OUTPUT_TOKENS"] == "32768"


@pytest.mark.parametrize("model", ["Qwen 3 (4bit)", "$(touch x)", "it's;x"])
def test_a_shell_takes_the_client_variables_as_they_are_meant(model: str) -> None:
    environ = {"OPENAI_BASE_URL": "http://box:1/v1", "BIG_MODEL": f"openai_compatible/{model}"}
    settings = Settings.load(environ)
    value = client_variables(settings, Catalog.load(settings))["ANTHROPIC_DEFAULT_OPUS_MODEL"]
    assert shlex.split(f"X={value}") == [f"X=anthropic/openai_compatible/{model}"]


def test_the_banner_warns_of_small_windows() -> None:
    environ = {"OLLAMA_HOST": "box", "OLLAMA_SONNET_MODEL": "tiny", "OLLAMA_SONNET_CONTEXT_WINDOW": "32768"}
    environ |= dict.fromkeys(("BIG_MODEL", "MIDDLE_MODEL", "SMALL_MODEL"), "ollama-sonnet")
    settings = Settings.load(environ)
    text = banner(settings, Catalog.load(settings))
    assert "CLAUDE_CODE_MAX_CONTEXT_TOKENS=32768" in text and "CLAUDE_CODE_AUTO_COMPACT_WINDOW=100000" in text
    assert text.count("Warning: tiny (Ollama) has a window of 32,768 tokens; Claude Code needs 48,000 or more.") == 1
    assert "begins with claude- the client assumes 200,000 tokens" in text


def test_the_banner_of_the_demo() -> None:
    text = banner(Settings.load({}, vendors=VENDORS), catalog())
    assert "demo answers" in text and "DEEPSEEK_API_KEY" in text and "opus    -> demo (Demo)" in text
