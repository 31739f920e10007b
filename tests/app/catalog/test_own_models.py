"""What vendors list themselves, as Ollama its models: asked in the background, kept, left alone when not set up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app import create_app
from app.catalog.own_models import FRESH, OwnModels
from app.settings.settings import Settings, SettingsError
from app.upstream.upstream import Upstream
from tests.app.catalog.catalogs import catalog as small_catalog
from tests.support.scripted_server import ScriptedServer, json_answer
from translators import vendors

TAGS = {"models": [{"name": "qwen3:latest"}, {"name": "nomic-embed-text", "details": {"family": "nomic-bert"}}]}
LISTED = {"ollama": ("qwen3:latest",)}
KNOWN = dict(vendors())


class FakeReply:
    """The answer of a server."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status, self._body, self.closed = status, body, False

    def body(self) -> bytes:
        return self._body

    def close(self) -> None:
        self.closed = True


class FakeUpstream:
    """Answers every fetch with the same reply, or raises it."""

    def __init__(self, reply: Any) -> None:
        self.reply = reply
        self.asked: list[str] = []

    def fetch(self, route: Any, url: str, timeout: float) -> Any:
        self.asked.append(url)
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply


def at_once(work: Callable[[], None]) -> None:
    work()


def settled(upstream: Any, clock: Callable[[], float] = lambda: 0.0, **environ: str) -> OwnModels:
    environ = environ or {"OLLAMA_HOST": "box"}
    return OwnModels(small_catalog(vendors=KNOWN, **environ), upstream, start=at_once, clock=clock)


def test_the_models_of_the_server() -> None:
    upstream = FakeUpstream(FakeReply(200, json.dumps(TAGS).encode()))
    assert settled(upstream).models() == LISTED
    assert upstream.asked == ["http://box:11434/api/tags"] and upstream.reply.closed


@pytest.mark.parametrize("reply", [FakeReply(500, b"x"), FakeReply(200, b"")])
def test_an_answer_that_is_none(reply: FakeReply) -> None:
    assert settled(FakeUpstream(reply)).models().get("ollama", ()) == ()


def test_nothing_listens() -> None:
    environ = {"OLLAMA_HOST": "http://127.0.0.1:1"}
    assert settled(Upstream(1.0, 1.0, {}), **environ).models() == {}


def test_the_server_is_asked_again_when_its_answer_is_old() -> None:
    now = [0.0]
    upstream = FakeUpstream(FakeReply(200, json.dumps(TAGS).encode()))
    own = settled(upstream, clock=lambda: now[0])
    for moment, asked in ((0.0, 1), (FRESH - 1, 1), (FRESH, 2), (FRESH + 1, 2)):
        now[0] = moment
        assert own.models() == LISTED
        assert len(upstream.asked) == asked


def test_a_slow_server_delays_nothing() -> None:
    waiting: list[Callable[[], None]] = []
    upstream = FakeUpstream(FakeReply(200, json.dumps(TAGS).encode()))
    own = OwnModels(small_catalog(vendors=KNOWN, OLLAMA_HOST="box"), upstream, start=waiting.append)  # type: ignore[arg-type]
    assert (own.models(), own.models(), len(waiting)) == ({}, {}, 1)
    waiting[0]()
    assert own.models() == LISTED


@pytest.mark.parametrize(
    ("environ", "asked"),
    [
        ({}, False),
        ({"DEEPSEEK_API_KEY": "d"}, False),
        ({"OLLAMA_HOST": "localhost"}, True),
        ({"OLLAMA_API_BASE": "http://box:1"}, True),
        ({"OLLAMA_SONNET_MODEL": "qwen3"}, True),
        ({"OLLAMA_HAIKU_CONTEXT_WINDOW": "8192"}, True),
        ({"BIG_MODEL": "ollama-sonnet"}, True),
        ({"DEFAULT_MODEL": "ollama/qwen3"}, True),
        ({"BIG_MODEL": "demo/demo"}, False),
    ],
)
def test_ollama_is_asked_only_when_it_is_wanted(environ: dict[str, str], asked: bool) -> None:
    upstream = FakeUpstream(FakeReply(200, json.dumps(TAGS).encode()))
    OwnModels(small_catalog(vendors=KNOWN, **environ), upstream, start=at_once).models()  # type: ignore[arg-type]
    assert bool(upstream.asked) == asked


def test_a_row_of_the_same_wire_is_asked_too(tmp_path: Path) -> None:
    row = '[lab]\nbase_url = "http://lab:1/v1?a=b"\nprotocol = "ollama_chat"\n'
    (tmp_path / "vendors.toml").write_text(row)
    upstream = FakeUpstream(FakeReply(200, json.dumps(TAGS).encode()))
    known = small_catalog(tmp_path, KNOWN, OLLAMA_HOST="box")
    own = OwnModels(known, upstream, start=at_once)  # type: ignore[arg-type]
    assert own.models() == {**LISTED, "lab": LISTED["ollama"]}
    assert upstream.asked == ["http://lab:1/api/tags?a=b", "http://box:11434/api/tags"]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as found:
        yield found


def test_the_list_of_models_has_them(server: ScriptedServer) -> None:
    server.script = lambda request: json_answer(TAGS)
    client = create_app(Settings.load({"OLLAMA_HOST": server.url, "OLLAMA_NUM_CTX": "40000"})).test_client()
    page: Any = {}
    for _ in range(1000):  # each asks, and waits a blink, until the answer is there
        page = client.get("/v1/models?limit=1000").get_json()
        if any(row["id"].endswith("qwen3:latest") for row in page["data"]):
            break
    rows = [row for row in page["data"] if "/ollama/" in row["id"]]
    assert [(row["id"], row["max_input_tokens"]) for row in rows] == [("anthropic/ollama/qwen3:latest", 40_000)]
    assert client.get("/v1/models/anthropic/ollama/qwen3:latest").status_code == 200


def test_a_name_that_cannot_be_asked_for_hides_no_other() -> None:
    """A server may list the path of a file."""
    found = small_catalog(vendors=KNOWN, OLLAMA_HOST="box")
    ids = [row.id for row in found.models({"ollama": ("../models/a.gguf", "b")})]
    assert [name for name in ids if "/ollama/" in name] == ["anthropic/ollama/b"]


# -- the variables


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("localhost:11434", "http://localhost:11434"),
        ("box", "http://box:11434"),
        (":8080", "http://localhost:8080"),
        ("0.0.0.0", "http://localhost:11434"),
        ("0.0.0.0:99", "http://localhost:99"),
        ("[::1]", "http://[::1]:11434"),
        ("[::]:99", "http://localhost:99"),
        ("http://box", "http://box"),
        ("http://0.0.0.0:11434", "http://localhost:11434"),
        ("http://0.0.0.0", "http://localhost"),
        ("https://ollama.com/", "https://ollama.com"),
        ("box:1/sub/", "http://box:1/sub"),
    ],
)
def test_addresses(given: str, address: str) -> None:
    assert Settings.load({"OLLAMA_HOST": given}).vendor_urls["ollama"] == address
    assert Settings.load({"OLLAMA_API_BASE": given}).vendor_urls["ollama"] == address


def test_the_first_address_wins() -> None:
    assert Settings.load({"OLLAMA_HOST": "a", "OLLAMA_API_BASE": "b"}).vendor_urls["ollama"] == "http://a:11434"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("OLLAMA_HOST", value) for value in ("box:x", "ftp://box", "a b", "box:99999999")),
        *(("OLLAMA_NUM_CTX", value) for value in ("0", "-1", "many")),
        *(("OLLAMA_KEEP_ALIVE", value) for value in ("5 minutes", "m", "1d", "--1", "5m!")),
    ],
)
def test_mistakes_are_reported(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.load({name: value})


@pytest.mark.parametrize("value", ["300", "-1", "0", "5m", "1h30m", "1.5h", "-1m"])
def test_how_long_a_model_stays(value: str) -> None:
    route = small_catalog(vendors=KNOWN, OLLAMA_KEEP_ALIVE=value).resolve("ollama/x")
    assert route.extra["keep_alive"] == value


@pytest.mark.parametrize(
    ("name", "environ", "window"),
    [
        ("ollama/x", {}, 65_536),
        ("ollama/x", {"OLLAMA_NUM_CTX": "9000"}, 9000),
        ("ollama-sonnet", {"OLLAMA_NUM_CTX": "9000"}, 32_768),
        ("ollama-sonnet", {"OLLAMA_NUM_CTX": "9000", "OLLAMA_SONNET_CONTEXT_WINDOW": "7000"}, 7000),
        ("ollama-gpt-oss", {}, 65_536),
        ("deepseek/unknown", {"OLLAMA_NUM_CTX": "9000"}, None),
    ],
)
def test_windows(name: str, environ: dict[str, str], window: int | None) -> None:
    found = small_catalog(vendors=KNOWN, DEEPSEEK_API_KEY="d", **environ)
    assert found.resolve(name).context_window == window
