"""Catalog: the order of the rules, what is refused, and the files of `conf/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.catalog.targets import endpoint
from app.settings.settings import SettingsError
from tests.app.catalog.catalogs import BLIND_PRO, VENDORS, WITH_ANTHROPIC, catalog, reached
from translators.core.errors import NotFound, Unauthorized

KEYS = {"DEEPSEEK_API_KEY": "d", "KIMI_API_KEY": "k"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models.toml").write_text(
        """
        [aliases]
        demo = "demo/demo"
        claude-big-1 = "kimi/k"
        claude-small-1 = "deepseek/d"
        fast = { model = "deepseek/d", context_window = 10, prices = { input = 1 } }
        nobody = "missing/x"
        [tiers.opus]
        setting = "BIG_MODEL"
        model = "claude-big-1"
        names = ["claude-opus-9"]
        [tiers.claude]
        setting = "MIDDLE_MODEL"
        model = "claude-small-1"
        [models]
        "deepseek/d" = { context_window = 1000, max_output = 100, vision = false, prices = { input = 2, output = 3 } }
        [families]
        "qwen/" = "openrouter"
        """
    )
    return tmp_path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("claude-sonnet-4-6", "deepseek/deepseek-v4-pro"),
        ("claude-haiku-4-5", "deepseek/deepseek-v4-flash"),
        ("claude-opus-4-6", "kimi/kimi-for-coding"),
        ("claude-opus-4-7", "kimi/kimi-for-coding"),
        ("claude-opus-5-5", "kimi/kimi-for-coding"),
        ("claude-sonnet-5-5", "deepseek/deepseek-v4-pro"),
        ("claude-haiku-5-5", "deepseek/deepseek-v4-flash"),
        ("claude-fable-5-2", "kimi/kimi-for-coding"),
        ("claude-haiku-4-5-20251001", "deepseek/deepseek-v4-flash"),
        ("claude-sonnet-4-6[1m]", "deepseek/deepseek-v4-pro"),
        ("claude-sonnet-4-6-20260101[1m]", "deepseek/deepseek-v4-pro"),
        ("Claude-Sonnet-7@20290101", "deepseek/deepseek-v4-pro"),
        ("claude-3-5-haiku-latest", "deepseek/deepseek-v4-flash"),
        ("claude-nameless-8", "deepseek/deepseek-v4-pro"),
        ("opus", "kimi/kimi-for-coding"),
        ("sonnet[1m]", "deepseek/deepseek-v4-pro"),
        ("deepseek/some/model", "deepseek/some/model"),
        ("deepseek:m[1m]", "deepseek/m"),
        ("DeepSeek/M", "deepseek/M"),
        ("anthropic/kimi/k:2", "kimi/k:2"),
        ("anthropic/claude-opus-5", "kimi/kimi-for-coding"),
        ("deepseek-next", "deepseek/deepseek-next"),
        ("kimi-k9[1m]", "kimi/kimi-k9"),
        ("openai_compatible/any", "openai_compatible/any"),
        ("openai-compatible/any", "openai_compatible/any"),
        ("demo", "demo/demo"),
        ("ollama-gemma", "ollama/gemma4:26b"),
    ],
)
def test_shipped_names(name: str, expected: str) -> None:
    assert reached(catalog(**KEYS), name) == expected


@pytest.mark.parametrize(
    ("name", "window", "output"),
    [
        ("claude-sonnet-4-6", 1_048_576, 393_216),
        ("claude-haiku-4-5", 1_048_576, 393_216),
        ("claude-opus-4-6", 262_144, 32_768),
        ("ollama-sonnet", 32_768, 8_192),
        ("ollama-gpt-oss", 65_536, 8_192),
        ("kimi/kimi-for-coding", 262_144, 32_768),
        ("kimi/unheard-of", None, None),
    ],
)
def test_limits(name: str, window: int | None, output: int | None) -> None:
    route = catalog(**KEYS).resolve(name)
    assert (route.context_window, route.max_output) == (window, output)


def test_the_path_wins_over_everything() -> None:
    found = catalog(**KEYS, OPENAI_API_KEY="o", MODEL_MAP_JSON='{"opus": "kimi/x"}', BIG_MODEL="kimi/y")
    assert reached(found, "opus", "openai:stepfun/step-3.5-flash:free") == "openai/stepfun/step-3.5-flash:free"
    assert reached(found, "opus") == "kimi/x"
    with pytest.raises(NotFound, match=r"unknown vendor 'nosuch'.*deepseek, demo"):
        found.resolve("opus", "nosuch:m")
    with pytest.raises(NotFound, match="no model in the path"):
        found.resolve("opus", "deepseek")


def test_the_order_of_the_rules(folder: Path) -> None:
    rules = {
        "MODEL_MAP_JSON": '{"claude-opus-9": "kimi/mapped"}',
        "BIG_MODEL": "kimi/big",
        "DEFAULT_MODEL": "deepseek/default",
    }
    expected = ["kimi/mapped", "kimi/big", "kimi/k"]
    for count, target in enumerate(expected):
        environ = dict(list(rules.items())[count:])
        assert reached(catalog(folder, **KEYS, **environ), "claude-opus-9-20300101") == target
    assert reached(catalog(folder, **KEYS, **rules), "nothing-known") == "deepseek/default"
    assert reached(catalog(folder, **KEYS, **rules), "kimi-next") == "kimi/kimi-next"
    assert reached(catalog(folder, **KEYS, **rules), "kimi/explicit") == "kimi/explicit"


def test_class_settings() -> None:
    found = catalog(**KEYS, BIG_MODEL="kimi/b", MIDDLE_MODEL="kimi/m", SMALL_MODEL="kimi/s")
    wanted = {"claude-opus-4-6": "b", "fable": "b", "claude-sonnet-4-6": "m", "claude-2": "m", "claude-haiku-9": "s"}
    assert {name: reached(found, name) for name in wanted} == {name: f"kimi/{end}" for name, end in wanted.items()}
    assert reached(found, "ollama-sonnet").startswith("ollama/")


@pytest.mark.parametrize(
    ("name", "end"), [("claude-haiku-opus", "s"), ("claude-sonnet-haiku-fable", "m"), ("opus", "b")]
)
def test_the_first_word_of_a_class_counts(name: str, end: str) -> None:
    """A client that may call `claude-haiku-*` would reach any class by a word behind it."""
    assert (
        reached(catalog(**KEYS, BIG_MODEL="kimi/b", MIDDLE_MODEL="kimi/m", SMALL_MODEL="kimi/s"), name) == f"kimi/{end}"
    )


@pytest.mark.parametrize(
    "environ",
    [
        {"BIG_MODEL": "claude-opus-4-7"},
        {"BIG_MODEL": "claude-sonnet-4-6", "MIDDLE_MODEL": "claude-opus-4-7"},
        {"MODEL_MAP_JSON": '{"opus": "claude-opus-4-7", "claude-opus-4-7": "opus"}'},
        {"DEFAULT_MODEL": "opus"},
    ],
)
def test_circles_end(environ: dict[str, str]) -> None:
    assert reached(catalog(**KEYS, **environ), "opus").split("/")[0] in ("kimi", "deepseek")


@pytest.mark.parametrize("name", ["opus", "anything", "deepseek/x", "gpt-5", "claude-9"])
def test_the_demo_answers_while_nothing_is_configured(name: str) -> None:
    assert reached(catalog(), name) == "demo/demo"
    assert reached(catalog(DEEPSEEK_BASE_URL="https://elsewhere.example"), name) == "demo/demo"


@pytest.mark.parametrize(
    ("name", "path_route"),
    [("kimi/x", None), ("kimi-k2", None), ("a", "kimi:x"), ("opus", "kimi:x"), ("anthropic/kimi/x", None)],
)
def test_an_unconfigured_vendor_is_refused_once_another_is_configured(name: str, path_route: str | None) -> None:
    with pytest.raises(
        Unauthorized, match=r"^KIMI_API_KEY is not set\. Set it in \.env or the environment to use Kimi"
    ) as caught:
        catalog(DEEPSEEK_API_KEY="d", OPENAI_API_KEY="o").resolve(name, path_route)
    assert caught.value.should_retry is False


def test_a_vendor_without_an_address_names_its_variable() -> None:
    with pytest.raises(Unauthorized, match="AZURE_API_BASE is not set"):
        catalog(AZURE_API_KEY="a", DEEPSEEK_API_KEY="d").resolve("azure/x")


def test_class_names_without_their_vendor_go_to_the_default() -> None:
    assert reached(catalog(OPENAI_API_KEY="o", DEFAULT_MODEL="openai/gpt-x"), "opus") == "openai/gpt-x"
    assert reached(catalog(DEEPSEEK_API_KEY="d", PREFERRED_PROVIDER="deepseek"), "opus") == "deepseek/deepseek-v4-pro"
    assert reached(catalog(**KEYS, PREFERRED_PROVIDER="deepseek"), "opus") == "kimi/kimi-for-coding"


def test_unknown_names() -> None:
    with pytest.raises(NotFound, match=r"^model: nosuch/foo$"):
        catalog(**KEYS).resolve("nosuch/foo")
    assert reached(catalog(**KEYS, PREFERRED_PROVIDER="kimi"), "nosuch/foo") == "kimi/nosuch/foo"
    assert reached(catalog(**KEYS, PREFERRED_PROVIDER="kimi", DEFAULT_MODEL="x"), "nosuch/foo") == "kimi/x"


def test_a_server_of_the_environment() -> None:
    found = catalog(
        PROVIDER="lab", PROVIDER_BASE_URL="http://lab:1/v1?tenant=a/", BIG_MODEL="huge", PROVIDER_THINKING="flag"
    )
    assert reached(found, "opus") == "openai_compatible/huge"
    assert reached(found, "gpt-5") == "openai_compatible/gpt-5"
    assert reached(found, "sonnet") == "openai_compatible/sonnet"
    assert reached(found, "lab/m") == "openai_compatible/m"
    route = found.resolve("lab/m")
    assert (route.base_url, route.key, route.extra["thinking"]) == ("http://lab:1/v1", "", "flag")
    assert endpoint(route) == "http://lab:1/v1/chat/completions?tenant=a%2F"


def test_provider_may_name_a_vendor() -> None:
    found = catalog(PROVIDER="kimi", PROVIDER_API_KEY="p", PROVIDER_BASE_URL="http://k:1")
    route = found.resolve("whatever")
    assert (route.vendor.name, route.key, route.base_url) == ("kimi", "p", "http://k:1")
    assert [target.vendor.name for target in found.configured] == ["kimi"]


def test_openai_moved_without_a_key_is_a_compatible_server() -> None:
    found = catalog(OPENAI_BASE_URL="http://local:1/v1")
    assert reached(found, "openai/x") == reached(found, "x") == "openai_compatible/x"
    assert found.resolve("x").base_url == "http://local:1/v1"
    assert reached(catalog(OPENAI_BASE_URL="http://local:1/v1", OPENAI_API_KEY="o"), "openai/x") == "openai/x"


def test_anthropic_names_go_to_anthropic_when_it_can_be_called() -> None:
    environ = {**KEYS, "ANTHROPIC_API_KEY": "a"}
    assert reached(catalog(vendors=WITH_ANTHROPIC, **environ), "anthropic/claude-opus-5") == "anthropic/claude-opus-5"
    assert reached(catalog(vendors=WITH_ANTHROPIC, **KEYS), "anthropic/claude-opus-5") == "kimi/kimi-for-coding"
    assert reached(catalog(vendors=WITH_ANTHROPIC, **environ), "anthropic/kimi/x") == "kimi/x"


def test_facts_and_profile_of_a_route(folder: Path) -> None:
    (folder / "vendors.toml").write_text(
        '[models."deepseek/d"]\nmax_stops = 1\ntool_choices = ["auto"]\nschema = "closed"'
    )
    route = catalog(folder, **KEYS).resolve("fast")
    assert (route.context_window, route.max_output, dict(route.prices)) == (10, 100, {"input": 1})
    assert (route.profile.images, route.profile.max_stops, route.profile.schema) == (False, 1, "closed")
    assert route.profile.tool_choices == frozenset({"auto"})
    assert catalog(folder, **KEYS).resolve("deepseek/other").profile.images is True
    assert catalog(folder, BLIND_PRO, **KEYS).resolve("kimi/abcdefgh").profile.tool_name_max == 8


def test_settings_of_a_vendor_travel_with_its_routes() -> None:
    found = catalog(AZURE_API_KEY="a", AZURE_API_BASE="https://r.example", AZURE_API_VERSION="2024-10-21")
    assert found.resolve("azure/dep").extra == {"api_version": "2024-10-21"}
    headers = catalog(OPENROUTER_API_KEY="o", OPENROUTER_SITE_URL="https://me").resolve("qwen/q").vendor.headers
    assert headers == {"HTTP-Referer": "https://me"}


def test_a_deployment_tells_its_model(folder: Path) -> None:
    (folder / "models.local.toml").write_text('[models]\n"azure/dep" = { base_model = "gpt-5.4", context_window = 5 }')
    route = catalog(folder, AZURE_API_KEY="a", AZURE_API_BASE="https://r.example").resolve("azure/dep")
    assert (route.extra["base_model"], route.context_window) == ("gpt-5.4", 5)


def test_ollama_variables_change_the_alias() -> None:
    found = catalog(OLLAMA_SONNET_MODEL="q:1b", OLLAMA_SONNET_CONTEXT_WINDOW="99", OLLAMA_HAIKU_CONTEXT_WINDOW="77")
    assert reached(found, "ollama-sonnet") == "ollama/q:1b"
    assert found.resolve("ollama-sonnet").context_window == 99
    assert (found.resolve("ollama-haiku").model, found.resolve("ollama-haiku").context_window) == ("qwen3.5:9b", 77)


def test_local_rows_win_field_by_field(folder: Path) -> None:
    (folder / "models.local.toml").write_text(
        """
        [aliases]
        fast = { context_window = 20 }
        claude-big-1 = "deepseek/own"
        new = "kimi/new"
        [models]
        "deepseek/d" = { max_output = 7, prices = { output = 9 } }
        """
    )
    found = catalog(folder, **KEYS)
    assert [reached(found, name) for name in ("fast", "claude-big-1", "new")] == [
        "deepseek/d",
        "deepseek/own",
        "kimi/new",
    ]
    assert (found.resolve("fast").context_window, found.resolve("fast").max_output) == (20, 7)
    assert dict(found.resolve("deepseek/d").prices) == {"input": 2, "output": 9}


SERVER = """
[my-server]
base_url = "http://s:1/v1/?a=b"
key_variable = "MY_KEY"
title = "Mine"
headers = { X-Team = "t" }
query = { v = "1 2" }
families = ["mine-"]
models = ["m1"]
thinking = "template"
profile = { images = false, reasoning_placeholder = "x" }
"""


def test_a_server_of_the_file(folder: Path) -> None:
    (folder / "vendors.toml").write_text(SERVER)
    found = catalog(folder, MY_KEY="secret")
    route = found.resolve("mine-7")
    assert (route.vendor.name, route.vendor.title, route.key, route.base_url) == (
        "my-server",
        "Mine",
        "secret",
        "http://s:1/v1",
    )
    assert endpoint(route) == "http://s:1/v1/chat/completions?a=b&v=1+2"
    assert route.vendor.headers == {"a": "1", "X-Team": "t"}
    assert (route.profile.images, route.profile.reasoning_placeholder) == (False, "x")
    assert route.extra["thinking"] == "template"
    assert reached(found, "my_server:q") == reached(found, "my-server/q") == "my-server/q"
    with pytest.raises(Unauthorized, match=r"MY_KEY is not set.*Mine"):
        catalog(folder, DEEPSEEK_API_KEY="d").resolve("my-server/q")


def test_a_server_without_a_key_is_configured_by_its_row(folder: Path) -> None:
    (folder / "vendors.local.toml").write_text('[lab]\nbase_url = "http://lab/v1"\n')
    found = catalog(folder)
    assert reached(found, "lab/x") == "lab/x"
    with pytest.raises(Unauthorized, match="KIMI_API_KEY"):
        found.resolve("kimi/x")


def test_all_mistakes_in_files_are_reported_with_file_and_row(folder: Path) -> None:
    (folder / "models.local.toml").write_text(
        '[aliases]\nx = { model = "noslash", windo = 1 }\n'
        '[models]\n"kimi/a" = { vision = "yes", prices = { input = -1 } }\n'
    )
    (folder / "vendors.toml").write_text(
        '[Bad]\nbase_url = "ftp://x"\n[good]\n[good.profile]\nimages = 1\nnosuch = 2\n'
        '[models."kimi/k"]\nschema = "odd"\n'
    )
    with pytest.raises(SettingsError) as caught:
        catalog(folder)
    found = {line.rpartition("] ")[0] + "]" for line in caught.value.problems}
    assert found == {
        "conf/models.local.toml: [aliases][x][model]",
        "conf/models.local.toml: [aliases][x][windo]",
        "conf/models.local.toml: [models][kimi/a][vision]",
        "conf/models.local.toml: [models][kimi/a][prices][input]",
        "conf/vendors.toml: [Bad]",
        "conf/vendors.toml: [Bad][base_url]",
        "conf/vendors.toml: [good][base_url]",
        "conf/vendors.toml: [good][profile][images]",
        "conf/vendors.toml: [good][profile][nosuch]",
        "conf/vendors.toml: [models][kimi/k][schema]",
    }


def test_broken_toml_names_the_file(folder: Path) -> None:
    (folder / "vendors.local.toml").write_text("[x")
    with pytest.raises(SettingsError, match=r"conf/vendors\.local\.toml: Expected.*at end of document"):
        catalog(folder)


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("models.local.toml", '[aliases]\na = "nosuch/x"', r"\[aliases\] a: no vendor is called nosuch"),
        ("models.local.toml", '[families]\n"a-" = "nosuch"', r"\[families\] a-: no vendor is called nosuch"),
        ("models.local.toml", "[aliases]\na = { context_window = 1 }", r"\[aliases\]\[a\]\[model\] Missing"),
        ("vendors.toml", '[models."nosuch/x"]\nimages = true', r"\[models\]: no vendor is called nosuch"),
        ("vendors.toml", '[kimi]\nbase_url = "http://x"', r"\[kimi\] is the name of a built-in vendor"),
        (
            "vendors.toml",
            '[x]\nbase_url = "http://x"\nprotocol = "odd"',
            r"\[x\] \[protocol\] must be one of openai_chat",
        ),
    ],
)
def test_rows_that_lead_nowhere(folder: Path, file: str, text: str, words: str) -> None:
    (folder / file).write_text(text)
    with pytest.raises(SettingsError, match=words):
        catalog(folder)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"BIG_MODEL": "nothing"}, "BIG_MODEL: no vendor is known for nothing"),
        ({"DEFAULT_MODEL": "nothing"}, "DEFAULT_MODEL: no vendor is known for nothing"),
        ({"MODEL_MAP_JSON": '{"a": "nothing"}'}, "MODEL_MAP a: no vendor is known for nothing"),
        ({"PREFERRED_PROVIDER": "nosuch"}, "PREFERRED_PROVIDER: no vendor is called nosuch"),
        ({"PROVIDER": "nosuch"}, "PROVIDER: no vendor is called nosuch"),
        ({"PROVIDER_API_KEY": "k"}, "PROVIDER_API_KEY: set PROVIDER_BASE_URL"),
    ],
)
def test_settings_that_lead_nowhere(environ: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        catalog(**KEYS, **environ)


def test_a_route_is_looked_up_once() -> None:
    found = catalog(**KEYS)
    assert found.resolve("opus") is found.resolve("opus")


def test_the_shipped_files_name_known_vendors_only() -> None:
    from app.catalog.catalog import Catalog
    from app.settings.settings import Settings

    loaded = Catalog.load(Settings.load({}))
    later = {"ollama", "gemini"}
    named = {name.partition("/")[0] for name in loaded.conf.models} | set(loaded.conf.families.values())
    named |= {alias.model.partition("/")[0] for alias in loaded.conf.aliases.values()}
    assert named - later <= set(loaded.targets) and named & set(VENDORS)


def test_a_chain_holds_the_fallbacks_that_can_be_called() -> None:
    found = catalog(
        DEEPSEEK_API_KEY="a", KIMI_API_KEY="b", FALLBACK_MODELS="kimi/kimi-for-coding, openai/gpt, deepseek/x"
    )
    route = found.resolve("claude-sonnet-4-6[1m]").within("talk")
    chain = found.chain(route)
    assert [(step.vendor.name, step.model, step.key) for step in chain] == [
        ("deepseek", "deepseek-v4-pro", "a"),
        ("kimi", "kimi-for-coding", "b"),
        ("deepseek", "x", "a"),
    ]
    assert {(step.alias, step.session) for step in chain} == {("claude-sonnet-4-6[1m]", "talk")}


def test_a_row_has_fallbacks_of_its_own(folder: Path) -> None:
    (folder / "models.local.toml").write_text(
        '[aliases]\nmine = { model = "deepseek/x", fallback = ["kimi/y"] }\n'
        'plain = { model = "deepseek/x", fallback = [] }'
    )
    found = catalog(folder, **KEYS, FALLBACK_MODELS="kimi/z")
    chains = {name: [step.model for step in found.chain(found.resolve(name))] for name in ("mine", "plain", "fast")}
    assert chains == {"mine": ["x", "y"], "plain": ["x"], "fast": ["d", "z"]}


def test_fallbacks_that_lead_nowhere_are_told_at_the_start(folder: Path) -> None:
    with pytest.raises(SettingsError, match="FALLBACK_MODELS: no vendor is known for nobody"):
        catalog(FALLBACK_MODELS="nobody")
    (folder / "models.local.toml").write_text('[models."deepseek/d"]\nfallback = ["lost"]')
    with pytest.raises(SettingsError, match=r"\[models\] deepseek/d: no vendor is known for lost"):
        catalog(folder)


def test_several_keys_of_a_vendor() -> None:
    route = catalog(DEEPSEEK_API_KEY="one, two,").resolve("deepseek/x")
    assert (route.key, route.keys) == ("one", ("one", "two"))
