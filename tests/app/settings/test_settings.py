"""Settings: defaults, forms, precedence, and every mistake in one report."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest

from app.settings import settings as module
from app.settings.settings import ROOT, Settings, SettingsError
from app.settings.variables import Variables
from translators import vendors

SECRET = "sk-secret-value"


def problems_of(**environ: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.load(environ)
    return caught.value.problems


def test_defaults() -> None:
    settings = Settings.load({})
    assert settings.bind == "127.0.0.1:4001"
    assert settings.max_body_bytes == 32 * 1024 * 1024
    assert (settings.log_dir, settings.log_level, settings.capture.contents) == (module.LOG_DIR, "INFO", "")
    assert settings.max_output_tokens is None and settings.vendor_keys == {} and settings.vendor_urls == {}


def test_forms() -> None:
    settings = Settings.load(
        {
            "PORT": "8080",
            "BRIDGE_DEBUG": "1",
            "LOG_LEVEL": "debug",
            "MAX_BODY_MB": "2",
            "MAX_OUTPUT_TOKENS": "9000",
            "OLLAMA_GPTOSS_MODEL": "gpt-oss:120b",
            "OLLAMA_GPTOSS_CONTEXT_WINDOW": "1000",
            "CUSTOM_HEADER_X_TEAM_NAME": "tools",
            "NVIDIA_ENABLE_THINKING": "off",
            "NVIDIA_REASONING_BUDGET": "5",
            "OPENROUTER_APP_NAME": "me",
        }
    )
    assert (settings.port, settings.capture.contents, settings.log_level) == (8080, "all", "DEBUG")
    assert (settings.max_body_bytes, settings.max_output_tokens) == (2 * 1024 * 1024, 9000)
    assert asdict(settings.alias_changes["ollama-gpt-oss"]) == {"model": "gpt-oss:120b", "context_window": 1000}
    assert settings.custom_headers == {"X-Team-Name": "tools"}
    assert settings.vendor_extras["nvidia"] == {"reasoning_budget": "5", "enable_thinking": "false"}
    assert settings.vendor_headers["openrouter"] == {"X-Title": "me"}


def test_an_empty_or_blank_variable_counts_as_not_set() -> None:
    settings = Settings.load({"PORT": "", "HOST": " ", "DEEPSEEK_API_KEY": "  ", "MODEL_MAP_JSON": ""})
    assert settings == Settings.load({}) or settings.port == 4001
    assert settings.host == "127.0.0.1" and settings.vendor_keys == {}


def test_keys_and_addresses_of_vendors() -> None:
    settings = Settings.load(
        {"DEEPSEEK_API_KEY": SECRET, "AZURE_API_BASE": "https://a.example/", "KIMI_BASE_URL": "http://k:1/v1/?b=1/"}
    )
    assert settings.vendor_keys == {"deepseek": SECRET}
    assert settings.vendor_urls == {"azure": "https://a.example", "kimi": "http://k:1/v1?b=1/"}


def test_all_mistakes_are_reported_together(tmp_path: Path) -> None:
    reported = problems_of(
        PORT="none",
        LOG_LEVEL="loud",
        MODEL_MAP_JSON="[1]",
        MODEL_MAP_FILE=str(tmp_path / "missing.json"),
        DEEPSEEK_BASE_URL="ftp://x",
        KIMI_BASE_URL="http://",
        KIMI_API_KEY="schlüssel",
        MAX_BODY_MB="0",
        IDLE_TIMEOUT="-1",
        CUSTOM_HEADER_X="é",
        NVIDIA_ENABLE_THINKING="perhaps",
        HOST="0.0.0.0",
    )
    named = {line.partition(":")[0] for line in reported}
    assert named == {
        *(
            "PORT",
            "LOG_LEVEL",
            "MODEL_MAP_JSON",
            "MODEL_MAP_FILE",
            "DEEPSEEK_BASE_URL",
            "KIMI_BASE_URL",
            "KIMI_API_KEY",
        ),
        *("MAX_BODY_MB", "IDLE_TIMEOUT", "CUSTOM_HEADER_X", "NVIDIA_ENABLE_THINKING", "HOST"),
    }


def test_a_report_holds_no_key() -> None:
    assert SECRET not in str(SettingsError(problems_of(DEEPSEEK_API_KEY=SECRET + "é", PORT="x")))


def test_the_repr_holds_no_secret() -> None:
    names = ("BRIDGE_API_KEY", "DEEPSEEK_API_KEY", "PROVIDER_API_KEY", "CUSTOM_HEADER_X")
    shown = repr(Settings.load({**dict.fromkeys(names, SECRET), "KIMI_BASE_URL": f"https://user:{SECRET}@host"}))
    assert "port=4001" in shown and SECRET not in shown


def test_model_map_joins_file_and_json(tmp_path: Path) -> None:
    file = tmp_path / "map.json"
    file.write_text(json.dumps({"a": "file/a", "b": "file/b"}))
    settings = Settings.load({"MODEL_MAP_FILE": str(file), "MODEL_MAP_JSON": '{"a": "json/a"}'})
    assert settings.model_map == {"a": "json/a", "b": "file/b"}


@pytest.mark.parametrize(
    ("environ", "first_byte", "idle"),
    [
        ({}, 300, 300),
        ({"REQUEST_TIMEOUT": "90"}, 90, 90),
        ({"PROVIDER_TIMEOUT_MS": "1500"}, 1.5, 1.5),
        ({"PROVIDER_TIMEOUT_MS": "1500", "REQUEST_TIMEOUT": "90"}, 90, 90),
        ({"REQUEST_TIMEOUT": "90", "IDLE_TIMEOUT": "20"}, 90, 20),
    ],
)
def test_timeouts(environ: dict[str, str], first_byte: float, idle: float) -> None:
    settings = Settings.load(environ)
    assert (settings.first_byte_timeout, settings.idle_timeout) == (first_byte, idle)


@pytest.mark.parametrize(
    ("environ", "captures", "descriptions"),
    [
        ({}, 500_000_000, 64 * 1024 * 1024),
        ({"BRIDGE_DEBUG_MB": "1.5"}, 1_500_000, 64 * 1024 * 1024),
        ({"VISION_CACHE_MB": "3"}, 500_000_000, 3 * 1024 * 1024),
    ],
)
def test_megabytes_of_captures_and_descriptions(environ: dict[str, str], captures: int, descriptions: int) -> None:
    settings = Settings.load(environ)
    assert (settings.capture.bytes, settings.vision.cache_bytes) == (captures, descriptions)


@pytest.mark.parametrize("name", ["BRIDGE_DEBUG_MB", "VISION_CACHE_MB", "GRACEFUL_TIMEOUT"])
@pytest.mark.parametrize("value", ["0", "-1", "much"])
def test_sizes_and_times_that_make_no_sense(name: str, value: str) -> None:
    [problem] = problems_of(**{name: value})
    assert problem.startswith(f"{name}: ")


def test_the_grace_of_a_stop_is_in_whole_seconds() -> None:
    assert Settings.load({"GRACEFUL_TIMEOUT": "600"}).graceful_timeout == 600
    assert problems_of(GRACEFUL_TIMEOUT="1.5")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_no_key(host: str) -> None:
    assert Settings.load({"HOST": host}).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org"])
def test_other_addresses_need_a_key(host: str) -> None:
    [problem] = problems_of(HOST=host)
    assert host in problem and "BRIDGE_API_KEY" in problem
    assert Settings.load({"HOST": host, "BRIDGE_API_KEY": "k"}).host == host


@pytest.mark.parametrize(
    "address", ["127.0.0.1:80", "[::1]:80", "::1", ("127.0.0.1", 1), "unix:/run/r.sock", "localhost:1"]
)
def test_check_bind_accepts(address: str | tuple[str, int]) -> None:
    Settings.load({}).check_bind(address)


@pytest.mark.parametrize("address", ["0.0.0.0:80", "[::]:80", ":80", ("0.0.0.0", 1), "10.0.0.1"])
def test_check_bind_refuses(address: str | tuple[str, int]) -> None:
    with pytest.raises(SettingsError, match="BRIDGE_API_KEY"):
        Settings.load({}).check_bind(address)
    Settings.load({"BRIDGE_API_KEY": "k"}).check_bind(address)


def test_bind_of_an_ipv6_host() -> None:
    assert Settings.load({"HOST": "::1"}).bind == "[::1]:4001"


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("PORT=5000\nLOG_LEVEL=ERROR\nDEEPSEEK_API_KEY='a$b'\nMIMO_API_KEY=m\n")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    for name in ("LOG_LEVEL", "DEEPSEEK_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PORT", "6000")
    monkeypatch.setenv("MIMO_API_KEY", "")
    settings = Settings.load()
    assert (settings.port, settings.log_level, settings.vendor_keys["deepseek"]) == (6000, "ERROR", "a$b")
    assert "mimo" not in settings.vendor_keys


def test_env_example_lists_every_variable_with_a_comment() -> None:
    lines = (ROOT / "conf/env.example").read_text().splitlines()
    listed = {
        found[1]: lines[number - 1]
        for number, line in enumerate(lines)
        if (found := re.match(r"# ([A-Z][A-Z0-9_]+)=", line))
    }
    variables = Variables({})
    module._values(variables, vendors())
    missing = set(variables.names) - set(listed)
    assert not missing
    assert all(re.match(r"# [A-Za-z0-9].*[a-z].*\.$", comment) for comment in listed.values()), listed
