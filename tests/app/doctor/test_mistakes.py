"""The doctor against scripted vendors with each common mistake: the category, and words of the remedy."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.doctor.findings import Report, exit_status
from app.doctor.plan import examined, plans
from app.rialto import build
from app.settings.settings import Settings
from tests.support.doctored import KEY, Vendor, error, ollama
from tests.support.rialto_server import free_port
from tests.support.scripted_server import ScriptedServer

Json = dict[str, Any]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def reports(tmp_path: Path, vendor: str = "", model: str = "", **environ: str) -> list[Report]:
    """What the doctor says with these variables."""
    rialto = build(Settings.load({"BRIDGE_LOG_DIR": str(tmp_path), **environ}))
    return examined(rialto, plans(rialto.catalog, vendor, model), seconds=5)


def deepseek(tmp_path: Path, url: str, key: str = KEY, **more: str) -> Report:
    """The only report about DeepSeek, moved to an address."""
    model = more.pop("model", "deepseek/deepseek-v4-pro")
    return reports(tmp_path, model=model, DEEPSEEK_API_KEY=key, DEEPSEEK_BASE_URL=url, **more)[0]


def own(tmp_path: Path, url: str, model: str = "openai_compatible/local", **more: str) -> Report:
    """The only report about a server of the user's own, without a key."""
    return reports(tmp_path, model=model, PROVIDER_BASE_URL=url, **more)[0]


def failure(report: Report) -> tuple[str, str, str]:
    """(check, category, remedy) of the only failure."""
    (found,) = [finding for finding in report.findings if finding.state == "failed"]
    return found.check, found.category, found.remedy


def states(report: Report) -> dict[str, str]:
    return {finding.check: finding.state for finding in report.findings}


def test_a_vendor_without_a_mistake(server: ScriptedServer, tmp_path: Path) -> None:
    server.play(Vendor())
    report = deepseek(tmp_path, f"{server.url}/v1")
    assert report.state == "ok" and exit_status([report]) == 0
    assert states(report) == {
        **dict.fromkeys(("key", "address", "models", "answer", "stream", "tools", "thinking", "count", "window"), "ok"),
        "image": "not claimed",
    }
    offered = [body for body in server.bodies if body.get("tools")]
    assert [body["stream"] for body in server.bodies].count(True) >= 1 and len(offered) == 1


def has_tools(body: Json) -> bool:
    return bool(body.get("tools"))


def has_image(body: Json) -> bool:
    return "image_url" in json.dumps(body)


def every(body: Json) -> bool:
    return True


#: name, vendor, what comes behind the server's address, key, check, category, words of the remedy
ADDRESSES = [
    ("without /v1", "", "wrong path", "is not the API"),
    ("an endpoint", "/v1/chat/completions", "wrong path", "is not the API"),
    ("the list", "/v1/models", "wrong path", "is not the API"),
    ("another path", "/api", "wrong path", "is not the API"),
    ("/v1 twice", "/v1/v1", "wrong path", "is not the API"),
]


@pytest.mark.parametrize(("name", "path", "category", "words"), ADDRESSES, ids=lambda value: str(value))
def test_a_wrong_path(server: ScriptedServer, tmp_path: Path, name: str, path: str, category: str, words: str) -> None:
    server.play(Vendor())
    check, found, remedy = failure(deepseek(tmp_path, server.url + path))
    assert (check, found) == ("address", category)
    assert words in remedy and remedy.endswith(f"Set DEEPSEEK_BASE_URL={server.url}/v1")


def test_v1_that_is_not_wanted(server: ScriptedServer, tmp_path: Path) -> None:
    server.play(Vendor(path=""))
    check, category, remedy = failure(deepseek(tmp_path, f"{server.url}/v1"))
    assert (check, category) == ("address", "wrong path")
    assert remedy.endswith(f"Set DEEPSEEK_BASE_URL={server.url}")


def test_https_to_a_server_that_speaks_http(server: ScriptedServer, tmp_path: Path) -> None:
    server.play(Vendor())
    url = server.url.replace("http:", "https:")
    check, category, remedy = failure(deepseek(tmp_path, f"{url}/v1"))
    assert (check, category) == ("address", "http or https")
    assert remedy.endswith(f"Set DEEPSEEK_BASE_URL={server.url}/v1")


REFUSALS = [
    ("wrong key", Vendor(key="another"), KEY, "key", "wrong key", ("DEEPSEEK_API_KEY", "platform.deepseek.com")),
    ("quotes", Vendor(), f"'{KEY}'", "key", "wrong key", ("quotes", "DEEPSEEK_API_KEY")),
    ("key of Groq", Vendor(), "gsk_abcdefghijklmnop", "key", "another vendor's key", ("Groq", "GROQ_API_KEY")),
    ("key of OpenRouter", Vendor(), "sk-or-v1-abcdefghijkl", "key", "another vendor's key", ("OPENROUTER_API_KEY",)),
    (
        *("no balance", Vendor(refusals=[(every, 402, "Insufficient Balance")]), KEY),
        *("answer", "no balance", ("balance", "DEEPSEEK_API_KEY", "platform.deepseek.com")),
    ),
    (
        *("no quota", Vendor(refusals=[(every, 429, "You exceeded your current quota")]), KEY),
        *("answer", "no balance", ("balance",)),
    ),
    ("limit", Vendor(refusals=[(every, 429, "Rate limit reached")]), KEY, "answer", "limit", ("Wait",)),
    ("busy", Vendor(refusals=[(every, 503, "overloaded")]), KEY, "answer", "busy", ("later",)),
    ("broken", Vendor(refusals=[(every, 500, "internal")]), KEY, "answer", "server error", ("its log",)),
    (
        *("unknown model", Vendor(models=("deepseek-v4-pro-2", "other")), KEY),
        *("models", "unknown model", ("'deepseek-v4-pro'", "deepseek-v4-pro-2")),
    ),
    ("no calls", Vendor(calls_tools=False), KEY, "tools", "no tools", ("cannot call tools", "Claude Code")),
    (
        *("tools refused", Vendor(refusals=[(has_tools, 400, "this model does not support tools")]), KEY),
        *("tools", "no tools", ("cannot call tools",)),
    ),
]


@pytest.mark.parametrize(
    ("name", "vendor", "key", "check", "category", "words"),
    REFUSALS,
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_refusal(
    server: ScriptedServer,
    tmp_path: Path,
    name: str,
    vendor: Vendor,
    key: str,
    check: str,
    category: str,
    words: tuple[str, ...],
) -> None:
    server.play(vendor)
    report = deepseek(tmp_path, f"{server.url}/v1", key)
    found = failure(report)
    assert found[:2] == (check, category)
    assert [word for word in words if word not in found[2]] == []
    assert exit_status([report]) == 1
    if check not in ("tools",):
        assert states(report)["stream"] == "not checked"
    assert key not in json.dumps(report.told())


def test_the_second_of_two_keys_is_wrong(server: ScriptedServer, tmp_path: Path) -> None:
    server.play(Vendor())
    check, category, remedy = failure(deepseek(tmp_path, f"{server.url}/v1", f"{KEY},worn-out-key"))
    assert (check, category) == ("key", "wrong key") and "Take that key out of DEEPSEEK_API_KEY" in remedy


def test_a_key_that_may_not_list_is_good_all_the_same(server: ScriptedServer, tmp_path: Path) -> None:
    vendor = Vendor()
    server.play(lambda request: error("no right to list", 403) if request.method == "GET" else vendor(request))
    report = deepseek(tmp_path, f"{server.url}/v1")
    assert report.state == "ok"
    assert states(report)["models"] == "not checked"


def test_an_image_that_is_claimed_and_refused(server: ScriptedServer, tmp_path: Path) -> None:
    server.play(Vendor(models=("deepseek-flash",), refusals=[(has_image, 400, "unknown variant image_url")]))
    report = deepseek(tmp_path, f"{server.url}/v1", model="deepseek/deepseek-flash")
    check, category, remedy = failure(report)
    assert (check, category) == ("image", "no vision")
    assert "conf/models.local.toml" in remedy and "vision = false" in remedy


def test_an_image_that_nobody_claims(server: ScriptedServer, tmp_path: Path) -> None:
    server.play(Vendor(key="", models=("local",), window=65_536, refusals=[(has_image, 400, "no images here")]))
    report = own(tmp_path, f"{server.url}/v1")
    assert report.state == "ok"
    image = report.finding("image")
    assert image and image.state == "not claimed" and "no images here" in image.words


@pytest.mark.parametrize(
    ("owner", "words"),
    [("llamacpp", "--ctx-size"), ("vllm", "--max-model-len"), ("somebody", "Choose a model")],
)
def test_a_window_that_is_too_small(server: ScriptedServer, tmp_path: Path, owner: str, words: str) -> None:
    server.play(Vendor(key="", models=("local",), window=8192, owner=owner))
    check, category, remedy = failure(own(tmp_path, f"{server.url}/v1"))
    assert (check, category) == ("window", "small window")
    assert "48,000" in remedy and words in remedy


def test_vllm_without_its_tool_parser(server: ScriptedServer, tmp_path: Path) -> None:
    words = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
    server.play(Vendor(key="", models=("local",), window=65_536, owner="vllm", refusals=[(has_tools, 400, words)]))
    check, category, remedy = failure(own(tmp_path, f"{server.url}/v1"))
    assert (check, category) == ("tools", "no tools")
    assert "--enable-auto-tool-choice" in remedy


def test_a_server_that_does_not_run(tmp_path: Path) -> None:
    port = free_port()
    report = own(tmp_path, f"http://127.0.0.1:{port}/v1")
    check, category, remedy = failure(report)
    assert (check, category) == ("address", "server not running")
    assert f"Nothing listens at http://127.0.0.1:{port}/v1" in remedy and "PROVIDER_BASE_URL" in remedy


def test_an_ollama_that_does_not_run(tmp_path: Path) -> None:
    report = reports(tmp_path, model="ollama/qwen3.5:9b", OLLAMA_HOST=f"http://127.0.0.1:{free_port()}")[0]
    check, category, remedy = failure(report)
    assert (check, category) == ("address", "server not running")
    assert "ollama serve" in remedy and "OLLAMA_HOST" in remedy


def test_an_ollama_without_a_mistake(server: ScriptedServer, tmp_path: Path) -> None:
    server.play(lambda request: ollama(request, ("qwen3.5:9b",)))
    (report,) = reports(tmp_path, vendor="ollama", OLLAMA_HOST=server.url)
    assert (report.state, report.model) == ("ok", "qwen3.5:9b")
    window = report.finding("window")
    assert window and window.words == "65,536 tokens"


def test_an_ollama_that_serves_less_than_it_was_asked_for(server: ScriptedServer, tmp_path: Path) -> None:
    server.play(lambda request: ollama(request, ("qwen3.5:9b",), loaded=4096))
    (report,) = reports(tmp_path, vendor="ollama", OLLAMA_HOST=server.url)
    check, category, remedy = failure(report)
    assert (check, category) == ("window", "small window") and "OLLAMA_NUM_CTX" in remedy


def test_a_model_that_is_not_pulled(server: ScriptedServer, tmp_path: Path) -> None:
    server.play(lambda request: ollama(request, ("qwen3.5:4b",)))
    report = reports(tmp_path, model="ollama/qwen3.5:9b", OLLAMA_HOST=server.url)[0]
    check, category, remedy = failure(report)
    assert (check, category) == ("models", "unknown model")
    assert "ollama pull qwen3.5:9b" in remedy and "qwen3.5:4b" in remedy


def test_an_ollama_with_nothing_pulled(server: ScriptedServer, tmp_path: Path) -> None:
    server.play(lambda request: ollama(request, ()))
    (report,) = reports(tmp_path, vendor="ollama", OLLAMA_HOST=server.url)
    check, category, remedy = failure(report)
    assert (check, category) == ("models", "unknown model") and "ollama pull qwen3.5:9b" in remedy


def test_a_proxy_that_catches_this_machine(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.play(Vendor(key="", models=("local",)))
    with ScriptedServer(lambda request: error("Bad gateway", 502)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("//", "//me:secret@"))
        report = own(tmp_path, f"{server.url}/v1")
    check, category, remedy = failure(report)
    assert (check, category) == ("address", "proxy catches this machine")
    assert "http_proxy" in remedy and "NO_PROXY=localhost,127.0.0.1" in remedy and "secret" not in remedy
    assert server.requests == []


def test_a_proxy_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    report = reports(tmp_path, model="deepseek/deepseek-v4-pro", DEEPSEEK_API_KEY=KEY)[0]
    check, category, remedy = failure(report)
    assert (check, category) == ("address", "proxy") and "HTTPS_PROXY" in remedy


def test_a_host_that_nobody_knows(tmp_path: Path) -> None:
    check, category, remedy = failure(deepseek(tmp_path, "https://nosuch.invalid/v1"))
    assert (check, category) == ("address", "unknown host") and "nosuch.invalid" in remedy


def test_a_server_that_says_nothing(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        rialto = build(
            Settings.load(
                {"BRIDGE_LOG_DIR": str(tmp_path), "PROVIDER_BASE_URL": f"http://127.0.0.1:{silent.getsockname()[1]}"}
            )
        )
        (report,) = examined(rialto, plans(rialto.catalog, model="openai_compatible/local"), seconds=0.3)
    check, category, remedy = failure(report)
    assert (check, category) == ("answer", "too slow") and "--timeout" in remedy


def test_a_key_of_another_region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, abroad = Vendor(key="abroad-key", models=("MiniMax-M3",)), Vendor(models=("MiniMax-M3",))
    with ScriptedServer(home) as first, ScriptedServer(abroad) as second:
        from dataclasses import replace

        from app.doctor import lists
        from translators import minimax
        from translators.core.local import KeyDesk

        desk = KeyDesk("https://platform.minimax.io", addresses=(f"{first.url}/v1", f"{second.url}/v1"))
        moved = replace(minimax.VENDOR, desk=desk, base_url=f"{first.url}/v1")
        rialto = build(Settings.load({"BRIDGE_LOG_DIR": str(tmp_path), "MINIMAX_API_KEY": KEY}))
        route = replace(rialto.catalog.written("minimax/MiniMax-M3"), vendor=moved, base_url=f"{first.url}/v1")
        assert lists.better_address(route, rialto.means.upstream, refused=True) == f"{second.url}/v1"
        foreign = replace(route, base_url="http://127.0.0.2:1/v1")
        assert lists.better_address(foreign, rialto.means.upstream, refused=True) == ""


def test_nothing_is_configured(tmp_path: Path) -> None:
    assert exit_status(reports(tmp_path)) == 2
    (report,) = reports(tmp_path, vendor="deepseek")
    assert report.state == "not configured" and exit_status([report]) == 2


def test_one_bad_vendor_does_not_hide_a_good_one(server: ScriptedServer, tmp_path: Path) -> None:
    server.play(Vendor())
    found = reports(
        tmp_path,
        DEEPSEEK_API_KEY=KEY,
        DEEPSEEK_BASE_URL=f"{server.url}/v1",
        GROQ_API_KEY="gsk_x",
        GROQ_BASE_URL=f"http://127.0.0.1:{free_port()}",
    )
    assert {report.vendor: report.state for report in found} == {"deepseek": "ok", "groq": "failed"}
    assert exit_status(found) == 1
